//! The monitor's own faults: never an outage of those whom it cannot reach.

use std::sync::PoisonError;
use std::time::Duration;

use suite::host::{Host, public_folder, succeed, write};
use suite::needs::{Need, missing, neighbours};
use suite::plugins;
use suite::process::run;
use suite::wait::eventually;

use super::{HOSTS, NEIGHBOURS, cabled, check, listening, routed};

/// More neighbours than the kernel's table takes: the rest is not tested, and none of them is called failed.
#[test]
fn a_full_table_of_neighbours_is_no_outage() {
    if missing(&HOSTS) || missing(&[Need::NeighboursUpTo(4_096)]) {
        return;
    }
    let _alone = NEIGHBOURS.write().unwrap_or_else(PoisonError::into_inner);
    let live = usize::try_from(neighbours().unwrap()).unwrap() * 3;
    let (monitor, server) = cabled();
    monitor.ip(&["addr", "add", "198.18.0.1/16", "dev", "eth0"]);
    let addresses: Vec<String> =
        (0..live).map(|number| format!("198.18.{}.{}", 1 + number / 250, 1 + number % 250)).collect();
    server.ip_batch(
        &addresses.iter().map(|address| format!("addr add {address}/16 dev eth0\n")).collect::<String>(),
    );
    let _port = listening(&server, 80);
    let folder = public_folder();
    write(&folder.path().join("list"), &(addresses.join("\n") + "\n"));
    let list = format!("--file={}", folder.path().join("list").display());
    let outcome = check(&monitor, &["--port=80", &list]);
    let first = outcome.first_line();
    assert_eq!(outcome.code, Some(3), "{first}");
    assert!(first.contains(&format!(" of {live} untested, port 80: ")), "{first}");
    assert!(first.contains(&format!(" | failed=0;;0;0;{live} untested=")), "{first}");
    assert!(
        outcome.stdout.contains(": neighbour table full here: raise net.ipv4.neigh.default.gc_thresh3 "),
        "{first}"
    );
}

#[test]
fn a_link_that_is_down_here_is_no_outage() {
    if missing(&HOSTS) {
        return;
    }
    let (monitor, server) = cabled();
    monitor.ip(&["addr", "add", "198.51.100.1/24", "dev", "eth0"]);
    server.ip(&["link", "set", "eth0", "down"]);
    eventually("eth0 loses its carrier", Duration::from_secs(10), || {
        monitor.ip(&["-o", "link", "show", "eth0"]).stdout.contains("NO-CARRIER")
    });
    let outcome = check(&monitor, &["--port=80", "--ip=198.51.100.2", "--connect-timeout=0.5"]);
    let line = "TCP_EACH_IP UNKNOWN - 1 of 1 untested, port 80: 198.51.100.2 link down here | failed=0;";
    assert_eq!(outcome.code, Some(3));
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
}

/// From loopback no other host is reached, lo leads to none, and no other interface to loopback.
#[test]
fn a_source_that_leads_nowhere_is_named() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, server) = routed(1);
    let (_open, _own) = (listening(&server, 80), listening(&monitor, 80));
    let source = "not reachable by --source";
    let interface = "not reachable by --interface";
    let rows: [(&str, &str, i32, &str); 10] = [
        ("192.0.2.1", "--source=127.0.0.1", 3, source),
        ("198.51.100.1", "--source=127.0.0.1", 0, ""),
        ("192.0.2.1", "--interface=lo", 3, interface),
        ("127.0.0.1", "--interface=lo", 0, ""),
        ("127.0.0.1", "--interface=eth0", 3, interface),
        ("198.51.100.1", "--interface=eth0", 0, ""),
        ("192.0.2.1", "--interface=eth0", 0, ""),
        // Nothing has it: that is no fault of the option.
        ("198.51.100.9", "--interface=eth0", 2, "no neighbour"),
        // Bound on eth0, and not on lo.
        ("198.51.100.1", "--interface=lo", 3, interface),
        ("2001:db8:51::1", "--interface=lo", 3, interface),
    ];
    for (address, option, code, words) in rows {
        let address = format!("--ip={address}");
        let outcome = check(&monitor, &["--port=80", &address, option, "--connect-timeout=1.2"]);
        assert_eq!(outcome.code, Some(code), "{address} {option} {}", outcome.stdout);
        assert!(outcome.first_line().contains(words), "{address} {option} {}", outcome.stdout);
    }
}

/// An outage of what an interface leads to is one, also where no address tells that it leads there.
#[test]
fn an_interface_leads_to_more_than_its_addresses() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, _server) = routed(1);
    monitor.ip(&["route", "add", "local", "203.0.113.0/24", "dev", "lo"]);
    monitor.ip(&["addr", "add", "127.5.0.1/32", "dev", "eth0"]);
    let _own = listening(&monitor, 80);
    let rows = [
        ("203.0.113.5", "--interface=lo", 80, 0, "1 address answers"),
        ("203.0.113.5", "--interface=lo", 81, 2, "203.0.113.5 refused"),
        ("127.5.0.1", "--interface=eth0", 80, 0, "1 address answers"),
        ("127.5.0.1", "--interface=eth0", 81, 2, "127.5.0.1 refused"),
        ("203.0.113.5", "--interface=eth0", 80, 3, "203.0.113.5 not reachable by --interface"),
    ];
    for (address, option, port, code, words) in rows {
        let (ip, port) = (format!("--ip={address}"), format!("--port={port}"));
        let outcome = check(&monitor, &[&port, &ip, option, "--connect-timeout=1.2"]);
        assert_eq!(outcome.code, Some(code), "{address} {option} {}", outcome.stdout);
        assert!(outcome.first_line().contains(words), "{address} {option} {}", outcome.stdout);
    }
}

/// An interface that has lost its address is a fault of the monitor, and so is one without a route where the
/// kernel needs one; a link that carries answers without them is none.
#[test]
fn an_interface_without_a_route_is_no_outage() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, server) = routed(1);
    let other = Host::create();
    monitor.cable("eth1", &other, "eth0");
    monitor.ip_batch("addr add 203.0.113.1/24 dev eth1\nroute add default via 203.0.113.2 dev eth1\n");
    other.ip(&["addr", "add", "203.0.113.2/24", "dev", "eth0"]);
    server.sysctl("net/ipv4/conf/all/arp_ignore", "1");
    let _port = listening(&server, 80);
    let sweep = |addresses: &[&str]| {
        let mut arguments = vec!["--port=80", "--interface=eth0", "--connect-timeout=1.2"];
        arguments.extend(addresses);
        check(&monitor, &arguments)
    };
    let told = |addresses: &[&str], code: i32, words: &str| {
        let outcome = sweep(addresses);
        assert_eq!(outcome.code, Some(code), "{}", outcome.stdout);
        assert!(outcome.first_line().contains(words), "{}", outcome.stdout);
    };
    told(&["--ip=192.0.2.1"], 0, "1 address answers");
    // A target that is dead is one while there is a route.
    told(&["--ip=198.51.100.9"], 2, "198.51.100.9 no neighbour");
    monitor.ip(&["route", "del", "192.0.2.0/24"]);
    // The kernel looks for it on the link all the same, where it is not.
    told(&["--ip=192.0.2.1"], 3, "192.0.2.1 no route by --interface");
    // That is no proof of a closed port.
    told(&["--ip=192.0.2.1", "--closed"], 3, "192.0.2.1 no route by --interface");
    // What is on the link needs none.
    monitor.ip(&["route", "del", "198.51.100.0/24"]);
    told(&["--ip=198.51.100.9"], 2, "198.51.100.9 no neighbour");
    let shown = sweep(&["--ip=198.51.100.9"]).stdout;
    assert!(shown.contains("\nno route of eth0 covers 198.51.100.9: see ip route show\n"), "{shown}");
    monitor.ip(&["route", "add", "198.51.100.0/24", "dev", "eth0"]);
    monitor.ip(&["-6", "route", "del", "2001:db8:2::/64"]);
    told(&["--ip=2001:db8:2::1"], 3, "2001:db8:2::1 no route by --interface");
    // A table that a rule chooses by the source has one.
    monitor.ip(&["rule", "add", "from", "198.51.100.1", "lookup", "100"]);
    monitor.ip(&["route", "add", "default", "via", "198.51.100.2", "dev", "eth0", "table", "100"]);
    told(&["--ip=192.0.2.1"], 0, "1 address answers");
    told(&["--ip=192.0.2.9"], 2, "192.0.2.9 ");
    monitor.ip(&["addr", "del", "198.51.100.1/24", "dev", "eth0"]);
    told(&["--ip=198.51.100.9"], 3, "198.51.100.9 no IPv4 address on --interface");
    // The server knows the way back: this link needs no address.
    server.ip(&["route", "add", "203.0.113.1/32", "dev", "eth0"]);
    monitor.sysctl("net/ipv4/conf/all/arp_ignore", "0");
    told(&["--ip=198.51.100.2"], 0, "1 address answers");
    told(&["--ip=198.51.100.2", "--ip=198.51.100.9"], 2, "1 of 2 fails, port 80: 198.51.100.9 no neighbour");
}

/// On a link that works without a route, an outage of all is one, as one of a part is.
#[test]
fn a_link_without_a_route_has_outages() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, other) = (Host::create(), Host::create());
    let told = |addresses: &[&str], code: i32, words: &str| {
        let mut arguments = vec!["--port=80", "--interface=eth1", "--connect-timeout=1.2"];
        arguments.extend(addresses);
        let outcome = check(&monitor, &arguments);
        assert_eq!(outcome.code, Some(code), "{addresses:?} {}", outcome.stdout);
        assert!(outcome.first_line().contains(words), "{addresses:?} {}", outcome.stdout);
    };
    // A link on which all addresses stand alone.
    monitor.cable("eth1", &other, "eth0");
    monitor.ip(&["addr", "add", "203.0.113.1/32", "dev", "eth1"]);
    other.ip_batch("addr add 203.0.113.7/32 dev eth0\nroute add 203.0.113.1 dev eth0\n");
    let _port = listening(&other, 80);
    told(&["--ip=203.0.113.7"], 0, "1 address answers");
    let (one, both) = (["--ip=203.0.113.8"], ["--ip=203.0.113.7", "--ip=203.0.113.8"]);
    told(&both, 2, "1 of 2 fails, port 80: 203.0.113.8 no neighbour");
    told(&one, 2, "203.0.113.8 no neighbour");
    other.ip(&["addr", "del", "203.0.113.7/32", "dev", "eth0"]);
    told(&both, 2, "2 of 2 fail, port 80: 203.0.113.7 ");
    monitor.ip(&["link", "set", "eth1", "down"]);
    told(&one, 3, "203.0.113.8 link down here");
}

/// The kernel reports a neighbour that does not answer to the first few packets that wait for it, and drops
/// the others: all the same one host has one verdict.
#[test]
fn a_silent_gateway_is_no_outage_of_those_behind_it() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, server) = routed(1);
    let folder = public_folder();
    let file = folder.path().join("list");
    let sweep = |network: &str, numbers: std::ops::RangeInclusive<u8>| {
        write(&file, &numbers.map(|number| format!("{network}{number}\n")).collect::<String>());
        let list = format!("--file={}", file.display());
        check(&monitor, &["--port=80", &list, "--connect-timeout=1.2"])
    };
    // Nothing on the link has these: that is their fault.
    let outcome = sweep("198.51.100.", 10..=209);
    let line = "TCP_EACH_IP CRITICAL - 200 of 200 fail, port 80: 198.51.100.10-209 no neighbour |";
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
    server.ip(&["link", "set", "eth0", "arp", "off"]);
    let outcome = sweep("192.0.2.", 1..=200);
    let line = "TCP_EACH_IP UNKNOWN - 200 of 200 untested, port 80: 192.0.2.1-200 gateway silent here |";
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
    let outcome = sweep("2001:db8:2::", 1..=200);
    assert_eq!(outcome.code, Some(3), "{}", outcome.stdout);
    assert!(outcome.first_line().contains(" 200 of 200 untested, port 80: "), "{}", outcome.stdout);
}

/// A run that is stopped has no diagnosis yet: it looks at what the kernel knows at once.
#[test]
fn a_stopped_run_blames_a_silent_gateway_and_no_target() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, server) = routed(200);
    let folder = public_folder();
    let file = folder.path().join("list");
    write(&file, &(1..=200).map(|number| format!("192.0.2.{number}\n")).collect::<String>());
    let list = format!("--file={}", file.display());
    let stopped = || {
        let mut command = monitor.command("timeout");
        command.arg("2.8").arg(plugins::binary("check_tcp_each_ip"));
        let outcome =
            run(command.args(["--port=80", &list, "--connect-timeout=1.2", "--timeout=20", "--tries=5"]));
        outcome.first_line().split_once(" s, partial: ").map(|(_, known)| known.to_owned()).unwrap()
    };
    let drop = "add table ip sop; add chain ip sop in { type filter hook input priority 0; }; \
                add rule ip sop in ip daddr 192.0.2.0/24 drop";
    succeed(server.command("nft").arg(drop));
    let data = |failed, untested| {
        let all = format!("failed={failed};;0;0;200 untested={untested};;;0;200");
        format!(" | {all} second_try=U;;;0;200 slowest=U;;;0")
    };
    assert_eq!(stopped(), format!("200 of 200 tried do not answer{}", data(200, 0)));
    server.ip(&["link", "set", "eth0", "arp", "off"]);
    monitor.ip(&["neigh", "flush", "all"]);
    assert_eq!(stopped(), format!("200 of 200 asked, 200 silent so far{}", data(0, 200)));
}

#[test]
fn no_local_port_left_is_no_outage() {
    if missing(&HOSTS) {
        return;
    }
    let (monitor, server) = routed(1);
    let _port = listening(&server, 80);
    // A single port for connections, and somebody else has it.
    monitor.sysctl("net/ipv4/ip_local_port_range", "40000 40000");
    let _taken = listening(&monitor, 40_000);
    let outcome = check(&monitor, &["--port=80", "--ip=192.0.2.1", "--source=198.51.100.1"]);
    let line = "TCP_EACH_IP UNKNOWN - 1 of 1 untested, port 80: 192.0.2.1 no local port left | failed=0;";
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
}

#[test]
fn a_machine_without_ipv6_has_local_ports_left() {
    if missing(&HOSTS) {
        return;
    }
    let (monitor, _server) = routed(1);
    monitor.sysctl("net/ipv6/conf/all/disable_ipv6", "1");
    let outcome = check(&monitor, &["--port=80", "--ip=2001:db8::1"]);
    let line = "TCP_EACH_IP UNKNOWN - 1 of 1 untested, port 80: 2001:db8::1 no IPv6 address here | failed=0;";
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
    assert!(
        outcome.stdout.contains("no interface of this machine has an IPv6 address"),
        "{}",
        outcome.stdout
    );
}

#[test]
fn its_own_firewall_is_no_outage() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let (monitor, server) = routed(1);
    let _port = listening(&server, 80);
    // The last is also what the kernel says where a gateway is silent: this one answers.
    for by in ["admin-prohibited", "host-unreachable"] {
        let rule = format!(
            "add table ip sop; flush table ip sop; \
             add chain ip sop out {{ type filter hook output priority 0; }}; \
             add rule ip sop out tcp dport 80 reject with icmp type {by}"
        );
        succeed(monitor.command("nft").arg(rule));
        monitor.ip(&["neigh", "flush", "dev", "eth0"]);
        run(monitor.command("ping").args(["-c1", "-W1", "192.0.2.1"]));
        let outcome = check(&monitor, &["--port=80", "--ip=192.0.2.1"]);
        let line = "TCP_EACH_IP UNKNOWN - 1 of 1 untested, port 80: 192.0.2.1 prohibited here | failed=0;";
        assert!(outcome.first_line().starts_with(line), "{by}: {}", outcome.stdout);
    }
}
