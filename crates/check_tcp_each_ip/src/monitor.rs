//! The faults of the machine that checks. Whatever could not be reached because of them is no outage.

mod ways;

use std::collections::HashSet;
use std::fs;
use std::mem;
use std::net::IpAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use host_net::NeighbourTable;
use plugin::Deadline;

use crate::cause::{Cause, Echo, Local};
use crate::monitor::ways::{Hop, Routes, Way, Ways};
use crate::target::Target;

/// Descriptors that are not for connections: standard ones, those inherited, of the threads' epoll, netlink,
/// ping.
const RESERVED: u64 = 40;
/// From how full the table of tracked connections on nothing new fits into it, in per cent: it is emptied a
/// little all the time.
const FULL: u64 = 98;

/// How long a look at the faults of this machine may take at the end of a run that is stopped.
const LOOK: Duration = Duration::from_millis(60);

/// Returns how many of the `wanted` connections the limit on open files allows beside `beside` others, and
/// raises the limit. The number is at least one: it waits until a descriptor is free.
pub(crate) fn room(wanted: usize, beside: usize) -> usize {
    let beside = u64::try_from(beside).unwrap_or(u64::MAX);
    plugin::open_files(wanted, RESERVED.saturating_add(beside))
}

/// The tables of neighbours at one moment.
#[derive(Clone, Debug, Default)]
struct Tables(Vec<NeighbourTable>);

impl Tables {
    /// Reads them: none where the kernel does not show them.
    fn read(deadline: &Deadline) -> Self {
        Self(NeighbourTable::read_all(deadline).unwrap_or_default())
    }

    /// Whether no further neighbour fits.
    fn are_full(&self, v6: bool) -> bool {
        self.0.iter().any(|table| table.v6 == v6 && table.is_full())
    }

    /// Whether a neighbour did not fit between then and `now`.
    fn overflowed(&self, now: &Tables, v6: bool) -> bool {
        let overflows =
            |tables: &Tables| tables.0.iter().find(|table| table.v6 == v6).map(|table| table.overflows);
        matches!((overflows(self), overflows(now)), (Some(then), Some(now)) if now > then)
    }
}

/// What tells whose fault a silence is, asked while others are still tried: at the end there is no time for
/// thousands of questions.
#[derive(Debug, Default)]
pub(crate) struct Diagnosis {
    /// As they were when the first target was silent.
    tables: OnceLock<Tables>,
    routes: Mutex<Routes>,
}

impl Diagnosis {
    /// Notes the tables as they are, if that has not happened yet.
    pub(crate) fn begin(&self, deadline: &Deadline) {
        self.tables.get_or_init(|| Tables::read(deadline));
    }

    /// Asks what there is to ask about an address that is silent.
    pub(crate) fn add(&self, address: IpAddr, deadline: &Deadline) {
        self.begin(deadline);
        self.routes.lock().unwrap_or_else(PoisonError::into_inner).to(address, deadline);
    }

    /// Takes back the verdict on targets whose silence is this machine's fault.
    pub(crate) fn excuse(&self, targets: &[Target], failed: &mut [(u32, Cause)], deadline: &Deadline) {
        let before = self.tables.get().cloned().unwrap_or_default();
        let routes = mem::take(&mut *self.routes.lock().unwrap_or_else(PoisonError::into_inner));
        excuse(targets, failed, (&before, routes), deadline);
    }
}

/// Returns whether this machine may be to blame for the silence of some of these addresses, by what the
/// kernel shows at once.
pub(crate) fn is_to_blame(addresses: &[IpAddr]) -> bool {
    let deadline = Deadline::after(LOOK);
    let tables = Tables::read(&deadline);
    let faults = Faults {
        overflowed: [tables.are_full(false), tables.are_full(true)],
        conntrack: conntrack_is_full(),
        gateways: HashSet::new(),
    };
    let mut ways = Ways::new(Routes::default(), &deadline);
    let silent = Cause::NoAnswer(Echo::NotAsked);
    addresses.iter().any(|address| {
        let better = faults.explain(&silent, ways.to(*address, &deadline), address.is_ipv6());
        matches!(better, Some(Cause::Local(_)))
    })
}

/// `before` are the tables as they were before the second tries.
fn excuse(
    targets: &[Target],
    failed: &mut [(u32, Cause)],
    (before, routes): (&Tables, Routes),
    deadline: &Deadline,
) {
    if !failed.iter().any(|(_, cause)| is_silence(cause)) {
        return;
    }
    let now = Tables::read(deadline);
    let mut ways = Ways::new(routes, deadline);
    let target = |place: u32| usize::try_from(place).ok().and_then(|place| targets.get(place));
    let unasked = failed.iter().filter(|(_, cause)| *cause == Cause::NoNeighbour);
    let faults = Faults {
        overflowed: [before.overflowed(&now, false), before.overflowed(&now, true)],
        conntrack: conntrack_is_full(),
        gateways: unasked
            .filter_map(|(place, _)| ways.to(target(*place)?.address, deadline))
            .filter(|way| !way.on_link)
            .map(|way| way.hop)
            .collect(),
    };
    for (place, cause) in failed.iter_mut().filter(|(_, cause)| is_silence(cause)) {
        let Some(target) = target(*place) else { continue };
        let way = ways.to(target.address, deadline);
        if let Some(better) = faults.explain(cause, way, target.address.is_ipv6()) {
            *cause = better;
        }
    }
}

/// Whether this machine may be to blame.
fn is_silence(cause: &Cause) -> bool {
    matches!(
        cause,
        Cause::NoAnswer(_) | Cause::NoNeighbour | Cause::Local(Local::NoRoute | Local::Unconfirmed)
    )
}

/// What is wrong with this machine.
struct Faults {
    /// Whether the tables of neighbours of IPv4 and IPv6 overflowed.
    overflowed: [bool; 2],
    /// Whether the table of tracked connections is full.
    conntrack: bool,
    /// The gateways that did not answer on the link while some target was tried.
    gateways: HashSet<Hop>,
}

impl Faults {
    /// What explains the silence of a target better: `None` if nothing does.
    fn explain(&self, cause: &Cause, way: Option<Way>, is_v6: bool) -> Option<Cause> {
        let [v4, v6] = self.overflowed;
        let overflowed = if is_v6 { v6 } else { v4 };
        let is_tried = *cause != Cause::Local(Local::Unconfirmed);
        let fault = match way {
            // connect(2) has no route to a broadcast address, which routes lead to all the same.
            _ if *cause == Cause::Local(Local::NoRoute) => {
                way.filter(|way| way.is_broadcast).map(|_| Local::Broadcast)?
            }
            Some(Way { link_down: true, .. }) => Local::LinkDown,
            Some(Way { on_link: true, .. }) if overflowed && is_tried => Local::NeighbourTable,
            Some(way) if self.gateway_is_silent(cause, way) => Local::Gateway,
            _ if self.conntrack && is_tried => Local::Conntrack,
            // Of many packets to one that does not answer, the kernel reports only the first few.
            Some(Way { on_link: true, is_silent: Some(true), .. }) if is_tried => {
                return Some(Cause::NoNeighbour);
            }
            _ => return None,
        };
        Some(Cause::Local(fault))
    }

    /// Whether the gateway does not answer on the link: by the kernel's last word, else by what it reported
    /// to any target behind it.
    fn gateway_is_silent(&self, cause: &Cause, way: Way) -> bool {
        let is_silent = way.is_silent.unwrap_or_else(|| self.gateways.contains(&way.hop));
        !way.on_link && (*cause == Cause::NoNeighbour || is_silent)
    }
}

/// Whether the table of tracked connections is as good as full: not where none are tracked.
fn conntrack_is_full() -> bool {
    let read = |name: &str| {
        fs::read_to_string(format!("/proc/sys/net/netfilter/nf_conntrack_{name}")).ok()?.trim().parse().ok()
    };
    let (Some(count), Some(most)): (Option<u64>, Option<u64>) = (read("count"), read("max")) else {
        return false;
    };
    most > 0 && count.saturating_mul(100) >= most.saturating_mul(FULL)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_takes_of_the_same_limit() {
        let all = room(usize::MAX >> 1, 0);
        let rows = [
            ((2, 1), 2),
            ((1, 0), 1),
            ((0, 1), 0),
            ((0, 0), 0),
            ((usize::MAX >> 1, 3), all - 3),
            ((5, usize::MAX >> 1), 1),
        ];
        for ((wanted, beside), expected) in rows {
            assert_eq!(room(wanted, beside), expected, "{wanted} beside {beside}");
        }
    }

    #[test]
    fn one_gateway_has_one_verdict() {
        let hop = (2, "192.0.2.254".parse().unwrap());
        let other = (2, "192.0.2.253".parse().unwrap());
        let faults = Faults { overflowed: [false; 2], conntrack: false, gateways: HashSet::from([hop]) };
        let way =
            |on_link, hop, is_silent| Way { on_link, is_broadcast: false, link_down: false, hop, is_silent };
        let (silent, gateway) = (Cause::NoAnswer(Echo::Silent), Some(Cause::Local(Local::Gateway)));
        let once = Cause::Local(Local::Unconfirmed);
        // The cause of a target, the way to it, and what explains it better.
        let rows = [
            (&silent, way(false, other, Some(true)), gateway.clone()),
            (&once, way(false, other, Some(true)), gateway.clone()),
            (&Cause::NoNeighbour, way(false, hop, Some(true)), gateway.clone()),
            // Its entry is gone, and it was reported for another target.
            (&silent, way(false, hop, None), gateway.clone()),
            (&silent, way(false, other, None), None),
            // It answers by now.
            (&silent, way(false, hop, Some(false)), None),
            (&silent, way(true, other, Some(true)), Some(Cause::NoNeighbour)),
            (&silent, way(true, other, Some(false)), None),
            (&once, way(true, other, Some(true)), None),
        ];
        for (cause, way, expected) in rows {
            assert_eq!(faults.explain(cause, Some(way), false), expected, "{cause:?} {way:?}");
        }
        assert_eq!(faults.explain(&silent, None, false), None);
    }

    #[test]
    fn an_overflow_is_one_that_happened_since() {
        let table = |v6, overflows| NeighbourTable { v6, entries: 1024, limit: 1024, overflows };
        let before = Tables(vec![table(false, 5), table(true, 7)]);
        let now = Tables(vec![table(false, 6), table(true, 7)]);
        assert!(before.overflowed(&now, false));
        assert!(!before.overflowed(&now, true));
        assert!(!Tables::default().overflowed(&now, false));
    }
}
