//! Static routes by the configured interface, to parts of the network. The kernel removes them as it removes
//! a default route, and nothing else would miss them: most packets still have their way.

use std::collections::{BTreeMap, BTreeSet};

use host_net::TableRoute;
use serde::{Deserialize, Serialize};

use crate::network::Network;

/// linux/rtnetlink.h: RTPROT_UNSPEC, RTPROT_BOOT and RTPROT_STATIC. Routes of a routing daemon or of DHCP come
/// and go by themselves.
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
    /// The networks that routes by any interface lead to.
    all: BTreeSet<Network>,
}

impl StaticRoutes {
    /// Returns those of these routes, of which the configured interface has this index.
    pub(super) fn of<'a>(
        routes: impl Iterator<Item = &'a TableRoute>,
        index: Option<u32>,
        interface: &str,
    ) -> Self {
        let mut found = Self::default();
        for route in routes {
            let Some(to) = route.destination.map(|to| Network::of(to, route.prefix)) else { continue };
            found.all.insert(to);
            if route.way.interface == index && is_static(route.way.origin) && found.here.len() < MOST {
                let by =
                    route.way.gateway.map_or_else(|| interface.to_owned(), |gateway| gateway.to_string());
                found.here.insert(to, format!("{to} by {by}"));
            }
        }
        found
    }
}

/// The static routes that are known, and those that are not back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Statics {
    /// Those by the configured interface, as they were seen last, each in words.
    #[serde(default)]
    known: BTreeMap<Network, String>,
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
    /// Takes note of the routes that are there `now`. Those that are not there are forgotten if nothing
    /// `is_missing`: an administrator may have removed them. Returns whether this changed anything.
    pub(crate) fn see(&mut self, there: &StaticRoutes, is_missing: bool, now: u64) -> bool {
        let before = self.clone();
        self.lost.retain(|to, lost| now.saturating_sub(lost.since) < DAY && !there.all.contains(to));
        if !is_missing && self.lost.is_empty() {
            self.known.clear();
        }
        let room = MOST.saturating_sub(self.known.len());
        let new = there.here.iter().filter(|(to, _)| !self.known.contains_key(to));
        let new: Vec<(Network, String)> = new.map(|(to, route)| (*to, route.clone())).take(room).collect();
        self.known.extend(new);
        *self != before
    }

    /// Notes the known routes that are not `there` after a run that bound an address, which is `is_back`, or
    /// that were there `before` it.
    pub(crate) fn lose(
        &mut self,
        there: &StaticRoutes,
        (before, is_back): (Option<&StaticRoutes>, bool),
        began: u64,
    ) {
        for (to, route) in self.known.iter().filter(|(to, _)| !there.all.contains(to)) {
            if is_back || before.is_some_and(|before| before.here.contains_key(to)) {
                let lost = || Lost { route: route.clone(), since: began };
                self.lost.entry(*to).or_insert_with(lost);
            }
        }
    }

    /// Returns the routes that are not back, in words.
    pub(crate) fn lost(&self) -> Vec<String> {
        self.lost.values().map(|lost| lost.route.clone()).collect()
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
    use host_net::DefaultRoute;

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
        StaticRoutes::of(routes.iter(), Some(2), "eth0")
    }

    const ROUTES: [(&str, &str, u32, u8); 5] = [
        ("10.0.0.0/8", "192.0.2.250", 2, 3),
        ("172.16.0.0/12", "", 2, 4),
        ("192.0.2.0/24", "", 2, 2),
        ("198.18.0.0/15", "192.0.2.251", 2, 12),
        ("198.51.100.0/24", "203.0.113.1", 3, 3),
    ];

    #[test]
    fn a_static_route_is_lost_until_its_network_has_one_again() {
        let (all, none) = (there(&ROUTES), there(&[]));
        let mut routes = Statics::default();
        assert!(routes.see(&all, false, 1_000) && !routes.see(&all, false, 1_060));
        assert!(!routes.see(&none, true, 1_120), "an address is missing");
        routes.lose(&none, (Some(&none), false), 1_120);
        assert_eq!(routes.lost(), [""; 0], "the run has done nothing");
        routes.lose(&none, (Some(&none), true), 1_120);
        // Not that of a routing daemon, of the kernel or of another interface.
        let both = ["10.0.0.0/8 by 192.0.2.250", "172.16.0.0/12 by eth0"];
        assert_eq!(routes.lost(), both);
        assert!(!routes.see(&none, false, 1_180) && routes.lost() == both);
        let mut later = routes.clone();
        assert!(later.see(&none, false, 1_120 + DAY) && later.is_empty());
        // By whatever interface.
        assert!(routes.see(&there(&[("10.0.0.0/8", "203.0.113.1", 3, 3)]), false, 1_180));
        assert_eq!(routes.lost(), both[1..]);
        assert!(routes.see(&all, false, 1_240) && routes.lost().is_empty());
        assert!(routes.see(&none, false, 1_300) && routes.is_empty(), "they were removed on purpose");
    }

    #[test]
    fn one_that_went_while_a_run_worked_is_lost() {
        let mut routes = Statics::default();
        let all = there(&ROUTES);
        routes.see(&all, false, 1);
        routes.lose(&there(&ROUTES[1..]), (Some(&all), false), 9);
        assert_eq!(
            (routes.lost().as_slice(), routes.times().count()),
            (&["10.0.0.0/8 by 192.0.2.250".to_owned()][..], 1)
        );
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let many: Vec<String> =
            (0..3_000_u32).map(|number| format!("10.{}.{}.0/24", number >> 8, number & 255)).collect();
        let many: Vec<_> = many.iter().map(|to| (to.as_str(), "192.0.2.250", 2, 3)).collect();
        let mut routes = Statics::default();
        routes.see(&there(&many), false, 1);
        routes.lose(&there(&[]), (None, true), 9);
        assert_eq!(routes.lost().len(), MOST);
    }
}
