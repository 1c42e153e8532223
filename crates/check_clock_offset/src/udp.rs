//! Datagrams: a connected socket, which hears only the one it asks, and hears at once where nobody listens.

use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::time::Instant;

/// A socket connected to the first of these addresses that there is a way to, and that address.
///
/// # Errors
/// The last address that was tried, and what the system said.
pub(crate) fn connect(addresses: &[SocketAddr]) -> Result<(UdpSocket, SocketAddr), (IpAddr, io::Error)> {
    let mut refused = (IpAddr::V4(Ipv4Addr::UNSPECIFIED), io::Error::other("no address"));
    for &peer in addresses {
        let any = if peer.is_ipv4() { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
        match UdpSocket::bind((any, 0)).and_then(|socket| socket.connect(peer).map(|()| socket)) {
            Ok(socket) => return Ok((socket, peer)),
            Err(error) => refused = (peer.ip(), error),
        }
    }
    Err(refused)
}

/// The next datagram: none if none comes before `until`.
///
/// # Errors
/// What the system said, such as that nobody listens there.
pub(crate) fn receive<'a>(socket: &UdpSocket, buffer: &'a mut [u8], until: Instant) -> io::Result<Option<&'a [u8]>> {
    loop {
        let remaining = until.saturating_duration_since(Instant::now());
        if remaining.is_zero() {
            return Ok(None);
        }
        socket.set_read_timeout(Some(remaining))?;
        match socket.recv(buffer) {
            Ok(length) => return Ok(buffer.get(..length)),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return Ok(None),
            Err(error) if error.kind() == ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        }
    }
}

/// A number that nobody can guess who does not see it.
///
/// # Errors
/// The system has no random numbers.
pub(crate) fn random() -> io::Result<u64> {
    let mut octets = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut octets)?;
    Ok(u64::from_ne_bytes(octets))
}
