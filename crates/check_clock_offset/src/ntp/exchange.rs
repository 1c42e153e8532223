//! Asking all servers at once on one thread, each by a socket of its own.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use net::Source;
use net::udp::{self, Udp, UdpError};
use plugin::reason;

use super::packet::{Measured, NtpError, Question, read};
use crate::clock::Stamp;

/// A server that is silent is asked again after this: no sooner, so that no server can take it for abuse (RFC
/// 8633).
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
    socket: Option<Udp>,
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
    let open = |asking: &Asking| !asking.settled && asking.socket.is_some();
    let sockets: Vec<&Udp> =
        all.iter().filter(|asking| open(asking)).filter_map(|asking| asking.socket.as_ref()).collect();
    let mut ready = udp::ready(&sockets, until).unwrap_or_default().into_iter();
    all.iter().map(|asking| open(asking) && ready.next().unwrap_or(false)).collect()
}

impl Asking {
    fn start(server: &Server) -> Self {
        let name = server.name.clone();
        let mut asking =
            Self { name, socket: None, open: Vec::new(), result: Err(NtpError::Silent), settled: false };
        let addresses = match &server.addresses {
            Ok(addresses) => addresses,
            Err(why) => {
                asking.settle(Err(NtpError::Unresolved(why.clone())));
                return asking;
            }
        };
        match Udp::connect(addresses, &Source::default()) {
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
        let question = match udp::random() {
            Ok(number) => Question::new(number),
            Err(error) => return self.settle(Err(NtpError::System(reason(&error)))),
        };
        match socket.send(&question.octets()) {
            Ok(sent) => self.open.push((question, sent)),
            Err(error) => self.settle(Err(system(&error))),
        }
    }

    /// Takes what has come. Only what repeats a number of ours settles it; the rest may be of anybody.
    fn hear(&mut self, clock: &Stamp) {
        let mut buffer = [0; LARGEST];
        loop {
            let datagram = match self.socket.as_mut().map(|socket| socket.receive_now(&mut buffer)) {
                None | Some(Ok(None)) => return,
                // A router's error may pass.
                Some(Err(error)) if error.is_passing() => {
                    self.result = Err(system(&error));
                    continue;
                }
                Some(Err(error)) => return self.settle(Err(system(&error))),
                Some(Ok(Some(datagram))) => datagram,
            };
            let received = clock.real_at(datagram.at);
            let octets = buffer.get(..datagram.length).unwrap_or_default();
            let answers = self
                .open
                .iter()
                .map(|(question, sent)| read(octets, *question, clock.real_at(*sent), received));
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

fn system(error: &UdpError) -> NtpError {
    NtpError::System(error.to_string())
}
