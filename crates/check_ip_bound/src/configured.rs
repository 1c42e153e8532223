//! What the first line says where the host's configuration tells what is expected, row by row.

use std::time::Duration;

use host_config::Tree;
use plugin::Deadline;

use crate::condition::conditions;
use crate::evaluate::evaluate;
use crate::fixture::{args, bound};
use crate::{Args, Expected, Observations, ports};

/// Returns the first line without its performance data, and the details, for files and bound addresses.
fn said(args: &Args, files: &[(&str, &str)], present: &str) -> (String, Vec<String>) {
    let deadline = Deadline::after(Duration::from_secs(60));
    let tree = Tree::in_memory(files.iter().copied(), &deadline);
    let expected = Expected::read_from(&args.expectations(), &tree, &deadline).unwrap();
    let bound = bound(present);
    let port_faults = ports::faults(&expected.ports, &bound);
    let conditions = conditions(&expected.entries, &bound, &expected.on, &port_faults);
    let routes = Vec::new();
    let observed =
        Observations { expected, bound, conditions, port_faults, routes, promotes_all: None, uptime: None };
    let text = evaluate(&args.limits(), &observed).render("IP_BOUND", 0);
    let mut lines = text.lines().map(str::to_owned);
    let first = lines.next().unwrap();
    (first.split(" | ").next().unwrap().to_owned(), lines.collect())
}

/// A file of netplan with these lines for interfaces.
fn netplan(interfaces: &str) -> String {
    format!("network:\n  version: 2\n  ethernets:\n{interfaces}")
}

#[test]
fn an_interface_with_dhcp_must_have_an_address() {
    let dhcp = netplan("    eth3: {dhcp4: true}\n");
    let optional = netplan("    eth3: {dhcp4: true, optional: true}\n");
    let down = netplan("    eth1: {dhcp4: true}\n");
    let absent = netplan("    eth9: {dhcp4: true}\n");
    let cable = netplan("    eth2: {dhcp6: true}\n");
    let rows = [
        (&dhcp, "192.0.2.1/24@eth3~3600", "OK - 1 address from netplan bound and usable, 1 dynamic"),
        (&dhcp, "192.0.2.1/24@eth0", "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)"),
        (&dhcp, "fe80::1/64@eth3", "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)"),
        (&dhcp, "169.254.7.7/16@eth3", "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)"),
        (&optional, "192.0.2.1/24@eth0", "OK - no address is expected, and none is out of place"),
        (&optional, "fe80::1/64@eth0", "CRITICAL - 1 of 1 address missing: eth3 has no IPv4 address (DHCP)"),
        (
            &down,
            "192.0.2.1/24@eth0",
            "CRITICAL - 1 of 1 address missing: eth1 has no IPv4 address (DHCP): it is down",
        ),
        (&absent, "192.0.2.1/24@eth0", "OK - no address is expected, and none is out of place"),
        (&cable, "192.0.2.1/24@eth0", "OK - no address is expected, and none is out of place"),
    ];
    for (file, present, expected) in rows {
        let (first, _) = said(&args(), &[("/etc/netplan/a.yaml", file)], present);
        assert_eq!(first, format!("IP_BOUND {expected}"), "{file} {present}");
    }
    let (first, _) = said(
        &Args { no_dynamic: true, ..args() },
        &[("/etc/netplan/a.yaml", &netplan("    eth3: {dhcp4: true, addresses: [192.0.2.1/24]}\n"))],
        "192.0.2.1/24@eth3",
    );
    assert_eq!(first, "IP_BOUND OK - 1 address from netplan bound and usable");
}

#[test]
fn two_cards_that_are_swapped_are_a_warning() {
    let file = netplan("    eth0: {addresses: [192.0.2.1/24]}\n    eth3: {addresses: [198.51.100.1/24]}\n");
    let files = [("/etc/netplan/a.yaml", file.as_str())];
    let (first, details) = said(&args(), &files, "192.0.2.1/24@eth3 198.51.100.1/24@eth0");
    assert_eq!(first, "IP_BOUND WARNING - 2 addresses not on their interface: 192.0.2.1, 198.51.100.1");
    assert!(details.contains(&"192.0.2.1 is on eth3, configured on eth0".to_owned()), "{details:?}");
    let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0 198.51.100.1/24@eth0");
    assert_eq!(first, "IP_BOUND WARNING - 198.51.100.1 is on eth0, configured on eth3");
    let note = Args { misplaced: plugin::State::Ok, ..args() };
    let (first, details) = said(&note, &files, "192.0.2.1/24@eth0 198.51.100.1/24@eth0");
    assert_eq!(first, "IP_BOUND OK - 2 addresses from netplan bound and usable");
    assert!(details.contains(&"note: 198.51.100.1 is on eth0, configured on eth3".to_owned()), "{details:?}");
}

#[test]
fn an_address_of_a_file_that_never_applies_is_a_warning() {
    let files = [
        ("/etc/systemd/network/10-lan.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.1/24\n"),
        ("/etc/systemd/network/70-lan.network", "[Match]\nName=eth0\n[Network]\nAddress=192.0.2.2/24\n"),
    ];
    let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND WARNING - 192.0.2.2 never bound: 10-lan.network is for eth0");
    let (first, _) = said(&args(), &files, "192.0.2.1/24@eth0 192.0.2.2/24@eth0");
    assert_eq!(first, "IP_BOUND OK - 1 address from networkd bound and usable");
    let (first, _) = said(&args(), &files, "192.0.2.9/24@eth0");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1, 1 more fault");
}

#[test]
fn a_line_that_is_not_understood_hides_no_outage() {
    let interfaces =
        "auto eth0\niface eth0 inet static\naddress 192.0.2.1/24\nup ip addr add $MORE dev eth0\n";
    let files = [("/etc/network/interfaces", interfaces)];
    let (first, details) = said(&args(), &files, "192.0.2.9/24@eth0");
    assert_eq!(first, "IP_BOUND CRITICAL - 1 of 1 address missing: 192.0.2.1, 1 more fault");
    let unknown = "UNKNOWN: /etc/network/interfaces line 4: $MORE is not an IP address";
    assert!(
        details.contains(&unknown.replace('$', "")) || details.contains(&unknown.to_owned()),
        "{details:?}"
    );
    let (first, details) = said(&args(), &files, "192.0.2.1/24@eth0");
    assert_eq!(first, "IP_BOUND UNKNOWN - /etc/network/interfaces line 4: MORE is not an IP address");
    assert!(details.iter().any(|detail| detail.contains("--list")), "{details:?}");
}

#[test]
fn the_bound_addresses_make_a_list() {
    let present = "192.0.2.1/24@eth0 192.0.2.2/24@eth3~3600 192.0.2.3/32@lo 2001:db8::1/64@eth0 fe80::1/64@eth0 \
                   172.17.0.1/16@docker0 198.51.100.9/24@eth0 203.0.113.1/24@eth3 127.0.0.1/8@lo";
    let args = Args {
        floating: vec!["198.51.100.9".parse().unwrap()],
        ignore: vec!["203.0.113.0/24".parse().unwrap()],
        ..args()
    };
    let listed = crate::extra::listing(&bound(present), &args).render("IP_BOUND", 0);
    assert_eq!(
        listed,
        "# 2 addresses bound here\n192.0.2.1/24 # bound on eth0\n2001:db8::1/64 # bound on eth0\n"
    );
}
