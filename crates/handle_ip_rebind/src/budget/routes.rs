//! The default routes by the configured interface. The kernel removes one with the address that its gateway's
//! subnet comes from, or with the link, and the address alone does not bring it back: then the host answers
//! its neighbours only.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::there::{DefaultRoutes, Known};
use crate::network::Network;

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
struct Lost {
    ipv6: bool,
    /// The address that was bound again, in whose subnet the gateway is if there is one. `None` if none was.
    address: Option<IpAddr>,
    /// When, in seconds since 1970.
    since: u64,
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
        self.forget(now);
        self.lost.retain(|_, lost| !there.has(lost.ipv6));
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

    /// Forgets those that are lost for a day, also where it cannot be known which are there. Returns whether
    /// there was one.
    pub(crate) fn forget(&mut self, now: u64) -> bool {
        let before = self.lost.len();
        self.lost.retain(|_, lost| now.saturating_sub(lost.since) < DAY);
        self.lost.len() < before
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
    use host_net::{Bound, DefaultRoute, TableRoute};

    use super::super::there::{UNICAST, found};
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
