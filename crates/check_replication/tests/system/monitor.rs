//! What a connection that is not made means: the server's fault, or one of the machine that checks.

use std::net::TcpListener;
use std::sync::PoisonError;
use std::thread;

use suite::bench::enter;
use suite::host::{Host, bare};
use suite::needs::{Need, missing, neighbours};
use suite::neighbours::crowded;
use suite::plugins;
use suite::process::run;

use super::NEIGHBOURS;

/// The arguments, and what is said.
const ROWS: [(&str, &str); 17] = [
    ("--hostname=198.51.100.2", "UNKNOWN - 198.51.100.2: connecting: prohibited here"),
    // What its firewall rejects as a closed port is none of the server.
    ("--hostname=203.0.113.8:94", "UNKNOWN - 203.0.113.8:94: connecting: prohibited here"),
    ("--hostname=[2001:db8:1::8]:94", "UNKNOWN - [2001:db8:1::8]:94: connecting: prohibited here"),
    ("--hostname=198.51.100.4", "UNKNOWN - 198.51.100.4: connecting: unreachable by a route here"),
    ("--hostname=198.51.100.200", "UNKNOWN - 198.51.100.200: connecting: no route from here"),
    ("--hostname=203.0.113.127", "UNKNOWN - 203.0.113.127: connecting: a broadcast address"),
    ("--hostname=192.0.2.1:95", "CRITICAL - 192.0.2.1:95: connecting: host unreachable"),
    ("--hostname=192.0.2.1:96", "CRITICAL - 192.0.2.1:96: connecting: net unreachable"),
    ("--hostname=192.0.2.1:97", "CRITICAL - 192.0.2.1:97: connecting: prohibited"),
    ("--hostname=192.0.2.1:99 --timeout=2", "CRITICAL - 192.0.2.1:99: no connection within 2 s"),
    ("--hostname=192.0.2.1:93", "CRITICAL - 192.0.2.1:93: connecting: connection refused"),
    ("--hostname=203.0.113.7", "CRITICAL - 203.0.113.7: connecting: no neighbour"),
    ("--hostname=198.51.100.70", "UNKNOWN - 198.51.100.70: connecting: gateway silent here"),
    ("--hostname=203.0.113.130 --timeout=2", "UNKNOWN - 203.0.113.130: connecting: link down here"),
    // One address of a name that fails by itself is enough.
    ("--hostname=db-01 --timeout=2", "CRITICAL - db-01: no connection within 2 s"),
    ("--hostname=db-02 --timeout=2", "UNKNOWN - db-02: connecting: link down here"),
    // The worst of several is the line.
    (
        "--hostname=198.51.100.2 --hostname=192.0.2.1:93",
        "CRITICAL - 192.0.2.1:93: connecting: connection refused, 1 more fault",
    ),
];

#[test]
fn a_fault_of_this_machine_is_none_of_the_server() {
    let needs = ["ip", "nft"].map(Need::Program);
    if missing(&[Need::Root]) || missing(&needs) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let host = bare();
    host.etc("hosts", "192.0.2.99 db-01\n2001:db8:2::1 db-01\n203.0.113.130 db-02\n2001:db8:2::2 db-02\n");
    host.ip_batch(
        "addr add 192.0.2.1/32 dev lo\nroute add prohibit 198.51.100.2/32\n\
         addr add 192.0.2.99/32 dev lo\n\
         route add unreachable 198.51.100.4/32\nlink add v0 type veth peer name v1\n\
         link add w0 type veth peer name w1\naddr add 203.0.113.1/25 dev v0\n\
         addr add 203.0.113.129/25 dev w0\nlink set v0 up\nlink set v1 up\nlink set w0 up\n\
         addr add 2001:db8:1::1/64 dev v0 nodad\n\
         route add 198.51.100.64/26 via 203.0.113.9\n",
    );
    // An address that does not answer ARP fails within the time for a connection.
    host.sysctl("net/ipv4/neigh/v0/retrans_time_ms", "200");
    let rejects = [(95, "host-unreachable"), (96, "net-unreachable"), (97, "admin-prohibited")]
        .map(|(port, with)| format!("add rule ip x i tcp dport {port} reject with icmp {with}"));
    let rules = format!(
        "add table ip x; add chain ip x i {{ type filter hook input priority 0; }}; {}; \
         add rule ip x i tcp dport 99 drop; add rule ip x i ip daddr 192.0.2.99 drop; add table inet y; \
         add chain inet y o {{ type filter hook output priority 0; }}; add rule inet y o tcp dport 94 reject",
        rejects.join("; ")
    );
    assert_eq!(run(host.command("nft").arg(rules)).code, Some(0));
    for (arguments, line) in ROWS {
        says(&host, arguments, line);
    }
}

/// The system has one error number for a lack of ports and of addresses.
#[test]
fn a_machine_without_ipv6_or_ports_is_no_fault_of_the_server() {
    if missing(&[Need::Root, Need::Program("ip")]) {
        return;
    }
    let host = bare();
    host.ip(&["addr", "add", "192.0.2.1/32", "dev", "lo"]);
    host.etc("hosts", "2001:db8::1 db-01\n192.0.2.1 db-01\n");
    host.sysctl("net/ipv6/conf/all/disable_ipv6", "1");
    says(&host, "--hostname=2001:db8::1", "UNKNOWN - 2001:db8::1: connecting: no IPv6 address here");
    says(&host, "--hostname=db-01:93", "CRITICAL - db-01:93: connecting: connection refused");
    // A single port for connections, and another socket has it.
    host.sysctl("net/ipv4/ip_local_port_range", "40000 40000");
    let take = || {
        enter(&host);
        TcpListener::bind("0.0.0.0:40000").unwrap()
    };
    let _taken = thread::scope(|scope| scope.spawn(take).join().unwrap());
    says(&host, "--hostname=192.0.2.1", "UNKNOWN - 192.0.2.1: connecting: no local port left");
    says(&host, "--hostname=db-01", "UNKNOWN - db-01: connecting: no local port left");
}

/// No packet leaves for a neighbour that does not fit into the table: nothing is known of the server.
#[test]
fn a_full_table_of_neighbours_is_no_fault_of_the_server() {
    if missing(&[Need::Root, Need::Program("ip"), Need::NeighboursUpTo(4_096)]) {
        return;
    }
    let limit = neighbours().unwrap();
    let _alone = NEIGHBOURS.write().unwrap_or_else(PoisonError::into_inner);
    let host = bare();
    crowded(&host, limit, || {
        let line = "UNKNOWN - 203.0.113.7: connecting: neighbour table full here";
        says(&host, "--hostname=203.0.113.7", line);
        says(&host, "--hostname=203.0.113.7 --hostname=203.0.113.8", &format!("{line}, 1 more fault"));
    });
    // Other tests need room in the table, which the end of the host gives late.
    host.ip(&["link", "del", "v0"]);
}

/// Asserts what the plugin says in a host.
fn says(host: &Host, arguments: &str, line: &str) {
    let mut command = host.command(plugins::binary("check_replication"));
    let outcome = run(command.args(arguments.split(' ')));
    assert_eq!(outcome.summary().1, format!("REPLICATION {line}"), "{arguments}: {outcome:?}");
}
