//! The same paths pinged by check_icmp and fping: what a fixed threshold and an unproven reply make of them.

use std::time::Duration;

use suite::needs::{Need, missing};
use suite::process::{Outcome, run};

use crate::NEEDS;
use crate::far_end::Vice;
use crate::paths::{Lab, line};

const PEERS: [Need; 2] = [Need::Program("check_icmp"), Need::Program("fping")];

/// check_icmp with the thresholds of its manual, from the monitor.
fn check_icmp(lab: &Lab, address: &str) -> Outcome {
    let program = suite::needs::program("check_icmp").unwrap();
    let mut command = lab.far.monitor.command(program);
    run(command.args(["-H", address, "-n", "10", "-i", "20", "-w", "100,20%", "-c", "500,60%"]))
}

/// The share of pings that fping counts as lost.
fn fping_loss(lab: &Lab, address: &str) -> String {
    let mut command = lab.far.monitor.command("fping");
    let outcome = run(command.args(["-q", "-c", "10", "-p", "20", "-t", "500", address]));
    let loss = outcome.stderr.split("%loss = ").nth(1).unwrap_or_default();
    loss.split('/').nth(2).unwrap_or_default().split([',', '\n']).next().unwrap_or_default().to_owned()
}

#[test]
fn an_answer_that_is_not_the_targets_is_ok_to_the_peers() {
    if missing(&NEEDS) || missing(&PEERS) {
        return;
    }
    let lab = Lab::new();
    let rows = [
        (Vice { as_other: Some("192.0.2.250"), ..Vice::default() }, "answers as 192.0.2.250"),
        (Vice { flips: true, ..Vice::default() }, "answers with another payload"),
    ];
    for (vice, what) in rows {
        lab.far.set("192.0.2.1", vice);
        let own = lab.run(&["--ip=192.0.2.1"]);
        assert_eq!((line(&own), own.code), (format!("LATENCY WARNING - 192.0.2.1 {what}"), Some(1)));
        let peer = check_icmp(&lab, "192.0.2.1");
        assert_eq!(peer.code, Some(0), "{what}: {}", peer.stdout);
        assert_eq!(fping_loss(&lab, "192.0.2.1"), "0%", "{what}");
    }
}

#[test]
fn a_distant_host_is_a_warning_to_check_icmp_alone() {
    if missing(&NEEDS) || missing(&PEERS) {
        return;
    }
    let lab = Lab::new();
    lab.far.set("192.0.2.2", Vice { delay: Duration::from_millis(250), ..Vice::default() });
    lab.learn(&["--ip=192.0.2.2"], 4);
    assert_eq!(line(&lab.run(&["--ip=192.0.2.2"])), "LATENCY OK - 1 target as usual");
    let peer = check_icmp(&lab, "192.0.2.2");
    assert_eq!(peer.code, Some(1), "{}", peer.stdout);
}
