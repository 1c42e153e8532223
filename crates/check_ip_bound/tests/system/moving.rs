//! Addresses that move between hosts: the recipe that demands exactly one holder, and the host that must not
//! be one.

use std::process::Command;
use std::time::Duration;

use suite::host::{Host, cabled};
use suite::needs::{Need, missing};
use suite::process::{Outcome, run};
use suite::wait::eventually;

use super::check;

const CLUSTER: &str = "/usr/lib/nagios/plugins/check_cluster";
const FLOATING: &str = "192.0.2.100";

/// What check_cluster says of both nodes' service "holds the floating address": it counts those that are not
/// OK, and is critical unless that is one of two.
fn cluster(nodes: [&Host; 2]) -> Outcome {
    let states = nodes.map(|node| {
        // On the node that does not hold it a warning, as the service of the recipe has it.
        let outcome = check(node, &["--ip", FLOATING, "--warning=0"]);
        outcome.code.unwrap().to_string()
    });
    run(Command::new(CLUSTER).args([
        "--service",
        "--label=floating",
        "--critical=1:1",
        "--data",
        &states.join(","),
    ]))
}

#[test]
fn exactly_one_holder_of_a_floating_address_is_fine() {
    if missing(&[Need::Root, Need::Program("ip"), Need::Program(CLUSTER)]) {
        return;
    }
    let (one, two) = cabled();
    one.ip(&["addr", "add", "192.0.2.1/24", "dev", "eth0"]);
    two.ip(&["addr", "add", "192.0.2.2/24", "dev", "eth0"]);
    let holds = |node: &Host, own: &str| {
        let outcome = check(node, &["--ip", own, "--floating", FLOATING]);
        assert_eq!(outcome.code, Some(0), "{}", outcome.stdout);
        let data = outcome.first_line().split(" holds_192_0_2_100=").nth(1).unwrap().to_owned();
        assert!(data == "0;;;0;1" || data == "1;;;0;1", "{data}");
        data.starts_with('1')
    };
    let look = || (holds(&one, "192.0.2.1"), holds(&two, "192.0.2.2"), cluster([&one, &two]).code.unwrap());
    let floating = format!("{FLOATING}/32");

    assert_eq!(look(), (false, false, 2), "none");
    one.ip(&["addr", "add", &floating, "dev", "eth0"]);
    assert_eq!(look(), (true, false, 0), "one");
    two.ip(&["addr", "add", &floating, "dev", "eth0"]);
    assert_eq!(look(), (true, true, 2), "two");
    one.ip(&["addr", "del", &floating, "dev", "eth0"]);
    assert_eq!(look(), (false, true, 0), "the other");
    // A holder whose link is gone serves nobody.
    one.ip(&["link", "set", "eth0", "down"]);
    eventually("a holder without a link is none", Duration::from_secs(10), || {
        cluster([&one, &two]).code == Some(2)
    });
}

#[test]
fn a_node_that_must_not_hold_an_address_alarms() {
    if missing(&super::HOSTS) {
        return;
    }
    let (host, _other) = cabled();
    host.ip_batch("addr add 192.0.2.1/24 dev eth0\naddr add 192.0.2.100/32 dev lo\n");
    let outcome = check(&host, &["--ip=192.0.2.1", "--absent=192.0.2.100", "--absent=192.0.2.101"]);
    let line = "IP_BOUND CRITICAL - 192.0.2.100 is bound on lo and must be absent";
    assert_eq!((outcome.code, outcome.first_line().split(" | ").next()), (Some(2), Some(line)));
    host.ip(&["addr", "del", "192.0.2.100/32", "dev", "lo"]);
    assert_eq!(check(&host, &["--ip=192.0.2.1", "--absent=192.0.2.100"]).code, Some(0));
}
