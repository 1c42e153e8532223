//! Addresses on a port of a bridge. The bridge takes each packet that comes in by its ports, and looks for
//! the sender on itself, while the address has the way to its subnet leave by the port: requests and answers
//! of ARP and of neighbour discovery pass each other by, and no client gets an answer.

use host_net::{Bound, BoundAddress, Interface, Kind, Link};

use crate::interfaces::is_local;

/// Returns the bridge that an interface is a port of.
pub(crate) fn bridge<'a>(port: &Interface, bound: &'a Bound) -> Option<&'a Interface> {
    let controller = port.controller.and_then(|index| bound.interface(index));
    controller.filter(|controller| controller.kind == Kind::Bridge)
}

/// Returns whether an address on this interface is surely lost to a bridge. An address without a subnet has
/// no way by the port, and beside an address of the bridge the way may be there. Where ebtables may have
/// packets routed that come in by a port, nothing is sure.
pub(crate) fn is_lost(place: &BoundAddress, on: &Interface, bound: &Bound) -> bool {
    let Some(bridge) = bridge(on, bound).filter(|_| !bound.routes_from_ports) else { return false };
    let whole = if place.address.is_ipv4() { 32 } else { 128 };
    let has_way = place.prefix < whole && !place.flags.no_prefix_route();
    let of_bridge = |each: &BoundAddress| {
        each.interface == bridge.index
            && each.address.is_ipv4() == place.address.is_ipv4()
            && !is_local(each.address)
    };
    has_way && (bridge.link == Link::Down || !bound.addresses.iter().any(of_bridge))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::bound;

    /// The fixture's host, with eth0 as a port of eth3, which is of this kind and has this link.
    pub(crate) fn host(present: &str, kind: Kind, link: Link) -> Bound {
        let mut bound = bound(present);
        let index = bound.by_name("eth3").unwrap().index;
        for interface in &mut bound.interfaces {
            match interface.name.as_str() {
                "eth0" => interface.controller = Some(index),
                "eth3" => (interface.kind, interface.link) = (kind, link),
                _ => {}
            }
        }
        bound
    }

    #[test]
    fn a_bridge_takes_what_is_meant_for_its_ports() {
        let rows = [
            ("192.0.2.1/24@eth0", Kind::Bridge, Link::Up, true),
            ("2001:db8::1/64@eth0", Kind::Bridge, Link::Up, true),
            ("192.0.2.1/24@eth0", Kind::Bridge, Link::Down, true),
            // A way by the bridge.
            ("192.0.2.1/24@eth0 198.51.100.1/24@eth3", Kind::Bridge, Link::Up, false),
            ("192.0.2.1/24@eth0 198.51.100.1/24@eth3", Kind::Bridge, Link::Down, true),
            ("192.0.2.1/24@eth0 2001:db8::9/64@eth3", Kind::Bridge, Link::Up, true),
            ("2001:db8::1/64@eth0 fe80::9/64@eth3", Kind::Bridge, Link::Up, true),
            ("2001:db8::1/64@eth0 2001:db8::9/64@eth3", Kind::Bridge, Link::Up, false),
            // No way by the port.
            ("192.0.2.1/32@eth0", Kind::Bridge, Link::Up, false),
            ("2001:db8::1/128@eth0", Kind::Bridge, Link::Up, false),
            ("2001:db8::1/64@eth0+280", Kind::Bridge, Link::Up, false),
            ("192.0.2.1/24@eth0", Kind::Vrf, Link::Up, false),
            ("192.0.2.1/24@eth2", Kind::Bridge, Link::Up, false),
        ];
        for (present, kind, link, expected) in rows {
            let mut bound = host(present, kind, link);
            let place = bound.addresses[0];
            let on = bound.interface(place.interface).unwrap().clone();
            assert_eq!(is_lost(&place, &on, &bound), expected, "{present} {kind:?} {link:?}");
            bound.routes_from_ports = true;
            assert!(!is_lost(&place, &on, &bound), "{present}");
        }
    }
}
