//! What no host should get, and what a run must not write: each is named.

use std::fs;
use std::time::Duration;

use suite::host::write;
use suite::needs::missing;
use suite::process::run;
use suite::wait::eventually;

use super::site::{HOSTS, Site};

#[test]
fn what_another_has_or_no_host_should_have_is_left_alone() {
    if missing(&HOSTS) {
        return;
    }
    let list = "192.0.2.254 203.0.113.9 198.51.100.9/25 192.0.2.31/1 2001:db8::31/3 240.0.0.1 192.88.99.1 192.0.2.63";
    let site = Site::new(list);
    site.host.ip_batch(
        "route add default via 192.0.2.254\n\
         addr add 192.0.2.33/24 brd 192.0.2.63 dev eth0\n\
         link add eth1 type veth peer name eth2\nlink set eth1 up\nlink set eth2 up\naddr add 198.51.100.1/24 dev eth1\n\
         addr add 203.0.113.8 peer 203.0.113.9/32 dev eth1\n",
    );
    let outcome = site.handle();
    for line in [
        "CRITICAL: 192.0.2.254 left alone: the router of the default route",
        "CRITICAL: 203.0.113.9 left alone: the other end of eth1",
        "CRITICAL: 198.51.100.9 left alone: its subnet 198.51.100.0/25 would take traffic from eth1",
        "CRITICAL: 192.0.2.31 left alone: prefix length 1 is below 8, no subnet is so large",
        "CRITICAL: 2001:db8::31 left alone: prefix length 3 is below 16, no subnet is so large",
        "CRITICAL: 240.0.0.1 left alone: in 240.0.0.0/4, which no host has",
        "CRITICAL: 192.88.99.1 left alone: in 192.88.99.0/24, once the relays of 6to4",
        "CRITICAL: 192.0.2.63 left alone: a broadcast address of this host",
    ] {
        assert!(outcome.stdout.lines().any(|found| found == line), "{line}: {}", outcome.stdout);
    }
}

#[test]
fn where_a_subnet_has_no_route_none_is_made() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 2001:db8::31 2001:db8:5::31");
    site.host.ip_batch(
        "addr add 2001:db8:5::1/64 dev eth0 nodad noprefixroute\nroute del 2001:db8::/64 dev eth0\n",
    );
    let routes = || {
        let all = site.host.ip(&["-6", "route", "show", "table", "main"]).stdout;
        all.lines()
            .filter(|line| line.contains("/64") && line.contains("2001"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    assert_eq!(routes(), Vec::<String>::new());
    let outcome = site.handle();
    assert_eq!(
        outcome.verdict(),
        (0, "IP_REBIND OK - bound again: 192.0.2.31, 2001:db8::31, 2001:db8:5::31")
    );
    for address in ["192.0.2.31/24", "2001:db8::31/64", "2001:db8:5::31/64"] {
        assert!(site.has(address), "{address}");
    }
    assert_eq!(routes(), Vec::<String>::new());
}

#[test]
fn a_line_with_two_addresses_is_no_list() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    let ips = site.path("ips");
    for (line, what) in [
        ("192.0.2.1 192.0.2.31", "a second address, 192.0.2.31: write one address a line, notes after #"),
        ("192.0.2.1,192.0.2.31", "a second address, 192.0.2.31: write one address a line, notes after #"),
        ("192.0.2.31 255.0.255.0", "255.0.255.0 is not a netmask"),
        ("192.0.2.31 255.255.255.256", "255.255.255.256 is not a netmask"),
        ("192.0.2.31 ffff:ff00::", "ffff:ff00:: is not a netmask"),
        ("192.0.2.31/24:255.255.255.128", "prefix lengths 24 and 25 of one address: correct one of them"),
        (
            "192.0.2.31 255.255.255.0 255.255.0.0",
            "prefix lengths 24 and 16 of one address: correct one of them",
        ),
        (
            "192.0.2.31:255.255.255.128:192.0.2.255",
            "192.0.2.255 is not the broadcast address of 192.0.2.31/25",
        ),
    ] {
        write(&ips, &format!("192.0.2.1\n{line}\n"));
        let line = format!("IP_REBIND UNKNOWN - {} line 2: {what}", ips.display());
        assert_eq!(site.handle().verdict(), (3, line.as_str()));
        let mut check = site.host.command(suite::plugins::binary("check_ip_bound"));
        let line = format!("IP_BOUND UNKNOWN - {} line 2: {what}", ips.display());
        assert_eq!(run(check.arg(format!("--file={}", ips.display()))).summary(), (3, line.as_str()));
    }
    write(&ips, "192.0.2.31:255.255.255.255\n");
    assert_eq!(site.handle().code, Some(0));
    assert!(site.has("192.0.2.31/32"));
}

#[test]
fn lists_with_other_addresses_are_named() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1 192.0.2.31");
    write(&site.path("other"), "192.0.2.1\n192.0.2.32\n");
    let other = site.path("other").display().to_string();
    site.configure(&format!("enabled = true\ncheck = [\"--file={other}\"]\n"));
    let outcome = site.handle();
    let difference = "lists differ: 192.0.2.32 only in check, 192.0.2.31 only in files";
    let line = format!("IP_REBIND UNKNOWN - {difference} (bound again: 192.0.2.31)");
    assert_eq!(outcome.verdict(), (3, line.as_str()));
    assert_eq!(site.trial().verdict(), (3, format!("IP_REBIND UNKNOWN - {difference}").as_str()));
    assert!(outcome.stdout.contains(&format!("\n192.0.2.32: only in {other} line 2\n")), "{outcome:?}");
    site.host.ip(&["addr", "add", "192.0.2.32/24", "dev", "eth0"]);
    let line = format!("IP_REBIND UNKNOWN - {difference}");
    assert_eq!(site.handle().verdict(), (3, line.as_str()));
    assert_eq!(site.trial().verdict(), (3, line.as_str()));
    // Addresses of `--ip` are a list too.
    let ips = site.path("ips").display().to_string();
    for address in ["192.0.2.32", "192.0.2.99"] {
        site.configure(&format!("enabled = true\ncheck = [\"--ip={address}\"]\n"));
        let line = format!(
            "IP_REBIND UNKNOWN - lists differ: {address} only in check, 192.0.2.1, 192.0.2.31 only in files"
        );
        assert_eq!(site.handle().verdict(), (3, line.as_str()));
        assert_eq!(site.trial().verdict(), (3, line.as_str()));
    }
    site.configure("enabled = true\ncheck = [\"--ip=192.0.2.1\", \"--ip=192.0.2.31\"]\n");
    assert_eq!(site.handle().code, Some(0));
    // A missing address that is expected beside the list is a warning of a trial, too.
    site.configure(&format!("enabled = true\ncheck = [\"--file={ips}\", \"--ip=192.0.2.99\"]\n"));
    let line = "IP_REBIND WARNING - 192.0.2.99 left alone: not in the list";
    assert_eq!(site.handle().verdict(), (1, line));
    let tried = site.trial();
    assert_eq!(tried.verdict(), (1, line));
    let line = "\n2 addresses listed, 0 would be bound on eth0, 1 missing and not in the list\n";
    assert!(tried.stdout.contains(line), "{tried:?}");
    // If `check` names the list itself and other files, it expects more on purpose.
    site.configure(&format!("enabled = true\ncheck = [\"--file={other}\", \"--file={ips}\"]\n"));
    let line = "IP_REBIND OK - nothing is missing, 3 addresses bound and usable";
    assert_eq!(site.handle().verdict(), (0, line));
}

#[test]
fn no_file_that_is_read_is_written() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.1");
    let top = site.folder.path().display().to_string();
    write(&site.path("hosts"), "192.0.2.1 example.com\n");
    fs::create_dir(site.path("state")).unwrap();
    fs::set_permissions(site.path("state"), std::os::unix::fs::PermissionsExt::from_mode(0o700)).unwrap();
    write(&site.path("state/ips"), "192.0.2.1\n");
    let script = site.script("restart", "true");
    let config = format!("configuration {top}/config.toml: ");
    for (settings, what) in [
        (
            format!("log = \"{top}/ips\""),
            format!("{config}log: {top}/ips is a list of files too, name another file"),
        ),
        (
            format!("log = \"{top}/config.toml\""),
            format!("{config}log: {top}/config.toml is the configuration too, name another file"),
        ),
        (
            format!("log = \"{script}\"\nrestart = [[\"{script}\"]]"),
            format!("{config}log: {script} is a program too, name another file"),
        ),
        (
            format!("log = \"{top}/state/budget.json\""),
            format!("{config}log: {top}/state/budget.json is in the directory of state, name another file"),
        ),
        (
            format!("files = [\"{top}/state/ips\"]"),
            format!("{config}state: {top}/state has a list of files in it, name another directory"),
        ),
        (
            format!("log = \"{top}/hosts\""),
            format!("log: appending to {top}/hosts: not a log of this program, name another file"),
        ),
        (
            format!("state = \"{top}/typo/state\""),
            format!("state: making {top}/typo/state: no such file or directory"),
        ),
    ] {
        site.configure(&format!("enabled = true\n{settings}\n"));
        let line = format!("IP_REBIND UNKNOWN - {what}");
        assert_eq!(site.handle().verdict(), (3, line.as_str()));
        assert_eq!(site.trial().code, Some(3), "{settings}");
    }
    assert_eq!(fs::read_to_string(site.path("ips")).unwrap(), "192.0.2.1");
    assert_eq!(fs::read_to_string(site.path("hosts")).unwrap(), "192.0.2.1 example.com\n");
    assert!(!site.path("typo").exists());
}

#[test]
fn a_link_without_a_carrier_and_one_without_ipv6_are_named() {
    if missing(&HOSTS) {
        return;
    }
    let site = Site::new("192.0.2.31 2001:db8::31");
    site.host.sysctl("net/ipv6/conf/eth0/disable_ipv6", "1");
    let outcome = site.trial();
    assert!(
        outcome.code == Some(2)
            && outcome.stdout.contains("\n2001:db8::31: left alone: IPv6 is disabled on eth0\n"),
        "{outcome:?}"
    );
    let line =
        "IP_REBIND CRITICAL - 2001:db8::31 not back: IPv6 is disabled on eth0 (bound again: 192.0.2.31)";
    assert_eq!(site.handle().verdict(), (2, line));
    site.host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    write(&site.path("ips"), "192.0.2.31\n");
    site.neighbour.ip(&["link", "set", "eth0", "down"]);
    eventually("the other end of the cable is noticed", Duration::from_secs(10), || {
        site.host.ip(&["-o", "link", "show", "eth0"]).stdout.contains("NO-CARRIER")
    });
    let line = "IP_REBIND CRITICAL - 192.0.2.31 left alone: eth0 has no carrier";
    assert_eq!(site.handle().verdict(), (2, line));
}
