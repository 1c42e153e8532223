//! The configured ports of bridges, bonds, teams and VRFs against those that there are. A bridge without its
//! uplink has a carrier while guests are on it, or while nothing ever was: only its ports show that no packet
//! leaves.

use host_config::{ANY_PORT, Ports, Vlan, is_for_guests, is_pattern, selects};
use host_net::{Bound, Interface, Kind, Link};

use crate::interfaces::absence;
use crate::port_fault::PortFault;

/// Returns the faults of the configured ports.
pub(crate) fn faults(configured: &[Ports], vlans: &[Vlan], bound: &Bound) -> Vec<PortFault> {
    configured.iter().filter_map(|ports| fault(ports, vlans, bound)).collect()
}

fn fault(configured: &Ports, vlans: &[Vlan], bound: &Bound) -> Option<PortFault> {
    let controller = bound.by_name(&configured.interface)?;
    let carries = matches!(controller.kind, Kind::Bridge | Kind::Bond | Kind::Team | Kind::Vrf);
    let required: Vec<&String> =
        configured.ports.iter().filter(|port| is_required(port, controller.kind)).collect();
    if !carries || controller.link == Link::Down || required.is_empty() {
        return None;
    }
    let mut wrong: Vec<(bool, String)> =
        required.iter().filter_map(|port| wrong(port, controller, vlans, bound)).collect();
    let none = wrong.len() == required.len() && controller.kind != Kind::Vrf;
    let uplinks = if none { &[][..] } else { &configured.uplinks };
    wrong.extend(uplinks.iter().filter_map(|uplink| lost(uplink, controller, bound)));
    let all = required.iter().filter(|port| !is_pattern(port)).count() + configured.uplinks.len();
    // A port of a bridge with nothing plugged in is usual, one of a bond is a lost redundancy.
    let told: Vec<&String> = wrong
        .iter()
        .filter(|(plugged, _)| none || *plugged || controller.kind != Kind::Bridge)
        .map(|(_, text)| text)
        .collect();
    let (first, rest) = told.split_first()?;
    let more = if rest.is_empty() { String::new() } else { format!(", {} more", rest.len()) };
    let name = &controller.name;
    let text = if none {
        format!("{name} has none of its ports: {first}{more}")
    } else {
        format!("{name} lacks {} of {} ports: {first}{more}", told.len(), all.max(required.len()))
    };
    Some(PortFault { interface: controller.index, none, text })
}

/// Whether a port must be there: only a bridge has guests.
fn is_required(port: &str, of: Kind) -> bool {
    of != Kind::Bridge || !is_for_guests(port)
}

/// What is wrong with one port, and whether it is more than that nothing is plugged in. Of the interfaces
/// that a pattern fits, one that is well is enough: files that count more may have others.
fn wrong(port: &str, controller: &Interface, vlans: &[Vlan], bound: &Bound) -> Option<(bool, String)> {
    let fits =
        |each: &&Interface| each.index != controller.index && !each.loopback && selects(port, &each.name);
    let by_name = bound.by_name(port).into_iter();
    let fitting: Vec<&Interface> =
        if is_pattern(port) { bound.interfaces.iter().filter(fits).collect() } else { by_name.collect() };
    if fitting.is_empty() {
        let pattern = is_pattern(port).then(|| format!("there is no {port} here"));
        return Some((true, pattern.unwrap_or_else(|| absence(port, vlans, bound))));
    }
    let faults: Option<Vec<(bool, String)>> = fitting.iter().map(|each| fault_of(each, controller)).collect();
    // A port that is there and not up tells more than an interface that is none.
    faults.and_then(|faults| {
        let of_a_port = |(_, text): &&(bool, String)| !text.ends_with(NO_PORT);
        let none = || {
            let any = port == ANY_PORT;
            if any {
                Some((true, "no interface is a port of it".to_owned()))
            } else {
                faults.first().cloned()
            }
        };
        faults.iter().find(of_a_port).cloned().or_else(none)
    })
}

/// What is wrong with an interface that a pattern of ports fits, while others are well: nothing where it has
/// no carrier, as an unused card.
fn lost(uplink: &str, controller: &Interface, bound: &Bound) -> Option<(bool, String)> {
    let here = bound.by_name(uplink).filter(|here| matches!(here.link, Link::Up | Link::Down))?;
    fault_of(here, controller)
}

/// What is wrong with an interface that should be a port.
fn fault_of(port: &Interface, controller: &Interface) -> Option<(bool, String)> {
    let name = &port.name;
    match port.link {
        _ if port.controller != Some(controller.index) => Some((true, format!("{name} {NO_PORT}"))),
        Link::Up => None,
        Link::Down => Some((true, format!("{name} is down"))),
        link => Some((false, format!("{name} {}", link.fault().unwrap_or("is not up")))),
    }
}

const NO_PORT: &str = "is not a port of it";

/// Returns whether an interface is configured as a bridge without ports, or with those of guests alone.
pub(crate) fn is_portless(interface: &Interface, configured: &[Ports]) -> bool {
    let required = |ports: &Ports| ports.ports.iter().any(|port| is_required(port, interface.kind));
    configured.iter().any(|ports| ports.interface == interface.name && !required(ports))
}

/// Returns a note on each bridge for whose guests no interface is here.
pub(crate) fn notes(configured: &[Ports], bound: &Bound) -> Vec<String> {
    let lacks = |port: &&String| {
        let mut others = bound.interfaces.iter().filter(|each| !each.loopback);
        is_for_guests(port) && !others.any(|each| selects(port, &each.name))
    };
    let note = |name: &str, port: &String| format!("note: {name} has no port that fits {port}");
    let is_bridge = |name: &str| bound.by_name(name).is_none_or(|here| here.kind == Kind::Bridge);
    let of = |each: &Ports| {
        let lacking = each.ports.iter().filter(lacks);
        lacking.map(|port| note(&each.interface, port)).collect::<Vec<_>>()
    };
    configured.iter().filter(|each| is_bridge(&each.interface)).flat_map(of).collect()
}

#[cfg(test)]
mod tests {
    use host_config::Place;

    use super::*;
    use crate::fixture::bound;

    fn configured(interface: &str, ports: &str) -> Ports {
        let ports = ports.split_whitespace().map(str::to_owned).collect();
        let place = Place { file: "f".to_owned(), line: 1 };
        Ports { interface: interface.to_owned(), ports, uplinks: Vec::new(), waits: false, place }
    }

    /// The fixture's host, with docker0 as a guest's interface, and with these links between ports and what
    /// they are ports of.
    fn host(kind: Kind, ports: &[&str]) -> Bound {
        let mut bound = bound("192.0.2.1/24@eth3");
        let index = bound.by_name("eth3").unwrap().index;
        for interface in &mut bound.interfaces {
            if interface.name == "docker0" {
                interface.name = "vnet7".to_owned();
            }
            interface.kind = if interface.index == index { kind } else { Kind::Other };
            interface.controller = ports.contains(&interface.name.as_str()).then_some(index);
        }
        bound
    }

    #[test]
    fn configured_ports_are_compared_with_those_that_are_there() {
        type Row<'a> = (Kind, &'a [&'a str], &'a str, Option<(bool, &'a str)>);
        let rows: [Row<'_>; 24] = [
            (Kind::Bridge, &["eth0"], "eth0", None),
            // Guests come and go, and replace no card.
            (Kind::Bridge, &[], "tap*", None),
            (Kind::Bridge, &["eth0"], "eth0 tap*", None),
            (
                Kind::Bridge,
                &["vnet7"],
                "eth0 vnet*",
                Some((true, "eth3 has none of its ports: eth0 is not a port of it")),
            ),
            (Kind::Bridge, &[], "bond*", Some((true, "eth3 has none of its ports: there is no bond* here"))),
            (Kind::Bond, &[], "nic*", Some((true, "eth3 has none of its ports: there is no nic* here"))),
            (Kind::Bond, &[], "tap*", Some((true, "eth3 has none of its ports: there is no tap* here"))),
            (Kind::Vrf, &[], "tap*", Some((false, "eth3 lacks 1 of 1 ports: there is no tap* here"))),
            (Kind::Bridge, &[], "tap0", Some((true, "eth3 has none of its ports: there is no tap0 here"))),
            (
                Kind::Bridge,
                &[],
                "enp4s0",
                Some((true, "eth3 has none of its ports: there is no enp4s0 here")),
            ),
            (Kind::Bridge, &[], "eth0", Some((true, "eth3 has none of its ports: eth0 is not a port of it"))),
            (Kind::Bridge, &["eth1"], "eth1", Some((true, "eth3 has none of its ports: eth1 is down"))),
            (
                Kind::Bridge,
                &["eth2"],
                "eth2",
                Some((true, "eth3 has none of its ports: eth2 has no carrier")),
            ),
            (
                Kind::Bridge,
                &[],
                "enp4s0.10",
                Some((true, "eth3 has none of its ports: enp4s0.10 is not here: there is no enp4s0 here")),
            ),
            (Kind::Bridge, &["eth0", "eth2"], "eth0 eth2", None),
            (
                Kind::Bond,
                &["eth0", "eth2"],
                "eth0 eth2",
                Some((false, "eth3 lacks 1 of 2 ports: eth2 has no carrier")),
            ),
            (
                Kind::Team,
                &["eth0", "eth1"],
                "eth0 eth1",
                Some((false, "eth3 lacks 1 of 2 ports: eth1 is down")),
            ),
            (
                Kind::Bond,
                &[],
                "a b c",
                Some((true, "eth3 has none of its ports: there is no a here, 2 more")),
            ),
            (Kind::Vrf, &[], "eth0", Some((false, "eth3 lacks 1 of 1 ports: eth0 is not a port of it"))),
            (Kind::Other, &[], "eth0", None),
            // A pattern of names, as [Match] Name= of networkd has it.
            (Kind::Bridge, &["eth0"], "eth*", None),
            (Kind::Bridge, &["eth1"], "eth*", Some((true, "eth3 has none of its ports: eth1 is down"))),
            (
                Kind::Bridge,
                &[],
                "eth*,en*",
                Some((true, "eth3 has none of its ports: eth0 is not a port of it")),
            ),
            (
                Kind::Bridge,
                &[],
                "en*,!eno*",
                Some((true, "eth3 has none of its ports: there is no en*,!eno* here")),
            ),
        ];
        for (kind, there, ports, expected) in rows {
            let found = faults(&[configured("eth3", ports)], &[], &host(kind, there));
            let found = found.first().map(|fault| (fault.none, fault.text.as_str()));
            assert_eq!(found, expected, "{kind:?} {there:?} {ports}");
        }
        assert!(
            faults(&[configured("br9", "eth0")], &[], &host(Kind::Bridge, &[])).is_empty(),
            "no such bridge: its addresses are missing"
        );
    }
}
