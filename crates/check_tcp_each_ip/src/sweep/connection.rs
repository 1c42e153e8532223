//! One connection: opening it, and what its end means. Nothing here waits.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use net::{Lack, Source, keep_icmp_errors};
use rustix::io::Errno;
use rustix::net::sockopt::socket_error;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, getpeername, ipproto, socket_with};

use crate::cause::{Cause, Echo, Local};
use crate::sweep::icmp;
use crate::target::Target;

/// What became of starting a connection.
pub(crate) enum Started {
    /// It stands already, as on this machine.
    Open(OwnedFd),
    /// An answer is awaited.
    Pending(OwnedFd),
    /// It has failed already.
    Failed(Cause),
    /// No descriptor or memory is left, whichever it is: to be tried again when some are.
    NoRoom(Local),
}

/// Starts a connection, from the address of `source` that is of its family.
pub(crate) fn start(target: Target, source: &Source) -> Started {
    let v6 = target.address.is_ipv6();
    let family = if v6 { AddressFamily::INET6 } else { AddressFamily::INET };
    let flags = SocketFlags::NONBLOCK | SocketFlags::CLOEXEC;
    let socket = match socket_with(family, SocketType::STREAM, flags, Some(ipproto::TCP)) {
        Ok(socket) => socket,
        Err(errno) => {
            return match Local::from_errno(errno) {
                lack @ (Local::NoDescriptor | Local::NoMemory) => Started::NoRoom(lack),
                other => Started::Failed(Cause::Local(other)),
            };
        }
    };
    keep_icmp_errors(&socket, v6);
    if let Err(error) = source.apply(&socket, v6) {
        return Started::Failed(refused(target, source, Errno::from_io_error(&error).unwrap_or(Errno::IO)));
    }
    let address = SocketAddr::from(target);
    match connect(&socket, &address) {
        Ok(()) => return Started::Open(socket),
        Err(Errno::INPROGRESS | Errno::INTR) => {}
        Err(Errno::CONNREFUSED) => return Started::Failed(Cause::Refused),
        // What the first call refuses, no packet was sent for: this machine says so.
        Err(errno) => return Started::Failed(refused(target, source, errno)),
    }
    // Where the other end is this machine or very near, the answer is there already: asking costs less than
    // to be woken for it.
    match connect(&socket, &address) {
        Ok(()) | Err(Errno::ISCONN) => Started::Open(socket),
        Err(Errno::ALREADY | Errno::INPROGRESS | Errno::INTR) => Started::Pending(socket),
        Err(errno) => failed(&socket, target, errno).map_or_else(|| Started::Open(socket), Started::Failed),
    }
}

/// What this machine says that begins no connection.
fn refused(target: Target, source: &Source, errno: Errno) -> Cause {
    Cause::Local(match errno {
        Errno::ADDRNOTAVAIL | Errno::ADDRINUSE => Local::Lack(Lack::of(target.into(), source)),
        Errno::INVAL if source.addresses.iter().any(|from| is_loopback_for(from, target)) => Local::Loopback,
        errno => Local::from_errno(errno),
    })
}

/// Whether a source is one of loopback, of the family of the target.
fn is_loopback_for(from: &IpAddr, target: Target) -> bool {
    from.is_loopback() && from.is_ipv6() == target.address.is_ipv6()
}

/// Why a connection that was pending has failed: none if it stands, or stood and was closed since.
pub(crate) fn ended(socket: &OwnedFd, target: Target) -> Option<Cause> {
    match socket_error(socket) {
        // The kernel shows an ICMP error a moment before it ends the connection by it.
        Ok(Ok(())) if getpeername(socket).err() == Some(Errno::NOTCONN) => {
            Some(icmp::cause(socket, target.address).unwrap_or(Cause::NoAnswer(Echo::NotAsked)))
        }
        Ok(Ok(())) => None,
        Ok(Err(errno)) | Err(errno) => failed(socket, target, errno),
    }
}

fn failed(socket: &OwnedFd, target: Target, errno: Errno) -> Option<Cause> {
    match errno {
        // A reset after the handshake: the port is open, and the service closed it.
        Errno::CONNRESET | Errno::PIPE => return None,
        Errno::TIMEDOUT => return Some(Cause::NoAnswer(Echo::NotAsked)),
        Errno::NOBUFS | Errno::NOMEM => {
            return Some(Cause::Local(Local::from_errno(errno)));
        }
        _ => {}
    }
    let told = icmp::cause(socket, target.address);
    let untold = || {
        if errno == Errno::CONNREFUSED { Cause::Refused } else { Cause::Unreachable(errno.raw_os_error()) }
    };
    Some(told.unwrap_or_else(untold))
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use rustix::net::{bind, listen};

    use super::*;

    #[test]
    fn only_a_connection_that_stands_is_open() {
        let standing = TcpListener::bind("127.0.0.1:0").unwrap();
        let at = |address: SocketAddr| Target {
            address: address.ip(),
            scope: 0,
            port: address.port(),
            name: None,
        };
        let target = at(standing.local_addr().unwrap());
        let Started::Open(socket) = start(target, &Source::default()) else {
            panic!("loopback answers at once")
        };
        assert_eq!(ended(&socket, target), None);
        // One place in its queue: the first takes it, and the kernel drops what comes after the second.
        let full = socket_with(AddressFamily::INET, SocketType::STREAM, SocketFlags::CLOEXEC, None).unwrap();
        bind(&full, &SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
        listen(&full, 0).unwrap();
        let address = rustix::net::getsockname(&full).unwrap();
        let target = at(SocketAddr::try_from(address).unwrap());
        let tried: Vec<Started> = (0..4).map(|_| start(target, &Source::default())).collect();
        let Some(Started::Pending(socket)) = tried.last() else {
            panic!("its queue has more than three places")
        };
        assert_eq!(ended(socket, target), Some(Cause::NoAnswer(Echo::NotAsked)));
    }
}
