//! Which gateways the targets are compared with.

use std::net::{IpAddr, SocketAddr, SocketAddrV6};

use host_net::DefaultRoute;
use plugin::Deadline;

use crate::options::Control;

/// rtnetlink(7): a route that leads somewhere.
const UNICAST: u8 = 1;

/// The controls, and why a family has none.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Gateways {
    pub(crate) controls: Vec<SocketAddr>,
    /// In words.
    pub(crate) notes: Vec<String>,
}

impl Gateways {
    /// Finds the controls of the families that the targets have: of IPv4, and of IPv6.
    pub(crate) fn find(families: [bool; 2], control: &Control, deadline: &Deadline) -> Self {
        let mut found = Self::default();
        match control {
            Control::None => {}
            Control::Address(address) => found.controls.push(SocketAddr::new(*address, 0)),
            Control::Auto => {
                let needed = [false, true].into_iter().zip(families).filter(|(_, needed)| *needed);
                for (v6, _) in needed {
                    // Where routes cannot be read there is no control, as where there is no default route.
                    found.add(v6, &DefaultRoute::read(v6, deadline).unwrap_or_default());
                }
            }
        }
        found
    }

    /// Adds the gateway of the default route that is used, of these of a family.
    fn add(&mut self, v6: bool, routes: &[DefaultRoute]) {
        let family = if v6 { "IPv6" } else { "IPv4" };
        let used = routes.iter().filter(|route| route.kind == UNICAST).min_by_key(|route| route.metric);
        let why = match used.map(|route| (route.gateway, route.interface)) {
            None => "there is no default route",
            Some((None, _)) => "the default route has no gateway",
            Some((Some(address), interface)) => {
                self.controls.extend(gateway(address, interface));
                return;
            }
        };
        self.notes.push(format!("no control of {family}: {why}, --gateway names one"));
    }
}

/// A gateway with its interface, without which a link-local address is not reached.
fn gateway(address: IpAddr, interface: Option<u32>) -> Option<SocketAddr> {
    Some(match address {
        IpAddr::V6(v6) if v6.is_unicast_link_local() => SocketAddrV6::new(v6, 0, 0, interface?).into(),
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
        assert_eq!(of(true, &[route(1, Some("fe80::1"), UNICAST)]), "[fe80::1%7]:0");
        assert_eq!(of(true, &[]), "no control of IPv6: there is no default route, --gateway names one");
        assert_eq!(
            of(false, &[route(1, None, 7)]),
            "no control of IPv4: there is no default route, --gateway names one"
        );
        let link = "no control of IPv4: the default route has no gateway, --gateway names one";
        assert_eq!(of(false, &[route(1, None, UNICAST)]), link);
    }
}
