//! The subnet of the interface, which the kernel removes with its last address.

use std::fs;

use suite::host::write;
use suite::needs::missing;

use super::site::{HOSTS, Site, side_by_side};

#[test]
fn a_subnet_that_went_comes_back_with_its_addresses() {
    if missing(&HOSTS) {
        return;
    }
    // No prefix length in the list: those of two subnets, and one that the provider routes here.
    let site = Site::new("192.0.2.1 192.0.2.31 2001:db8::1 203.0.113.77");
    for name in ["all", "eth0"] {
        site.host.sysctl(&format!("net/ipv4/conf/{name}/promote_secondaries"), "0");
    }
    site.host.ip_batch(
        "addr add 192.0.2.31/24 dev eth0\naddr add 203.0.113.77/32 dev eth0\nroute add 10.0.0.0/8 via 192.0.2.50\n",
    );
    let well = "IP_REBIND OK - nothing is missing, 4 addresses bound and usable";
    assert_eq!(site.handle().verdict(), (0, well));
    let flush = || site.host.ip(&["addr", "flush", "dev", "eth0", "scope", "global"]);
    flush();
    let not_back = "IP_REBIND CRITICAL - the route to 10.0.0.0/8 by 192.0.2.50 is not back";
    let line = format!("{not_back} (bound again: 192.0.2.1, 192.0.2.31 and 2 more)");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
    for address in ["192.0.2.1/24", "192.0.2.31/24", "203.0.113.77/32", "2001:db8::1/64"] {
        assert!(site.has(address), "{address}: {}", site.host.ip(&["-o", "addr"]).stdout);
    }
    let leads = |family, network| site.host.ip(&[family, "route", "show", network]).stdout.contains("eth0");
    assert!(leads("-4", "192.0.2.0/24") && leads("-6", "2001:db8::/64"));
    assert_eq!((site.handle().verdict(), site.trial().verdict()), ((2, not_back), (2, not_back)));
    site.host.ip(&["route", "add", "10.0.0.0/8", "via", "192.0.2.50"]);
    assert_eq!(site.handle().verdict(), (0, well));
    // A host on which no run has seen it, as where no timer calls the handler.
    fs::remove_dir_all(site.path("state")).unwrap();
    flush();
    let has_none = "eth0 has no subnet for it: write its prefix in the list or in [prefix]";
    let tried = site.trial();
    assert!(
        tried.code == Some(1) && tried.first_line().contains(" would be bound as /32, eth0 has no"),
        "{tried:?}"
    );
    assert!(tried.stdout.contains(&format!("2001:db8::1 would be bound as /128, {has_none}")), "{tried:?}");
    for _ in 0..2 {
        let outcome = site.handle();
        assert!(
            outcome.code == Some(1) && outcome.first_line().contains(" bound as /32, eth0 has no"),
            "{outcome:?}"
        );
        assert!(
            outcome.stdout.contains("2001:db8::1 bound as /128, eth0 has no subnet for it"),
            "{outcome:?}"
        );
    }
}

#[test]
fn a_primary_address_that_comes_back_as_a_secondary_one_is_told() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1/24 192.0.2.31/24");
    site.host.sysctl("net/ipv4/conf/eth0/promote_secondaries", "1");
    site.host.ip(&["addr", "add", "192.0.2.31/24", "dev", "eth0"]);
    let well = "IP_REBIND OK - nothing is missing, 2 addresses bound and usable";
    assert_eq!(site.handle().verdict(), (0, well));
    site.host.ip(&["addr", "del", "192.0.2.1/24", "dev", "eth0"]);
    let line = "IP_REBIND WARNING - 192.0.2.31 is primary now: packets leave from it, not from 192.0.2.1 (bound again: 192.0.2.1)";
    assert_eq!(site.handle().verdict(), (1, line));
    let route = site.host.ip(&["route", "get", "192.0.2.50"]).stdout;
    assert!(route.contains(" src 192.0.2.31 "), "{route}");
    assert_eq!(site.handle().verdict(), (0, well));
}

#[test]
fn a_run_that_lacks_an_address_learns_no_subnet() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 10.1.2.31");
    site.configure("");
    site.host.ip(&["addr", "add", "10.9.9.9/8", "dev", "eth0"]);
    let line = "IP_REBIND WARNING - 10.1.2.31 would be bound, but this is a dry run";
    assert_eq!(site.handle().verdict(), (1, line));
    site.host.ip(&["addr", "del", "10.9.9.9/8", "dev", "eth0"]);
    site.configure("enabled = true\n");
    let outcome = site.handle();
    assert!(site.has("10.1.2.31/32"), "{outcome:?}");
}

#[test]
fn a_router_that_is_left_alone_does_not_keep_a_former_subnet() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.50");
    site.host.ip(&["route", "add", "default", "via", "192.0.2.50"]);
    let line = "IP_REBIND CRITICAL - 192.0.2.50 left alone: the router of the default route";
    assert_eq!(site.handle().verdict(), (2, line));
    site.host.ip_batch(
        "addr add 192.0.2.1/26 dev eth0\naddr del 192.0.2.1/24 dev eth0\nroute replace default via 192.0.2.50\n",
    );
    assert_eq!(site.handle().verdict(), (2, line));
    write(&site.path("ips"), "192.0.2.1\n192.0.2.50\n192.0.2.200\n");
    let outcome = site.handle();
    assert!(site.has("192.0.2.200/32"), "{outcome:?}");
}

#[test]
fn an_address_that_another_host_has_does_not_keep_new_subnets_unknown() {
    if missing(&HOSTS) {
        return;
    }
    let keepalived = "vrrp_instance web {\n interface eth0\n virtual_router_id 51\n priority 100\n \
                      virtual_ipaddress {\n  192.0.2.60/24\n }\n}\n";
    side_by_side([("192.0.2.50", " has it on eth0"), ("192.0.2.60", "floating by ")], |(other, why)| {
        let site = Site::new(&format!("192.0.2.1 {other} 198.51.100.31"));
        site.host.etc("keepalived/keepalived.conf", keepalived);
        site.host.ip(&["addr", "add", "198.51.100.31/24", "dev", "eth0"]);
        let is_left = || {
            let outcome = site.handle();
            let line = format!("IP_REBIND CRITICAL - {other} left alone: ");
            assert!(outcome.code == Some(2) && outcome.first_line().starts_with(&line), "{outcome:?}");
            assert!(outcome.first_line().contains(why), "{outcome:?}");
        };
        is_left();
        is_left();
        site.host.ip(&["addr", "del", "198.51.100.31/24", "dev", "eth0"]);
        is_left();
        assert!(site.has("198.51.100.31/24"), "{}", site.host.ip(&["-o", "addr"]).stdout);
    });
}

#[test]
fn a_command_that_binds_a_wider_subnet_than_was_there_is_told() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    let well = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, well));
    site.host.ip(&["addr", "flush", "dev", "eth0", "scope", "global"]);
    let setup = site.script("setup-ips.pl", "ip addr add 192.0.2.1/8 dev eth0");
    site.configure(&format!("enabled = true\ncommand = [\"{setup}\"]\n"));
    let line = "IP_REBIND CRITICAL - 192.0.2.1 bound wrongly: with /8, not with /24, by the command";
    for _ in 0..3 {
        assert_eq!(site.handle().verdict(), (2, line));
    }
    let budget = fs::read_to_string(site.path("state/budget.json")).unwrap();
    assert!(budget.contains("192.0.2.0/24") && !budget.contains("192.0.0.0/8"), "{budget}");
}

#[test]
fn an_address_that_somebody_bound_alone_is_told() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    let well = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, well));
    site.host.ip_batch("addr del 192.0.2.1/24 dev eth0\naddr add 192.0.2.1/32 dev eth0\n");
    let line = "IP_REBIND WARNING - 192.0.2.1 bound as /32, eth0 has no subnet for it: write its prefix in the list or in [prefix]";
    assert_eq!((site.handle().verdict(), site.handle().verdict()), ((1, line), (1, line)));
    write(&site.path("ips"), "192.0.2.1/32\n");
    assert_eq!((site.handle().verdict(), site.handle().verdict()), ((0, well), (0, well)));
    write(&site.path("ips"), "192.0.2.1\n");
    assert_eq!(site.handle().verdict(), (0, well), "it was in the list so");
    site.host.ip_batch("addr del 192.0.2.1/32 dev eth0\naddr add 192.0.2.1/24 dev eth0\n");
    assert_eq!(site.handle().verdict(), (0, well));
    site.host.ip_batch("addr del 192.0.2.1/24 dev eth0\naddr add 192.0.2.1/32 dev eth0\n");
    assert_eq!(site.handle().verdict(), (1, line));
    site.host.ip(&["addr", "del", "192.0.2.1/32", "dev", "eth0"]);
    assert_eq!(site.handle().verdict(), (0, "IP_REBIND OK - bound again: 192.0.2.1"));
    assert!(site.has("192.0.2.1/24"), "{}", site.host.ip(&["-o", "addr"]).stdout);
}
