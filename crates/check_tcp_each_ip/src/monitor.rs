//! The faults of the machine that checks. Whatever could not be reached because of them is no outage.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;
use std::{fmt, fs};

use host_net::{Bound, NeighbourTable, Route, RouteLookup};
use plugin::Deadline;
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

use crate::cause::{Cause, Local};
use crate::target::Target;

/// Descriptors that are not for connections: standard ones, those inherited, of the threads' epoll, netlink,
/// ping.
const RESERVED: u64 = 40;
/// From how full a table on nothing new fits into it, in per cent: it is emptied a little all the time.
const FULL: u64 = 98;
/// Closer to the deadline no route is asked for.
const LEAST: Duration = Duration::from_millis(20);

/// How many of the `wanted` connections the limit of open files allows at once, after raising it as far as it
/// may be.
pub(crate) fn room(wanted: usize) -> usize {
    let needed = u64::try_from(wanted).unwrap_or(u64::MAX).saturating_add(RESERVED);
    let mut limit = getrlimit(Resource::Nofile);
    if limit.current.is_some_and(|current| current < needed) {
        let raised =
            Rlimit { current: limit.maximum.map(|maximum| maximum.min(needed)).or(Some(needed)), ..limit };
        if setrlimit(Resource::Nofile, raised).is_ok() {
            limit = getrlimit(Resource::Nofile);
        }
    }
    let allowed = limit.current.unwrap_or(needed).saturating_sub(RESERVED).max(1);
    wanted.min(usize::try_from(allowed).unwrap_or(usize::MAX))
}

/// The tables of neighbours at one moment.
#[derive(Clone, Debug, Default)]
struct Tables(Vec<NeighbourTable>);

impl Tables {
    /// Reads them: none where the kernel does not show them.
    fn read(deadline: &Deadline) -> Self {
        Self(NeighbourTable::read_all(deadline).unwrap_or_default())
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
    pub(crate) fn excuse(self, targets: &[Target], failed: &mut [(u32, Cause)], deadline: &Deadline) {
        let before = self.tables.into_inner().unwrap_or_default();
        let routes = self.routes.into_inner().unwrap_or_else(PoisonError::into_inner);
        excuse(targets, failed, (&before, routes), deadline);
    }
}

/// `before` are the tables as they were before the second tries.
fn excuse(
    targets: &[Target],
    failed: &mut [(u32, Cause)],
    (before, routes): (&Tables, Routes),
    deadline: &Deadline,
) {
    let silent = |cause: &Cause| {
        matches!(cause, Cause::NoAnswer(_) | Cause::NoNeighbour | Cause::Local(Local::NoRoute))
    };
    if !failed.iter().any(|(_, cause)| silent(cause)) {
        return;
    }
    let now = Tables::read(deadline);
    let overflowed = [before.overflowed(&now, false), before.overflowed(&now, true)];
    let conntrack = conntrack_is_full();
    let mut ways = Ways { routes, bound: Bound::read(deadline).unwrap_or_default() };
    for (place, cause) in failed.iter_mut().filter(|(_, cause)| silent(cause)) {
        let Some(target) = usize::try_from(*place).ok().and_then(|place| targets.get(place)) else {
            continue;
        };
        let way = ways.to(target.address, deadline);
        let [v4, v6] = overflowed;
        let overflowed = if target.address.is_ipv6() { v6 } else { v4 };
        let fault = match way {
            // connect(2) has no route to a broadcast address, which routes lead to all the same.
            _ if *cause == Cause::Local(Local::NoRoute) => {
                way.filter(|way| way.is_broadcast).map(|_| Local::Broadcast)
            }
            Some(Way { link_down: true, .. }) => Some(Local::LinkDown),
            Some(Way { on_link: true, .. }) if overflowed => Some(Local::NeighbourTable),
            Some(Way { on_link: false, .. }) if *cause == Cause::NoNeighbour => Some(Local::Gateway),
            _ if conntrack => Some(Local::Conntrack),
            _ => None,
        };
        if let Some(fault) = fault {
            *cause = Cause::Local(fault);
        }
    }
}

/// The way to an address, as far as it tells about faults here.
#[derive(Clone, Copy)]
struct Way {
    on_link: bool,
    is_broadcast: bool,
    link_down: bool,
}

/// The routes to addresses, each asked for once.
#[derive(Default)]
struct Routes {
    lookup: Option<RouteLookup>,
    known: HashMap<IpAddr, Option<Route>>,
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Routes").field("known", &self.known).finish_non_exhaustive()
    }
}

impl Routes {
    /// The route to an address: `None` if there is none, or no time is left to ask for it.
    fn to(&mut self, address: IpAddr, deadline: &Deadline) -> Option<Route> {
        if let Some(known) = self.known.get(&address) {
            return *known;
        }
        if deadline.remaining() < LEAST {
            return None;
        }
        if self.lookup.is_none() {
            self.lookup = RouteLookup::open().ok();
        }
        let route = self.lookup.as_mut().and_then(|lookup| lookup.to(address, deadline).ok());
        self.known.insert(address, route);
        route
    }
}

/// The routes, with the interfaces as they are in the end.
struct Ways {
    routes: Routes,
    bound: Bound,
}

impl Ways {
    fn to(&mut self, address: IpAddr, deadline: &Deadline) -> Option<Way> {
        self.routes.to(address, deadline).map(|Route { interface, on_link, is_broadcast }| {
            let link = self.bound.interface(interface).map(|interface| interface.link);
            Way { on_link, is_broadcast, link_down: link.is_some_and(|link| link.fault().is_some()) }
        })
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
    fn more_than_the_limit_of_open_files_is_not_tried() {
        let hard = getrlimit(Resource::Nofile).maximum;
        let room_for_all = room(usize::MAX >> 1);
        assert!(hard.is_none_or(|hard| room_for_all as u64 + RESERVED <= hard), "{room_for_all} of {hard:?}");
        assert_eq!(room(1), 1);
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
