//! Ports of a bridge, bond, team or VRF that is not here. The bridge that they should serve then has another
//! name, and no uplink: its address is bound, and no other host reaches it.

use host_config::{Ports, is_pattern};
use host_net::{Bound, Interface, Link};
use plugin::{Finding, State};

use crate::Observations;
use crate::expected::Expected;
use crate::interfaces::is_local;

/// Judges the ports without a controller: a warning for each controller that is not here.
pub(crate) fn judge(observed: &Observations) -> Vec<Finding> {
    let (expected, bound) = (&observed.expected, &observed.bound);
    let finding = |text: String| Finding::new(State::Warning, text);
    expected.ports.iter().filter_map(|ports| fault(ports, expected, bound)).map(finding).collect()
}

fn fault(configured: &Ports, expected: &Expected, bound: &Bound) -> Option<String> {
    let controller = &configured.interface;
    if bound.by_name(controller).is_some() || is_told(controller, expected) {
        return None;
    }
    let idles = |port: &&Interface| is_idle(port, bound) && !is_told(&port.name, expected);
    let named = configured.ports.iter().filter(|port| !is_pattern(port));
    let idle = named.filter_map(|port| bound.by_name(port)).filter(idles);
    let names: Vec<&str> = idle.map(|port| port.name.as_str()).collect();
    let verb = if names.len() == 1 { "has" } else { "have" };
    let text = || format!("{} {verb} no controller: there is no {controller} here", names.join(", "));
    (!names.is_empty()).then(text)
}

/// Whether an address is expected on an interface, and missing with it. A port of a VRF has its own.
fn is_told(interface: &str, expected: &Expected) -> bool {
    expected.interfaces.iter().any(|(_, name)| name == interface)
        || expected.dynamic.iter().any(|dynamic| dynamic.device() == interface)
}

/// Whether an interface is up and serves nothing: no port, and without an address of its own.
fn is_idle(port: &Interface, bound: &Bound) -> bool {
    let mut own = bound.addresses.iter().filter(|place| place.interface == port.index);
    port.controller.is_none() && port.link != Link::Down && own.all(|place| is_local(place.address))
}

#[cfg(test)]
mod tests {
    use crate::evaluate::evaluate;
    use crate::fixture::{args, observed};
    use crate::{ListSource, Observations};
    use host_config::{Place, Ports};

    fn seen(controller: &str, ports: &str, present: &str) -> Observations {
        let mut observed = observed(&args(), "192.0.2.1", ListSource::Named, present);
        let ports = ports.split_whitespace().map(str::to_owned).collect();
        let place = Place { file: "f".to_owned(), line: 1 };
        observed.expected.ports =
            vec![Ports { interface: controller.to_owned(), ports, uplinks: Vec::new(), waits: false, place }];
        observed
    }

    /// As NetworkManager 1.42.4 leaves eth0 alone, whose profile has the name of the bridge's profile, the
    /// UUID that this had once, or a mistyped name, in place of the interface.
    #[test]
    fn a_port_of_nothing_is_a_warning() {
        let no_bridge = "WARNING - eth0 has no controller: there is no br9 here";
        let rows = [
            ("br9", "eth0", "192.0.2.1/24@eth3", no_bridge),
            ("br9", "eth0", "192.0.2.1/24@eth3 fe80::1/64@eth0", no_bridge),
            (
                "bond9",
                "eth0 eth2",
                "192.0.2.1/24@eth3",
                "WARNING - eth0, eth2 have no controller: there is no bond9 here",
            ),
            ("br9", "eth0 eth7", "192.0.2.1/24@eth3", no_bridge),
            // Another profile uses it, it is switched off or not here, or any interface may fit.
            ("br9", "eth0", "192.0.2.1/24@eth0", "OK - "),
            ("br9", "eth1", "192.0.2.1/24@eth3", "OK - "),
            ("br9", "eth7", "192.0.2.1/24@eth3", "OK - "),
            ("br9", "eth*", "192.0.2.1/24@eth3", "OK - "),
            ("br9", "", "192.0.2.1/24@eth3", "OK - "),
            ("eth3", "eth0", "192.0.2.1/24@eth3", "OK - "),
        ];
        for (controller, ports, present, expected) in rows {
            let said = evaluate(&args().limits(), &seen(controller, ports, present)).render("IP_BOUND", 0);
            assert!(said.starts_with(&format!("IP_BOUND {expected}")), "{controller} {ports}: {said}");
        }
    }

    #[test]
    fn an_address_that_is_missing_too_is_enough() {
        for interface in ["br9", "eth0"] {
            let mut observed = seen("br9", "eth0", "192.0.2.2/24@eth3");
            observed.expected.interfaces = vec![("192.0.2.1".parse().unwrap(), interface.to_owned())];
            let said = evaluate(&args().limits(), &observed).render("IP_BOUND", 0);
            assert!(said.starts_with("IP_BOUND CRITICAL - 1 of 1 address missing"), "{said}");
            assert!(!said.contains("no controller"), "{said}");
        }
    }

    #[test]
    fn a_port_of_something_else_serves() {
        let mut observed = seen("br9", "eth0", "192.0.2.1/24@eth3");
        let index = observed.bound.by_name("eth3").unwrap().index;
        for interface in &mut observed.bound.interfaces {
            interface.controller = (interface.name == "eth0").then_some(index);
        }
        let said = evaluate(&args().limits(), &observed).render("IP_BOUND", 0);
        assert!(said.starts_with("IP_BOUND OK"), "{said}");
    }
}
