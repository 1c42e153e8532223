//! Asking all servers at once on one thread, each by a socket of its own.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

use plugin::reason;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::packet::{Measured, NtpError, Question, read};
use crate::clock::Stamp;
use crate::udp;

/// A server that is silent is asked again after this: no sooner, so that no server can take it for abuse (RFC 8633).
const AGAIN: Duration = Duration::from_secs(2);
/// Once a server has answered, the others have this long to do so.
const STRAGGLERS: Duration = Duration::from_millis(1500);
/// NTP's own port (IANA).
pub const PORT: u16 = 123;
/// What an answer can hold that we look at: the header, and what would be in its place.
const LARGEST: usize = 512;

/// What came of one server.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What it is called on the command line.
    pub name: String,
    /// What it tells.
    pub result: Result<Measured, NtpError>,
}

/// A server that has not yet answered, or has.
struct Asking {
    name: String,
    socket: Option<UdpSocket>,
    open: Vec<(Question, Instant)>,
    /// The best that can be said so far.
    result: Result<Measured, NtpError>,
    settled: bool,
}

/// A server to ask.
#[derive(Clone, Debug)]
pub struct Server {
    /// What it is called in messages.
    pub name: String,
    /// Its addresses with the port, or why it has none.
    pub addresses: Result<Vec<SocketAddr>, String>,
}

/// Asks the servers and waits for at most `limit`. `clock` is our clock.
pub fn ask(servers: &[Server], clock: &Stamp, limit: Duration) -> Vec<Sample> {
    let start = Instant::now();
    let mut all: Vec<Asking> = servers.iter().map(Asking::start).collect();
    let mut end = start + limit;
    let mut again = start + AGAIN;
    while all.iter().any(|asking| !asking.settled) {
        let now = Instant::now();
        if now >= end {
            break;
        }
        if now >= again {
            all.iter_mut().filter(|asking| !asking.settled).for_each(Asking::send);
            again = now + AGAIN;
        }
        let ready = wait(&all, end.min(again));
        for (asking, ready) in all.iter_mut().zip(ready) {
            if ready {
                asking.hear(clock);
            }
        }
        if all.iter().any(|asking| asking.result.is_ok()) {
            end = end.min(start + STRAGGLERS);
        }
    }
    all.into_iter().map(|asking| Sample { name: asking.name, result: asking.result }).collect()
}

/// Which of the sockets have something to say; all have none once `until` has come.
fn wait(all: &[Asking], until: Instant) -> Vec<bool> {
    let open = |asking: &Asking| asking.socket.as_ref().filter(|_| !asking.settled).is_some();
    let sockets = all.iter().filter(|asking| open(asking)).filter_map(|asking| asking.socket.as_ref());
    let mut polled: Vec<PollFd<'_>> = sockets.map(|socket| PollFd::new(socket, PollFlags::IN)).collect();
    let remaining = until.saturating_duration_since(Instant::now());
    let timeout = Timespec::try_from(remaining).unwrap_or(Timespec { tv_sec: 0, tv_nsec: 0 });
    match poll(&mut polled, Some(&timeout)) {
        Ok(_) | Err(Errno::INTR) => {}
        Err(_) => return vec![false; all.len()],
    }
    let mut polled = polled.iter().map(|socket| !socket.revents().is_empty());
    all.iter().map(|asking| open(asking) && polled.next().unwrap_or(false)).collect()
}

impl Asking {
    fn start(server: &Server) -> Self {
        let name = server.name.clone();
        let mut asking = Self { name, socket: None, open: Vec::new(), result: Err(NtpError::Silent), settled: false };
        let addresses = match &server.addresses {
            Ok(addresses) => addresses,
            Err(why) => {
                asking.settle(Err(NtpError::Unresolved(why.clone())));
                return asking;
            }
        };
        let socket = udp::connect(addresses).map_err(|(_, error)| error);
        match socket.and_then(|(socket, _)| socket.set_nonblocking(true).map(|()| socket)) {
            Ok(socket) => {
                asking.socket = Some(socket);
                asking.send();
            }
            Err(error) => asking.settle(Err(system(&error))),
        }
        asking
    }

    fn send(&mut self) {
        let Some(socket) = &self.socket else { return };
        let sent = udp::random().map(Question::new).and_then(|question| {
            let sent = Instant::now();
            socket.send(&question.octets()).map(|_| (question, sent))
        });
        match sent {
            Ok(question) => self.open.push(question),
            Err(error) => self.settle(Err(system(&error))),
        }
    }

    /// Takes what has come. Only what repeats a number of ours settles it; the rest may be of anybody.
    fn hear(&mut self, clock: &Stamp) {
        let mut buffer = [0; LARGEST];
        loop {
            let received = match self.socket.as_ref().map(|socket| socket.recv(&mut buffer)) {
                None => return,
                Some(Err(error)) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => return,
                Some(Err(error)) => return self.settle(Err(system(&error))),
                Some(Ok(length)) => length,
            };
            let now = clock.real_at(Instant::now());
            let octets = buffer.get(..received).unwrap_or_default();
            let answers = self.open.iter().map(|(question, sent)| read(octets, *question, clock.real_at(*sent), now));
            let best = answers.reduce(|best, other| if belongs(&best) { best } else { other });
            match best {
                Some(best) if belongs(&best) => return self.settle(best),
                Some(best) => self.result = best,
                None => {}
            }
        }
    }

    fn settle(&mut self, result: Result<Measured, NtpError>) {
        (self.result, self.settled) = (result, true);
    }
}

/// Whether what came is an answer to our question, good or not.
fn belongs(result: &Result<Measured, NtpError>) -> bool {
    !matches!(result, Err(NtpError::Origin | NtpError::Short(_) | NtpError::Mode(_)))
}

fn system(error: &io::Error) -> NtpError {
    NtpError::System(reason(error))
}
