//! One question and its answer by UDP under a deadline: a connected socket, which hears only the one that it
//! asks; several tries; ICMP errors as causes; the kernel's moment of receiving.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use crate::icmp_error::{IcmpError, keep_icmp_errors, take_icmp_error};
use crate::source::Source;
use crate::stamped::Receiver;

/// A socket connected to one peer. It never blocks but in [`Udp::receive`] and [`Udp::exchange`].
#[derive(Debug)]
pub struct Udp {
    socket: UdpSocket,
    receiver: Receiver,
    peer: SocketAddr,
}

/// Explains why there is no way to a peer, or what it or the path answered in place of a datagram.
#[derive(Debug, thiserror::Error)]
#[error("{}", told(.why, *.icmp))]
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
}

/// An answer that was accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exchanged<T> {
    /// What was made of it.
    pub answer: T,
    /// When the question was sent that it belongs to.
    pub sent: Instant,
    /// When the kernel received it.
    pub received: Instant,
}

/// What is known of why no answer was accepted.
#[derive(Debug, Default)]
pub struct Silence {
    /// What the path or the peer reported last.
    pub failure: Option<UdpError>,
    /// How many datagrams were passed over.
    pub passed_over: u32,
}

/// What `accept` of [`Udp::exchange`] makes of a datagram.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict<T, E> {
    /// It answers the question of this number.
    Answers(usize, T),
    /// It does not belong to any question: late, or forged.
    Foreign,
    /// It ends the exchange.
    Ends(E),
}

impl Udp {
    /// Returns a socket connected to the first of these addresses that there is a way to.
    ///
    /// # Errors
    /// [`UdpError`] of the last address that was tried.
    pub fn connect(addresses: &[SocketAddr], source: &Source) -> Result<Self, UdpError> {
        let nowhere = SocketAddr::new(Ipv4Addr::UNSPECIFIED.into(), 0);
        let mut failed = UdpError { peer: nowhere, why: io::Error::other("no address"), icmp: None };
        for &peer in addresses {
            match Self::connect_one(peer, source) {
                Ok(socket) => return Ok(socket),
                Err(why) => failed = UdpError { peer, why, icmp: None },
            }
        }
        Err(failed)
    }

    fn connect_one(peer: SocketAddr, source: &Source) -> io::Result<Self> {
        let any: IpAddr =
            if peer.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
        let socket =
            if *source == Source::default() { UdpSocket::bind((any, 0))? } else { bound(peer, source)? };
        keep_icmp_errors(&socket, peer.is_ipv6());
        let receiver = Receiver::new(&socket);
        socket.connect(peer)?;
        socket.set_nonblocking(true)?;
        Ok(Self { socket, receiver, peer })
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
                Ok(received) => return Ok(Some(Datagram { length: received.length, at: received.at })),
                Err(nix::errno::Errno::EAGAIN) => return Ok(None),
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(self.failed(errno.into())),
            }
        }
    }

    /// Receives the next datagram: `None` if none comes before `until`.
    ///
    /// # Errors
    /// [`UdpError`]: an ICMP error came in its place.
    pub fn receive(&mut self, room: &mut [u8], until: Instant) -> Result<Option<Datagram>, UdpError> {
        loop {
            if let Some(datagram) = self.receive_now(room)? {
                return Ok(Some(datagram));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
            ready(&[&*self], until).map_err(|why| self.failed(why))?;
        }
    }

    /// Sends the questions one after the other, each with its share of the time until `until`, until `accept`
    /// takes an answer to any of them. `accept` is given a datagram and how many questions were sent.
    ///
    /// A peer that is not listening ends a try at once; errors of routers may pass and are only remembered.
    ///
    /// # Errors
    /// [`Silence`], or what ended the exchange.
    pub fn exchange<T, E: From<Silence>>(
        &mut self,
        questions: &[impl AsRef<[u8]>],
        room: &mut [u8],
        until: Instant,
        mut accept: impl FnMut(&[u8], usize) -> Verdict<T, E>,
    ) -> Result<Exchanged<T>, E> {
        let mut silence = Silence::default();
        let mut sent = Vec::with_capacity(questions.len());
        for (number, question) in (0..).zip(questions) {
            let now = Instant::now();
            let tries_left = u32::try_from(questions.len() - number).unwrap_or(1);
            let end = now + until.saturating_duration_since(now) / tries_left;
            let at = self.send(question.as_ref());
            sent.push(*at.as_ref().unwrap_or(&now));
            let mut refused = at.map_err(|error| silence.failure = Some(error)).is_err();
            while !refused {
                let datagram = match self.receive(room, end) {
                    Ok(Some(datagram)) => datagram,
                    Ok(None) => break,
                    Err(error) => {
                        refused = !is_passing(&error.why);
                        silence.failure = Some(error);
                        continue;
                    }
                };
                match accept(room.get(..datagram.length).unwrap_or_default(), sent.len()) {
                    Verdict::Answers(number, answer) => {
                        let sent = sent.get(number).copied().unwrap_or(now);
                        return Ok(Exchanged { answer, sent, received: datagram.at });
                    }
                    Verdict::Ends(end) => return Err(end),
                    Verdict::Foreign => silence.passed_over += 1,
                }
            }
        }
        Err(silence.into())
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
    /// Whether a router or the link reported it, so that it may pass: not a peer that refuses.
    pub fn is_passing(&self) -> bool {
        is_passing(&self.why)
    }
}

/// Waits until one of the sockets has something to read, at most until `until`, and returns which have.
///
/// # Errors
/// What the system reports of waiting.
pub fn ready(sockets: &[&Udp], until: Instant) -> io::Result<Vec<bool>> {
    let mut polled: Vec<PollFd<'_>> =
        sockets.iter().map(|socket| PollFd::new(*socket, PollFlags::IN)).collect();
    let remaining = until.saturating_duration_since(Instant::now()).min(Duration::from_secs(86_400));
    let timeout = Timespec::try_from(remaining).map_err(|_| io::ErrorKind::InvalidInput)?;
    match poll(&mut polled, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => Ok(polled.iter().map(|socket| !socket.revents().is_empty()).collect()),
        Err(errno) => Err(errno.into()),
    }
}

/// Returns a number that cannot be guessed without seeing it, as for a question's number.
///
/// # Errors
/// The system has no random numbers.
pub fn random() -> io::Result<u64> {
    let mut octets = [0; 8];
    File::open("/dev/urandom")?.read_exact(&mut octets)?;
    Ok(u64::from_ne_bytes(octets))
}

/// A socket that is bound to a source.
fn bound(peer: SocketAddr, source: &Source) -> io::Result<UdpSocket> {
    use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};
    let family = if peer.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    source.apply(&socket, peer.is_ipv6())?;
    Ok(socket.into())
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

/// The words for an error: those of its ICMP error, unless nothing listens there.
fn told(why: &io::Error, icmp: Option<IcmpError>) -> String {
    match icmp {
        Some(icmp) if why.kind() != io::ErrorKind::ConnectionRefused => icmp.full(),
        _ => plugin::reason(why),
    }
}

impl From<Silence> for io::Error {
    fn from(silence: Silence) -> Self {
        silence.failure.map_or_else(|| io::ErrorKind::TimedOut.into(), |failure| failure.why)
    }
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;

    fn peer() -> (UdpSocket, Udp) {
        let far = UdpSocket::bind("127.0.0.1:0").unwrap();
        let near = Udp::connect(&[far.local_addr().unwrap()], &Source::default()).unwrap();
        far.connect(near.socket.local_addr().unwrap()).unwrap();
        (far, near)
    }

    fn soon() -> Instant {
        Instant::now() + Duration::from_millis(200)
    }

    #[test]
    fn an_answer_belongs_to_its_own_question() {
        let (far, mut near) = peer();
        let answering = thread::spawn(move || {
            let mut room = [0; 8];
            for _ in 0..2 {
                far.recv(&mut room).unwrap();
            }
            // To the first question, after the second was sent; before it something that does not belong.
            far.send(b"forged").unwrap();
            far.send(b"to one").unwrap();
        });
        let accept = |octets: &[u8], asked| match octets {
            b"to one" => Verdict::Answers(0, asked),
            _ => Verdict::<_, io::Error>::Foreign,
        };
        let exchanged = near.exchange(&[b"one", b"two"], &mut [0; 64], soon(), accept).unwrap();
        answering.join().unwrap();
        assert_eq!(exchanged.answer, 2);
        assert!(exchanged.received - exchanged.sent >= Duration::from_millis(90), "{exchanged:?}");
    }

    #[test]
    fn silence_ends_with_the_time_and_says_what_was_passed_over() {
        let (far, mut near) = peer();
        far.send(b"forged").unwrap();
        let start = Instant::now();
        let silence = near
            .exchange(&[b"one", b"two"], &mut [0; 64], soon(), |_, _| Verdict::<(), Silence>::Foreign)
            .unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(190));
        assert_eq!(silence.passed_over, 1);
        assert!(silence.failure.is_none());
    }

    #[test]
    fn a_closed_port_is_known_at_once() {
        let (far, mut near) = peer();
        drop(far);
        let start = Instant::now();
        let until = start + Duration::from_secs(20);
        let silence = near
            .exchange(&[b"one", b"two"], &mut [0; 64], until, |_, _| Verdict::<(), Silence>::Foreign)
            .unwrap_err();
        assert!(start.elapsed() < Duration::from_secs(5));
        let failure = silence.failure.unwrap();
        assert_eq!(failure.to_string(), "connection refused");
        assert_eq!(failure.icmp.map(|icmp| icmp.brief()), Some("port unreachable"));
    }

    #[test]
    fn an_answer_may_end_the_exchange() {
        let (far, mut near) = peer();
        far.send(b"go away").unwrap();
        let ended = near.exchange(&[b"one"], &mut [0; 64], soon(), |_, _| {
            Verdict::<(), _>::Ends(io::Error::other("told so"))
        });
        assert_eq!(ended.unwrap_err().to_string(), "told so");
    }

    #[test]
    fn the_first_address_with_a_way_is_taken() {
        let source = Source { addresses: vec!["127.0.0.9".parse().unwrap()], interface: None };
        let addresses = ["255.255.255.255:9".parse().unwrap(), "127.0.0.1:9".parse().unwrap()];
        let near = Udp::connect(&addresses, &source).unwrap();
        assert_eq!(near.peer(), addresses[1]);
        assert_eq!(near.socket.local_addr().unwrap().ip(), source.addresses[0]);
        let nowhere = Udp::connect(&addresses[..1], &Source::default()).unwrap_err();
        assert_eq!((nowhere.peer, nowhere.to_string().as_str()), (addresses[0], "permission denied"));
        assert_eq!(Udp::connect(&[], &Source::default()).unwrap_err().to_string(), "no address");
    }
}
