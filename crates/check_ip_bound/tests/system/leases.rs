//! A lease by DHCP beside an address that a program bound for ever.

use suite::host::{Host, bare};
use suite::needs::missing;

use super::{HOSTS, check};

/// A name that no interface of the machine has: what its DHCP client keeps of that one is not ours.
const CARD: &str = "soplease1";

/// A host with this card, and the one at the other end of its cable.
fn hosts() -> (Host, Host) {
    let hosts = (bare(), bare());
    hosts.0.cable(CARD, &hosts.1, "eth0");
    hosts
}

#[test]
fn an_address_without_a_route_is_no_lease() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = hosts();
    host.etc("network/interfaces", &format!("auto {CARD}\niface {CARD} inet dhcp\n"));
    let first_line = || {
        let outcome = check(&host, &[]);
        let line = outcome.first_line().split(" | ").next().unwrap().to_owned();
        (outcome.code.unwrap(), line)
    };
    let fine = (0, "IP_BOUND OK - 1 address from ifupdown bound and usable, 1 dynamic".to_owned());
    host.ip_batch(&format!(
        "addr add 192.0.2.5/24 dev {CARD} valid_lft 3600 preferred_lft 3600\n\
         addr add 198.51.100.77/32 dev {CARD}\n",
    ));
    assert_eq!(first_line(), fine);
    host.ip(&["addr", "del", "192.0.2.5/24", "dev", CARD]);
    let lost =
        &format!("{CARD} has no IPv4 address (DHCP): 198.51.100.77 is no lease, no route leaves by it");
    assert_eq!(first_line(), (2, format!("IP_BOUND CRITICAL - 1 of 1 address missing: {lost}")));
    // A lease that never ends, of a network of one address: its route is to the router.
    host.ip(&["route", "add", "192.0.2.254", "dev", CARD, "table", "7"]);
    assert_eq!(first_line(), fine);
    let note = &format!("note: {CARD} has only permanent IPv4 addresses: a lease that never ends, or none");
    let all = check(&host, &[]).stdout;
    assert!(all.lines().any(|line| line == note), "{all}");
    // A list with its interface says that it is none.
    host.etc("ips.list", &format!("198.51.100.77 # on: {CARD}\n"));
    let listed = check(&host, &["--from=auto", "--file=/etc/ips.list"]);
    let missing =
        &format!("IP_BOUND CRITICAL - 1 of 2 addresses missing: {CARD} has no IPv4 address (DHCP) | ");
    assert!(listed.stdout.starts_with(missing), "{}", listed.stdout);
}

#[test]
fn the_kernels_route_to_an_address_itself_shows_no_lease() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = hosts();
    host.etc("network/interfaces", &format!("auto {CARD}\niface {CARD} inet6 dhcp\n"));
    host.ip(&["addr", "add", "2001:db8::77/128", "dev", CARD, "nodad"]);
    let outcome = check(&host, &[]);
    let lost = &format!(
        "{CARD} has no IPv6 address (DHCPv6 or router): 2001:db8::77 is no lease, no route leaves by it"
    );
    let line = format!("IP_BOUND CRITICAL - 1 of 1 address missing: {lost} | ");
    assert!(outcome.stdout.starts_with(&line), "{}", outcome.stdout);
    // What a router advertised does.
    host.ip(&["-6", "route", "add", "default", "via", "fe80::1", "dev", CARD, "proto", "ra"]);
    assert_eq!(check(&host, &[]).code, Some(0));
}
