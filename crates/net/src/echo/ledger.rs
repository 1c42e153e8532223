//! The pings that were sent, and to which of them an answer belongs.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

/// Targets and pings of one run: 16 octets a ping, since a run may have a hundred thousand.
#[derive(Debug)]
pub(super) struct Ledger {
    targets: Vec<SocketAddr>,
    start: Instant,
    pings: Vec<Ping>,
}

#[derive(Clone, Copy, Debug)]
struct Ping {
    /// After the start, in nanoseconds.
    sent: u64,
    target: u32,
    answered: bool,
}

/// An answer to a ping.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Answered {
    pub(super) target: u32,
    pub(super) rtt: Duration,
    /// Whether it is not the first one.
    pub(super) again: bool,
    /// Whether it came from the target's own address.
    pub(super) from_target: bool,
}

impl Ledger {
    pub(super) fn new(targets: Vec<SocketAddr>) -> Self {
        Self { targets, start: Instant::now(), pings: Vec::new() }
    }

    /// Adds a target and returns its number.
    pub(super) fn add(&mut self, target: SocketAddr) -> u32 {
        self.targets.push(target);
        u32::try_from(self.targets.len() - 1).unwrap_or(u32::MAX)
    }

    pub(super) fn target(&self, target: u32) -> Option<SocketAddr> {
        self.targets.get(index(target)).copied()
    }

    /// The number of the next ping.
    pub(super) fn next(&self) -> u32 {
        u32::try_from(self.pings.len()).unwrap_or(u32::MAX)
    }

    /// Notes that the next ping was sent.
    pub(super) fn sent(&mut self, target: u32, at: Instant) {
        self.pings.push(Ping { sent: self.nanoseconds(at), target, answered: false });
    }

    /// Notes a reply to a ping: `None` if it was never sent.
    pub(super) fn answered(&mut self, number: u32, from: SocketAddr, at: Instant) -> Option<Answered> {
        let received = self.nanoseconds(at);
        let ping = self.pings.get_mut(index(number))?;
        let from_target = self.targets.get(index(ping.target)).is_some_and(|target| is_same(*target, from));
        let again = ping.answered && from_target;
        ping.answered |= from_target;
        let rtt = Duration::from_nanos(received.saturating_sub(ping.sent));
        Some(Answered { target: ping.target, rtt, again, from_target })
    }

    /// Returns the target of a ping.
    pub(super) fn target_of(&self, number: u32) -> Option<u32> {
        self.pings.get(index(number)).map(|ping| ping.target)
    }

    /// Returns the latest ping with this sequence to this address.
    pub(super) fn find(&self, sequence: u16, to: SocketAddr) -> Option<u32> {
        let rounds = 0..=self.pings.len() >> 16;
        let numbers = rounds.rev().map(|round| (round << 16) | usize::from(sequence));
        let mut pings = numbers.filter_map(|number| Some((number, self.pings.get(number)?)));
        let ours =
            |ping: &Ping| self.targets.get(index(ping.target)).is_some_and(|target| is_same(*target, to));
        pings.find(|(_, ping)| ours(ping)).and_then(|(number, _)| u32::try_from(number).ok())
    }

    fn nanoseconds(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.start).as_nanos()).unwrap_or(u64::MAX)
    }
}

fn index(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// Whether two addresses are the same host: of the same interface too, where the first names one.
fn is_same(target: SocketAddr, other: SocketAddr) -> bool {
    let scope = match (target, other) {
        (SocketAddr::V6(target), SocketAddr::V6(other)) => {
            target.scope_id() == 0 || target.scope_id() == other.scope_id()
        }
        _ => true,
    };
    scope && target.ip() == other.ip()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        SocketAddr::new(text.parse().unwrap(), 0)
    }

    #[test]
    fn a_reply_belongs_to_its_ping_and_its_target() {
        let [one, two] = [address("192.0.2.1"), address("192.0.2.2")];
        let mut ledger = Ledger::new(vec![two, one]);
        let start = Instant::now();
        ledger.sent(0, start);
        ledger.sent(1, start);
        let after = start + Duration::from_millis(5);
        let reply =
            |again, from_target| Answered { target: 0, rtt: Duration::from_millis(5), again, from_target };
        assert_eq!(ledger.answered(0, one, after), Some(reply(false, false)), "by another");
        assert_eq!(ledger.answered(0, two, after), Some(reply(false, true)));
        assert_eq!(ledger.answered(0, two, after), Some(reply(true, true)));
        assert_eq!(ledger.answered(2, one, after), None, "never sent");
        assert_eq!(ledger.answered(1, one, start - Duration::from_secs(1)).unwrap().rtt, Duration::ZERO);
    }

    #[test]
    fn sequences_come_again_after_65536() {
        let [one, two] = [address("192.0.2.1"), address("192.0.2.2")];
        let mut ledger = Ledger::new(vec![one, two]);
        let now = Instant::now();
        (0..70_000).for_each(|number| ledger.sent(u32::from(number >= 65_536), now));
        assert_eq!(ledger.find(5, one), Some(5));
        assert_eq!(ledger.find(5, two), Some(65_541));
        assert_eq!(ledger.find(6_000, two), None);
        assert_eq!(ledger.find(6_000, one), Some(6_000));
    }

    #[test]
    fn a_link_local_address_is_one_of_its_interface() {
        let scoped =
            |scope| SocketAddr::V6(std::net::SocketAddrV6::new("fe80::1".parse().unwrap(), 0, 0, scope));
        assert!(is_same(scoped(2), scoped(2)));
        assert!(!is_same(scoped(2), scoped(3)));
        assert!(is_same(address("2001:db8::1"), address("2001:db8::1")));
    }
}
