//! What became of interfaces that get their address from outside, row by row.

use std::time::Duration;

use host_config::Tree;
use plugin::Deadline;

use super::*;
use crate::fixture::{args, bound};

/// What is expected of the interface by router advertisements.
fn expected(interface: &str) -> Expected {
    let deadline = Deadline::after(Duration::from_secs(60));
    let text = format!("auto {interface}\niface {interface} inet6 auto\n");
    let tree = Tree::in_memory([("/etc/network/interfaces", text)], &deadline);
    Expected::read_from(&args().expectations(), &tree, &deadline)
}

#[test]
fn an_address_that_another_host_has_is_none() {
    let lacks = "eth3 has no IPv6 address (DHCPv6 or router)";
    let rows = [
        ("2001:db8::1/64@eth3~3600", None, false),
        ("2001:db8::1/64@eth3+40~3600", Some(lacks.to_owned()), true),
        ("2001:db8::1/64@eth3+48~3600", Some(format!("{lacks}: 2001:db8::1 is a duplicate")), false),
        ("2001:db8::1/64@eth3+48~3600 2001:db8::2/64@eth3~3600", None, false),
        ("2001:db8::1/64@eth0+40~3600", Some(lacks.to_owned()), false),
        ("fe80::1/64@eth3+40", Some(lacks.to_owned()), false),
        // Temporary and deprecated ones do.
        ("2001:db8::1/64@eth3+1~3600", None, false),
        ("2001:db8::1/64@eth3+20~3600", None, false),
    ];
    for (present, missing, waits) in rows {
        let (expected, bound) = (expected("eth3"), bound(&format!("192.0.2.1/24@eth0 {present}")));
        let lease = missing.map_or(Lease::Has, Lease::Missing);
        assert_eq!(leases(&expected, &bound), [lease], "{present}");
        assert_eq!(awaits_detection(&expected, &bound), waits, "{present}");
    }
}

#[test]
fn the_cause_is_that_ipv6_is_disabled() {
    let (expected, mut bound) = (expected("eth3"), bound("192.0.2.1/24@eth0 192.0.2.2/24@eth3"));
    for interface in bound.interfaces.iter_mut().filter(|interface| interface.name == "eth3") {
        interface.ipv6_disabled = Some(true);
    }
    let lease = "eth3 has no IPv6 address (DHCPv6 or router): IPv6 is disabled on it";
    assert_eq!(leases(&expected, &bound), [Lease::Missing(lease.to_owned())]);
}

#[test]
fn what_only_holds_addresses_serves_only_while_it_is_up() {
    for (kind, serving) in [(Kind::Tun, false), (Kind::Dummy, false), (Kind::Other, true)] {
        let mut bound = bound("192.0.2.1/24@eth1");
        for interface in bound.interfaces.iter_mut().filter(|interface| interface.name == "eth1") {
            interface.kind = kind;
        }
        assert_eq!(serves(&bound), serving, "{kind:?}");
    }
}
