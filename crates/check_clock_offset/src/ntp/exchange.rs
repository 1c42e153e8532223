//! Asking all servers at once on one thread, each address by a socket of its own.

use std::collections::VecDeque;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use net::udp::{self, Udp};
use net::{STAGGER, Source, Unusable, alternate_families};

use super::asking::{Asking, system};
use super::majority::{agree, minority};
use super::packet::NtpError;
use super::sample::Sample;
use crate::clock::Stamp;
use crate::interval::Interval;
use crate::way::monitor;

/// A server that is silent is asked again after this, or after half of the time if that is shorter: a packet
/// may be lost.
const AGAIN: Duration = Duration::from_secs(1);
/// Once the silent servers cannot change the verdict, they have this long from the start to answer,
const STRAGGLERS: Duration = Duration::from_millis(1500);
/// and this long at least, since they may have been asked again together with those that answered.
const MOMENT: Duration = Duration::from_millis(300);
/// How many addresses of a name have a vote, as RFC 8633, section 3.2, advises for a client.
const VOTES: usize = 4;
/// NTP's own port (IANA).
pub const PORT: u16 = 123;

/// A server to ask.
#[derive(Debug)]
pub struct Server {
    /// What it is called on the command line.
    pub name: String,
    /// Whether it is this machine's own server, which is asked only if it is the one server.
    pub is_own: bool,
    /// Its addresses with the port, or why none can be asked.
    pub addresses: Result<Vec<SocketAddr>, Unusable>,
}

/// How servers are asked.
#[derive(Clone, Copy)]
pub struct Way<'a> {
    /// Our clock.
    pub clock: &'a Stamp,
    /// The longest wait.
    pub limit: Duration,
    /// Where questions come from.
    pub source: &'a Source,
    /// What hears of each answer, with what came of all servers so far.
    pub tell: &'a dyn Fn(&[Sample]),
    /// Whether the state is clear by what the majority of the servers says of our clock.
    pub is_clear: &'a dyn Fn(Interval) -> bool,
}

impl fmt::Debug for Way<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Way")
            .field("limit", &self.limit)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

/// A server and what of it has been asked.
struct Named<'a> {
    server: &'a Server,
    spare: VecDeque<SocketAddr>,
    /// The addresses that are being asked, or were.
    asked: Vec<Asking>,
    /// Why it cannot be asked at all.
    failure: Option<NtpError>,
}

/// Asks up to four addresses of each server, and the next ones in place of those that are dead.
pub fn ask(servers: &[Server], way: &Way<'_>) -> Vec<Sample> {
    let start = Instant::now();
    let mut end = start + way.limit;
    let mut all = begin(servers);
    let mut taken: Vec<SocketAddr> = Vec::new();
    let mut told = None;
    loop {
        let now = Instant::now();
        let is_over = now >= end;
        if !is_over {
            all.iter_mut().for_each(|named| named.top_up(now, way, &mut taken));
        }
        // This includes the last answer: the host is asked after this.
        let settled = all.iter().flat_map(|named| &named.asked).filter(|asking| asking.settled).count();
        if told.replace(settled) != Some(settled) {
            (way.tell)(&samples(&all));
        }
        if is_over {
            break;
        }
        open(&mut all).for_each(|asking| asking.send_if_due(now));
        let Some(wake) = all.iter().filter_map(|named| named.wake(now)).min() else { break };
        for asking in heard(&mut all, end.min(wake)) {
            asking.hear(way.clock);
        }
        if is_decided(&all, way) {
            end = end.min((start + STRAGGLERS).max(Instant::now() + MOMENT));
        }
    }
    explain_silence(&mut all, &way.source.addresses);
    samples(&all)
}

/// Returns whether those that are silent cannot change the verdict: the majority agrees whatever they say,
/// the state is clear, and not for want of votes.
fn is_decided(all: &[Named<'_>], way: &Way<'_>) -> bool {
    let open = all.iter().flat_map(|named| &named.asked).filter(|asking| !asking.settled).count();
    let samples = samples(all);
    let usable = samples.iter().filter(|sample| sample.result.is_ok()).count();
    let is_majority = |agreeing: usize| agreeing * 2 > usable + open;
    minority(&samples).is_none()
        && agree(&samples).is_ok_and(|all| is_majority(all.agreeing()) && (way.is_clear)(-all.offset))
}

/// Tells of those that kept silent where this machine is to blame.
fn explain_silence(all: &mut [Named<'_>], sources: &[IpAddr]) {
    let asked = all.iter_mut().flat_map(|named| &mut named.asked);
    let mut silent: Vec<_> = asked.filter(|asking| asking.result == Err(NtpError::Silent)).collect();
    let peers: Vec<_> = silent.iter().map(|asking| asking.socket.peer()).collect();
    for (asking, cause) in silent.iter_mut().zip(monitor::of_silence(&peers, sources)) {
        if let Some(cause) = cause {
            asking.result = Err(cause.into());
        }
    }
}

/// What came of all servers so far.
fn samples(all: &[Named<'_>]) -> Vec<Sample> {
    all.iter().flat_map(Named::samples).collect()
}

fn begin(servers: &[Server]) -> Vec<Named<'_>> {
    let named = servers.iter().map(|server| {
        let (addresses, failure) = match &server.addresses {
            Ok(addresses) => (alternate_families(addresses), None),
            Err(why) if server.is_own => (Vec::new(), Some(NtpError::ThisMachine(why.to_string()))),
            Err(why) => {
                let is_silence = why.is_silence();
                (Vec::new(), Some(NtpError::Unresolved { why: why.to_string(), is_silence }))
            }
        };
        Named { server, spare: addresses.into(), asked: Vec::new(), failure }
    });
    named.collect()
}

/// What is still being asked.
fn open<'a>(all: &'a mut [Named<'_>]) -> impl Iterator<Item = &'a mut Asking> {
    all.iter_mut().flat_map(|named| &mut named.asked).filter(|asking| !asking.settled)
}

/// Waits until `until`, and returns what has something to say.
fn heard<'a>(all: &'a mut [Named<'_>], until: Instant) -> impl Iterator<Item = &'a mut Asking> {
    let asked = all.iter().flat_map(|named| &named.asked).filter(|asking| !asking.settled);
    let sockets: Vec<&Udp> = asked.map(|asking| &asking.socket).collect();
    let ready = udp::ready(&sockets, until).unwrap_or_default();
    open(all).zip(ready).filter(|(_, ready)| *ready).map(|(asking, _)| asking)
}

impl Named<'_> {
    /// Asks the next addresses while fewer than four are alive. Skips an address that is `taken`, which means
    /// asked for another server: it has one vote.
    fn top_up(&mut self, now: Instant, way: &Way<'_>, taken: &mut Vec<SocketAddr>) {
        while self.asked.iter().filter(|asking| asking.is_alive(now)).count() < VOTES
            && let Some(address) = self.spare.pop_front()
        {
            if taken.contains(&address) {
                continue;
            }
            taken.push(address);
            let name = match self.is_ambiguous() {
                true => format!("{} ({})", self.server.name, address.ip()),
                false => self.server.name.clone(),
            };
            match Udp::connect(address, way.source) {
                Ok(socket) => {
                    self.asked.push(Asking::start(name, socket, (now, AGAIN.min(way.limit / 2)), way.source))
                }
                // No way there from here, as for all of a family that this machine does not have.
                Err(error) => self.failure = Some(system(&error, &way.source.addresses)),
            }
        }
    }

    /// Whether its name alone does not tell who was asked.
    fn is_ambiguous(&self) -> bool {
        self.server.addresses.as_ref().is_ok_and(|addresses| addresses.len() > 1)
    }

    /// When to look at it again at the latest: `None` if nothing more can come.
    fn wake(&self, now: Instant) -> Option<Instant> {
        let due = self.asked.iter().filter(|asking| !asking.settled).map(|asking| asking.due).min()?;
        Some(if self.spare.is_empty() { due } else { due.min(now + STAGGER) })
    }

    /// What came of each address; what came of the name where none could be asked.
    fn samples(&self) -> Vec<Sample> {
        let unasked = || match (&self.failure, self.spare.is_empty()) {
            (Some(failure), _) => Some(failure.clone()),
            (None, false) => Some(NtpError::NotAsked),
            // All its addresses are asked as those of others.
            (None, true) => None,
        };
        let is_own = self.server.is_own;
        if self.asked.is_empty() {
            let name = self.server.name.clone();
            let sample = |why| Sample { name, is_own, is_replaced: false, result: Err(why) };
            return unasked().map(sample).into_iter().collect();
        }
        let result = |asking: &Asking| match &asking.result {
            // This clock would be compared with itself.
            Ok(measured) if is_own && measured.is_free_running => {
                Err(NtpError::FreeRunning(measured.stratum))
            }
            result => result.clone(),
        };
        let mut replaced = self.asked.len().saturating_sub(VOTES);
        let sample = |asking: &Asking| {
            let is_replaced = replaced > 0 && asking.result.is_err();
            replaced -= usize::from(is_replaced);
            Sample { name: asking.name.clone(), is_own, is_replaced, result: result(asking) }
        };
        self.asked.iter().map(sample).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::UdpSocket;
    use std::thread;

    use suite::ntp::{answer, changed};
    use suite::responder::Responder;

    use super::*;

    #[test]
    fn the_own_server_must_have_its_time_from_elsewhere() {
        for (is_own, reference, why) in [
            (
                true,
                [127, 127, 1, 1],
                Some("not synchronised (takes its time from its own clock, stratum 10)"),
            ),
            (true, [192, 0, 2, 1], None),
            (false, [127, 127, 1, 1], None),
        ] {
            let answers = move |question: &[u8]| {
                vec![changed(changed(answer(question, 0.0), 1, &[10]), 12, &reference)]
            };
            let responder = Responder::start(answers).unwrap();
            let server = Server { name: "one".to_owned(), is_own, addresses: Ok(vec![responder.address()]) };
            let limit = Duration::from_secs(20);
            let way = Way {
                clock: &Stamp::now(),
                limit,
                source: &Source::default(),
                tell: &|_| (),
                is_clear: &|_| true,
            };
            let samples = ask(&[server], &way);
            let seen = samples.first().unwrap().result.as_ref().err().map(ToString::to_string);
            assert_eq!((samples.len(), seen.as_deref()), (1, why), "{is_own} {reference:?}");
        }
    }

    /// The answer comes before the time is over, and is read afterwards.
    #[test]
    fn an_answer_that_is_read_last_is_told_too() {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        socket.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let address = socket.local_addr().unwrap();
        let server = Server { name: "one".to_owned(), is_own: false, addresses: Ok(vec![address]) };
        let limit = Duration::from_millis(50);
        let told: RefCell<Vec<Vec<Sample>>> = RefCell::default();
        let tell = |samples: &[Sample]| {
            if told.borrow().is_empty() {
                let mut packet = [0; 48];
                let (_, client) = socket.recv_from(&mut packet).unwrap();
                packet.copy_within(40.., 24);
                packet[0] = 0x24;
                socket.send_to(&packet, client).unwrap();
                thread::sleep(limit);
            }
            told.borrow_mut().push(samples.to_vec());
        };
        let way =
            Way { clock: &Stamp::now(), limit, source: &Source::default(), tell: &tell, is_clear: &|_| true };
        let asked = ask(&[server], &way);
        let told = told.into_inner();
        assert_eq!(told.last(), Some(&asked), "{told:?}");
        assert_ne!(asked.first().unwrap().result, Err(NtpError::Silent));
    }
}
