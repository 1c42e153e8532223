//! Real agents and servers on IPv4 and IPv6: names with a dead side, closed or silent.

use std::time::Duration;

use suite::clocks::{AGENT_NEEDS, Clock, SERVER_NEEDS};
use suite::needs::missing;
use suite::process::in_time;

use super::{Reading, check, network};

#[test]
fn agents_and_servers_answer_by_ipv6() {
    if missing(&AGENT_NEEDS) || missing(&SERVER_NEEDS) {
        return;
    }
    let (monitor, proxy) = network();
    let _clocks = (Clock::agent(&proxy, "+7s"), Clock::server(&proxy, "+7s", "local stratum 10"));
    let rows: [(&[&str], f64); 4] = [
        (&["--hostname=2001:db8::7"], 7.0),
        (&["--hostname=[2001:db8::7]:161", "--source=2001:db8::1"], 7.0),
        (&["--ntp=2001:db8::7"], -7.0),
        (&["--ntp=2001:db8::7", "--ntp=198.51.100.7"], -7.0),
    ];
    for (arguments, offset) in rows {
        let reading = check(&monitor, arguments);
        assert_eq!(reading.0.code, Some(1), "{arguments:?}: {:?}", reading.0);
        reading.holds(offset, 0.01);
    }
}

/// The kernel of a host chooses the IPv6 address that net-snmp answers from; an agent may also be told one.
#[test]
fn an_agent_may_answer_from_another_address() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let (monitor, proxy) = network();
    proxy.ip(&["addr", "add", "2001:db8::8/64", "dev", "eth0", "nodad"]);
    let agent = Clock::agent(&proxy, "+7s");
    let signed = ["-P", "3", "-U", "signed", "-L", "authNoPriv", "-a", "SHA", "-A", "authpassword"];
    let rows: [&[&str]; 3] = [&[], &["-P", "1"], &signed];
    for more in rows {
        let mut noted = 0;
        for (asked, other) in [("2001:db8::7", "2001:db8::8"), ("2001:db8::8", "2001:db8::7")] {
            let reading = check(&monitor, &[&["--hostname", asked], more].concat());
            assert_eq!(reading.0.code, Some(1), "{more:?}: {:?}", reading.0);
            reading.holds(7.0, 0.01);
            let note = format!("\nnote: {asked} answers from {other}\n");
            noted += i32::from(reading.0.stdout.contains(&note));
        }
        assert_eq!(noted, 1, "{more:?}");
    }
    // Another community is refused all the same.
    let wrong = check(&monitor, &["--hostname=2001:db8::7", "-C", "private", "-t", "2"]);
    assert_eq!(wrong.0.code, Some(3), "{:?}", wrong.0);
    drop(agent);
    let closed = check(&monitor, &["--hostname=2001:db8::8", "-t", "2:critical"]);
    assert_eq!(closed.0.code, Some(2), "{:?}", closed.0);
}

/// From loopback an agent of this machine is reached, by whatever address.
#[test]
fn an_own_address_is_reached_from_loopback() {
    if missing(&AGENT_NEEDS) {
        return;
    }
    let (_monitor, proxy) = network();
    let _clock = Clock::agent(&proxy, "+7s");
    let reading = check(&proxy, &["--hostname=198.51.100.7", "--source=127.0.0.1"]);
    assert_eq!(reading.0.code, Some(1), "{:?}", reading.0);
    reading.holds(7.0, 0.01);
    let reading = check(&proxy, &["--hostname=198.51.100.8", "--source=127.0.0.1"]);
    let line =
        "CLOCK_OFFSET UNKNOWN - --source=127.0.0.1 is loopback: it does not reach 198.51.100.8, see --help";
    assert_eq!(reading.verdict(), (3, line));
}

#[test]
fn a_name_with_a_dead_ipv6_side_is_asked_by_ipv4() {
    if missing(&AGENT_NEEDS) || missing(&SERVER_NEEDS) {
        return;
    }
    let (monitor, proxy) = network();
    // Silent until the neighbour is given up after three seconds; and an own address, where nothing listens:
    // it is refused as an agent, and never asked as a server, so that it is no vote.
    monitor.etc(
        "hosts",
        "2001:db8::dead silent7\n198.51.100.7 silent7\n2001:db8::1 closed7\n198.51.100.7 closed7\n",
    );
    let _clocks = (Clock::agent(&proxy, "+0s"), Clock::server(&proxy, "+0s", "local stratum 10"));
    for (name, votes) in
        [("silent7", " of 1 of 2 NTP servers, 1 gave no time"), ("closed7", " of NTP server closed7")]
    {
        let ask = || check(&monitor, &["--hostname", name]).0;
        let reading = Reading(in_time(Duration::from_secs(3), ask));
        let line = format!("CLOCK_OFFSET OK - {name} (198.51.100.7) is right within ");
        assert!(reading.verdict().1.starts_with(&line), "{:?}", reading.0);
        let reading = check(&monitor, &["--ntp", name]);
        assert!(reading.0.code == Some(0) && reading.verdict().1.ends_with(votes), "{:?}", reading.0);
        let reading = check(&monitor, &["-4", "--ntp", name]);
        assert!(reading.verdict().1.ends_with(&format!(" of NTP server {name}")), "{:?}", reading.0);
    }
    let reading = check(&monitor, &["-6", "--hostname=closed7"]);
    let line =
        "CLOCK_OFFSET UNKNOWN - no SNMP answer from [2001:db8::1]:161 (v2c, 1 try): connection refused";
    assert_eq!(reading.verdict(), (3, line));
}
