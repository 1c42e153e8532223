//! What lies between: IPv6, link-local nameservers, routers that refuse, and a machine that cannot send.

use std::net::TcpListener;

use suite::host::{bare, cabled};
use suite::needs::{Need, missing};
use suite::process::run;

use super::{NEEDS, check, fake, host, inside, said};

#[test]
fn nameservers_of_ipv6_and_of_the_link_are_asked() {
    if missing(&NEEDS) {
        return;
    }
    let (near, far) = cabled();
    near.ip(&["addr", "add", "fe80::1/64", "dev", "eth0", "nodad"]);
    far.ip(&["addr", "add", "fe80::53/64", "dev", "eth0", "nodad"]);
    near.ip(&["addr", "add", "2001:db8::1/64", "dev", "eth0", "nodad"]);
    far.ip(&["addr", "add", "2001:db8::53/64", "dev", "eth0", "nodad"]);
    let index = inside(&far, || std::fs::read_to_string("/proc/thread-self/net/if_inet6").unwrap());
    let scope =
        index.lines().find(|line| line.starts_with("fe80")).and_then(|line| line.split(' ').nth(1)).unwrap();
    let scope = u32::from_str_radix(scope, 16).unwrap();
    let _servers = (fake(&far, &format!("[fe80::53%{scope}]:53")), fake(&far, "[2001:db8::53]:53"));
    near.etc("resolv.conf", "nameserver fe80::53%eth0\nnameserver 2001:db8::53\n");
    near.etc("nsswitch.conf", "hosts: dns\n");
    let outcome = check(&near, &["--name=good.test"]);
    assert_eq!(said(&outcome), (0, "OK - 2 nameservers resolve 1 name".to_owned()), "{}", outcome.stdout);
    let gone = check(&near, &["--server=fe80::53%eth9", "--name=good.test"]);
    let line = "CRITICAL - 1 of 1 nameserver fails: fe80::53%eth9 no such interface: eth9";
    assert_eq!(said(&gone), (2, line.to_owned()));
}

/// What did not leave this machine is no fault of its firewall.
#[test]
fn a_machine_without_ipv6_has_no_address_to_ask_from() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&["192.0.2.53"], "nameserver 2001:db8::53\nnameserver 192.0.2.53\n");
    let _server = fake(&host, "192.0.2.53:53");
    host.sysctl("net/ipv6/conf/all/disable_ipv6", "1");
    let fails = "1 of 2 nameservers fails: 2001:db8::53 no IPv6 address here";
    assert_eq!(said(&check(&host, &["--name=good.test"])), (1, format!("WARNING - {fails}")));
    let line = "CRITICAL - 1 of 1 nameserver fails: 2001:db8::53 no IPv6 address here";
    assert_eq!(said(&check(&host, &["--server=2001:db8::53", "--name=good.test"])), (2, line.to_owned()));
}

/// A question by TCP needs a local port of its own.
#[test]
fn a_machine_without_ports_left_is_not_one_without_addresses() {
    if missing(&NEEDS) {
        return;
    }
    let host = host(&["192.0.2.53"], "nameserver 192.0.2.53\n");
    host.ip(&["addr", "add", "2001:db8::53/128", "dev", "lo", "nodad"]);
    let _servers = (fake(&host, "192.0.2.53:53"), fake(&host, "[2001:db8::53]:53"));
    host.sysctl("net/ipv4/ip_local_port_range", "40000 40000");
    let _taken = inside(&host, || TcpListener::bind("[::]:40000").unwrap());
    for server in ["192.0.2.53", "2001:db8::53"] {
        let outcome = check(&host, &[&format!("--server={server}"), "--name=tc.test"]);
        let line = format!("1 of 1 nameserver fails: {server} truncated, and TCP no local port left");
        assert_eq!(said(&outcome), (2, format!("CRITICAL - {line}")));
    }
}

#[test]
fn routers_and_routes_say_why() {
    if missing(&NEEDS) {
        return;
    }
    let (near, router) = cabled();
    near.ip(&["addr", "add", "192.0.2.1/24", "dev", "eth0"]);
    router.ip(&["addr", "add", "192.0.2.254/24", "dev", "eth0"]);
    router.sysctl("net/ipv4/ip_forward", "1");
    router.ip(&["route", "add", "prohibit", "198.51.100.1/32"]);
    router.ip(&["route", "add", "unreachable", "198.51.100.2/32"]);
    near.ip(&["route", "add", "198.51.100.0/24", "via", "192.0.2.254"]);
    near.ip(&["route", "add", "prohibit", "198.51.100.5/32"]);
    near.ip(&["route", "add", "unreachable", "198.51.100.6/32"]);
    let fails = |server: &str, why: &str| format!("CRITICAL - 1 of 1 nameserver fails: {server} {why}");
    let rows = [
        ("198.51.100.1", 2, fails("198.51.100.1", "prohibited on the way")),
        ("198.51.100.2", 2, fails("198.51.100.2", "host unreachable")),
        ("198.51.100.3", 2, fails("198.51.100.3", "net unreachable")),
        ("203.0.113.1", 2, fails("203.0.113.1", "no route from here")),
        ("192.0.2.9", 2, fails("192.0.2.9", "host unreachable")),
        ("198.51.100.6", 2, fails("198.51.100.6", "host unreachable")),
        ("198.51.100.5", 3, "UNKNOWN - no question could be sent: prohibited here".to_owned()),
    ];
    for (server, code, line) in rows {
        let outcome = check(&near, &[&format!("--server={server}"), "--name=good.test/A"]);
        assert_eq!(said(&outcome), (code, line), "{server}: {}", outcome.stdout);
    }
    // What did not leave this machine is refused by no server.
    let not_asked = |server: &str, why: &str| (3, format!("UNKNOWN - {server} not asked: {why}"));
    let refuses = (0, "OK - 1 server refuses strangers".to_owned());
    let rows = [
        ("198.51.100.1", refuses.clone()),
        ("198.51.100.2", refuses),
        ("192.0.2.9", not_asked("192.0.2.9", "host unreachable")),
        ("198.51.100.5", not_asked("198.51.100.5", "prohibited here")),
        ("198.51.100.6", not_asked("198.51.100.6", "host unreachable")),
        ("203.0.113.1", not_asked("203.0.113.1", "no route from here")),
    ];
    for (server, expected) in rows {
        let outcome = check(&near, &["--closed", &format!("--server={server}"), "--name=good.test/A"]);
        assert_eq!(said(&outcome), expected, "{server}: {}", outcome.stdout);
    }
}

/// The firewall of the nameserver itself lets no TCP through: that is no fault of the machine that asks.
#[test]
fn a_firewall_that_rejects_tcp_is_blamed_where_it_is() {
    if missing(&NEEDS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let (near, server) = cabled();
    for (host, last) in [(&near, 1), (&server, 53)] {
        host.ip(&["addr", "add", &format!("192.0.2.{last}/24"), "dev", "eth0"]);
        host.ip(&["addr", "add", &format!("2001:db8::{last}/64"), "dev", "eth0", "nodad"]);
    }
    let _servers = (fake(&server, "192.0.2.53:53"), fake(&server, "[2001:db8::53]:53"));
    let rows = [
        (&server, "input", "192.0.2.53", "icmp type admin-prohibited", "prohibited on the way"),
        (&server, "input", "192.0.2.53", "icmp type net-unreachable", "net unreachable"),
        (&server, "input", "192.0.2.53", "icmp type net-prohibited", "prohibited on the way"),
        (&server, "input", "192.0.2.53", "icmp type port-unreachable", "refused"),
        (&server, "input", "192.0.2.53", "tcp reset", "refused"),
        (&server, "input", "2001:db8::53", "icmpv6 type no-route", "net unreachable"),
        (&server, "input", "2001:db8::53", "icmpv6 type admin-prohibited", "prohibited on the way"),
        (&near, "output", "192.0.2.53", "icmp type admin-prohibited", "prohibited here"),
        (&near, "output", "2001:db8::53", "icmpv6 type no-route", "prohibited here"),
    ];
    for (host, hook, address, with, words) in rows {
        let rules = format!(
            "add table inet x; add chain inet x o {{ type filter hook {hook} priority 0; }}; \
             add rule inet x o tcp dport 53 reject with {with}"
        );
        assert_eq!(run(host.command("nft").arg(rules)).code, Some(0));
        let outcome = check(&near, &[&format!("--server={address}"), "--name=tc.test"]);
        let line = format!("CRITICAL - 1 of 1 nameserver fails: {address} truncated, and TCP {words}");
        assert_eq!(said(&outcome), (2, line), "{hook} {with}");
        assert_eq!(run(host.command("nft").arg("delete table inet x")).code, Some(0));
    }
}

#[test]
fn a_machine_whose_firewall_drops_its_own_questions_resolves_nothing() {
    if missing(&NEEDS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let host = host(&["192.0.2.53"], "nameserver 192.0.2.53\n");
    let _server = fake(&host, "192.0.2.53:53");
    let rules = "add table inet x; add chain inet x o { type filter hook output priority 0; }; \
                 add rule inet x o udp dport 53 drop";
    assert_eq!(run(host.command("nft").arg(rules)).code, Some(0));
    let outcome = check(&host, &["--name=good.test"]);
    let (code, line) = said(&outcome);
    assert_eq!(code, 2, "{line}");
    assert!(
        line.starts_with("CRITICAL - no question could be sent: prohibited here, this system "),
        "{line}"
    );
    let other = check(&host, &["--name=good.test", "--no-system"]);
    assert_eq!(said(&other), (3, "UNKNOWN - no question could be sent: prohibited here".to_owned()));
    drop(bare());
}
