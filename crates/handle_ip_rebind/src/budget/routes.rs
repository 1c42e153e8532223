//! The default routes by the configured interface. The kernel removes one with the address that its gateway's
//! subnet comes from, and the address alone does not bring it back: then the host answers nobody but its
//! neighbours.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use host_net::{Bound, DefaultRoute};
use plugin::Deadline;
use serde::{Deserialize, Serialize};

use crate::network::Network;
use crate::prefix::longest;

/// linux/rtnetlink.h: RTN_UNICAST.
const UNICAST: u8 = 1;
/// How long reading the routes may take: a router with those of the whole Internet needs its time to bind.
const READING: Duration = Duration::from_millis(200);
/// For how long one is told, in seconds.
const DAY: u64 = 86_400;

/// The gateways that are known, and the routes that are not back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Routes {
    /// The gateways of the default routes by the configured interface, as they were seen last, each with the
    /// prefix length of the subnet that it was in. A list may give its addresses none.
    #[serde(default)]
    known: BTreeMap<IpAddr, u8>,
    /// The gateways whose default routes are not back.
    #[serde(default)]
    lost: BTreeMap<IpAddr, Lost>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Lost {
    /// The address that was bound again, in whose subnet the gateway is.
    address: IpAddr,
    /// When, in seconds since 1970.
    since: u64,
}

/// Returns the gateways of the default routes in the main table that leave by this interface, each with the
/// prefix length of the subnet that it is in. `None` if they cannot be read in a short time.
pub(crate) fn gateways(bound: &Bound, interface: &str, deadline: &Deadline) -> Option<BTreeMap<IpAddr, u8>> {
    let index = bound.by_name(interface).map(|known| known.index);
    let soon = Deadline::after(READING.min(deadline.remaining()));
    let all = [false, true].map(|is_ipv6| DefaultRoute::read(is_ipv6, &soon).ok());
    let all = all.into_iter().collect::<Option<Vec<_>>>()?.into_iter().flatten();
    let here = all.filter(|route| route.kind == UNICAST && route.interface == index);
    Some(
        here.filter_map(|route| route.gateway)
            .map(|gateway| (gateway, subnet(bound, index, gateway)))
            .collect(),
    )
}

/// Returns the prefix length of the interface's subnet that a gateway is in: that of an address alone if it
/// is in none.
fn subnet(bound: &Bound, interface: Option<u32>, gateway: IpAddr) -> u8 {
    let own = bound.addresses.iter().filter(|place| Some(place.interface) == interface);
    let around = own.filter(|place| Network::of(place.address, place.prefix).contains(gateway));
    around.map(|place| place.prefix).max().unwrap_or(longest(gateway.is_ipv4()))
}

impl Routes {
    /// Takes note of the gateways that are there `now`. Where none is and nothing `is_missing`, none is known
    /// any more: an administrator may have removed the route. Returns whether this changed anything.
    pub(crate) fn see(&mut self, gateways: &BTreeMap<IpAddr, u8>, is_missing: bool, now: u64) -> bool {
        let before = self.clone();
        self.lost.retain(|_, lost| now.saturating_sub(lost.since) < DAY);
        for is_ipv6 in [false, true] {
            let is_other = |gateway: &IpAddr| gateway.is_ipv6() != is_ipv6;
            let here: BTreeMap<IpAddr, u8> = gateways
                .iter()
                .map(|(gateway, prefix)| (*gateway, *prefix))
                .filter(|(gateway, _)| !is_other(gateway))
                .collect();
            if !here.is_empty() {
                self.lost.retain(|gateway, _| is_other(gateway));
            }
            let is_lost = self.lost.keys().any(|gateway| !is_other(gateway));
            if !here.is_empty() || !is_missing && !is_lost {
                self.known.retain(|gateway, _| is_other(gateway));
                self.known.extend(here);
            }
        }
        *self != before
    }

    /// Notes the default routes that are not back after a run which began `now`: those of the known gateways
    /// and of the `configured` ones that are in the subnet of an address that is `back`, by its prefix
    /// length.
    pub(crate) fn lose(
        &mut self,
        gateways: &BTreeMap<IpAddr, u8>,
        configured: &[IpAddr],
        back: &[(IpAddr, u8)],
        now: u64,
    ) {
        let is_there = |gateway: &IpAddr| gateways.keys().any(|here| here.is_ipv6() == gateway.is_ipv6());
        for gateway in self.known.keys().chain(configured).filter(|gateway| !is_there(gateway)) {
            let known = self.known.get(gateway).map(|prefix| Network::of(*gateway, *prefix));
            let is_of = |(address, prefix): &&(IpAddr, u8)| {
                known.is_some_and(|subnet| subnet.contains(*address))
                    || Network::of(*address, *prefix).contains(*gateway)
            };
            if let Some((address, _)) = back.iter().find(is_of) {
                self.lost.entry(*gateway).or_insert(Lost { address: *address, since: now });
            }
        }
    }

    /// Returns the gateways whose default routes are not back, each with the address that was bound again.
    pub(crate) fn lost(&self) -> BTreeMap<IpAddr, IpAddr> {
        self.lost.iter().map(|(gateway, lost)| (*gateway, lost.address)).collect()
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
    #[test]
    fn a_route_is_lost_until_one_is_there_again() {
        let gateway: IpAddr = "192.0.2.254".parse().unwrap();
        let back = |address: &str| [(address.parse().unwrap(), 24)];
        let (none, there) = (BTreeMap::new(), BTreeMap::from([(gateway, 24)]));
        let other = |address: &str| BTreeMap::from([(address.parse().unwrap(), 32)]);
        let mut routes = Routes::default();
        assert!(routes.see(&there, false, 1_000) && !routes.see(&there, false, 1_060));
        assert!(!routes.see(&none, true, 1_120), "an address is missing");
        routes.lose(&none, &[], &back("198.51.100.1"), 1_120);
        assert_eq!(routes.lost(), BTreeMap::new(), "its gateway is not there");
        routes.lose(&other("192.0.2.253"), &[], &back("192.0.2.1"), 1_120);
        assert_eq!(routes.lost(), BTreeMap::new(), "another gateway");
        // Bound alone, in the subnet that the gateway was in.
        routes.lose(&none, &[], &[("192.0.2.1".parse().unwrap(), 32)], 1_120);
        let lost = BTreeMap::from([(gateway, "192.0.2.1".parse().unwrap())]);
        assert!(routes.lost() == lost && !routes.see(&none, false, 1_180) && routes.lost() == lost);
        assert!(!routes.see(&other("2001:db8::fe"), false, 1_180) || routes.lost() == lost);
        let mut later = routes.clone();
        assert!(later.see(&none, false, 1_120 + DAY) && later.lost().is_empty());
        assert!(routes.see(&there, false, 1_240) && routes.lost().is_empty());
        assert!(routes.see(&none, false, 1_300) && routes.known.is_empty(), "it was removed on purpose");
    }

    #[test]
    fn a_configured_gateway_was_never_seen() {
        let gateway: IpAddr = "192.0.2.254".parse().unwrap();
        let mut routes = Routes::default();
        routes.lose(&BTreeMap::new(), &[gateway], &[], 1_000);
        assert!(routes.is_empty());
        routes.lose(&BTreeMap::new(), &[gateway], &[("192.0.2.1".parse().unwrap(), 24)], 1_000);
        assert!(routes.lost().contains_key(&gateway) && routes.times().count() == 1);
    }
}
