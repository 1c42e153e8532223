//! What is looked for, and the prefix length that it is bound with: never one that makes a route which was
//! not there.

use suite::host::write;
use suite::needs::missing;

use super::site::{HOSTS, Site};

/// The routes of IPv4 without those of the addresses themselves.
fn routes(site: &Site) -> String {
    site.host.ip(&["-4", "route", "show"]).stdout
}

#[test]
fn a_list_without_a_prefix_length_makes_no_route() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 203.0.113.77 198.51.100.9 2001:db8::31 2001:db8:7::1");
    site.configure("enabled = true\nprefix = { \"198.51.100.0/24\" = 28 }\n");
    let before = routes(&site);
    let outcome = site.handle();
    assert_eq!(outcome.code, Some(0), "{outcome:?}");
    // In the subnet of eth0 its own length; elsewhere none but that of the setting.
    for address in
        ["192.0.2.31/24", "203.0.113.77/32", "198.51.100.9/28", "2001:db8::31/64", "2001:db8:7::1/128"]
    {
        assert!(site.has(address), "{address}: {}", site.host.ip(&["-o", "addr"]).stdout);
    }
    let made: String =
        routes(&site).lines().filter(|line| !before.contains(line)).map(|line| format!("{line}\n")).collect();
    assert!(made.starts_with("198.51.100.0/28 dev eth0 ") && made.lines().count() == 1, "{made}");
}

#[test]
fn a_panels_netmask_is_the_prefix_length() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    let list = "203.0.113.77:255.255.255.255:203.0.113.77\n203.0.113.130:255.255.255.192:203.0.113.191\n";
    let spelled = "203.0.113.200,255.255.255.240\n203.0.113.201, 255.255.255.240 note\n2001:db8:7::1 ffff:ffff:ffff:ffff::\n";
    write(&site.path("ips"), &format!("{list}198.51.100.9\t255.255.255.128\n{spelled}"));
    site.configure("enabled = true\nprefix = { \"203.0.113.0/24\" = 24 }\n");
    assert_eq!(site.handle().code, Some(0));
    for address in [
        "203.0.113.77/32",
        "203.0.113.130/26",
        "198.51.100.9/25",
        "203.0.113.200/28",
        "203.0.113.201/28",
        "2001:db8:7::1/64",
    ] {
        assert!(site.has(address), "{address}: {}", site.host.ip(&["-o", "addr"]).stdout);
    }
}

#[test]
fn what_the_list_has_is_looked_for_whatever_check_says() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31");
    // A host without a static configuration, with the example as it ships.
    site.configure("check = []\n");
    assert_eq!(
        site.handle().verdict(),
        (1, "IP_REBIND WARNING - 192.0.2.31 would be bound, but this is a dry run")
    );
    let ips = site.path("ips").display().to_string();
    site.configure(&format!("enabled = true\ncheck = [\"--ip=192.0.2.1\", \"--file={ips}\"]\n"));
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.31"));
    assert_eq!(
        site.handle().verdict(),
        (0, "IP_REBIND OK - nothing is missing, 2 addresses bound and usable")
    );
    // A list that does not exist is no list on which nothing is missing.
    site.configure("check = [\"--ip=192.0.2.1\"]\nfiles = [\"/nonexistent/ips\"]\n");
    let line = "IP_REBIND UNKNOWN - reading /nonexistent/ips: no such file or directory";
    assert_eq!(site.handle().verdict(), (3, line));
    site.configure("files = []\nfrom = [\"auto\"]\n");
    let line = "IP_REBIND UNKNOWN - no address in files and from: name those that may be bound";
    assert_eq!(site.handle().verdict(), (3, line));
}

#[test]
fn lists_that_differ_are_named() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31/24");
    write(&site.path("more"), "192.0.2.1\n192.0.2.31/32\n");
    let (ips, more) = (site.path("ips").display().to_string(), site.path("more").display().to_string());
    site.configure(&format!("enabled = true\nfiles = [\"{ips}\", \"{more}\"]\n"));
    let line = format!(
        "IP_REBIND UNKNOWN - 192.0.2.31 has prefix 24 in {ips} line 1 and 32 in {more} line 2: correct one of them"
    );
    assert_eq!(site.handle().verdict(), (3, line.as_str()));
    assert!(!site.has("192.0.2.31/24") && !site.has("192.0.2.31/32"));
}

#[test]
fn an_address_that_no_host_has_is_refused_by_name() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.0 192.0.2.255 127.0.0.9 2001:db8:: 192.0.2.31");
    let outcome = site.handle();
    assert_eq!(outcome.code, Some(2), "{outcome:?}");
    for line in [
        "CRITICAL: 192.0.2.0 left alone: the network address of 192.0.2.0/24",
        "CRITICAL: 192.0.2.255 left alone: the broadcast address of 192.0.2.0/24",
        "CRITICAL: 127.0.0.9 left alone: a loopback address",
        "CRITICAL: 2001:db8:: left alone: the anycast address of the routers of 2001:db8::/64",
    ] {
        assert!(outcome.stdout.lines().any(|found| found == line), "{line}: {}", outcome.stdout);
    }
}

#[test]
fn an_address_of_another_interfaces_network_is_left_alone() {
    if missing(&HOSTS) {
        return;
    }
    let site =
        Site::new("198.51.100.77 2001:db8:1::77 203.0.113.77/32 198.18.7.7/16 192.0.2.31/32 192.0.2.32");
    site.host.ip_batch(
        "link add eth1 type veth peer name eth2\nlink set eth1 up\nlink set eth2 up\naddr add 198.51.100.1/24 dev eth1\n\
         addr add 2001:db8:1::1/64 dev eth1 nodad\nroute add 203.0.113.0/26 via 192.0.2.50\n\
         route add 203.0.113.0/24 dev eth1\nroute add 198.18.0.0/17 via 198.51.100.254\n",
    );
    let outcome = site.handle();
    for line in [
        "CRITICAL: 198.51.100.77 left alone: in the subnet 198.51.100.0/24 of eth1",
        "CRITICAL: 2001:db8:1::77 left alone: in the subnet 2001:db8:1::/64 of eth1",
        "CRITICAL: 203.0.113.77 left alone: in 203.0.113.0/24, which a route sends to eth1",
        "CRITICAL: 198.18.7.7 left alone: in 198.18.0.0/17, which a route sends to eth1",
    ] {
        assert!(outcome.stdout.lines().any(|found| found == line), "{line}: {}", outcome.stdout);
    }
    assert!(outcome.first_line().ends_with("(bound again: 192.0.2.31-32)"), "{outcome:?}");
    // Providers configure it like this: a /32 in the subnet of the same interface.
    assert!(site.has("192.0.2.31/32") && site.has("192.0.2.32/24"));
    // And by a route of the same interface.
    write(&site.path("ips"), "203.0.113.7\n");
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 203.0.113.7"));
}

#[test]
fn a_subnet_that_would_take_another_routes_traffic_is_not_bound() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("198.51.100.9/24 203.0.113.1 203.0.113.2 203.0.113.3 203.0.113.77/24");
    // A VPN without an address, the halves of the world by it, and a router of another table.
    site.host.ip_batch(
        "link add tun7 type veth peer name tun8\nlink set tun7 up\nlink set tun8 up\nroute add 198.51.100.0/24 dev tun7\n\
         addr add 203.0.113.9/32 dev eth0\nroute add 203.0.113.1/32 dev eth0\n\
         route add 203.0.113.2/32 dev eth0\nroute add 203.0.113.3/32 dev eth0\n\
         route add 0.0.0.0/1 via 203.0.113.1\nroute add default via 203.0.113.2 table 77\n\
         route add 198.18.0.0/15 via 203.0.113.3\n",
    );
    let outcome = site.handle();
    for line in [
        "198.51.100.9 left alone: its subnet 198.51.100.0/24 would take traffic of the route to 198.51.100.0/24 on tun7",
        "203.0.113.1, 203.0.113.3 left alone: the router of a route",
        "203.0.113.2 left alone: the router of the default route",
    ] {
        assert!(outcome.code == Some(2) && outcome.stdout.contains(line), "{line}: {outcome:?}");
    }
    assert!(site.has("203.0.113.77/24"), "halves of the world are no obstacle: {outcome:?}");
}
