//! What a connection that is not made means: the proxy's fault, or one of the machine that checks.

use suite::host::bare;
use suite::needs::{Need, missing};
use suite::process::run;

use crate::fake::{BINARY, Origin, Who, answer, page, proxy, refusal};
use crate::inside;
use crate::states::{hold, says};

/// The arguments, and what is said.
const ROWS: [(&str, &str); 15] = [
    ("--ip=198.51.100.2", "UNKNOWN - 198.51.100.2 prohibited here"),
    ("--ip=198.51.100.2 --strangers=only", "UNKNOWN - 198.51.100.2 prohibited here"),
    ("--ip=198.51.100.4", "UNKNOWN - 198.51.100.4 unreachable by a route here"),
    ("--ip=192.0.2.1 -p 95", "CRITICAL - 192.0.2.1 host unreachable"),
    ("--ip=192.0.2.1 -p 96", "CRITICAL - 192.0.2.1 net unreachable"),
    ("--ip=192.0.2.1 -p 96 --strangers=only", "CRITICAL - 192.0.2.1 net unreachable"),
    ("--ip=192.0.2.1 -p 97", "CRITICAL - 192.0.2.1 prohibited"),
    ("--ip=192.0.2.1 -p 97 --strangers=only", "OK - 192.0.2.1 gives strangers no answer"),
    ("--ip=192.0.2.1 -p 98", "CRITICAL - 192.0.2.1 prohibited"),
    ("--ip=192.0.2.1 -p 99 --strangers=only", "OK - 192.0.2.1 gives strangers no answer"),
    ("--ip=203.0.113.7", "CRITICAL - 203.0.113.7 no neighbour"),
    ("--ip=198.51.100.70", "UNKNOWN - 198.51.100.70 gateway silent here"),
    ("--ip=198.51.100.70 --strangers=only", "UNKNOWN - 198.51.100.70 gateway silent here"),
    ("--ip=203.0.113.130", "UNKNOWN - 203.0.113.130 link down here"),
    ("--ip=203.0.113.130 --strangers=only", "UNKNOWN - 203.0.113.130 link down here"),
];

#[test]
fn a_fault_of_this_machine_is_none_of_the_proxy() {
    let needs = ["ip", "nft", "openssl"].map(Need::Program);
    if missing(&[Need::Root]) || missing(&needs) {
        return;
    }
    let host = bare();
    host.ip_batch(
        "addr add 192.0.2.1/32 dev lo\nroute add prohibit 198.51.100.2/32\n\
         route add unreachable 198.51.100.4/32\nlink add v0 type veth peer name v1\n\
         link add w0 type veth peer name w1\naddr add 203.0.113.1/25 dev v0\n\
         addr add 203.0.113.129/25 dev w0\nlink set v0 up\nlink set v1 up\nlink set w0 up\n\
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
         add rule ip x i tcp dport 99 drop",
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
    });
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
