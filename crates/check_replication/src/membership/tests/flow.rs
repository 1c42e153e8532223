//! Rows: what a node of Galera says of flow control at each look, and the finding.

use std::time::Duration;

use super::{row, said};
use crate::membership::{Galera, Membership};
use crate::row::Row;

const LATE: &str = "no time for another look";

/// What is said of a node that has these to say of flow control: at the first look, and at those that follow
/// as long as it asks for another. All must be asked for; where the deadline has no time for one, [`LATE`].
fn flow(looks: &[&str]) -> Vec<String> {
    flow_within(looks, Duration::from_secs(8))
}

/// The same where there is this time for all looks.
fn flow_within(looks: &[&str], mut left: Duration) -> Vec<String> {
    let read = |look: &&str| {
        let told = format!("provider_name=Galera cluster_status=Primary local_state=4 ready=ON {look}");
        let rows: Vec<Row> = told
            .split_whitespace()
            .filter_map(|pair| pair.split_once('='))
            .map(|(name, value)| row(&[("Variable_name", &format!("wsrep_{name}")), ("Value", value)]))
            .collect();
        Galera::read(&rows, &Row::default()).unwrap()
    };
    let mut looks = looks.iter().map(read);
    let mut node = looks.next().unwrap();
    let mut late = None;
    while let Some(pause) = node.until_next_look(left) {
        late = (looks.len() == 0).then(|| LATE.to_owned());
        let Some(look) = looks.next() else { break };
        node = look.after(&node, pause);
        left = left.saturating_sub(pause);
    }
    assert_eq!(looks.count(), 0, "asked for too few looks: {node:?}");
    let said = said(&Membership::Galera(node), None);
    late.into_iter().chain(said.into_iter().filter(|said| !said.starts_with("OK"))).collect()
}

/// That all writes were held, for less time than is sure.
fn held_for(seconds: &str) -> String {
    format!(
        "WARNING a: flow control held all writes for the {seconds} s watched, --timeout=3 tells whether it stays"
    )
}

/// With a short --timeout it is watched for as long as that allows.
#[test]
fn flow_control_that_is_watched_for_a_short_time() {
    let active = |ms: u64| format!("flow_control_active=true flow_control_paused_ns={}", ms * 1_000_000);
    let old = |ms: u64| format!("flow_control_paused_ns={}", ms * 1_000_000);
    let all = "CRITICAL a: flow control holds all writes of the cluster, asked for by another node";
    let rows = [
        // Two, one and half a second of --timeout without what is left for the answer.
        (1490, vec![active(5), active(750), active(1495)], vec![all.to_owned()]),
        (1490, vec![active(5), active(750), active(755)], vec![]),
        (
            1490,
            vec![active(5), active(500), active(1000)],
            vec!["WARNING a: flow control held writes back 67% of the last 1.5 seconds".to_owned()],
        ),
        (1490, vec![old(5), old(303), old(899), old(1495)], vec![held_for("1")]),
        (490, vec![active(5), active(250), active(495)], vec![held_for("0.5")]),
        (490, vec![active(5), active(200), active(400)], vec![]),
        (490, vec![old(5), old(103), old(299), old(495)], vec![held_for("0.5")]),
        (20, vec![active(5)], vec![]),
    ];
    for (left, looks, expected) in rows {
        let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
        assert_eq!(flow_within(&looks, Duration::from_millis(left)), expected, "{left} {looks:?}");
    }
    let on =
        [("provider_name", "Galera"), ("cluster_status", "Primary"), ("local_state", "4"), ("ready", "ON")];
    let on = on.into_iter().chain([("local_state_comment", "Synced"), ("cluster_size", "3")]);
    let on = on.chain([("flow_control_active", "true")]);
    let rows: Vec<Row> = on
        .map(|(name, value)| row(&[("Variable_name", &format!("wsrep_{name}")), ("Value", value)]))
        .collect();
    let node = Membership::Galera(Galera::read(&rows, &Row::default()).unwrap());
    let text = "OK a: Synced, Galera cluster of 3 members, undecided: flow control is on, --timeout=3 tells whether it stays";
    assert_eq!(said(&node, None), [text]);
}

#[test]
fn flow_control_that_holds_all_writes() {
    // Milliseconds since the start.
    let active = |ms: u64| format!("flow_control_active=true flow_control_paused_ns={}", ms * 1_000_000);
    let asks = |ms: u64| format!("{} flow_control_requested=true", active(ms));
    let idle = |ms: u64| format!("flow_control_active=false flow_control_paused_ns={}", ms * 1_000_000);
    let old = |ms: u64| format!("flow_control_paused_ns={}", ms * 1_000_000);
    let by = |who: &str| {
        vec![format!("CRITICAL a: flow control holds all writes of the cluster, asked for by {who} node")]
    };
    let slow = |percent: u32| {
        vec![format!("WARNING a: flow control held writes back {percent}% of the last 2 seconds")]
    };
    let once = |percent: u32| {
        let said = format!("WARNING a: flow control held writes back {percent}% of the last second");
        vec![LATE.to_owned(), said]
    };
    let all_of = |seconds: &str| vec![LATE.to_owned(), held_for(seconds)];
    let none: Vec<String> = Vec::new();
    let on = "flow_control_active=ON".to_owned();
    let rows = [
        // It never held any: one look is enough.
        (vec![idle(0)], none.clone()),
        // It did at some time, and does not now.
        (vec![idle(5), idle(5)], none.clone()),
        (vec![active(5), active(1005), active(2005)], by("another")),
        (vec![asks(5), asks(990), asks(1985)], by("this")),
        (vec![asks(5), asks(990), active(1985)], by("another")),
        // It goes to and fro, as in each busy cluster.
        (vec![active(5), active(255)], none.clone()),
        (vec![active(5), idle(305)], none.clone()),
        (vec![idle(5), active(105), active(405)], none.clone()),
        (vec![idle(5), idle(105), idle(405)], none.clone()),
        (vec![active(5), idle(1005), idle(1255)], none.clone()),
        (vec![active(5), active(505), active(1005)], none.clone()),
        // Most of the time, by both seconds, whatever it does at the looks.
        (vec![active(5), active(600), active(1450)], slow(72)),
        (vec![active(5), idle(1005), idle(1990)], slow(99)),
        (vec![idle(5), idle(170), idle(720), idle(1270)], slow(55)),
        (vec![idle(5), active(170), idle(620), active(1270)], slow(55)),
        (vec![idle(5), active(5), idle(855), idle(1705)], slow(85)),
        (vec![active(5), active(705), active(1705)], slow(85)),
        // It begins.
        (vec![idle(5), active(105), active(1105), active(2105)], by("another")),
        // The deadline leaves one second.
        (vec![asks(5), asks(1005)], all_of("1")),
        (vec![active(5), idle(605)], once(60)),
        (vec![idle(5), idle(170), idle(725)], once(56)),
        (vec![active(5), active(455)], vec![LATE.to_owned()]),
        (vec![on.clone(), on.clone()], all_of("1")),
        // Releases that tell one of both.
        (vec![on.clone(), on.clone(), on], by("another")),
        (vec![old(5), old(505), old(1505), old(2505)], by("another")),
        (vec![old(5), old(5)], none.clone()),
        (vec![old(0)], none.clone()),
        (vec![String::new()], none),
    ];
    for (looks, expected) in rows {
        let looks: Vec<&str> = looks.iter().map(String::as_str).collect();
        assert_eq!(flow(&looks), expected, "{looks:?}");
    }
    // The mean since the start is not told beside it.
    let mean = "flow_control_paused=0.42";
    let looks = [active(5), active(1005), active(2005)].map(|look| format!("{look} {mean}"));
    assert_eq!(flow(&[&looks[0], &looks[1], &looks[2]]), by("another"));
    let last = format!("{} {mean}", active(1400));
    assert_eq!(flow(&[&active(5), &active(700), &last]), slow(70));
    assert_eq!(flow(&[mean]), ["WARNING a: flow control held writes back 42% of the time"]);
}
