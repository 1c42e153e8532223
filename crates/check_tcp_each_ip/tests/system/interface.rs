//! --interface, whose routes the monitor lacks, or which leads to the monitor itself.

use std::sync::PoisonError;

use suite::host::{Host, public_folder, write};
use suite::needs::missing;

use super::{HOSTS, NEIGHBOURS, check, listening};

/// A monitor at 203.0.113.1 on its eth1, and a host at .2 that has 198.51.100.9 too and knows the way back.
/// No route of the monitor leads there.
fn linked() -> (Host, Host) {
    let (monitor, other) = (Host::create(), Host::create());
    monitor.cable("eth1", &other, "eth0");
    monitor.ip(&["addr", "add", "203.0.113.1/24", "dev", "eth1"]);
    other.ip_batch("addr add 203.0.113.2/24 dev eth0\naddr add 198.51.100.9/32 dev lo\n");
    (monitor, other)
}

/// One run of --interface, which must end so.
fn told(monitor: &Host, interface: &str, arguments: &[&str], (code, words): (i32, &str)) -> String {
    let interface = format!("--interface={interface}");
    let outcome = check(monitor, &[&[interface.as_str()], arguments].concat());
    assert_eq!(outcome.code, Some(code), "{arguments:?} {}", outcome.stdout);
    assert!(outcome.first_line().contains(words), "{arguments:?} {}", outcome.stdout);
    outcome.stdout
}

/// Whether a total outage of what has no route is one, no run can tell that sees it: the one before says so.
#[test]
fn what_answers_without_a_route_is_told() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, other) = linked();
    let _port = listening(&other, 80);
    let told = |addresses: &[&str], code: i32, words: &str| {
        let arguments = [&["--port=80", "--connect-timeout=1.2"], addresses].concat();
        told(&monitor, "eth1", &arguments, (code, words))
    };
    let note = "\nnote: no route of eth1 covers 198.51.100.9, which answers all the same: ";
    let shown = told(&["--ip=203.0.113.2", "--ip=198.51.100.9"], 0, "2 addresses answer");
    assert!(shown.contains(note), "{shown}");
    monitor.ip(&["route", "add", "198.51.100.0/24", "dev", "eth1"]);
    let shown = told(&["--ip=203.0.113.2", "--ip=198.51.100.9"], 0, "2 addresses answer");
    assert!(!shown.contains("note"), "{shown}");
    // What is in the network of the interface answers without any route: of others that tells nothing.
    monitor.ip(&["route", "flush", "dev", "eth1"]);
    let far = ["--ip=203.0.113.2", "--ip=192.0.2.7", "--ip=192.0.2.8"];
    told(&far, 3, "2 of 3 untested, port 80: 192.0.2.7-8 no route by --interface");
    told(&["--ip=203.0.113.2", "--ip=203.0.113.9"], 2, "1 of 2 fails, port 80: 203.0.113.9 no neighbour");
    // What is in none shows that the others may be there too.
    told(&["--ip=198.51.100.9", "--ip=192.0.2.7"], 2, "1 of 2 fails, port 80: 192.0.2.7 no neighbour");
}

/// Hundreds of addresses that do not resolve leave the time to ask for their routes.
#[test]
fn hundreds_without_a_route_are_no_outage() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, _other) = linked();
    let folder = public_folder();
    let file = folder.path().join("list");
    let far = (0..300).map(|number| format!("198.18.{}.{}\n", number / 200, 1 + number % 200));
    write(&file, &far.collect::<String>());
    let list = format!("--file={}", file.display());
    told(&monitor, "eth1", &["--port=80", &list], (3, "300 of 300 untested, port 80: 198.18."));
    // The one is refused, which proves it closed.
    let closed = ["--port=80", &list, "--ip=203.0.113.2", "--closed"];
    told(&monitor, "eth1", &closed, (3, "300 of 301 untested, port 80: 198.18."));
}

/// A router that refuses an address of this machine, and lo, which takes each of them.
#[test]
fn an_own_address_is_where_the_interface_leads() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, other) = linked();
    let _port = listening(&monitor, 80);
    let short = |address: &'static str, port: &'static str| [address, port, "--connect-timeout=1.2"];
    monitor.ip_batch("addr add 198.51.100.1/32 dev lo\nroute add default via 203.0.113.2\n");
    other.sysctl("net/ipv4/ip_forward", "1");
    other.sysctl("net/ipv4/icmp_ratelimit", "0");
    other.ip(&["route", "add", "unreachable", "198.51.100.1"]);
    other.ip(&["route", "add", "unreachable", "192.0.2.1"]);
    told(&monitor, "eth1", &short("--ip=192.0.2.1", "--port=80"), (2, "192.0.2.1 host unreachable"));
    told(&monitor, "eth1", &short("--ip=198.51.100.1", "--port=80"), (3, "not reachable by --interface"));
    told(&monitor, "lo", &short("--ip=203.0.113.1", "--port=80"), (0, "1 address answers"));
    told(&monitor, "lo", &short("--ip=203.0.113.1", "--port=81"), (2, "203.0.113.1 silent"));
    told(&monitor, "lo", &short("--ip=198.51.100.1", "--port=81"), (2, "198.51.100.1 refused"));
    told(&monitor, "lo", &short("--ip=203.0.113.2", "--port=81"), (3, "not reachable by --interface"));
    monitor.ip(&["addr", "del", "198.51.100.1/32", "dev", "lo"]);
    told(&monitor, "lo", &short("--ip=203.0.113.1", "--port=80"), (3, "not reachable by --interface"));
}
