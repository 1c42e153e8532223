//! The default routes by the configured interface. The kernel removes one with the address that its gateway's
//! subnet comes from, or with the link, and the address alone does not bring it back: then the host answers
//! nobody but its neighbours.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use check_ip_bound::gateway_faults;
use host_net::{Bound, DefaultRoute, TableRoute};
use plugin::Deadline;
use serde::{Deserialize, Serialize};

use super::statics::{StaticRoutes, is_static};
use crate::network::Network;
use crate::prefix::longest;

/// linux/rtnetlink.h: RTN_UNICAST, RTPROT_KERNEL and RTPROT_RA.
const UNICAST: u8 = 1;
const BY_KERNEL: u8 = 2;
const ADVERTISED: u8 = 9;
/// The prefix length of the routes to one half of all addresses, of which two stand for a default route.
const HALF: u8 = 1;
/// How long reading the routes may take: a router with those of the whole Internet needs its time to bind.
const READING: Duration = Duration::from_millis(200);
/// For how long one is told, in seconds.
const DAY: u64 = 86_400;

/// The default routes that are known, and those that are not back, each by its words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Routes {
    /// The default routes by the configured interface, as they were seen last.
    #[serde(default)]
    known: BTreeMap<String, Known>,
    /// Those that are not back.
    #[serde(default)]
    lost: BTreeMap<String, Lost>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Known {
    ipv6: bool,
    gateway: Option<IpAddr>,
    /// The prefix length of the subnet that the gateway was in. A list may give its addresses none.
    prefix: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Lost {
    ipv6: bool,
    /// The address that was bound again, in whose subnet the gateway is if there is one. `None` if none was.
    address: Option<IpAddr>,
    /// When, in seconds since 1970.
    since: u64,
}

/// The default routes that are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DefaultRoutes {
    /// Those by the configured interface.
    here: BTreeMap<String, Known>,
    /// Whether IPv4 and IPv6 have one by any interface.
    families: [bool; 2],
    /// The networks on the configured interface's link.
    on_link: BTreeSet<Network>,
    /// All default routes, by any interface.
    all: Vec<DefaultRoute>,
    /// The routers of all these routes.
    routers: BTreeSet<IpAddr>,
    /// The other static routes.
    pub(super) statics: StaticRoutes,
}

impl DefaultRoutes {
    /// Returns what is wrong with the default routes of each family that `gateways` names, and whether that is
    /// IPv6.
    pub(crate) fn faults(&self, bound: &Bound, gateways: &[IpAddr]) -> Vec<(bool, String)> {
        gateway_faults(bound, gateways, &self.all)
    }

    /// Returns whether a route leads to this network on the configured interface's link.
    pub(crate) fn is_on_link(&self, network: Network) -> bool {
        self.on_link.contains(&network)
    }

    /// Returns whether one of the routes is by this router.
    pub(crate) fn is_router(&self, address: IpAddr) -> bool {
        self.routers.contains(&address)
    }

    fn has(&self, ipv6: bool) -> bool {
        let [ipv4, six] = self.families;
        if ipv6 { six } else { ipv4 }
    }
}

/// Returns the default routes of the main table. `None` if they cannot be read in a short time.
pub(crate) fn default_routes(bound: &Bound, interface: &str, deadline: &Deadline) -> Option<DefaultRoutes> {
    let soon = Deadline::after(READING.min(deadline.remaining()));
    let keeps = |prefix: u8, origin: u8| prefix <= HALF || origin == BY_KERNEL || is_static(origin);
    let [ipv4, ipv6] = [false, true].map(|ipv6| TableRoute::read_main(ipv6, keeps, &soon).ok());
    let mut all = ipv4?;
    all.extend(ipv6?);
    let mut defaults: Vec<DefaultRoute> =
        all.iter().filter(|route| route.prefix == 0).map(|route| route.way).collect();
    defaults.sort_unstable();
    all.retain(|route| route.way.kind == UNICAST);
    Some(DefaultRoutes { all: defaults, ..found(&all, bound, interface) })
}

/// Returns those of these routes of the main table that lead to everywhere. One that routers advertise comes
/// and goes by itself, so that it is not known by name.
fn found(all: &[TableRoute], bound: &Bound, interface: &str) -> DefaultRoutes {
    let index = bound.by_name(interface).map(|known| known.index);
    let has = |ipv6| {
        let of = |prefix| all.iter().filter(move |each| each.way.ipv6 == ipv6 && each.prefix == prefix);
        let mut halves: Vec<Option<IpAddr>> = of(HALF).map(|route| route.destination).collect();
        halves.sort_unstable();
        halves.dedup();
        of(0).next().is_some() || halves.len() > 1
    };
    let by_it = |route: &&TableRoute| route.way.interface == index;
    let is_wide = |route: &&TableRoute| route.prefix <= HALF && route.way.origin != ADVERTISED;
    let subnets = all.iter().filter(by_it).filter(|route| route.prefix > HALF && route.way.gateway.is_none());
    let on_link = subnets.filter_map(|route| Some(Network::of(route.destination?, route.prefix))).collect();
    let here = all.iter().filter(by_it).filter(is_wide);
    let narrow = all.iter().filter(|route| route.prefix > HALF);
    let statics = StaticRoutes::of(narrow, index, interface);
    let known = |route: &TableRoute| {
        let (ipv6, gateway) = (route.way.ipv6, route.way.gateway);
        let prefix = gateway.map_or(0, |gateway| subnet(bound, index, gateway));
        (words(route, interface), Known { ipv6, gateway, prefix })
    };
    DefaultRoutes {
        here: here.map(known).collect(),
        families: [has(false), has(true)],
        on_link,
        all: Vec::new(),
        routers: all.iter().filter_map(|route| route.way.gateway).collect(),
        statics,
    }
}

/// Returns what tells a default route from another.
fn words(route: &TableRoute, interface: &str) -> String {
    let by = route.way.gateway.map_or_else(|| interface.to_owned(), |gateway| gateway.to_string());
    let is_plain = route.way.gateway.is_some_and(|gateway| gateway.is_ipv6() == route.way.ipv6);
    match route.destination.filter(|_| route.prefix > 0) {
        Some(to) => format!("route to {} by {by}", Network::of(to, route.prefix)),
        None if is_plain => format!("default route by {by}"),
        None => format!("{} default route by {by}", if route.way.ipv6 { "IPv6" } else { "IPv4" }),
    }
}

/// Returns the prefix length of the interface's subnet that a gateway is in: that of an address alone if it
/// is in none.
fn subnet(bound: &Bound, interface: Option<u32>, gateway: IpAddr) -> u8 {
    let own = bound.addresses.iter().filter(|place| Some(place.interface) == interface);
    let around = own.filter(|place| Network::of(place.address, place.prefix).contains(gateway));
    around.map(|place| place.prefix).max().unwrap_or(longest(gateway.is_ipv4()))
}

/// What is wrong with the routes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct RouteFaults {
    /// The default routes that are not back, each with the address that was bound again.
    pub(crate) defaults: BTreeMap<String, Option<IpAddr>>,
    /// The static routes that are not back, in words.
    pub(crate) statics: Vec<String>,
    /// What is wrong with the default routes that are there, by the gateways that `check` names.
    pub(crate) wrong: Vec<String>,
}

impl RouteFaults {
    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.defaults.is_empty() && self.statics.is_empty() && self.wrong.is_empty()
    }
}

/// What a run did.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Run<'a> {
    /// The default routes that there were when it began.
    pub(crate) before: Option<&'a DefaultRoutes>,
    /// The gateways that `check` names.
    pub(crate) configured: &'a [IpAddr],
    /// The addresses that are back, each with its prefix length.
    pub(crate) back: &'a [(IpAddr, u8)],
    /// When it began, in seconds since 1970.
    pub(crate) began: u64,
}

impl Routes {
    /// Takes note of the default routes that are there `now`. Where none is and nothing `is_missing`, none is
    /// known any more: an administrator may have removed it. Returns whether this changed anything.
    pub(crate) fn see(&mut self, there: &DefaultRoutes, is_missing: bool, now: u64) -> bool {
        let before = self.clone();
        self.lost.retain(|_, lost| now.saturating_sub(lost.since) < DAY && !there.has(lost.ipv6));
        for ipv6 in [false, true] {
            let here = there.here.iter().filter(|(_, known)| known.ipv6 == ipv6);
            let here: BTreeMap<String, Known> =
                here.map(|(words, known)| (words.clone(), known.clone())).collect();
            let is_lost = self.lost.values().any(|lost| lost.ipv6 == ipv6);
            if !here.is_empty() || !is_missing && !is_lost {
                self.known.retain(|_, known| known.ipv6 != ipv6);
                self.known.extend(here);
            }
        }
        *self != before
    }

    /// Notes the default routes that are not `there` after a run: the known ones if an address is back or the
    /// run began with them, and those by a configured gateway in the subnet of an address that is back.
    pub(crate) fn lose(&mut self, there: &DefaultRoutes, run: Run<'_>) {
        let of_subnet = |gateway: Option<IpAddr>, prefix: Option<u8>| {
            let gateway = gateway?;
            let known = prefix.map(|prefix| Network::of(gateway, prefix));
            let is_of = |(address, prefix): &&(IpAddr, u8)| {
                known.is_some_and(|subnet| subnet.contains(*address))
                    || Network::of(*address, *prefix).contains(gateway)
            };
            run.back.iter().find(is_of).map(|(address, _)| *address)
        };
        let mut lost = BTreeMap::new();
        for (words, known) in self.known.iter().filter(|(_, known)| !there.has(known.ipv6)) {
            let mut back = run.back.iter().map(|(address, _)| *address);
            let address = of_subnet(known.gateway, Some(known.prefix))
                .or_else(|| back.clone().find(|address| address.is_ipv6() == known.ipv6))
                .or_else(|| back.next());
            if address.is_some() || run.before.is_some_and(|before| before.here.contains_key(words)) {
                lost.insert(words.clone(), Lost { ipv6: known.ipv6, address, since: run.began });
            }
        }
        for gateway in run.configured.iter().filter(|gateway| !there.has(gateway.is_ipv6())) {
            if let Some(address) = of_subnet(Some(*gateway), None) {
                let (ipv6, address) = (gateway.is_ipv6(), Some(address));
                let words = format!("default route by {gateway}");
                lost.entry(words).or_insert(Lost { ipv6, address, since: run.began });
            }
        }
        lost.append(&mut self.lost);
        self.lost = lost;
    }

    /// Returns whether a default route of this family is not back.
    pub(crate) fn has_lost(&self, ipv6: bool) -> bool {
        self.lost.values().any(|lost| lost.ipv6 == ipv6)
    }

    /// Returns the default routes that are not back, each with the address that was bound again.
    pub(crate) fn lost(&self) -> BTreeMap<String, Option<IpAddr>> {
        self.lost.iter().map(|(words, lost)| (words.clone(), lost.address)).collect()
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
    use super::*;

    /// Routes of eth0 (2) and eth1 (3): destination, gateway and interface.
    fn there(all: &[(&str, Option<&str>, u32)]) -> DefaultRoutes {
        let interface = |(index, name): (u32, &str)| host_net::Interface::new(index, name);
        let route = |(to, gateway, on): &(&str, Option<&str>, u32)| {
            let (to, prefix) = to.split_once('/').unwrap();
            let (destination, prefix) = (to.parse::<IpAddr>().unwrap(), prefix.parse().unwrap());
            let gateway = gateway.map(|gateway| gateway.parse().unwrap());
            let (ipv6, interface) = (destination.is_ipv6(), Some(*on));
            let way = DefaultRoute { ipv6, metric: 0, gateway, interface, kind: UNICAST, origin: 3 };
            TableRoute { destination: Some(destination).filter(|_| prefix > 0), prefix, table: 254, way }
        };
        let interfaces = [(2, "eth0"), (3, "eth1")].map(interface).to_vec();
        let address = "192.0.2.9".parse().unwrap();
        let place =
            host_net::BoundAddress { address, interface: 2, prefix: 24, flags: host_net::Flags(0x80) };
        let bound = Bound { interfaces, addresses: vec![place], ..Bound::default() };
        found(&all.iter().map(route).collect::<Vec<_>>(), &bound, "eth0")
    }

    const ROUTE: (&str, Option<&str>, u32) = ("0.0.0.0/0", Some("192.0.2.254"), 2);

    fn told(routes: &Routes) -> Vec<(String, String)> {
        let address = |address: Option<IpAddr>| address.map_or_else(String::new, |it| it.to_string());
        routes.lost().into_iter().map(|(words, it)| (words, address(it))).collect()
    }

    #[test]
    fn a_route_is_lost_until_one_is_there_again() {
        let back = [("192.0.2.1".parse().unwrap(), 32)];
        let run = Run { back: &back, began: 1_120, ..Run::default() };
        let (none, one) = (there(&[]), there(&[ROUTE]));
        let mut routes = Routes::default();
        assert!(routes.see(&one, false, 1_000) && !routes.see(&one, false, 1_060));
        assert!(!routes.see(&none, true, 1_120), "an address is missing");
        // By whatever gateway and interface.
        routes.lose(&there(&[("0.0.0.0/0", Some("198.51.100.254"), 3)]), run);
        assert_eq!(told(&routes), []);
        routes.lose(&none, Run { back: &[], ..run });
        assert_eq!(told(&routes), [], "the run has done nothing");
        // Bound alone, in the subnet that the gateway was in.
        routes.lose(&none, run);
        let lost = [("default route by 192.0.2.254".to_owned(), "192.0.2.1".to_owned())];
        assert!(told(&routes) == lost && !routes.see(&none, false, 1_180) && told(&routes) == lost);
        routes.see(&there(&[("::/0", Some("fe80::fe"), 2)]), false, 1_180);
        assert_eq!(told(&routes), lost, "the other family");
        let mut later = routes.clone();
        assert!(later.see(&none, false, 1_120 + DAY) && later.lost().is_empty());
        let mut other = routes.clone();
        assert!(other.see(&there(&[("0.0.0.0/0", None, 3)]), false, 1_240) && other.lost().is_empty());
        assert!(routes.see(&one, false, 1_240) && routes.lost().is_empty());
        assert!(routes.see(&none, false, 1_300) && routes.known.is_empty(), "it was removed on purpose");
    }

    #[test]
    fn any_default_route_is_known_by_name() {
        let back = [("2001:db8::1".parse().unwrap(), 64), ("198.51.100.1".parse().unwrap(), 32)];
        let run = Run { back: &back, began: 9, ..Run::default() };
        let half = |to, on| (to, Some("192.0.2.254"), on);
        let rows: [(&[_], &[_], &[&str]); 6] = [
            (
                &[("0.0.0.0/0", Some("203.0.113.254"), 2)],
                &[],
                &["default route by 203.0.113.254 198.51.100.1"],
            ),
            (&[("::/0", Some("fe80::fe"), 2)], &[], &["default route by fe80::fe 2001:db8::1"]),
            (&[("0.0.0.0/0", Some("fe80::fe"), 2)], &[], &["IPv4 default route by fe80::fe 198.51.100.1"]),
            (&[("0.0.0.0/0", None, 2)], &[], &["IPv4 default route by eth0 198.51.100.1"]),
            (
                &[half("0.0.0.0/1", 2), half("128.0.0.0/1", 2)],
                &[half("0.0.0.0/1", 3)],
                &[
                    "route to 0.0.0.0/1 by 192.0.2.254 198.51.100.1",
                    "route to 128.0.0.0/1 by 192.0.2.254 198.51.100.1",
                ],
            ),
            (&[ROUTE], &[half("0.0.0.0/1", 3), half("128.0.0.0/1", 3)], &[]),
        ];
        for (before, after, expected) in rows {
            let mut routes = Routes::default();
            routes.see(&there(before), false, 1);
            routes.lose(&there(after), run);
            let told: Vec<String> = told(&routes).iter().map(|(words, it)| format!("{words} {it}")).collect();
            assert_eq!(told, expected, "{before:?}");
        }
    }

    #[test]
    fn a_route_that_went_while_a_run_worked_is_lost_without_an_address() {
        let mut routes = Routes::default();
        routes.see(&there(&[ROUTE]), false, 1);
        let before = there(&[ROUTE]);
        routes.lose(&there(&[]), Run { before: Some(&before), began: 9, ..Run::default() });
        assert_eq!(told(&routes), [("default route by 192.0.2.254".to_owned(), String::new())]);
    }

    #[test]
    fn a_configured_gateway_was_never_seen() {
        let configured = ["192.0.2.254".parse().unwrap()];
        let run = Run { configured: &configured, began: 1_000, ..Run::default() };
        let mut routes = Routes::default();
        routes.lose(&there(&[]), run);
        assert!(routes.is_empty());
        routes.lose(&there(&[]), Run { back: &[("192.0.2.1".parse().unwrap(), 24)], ..run });
        assert_eq!(told(&routes).len(), 1);
        assert_eq!(routes.times().count(), 1);
    }
}
