//! Static routes by the configured interface, to parts of the network. The kernel removes them as it removes
//! a default route, and nothing else would miss them: most packets still have their way.

use std::collections::{BTreeMap, BTreeSet};

use host_net::{Bound, TableRoute};
use serde::{Deserialize, Serialize};

use crate::network::Network;

/// linux/rtnetlink.h: RTPROT_UNSPEC, RTPROT_BOOT and RTPROT_STATIC. Routes of a routing daemon or of DHCP
/// come and go by themselves.
const STATIC: [u8; 3] = [0, 3, 4];
/// The most routes that are known.
const MOST: usize = 1_000;
/// For how long one is told, in seconds.
const DAY: u64 = 86_400;

/// Returns whether an administrator or a file of his made a route of this origin.
pub(super) fn is_static(origin: u8) -> bool {
    STATIC.contains(&origin)
}

/// The static routes that are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StaticRoutes {
    /// Those by the configured interface, each in words.
    here: BTreeMap<Network, String>,
    /// The networks that those by any interface lead to.
    all: BTreeSet<Network>,
    /// The routes of other origins to networks that are known, each by what, in words.
    others: BTreeMap<Network, BTreeSet<String>>,
}

impl StaticRoutes {
    /// Returns those of these routes, with the configured interface by its index and its name, and the others
    /// to the `known` networks.
    pub(super) fn of<'a>(
        routes: impl Iterator<Item = &'a TableRoute>,
        (index, interface): (Option<u32>, &str),
        bound: &Bound,
        known: &BTreeSet<Network>,
    ) -> Self {
        let mut found = Self::default();
        for route in routes {
            let Some(to) = route.destination.map(|to| Network::of(to, route.prefix)) else { continue };
            let is_here = route.way.interface == index;
            let by =
                |on: &str| route.way.gateway.map_or_else(|| on.to_owned(), |gateway| gateway.to_string());
            if is_static(route.way.origin) {
                found.all.insert(to);
                if is_here && found.here.len() < MOST {
                    found.here.insert(to, words(to, &by(interface)));
                }
            } else if known.contains(&to) {
                let on = route.way.interface.and_then(|on| bound.interface(on)).map_or("", |on| &on.name);
                let way = match route.way.gateway {
                    Some(gateway) if !is_here => format!("{gateway} on {on}"),
                    _ => by(on),
                };
                found.others.entry(to).or_default().insert(way);
            }
        }
        found
    }

    /// Returns whether a network has a static route by any interface, or this `route` to it by another
    /// program.
    fn has(&self, to: Network, route: &str) -> bool {
        let by_another =
            || self.others.get(&to).is_some_and(|ways| ways.iter().any(|by| words(to, by) == route));
        self.all.contains(&to) || by_another()
    }
}

/// Returns what tells a route from another.
fn words(to: Network, by: &str) -> String {
    format!("{to} by {by}")
}

/// What may have taken routes with it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lacks {
    /// Whether an address is missing.
    pub(super) is_missing: bool,
    /// Whether one is that was there at the last look.
    pub(super) is_new: bool,
}

/// The static routes that are known, and those that are not back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statics {
    /// Those by the configured interface, as they were seen last, each in words.
    #[serde(default)]
    known: BTreeMap<Network, String>,
    /// Those of them that went together with an address which is still missing.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    gone: BTreeSet<Network>,
    /// Those that are not back, each in words.
    #[serde(default)]
    lost: BTreeMap<Network, Lost>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Lost {
    route: String,
    /// When, in seconds since 1970.
    since: u64,
}

impl Statics {
    /// Takes note of the routes that are there `now`. One that is not is forgotten unless it went together
    /// with an address: an administrator may have removed it. Returns whether this changed anything.
    pub(super) fn see(&mut self, there: &StaticRoutes, lacks: Lacks, now: u64) -> bool {
        let before = self.clone();
        self.forget(now);
        let (known, gone) = (&mut self.known, &mut self.gone);
        self.lost.retain(|to, lost| !there.has(*to, &lost.route));
        known.retain(|to, route| {
            let went = lacks.is_new || gone.contains(to);
            there.here.contains_key(to) || !there.has(*to, route) && lacks.is_missing && went
        });
        for (to, route) in &there.here {
            if known.contains_key(to) || known.len() < MOST {
                known.insert(*to, route.clone());
            }
        }
        *gone = known.keys().filter(|to| !there.here.contains_key(to)).copied().collect();
        *self != before
    }

    /// Forgets those that are lost for a day, also where it cannot be known which are there. Returns whether
    /// there was one.
    pub(super) fn forget(&mut self, now: u64) -> bool {
        let before = self.lost.len();
        let known = &mut self.known;
        self.lost.retain(|to, lost| {
            let is_told = now.saturating_sub(lost.since) < DAY;
            if !is_told {
                known.remove(to);
            }
            is_told
        });
        self.lost.len() < before
    }

    /// Notes the known routes that are not `there` after a run that bound an address, which is `is_back`, or
    /// that were there `before` it.
    pub(crate) fn lose(
        &mut self,
        there: &StaticRoutes,
        (before, is_back): (Option<&StaticRoutes>, bool),
        began: u64,
    ) {
        for (to, route) in self.known.iter().filter(|(to, route)| !there.has(**to, route)) {
            if is_back || before.is_some_and(|before| before.here.contains_key(to)) {
                let lost = || Lost { route: route.clone(), since: began };
                self.lost.entry(*to).or_insert_with(lost);
            }
        }
    }

    /// Returns the routes that are not back, in words, and apart from them those whose networks another
    /// program routes another way in what is `there`.
    pub(crate) fn lost(&self, there: Option<&StaticRoutes>) -> (Vec<String>, Vec<String>) {
        let (mut lost, mut replaced) = (Vec::new(), Vec::new());
        for (to, Lost { route, .. }) in &self.lost {
            match there.and_then(|there| there.others.get(to)?.first()) {
                Some(by) => {
                    let was = route.strip_prefix(&words(*to, "")).unwrap_or(route);
                    replaced.push(format!("{to} is by {by}, no longer by {was}"));
                }
                None => lost.push(route.clone()),
            }
        }
        (lost, replaced)
    }

    /// Returns the networks that known routes lead or led to.
    pub(super) fn networks(&self) -> BTreeSet<Network> {
        self.known.keys().chain(self.lost.keys()).copied().collect()
    }

    /// Returns when each was lost.
    pub(crate) fn times(&mut self) -> impl Iterator<Item = &mut u64> {
        self.lost.values_mut().map(|lost| &mut lost.since)
    }

    /// Returns whether nothing is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.lost.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use host_net::{DefaultRoute, Interface};

    use super::*;

    /// Routes of eth0 (2) and eth1 (3): destination, gateway, interface and origin.
    fn there(all: &[(&str, &str, u32, u8)]) -> StaticRoutes {
        let route = |(to, gateway, on, origin): &(&str, &str, u32, u8)| {
            let (to, prefix) = to.split_once('/').unwrap();
            let (gateway, interface) = (gateway.parse().ok(), Some(*on));
            let way = DefaultRoute { ipv6: false, metric: 0, gateway, interface, kind: 1, origin: *origin };
            TableRoute { destination: to.parse().ok(), prefix: prefix.parse().unwrap(), table: 254, way }
        };
        let routes: Vec<TableRoute> = all.iter().map(route).collect();
        let interfaces = [(2, "eth0"), (3, "eth1")].map(|(index, name)| Interface::new(index, name)).to_vec();
        let known = ROUTES.iter().map(|(to, ..)| to.parse().unwrap()).collect();
        StaticRoutes::of(routes.iter(), (Some(2), "eth0"), &Bound { interfaces, ..Bound::default() }, &known)
    }

    const ROUTES: [(&str, &str, u32, u8); 5] = [
        ("10.0.0.0/8", "192.0.2.250", 2, 3),
        ("172.16.0.0/12", "", 2, 4),
        ("192.0.2.0/24", "", 2, 2),
        ("198.18.0.0/15", "192.0.2.251", 2, 12),
        ("198.51.100.0/24", "203.0.113.1", 3, 3),
    ];
    /// Nothing is missing, an address is since this look, and it still is.
    const WELL: Lacks = Lacks { is_missing: false, is_new: false };
    const NEW: Lacks = Lacks { is_missing: true, is_new: true };
    const STILL: Lacks = Lacks { is_missing: true, is_new: false };
    const BOTH: [&str; 2] = ["10.0.0.0/8 by 192.0.2.250", "172.16.0.0/12 by eth0"];

    fn lost(routes: &Statics) -> Vec<String> {
        routes.lost(None).0
    }

    /// The routes of which those that are lost went with an address that is bound again.
    fn both_lost() -> Statics {
        let mut routes = Statics::default();
        routes.see(&there(&ROUTES), WELL, 1_000);
        routes.see(&there(&[]), NEW, 1_120);
        routes.lose(&there(&[]), (Some(&there(&[])), true), 1_120);
        assert_eq!(lost(&routes), BOTH);
        routes
    }

    #[test]
    fn a_static_route_is_lost_until_its_network_has_one_again() {
        let (all, none) = (there(&ROUTES), there(&[]));
        let mut routes = Statics::default();
        assert!(routes.see(&all, WELL, 1_000) && !routes.see(&all, WELL, 1_060));
        assert!(routes.see(&none, NEW, 1_120) && !routes.see(&none, STILL, 1_180));
        routes.lose(&none, (Some(&none), false), 1_180);
        assert_eq!(lost(&routes), [""; 0], "the run has done nothing");
        routes.lose(&none, (Some(&none), true), 1_120);
        // Not that of a routing daemon, of the kernel or of another interface.
        assert_eq!(lost(&routes), BOTH);
        assert!(routes.see(&none, WELL, 1_180) && lost(&routes) == BOTH);
        let mut later = routes.clone();
        assert!(later.see(&none, WELL, 1_120 + DAY) && later.is_empty());
        // By whatever interface.
        assert!(routes.see(&there(&[("10.0.0.0/8", "203.0.113.1", 3, 3)]), WELL, 1_180));
        assert_eq!(lost(&routes), BOTH[1..]);
        assert!(routes.see(&all, WELL, 1_240) && lost(&routes).is_empty());
        assert!(routes.see(&none, WELL, 1_300) && routes.is_empty(), "they were removed on purpose");
    }

    #[test]
    fn one_that_another_program_brings_back_is_back_if_it_is_the_same() {
        let ways: [(&str, u32, u8, &[&str]); 7] = [
            ("192.0.2.250", 2, 12, &[]),
            ("192.0.2.250", 2, 16, &[]),
            ("192.0.2.251", 2, 12, &["10.0.0.0/8 is by 192.0.2.251, no longer by 192.0.2.250"]),
            ("192.0.2.250", 3, 11, &["10.0.0.0/8 is by 192.0.2.250 on eth1, no longer by 192.0.2.250"]),
            ("", 3, 2, &["10.0.0.0/8 is by eth1, no longer by 192.0.2.250"]),
            ("", 2, 16, &["10.0.0.0/8 is by eth0, no longer by 192.0.2.250"]),
            ("203.0.113.1", 3, 4, &[]),
        ];
        for (gateway, on, origin, replaced) in ways {
            let now = there(&[("10.0.0.0/8", gateway, on, origin)]);
            let mut routes = both_lost();
            routes.see(&now, WELL, 1_180);
            let told = routes.lost(Some(&now));
            let expected: [Vec<String>; 2] =
                [&BOTH[1..], replaced].map(|all| all.iter().map(ToString::to_string).collect());
            assert_eq!([told.0, told.1], expected, "{gateway} {on} {origin}");
        }
    }

    #[test]
    fn one_that_was_removed_while_an_address_was_missing_is_not_lost() {
        let (all, none) = (there(&ROUTES), there(&[]));
        let mut routes = Statics::default();
        routes.see(&all, WELL, 1_000);
        routes.see(&all, NEW, 1_060);
        assert!(routes.see(&none, STILL, 1_120) && routes.is_empty(), "nothing went with it");
        // One that went with a further address is.
        routes.see(&all, STILL, 1_180);
        routes.see(&there(&ROUTES[1..]), NEW, 1_240);
        routes.see(&none, STILL, 1_300);
        routes.lose(&none, (Some(&none), true), 1_300);
        assert_eq!(lost(&routes), BOTH[..1]);
        // After a day it is not told once more.
        routes.see(&none, STILL, 1_300 + DAY);
        routes.lose(&none, (Some(&none), true), 1_300 + DAY);
        assert_eq!(lost(&routes), [""; 0]);
    }

    #[test]
    fn one_that_leads_elsewhere_now_is_known_so() {
        let mut routes = Statics::default();
        routes.see(&there(&ROUTES), WELL, 1);
        let now = there(&[("10.0.0.0/8", "192.0.2.251", 2, 3), ("172.16.0.0/12", "", 3, 3)]);
        routes.see(&now, STILL, 2);
        routes.see(&there(&[]), NEW, 3);
        routes.lose(&there(&[]), (None, true), 3);
        assert_eq!(lost(&routes), ["10.0.0.0/8 by 192.0.2.251"]);
    }

    #[test]
    fn one_that_went_while_a_run_worked_is_lost() {
        let mut routes = Statics::default();
        let all = there(&ROUTES);
        routes.see(&all, WELL, 1);
        routes.lose(&there(&ROUTES[1..]), (Some(&all), false), 9);
        assert_eq!((lost(&routes).as_slice(), routes.times().count()), (&[BOTH[0].to_owned()][..], 1));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let many: Vec<String> =
            (0..3_000_u32).map(|number| format!("10.{}.{}.0/24", number >> 8, number & 255)).collect();
        let many: Vec<_> = many.iter().map(|to| (to.as_str(), "192.0.2.250", 2, 3)).collect();
        let mut routes = Statics::default();
        routes.see(&there(&many), WELL, 1);
        routes.lose(&there(&[]), (None, true), 9);
        assert_eq!(lost(&routes).len(), MOST);
    }
}
