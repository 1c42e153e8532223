//! Every way in which a connection can fail, made with routes and nftables, and the words for it.

use std::sync::PoisonError;

use suite::host::{public_folder, succeed, write};
use suite::needs::{Need, missing};

use super::{HOSTS, NEIGHBOURS, check, listening, routed};

/// What the server's firewall does with the numbered address of each family, and what the monitor must say of
/// it.
const IPV4: [(u8, &str, &str); 11] = [
    (2, "reject with tcp reset", "refused"),
    (3, "reject with icmp type port-unreachable", "port unreachable (ICMP type 3 code 3 from 192.0.2.3)"),
    (4, "reject with icmp type net-unreachable", "net unreachable (ICMP type 3 code 0 from 192.0.2.4)"),
    (5, "reject with icmp type host-unreachable", "host unreachable (ICMP type 3 code 1 from 192.0.2.5)"),
    (6, "reject with icmp type prot-unreachable", "protocol unreachable (ICMP type 3 code 2 from 192.0.2.6)"),
    (7, "reject with icmp type net-prohibited", "prohibited (ICMP type 3 code 9 from 192.0.2.7)"),
    (8, "reject with icmp type host-prohibited", "prohibited (ICMP type 3 code 10 from 192.0.2.8)"),
    (9, "reject with icmp type admin-prohibited", "prohibited (ICMP type 3 code 13 from 192.0.2.9)"),
    (10, "meta l4proto tcp drop", "silent (answers ping): the service or a firewall"),
    (11, "drop", "silent (no ping): the address or its host"),
    (
        12,
        "",
        "prohibited here: a prohibit route or the firewall of this machine forbids it: see ip route get",
    ),
];
const IPV6: [(u8, &str, &str); 9] = [
    (2, "reject with tcp reset", "refused"),
    (
        3,
        "reject with icmpv6 type port-unreachable",
        "port unreachable (ICMPv6 type 1 code 4 from 2001:db8:2::3)",
    ),
    (4, "reject with icmpv6 type no-route", "net unreachable (ICMPv6 type 1 code 0 from 2001:db8:2::4)"),
    (
        5,
        "reject with icmpv6 type addr-unreachable",
        "host unreachable (ICMPv6 type 1 code 3 from 2001:db8:2::5)",
    ),
    (6, "reject with icmpv6 type policy-fail", "prohibited (ICMPv6 type 1 code 5 from 2001:db8:2::6)"),
    (9, "reject with icmpv6 type admin-prohibited", "prohibited (ICMPv6 type 1 code 1 from 2001:db8:2::9)"),
    (10, "meta l4proto tcp drop", "silent (answers ping): the service or a firewall"),
    (11, "drop", "silent (no ping): the address or its host"),
    (
        12,
        "",
        "prohibited here: a prohibit route or the firewall of this machine forbids it: see ip route get",
    ),
];
/// What the monitor's own routes and its link make of other addresses.
const OWN: [(&str, &str); 9] = [
    ("198.51.100.255", "a broadcast address: no host has it: take it off the list"),
    ("192.0.2.13", "unreachable by a route here: an unreachable route of this machine: see ip route get"),
    (
        "192.0.2.14",
        "not reachable from here: a blackhole route of this machine, or an address that needs an interface: see ip route get",
    ),
    ("198.51.100.9", "no neighbour: nothing on the link has this address"),
    ("203.0.113.1", "no route from here: this machine has no route to it: see ip route get"),
    (
        "203.0.113.9",
        "gateway silent here: the gateway of this machine towards it does not answer: see ip route get",
    ),
    ("2001:db8:2::13", "unreachable by a route here: an unreachable route of this machine: see ip route get"),
    ("2001:db8:51::9", "no neighbour: nothing on the link has this address"),
    ("2001:db8:99::1", "no route from here: this machine has no route to it: see ip route get"),
];

#[test]
fn each_cause_has_its_words() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let _room = NEIGHBOURS.read().unwrap_or_else(PoisonError::into_inner);
    let (monitor, server) = routed(14);
    monitor.ip_batch(
        "route add prohibit 192.0.2.12\nroute add unreachable 192.0.2.13\nroute add blackhole 192.0.2.14\n\
         route add 203.0.113.9 via 198.51.100.99\n\
         route add prohibit 2001:db8:2::12\nroute add unreachable 2001:db8:2::13\n",
    );
    // Else a host sends one error a second to each peer.
    server.sysctl("net/ipv4/icmp_ratelimit", "0");
    server.sysctl("net/ipv6/icmp/ratelimit", "0");
    let mut rules = "table inet sop {\nchain in {\ntype filter hook input priority 0;\n".to_owned();
    let rule = |daddr: &str, action: &str| match action {
        "" => String::new(),
        reject if reject.starts_with("reject") => format!("{daddr} tcp dport 80 {reject}\n"),
        other => format!("{daddr} {other}\n"),
    };
    rules.extend(IPV4.map(|(number, action, _)| rule(&format!("ip daddr 192.0.2.{number}"), action)));
    rules.extend(IPV6.map(|(number, action, _)| rule(&format!("ip6 daddr 2001:db8:2::{number}"), action)));
    let folder = public_folder();
    let file = folder.path().join("rules");
    write(&file, &(rules + "}\n}\n"));
    succeed(server.command("nft").arg("-f").arg(&file));
    let _port = listening(&server, 80);

    let mut expected: Vec<String> =
        IPV4.map(|(number, _, words)| format!("192.0.2.{number}: {words}")).into();
    expected.extend(IPV6.map(|(number, _, words)| format!("2001:db8:2::{number}: {words}")));
    expected.extend(OWN.map(|(address, words)| format!("{address}: {words}")));
    let address = |line: &String| line.split(": ").next().unwrap().to_owned();
    let mut list: Vec<String> = expected.iter().map(address).collect();
    list.extend(["192.0.2.1", "2001:db8:2::1", "198.51.100.2"].map(str::to_owned));
    write(&folder.path().join("list"), &(list.join("\n") + "\n"));
    let outcome =
        check(&monitor, &["--port=80", &format!("--file={}", folder.path().join("list").display())]);
    // What several addresses share stands in one line; here it is taken apart.
    let mut seen: Vec<String> = Vec::new();
    for line in outcome
        .stdout
        .lines()
        .skip(1)
        .filter(|line| !["note: ", "CRITICAL: ", "UNKNOWN: "].iter().any(|start| line.starts_with(start)))
    {
        let (addresses, words) = line.split_once(": ").unwrap();
        seen.extend(addresses.split(", ").map(|address| format!("{address}: {words}")));
    }
    seen.sort();
    expected.sort();
    assert_eq!(seen, expected, "{}", outcome.stdout);
    assert_eq!(outcome.code, Some(2));
    assert!(outcome.stdout.contains("\nUNKNOWN: 9 of 32 untested, port 80: "), "{}", outcome.stdout);
    let first = outcome.first_line();
    assert!(first.starts_with("TCP_EACH_IP CRITICAL - 20 of 32 fail, port 80: "), "{first}");
    assert!(
        first.contains(", 1 more fault | failed=20;;0;0;32 untested=9;;;0;32 second_try=0;;;0;32 slowest=0."),
        "{first}"
    );
}

/// The same ICMP error for hundreds of addresses comes back for a few only; the others are not left without a
/// hint.
#[test]
fn silence_beside_limited_errors_is_noted() {
    if missing(&HOSTS) || missing(&[Need::Program("nft")]) {
        return;
    }
    let (monitor, server) = routed(200);
    let rule = "add table ip sop; add chain ip sop in { type filter hook input priority 0; }; \
                add rule ip sop in tcp dport 80 reject with icmp type admin-prohibited";
    succeed(server.command("nft").arg(rule));
    let folder = public_folder();
    let list: String = (1..=200).map(|number| format!("192.0.2.{number}\n")).collect();
    write(&folder.path().join("list"), &list);
    let list = format!("--file={}", folder.path().join("list").display());
    let outcome = check(&monitor, &["--port=80", &list, "--connect-timeout=1.5"]);
    assert!(
        outcome.first_line().starts_with("TCP_EACH_IP CRITICAL - 200 of 200 fail, port 80: "),
        "{}",
        outcome.stdout
    );
    let note = " next to some with ICMP errors, which routers limit: perhaps the same cause";
    assert!(
        outcome.stdout.lines().any(|line| line.starts_with("note: ") && line.ends_with(note)),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains(": prohibited (ICMP type 3 code 13 from 192.0.2."), "{}", outcome.stdout);
}
