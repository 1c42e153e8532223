//! Sends the pings of a run evenly paced and in random order, and counts what comes back.
//!
//! Pacing is what keeps the run from making its own loss: routers police ICMP, and a burst overflows queues
//! that even traffic does not fill. Times are the kernel's, so what has come may wait in the socket until the
//! next ping is due.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher as _, Hasher as _};
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use net::{Echo, EchoError, EchoEvent, EchoResult, IcmpError, Source, no_ping_socket};
use plugin::Progress;

use crate::options::Pinging;
use crate::seen::Seen;

/// Pings that are due within this time are sent together: a pause costs more than a ping.
const TOGETHER: Duration = Duration::from_millis(1);
/// How often a ping is tried for which this machine has no room.
const TRIES: u32 = 50;
/// More pings for a target that answered none.
const MORE: u32 = 5;
/// The least time in which those are worth it.
const WORTH: Duration = Duration::from_millis(250);

/// What a ping is waiting for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ping {
    /// An answer.
    Waiting,
    /// Nothing: it is answered, or an error said that it will not be.
    Done,
    /// Nothing, but the proper reply may still come.
    Strange,
}

/// The pings of a run.
pub(crate) struct Pinger<'a> {
    echo: Echo,
    pinging: &'a Pinging,
    seen: Vec<Seen>,
    /// By number.
    pings: Vec<Ping>,
    waiting: usize,
    v6: [bool; 2],
    events: Vec<EchoEvent>,
    progress: &'a Progress,
    /// How many of the addresses, from the first one on, it counts.
    counted: usize,
}

impl<'a> Pinger<'a> {
    /// Opens the sockets. The first `targets` addresses count in `progress` once they have answered.
    pub(crate) fn open(
        addresses: Vec<SocketAddr>,
        targets: usize,
        pinging: &'a Pinging,
        progress: &'a Progress,
    ) -> Self {
        progress.expect(targets, "answered");
        let seen = addresses.iter().map(|_| Seen::default()).collect();
        let v6 = [false, true].map(|v6| addresses.iter().any(|address| address.is_ipv6() == v6));
        let echo = Echo::open(addresses, &Source::default());
        let (pings, events) = (Vec::new(), Vec::new());
        Self { echo, pinging, seen, pings, waiting: 0, v6, events, progress, counted: targets }
    }

    /// Returns why no socket could be had at all, in words.
    pub(crate) fn refused(&self) -> Option<String> {
        let needed = [false, true].into_iter().zip(self.v6).filter(|(_, needed)| *needed);
        let refused: Vec<_> = needed.map(|(v6, _)| self.echo.refused(v6)).collect();
        let all: Option<Vec<io::Error>> = refused.into_iter().collect();
        all.and_then(|all| all.first().map(|why| no_ping_socket(why, "check_latency")))
    }

    /// Returns how many replies found no room in this machine.
    pub(crate) fn dropped(&self) -> u64 {
        self.echo.dropped()
    }

    /// Returns what came of the pings, in the order of the addresses.
    pub(crate) fn into_seen(self) -> Vec<Seen> {
        self.seen
    }

    /// Sends all pings and waits for the replies, at most until `end`.
    ///
    /// # Errors
    /// What the system reports of waiting.
    pub(crate) fn run(&mut self, end: Instant) -> io::Result<()> {
        let all = (0..self.seen.len()).filter_map(|place| u32::try_from(place).ok()).collect();
        let wait = self.pinging.wait.duration();
        let gap = self.gap(self.seen.len());
        self.send(all, self.pinging.pings, gap, end.checked_sub(wait).unwrap_or(end));
        self.collect(end.min(Instant::now() + wait))?;
        self.ask_again(end)
    }

    /// The time between two pings to so many targets.
    fn gap(&self, targets: usize) -> Duration {
        let by_interval = self.pinging.interval.as_f64() / targets.max(1) as f64;
        Duration::from_secs_f64(by_interval.max(1.0 / f64::from(self.pinging.rate)))
    }

    /// Sends a number of pings to each of these targets, the first of each, then the second of each, until
    /// `end`.
    fn send(&mut self, mut targets: Vec<u32>, pings: u32, gap: Duration, end: Instant) {
        shuffle(&mut targets);
        let mut due = Instant::now();
        for _ in 0..pings {
            for &target in &targets {
                let now = Instant::now();
                if now >= end {
                    return;
                }
                if due > now + TOGETHER {
                    thread::sleep(due - now);
                    self.read();
                }
                self.ping(target);
                // Where this process was stopped, what it missed is not made up for in a burst.
                due = (due + gap).max(Instant::now().checked_sub(TOGETHER).unwrap_or(due));
            }
        }
    }

    fn ping(&mut self, target: u32) {
        let Some(place) = usize::try_from(target).ok() else { return };
        // Where not even the first could be sent, patience would only cost the others their time.
        let hopeless = self.seen.get(place).is_some_and(|seen| seen.sent == 0 && seen.unsent.is_some());
        for _ in 0..if hopeless { 1 } else { TRIES } {
            let error = match self.echo.send(target) {
                Ok(_) => {
                    self.pings.push(Ping::Waiting);
                    self.waiting += 1;
                    self.seen.get_mut(place).into_iter().for_each(|seen| seen.sent += 1);
                    return;
                }
                Err(error) => error,
            };
            let is_full = matches!(error, EchoError::Full(_));
            if let Some(seen) = self.seen.get_mut(place) {
                (seen.unsent, seen.no_room) = (Some(error.brief()), is_full);
            }
            if !is_full {
                return;
            }
            thread::sleep(TOGETHER);
            self.read();
        }
    }

    /// Reads what has come.
    fn read(&mut self) {
        let mut events = std::mem::take(&mut self.events);
        self.echo.read(&mut events);
        events.drain(..).for_each(|event| self.take(event));
        self.events = events;
    }

    /// Waits until nothing is left to wait for, at most until `until`.
    fn collect(&mut self, until: Instant) -> io::Result<()> {
        let mut events = std::mem::take(&mut self.events);
        self.read();
        while self.waiting > 0 {
            let goes_on = self.echo.wait(until, &mut events)?;
            events.drain(..).for_each(|event| self.take(event));
            if !goes_on {
                break;
            }
        }
        self.events = events;
        Ok(())
    }

    /// Asks targets that answered nothing once more, in what is left of the time: as many as `--rate` allows
    /// within `--wait`, chosen by chance, so that a total outage takes no longer than twice that more.
    fn ask_again(&mut self, end: Instant) -> io::Result<()> {
        let silent =
            |seen: &Seen| seen.sent > 0 && seen.times.is_empty() && seen.late == 0 && seen.strange == 0;
        let places = self.seen.iter().enumerate().filter(|(_, seen)| silent(seen));
        let mut targets: Vec<u32> = places.filter_map(|(place, _)| u32::try_from(place).ok()).collect();
        let left = end.saturating_duration_since(Instant::now());
        if targets.is_empty() || left < WORTH {
            return Ok(());
        }
        // Half of the time is for sending, the other half for replies.
        let time = self.pinging.wait.duration().min(left / 2);
        let again = Again::within(time, targets.len(), self.pinging);
        shuffle(&mut targets);
        targets.truncate(again.targets);
        self.send(targets, again.pings, again.gap, Instant::now() + time);
        self.collect(end.min(Instant::now() + self.pinging.wait.duration()))
    }

    fn take(&mut self, event: EchoEvent) {
        let EchoEvent { target, ping, result } = event;
        let place = |number: u32| usize::try_from(number).unwrap_or(usize::MAX);
        let (Some(seen), Some(state)) = (self.seen.get_mut(place(target)), self.pings.get_mut(place(ping)))
        else {
            return;
        };
        let before = *state;
        match result {
            EchoResult::Reply(rtt) => {
                *state = Ping::Done;
                seen.strange -= u32::from(before == Ping::Strange);
                if seen.times.is_empty() && seen.late == 0 && place(target) < self.counted {
                    self.progress.count();
                }
                if rtt > self.pinging.wait.duration() {
                    seen.late += 1;
                } else {
                    if seen.times.is_empty() {
                        // Of thousands of lists, each of which grows step by step, a third is never used.
                        let pings = usize::try_from(self.pinging.pings).unwrap_or_default();
                        seen.times.reserve_exact(pings);
                    }
                    seen.times.push(u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX));
                }
            }
            EchoResult::Duplicate(_) => seen.duplicates += 1,
            EchoResult::OtherAddress(_) | EchoResult::OtherPayload => {
                if let EchoResult::OtherAddress(from) = result {
                    seen.other_address = Some(from);
                } else {
                    seen.other_payload = true;
                }
                if before == Ping::Waiting {
                    *state = Ping::Strange;
                    seen.strange += 1;
                }
            }
            // A redirect says that there is a shorter way, and a ping went on: its reply is still to come.
            EchoResult::Icmp(error) if !is_loss(error) => {}
            EchoResult::Icmp(error) => {
                seen.icmp = Some(error);
                if before == Ping::Waiting {
                    *state = Ping::Done;
                }
            }
        }
        self.waiting -= usize::from(before == Ping::Waiting && *state != Ping::Waiting);
    }
}

/// Whether an ICMP error says that a packet is lost (RFC 792, RFC 4443): it did not reach its destination,
/// lived too long, or was malformed or too big.
fn is_loss(error: IcmpError) -> bool {
    matches!((error.v6, error.kind), (false, 3 | 11 | 12) | (true, 1..=4))
}

/// What is sent to silent targets once more.
#[derive(Debug, PartialEq, Eq)]
struct Again {
    targets: usize,
    pings: u32,
    gap: Duration,
}

impl Again {
    /// Plans it for so much time: [`MORE`] pings to each of the silent targets, where the rate allows that.
    fn within(time: Duration, silent: usize, pinging: &Pinging) -> Self {
        let shortest = Duration::from_secs(1) / pinging.rate;
        let most = (time.as_secs_f64() * f64::from(pinging.rate)).max(1.0) as usize;
        let targets = silent.clamp(1, most);
        let pings = u32::try_from(most / targets).unwrap_or(MORE).min(MORE);
        let all = pings.saturating_mul(u32::try_from(targets).unwrap_or(u32::MAX)).max(1);
        Self { targets, pings, gap: (time / all).max(shortest).min(pinging.interval.duration()) }
    }
}

/// Brings targets into random order: so none always follows the same other one through a queue.
fn shuffle(targets: &mut [u32]) {
    let hasher = RandomState::new();
    targets.sort_by_cached_key(|target| {
        let mut hash = hasher.build_hasher();
        hash.write_u32(*target);
        hash.finish()
    });
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[test]
    fn a_redirect_and_a_source_quench_are_no_loss() {
        let losses = |v6| {
            let is_loss = |kind: &u8| is_loss(IcmpError { v6, kind: *kind, code: 1, from: None });
            (0..=u8::MAX).filter(is_loss).collect::<Vec<u8>>()
        };
        assert_eq!(losses(false), [3, 11, 12], "neither 4, source quench, nor 5, redirect");
        assert_eq!(losses(true), [1, 2, 3, 4], "nor 137, redirect");
    }

    #[derive(clap::Parser)]
    struct Args {
        #[command(flatten)]
        pinging: Pinging,
    }

    #[test]
    fn silent_targets_are_asked_again_as_the_rate_allows() {
        let args = Args::parse_from(["x", "--rate=2000"]);
        let again = |milliseconds, silent| {
            let Again { targets, pings, gap } =
                Again::within(Duration::from_millis(milliseconds), silent, &args.pinging);
            (targets, pings, gap.as_micros())
        };
        assert_eq!(again(1_000, 1), (1, 5, 200_000));
        assert_eq!(again(2_000, 1), (1, 5, 250_000), "not slower than --interval");
        assert_eq!(again(1_000, 400), (400, 5, 500));
        assert_eq!(again(1_000, 401), (401, 4, 623));
        assert_eq!(again(1_000, 2_000), (2_000, 1, 500));
        assert_eq!(again(1_000, 50_000), (2_000, 1, 500), "some of them");
        assert_eq!(again(0, 3), (1, 1, 500));
    }

    #[test]
    fn each_target_that_answers_counts_once_and_the_gateway_does_not() {
        let args = Args::parse_from(["x", "--pings=3", "--interval=0.02", "--wait=0.5"]);
        let addresses = ["127.0.0.1:0", "127.0.0.2:0", "127.0.0.3:0"].map(|text| text.parse().unwrap());
        let progress = Progress::default();
        let mut pinger = Pinger::open(addresses.to_vec(), 2, &args.pinging, &progress);
        assert_eq!(progress.to_string(), "partial: 0 of 2 answered");
        pinger.run(Instant::now() + Duration::from_secs(10)).unwrap();
        let answered = if pinger.refused().is_some() { 0 } else { 2 };
        assert_eq!(progress.to_string(), format!("partial: {answered} of 2 answered"));
    }
}
