//! ICMP echo to many targets over one socket a family (RFC 792, RFC 4443), on Linux.
//!
//! A reply counts only if its source, its sequence and its payload are ours: the payload has a token of the
//! run and the number of the ping. Times are the kernel's, so that a busy machine does not look like a slow
//! target. What came of each ping is told as an [`Event`]; how long to wait, how fast to send and what to
//! make of it is the caller's.

mod ledger;
mod packet;
mod socket;

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;

use crate::icmp_error::{IcmpError, Queued};
use crate::local::local_words;
use crate::source::Source;
use crate::stamped::Received;
use ledger::Ledger;
use packet::{Parsed, Token};
use socket::Socket;

/// How many packets are read before the caller has its turn: on a busy raw socket the echoes of others never
/// end.
const AT_ONCE: usize = 16_384;
/// How often a packet is sent again that failed by another target's ICMP error.
const AGAIN: usize = 64;
/// Room for a packet: ours, with IPv4's longest header, and whether more follows.
const ROOM: usize = 128;

/// Pings to a list of targets.
///
/// ```no_run
/// use std::time::{Duration, Instant};
/// use net::{Echo, EchoEvent, EchoResult, Source};
///
/// let mut echo = Echo::open(vec!["192.0.2.1:0".parse()?, "[2001:db8::1]:0".parse()?], &Source::default());
/// for target in 0..2 {
///     echo.send(target)?;
/// }
/// let until = Instant::now() + Duration::from_secs(2);
/// let mut events = Vec::new();
/// while echo.wait(until, &mut events)? {
///     for EchoEvent { target, result, .. } in events.drain(..) {
///         if let EchoResult::Reply(rtt) = result {
///             // Target number `target` answers.
///         }
///     }
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Echo {
    v4: Result<Socket, Option<Errno>>,
    v6: Result<Socket, Option<Errno>>,
    ledger: Ledger,
    token: Token,
    source: Source,
    /// What was read while sending.
    early: Vec<Event>,
}

/// What came of a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The number of the target, in the order of the list.
    pub target: u32,
    /// The number of the ping, which [`Echo::send`] returned.
    pub ping: u32,
    /// What came.
    pub result: EchoResult,
}

/// What can come of a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EchoResult {
    /// The target's reply, after this time: too late if that is longer than the caller waits.
    Reply(Duration),
    /// The target's reply once more.
    Duplicate(Duration),
    /// Our payload, but from this address.
    OtherAddress(IpAddr),
    /// A reply from the target to this ping, but cut, longer, or with another payload.
    OtherPayload,
    /// An ICMP error.
    Icmp(IcmpError),
}

/// Says why [`Echo::refused`] has no socket: what to do about it where that is a permission that `program`
/// lacks.
///
/// ```
/// let error = std::io::Error::from(std::io::ErrorKind::PermissionDenied);
/// let why = net::no_ping_socket(&error, "check_x");
/// assert_eq!(why, "no permission to ping: give check_x cap_net_raw+ep by setcap");
/// ```
pub fn no_ping_socket(error: &io::Error, program: &str) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => {
            format!("no permission to ping: give {program} cap_net_raw+ep by setcap")
        }
        _ => format!("opening a socket: {}", plugin::reason(error)),
    }
}

/// Explains why a ping was not sent. None of these is the target's fault.
#[derive(Debug, thiserror::Error)]
pub enum EchoError {
    /// No socket of its family: neither a ping socket nor a raw one is allowed, or the system has no such
    /// protocol.
    #[error("no permission for ICMP of this family: {}", plugin::reason(.0))]
    NoSocket(io::Error),
    /// A queue of this machine is full (ENOBUFS, EAGAIN): to be sent again a little later.
    #[error("this machine cannot send as fast: {}", plugin::reason(.0))]
    Full(io::Error),
    /// This machine cannot or must not send there: no route, or a firewall or route forbids it.
    #[error("this machine cannot send there: {}", plugin::reason(.0))]
    Local(io::Error),
    /// There is no target of this number.
    #[error("no target has the number {0}")]
    NoTarget(u32),
}

impl EchoError {
    /// Returns in few words what keeps this machine from sending: a route, its firewall, or what the system
    /// says.
    pub fn brief(&self) -> String {
        let (Self::NoSocket(why) | Self::Full(why) | Self::Local(why)) = self else {
            return self.to_string();
        };
        let errno = Errno::from_io_error(why).filter(|_| matches!(self, Self::Local(_)));
        errno.and_then(local_words).map_or_else(|| plugin::reason(why), str::to_owned)
    }
}

impl Echo {
    /// Opens the sockets that these targets need; a family without one is told by [`Echo::refused`] and when
    /// sending.
    pub fn open(targets: Vec<SocketAddr>, source: &Source) -> Self {
        let mut echo = Self {
            v4: Err(None),
            v6: Err(None),
            ledger: Ledger::new(Vec::new()),
            token: token(),
            source: source.clone(),
            early: Vec::new(),
        };
        for target in &targets {
            echo.open_for(*target);
        }
        Self { ledger: Ledger::new(targets), ..echo }
    }

    /// Adds a target, and opens the socket that it needs. Returns its number.
    pub fn add(&mut self, target: SocketAddr) -> u32 {
        self.open_for(target);
        self.ledger.add(target)
    }

    /// Opens the socket of a target's family, unless that was tried before.
    fn open_for(&mut self, target: SocketAddr) {
        let v6 = target.is_ipv6();
        let socket = if v6 { &mut self.v6 } else { &mut self.v4 };
        if matches!(socket, Err(None)) {
            *socket = Socket::open(v6, &self.source, self.token)
                .map_err(|error| Errno::from_io_error(&error).or(Some(Errno::IO)));
        }
    }

    /// Returns why there is no socket for IPv4, or for IPv6 if `v6`: `None` if there is one, or no target
    /// needs it.
    pub fn refused(&self, v6: bool) -> Option<io::Error> {
        let socket = if v6 { &self.v6 } else { &self.v4 };
        socket.as_ref().err().copied().flatten().map(io::Error::from)
    }

    /// Whether a raw socket is used for IPv4, or for IPv6 if `v6`.
    pub fn is_raw(&self, v6: bool) -> bool {
        let socket = if v6 { &self.v6 } else { &self.v4 };
        socket.as_ref().is_ok_and(Socket::is_raw)
    }

    /// Returns how many packets this machine dropped before they could be read: at most as many replies are
    /// missing, which is not the targets' loss. A raw socket also counts what its filter would have left out.
    pub fn dropped(&self) -> u64 {
        [&self.v4, &self.v6]
            .into_iter()
            .filter_map(|socket| socket.as_ref().ok())
            .map(|socket| u64::from(socket.dropped()))
            .sum()
    }

    /// Sends a ping to the target of this number, and returns the ping's number.
    ///
    /// # Errors
    /// [`EchoError`]: nothing was sent.
    pub fn send(&mut self, target: u32) -> Result<u32, EchoError> {
        let to = self.ledger.target(target).ok_or(EchoError::NoTarget(target))?;
        let socket = match if to.is_ipv6() { &self.v6 } else { &self.v4 } {
            Ok(socket) => socket,
            Err(errno) => return Err(EchoError::NoSocket(errno.unwrap_or(Errno::AFNOSUPPORT).into())),
        };
        let number = self.ledger.next();
        for _ in 0..AGAIN {
            let at = Instant::now();
            let errno = match socket.send(number, to) {
                Ok(()) => {
                    self.ledger.sent(target, at);
                    return Ok(number);
                }
                Err(Errno::INTR) => continue,
                Err(errno) => errno,
            };
            // With IP_RECVERR the pending ICMP error of another target fails this call, and nothing was sent.
            let mut emptied = false;
            while let Some(queued) = socket.take_error() {
                emptied = true;
                self.early.extend(error_event(socket, &self.ledger, &queued));
            }
            if !emptied {
                return Err(refused(errno));
            }
        }
        Err(EchoError::Full(Errno::AGAIN.into()))
    }

    /// Waits until something has come, at most until `until`, and adds all that is there to `events`. Returns
    /// whether `until` is still to come.
    ///
    /// # Errors
    /// What the system reports of waiting.
    pub fn wait(&mut self, until: Instant, events: &mut Vec<Event>) -> io::Result<bool> {
        events.append(&mut self.early);
        let sockets = [&self.v4, &self.v6];
        let mut polled: Vec<PollFd<'_>> = sockets
            .iter()
            .filter_map(|socket| Some(PollFd::new(socket.as_ref().ok()?, PollFlags::IN)))
            .collect();
        plugin::wait_until(&mut polled, if events.is_empty() { until } else { Instant::now() })?;
        self.read(events);
        Ok(Instant::now() < until)
    }

    /// Adds all that is there to `events`, without waiting.
    pub fn read(&mut self, events: &mut Vec<Event>) {
        events.append(&mut self.early);
        let Self { v4, v6, ledger, .. } = self;
        for socket in [v4, v6].into_iter().filter_map(|socket| socket.as_mut().ok()) {
            read_all(socket, ledger, events);
        }
    }
}

/// The fault of this machine that an error of sending is.
fn refused(errno: Errno) -> EchoError {
    match errno {
        Errno::NOBUFS | Errno::AGAIN | Errno::NOMEM => EchoError::Full(errno.into()),
        errno => EchoError::Local(errno.into()),
    }
}

fn token() -> Token {
    Token(RandomState::new().build_hasher().finish().to_ne_bytes())
}

fn read_all(socket: &mut Socket, ledger: &mut Ledger, events: &mut Vec<Event>) {
    let mut room = [0; ROOM];
    for _ in 0..AT_ONCE {
        match socket.receive(&mut room) {
            Ok(received) => {
                let packet = room.get(..received.length).unwrap_or_default();
                events.extend(reply_event(socket.parse(packet), ledger, &received));
            }
            Err(nix::errno::Errno::EAGAIN) => break,
            // The ICMP error of one target must not end the reading of the others' replies.
            Err(_) => {}
        }
    }
    for _ in 0..AT_ONCE {
        let Some(queued) = socket.take_error() else { break };
        events.extend(error_event(socket, ledger, &queued));
    }
}

fn reply_event(parsed: Parsed, ledger: &mut Ledger, received: &Received) -> Option<Event> {
    let from = received.from?;
    match parsed {
        Parsed::Own(ping) => {
            let answered = ledger.answered(ping, from, received.at)?;
            let result = match (answered.from_target, answered.again) {
                (false, _) => EchoResult::OtherAddress(from.ip()),
                (true, false) => EchoResult::Reply(answered.rtt),
                (true, true) => EchoResult::Duplicate(answered.rtt),
            };
            Some(Event { target: answered.target, ping, result })
        }
        Parsed::Other { sequence, .. } => {
            let ping = ledger.find(sequence, from)?;
            Some(Event { target: ledger.target_of(ping)?, ping, result: EchoResult::OtherPayload })
        }
        Parsed::Foreign => None,
    }
}

fn error_event(socket: &Socket, ledger: &Ledger, queued: &Queued) -> Option<Event> {
    let ping = match socket.parse_quoted(queued.quoted()) {
        Parsed::Own(ping) => ping,
        Parsed::Other { sequence, .. } => ledger.find(sequence, queued.to?)?,
        Parsed::Foreign => return None,
    };
    Some(Event { target: ledger.target_of(ping)?, ping, result: EchoResult::Icmp(queued.icmp?) })
}

#[cfg(test)]
mod tests;
