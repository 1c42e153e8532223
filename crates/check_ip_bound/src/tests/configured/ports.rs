//! Ports that patterns tell.

use super::*;

fn bridge(ports: &str) -> String {
    format!("auto docker0\niface docker0 inet static\n\taddress 192.0.2.1/24\n\tbridge_ports {ports}\n")
}

/// The bridge is empty and has no carrier.
#[test]
fn a_bridge_waits_for_its_guests() {
    let present = "192.0.2.1/24@docker0 192.0.2.2/24@eth0";
    let ok = "OK - 1 address from ifupdown bound and usable";
    let none = "CRITICAL - 192.0.2.1 bound but unusable: docker0 has none of its ports: ";
    let rows = [
        ("none", ok.to_owned()),
        ("regex tap.*", ok.to_owned()),
        ("regex (tap|vnet).* noregex", ok.to_owned()),
        ("regex bond.*", format!("{none}there is no bond* here")),
        ("regex nic.*", format!("{none}there is no nic* here")),
        ("regex enp.*", format!("{none}there is no enp* here")),
        ("regex (tap|eth).*", format!("{none}eth0 is not a port of it")),
        ("regex tap.* noregex eth0", format!("{none}eth0 is not a port of it")),
        ("tap0", format!("{none}there is no tap0 here")),
    ];
    for (ports, expected) in rows {
        let file = bridge(ports);
        let (first, details) = said(&args(), &[("/etc/network/interfaces", &file)], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{ports} {details:?}");
    }
}
