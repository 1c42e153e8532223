//! Rules of the monitor that choose routes by more than the destination: its silence is explained by the
//! routes of the real connection.

use std::sync::PoisonError;

use suite::host::Host;
use suite::needs::missing;
use suite::plugins;
use suite::process::run;

use super::{HOSTS, NEIGHBOURS, check, routed};

/// A short try to one address, which must end so.
fn told(monitor: &Host, arguments: &[&str], code: i32, words: &str) {
    let outcome = check(monitor, &[arguments, &["--connect-timeout=1.2"]].concat());
    assert_eq!(outcome.code, Some(code), "{arguments:?} {}", outcome.stdout);
    assert!(outcome.first_line().contains(words), "{arguments:?} {}", outcome.stdout);
}

/// The table of a port leads to the link, that of all others to a gateway that answers.
#[test]
fn a_rule_by_port_has_its_routes() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, server) = routed(1);
    monitor.ip_batch(
        "rule add ipproto tcp dport 8080 lookup 100\nroute add 192.0.2.0/24 dev eth0 table 100\n\
         rule add ipproto tcp dport 8081 lookup 101\nroute add unreachable default table 101\n\
         rule add ipproto tcp dport 8082 lookup 102\nroute add 192.0.2.0/24 via 198.51.100.9 table 102\n",
    );
    monitor.ip(&["-6", "rule", "add", "ipproto", "tcp", "dport", "8080", "lookup", "100"]);
    monitor.ip(&["-6", "route", "add", "2001:db8:2::/64", "dev", "eth0", "table", "100"]);
    told(&monitor, &["--ip=192.0.2.9", "--port=8080"], 2, "192.0.2.9 no neighbour");
    told(&monitor, &["--ip=2001:db8:2::9", "--port=8080"], 2, "2001:db8:2::9 no neighbour");
    told(&monitor, &["--ip=192.0.2.1", "--port=8080"], 2, "192.0.2.1 ");
    told(&monitor, &["--ip=192.0.2.1", "--port=8081"], 3, "192.0.2.1 unreachable by a route here");
    // Nothing has the gateway of this port alone.
    told(&monitor, &["--ip=192.0.2.1", "--port=8082"], 3, "192.0.2.1 gateway silent here");
    // The main gateway is dead, and that of the port is not.
    server.ip(&["addr", "add", "198.51.100.9/24", "dev", "eth0"]);
    monitor.ip(&["route", "replace", "192.0.2.0/24", "via", "198.51.100.77"]);
    told(&monitor, &["--ip=192.0.2.1", "--port=80"], 3, "192.0.2.1 gateway silent here");
    told(&monitor, &["--ip=192.0.2.1", "--port=8082"], 2, "192.0.2.1 refused");
    told(&monitor, &["--ip=192.0.2.9", "--port=8082"], 2, "192.0.2.9 ");
    // By an interface, the only route is that of the port.
    monitor.ip(&["route", "del", "192.0.2.0/24"]);
    told(&monitor, &["--ip=192.0.2.9", "--port=8082", "--interface=eth0"], 2, "192.0.2.9 silent");
    told(&monitor, &["--ip=192.0.2.9", "--port=80", "--interface=eth0"], 3, "no route by --interface");
}

/// The table of a source leads to the link or to a gateway of its own.
#[test]
fn a_rule_by_source_has_its_routes() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, server) = routed(1);
    monitor.ip_batch(
        "addr add 198.51.100.11/24 dev eth0\naddr add 198.51.100.12/24 dev eth0\n\
         addr add 2001:db8:51::11/64 dev eth0 nodad\n\
         rule add from 198.51.100.11 lookup 100\nroute add 192.0.2.0/24 dev eth0 table 100\n\
         rule add from 198.51.100.12 lookup 102\nroute add 192.0.2.0/24 via 198.51.100.9 table 102\n",
    );
    let from_11 = ["--ip=192.0.2.9", "--port=80", "--source=198.51.100.11"];
    let from_12 = ["--ip=192.0.2.9", "--port=80", "--source=198.51.100.12"];
    monitor.ip(&["-6", "rule", "add", "from", "2001:db8:51::11", "lookup", "100"]);
    monitor.ip(&["-6", "route", "add", "2001:db8:2::/64", "dev", "eth0", "table", "100"]);
    told(&monitor, &from_11, 2, "192.0.2.9 no neighbour");
    let v6 = ["--ip=2001:db8:2::9", "--port=80", "--source=2001:db8:51::11"];
    told(&monitor, &v6, 2, "2001:db8:2::9 no neighbour");
    // Nothing has the gateway of this source alone.
    told(&monitor, &from_12, 3, "192.0.2.9 gateway silent here");
    server.ip(&["addr", "add", "198.51.100.9/24", "dev", "eth0"]);
    monitor.ip(&["route", "replace", "192.0.2.0/24", "via", "198.51.100.77"]);
    told(&monitor, &["--ip=192.0.2.9", "--port=80"], 3, "192.0.2.9 gateway silent here");
    told(&monitor, &from_12, 2, "192.0.2.9 silent");
    // The system chooses the first source, and then the table of that.
    monitor.ip(&["rule", "add", "from", "198.51.100.1", "lookup", "102"]);
    told(&monitor, &["--ip=192.0.2.9", "--port=80"], 2, "192.0.2.9 silent");
}

/// A run that is stopped looks at the routes of its own connections too.
#[test]
fn a_stopped_run_asks_for_the_routes_of_its_interface() {
    if missing(&HOSTS) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, _server) = routed(0);
    let stopped = || {
        let mut command = monitor.command("timeout");
        command.arg("2.8").arg(plugins::binary("check_tcp_each_ip"));
        command.args(["--port=8080", "--ip=192.0.2.1", "--ip=192.0.2.2", "--interface=eth0"]);
        let outcome = run(command.args(["--connect-timeout=1.2", "--timeout=20", "--tries=5"]));
        let known =
            outcome.first_line().split_once(" s, partial: ").and_then(|(_, known)| known.split_once(" |"));
        known.map(|(known, _)| known.to_owned()).unwrap_or(outcome.stdout)
    };
    assert_eq!(stopped(), "2 of 2 tried do not answer");
    monitor.ip(&["route", "del", "192.0.2.0/24"]);
    assert_eq!(stopped(), "2 of 2 asked, 2 silent so far");
    // The table of the port leads to a gateway, which is dead.
    monitor.ip(&["rule", "add", "ipproto", "tcp", "dport", "8080", "lookup", "100"]);
    monitor.ip(&["route", "add", "192.0.2.0/24", "via", "198.51.100.9", "table", "100"]);
    assert_eq!(stopped(), "2 of 2 asked, 2 silent so far");
}
