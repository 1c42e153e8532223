//! What a connection that is not made means: the proxy's fault, or one of the machine that checks.

use std::net::TcpListener;
use std::sync::PoisonError;

use suite::host::{Host, bare};
use suite::needs::{Need, missing, neighbours};
use suite::neighbours::crowded;
use suite::process::run;

use crate::fake::{BINARY, Origin, Who, answer, page, proxy, refusal};
use crate::states::{hold, says, to_customer};
use crate::{NEIGHBOURS, inside, room_for_neighbours};

/// The arguments, and what is said.
const ROWS: [(&str, &str); 18] = [
    ("--ip=198.51.100.2", "UNKNOWN - 198.51.100.2 prohibited here"),
    ("--ip=198.51.100.2 --strangers=only", "UNKNOWN - 198.51.100.2 prohibited here"),
    // What its firewall rejects as a closed port is none of the proxy.
    ("--ip=203.0.113.8 -p 94", "UNKNOWN - 203.0.113.8 prohibited here"),
    ("--ip=203.0.113.8 -p 94 --strangers=only", "UNKNOWN - 203.0.113.8 prohibited here"),
    ("--ip=2001:db8:1::8 -p 94", "UNKNOWN - 2001:db8:1::8 prohibited here"),
    ("--ip=198.51.100.4", "UNKNOWN - 198.51.100.4 unreachable by a route here"),
    ("--ip=192.0.2.1 -p 95", "CRITICAL - 192.0.2.1 host unreachable"),
    ("--ip=192.0.2.1 -p 96", "CRITICAL - 192.0.2.1 net unreachable"),
    ("--ip=192.0.2.1 -p 96 --strangers=only", "CRITICAL - 192.0.2.1 net unreachable"),
    ("--ip=192.0.2.1 -p 97", "CRITICAL - 192.0.2.1 prohibited"),
    (
        "--ip=192.0.2.1 -p 97 --strangers=only",
        "OK - 192.0.2.1 gives strangers no answer: a firewall stops them, or no proxy is on port 97",
    ),
    ("--ip=192.0.2.1 -p 98", "CRITICAL - 192.0.2.1 prohibited"),
    (
        "--ip=192.0.2.1 -p 99 --strangers=only",
        "OK - 192.0.2.1 gives strangers no answer: a firewall stops them, or no proxy is on port 99",
    ),
    ("--ip=203.0.113.7", "CRITICAL - 203.0.113.7 no neighbour"),
    ("--ip=198.51.100.70", "UNKNOWN - 198.51.100.70 gateway silent here"),
    ("--ip=198.51.100.70 --strangers=only", "UNKNOWN - 198.51.100.70 gateway silent here"),
    ("--ip=203.0.113.130", "UNKNOWN - 203.0.113.130 link down here"),
    ("--ip=203.0.113.130 --strangers=only", "UNKNOWN - 203.0.113.130 link down here"),
];

/// The same on a machine without IPv6 and without local ports.
const LACKS: [(&str, &str); 4] = [
    ("--ip=2001:db8:1::8", "UNKNOWN - 2001:db8:1::8 no IPv6 address here"),
    ("--ip=192.0.2.1", "UNKNOWN - 192.0.2.1 no local port left"),
    ("--ip=192.0.2.1 --source=192.0.2.1", "UNKNOWN - 192.0.2.1 no local port left"),
    ("--ip=192.0.2.1 --source=192.0.2.9", "UNKNOWN - 192.0.2.1 source address not bound here"),
];

#[test]
fn a_fault_of_this_machine_is_none_of_the_proxy() {
    let needs = ["ip", "nft", "openssl"].map(Need::Program);
    if missing(&[Need::Root]) || missing(&needs) {
        return;
    }
    let _room = room_for_neighbours();
    let host = bare();
    host.ip_batch(
        "addr add 192.0.2.1/32 dev lo\nroute add prohibit 198.51.100.2/32\n\
         route add unreachable 198.51.100.4/32\nlink add v0 type veth peer name v1\n\
         link add w0 type veth peer name w1\naddr add 203.0.113.1/25 dev v0\n\
         addr add 203.0.113.129/25 dev w0\nlink set v0 up\nlink set v1 up\nlink set w0 up\n\
         addr add 2001:db8:1::1/64 dev v0 nodad\n\
         route add 198.51.100.64/26 via 203.0.113.9\n",
    );
    // An address that does not answer ARP fails within the time for a connection.
    host.sysctl("net/ipv4/neigh/v0/retrans_time_ms", "200");
    let rejects =
        [(95, "host-unreachable"), (96, "net-unreachable"), (97, "admin-prohibited"), (98, "net-prohibited")];
    let rejects =
        rejects.map(|(port, with)| format!("add rule ip x i tcp dport {port} reject with icmp {with}"));
    let rules = format!(
        "add table ip x; add chain ip x i {{ type filter hook input priority 0; }}; {}; \
         add rule ip x i tcp dport 99 drop; add table inet y; \
         add chain inet y o {{ type filter hook output priority 0; }}; add rule inet y o tcp dport 94 reject",
        rejects.join("; ")
    );
    assert_eq!(run(host.command("nft").arg(rules)).code, Some(0));
    inside(&host, || {
        let origin = Origin::start();
        let rows = ROWS.map(|(arguments, line)| {
            let port = if arguments.contains("-p ") { "" } else { " -p 3128" };
            (format!("{arguments} {}{port}", origin.url("pong")), line)
        });
        hold(&host, &origin, &rows);
        host.sysctl("net/ipv6/conf/all/disable_ipv6", "1");
        // A single port for connections, and another socket has it.
        host.sysctl("net/ipv4/ip_local_port_range", "40000 40000");
        let _taken = TcpListener::bind("0.0.0.0:40000").unwrap();
        let rows =
            LACKS.map(|(arguments, line)| (format!("{arguments} {} -p 3128", origin.url("pong")), line));
        hold(&host, &origin, &rows);
    });
}

/// No packet leaves for a neighbour that does not fit into the table: nothing is known of the proxy, and
/// where all are silent at the same time no later try shows that.
#[test]
fn a_full_table_of_neighbours_is_no_fault_of_the_proxies() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("openssl"), Need::NeighboursUpTo(4_096)]) {
        return;
    }
    let limit = neighbours().unwrap();
    let _alone = NEIGHBOURS.write().unwrap_or_else(PoisonError::into_inner);
    let host = bare();
    inside(&host, || crowded(&host, limit, || no_neighbour_fits(&host)));
    // Other tests need room in the table, which the end of the host gives late.
    host.ip(&["link", "del", "v0"]);
}

fn no_neighbour_fits(host: &Host) {
    let origin = Origin::start();
    let full = "neighbour table full here";
    let one = format!("UNKNOWN - 203.0.113.7 {full}");
    let two = format!("UNKNOWN - 2 of 2 proxies untested: 203.0.113.7 {full} and 1 more");
    let rows = [
        ("--ip=203.0.113.7", one.as_str()),
        ("--ip=203.0.113.7 --strangers=only", &one),
        ("--ip=203.0.113.7 --ip=203.0.113.8", &two),
    ];
    let with_port = |(arguments, line)| (format!("{arguments} {} -p 3128", origin.url("pong")), line);
    hold(host, &origin, &rows.map(with_port));
    // Nor is it one of the page, which is asked for without them.
    let failing = proxy(to_customer(|_| answer("503 No", "", "")));
    let (port, login) = (format!("--port={failing}"), origin.login());
    let url = "--url=http://203.0.113.80/pong?n=NONCE";
    let outcome = origin.check(&["--ip=127.0.0.1", "--ip=127.0.0.2", &port, &login, url]);
    let line =
        format!("PROXY CRITICAL - none of 2 proxies brings the page, not tried directly ({full}): 503 | ");
    assert!(outcome.first_line().starts_with(&line), "{}", outcome.stdout);
}

/// The page is not at fault where the firewall of this machine keeps it from being asked for.
#[test]
fn a_page_that_may_not_be_asked_for_is_not_blamed() {
    let needs = ["ip", "nft", "openssl"].map(Need::Program);
    if missing(&[Need::Root]) || missing(&needs) {
        return;
    }
    let host = bare();
    host.ip_batch("addr add 192.0.2.1/32 dev lo\naddr add 192.0.2.2/32 dev lo\n");
    let (port, origin) = inside(&host, || {
        let says = says(|who, _| if who == Who::Customer { answer("503 No", "", "") } else { refusal() });
        (proxy(says), Origin::start())
    });
    let (port, login) = (format!("--port={port}"), origin.login());
    let page = ["--url=http://192.0.2.2/pong?n=NONCE", "--expect=pong NONCE"];
    for (with, why) in [("admin-prohibited", "prohibited"), ("host-unreachable", "host unreachable")] {
        let rules = format!(
            "add table ip x; flush table ip x; add chain ip x o {{ type filter hook output priority 0; }}; \
             add rule ip x o tcp dport 80 reject with icmp {with}"
        );
        assert_eq!(run(host.command("nft").arg(rules)).code, Some(0));
        let outcome =
            run(host.command(BINARY).args(["--ip=192.0.2.1", "--ip=192.0.2.2", &port, &login]).args(page));
        let line =
            format!("PROXY CRITICAL - none of 2 proxies brings the page, not tried directly ({why}): 503 | ");
        assert!(outcome.first_line().starts_with(&line), "{}", outcome.stdout);
    }
}

/// A proxy that takes no connection for a moment, as while it reads its configuration again, is open all the
/// same.
#[test]
fn an_open_proxy_that_first_refuses_connections_is_open() {
    let needs = ["ip", "nft", "openssl"].map(Need::Program);
    if missing(&[Need::Root]) || missing(&needs) {
        return;
    }
    let host = bare();
    host.ip_batch("addr add 192.0.2.1/32 dev lo\n");
    let (port, origin) = inside(&host, || (proxy(says(|_, head| page(head, "192.0.2.1"))), Origin::start()));
    let rules = format!(
        "add table ip x; add chain ip x o {{ type filter hook output priority 0; }}; \
         add rule ip x o tcp dport {port} tcp flags & (syn | ack) == syn limit rate 1/day burst 2 packets \
         reject with tcp reset"
    );
    assert_eq!(run(host.command("nft").arg(rules)).code, Some(0));
    let (port, login) = (format!("--port={port}"), origin.login());
    let (url, expect) =
        (format!("--url=http://192.0.2.1:{}/pong?n=NONCE", origin.http), "--expect=pong NONCE");
    let outcome = run(host.command(BINARY).args(["--ip=192.0.2.1", &port, &login, &url, expect]));
    let line = "PROXY CRITICAL - 192.0.2.1 open: serves strangers by http | ";
    assert!(outcome.first_line().starts_with(line), "{}", outcome.stdout);
}
