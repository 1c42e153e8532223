//! What the host's configuration promises against what came of it: an address too few, an address and a
//! default route too many.

use std::fmt::Write as _;

use suite::host::{Host, cabled};
use suite::needs::missing;
use suite::nrpe::{NEEDS, Nrpe};

use super::{HOSTS, check};

/// /etc/network/interfaces with 40 addresses on eth0: the main one and 39 by `up`.
fn forty() -> String {
    let mut text =
        "auto lo eth0\niface lo inet loopback\niface eth0 inet static\n  address 192.0.2.1/24\n".to_owned();
    for last in 2..=40 {
        writeln!(text, "  up ip addr add 192.0.2.{last}/24 dev eth0").unwrap();
    }
    text
}

#[test]
fn one_of_forty_promised_addresses_was_not_bound() {
    if missing(&NEEDS) {
        return;
    }
    let (host, _other) = cabled();
    host.etc("network/interfaces", &forty());
    let bind: String = (1..=40).map(|last| format!("addr add 192.0.2.{last}/24 dev eth0\n")).collect();
    host.ip_batch(&bind);
    let nrpe = Nrpe::start(&host, "");
    let asked = || nrpe.check("check_ip_bound", &[]);
    let data = |not_bound| format!("unusable=0;;;0;40 not_bound={not_bound};;;0;40 bound");
    let fine = "IP_BOUND OK - 40 addresses from ifupdown bound and usable | missing=0;;0;0;40";
    let fine = format!("{fine} {}=42;;;0 unexpected=0;;;0", data(0));
    assert_eq!(asked().verdict(), (0, fine.as_str()));
    host.ip(&["addr", "del", "192.0.2.31/24", "dev", "eth0"]);
    let line = "IP_BOUND CRITICAL - 1 of 40 addresses missing: 192.0.2.31";
    let line = format!("{line} | missing=1;;0;0;40 {}=41;;;0 unexpected=0;;;0", data(1));
    assert_eq!(asked().verdict(), (2, line.as_str()));
    assert_eq!(asked().stdout.lines().count(), 1, "the first line says it all");
}

/// A host with a static address and route, to which a DHCP server has given another of each.
fn leased() -> (Host, Host) {
    let (host, other) = cabled();
    host.ip_batch(
        "addr add 192.0.2.1/24 dev eth0\n\
         addr add 192.0.2.200/24 dev eth0 valid_lft 3600 preferred_lft 3600 noprefixroute\n\
         route add default via 192.0.2.254\n",
    );
    (host, other)
}

#[test]
fn an_address_that_nobody_expects_is_named_with_its_origin() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = leased();
    host.etc("ips", "192.0.2.1\n");
    let outcome = check(&host, &["--from=cpanel"]);
    assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
    let note = outcome.stdout.lines().nth(1).unwrap();
    let seconds = note.strip_prefix("note: unexpected: 192.0.2.200 on eth0 (for ").unwrap();
    let (seconds, rest) = seconds.split_once(' ').unwrap();
    assert!((3_000..=3_600).contains(&seconds.parse::<u32>().unwrap()), "{note}");
    assert_eq!(rest, "s more, by DHCP or router advertisement)");

    let alarm = check(&host, &["--from=cpanel", "--unexpected=critical"]);
    let data = "missing=0;;0;0;1 unusable=0;;;0;1 not_bound=0;;;0;1 bound=4;;;0 unexpected=1;;0;0";
    let line = format!("IP_BOUND CRITICAL - 1 unexpected address: 192.0.2.200 | {data}");
    assert_eq!(alarm.verdict(), (2, line.as_str()));
    for ignore in ["192.0.2.128/25", "eth0", "192.0.2.200"] {
        let ignored = check(&host, &["--from=cpanel", "--unexpected=critical", "--ignore", ignore]);
        assert_eq!(ignored.code, Some(0), "{ignore}: {}", ignored.stdout);
    }
}

#[test]
fn a_second_default_route_is_named_with_its_origin() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = leased();
    let look = |gateway: &str| {
        let outcome = check(&host, &["--ip=192.0.2.1", "--gateway", gateway]);
        (outcome.code.unwrap(), outcome.first_line().split(" | ").next().unwrap().to_owned())
    };
    let critical = |text: &str| (2, format!("IP_BOUND CRITICAL - {text}"));
    let fine = (0, "IP_BOUND OK - 1 address bound and usable".to_owned());
    assert_eq!(look("192.0.2.254"), fine);
    assert_eq!(look("192.0.2.253"), critical("default route via 192.0.2.254 on eth0, not via 192.0.2.253"));
    host.ip(&[
        "route",
        "append",
        "default",
        "via",
        "192.0.2.253",
        "proto",
        "dhcp",
        "src",
        "192.0.2.200",
        "metric",
        "100",
    ]);
    let two = "2 default routes: via 192.0.2.254 on eth0, via 192.0.2.253 by dhcp metric 100 on eth0";
    assert_eq!(look("192.0.2.254"), critical(two));
    host.ip(&["route", "flush", "default"]);
    assert_eq!(look("192.0.2.254"), critical("no default route, expected via 192.0.2.254"));
    host.ip(&["route", "add", "blackhole", "default"]);
    assert_eq!(look("192.0.2.254"), critical("default route blackhole, not via 192.0.2.254"));
    host.ip(&["route", "flush", "default"]);
    host.ip(&["route", "add", "default", "nexthop", "via", "192.0.2.254", "nexthop", "via", "192.0.2.253"]);
    assert_eq!(
        look("192.0.2.254"),
        critical("2 default routes: via 192.0.2.253 on eth0, via 192.0.2.254 on eth0")
    );
    // A route of another table is no default route of this host.
    host.ip(&["route", "flush", "default"]);
    host.ip_batch("route add default via 192.0.2.254\nroute add default via 192.0.2.253 table 100\n");
    assert_eq!(look("192.0.2.254"), fine);
}

#[test]
fn the_default_route_of_ipv6_counts_by_itself() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    host.ip_batch(
        "addr add 2001:db8::1/64 dev eth0 nodad\n\
         route add default via 2001:db8::fe dev eth0\n",
    );
    let look = |gateway: &str| check(&host, &["--ip=2001:db8::1", "--gateway", gateway]);
    let fine = look("2001:db8::fe");
    assert!(
        fine.code == Some(0) && fine.first_line().contains(" default_routes_ipv6=1;;;0 "),
        "{}",
        fine.stdout
    );
    host.ip(&[
        "route",
        "append",
        "default",
        "via",
        "2001:db8::fd",
        "dev",
        "eth0",
        "proto",
        "ra",
        "metric",
        "1024",
    ]);
    let two = look("2001:db8::fe");
    assert_eq!(two.code, Some(2), "{}", two.stdout);
    assert!(two.first_line().contains("2 default routes: via 2001:db8::f"), "{}", two.stdout);
    assert_eq!(look("192.0.2.254").code, Some(2), "IPv4 has none");
}

#[test]
fn the_list_of_the_host_is_a_list_for_the_plugin() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = leased();
    host.etc("ips", "192.0.2.1:255.255.255.0:192.0.2.255\n192.0.2.7:255.255.255.0:192.0.2.255\n");
    let list = check(&host, &["--from=cpanel", "--list"]);
    let expected = "# 2 addresses from cpanel\n192.0.2.1 # /etc/ips line 1\n192.0.2.7 # /etc/ips line 2\n";
    assert_eq!((list.code, list.stdout.as_str()), (Some(0), expected));
    let folder = suite::host::public_folder();
    let file = folder.path().join("list");
    suite::host::write(&file, &list.stdout);
    let again = check(&host, &["--file", file.to_str().unwrap()]);
    assert_eq!(
        again.first_line().split(" | ").next(),
        Some("IP_BOUND CRITICAL - 1 of 2 addresses missing: 192.0.2.7")
    );
}

/// An agent reads the files of its host below another root, which may lack /sys.
#[test]
fn another_root_is_compared_by_the_hardware_addresses_of_this_kernel() {
    if missing(&HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    host.ip_batch("link set eth0 address 02:00:5e:00:53:03\nlink add br0 type bridge\nlink set br0 up\n");
    host.ip_batch("link set eth0 master br0\naddr add 192.0.2.7/24 dev br0\n");
    let root = suite::host::public_folder();
    let write = |name: &str, text: &str| suite::host::write(&root.path().join(name), text);
    std::fs::create_dir_all(root.path().join("etc/systemd/network")).unwrap();
    let root_is = format!("--root={}", root.path().display());
    let (card, bridge) = ("etc/systemd/network/a.network", "etc/systemd/network/b.network");
    write(card, "[Match]\nMACAddress=02:00:5e:00:53:03\n[Network]\nBridge=br0\n");
    write(bridge, "[Match]\nName=br0\n[Network]\nAddress=192.0.2.7/24\n");
    let asked = || check(&host, &[&root_is]);
    assert_eq!(asked().code, Some(0), "{}", asked().stdout);
    host.ip(&["link", "set", "eth0", "nomaster"]);
    let first = asked().first_line().to_owned();
    assert!(first.contains("br0 has none of its ports: eth0 is not a port of it"), "{first}");

    write(card, "[Match]\nMACAddress=02:00:5e:00:53:03\n[Network]\nDHCP=ipv4\n");
    std::fs::remove_file(root.path().join(bridge)).unwrap();
    let lacking = "IP_BOUND CRITICAL - 1 of 1 address missing: eth0 has no IPv4 address (DHCP)";
    assert_eq!(asked().first_line().split(" | ").next(), Some(lacking));
    let list = check(&host, &[&root_is, "--list"]);
    assert!(list.stdout.contains("\n# dynamic: eth0 ipv4 # "), "{}", list.stdout);

    // A pattern is an expectation where an interface of this host has its address, also of another root.
    host.ip_batch("addr add 192.0.2.9/24 dev eth0 valid_lft 3600 preferred_lft 3600\n");
    write(card, "[Match]\nName=et*\n[Network]\nDHCP=ipv4\n");
    let list = check(&host, &[&root_is, "--list"]);
    assert!(list.code == Some(0) && list.stdout.contains("\n# dynamic: et* ipv4 "), "{}", list.stdout);
}
