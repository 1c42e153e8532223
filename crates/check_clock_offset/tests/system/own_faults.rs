//! Faults of the monitor itself: no server and no agent is blamed for them, whatever silence is reported as.

use std::time::Duration;

use suite::host::{Host, succeed};
use suite::needs::{Need, missing};
use suite::process::in_time;

use super::{Reading, check, network};

/// Runs the plugin with five seconds, again where a busy machine kept it from its own end within them.
fn judge(monitor: &Host, arguments: &[&str]) -> Reading {
    let all = [arguments, &["--timeout=5:critical"]].concat();
    Reading(in_time(Duration::from_secs(5), || check(monitor, &all).0))
}

#[test]
fn a_fault_of_the_monitor_is_named() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program("nft")]) {
        return;
    }
    let (monitor, _proxy) = network();
    monitor.ip(&["route", "add", "prohibit", "192.0.2.1"]);
    monitor.ip(&["route", "add", "unreachable", "192.0.2.3"]);
    monitor.ip(&["route", "add", "192.0.2.4", "via", "198.51.100.254"]);
    let rules = "add table inet sop; add chain inet sop out { type filter hook output priority 0; }; \
                 add rule inet sop out udp dport 123 ip daddr 198.51.100.7 drop; \
                 add rule inet sop out udp dport 123 ip daddr 198.51.100.8 reject";
    succeed(monitor.command("nft").arg(rules));
    let snmp = |address: &str, tries: &str, why: &str| {
        format!("no SNMP answer from {address}:161 (v2c, {tries}): {why}")
    };
    let rows: [(&str, i32, &str); 8] = [
        ("--ntp=198.51.100.7", 3, "NTP server 198.51.100.7: prohibited here"),
        ("--ntp=198.51.100.8", 3, "NTP server 198.51.100.8: prohibited here"),
        ("--ntp=192.0.2.3", 3, "NTP server 192.0.2.3: unreachable by a route here"),
        ("--hostname=192.0.2.1", 3, "asking 192.0.2.1: prohibited here"),
        ("--hostname=198.51.100.255", 3, "asking 198.51.100.255: a broadcast address"),
        ("--hostname=192.0.2.4", 3, &snmp("192.0.2.4", "3 tries", "gateway silent here")),
        // The next ones are no fault of the monitor.
        ("--ntp=198.51.100.9", 2, "NTP server 198.51.100.9: no neighbour"),
        ("--hostname=198.51.100.9", 2, &snmp("198.51.100.9", "3 tries", "no neighbour")),
    ];
    for (argument, code, words) in rows {
        let reading = judge(&monitor, &[argument]);
        let state = if code == 3 { "UNKNOWN" } else { "CRITICAL" };
        let line = format!("CLOCK_OFFSET {state} - {words}");
        assert_eq!(reading.verdict(), (code, line.as_str()), "{argument}");
    }
    monitor.sysctl("net/ipv6/conf/all/disable_ipv6", "1");
    for (argument, words) in [
        ("--ntp=2001:db8::1", "NTP server 2001:db8::1: no IPv6 address here"),
        ("--hostname=2001:db8::1", "asking 2001:db8::1: no IPv6 address here"),
    ] {
        let line = format!("CLOCK_OFFSET UNKNOWN - {words}");
        assert_eq!(judge(&monitor, &[argument]).verdict(), (3, line.as_str()), "{argument}");
    }
    monitor.ip(&["link", "set", "eth0", "down"]);
    let reading = judge(&monitor, &["--ntp=198.51.100.9"]);
    assert_eq!(reading.0.code, Some(3), "{:?}", reading.0);
}

/// Whose fault silence is, the routes of the real questions tell: those of the table of their source, or of
/// their port.
#[test]
fn silence_is_explained_by_the_routes_of_the_questions() {
    if missing(&[Need::Root, Need::Program("ip")]) {
        return;
    }
    let (monitor, _proxy) = network();
    monitor.ip_batch(
        "addr add 198.51.100.11/24 dev eth0\nroute add 203.0.113.0/24 via 198.51.100.7\n\
         rule add from 198.51.100.11 lookup 100\nrule add ipproto udp dport 1123 lookup 100\n\
         route add 203.0.113.0/24 dev eth0 table 100\n\
         rule add ipproto udp dport 1124 lookup 101\n\
         route add 203.0.113.0/24 via 198.51.100.99 table 101\n",
    );
    let rows: [(&[&str], i32, &str); 5] = [
        (&["--ntp=203.0.113.9", "--source=198.51.100.11"], 2, ": no neighbour"),
        (&["--ntp=203.0.113.9:1123"], 2, ": no neighbour"),
        (&["--hostname=203.0.113.9", "--port=1123"], 2, ": no neighbour"),
        (&["--ntp=203.0.113.9:1124"], 3, ": gateway silent here"),
        (&["--ntp=203.0.113.9"], 2, ": no answer"),
    ];
    for (arguments, code, words) in rows {
        let reading = judge(&monitor, arguments);
        let (seen, line) = reading.verdict();
        assert!(seen == code && line.contains(words), "{arguments:?} {code} {words}: {line}");
    }
}

/// An interface has the name by which it was given.
#[test]
fn a_link_local_address_has_the_name_of_its_interface() {
    if missing(&[Need::Root, Need::Program("ip")]) {
        return;
    }
    let (monitor, _proxy) = network();
    // Its own one may not be usable yet.
    monitor.ip(&["addr", "add", "fe80::1/64", "dev", "eth0", "nodad"]);
    let reading = check(&monitor, &["--hostname=fe80::dead%eth0", "--timeout=1"]);
    let line = "CLOCK_OFFSET UNKNOWN - no SNMP answer from [fe80::dead%eth0]:161 (v2c, ";
    assert!(reading.verdict().1.starts_with(line), "{:?}", reading.0);
}
