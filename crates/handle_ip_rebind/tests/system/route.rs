//! The default route, which the kernel removes with the address of its gateway's subnet.

use std::fs;

use suite::needs::missing;

use super::hostile::kill;
use super::site::{HOSTS, Site};

const NOT_BACK: &str =
    "IP_REBIND CRITICAL - 192.0.2.1 bound again, the default route by 192.0.2.254 is not back";

impl Site {
    /// Loses the host's main address, and the default route with it.
    fn lose_main_address(&self) {
        self.host.ip(&["addr", "del", "192.0.2.1/24", "dev", "eth0"]);
        assert_eq!(self.host.ip(&["route", "show", "default"]).stdout, "", "the kernel removes it");
    }

    fn default_route(&self) {
        self.host.ip(&["route", "add", "default", "via", "192.0.2.254"]);
    }
}

#[test]
fn a_default_route_that_is_not_back_is_told_until_it_is() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    site.configure("enabled = true\nannounce = true\n");
    site.default_route();
    let well = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, well));
    site.lose_main_address();
    let line = format!("{NOT_BACK} (bound again: 192.0.2.1)");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
    for _ in 0..2 {
        assert_eq!(site.handle().verdict(), (2, NOT_BACK));
    }
    assert_eq!(site.trial().verdict(), (2, NOT_BACK));
    site.default_route();
    assert_eq!(site.handle().verdict(), (0, well));
    // A program that the handler restarts may bring it back.
    let restart = site.script("service", "ip route add default via 192.0.2.254 dev eth0 onlink");
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
    site.lose_main_address();
    let line = "IP_REBIND OK - bound again: 192.0.2.1, restarted 1 service";
    assert_eq!(site.handle().verdict(), (0, line));
}

#[test]
fn a_default_route_that_was_never_seen_is_known_from_the_configuration_alone() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1/24");
    site.host.ip(&["addr", "del", "192.0.2.1/24", "dev", "eth0"]);
    let line = "IP_REBIND OK - bound again: 192.0.2.1";
    assert_eq!(site.handle().verdict(), (0, line), "nothing says that there is a default route");
    let check = format!("check = [\"--file={}\", \"--gateway=192.0.2.254\"]", site.path("ips").display());
    site.configure(&format!("enabled = true\n{check}\n"));
    site.host.ip(&["addr", "del", "192.0.2.1/24", "dev", "eth0"]);
    let line = format!("{NOT_BACK} (bound again: 192.0.2.1)");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
    assert!(
        fs::read_to_string(site.path("state/budget.json"))
            .unwrap()
            .contains("\"lost\":{\"default route by 192.0.2.254\"")
    );
    // It is judged in every run, and another one will not do.
    site.host.ip(&["route", "add", "default", "via", "192.0.2.50"]);
    let line = "IP_REBIND CRITICAL - default route via 192.0.2.50 on eth0, not via 192.0.2.254";
    assert_eq!((site.handle().verdict(), site.trial().verdict()), ((2, line), (2, line)));
    site.host.ip(&["route", "replace", "default", "via", "192.0.2.254"]);
    assert_eq!(site.handle().code, Some(0));
    site.host.ip(&["route", "del", "default"]);
    let line = "IP_REBIND CRITICAL - no default route, expected via 192.0.2.254";
    assert_eq!(site.handle().verdict(), (2, line));
}

#[test]
fn a_default_route_that_a_killed_run_left_is_named_by_the_next_one() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1/24");
    let restart = site.script("service", "[ -e \"$0.runs\" ] || { touch \"$0.runs\"; exec sleep 20; }");
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
    site.default_route();
    assert_eq!(site.handle().code, Some(0));
    site.lose_main_address();
    kill(&site, "the service is restarted", || site.path("service.runs").exists());
    let line = format!("{NOT_BACK} (finished an earlier run, restarted 1 service)");
    assert_eq!(site.handle().verdict(), (2, line.as_str()));
}

#[test]
fn a_static_route_that_another_program_brings_back_is_judged_by_its_way() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    site.host.cable("eth1", &site.neighbour, "eth1");
    site.host.ip_batch("addr add 198.51.100.1/24 dev eth1\nroute add 10.0.0.0/8 via 192.0.2.50\n");
    let well = "IP_REBIND OK - nothing is missing, 1 address bound and usable";
    assert_eq!(site.handle().verdict(), (0, well));
    site.host.ip(&["addr", "del", "192.0.2.1/24", "dev", "eth0"]);
    let line = "IP_REBIND CRITICAL - the route to 10.0.0.0/8 by 192.0.2.50 is not back";
    let first = format!("{line} (bound again: 192.0.2.1)");
    assert_eq!(site.handle().verdict(), (2, first.as_str()));
    let bird = |rest: &[&str]| {
        site.host.ip(&[&["route", "replace", "10.0.0.0/8"], rest, &["proto", "bird"]].concat())
    };
    bird(&["via", "198.51.100.50"]);
    let other =
        "IP_REBIND WARNING - the route to 10.0.0.0/8 is by 198.51.100.50 on eth1, no longer by 192.0.2.50";
    assert_eq!((site.handle().verdict(), site.trial().verdict()), ((1, other), (1, other)));
    site.host.ip(&["route", "del", "10.0.0.0/8"]);
    site.host.ip(&["route", "add", "unreachable", "10.0.0.0/8", "proto", "bird"]);
    assert_eq!(site.handle().verdict(), (2, line));
    site.host.ip(&["route", "del", "unreachable", "10.0.0.0/8"]);
    bird(&["via", "192.0.2.50"]);
    assert_eq!(site.handle().verdict(), (0, well));
}

#[test]
fn a_static_route_that_was_removed_while_an_address_was_missing_is_not_owed() {
    if missing(&HOSTS) {
        return;
    }
    // The neighbour has one of them.
    let site = Site::new("192.0.2.1 192.0.2.50 192.0.2.31");
    site.host.ip_batch("addr add 192.0.2.31/24 dev eth0\nroute add 10.0.0.0/8 via 192.0.2.60\n");
    let is_left = |site: &Site| {
        let outcome = site.handle();
        let line = "IP_REBIND CRITICAL - 192.0.2.50 left alone";
        assert!(outcome.code == Some(2) && outcome.first_line().starts_with(line), "{outcome:?}");
        assert!(!outcome.stdout.contains("10.0.0.0/8"), "{outcome:?}");
    };
    is_left(&site);
    site.host.ip(&["route", "del", "10.0.0.0/8"]);
    is_left(&site);
    site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    is_left(&site);
    assert!(site.has("192.0.2.31/24"));
    // One that goes with an address is owed, however many runs it takes to bind that.
    site.host.ip_batch("route add 10.0.0.0/8 via 192.0.2.60\n");
    is_left(&site);
    site.host.ip_batch("addr flush dev eth0 scope global\n");
    site.configure("");
    for _ in 0..2 {
        let outcome = site.handle();
        assert!(outcome.stdout.contains("would be bound, but this is a dry run"), "{outcome:?}");
    }
    site.configure("enabled = true\n");
    let outcome = site.handle();
    assert!(outcome.stdout.contains("the route to 10.0.0.0/8 by 192.0.2.60 is not back"), "{outcome:?}");
}

#[test]
fn a_default_route_that_goes_with_the_link_or_a_program_is_told_too() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("203.0.113.31/32 2001:db8::1/64");
    site.host.ip_batch("addr add 203.0.113.31/32 dev eth0\nroute add default via 192.0.2.254\n");
    site.host.ip(&["-6", "route", "add", "default", "via", "fe80::fe", "dev", "eth0"]);
    let well = "IP_REBIND OK - nothing is missing, 2 addresses bound and usable";
    assert_eq!(site.handle().verdict(), (0, well));
    // The gateway is in no subnet of an address.
    site.host.ip(&["addr", "del", "2001:db8::1/64", "dev", "eth0"]);
    site.host.ip(&["-6", "route", "del", "default"]);
    let not_back = "IP_REBIND CRITICAL - 2001:db8::1 bound again, the default route by fe80::fe is not back";
    assert_eq!(site.handle().verdict(), (2, format!("{not_back} (bound again: 2001:db8::1)").as_str()));
    assert_eq!(site.handle().verdict(), (2, not_back));
    // One by another interface will do.
    site.host.ip_batch("link add spare type veth peer name spare1\nlink set spare up\nlink set spare1 up\n");
    site.host.ip(&["-6", "route", "add", "default", "dev", "spare"]);
    assert_eq!(site.handle().verdict(), (0, well));
    let flush =
        "ip -4 addr flush dev eth0; ip addr add 192.0.2.1/24 dev eth0; ip addr add 203.0.113.31/32 dev eth0";
    let restart = site.script("service", flush);
    site.configure(&format!("enabled = true\nrestart = [[\"{restart}\"]]\n"));
    site.host.ip(&["addr", "del", "203.0.113.31/32", "dev", "eth0"]);
    let line = "IP_REBIND CRITICAL - 203.0.113.31 bound again, the default route by 192.0.2.254 is not back";
    let more = format!("{line} (bound again: 203.0.113.31, restarted 1 service)");
    assert_eq!(site.handle().verdict(), (2, more.as_str()));
    assert_eq!(site.handle().verdict(), (2, line));
}
