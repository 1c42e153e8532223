//! The prefix length that an address is bound with.
//!
//! A guess must never make a route that was not there: with /24 in place of /32 a whole network leaves by the
//! wrong interface. So without a list, a setting or a bound network that knows better, an address is bound
//! alone, and a network that was guessed gets no route where it has none.

use std::net::IpAddr;

use host_net::PrefixRoute;

use crate::network::Network;

/// The shortest prefix length of a subnet: the largest private network is 10.0.0.0/8 (RFC 1918), and no site
/// gets an IPv6 network shorter than /16. What is shorter would send a part of the Internet onto the link.
const SHORTEST_IPV4: u8 = 8;
const SHORTEST_IPV6: u8 = 16;

/// A network that the interface has an address in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Covering {
    /// The network.
    pub(crate) network: Network,
    /// Whether its addresses make a route to it.
    pub(crate) makes_route: bool,
}

/// Returns the shortest prefix length that a subnet can have.
pub(crate) fn shortest(is_ipv4: bool) -> u8 {
    if is_ipv4 { SHORTEST_IPV4 } else { SHORTEST_IPV6 }
}

/// Returns the prefix length of an address alone.
pub(crate) fn longest(is_ipv4: bool) -> u8 {
    if is_ipv4 { 32 } else { 128 }
}

/// Returns the prefix length that an administrator gave an address: what its list says; else the longest
/// network of the setting `prefix` that it is in.
pub(crate) fn named(address: IpAddr, listed: Option<u8>, set: &[(Network, u8)]) -> Option<u8> {
    let set = || {
        let of = set.iter().filter(|(network, _)| network.contains(address));
        of.max_by_key(|(network, _)| network.prefix).map(|(_, prefix)| *prefix)
    };
    listed.or_else(set)
}

/// The prefix length that an address is bound with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Chosen {
    /// The prefix length.
    pub(crate) prefix: u8,
    /// Whether the kernel may add a route to the subnet.
    pub(crate) route: PrefixRoute,
    /// Whether nothing tells it, so that the address is bound alone.
    pub(crate) is_guess: bool,
}

/// Returns the prefix length of an address: what an administrator gave it; else the longest network that the
/// interface has an address in; else the network that it `had` one in; else that of the address alone. After
/// a guess the kernel may add a route to the subnet only where there is one by `is_on_link`, or where the
/// interface `had` one.
pub(crate) fn prefix(
    address: IpAddr,
    listed: Option<u8>,
    set: &[(Network, u8)],
    (bound, is_on_link): (&[Covering], bool),
    had: Option<Covering>,
) -> Chosen {
    if let Some(known) = named(address, listed, set) {
        return Chosen { prefix: known, route: PrefixRoute::Added, is_guess: false };
    }
    let covering = bound.iter().filter(|covering| covering.network.contains(address));
    let now = covering.max_by_key(|covering| (covering.network.prefix, covering.makes_route));
    let is_added = |covering: Covering| covering.makes_route && (is_on_link || now.is_none());
    match now.copied().or(had) {
        Some(covering) => {
            let route = if is_added(covering) { PrefixRoute::Added } else { PrefixRoute::NotAdded };
            Chosen { prefix: covering.network.prefix, route, is_guess: false }
        }
        None => Chosen { prefix: longest(address.is_ipv4()), route: PrefixRoute::Added, is_guess: true },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_makes_no_route() {
        let set = [("203.0.113.0/24", 24), ("203.0.113.64/26", 26), ("2001:db8:1::/48", 64)];
        let bound = ["192.0.2.0/24", "192.0.2.0/27", "2001:db8::/64"];
        let rows = [
            // The list's own mask, whatever else is there.
            ("203.0.113.77", Some(32), 32),
            ("192.0.2.9", Some(25), 25),
            ("203.0.113.77", None, 26),
            ("203.0.113.9", None, 24),
            ("192.0.2.9", None, 27),
            ("192.0.2.77", None, 24),
            ("198.51.100.1", None, 32),
            ("2001:db8::77", None, 64),
            ("2001:db8:1::77", None, 64),
            ("2001:db8:2::77", None, 128),
        ];
        let set = set.map(|(network, prefix)| (network.parse().unwrap(), prefix));
        let bound = bound.map(|network| Covering { network: network.parse().unwrap(), makes_route: true });
        for (address, listed, expected) in rows {
            let found = prefix(address.parse().unwrap(), listed, &set, (&bound, true), None);
            assert_eq!((found.prefix, found.route), (expected, PrefixRoute::Added), "{address} {listed:?}");
            let is_alone = listed.is_none() && expected == longest(address.contains('.'));
            assert_eq!(found.is_guess, is_alone, "{address} {listed:?}");
        }
    }

    #[test]
    fn a_network_without_a_route_gets_none() {
        let covering = |makes_route| Covering { network: "2001:db8::/64".parse().unwrap(), makes_route };
        let address = "2001:db8::77".parse().unwrap();
        let rows = [
            (&[covering(true)][..], true, PrefixRoute::Added),
            (&[covering(true)], false, PrefixRoute::NotAdded),
            (&[covering(false)], true, PrefixRoute::NotAdded),
            (&[covering(false), covering(true)], true, PrefixRoute::Added),
        ];
        for (bound, is_on_link, expected) in rows {
            let found = prefix(address, None, &[], (bound, is_on_link), None);
            assert_eq!((found.prefix, found.route), (64, expected), "{bound:?}");
        }
        let listed = prefix(address, Some(64), &[], (&[covering(false)], false), None);
        assert_eq!(listed.route, PrefixRoute::Added, "the list's own prefix length is no guess");
    }

    #[test]
    fn the_subnet_that_was_there_comes_back_with_its_route() {
        let had = |network: &str, makes_route| Covering { network: network.parse().unwrap(), makes_route };
        let address = "192.0.2.31".parse().unwrap();
        let now = [had("192.0.2.0/27", true)];
        let (added, not_added) = (PrefixRoute::Added, PrefixRoute::NotAdded);
        let rows = [
            (None, &[][..], false, true, 24, added),
            (None, &[], true, false, 24, not_added),
            (Some(28), &[], false, true, 28, added),
            (None, &now, true, true, 27, added),
            (None, &now, false, true, 27, not_added),
        ];
        for (listed, now, is_on_link, makes_route, expected, route) in rows {
            let had = Some(had("192.0.2.0/24", makes_route));
            let found = prefix(address, listed, &[], (now, is_on_link), had);
            assert_eq!(found, Chosen { prefix: expected, route, is_guess: false });
        }
    }
}
