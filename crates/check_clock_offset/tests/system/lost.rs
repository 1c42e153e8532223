//! Real NTP servers whose packets are lost, or that limit how often they answer.

use suite::clocks::{Clock, SERVER_NEEDS};
use suite::host::{Host, succeed};
use suite::needs::{Need, missing};

use super::{Reading, check};

/// A monitor with a cable to each of three hosts, 192.0.2.1 to 3.
fn three() -> (Host, [Host; 3]) {
    let monitor = Host::create();
    let others = [Host::create(), Host::create(), Host::create()];
    for (number, other) in (1..).zip(&others) {
        let cable = format!("eth{number}");
        monitor.cable(&cable, other, "eth0");
        monitor.ip(&["addr", "add", "198.51.100.1/32", "peer", &format!("192.0.2.{number}"), "dev", &cable]);
        other.ip(&["addr", "add", &format!("192.0.2.{number}/32"), "peer", "198.51.100.1", "dev", "eth0"]);
    }
    (monitor, others)
}

fn ask(monitor: &Host) -> Reading {
    check(monitor, &["--ntp=192.0.2.1", "--ntp=192.0.2.2", "--ntp=192.0.2.3"])
}

#[test]
fn a_lost_packet_takes_no_vote() {
    if missing(&SERVER_NEEDS) || missing(&[Need::Program("nft")]) {
        return;
    }
    // The clocks of the servers, which of them lose each second question, and the line.
    let rows: [([&str; 3], &[usize], i32, &str); 3] = [
        (["+300s", "+0s", "+0s"], &[1, 2], 0, " of 2 of 3 NTP servers, falseticker 192.0.2.1"),
        (["+300s", "+0s", "+0s"], &[0, 1, 2], 0, " of 2 of 3 NTP servers, falseticker 192.0.2.1"),
        (
            ["+0s", "+300s", "+300s"],
            &[1, 2],
            2,
            " slow by 2 of 3 NTP servers, allowed -60 to 60 s, falseticker 192.0.2.1",
        ),
    ];
    for (offsets, losing, code, words) in rows {
        let (monitor, others) = three();
        let server = |(other, offset): (&Host, &str)| Clock::server(other, offset, "local stratum 10");
        let _servers: Vec<Clock> = others.iter().zip(offsets).map(server).collect();
        for other in losing.iter().filter_map(|place| others.get(*place)) {
            let rules = "add table inet sop; add chain inet sop in { type filter hook input priority 0; }; \
                         add rule inet sop in udp dport 123 numgen inc mod 2 == 0 drop";
            succeed(other.command("nft").arg(rules));
        }
        for _again in 0..2 {
            let reading = ask(&monitor);
            assert_eq!(reading.0.code, Some(code), "{:?}", reading.0);
            assert!(reading.verdict().1.ends_with(words), "{:?}", reading.0);
        }
    }
}

/// A server that answers once in two seconds is asked again within one run.
#[test]
fn a_server_that_limits_its_rate_has_its_vote() {
    if missing(&SERVER_NEEDS) {
        return;
    }
    let (monitor, others) = three();
    let limited = "local stratum 10\nratelimit interval 1 burst 1 leak 10";
    let settings = [("+300s", "local stratum 10"), ("+0s", limited), ("+0s", limited)];
    let server = |(other, (offset, more)): (&Host, (&str, &str))| Clock::server(other, offset, more);
    let _servers: Vec<Clock> = others.iter().zip(settings).map(server).collect();
    for _again in 0..3 {
        let reading = ask(&monitor);
        assert_eq!(reading.0.code, Some(0), "{:?}", reading.0);
        assert!(reading.verdict().1.ends_with(", falseticker 192.0.2.1"), "{:?}", reading.0);
    }
}
