//! All the work: the targets, a first pass over all of them, then again what failed, with echoes beside it
//! for what is silent.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use net::Source;
use plugin::{Deadline, Seconds, reason};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::allowed::Allowed;
use crate::cause::{Cause, Echo, Local};
use crate::judged::Judged;
use crate::monitor::{self, Tables};
use crate::options::Text;
use crate::pass::{Found, Manner, Pass};
use crate::ping::{self, Echoes};
use crate::progress;
use crate::sweep;
use crate::talk::Talk;
use crate::target::{Target, TargetError, targets};
use crate::{Args, Observations};

/// The time that spans two retransmissions of a SYN, which are sent after 1 s and 3 s (RFC 6298), earlier on
/// Linux from 6.5 on.
const TWO_RETRANSMISSIONS: Duration = Duration::from_millis(3_500);
/// What is kept of the overall time for diagnosis and output: of its own, for each connection that must be
/// closed, and for each target that must be named.
const RESERVE: Duration = Duration::from_millis(10);
const RESERVE_OPEN: Duration = Duration::from_nanos(4_000);
const RESERVE_NAMED: Duration = Duration::from_nanos(200);
/// The pause before another try, and over what time its starts are spread: what limits rates on the way
/// should have let go.
const PAUSE: Duration = Duration::from_millis(50);
const SPREAD: Duration = Duration::from_millis(100);
/// How long echoes are waited for where no further try gives them time.
const LAST_ECHO: Duration = Duration::from_millis(500);
/// The most addresses that are pinged.
const MOST_PINGED: usize = 10_000;

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It is not known what to try.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Connections cannot be made from there.
    #[error("--source {address}: {}", reason(.why))]
    Source {
        /// The address.
        address: IpAddr,
        /// What the system said.
        why: io::Error,
    },
    /// The system gives no epoll instance.
    #[error("waiting for connections: {}", reason(.0))]
    Wait(io::Error),
}

/// Tries all targets. Of a run that is stopped, what is `allowed` judges those that are known by then.
pub(crate) fn probe(args: &Args, allowed: &Allowed, deadline: &Deadline) -> Result<Observations, ProbeError> {
    let targets = targets(args, deadline)?;
    for &address in &args.connecting.source {
        check_source(address).map_err(|why| ProbeError::Source { address, why })?;
    }
    let _step = deadline.step(format!("connecting to {} targets", targets.len()));
    let manner = manner(args, deadline, targets.len());
    let pace = args.connecting.rate.map_or(Duration::ZERO, |rate| Duration::from_secs(1) / rate.get());
    let tries =
        Tries { targets: &targets, manner: &manner, pace, count: args.connecting.tries.into(), deadline };
    let done = AtomicUsize::new(0);
    let judged = Judged::new(&targets, allowed, deadline.progress());
    let outcome = progress::shown(targets.len(), &done, || tries.run(&done, &judged))
        .map_err(|errno| ProbeError::Wait(errno.into()))?;
    let Outcome { found, second_try, echoes } = outcome;
    let Found { slowest, failed, .. } = found;
    let late = deadline.state();
    Ok(Observations {
        targets,
        failed,
        slowest,
        second_try,
        ping_refused: echoes.refused.as_ref().map(reason),
        late,
    })
}

/// Whether this machine can use the address as a source.
fn check_source(address: IpAddr) -> io::Result<()> {
    let family = if address.is_ipv6() { AddressFamily::INET6 } else { AddressFamily::INET };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    Source { addresses: vec![address], interface: None }.apply(&socket, address.is_ipv6())
}

fn manner(args: &Args, deadline: &Deadline, targets: usize) -> Manner {
    // Whoever shortens --timeout alone gets shorter tries, not none.
    let tries = u32::from(args.connecting.tries);
    let whole = deadline.limit().saturating_sub((PAUSE + SPREAD) * (tries - 1) + 10 * RESERVE) / tries;
    let default = TWO_RETRANSMISSIONS.min(whole).max(RESERVE);
    let text = |text: &Option<Text>| text.as_ref().map(|text| text.0.clone());
    let talk = (args.connecting.send.is_some() || args.connecting.expect.is_some()).then(|| Talk {
        send: text(&args.connecting.send).unwrap_or_default(),
        expect: text(&args.connecting.expect).unwrap_or_default(),
    });
    Manner {
        timeout: args.connecting.connect_timeout.map_or(default, Seconds::duration),
        in_flight: monitor::room(
            usize::try_from(args.connecting.in_flight.get()).unwrap_or(usize::MAX).min(targets),
        ),
        talk,
        source: Source { addresses: args.connecting.source.clone(), interface: None },
        refused_ok: args.connecting.refused_ok,
    }
}

/// The tries, one after the other.
struct Tries<'a> {
    targets: &'a [Target],
    manner: &'a Manner,
    pace: Duration,
    count: u32,
    deadline: &'a Deadline,
}

/// What all tries came to.
struct Outcome {
    found: Found,
    second_try: usize,
    echoes: Echoes,
}

impl Tries<'_> {
    fn run(&self, done: &AtomicUsize, judged: &Judged<'_>) -> Result<Outcome, Errno> {
        let until = self.until();
        let pass = Pass {
            targets: self.targets,
            which: None,
            manner: self.manner,
            begin: Instant::now(),
            until,
            pace: self.pace,
            done,
            judged,
            is_last: self.count == 1,
        };
        let mut tables = if self.count == 1 { Tables::read(self.deadline) } else { Tables::default() };
        let mut found = sweep::run(&pass)?;
        let first = found.open;
        let mut echoes = Echoes::default();
        for number in 2..=self.count {
            if found.failed.is_empty() || Instant::now() >= until {
                give_up(&mut found);
                break;
            }
            tables = Tables::read(self.deadline);
            let which: Vec<u32> = found.failed.iter().map(|(place, _)| *place).collect();
            done.fetch_sub(which.len().min(done.load(Ordering::Relaxed)), Ordering::Relaxed);
            let spread = SPREAD / u32::try_from(which.len()).unwrap_or(u32::MAX);
            let again = Pass {
                which: Some(&which),
                begin: Instant::now() + PAUSE,
                pace: self.pace.max(spread),
                is_last: number == self.count,
                ..pass
            };
            let (answers, heard) = self.with_echoes(&found, until, || sweep::run(&again));
            echoes.add(heard);
            found = merge(found, answers?);
        }
        if self.count == 1 {
            let end = until.min(Instant::now() + LAST_ECHO);
            echoes = ping::ping(&self.silent(&found), &self.manner.source, end, &AtomicBool::new(false));
        }
        note(self.targets, &mut found, &echoes);
        monitor::excuse(self.targets, &mut found.failed, &tables, self.deadline);
        Ok(Outcome { second_try: found.open - first, found, echoes })
    }

    /// When trying must end.
    fn until(&self) -> Instant {
        let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
        let closing = RESERVE_OPEN * count(self.manner.in_flight);
        let reserve = RESERVE + closing + RESERVE_NAMED * count(self.targets.len());
        self.deadline.at().checked_sub(reserve).unwrap_or_else(Instant::now)
    }

    /// Does `work`, and asks for echoes beside it, as long as it goes on.
    fn with_echoes<T>(&self, found: &Found, until: Instant, work: impl FnOnce() -> T) -> (T, Echoes) {
        let silent = self.silent(found);
        if silent.is_empty() {
            return (work(), Echoes::default());
        }
        let until = until.min(Instant::now() + self.manner.timeout);
        let stop = AtomicBool::new(false);
        thread::scope(|scope| {
            // Without a thread for it, none is asked.
            let asking = thread::Builder::new()
                .spawn_scoped(scope, || ping::ping(&silent, &self.manner.source, until, &stop));
            let result = work();
            stop.store(true, Ordering::Relaxed);
            let echoes = asking.ok().and_then(|asking| asking.join().ok()).unwrap_or_default();
            (result, echoes)
        })
    }

    /// The addresses that did not answer at all, each once.
    fn silent(&self, found: &Found) -> Vec<SocketAddr> {
        let silent = found.failed.iter().filter(|(_, cause)| matches!(cause, Cause::NoAnswer(_)));
        let mut addresses: Vec<SocketAddr> =
            silent.filter_map(|(place, _)| ping_address(self.targets, *place)).collect();
        addresses.dedup();
        addresses.truncate(MOST_PINGED);
        addresses
    }
}

/// The address of a target, with its scope and without its port.
fn ping_address(targets: &[Target], place: u32) -> Option<SocketAddr> {
    let target = usize::try_from(place).ok().and_then(|place| targets.get(place))?;
    Some(Target { port: 0, ..*target }.into())
}

fn address(targets: &[Target], place: u32) -> Option<IpAddr> {
    usize::try_from(place).ok().and_then(|place| targets.get(place)).map(|target| target.address)
}

/// No time is left for another try: what has failed is not confirmed.
fn give_up(found: &mut Found) {
    for (_, cause) in &mut found.failed {
        let earlier = std::mem::replace(cause, Cause::Local(Local::NoTime));
        *cause = Cause::Local(Local::NoTime).after(earlier);
    }
}

/// What is left of the first try's failures after another one. Both are sorted by their places.
fn merge(first: Found, again: Found) -> Found {
    let mut earlier = first.failed.into_iter();
    let mut failed = Vec::with_capacity(again.failed.len());
    for (place, cause) in again.failed {
        let before = earlier.find(|(earlier, _)| *earlier == place).map(|(_, cause)| cause);
        failed.push((place, before.map_or(cause.clone(), |before| cause.after(before))));
    }
    Found { open: first.open + again.open, slowest: first.slowest.max(again.slowest), failed }
}

/// Notes which of the silent ones answer ping.
fn note(targets: &[Target], found: &mut Found, echoes: &Echoes) {
    for (place, cause) in &mut found.failed {
        let Some(address) = address(targets, *place) else { continue };
        if matches!(cause, Cause::NoAnswer(_)) && echoes.asked.contains(&address) {
            let echo = if echoes.answered.contains(&address) { Echo::Answers } else { Echo::Silent };
            *cause = Cause::NoAnswer(echo);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_fails_twice_has_failed() {
        let found = |open, failed: &[(u32, Cause)]| Found { open, slowest: None, failed: failed.to_vec() };
        let icmp = Cause::Unreachable(113);
        let silent = Cause::NoAnswer(Echo::NotAsked);
        let first = found(
            10,
            &[(1, silent.clone()), (4, icmp.clone()), (7, Cause::Refused), (9, Cause::Local(Local::NoTime))],
        );
        let again = found(
            1,
            &[(4, silent.clone()), (7, Cause::Local(Local::NoTime)), (9, Cause::Local(Local::NoTime))],
        );
        let merged = merge(first, again);
        let left = [(4, icmp), (7, Cause::Local(Local::Unconfirmed)), (9, Cause::Local(Local::NoTime))];
        assert_eq!((merged.open, merged.failed), (11, left.to_vec()));
    }
}
