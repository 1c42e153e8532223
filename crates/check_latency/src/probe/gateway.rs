//! Which gateways the targets are compared with.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use addresses::ZonedAddress;
use host_net::{Bound, DefaultRoute};
use net::zoned;

use super::network;
use crate::options::{Control, MOST_GATEWAYS};

/// rtnetlink(7): a route that leads somewhere.
const UNICAST: u8 = 1;

/// The controls, and why a family has none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Gateways {
    pub(crate) controls: Vec<SocketAddr>,
    /// In words.
    pub(crate) notes: Vec<String>,
    /// What `--gateway` names and no host can have, in words.
    pub(crate) refused: Vec<String>,
}

impl Gateways {
    /// Finds the controls of the families that the targets have: of IPv4, and of IPv6. Those that are named,
    /// else the gateways of the default route, unless that is turned off.
    pub(crate) fn find(
        families: [bool; 2],
        named: &[Control],
        bound: &Bound,
        routes: impl Fn(bool) -> Vec<DefaultRoute>,
    ) -> Self {
        let mut found = Self::default();
        for (v6, _) in [false, true].into_iter().zip(families).filter(|(_, needed)| *needed) {
            let mut of_family = named.iter().filter_map(|control| control.address(v6)).peekable();
            if of_family.peek().is_some() {
                of_family.for_each(|address| found.name(address, bound));
            } else if !named.contains(&Control::None) {
                found.add(v6, &routes(v6));
            }
        }
        found
    }

    /// Adds a gateway that is named, unless no host can have its address.
    fn name(&mut self, ZonedAddress { host, zone }: &ZonedAddress, bound: &Bound) {
        let why = match zoned(host.address, zone.as_deref(), 0) {
            Ok(address) => match network::kind(bound, host.address) {
                None => return self.push(address),
                Some(kind) => format!("{}: {kind}", host.address),
            },
            Err(error) => error.to_string(),
        };
        self.refused.push(format!("--gateway {why}"));
    }

    /// Adds the gateways of the default route that is used, of these of a family.
    fn add(&mut self, v6: bool, routes: &[DefaultRoute]) {
        let family = if v6 { "IPv6" } else { "IPv4" };
        let unicast = || routes.iter().filter(|route| route.kind == UNICAST);
        let least = unicast().map(|route| route.metric).min();
        // Several of one metric share the traffic: they are next hops of one route, or routers that announce
        // themselves.
        let used = unicast().filter(|route| Some(route.metric) == least);
        let gateways: Vec<SocketAddr> = used.filter_map(gateway).take(MOST_GATEWAYS).collect();
        let why = match (least, gateways.as_slice()) {
            (None, _) => "there is no default route",
            (_, []) => "the default route has no gateway",
            _ => return gateways.into_iter().for_each(|address| self.push(address)),
        };
        self.notes.push(format!("no control of {family}: {why}, --gateway names one"));
    }

    fn push(&mut self, address: SocketAddr) {
        if !self.controls.contains(&address) {
            self.controls.push(address);
        }
    }
}

/// A gateway with its interface, without which a link-local address is not reached.
fn gateway(route: &DefaultRoute) -> Option<SocketAddr> {
    Some(match route.gateway? {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => SocketAddrV6::new(v6, 0, 0, route.interface?).into(),
        address => SocketAddr::new(address, 0),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(metric: u32, gateway: Option<&str>, kind: u8) -> DefaultRoute {
        let gateway = gateway.map(|address| address.parse().unwrap());
        DefaultRoute { ipv6: false, metric, gateway, interface: Some(7), kind, origin: 3 }
    }

    #[test]
    fn the_route_that_is_used_has_the_control() {
        let of = |v6, routes: &[DefaultRoute]| {
            let mut found = Gateways::default();
            found.add(v6, routes);
            let controls = found.controls.iter().map(ToString::to_string);
            controls.chain(found.notes).collect::<Vec<_>>().join(", ")
        };
        let (first, second) =
            (route(100, Some("192.0.2.1"), UNICAST), route(200, Some("192.0.2.2"), UNICAST));
        assert_eq!(of(false, &[second, first]), "192.0.2.1:0");
        let other = route(100, Some("192.0.2.250"), UNICAST);
        assert_eq!(of(false, &[other, second, first, other]), "192.0.2.250:0, 192.0.2.1:0", "of one metric");
        let many: Vec<_> =
            (1..=9).map(|number| route(1, Some(&format!("192.0.2.{number}")), UNICAST)).collect();
        assert_eq!(of(false, &many), "192.0.2.1:0, 192.0.2.2:0, 192.0.2.3:0, 192.0.2.4:0");
        assert_eq!(of(true, &[route(1, Some("fe80::1"), UNICAST)]), "[fe80::1%7]:0");
        assert_eq!(of(true, &[]), "no control of IPv6: there is no default route, --gateway names one");
        assert_eq!(
            of(false, &[route(1, None, 7)]),
            "no control of IPv4: there is no default route, --gateway names one"
        );
        let link = "no control of IPv4: the default route has no gateway, --gateway names one";
        assert_eq!(of(false, &[route(1, None, UNICAST)]), link);
    }

    #[test]
    fn a_family_without_a_named_gateway_has_that_of_its_route() {
        let own = host_net::BoundAddress {
            address: "192.0.2.253".parse().unwrap(),
            interface: 1,
            prefix: 24,
            flags: host_net::Flags(0x80),
        };
        let bound = Bound { addresses: vec![own], ..Bound::default() };
        let routes = |v6| vec![route(1, Some(if v6 { "2001:db8::fe" } else { "192.0.2.254" }), UNICAST)];
        let of = |families, named: &[&str]| {
            let named: Vec<Control> = named.iter().map(|text| text.parse().unwrap()).collect();
            let found = Gateways::find(families, &named, &bound, routes);
            let controls = found.controls.iter().map(|address| address.ip().to_string());
            controls.chain(found.notes).chain(found.refused).collect::<Vec<_>>().join(", ")
        };
        let (both, v4) = ([true; 2], [true, false]);
        let rows: [([bool; 2], &[&str], &str); 11] = [
            (both, &["auto"], "192.0.2.254, 2001:db8::fe"),
            (both, &["none"], ""),
            (both, &["192.0.2.1"], "192.0.2.1, 2001:db8::fe"),
            (both, &["2001:db8::1"], "192.0.2.254, 2001:db8::1"),
            (both, &["192.0.2.1", "2001:db8::1"], "192.0.2.1, 2001:db8::1"),
            (both, &["192.0.2.1", "none"], "192.0.2.1"),
            (v4, &["192.0.2.1", "192.0.2.2", "192.0.2.1"], "192.0.2.1, 192.0.2.2"),
            (v4, &["2001:db8::1"], "192.0.2.254"),
            (both, &["fe80::9", "none"], "--gateway fe80::9 needs its interface: write fe80::9%eth0"),
            (v4, &["192.0.2.255"], "--gateway 192.0.2.255: a broadcast address"),
            (
                both,
                &["fe80::1%nosuch0", "192.0.2.0"],
                "--gateway 192.0.2.0: the address of a network, --gateway fe80::1%nosuch0: there is no interface \
                 nosuch0 on this machine",
            ),
        ];
        for (families, named, expected) in rows {
            assert_eq!(of(families, named), expected, "{named:?}");
        }
    }
}
