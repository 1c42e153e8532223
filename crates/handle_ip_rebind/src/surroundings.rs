//! What this host's network has beside the missing addresses: its subnets, its routers, and the other ends of
//! its links. An address that one of these has, or a subnet that would take another's traffic, is not bound.

pub(crate) mod subnets;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use host_net::{Bound, BoundAddress, ReadBoundError, RouteLookup, TableRoute};
use plugin::Deadline;

use crate::network::Network;
use crate::prefix::{Chosen, Covering, longest, prefix, shortest};

/// linux/rtnetlink.h: RT_TABLE_MAIN and RTN_UNICAST.
const MAIN_TABLE: u32 = 254;
const UNICAST: u8 = 1;

/// A network that an interface has an address in.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Subnet {
    network: Network,
    interface: String,
    is_loopback: bool,
    makes_route: bool,
}

/// What the network has around the missing addresses.
#[derive(Debug, Default)]
pub(crate) struct Surroundings {
    subnets: Vec<Subnet>,
    /// Those of the missing addresses that are routers of routes, in whatever table, and whether one is of a
    /// default route.
    routers: BTreeMap<IpAddr, bool>,
    /// The networks with missing addresses that routes of the main table lead to, and the interface of each.
    routes: Vec<(Network, String)>,
    /// The other ends of links, and the interface of each.
    others: Vec<(IpAddr, String)>,
    /// Those of the missing addresses that are broadcast addresses here.
    broadcasts: BTreeSet<IpAddr>,
    /// Those that a route of this interface says are on its link.
    on_link: BTreeSet<IpAddr>,
}

impl Surroundings {
    /// Reads what is around the addresses that are `missing` from this interface.
    ///
    /// # Errors
    /// [`ReadBoundError`]: the routes cannot be read.
    pub(crate) fn read(
        bound: &Bound,
        interface: &str,
        missing: &[IpAddr],
        deadline: &Deadline,
    ) -> Result<Self, ReadBoundError> {
        let name = |index| bound.interface(index).map_or_else(String::new, |known| known.name.clone());
        let mut all = Self {
            subnets: subnets(bound),
            others: bound.peers.iter().map(|peer| (peer.address, name(peer.interface))).collect(),
            ..Self::default()
        };
        let sorted: BTreeSet<IpAddr> = missing.iter().copied().collect();
        for is_ipv6 in [false, true] {
            if missing.iter().any(|address| address.is_ipv6() == is_ipv6) {
                let matters = |route: &TableRoute| matters(route, &sorted);
                all.take_routes(&TableRoute::read(is_ipv6, matters, deadline)?, name);
            }
        }
        all.look_up(bound, interface, missing, deadline);
        Ok(all)
    }

    /// Takes in the routers, and the networks that the main table leads to.
    fn take_routes(&mut self, routes: &[TableRoute], name: impl Fn(u32) -> String) {
        for route in routes {
            if let Some(router) = route.way.gateway {
                let is_default = self.routers.entry(router).or_default();
                *is_default |= route.prefix == 0;
            }
            let is_link = route.table == MAIN_TABLE && route.way.kind == UNICAST;
            if let (Some(to), Some(interface), true) = (route.destination, route.way.interface, is_link) {
                self.routes.push((Network::of(to, route.prefix), name(interface)));
            }
        }
    }

    /// Leaves out the routes that the kernel made for the subnets of these places, whose interfaces `bound`
    /// names.
    pub(crate) fn without_routes_of(&mut self, places: &[&BoundAddress], bound: &Bound) {
        let made = |place: &&BoundAddress| {
            let on = bound.interface(place.interface)?;
            Some((Network::of(place.address, place.prefix), on.name.clone()))
        };
        let made: BTreeSet<(Network, String)> = places.iter().filter_map(made).collect();
        self.routes.retain(|route| !made.contains(route));
    }

    /// Asks the routing tables about each address. To many there is no route, which is nothing wrong.
    fn look_up(&mut self, bound: &Bound, interface: &str, missing: &[IpAddr], deadline: &Deadline) {
        let Ok(mut routes) = RouteLookup::open() else { return };
        for address in missing {
            let Ok(route) = routes.to(*address, deadline) else { continue };
            if route.is_broadcast {
                self.broadcasts.insert(*address);
            }
            let is_here = bound.interface(route.interface).is_some_and(|known| known.name == interface);
            if route.on_link && is_here {
                self.on_link.insert(*address);
            }
        }
    }

    /// Returns the prefix length that an address is bound with on this interface, which `had` an address in
    /// this network.
    pub(crate) fn prefix(
        &self,
        address: IpAddr,
        listed: Option<u8>,
        set: &[(Network, u8)],
        interface: &str,
        had: Option<Covering>,
    ) -> Chosen {
        let own = self.subnets.iter().filter(|subnet| subnet.interface == interface);
        let own: Vec<Covering> =
            own.map(|subnet| Covering { network: subnet.network, makes_route: subnet.makes_route }).collect();
        prefix(address, listed, set, (&own, self.on_link.contains(&address)), had)
    }

    /// Returns whether this interface has an address in a network of the same family, a link-local one aside.
    pub(crate) fn has_subnet(&self, interface: &str, ipv6: bool) -> bool {
        let is_it = |subnet: &Subnet| {
            let network = subnet.network;
            subnet.interface == interface && network.is_ipv6() == ipv6 && !network.is_link_local()
        };
        self.subnets.iter().any(is_it)
    }

    /// Returns why an address must not be bound with this prefix length on this interface. `None` if it may.
    pub(crate) fn obstacle(&self, address: IpAddr, prefix: u8, interface: &str) -> Option<String> {
        if let Some(is_default) = self.routers.get(&address) {
            let of = if *is_default { "the default route" } else { "a route" };
            return Some(format!("the router of {of}"));
        }
        if let Some((_, on)) = self.others.iter().find(|(other, _)| *other == address) {
            return Some(format!("the other end of {on}"));
        }
        let network = Network::of(address, prefix);
        let reserved = self.subnets.iter().map(|subnet| subnet.network).chain([network]);
        if let Some(why) = reserved.into_iter().find_map(|network| network.reserves(address)) {
            return Some(why);
        }
        if self.broadcasts.contains(&address) {
            return Some("a broadcast address of this host".to_owned());
        }
        self.subnet_obstacle(address, network, interface).or_else(|| self.elsewhere(address, interface))
    }

    /// Returns the other interface that an address belongs to. The longest network that contains the address
    /// decides, as for a packet. A default route, or one to half of all addresses, does not count.
    fn elsewhere(&self, address: IpAddr, interface: &str) -> Option<String> {
        let least = shortest(address.is_ipv4());
        let subnets = self.subnets.iter().filter(|subnet| !subnet.is_loopback);
        let subnets = subnets.map(|subnet| (subnet.network, subnet.interface.as_str(), true));
        let routes = self.routes.iter().map(|(to, on)| (*to, on.as_str(), false));
        let all = subnets.chain(routes).filter(|(of, ..)| of.prefix >= least && of.contains(address));
        // If two interfaces have one network, the configured one counts.
        let (of, on, is_subnet) =
            all.max_by_key(|(of, on, is_subnet)| (of.prefix, *on == interface, *is_subnet))?;
        match (on == interface, is_subnet) {
            (true, _) => None,
            (false, true) => Some(format!("in the subnet {of} of {on}")),
            (false, false) => Some(format!("in {of}, which a route sends to {on}")),
        }
    }

    /// Returns why a subnet must not come to be on this interface. A subnet that is there already, and an
    /// address alone, change no route.
    fn subnet_obstacle(&self, address: IpAddr, network: Network, interface: &str) -> Option<String> {
        let is_ipv4 = address.is_ipv4();
        let own = |subnet: &&Subnet| subnet.interface == interface;
        if network.prefix == longest(is_ipv4)
            || self.subnets.iter().filter(own).any(|subnet| subnet.network == network)
        {
            return None;
        }
        let shortest = shortest(is_ipv4);
        if network.prefix < shortest {
            return Some(format!(
                "prefix length {} is below {shortest}, no subnet is so large",
                network.prefix
            ));
        }
        let taken = self.subnets.iter().find(|subnet| {
            !own(subnet)
                && !subnet.is_loopback
                && subnet.network.prefix <= network.prefix
                && subnet.network.contains(address)
        });
        if let Some(taken) = taken {
            return Some(format!("its subnet {network} would take traffic from {}", taken.interface));
        }
        // A route to half of the world, as VPNs make two of, stands for a default route.
        let (to, other) = self.routes.iter().find(|(to, on)| {
            on != interface && (shortest..=network.prefix).contains(&to.prefix) && to.contains(address)
        })?;
        Some(format!("its subnet {network} would take traffic of the route to {to} on {other}"))
    }
}

/// Returns whether a route leads to one of these addresses, or one is its router. A router of the whole
/// Internet has a million others.
fn matters(route: &TableRoute, missing: &BTreeSet<IpAddr>) -> bool {
    let is_router = route.way.gateway.is_some_and(|router| missing.contains(&router));
    let leads_there = |to: IpAddr| {
        let to = Network::of(to, route.prefix);
        // No other address of the network comes before.
        missing.range(to.first..).next().is_some_and(|next| to.contains(*next))
    };
    is_router || route.destination.is_some_and(leads_there)
}

/// The networks that the interfaces have addresses in, each once: an address alone is no network.
fn subnets(bound: &Bound) -> Vec<Subnet> {
    let mut all: Vec<Subnet> = bound.addresses.iter().filter_map(|place| subnet(bound, place)).collect();
    all.sort_by(|one, other| (&one.interface, one.network).cmp(&(&other.interface, other.network)));
    all.dedup_by(|later, first| {
        let is_same = (&later.interface, later.network) == (&first.interface, first.network);
        first.makes_route |= is_same && later.makes_route;
        is_same
    });
    all
}

fn subnet(bound: &Bound, place: &BoundAddress) -> Option<Subnet> {
    let known =
        bound.interface(place.interface).filter(|_| place.prefix < longest(place.address.is_ipv4()))?;
    let is_of = |peer: &&host_net::Peer| peer.local == place.address && peer.interface == place.interface;
    // The prefix length of a point-to-point link is that of the other end.
    let start = bound.peers.iter().find(is_of).map_or(place.address, |peer| peer.address);
    Some(Subnet {
        network: Network::of(start, place.prefix),
        interface: known.name.clone(),
        is_loopback: known.loopback,
        makes_route: !place.flags.no_prefix_route(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings() -> Surroundings {
        let subnet = |network: &str, interface: &str| Subnet {
            network: network.parse().unwrap(),
            interface: interface.to_owned(),
            is_loopback: interface == "lo",
            makes_route: true,
        };
        Surroundings {
            subnets: vec![
                subnet("192.0.2.0/24", "eth0"),
                subnet("192.0.2.192/28", "eth1"),
                subnet("198.51.100.0/25", "eth1"),
                subnet("2001:db8:1::/64", "eth1"),
                subnet("203.0.113.0/24", "lo"),
            ],
            routers: BTreeMap::from([
                ("192.0.2.254".parse().unwrap(), true),
                ("192.0.2.253".parse().unwrap(), false),
            ]),
            routes: vec![
                ("198.51.100.128/26".parse().unwrap(), "tun0".to_owned()),
                ("128.0.0.0/1".parse().unwrap(), "tun0".to_owned()),
                ("192.0.2.0/24".parse().unwrap(), "eth0".to_owned()),
                ("198.51.100.64/27".parse().unwrap(), "eth0".to_owned()),
            ],
            others: vec![("203.0.113.9".parse().unwrap(), "ppp0".to_owned())],
            broadcasts: BTreeSet::from(["192.0.2.127".parse().unwrap()]),
            on_link: BTreeSet::new(),
        }
    }

    #[test]
    fn of_all_routes_those_of_the_missing_addresses_matter() {
        let missing = ["192.0.2.31", "198.51.100.9", "2001:db8::31"].map(|it| it.parse().unwrap());
        let rows = [
            ("192.0.2.0/24", "", true),
            ("192.0.2.31/32", "", true),
            ("192.0.2.32/27", "", false),
            ("192.0.2.0/28", "", false),
            ("0.0.0.0/0", "192.0.2.254", false),
            ("0.0.0.0/0", "192.0.2.31", true),
            ("0.0.0.0/1", "192.0.2.254", false),
            ("128.0.0.0/1", "192.0.2.254", true),
            ("203.0.113.0/24", "2001:db8::31", true),
            ("2001:db8::/64", "", true),
            ("2001:db8:0:1::/64", "", false),
            ("::/1", "", true),
        ];
        for (to, gateway, expected) in rows {
            let (to, prefix) = to.split_once('/').unwrap();
            let (to, prefix): (IpAddr, u8) = (to.parse().unwrap(), prefix.parse().unwrap());
            let (ipv6, gateway) = (to.is_ipv6(), gateway.parse().ok());
            let way =
                host_net::DefaultRoute { ipv6, metric: 0, gateway, interface: Some(2), kind: 1, origin: 12 };
            let destination = Some(to).filter(|_| prefix > 0);
            let route = TableRoute { destination, prefix, table: MAIN_TABLE, way };
            assert_eq!(matters(&route, &BTreeSet::from(missing)), expected, "{to}/{prefix}");
        }
    }

    #[test]
    fn what_another_has_is_not_bound() {
        let rows = [
            ("192.0.2.31", 24, None),
            ("192.0.2.254", 32, Some("the router of the default route")),
            ("192.0.2.253", 32, Some("the router of a route")),
            ("203.0.113.9", 32, Some("the other end of ppp0")),
            // A VPN's route, whose interface needs no address.
            (
                "198.51.100.130",
                26,
                Some(
                    "its subnet 198.51.100.128/26 would take traffic of the route to 198.51.100.128/26 on tun0",
                ),
            ),
            (
                "198.51.100.130",
                28,
                Some(
                    "its subnet 198.51.100.128/28 would take traffic of the route to 198.51.100.128/26 on tun0",
                ),
            ),
            ("198.51.100.130", 32, Some("in 198.51.100.128/26, which a route sends to tun0")),
            ("198.51.100.190", 25, Some("in 198.51.100.128/26, which a route sends to tun0")),
            ("198.51.100.193", 25, None),
            ("198.18.0.1", 24, None),
            // The VPN's route to half of all addresses does not count.
            ("203.0.113.1", 32, None),
            // An address alone in the subnet of its own interface, and where a longer network is its own.
            ("192.0.2.31", 32, None),
            ("198.51.100.66", 32, None),
            ("192.0.2.200", 24, Some("in the subnet 192.0.2.192/28 of eth1")),
            ("192.0.2.200", 32, Some("in the subnet 192.0.2.192/28 of eth1")),
            ("192.0.2.255", 32, Some("the broadcast address of 192.0.2.0/24")),
            ("192.0.2.127", 24, Some("a broadcast address of this host")),
            ("192.0.2.31", 7, Some("prefix length 7 is below 8, no subnet is so large")),
            ("192.0.2.31", 0, Some("prefix length 0 is below 8, no subnet is so large")),
            ("192.0.2.31", 8, None),
            ("2001:db8::31", 15, Some("prefix length 15 is below 16, no subnet is so large")),
            ("2001:db8::31", 16, None),
            // As long as the other's or longer, it takes the other's traffic; shorter, it takes none of it.
            ("198.51.100.9", 25, Some("its subnet 198.51.100.0/25 would take traffic from eth1")),
            ("198.51.100.9", 30, Some("its subnet 198.51.100.8/30 would take traffic from eth1")),
            ("198.51.100.9", 32, Some("in the subnet 198.51.100.0/25 of eth1")),
            ("198.51.100.9", 24, Some("in the subnet 198.51.100.0/25 of eth1")),
            ("2001:db8:1::9", 64, Some("its subnet 2001:db8:1::/64 would take traffic from eth1")),
            ("2001:db8:1::9", 128, Some("in the subnet 2001:db8:1::/64 of eth1")),
            ("2001:db8:2::9", 128, None),
            // What is on loopback takes no traffic of a link.
            ("203.0.113.77", 24, None),
        ];
        for (address, prefix, why) in rows {
            let found = surroundings().obstacle(address.parse().unwrap(), prefix, "eth0");
            assert_eq!(found.as_deref(), why, "{address}/{prefix}");
        }
    }
}
