//! The same quiet paths pinged by the crate surge-ping: both must agree. And where they part, which is why
//! this plugin has sockets of its own.

use std::net::IpAddr;
use std::thread;
use std::time::Duration;

use suite::bench::enter;
use suite::needs::missing;
use surge_ping::{Client, Config, PingIdentifier, PingSequence};

use crate::NEEDS;
use crate::far_end::Vice;
use crate::paths::{Lab, line, metric};

const PINGS: u16 = 20;

/// The round-trip times that surge-ping reports of an address, from the monitor.
fn surge(lab: &Lab, address: &str) -> Vec<Duration> {
    let address: IpAddr = address.parse().unwrap();
    let kind = if address.is_ipv6() { surge_ping::ICMP::V6 } else { surge_ping::ICMP::V4 };
    let all = async {
        let client = Client::new(&Config::builder().kind(kind).build()).unwrap();
        let mut pinger = client.pinger(address, PingIdentifier(4_711)).await;
        pinger.timeout(Duration::from_millis(500));
        let mut times = Vec::new();
        for sequence in 0..PINGS {
            if let Ok((_, time)) = pinger.ping(PingSequence(sequence), &[0x55; 16]).await {
                times.push(time);
            }
        }
        times
    };
    thread::scope(|scope| {
        let inside = scope.spawn(|| {
            enter(&lab.far.monitor);
            tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(all)
        });
        inside.join().unwrap()
    })
}

fn median(mut times: Vec<Duration>) -> f64 {
    times.sort_unstable();
    times[times.len() / 2].as_secs_f64()
}

#[test]
fn both_agree_on_quiet_paths() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    for (address, milliseconds) in
        [("192.0.2.1", 20), ("192.0.2.2", 80), ("2001:db8:2::1", 20), ("2001:db8:2::2", 80)]
    {
        lab.far.set(address, Vice { delay: Duration::from_millis(milliseconds), ..Vice::default() });
        let own = lab.run(&[&format!("--ip={address}"), "--each"]);
        let label = format!("{}_rtt", address.replace(['.', ':'], "_"));
        let own_median: f64 = metric(&own, &label).trim_end_matches('s').parse().unwrap();
        let others = surge(&lab, address);
        assert_eq!(
            (metric(&own, "lost").as_str(), others.len()),
            ("0%", usize::from(PINGS)),
            "{}",
            own.stdout
        );
        // Other tests keep the machine busy, and the far end answers some milliseconds late.
        let (expected, other) = (milliseconds as f64 / 1e3, median(others));
        assert!((expected..expected + 0.015).contains(&own_median), "{address}: {own_median}");
        assert!((own_median - other).abs() < 0.02, "{address}: {own_median} and {other}");
    }
    lab.far.set("192.0.2.3", Vice { loses: (1, 4), ..Vice::default() });
    assert_eq!(metric(&lab.run(&["--ip=192.0.2.3"]), "lost"), "25%");
    assert_eq!(surge(&lab, "192.0.2.3").len(), 15);
}

#[test]
fn where_they_part() {
    if missing(&NEEDS) {
        return;
    }
    let lab = Lab::new();
    // An ICMP error is a reply to surge-ping, whose caller has to look at its type.
    lab.far.router.ip(&["route", "add", "unreachable", "192.0.2.99/32"]);
    let own = lab.run(&["--ip=192.0.2.99", "--gateway=none"]);
    let expected = "LATENCY CRITICAL - 192.0.2.99 does not answer since HH:MM: host unreachable, reported by 198.51.100.254";
    assert_eq!(line(&own), expected);
    // A router sends only some of them.
    assert!(!surge(&lab, "192.0.2.99").is_empty());
    // A payload that the path changes is a reply like any other.
    lab.far.set("192.0.2.1", Vice { flips: true, ..Vice::default() });
    assert_eq!(
        line(&lab.run(&["--ip=192.0.2.1"])),
        "LATENCY WARNING - 192.0.2.1 answers with another payload"
    );
    assert_eq!(surge(&lab, "192.0.2.1").len(), usize::from(PINGS));
}
