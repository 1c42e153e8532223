//! The routes that are there: the default ones, and what else of the main table runs take note of.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use host_net::{Bound, DefaultRoute, TableRoute};
use plugin::Deadline;
use serde::{Deserialize, Serialize};

use super::statics::{StaticRoutes, is_static};
use crate::network::Network;
use crate::prefix::longest;

/// linux/rtnetlink.h: RTN_UNICAST, RTPROT_KERNEL and RTPROT_RA.
pub(super) const UNICAST: u8 = 1;
const BY_KERNEL: u8 = 2;
const ADVERTISED: u8 = 9;
/// The prefix length of the routes to one half of all addresses, of which two stand for a default route.
const HALF: u8 = 1;
/// How long reading the routes may take: a router with those of the whole Internet needs its time to bind.
const READING: Duration = Duration::from_millis(200);

/// What is known of a default route.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    pub(super) ipv6: bool,
    pub(super) gateway: Option<IpAddr>,
    /// The prefix length of the subnet that the gateway was in. A list may give its addresses none.
    pub(super) prefix: u8,
}

/// The default routes that are there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct DefaultRoutes {
    /// Those by the configured interface.
    pub(super) here: BTreeMap<String, Known>,
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
    /// Returns all default routes, by any interface.
    pub(super) fn all(&self) -> &[DefaultRoute] {
        &self.all
    }

    /// Returns whether a route leads to this network on the configured interface's link.
    pub(crate) fn is_on_link(&self, network: Network) -> bool {
        self.on_link.contains(&network)
    }

    /// Returns whether one of the routes is by this router.
    pub(crate) fn is_router(&self, address: IpAddr) -> bool {
        self.routers.contains(&address)
    }

    /// Returns whether this family has one by any interface.
    pub(super) fn has(&self, ipv6: bool) -> bool {
        let [ipv4, six] = self.families;
        if ipv6 { six } else { ipv4 }
    }
}

/// Returns the default routes of the main table, and of the others the static ones and those of any origin to
/// the `known` networks. `None` if they cannot be read in a short time.
pub(super) fn default_routes(
    bound: &Bound,
    interface: &str,
    known: &BTreeSet<Network>,
    deadline: &Deadline,
) -> Option<DefaultRoutes> {
    let soon = Deadline::after(READING.min(deadline.remaining()));
    let lengths: BTreeSet<(bool, u8)> = known.iter().map(|to| (to.is_ipv6(), to.prefix)).collect();
    let read = |ipv6| {
        let reads = |prefix: u8, origin: u8| is_usual(prefix, origin) || lengths.contains(&(ipv6, prefix));
        let keeps = |route: &TableRoute| {
            let to = route.destination.map(|to| Network::of(to, route.prefix));
            is_usual(route.prefix, route.way.origin) || to.is_some_and(|to| known.contains(&to))
        };
        TableRoute::read_main(ipv6, reads, keeps, &soon).ok()
    };
    let [ipv4, ipv6] = [false, true].map(read);
    let mut all = ipv4?;
    all.extend(ipv6?);
    let mut defaults: Vec<DefaultRoute> =
        all.iter().filter(|route| route.prefix == 0).map(|route| route.way).collect();
    defaults.sort_unstable();
    all.retain(|route| route.way.kind == UNICAST);
    let index = bound.by_name(interface).map(|there| there.index);
    let narrow = all.iter().filter(|route| route.prefix > HALF);
    let statics = StaticRoutes::of(narrow, (index, interface), bound, known);
    all.retain(|route| is_usual(route.prefix, route.way.origin));
    Some(DefaultRoutes { all: defaults, statics, ..found(&all, bound, interface) })
}

/// Returns whether a route is read whatever is known.
fn is_usual(prefix: u8, origin: u8) -> bool {
    prefix <= HALF || origin == BY_KERNEL || is_static(origin)
}

/// Returns those of these routes of the main table that lead to everywhere. One that routers advertise comes
/// and goes by itself, so that it is not known by name.
pub(super) fn found(all: &[TableRoute], bound: &Bound, interface: &str) -> DefaultRoutes {
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
        statics: StaticRoutes::default(),
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
    /// The static routes that are not back, but another program routes their networks another way, in words.
    pub(crate) replaced: Vec<String>,
    /// What is wrong with the default routes that are there, by the gateways that `check` names.
    pub(crate) wrong: Vec<String>,
}

impl RouteFaults {
    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        let statics = self.statics.is_empty() && self.replaced.is_empty();
        statics && self.defaults.is_empty() && self.wrong.is_empty()
    }
}
