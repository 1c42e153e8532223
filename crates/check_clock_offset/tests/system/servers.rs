//! Real NTP servers: right, wrong, not synchronised, and none.

use std::time::Duration;

use suite::clocks::{AGENT_NEEDS, Clock, SERVER_NEEDS};
use suite::host::Host;
use suite::needs::missing;
use suite::process::in_time;

use super::{Reading, check, network, synchronised};

#[test]
fn a_server_that_is_right_or_wrong() {
    if missing(&SERVER_NEEDS) {
        return;
    }
    let hosts = network();
    for (offset, seconds, code, words) in [
        // `holds` compares the offset with the stated uncertainty, which is larger on a busy machine.
        ("+0s", 0.0, 0, "own NTP server 127.0.0.1 is synchronised, 0."),
        ("+7s", -7.0, 1, " s slow by its own NTP server 127.0.0.1"),
        (
            "-3600s",
            3600.0,
            2,
            "this host is 1 h fast by its own NTP server 127.0.0.1, perhaps a time zone mistake",
        ),
    ] {
        let _servers = synchronised(&hosts, offset);
        if missing(&AGENT_NEEDS) {
            continue;
        }
        // Its own agent beside it is no other clock; an alarm stays one.
        let _agent = Clock::agent(&hosts.0, "+0s");
        let both = check(&hosts.0, &["--hostname=127.0.0.1", "--ntp=127.0.0.1"]);
        let itself = "127.0.0.1 is this machine, compared with no other: give the --ntp of another machine";
        assert_eq!(both.0.code, Some(if code == 0 { 3 } else { code }), "{:?}", both.0);
        assert!(both.0.stdout.contains(itself), "{:?}", both.0);
        let reading = check(&hosts.0, &["--ntp=127.0.0.1"]);
        assert_eq!(reading.0.code, Some(code), "{:?}", reading.0);
        assert!(reading.verdict().1.contains(words), "{:?}", reading.0);
        reading.holds(seconds, 0.001);
    }
}

#[test]
fn a_server_that_is_not_synchronised_is_no_reference() {
    if missing(&SERVER_NEEDS) {
        return;
    }
    let host = Host::create();
    let _server = Clock::server(&host, "+0s", "");
    let line = "CLOCK_OFFSET UNKNOWN - NTP server 127.0.0.1: not synchronised (leap 3, stratum 0)";
    assert_eq!(check(&host, &["--ntp=127.0.0.1"]).verdict(), (3, line));
}

/// The same server is a reference for others.
#[test]
fn the_own_server_that_serves_its_own_clock_is_no_reference() {
    if missing(&SERVER_NEEDS) {
        return;
    }
    let (monitor, proxy) = network();
    for (stratum, shown) in [("10", 10), ("1", 1)] {
        let _server = Clock::server(&proxy, "+0s", &format!("local stratum {stratum}"));
        let why = format!("not synchronised (takes its time from its own clock, stratum {shown})");
        let line = format!("CLOCK_OFFSET UNKNOWN - NTP server 127.0.0.1: {why}");
        assert_eq!(check(&proxy, &["--ntp=127.0.0.1"]).verdict(), (3, line.as_str()));
        let reading = check(&monitor, &["--ntp=198.51.100.7"]);
        assert_eq!(reading.0.code, Some(0), "{:?}", reading.0);
    }
}

#[test]
fn no_server_is_known_at_once() {
    if missing(&SERVER_NEEDS) {
        return;
    }
    let host = Host::create();
    let reading = Reading(in_time(Duration::from_secs(1), || check(&host, &["--ntp=127.0.0.1"]).0));
    assert_eq!(reading.verdict(), (3, "CLOCK_OFFSET UNKNOWN - NTP server 127.0.0.1: connection refused"));
    let reading = check(&host, &["--ntp=192.0.2.1"]);
    assert_eq!(reading.verdict(), (3, "CLOCK_OFFSET UNKNOWN - NTP server 192.0.2.1: no route from here"));
}

#[test]
fn the_majority_of_real_servers_decides() {
    if missing(&SERVER_NEEDS) {
        return;
    }
    let monitor = Host::create();
    let others = [Host::create(), Host::create(), Host::create()];
    let offsets = ["+0s", "+0s", "+1800s"];
    let mut servers = Vec::new();
    for (number, (other, offset)) in (1..).zip(others.iter().zip(offsets)) {
        let cable = format!("eth{number}");
        monitor.cable(&cable, other, "eth0");
        monitor.ip(&["addr", "add", "198.51.100.1/32", "peer", &format!("192.0.2.{number}"), "dev", &cable]);
        other.ip(&["addr", "add", &format!("192.0.2.{number}/32"), "peer", "198.51.100.1", "dev", "eth0"]);
        servers.push(Clock::server(other, offset, "local stratum 10"));
    }
    let reading = check(&monitor, &["--ntp=192.0.2.1", "--ntp=192.0.2.2", "--ntp=192.0.2.3"]);
    assert_eq!(reading.0.code, Some(0), "{:?}", reading.0);
    assert!(
        reading.verdict().1.ends_with(" of 2 of 3 NTP servers, falseticker 192.0.2.3"),
        "{:?}",
        reading.0
    );
    drop(servers.remove(0));
    let reading = check(&monitor, &["--ntp=192.0.2.2", "--ntp=192.0.2.3"]);
    assert_eq!(
        reading.verdict(),
        (3, "CLOCK_OFFSET UNKNOWN - no majority among 2 NTP servers, 30 min apart")
    );
}
