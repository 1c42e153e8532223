//! A connected UDP socket, which hears only the one that it asks, or from other addresses too by `ear.rs`:
//! ICMP errors as causes, the kernel's moment of receiving. What is asked several times, and at several
//! addresses, is `exchange.rs`.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use rustix::event::{PollFd, PollFlags};
use rustix::io::{Errno, retry_on_intr};
use rustix::rand::{GetRandomFlags, getrandom};

use crate::ear::Ear;
use crate::icmp_error::{IcmpError, Told, keep_icmp_errors, take_icmp_error};
use crate::lack::Lack;
use crate::local::local_words;
use crate::source::{Source, is_own};
use crate::stamped::{Received, Receiver};

/// A socket connected to one peer. It never blocks.
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    receiver: Receiver,
    peer: SocketAddr,
    ear: Option<Ear>,
}

/// Explains why there is no way to a peer, or what it or the path answered in place of a datagram.
#[derive(Debug, thiserror::Error)]
#[error("{}", self.words())]
pub struct UdpError {
    /// The peer.
    pub peer: SocketAddr,
    /// What the system reports.
    pub why: io::Error,
    /// The ICMP error behind it, if there was one.
    pub icmp: Option<IcmpError>,
}

/// A datagram; its octets are in the caller's buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Datagram {
    /// How many octets of the buffer it filled.
    pub length: usize,
    /// When the kernel received it.
    pub at: Instant,
    /// The address that it came from, where that is another one than was asked.
    pub elsewhere: Option<IpAddr>,
}

impl Udp {
    /// Returns a socket connected to this address.
    ///
    /// # Errors
    /// [`UdpError`]: there is no way to it.
    pub fn connect(peer: SocketAddr, source: &Source) -> Result<Self, UdpError> {
        Self::open(peer, source).map_err(|why| UdpError { peer, why, icmp: None })
    }

    /// Returns a socket for each of these addresses that there is a way to, in their order; at least one.
    ///
    /// # Errors
    /// [`UdpError`] of the last address: there is a way to none.
    pub fn connect_each(addresses: &[SocketAddr], source: &Source) -> Result<Vec<Self>, UdpError> {
        let nowhere = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
        let mut failed = UdpError { peer: nowhere, why: io::Error::other("no address"), icmp: None };
        let mut sockets = Vec::new();
        for &peer in addresses {
            match Self::connect(peer, source) {
                Ok(socket) => sockets.push(socket),
                Err(error) => failed = error,
            }
        }
        if sockets.is_empty() { Err(failed) } else { Ok(sockets) }
    }

    fn open(peer: SocketAddr, source: &Source) -> io::Result<Self> {
        let any: IpAddr =
            if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket =
            if *source == Source::default() { UdpSocket::bind((any, 0))? } else { source.udp_to(peer)? };
        keep_icmp_errors(&socket, peer.is_ipv6());
        let receiver = Receiver::new(&socket);
        socket.connect(peer).map_err(no_port)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, receiver, peer, ear: None })
    }

    /// From now on also receives answers from other addresses, as a peer of several addresses may send them:
    /// the caller must know by their content whose they are. Without room for a second socket there are none.
    pub fn hear_elsewhere(&mut self) {
        self.ear = Ear::beside(&self.socket, self.peer.port()).ok();
    }

    /// Returns the peer's address.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }

    /// Sends a datagram, and returns the moment just before.
    ///
    /// # Errors
    /// [`UdpError`]: it was not sent.
    pub fn send(&self, octets: &[u8]) -> Result<Instant, UdpError> {
        // The pending error of an earlier datagram fails the first call, and is told where answers are read.
        for _again in 0..2 {
            let at = Instant::now();
            match self.socket.send(octets) {
                Ok(_) => return Ok(at),
                Err(why) if is_of_the_path(&why) => {}
                Err(why) => return Err(self.failed(why)),
            }
        }
        self.socket.send(octets).map(|_| Instant::now()).map_err(|why| self.failed(why))
    }

    /// Receives a datagram that is there already.
    ///
    /// # Errors
    /// [`UdpError`]: an ICMP error came in its place.
    pub fn receive_now(&mut self, room: &mut [u8]) -> Result<Option<Datagram>, UdpError> {
        loop {
            match self.receiver.receive(&self.socket, room) {
                Ok(Received { length, at, .. }) => {
                    return Ok(Some(Datagram { length, at, elsewhere: None }));
                }
                Err(nix::errno::Errno::EAGAIN) => {
                    let heard = self.ear.as_mut().and_then(|ear| ear.hear_now(room));
                    return Ok(heard.map(|(Received { length, at, .. }, from)| Datagram {
                        length,
                        at,
                        elsewhere: Some(from),
                    }));
                }
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(self.failed(errno.into())),
            }
        }
    }

    fn failed(&self, why: io::Error) -> UdpError {
        UdpError { peer: self.peer, icmp: take_icmp_error(&self.socket), why }
    }
}

impl AsFd for Udp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl UdpError {
    /// Returns who reports it, by ICMP: `None` if this machine refuses to send.
    pub fn told(&self) -> Option<Told> {
        let icmp = self.icmp?;
        let is_of_here = icmp.from.is_some_and(is_own) && !is_own(self.peer.ip());
        Some(icmp.told(is_of_here))
    }

    /// Returns whether this machine keeps the question from being sent, and not the peer or the network.
    pub fn is_here(&self) -> bool {
        match self.told() {
            Some(told) => told == Told::Here,
            None => self.local_words().is_some(),
        }
    }

    fn local_words(&self) -> Option<&'static str> {
        match Errno::from_io_error(&self.why)? {
            // There is none to send from: a source is looked for before.
            Errno::ADDRNOTAVAIL => Some(Lack::address(self.peer).words()),
            // The system looks for a port when a socket is bound or connected.
            Errno::ADDRINUSE => Some(Lack::Port.words()),
            errno => local_words(errno),
        }
    }

    fn words(&self) -> String {
        match self.told() {
            Some(Told::NoNeighbour) => "no neighbour".to_owned(),
            Some(Told::Here) => local_words(Errno::ACCESS).unwrap_or_default().to_owned(),
            // The ICMP error means that nothing listens there.
            Some(Told::Icmp(icmp)) if self.why.kind() != io::ErrorKind::ConnectionRefused => icmp.full(),
            _ => self.local_words().map_or_else(|| plugin::reason(&self.why), str::to_owned),
        }
    }

    /// Whether a router or the link reported it, so that it may pass: not a peer that refuses.
    pub fn is_passing(&self) -> bool {
        is_passing(&self.why)
    }
}

/// The error for a connection without a local port left, in place of the one of udp(7).
fn no_port(why: io::Error) -> io::Error {
    if why.kind() == io::ErrorKind::WouldBlock { Errno::ADDRINUSE.into() } else { why }
}

/// Waits until one of the sockets has something to read, at most until `until`, and returns which have.
///
/// # Errors
/// What the system reports of waiting.
pub fn ready(sockets: &[&Udp], until: Instant) -> io::Result<Vec<bool>> {
    let ears = sockets.iter().enumerate().filter_map(|(place, socket)| Some((place, socket.ear.as_ref()?)));
    let ears: Vec<(usize, &Ear)> = ears.collect();
    let polled = sockets.iter().map(|socket| socket.as_fd()).chain(ears.iter().map(|(_, ear)| ear.as_fd()));
    let polled = polled.map(|descriptor| PollFd::from_borrowed_fd(descriptor, PollFlags::IN)).collect();
    let mut ready = plugin::ready_until(polled, until)?;
    let by_ear = ready.split_off(sockets.len().min(ready.len()));
    for ((place, _), _) in ears.iter().zip(by_ear).filter(|(_, by_ear)| *by_ear) {
        ready.get_mut(*place).into_iter().for_each(|ready| *ready = true);
    }
    Ok(ready)
}

/// Returns a number that cannot be guessed without seeing it, as for a question's number.
///
/// # Errors
/// The system has no random numbers.
pub fn random() -> io::Result<u64> {
    let mut octets = [0; 8];
    // The system never gives only a part of so few octets (getrandom(2)).
    retry_on_intr(|| getrandom(&mut octets, GetRandomFlags::empty()))?;
    Ok(u64::from_ne_bytes(octets))
}

/// Whether an error can be an earlier datagram's, by ICMP.
pub(crate) fn is_of_the_path(why: &io::Error) -> bool {
    why.kind() == io::ErrorKind::ConnectionRefused || is_passing(why)
}

fn is_passing(why: &io::Error) -> bool {
    matches!(
        Errno::from_io_error(why),
        Some(Errno::HOSTUNREACH | Errno::NETUNREACH | Errno::HOSTDOWN | Errno::PROTO)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_numbers_differ() {
        let numbers: std::collections::BTreeSet<u64> = (0..100).map(|_| random().unwrap()).collect();
        assert_eq!(numbers.len(), 100);
    }

    #[test]
    fn a_peer_of_a_family_that_this_machine_lacks_is_not_to_blame() {
        crate::tests::in_namespace(&[], || {
            std::fs::write("/proc/sys/net/ipv6/conf/all/disable_ipv6", "1").unwrap();
            let error = Udp::connect("[2001:db8::1]:123".parse().unwrap(), &Source::default()).unwrap_err();
            assert_eq!((error.to_string().as_str(), error.is_here()), ("no IPv6 address here", true));
        });
    }

    #[test]
    fn each_address_with_a_way_has_its_socket() {
        let source = Source { addresses: vec!["127.0.0.9".parse().unwrap()], interface: None };
        let addresses =
            ["255.255.255.255:9", "127.0.0.1:9", "127.0.0.2:9"].map(|address| address.parse().unwrap());
        let near = Udp::connect_each(&addresses, &source).unwrap();
        assert_eq!(near.iter().map(Udp::peer).collect::<Vec<_>>(), addresses[1..]);
        assert_eq!(near[0].socket.local_addr().unwrap().ip(), source.addresses[0]);
        let nowhere = Udp::connect_each(&addresses[..1], &Source::default()).unwrap_err();
        assert_eq!((nowhere.peer, nowhere.to_string().as_str()), (addresses[0], "prohibited here"));
        assert_eq!(Udp::connect_each(&[], &Source::default()).unwrap_err().to_string(), "no address");
    }
}
