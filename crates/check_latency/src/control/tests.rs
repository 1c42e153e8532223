//! Targets and gateways after a usual past, and what the gateways excuse.

use std::net::SocketAddr;

use super::*;
use crate::rule::{Path, Settings};
use crate::seen::Seen;
use crate::target::Target;

const NOW: u64 = 1_790_000_000;

/// What is seen in a run: pings lost of 20, and the median in milliseconds.
type Row = (usize, u32);
/// An address, and its last runs.
type Known<'a> = (&'a str, &'a [Row]);
const WELL: Row = (0, 60);
const DEAD: Row = (20, 0);
const LATE: Row = (0, 90);
const LOSSY: Row = (9, 60);

/// A target that was well in 100 runs, and then as in these rows.
fn judged(address: &str, rows: &[Row]) -> JudgedTarget {
    let (mut path, settings) = (Path::default(), Settings::default());
    let run =
        |(lost, median): Row| Seen { sent: 20, times: vec![median * 1_000; 20 - lost], ..Seen::default() };
    let all: Vec<Seen> = (0..100).map(|_| WELL).chain(rows.iter().copied()).map(run).collect();
    let mut verdict = None;
    for (number, seen) in (0..).zip(&all) {
        verdict = seen.run(NOW + number * 300).map(|run| path.judge(run, &settings));
    }
    let target = Target::new(SocketAddr::new(address.parse().unwrap(), 0), "");
    JudgedTarget {
        target: Box::new(target),
        seen: Box::new(all.last().unwrap().clone()),
        verdict,
        is_learning: false,
        is_over_limit: false,
        is_over_loss: false,
    }
}

/// So many targets of a family.
fn targets(v6: bool, count: usize, rows: &[Row]) -> Vec<JudgedTarget> {
    let network = if v6 { "2001:db8::" } else { "192.0.2." };
    (1..=count).map(|number| judged(&format!("{network}{number}"), rows)).collect()
}

/// How a control is, in per cent and milliseconds.
fn shown(beside: Beside) -> String {
    match beside {
        Beside::Loses { now, usual } => format!("loses {:.0} for {:.0}", now * 1e2, usual * 1e2),
        Beside::Takes { now, usual } => format!("takes {:.0} for {:.0}", now * 1e3, usual * 1e3),
        other => format!("{other:?}"),
    }
}

/// What is said of the own network, or how the control is.
fn said(targets: Vec<JudgedTarget>, gateways: &[(&str, &[Row])]) -> String {
    let extra: Vec<JudgedTarget> = gateways.iter().map(|(address, rows)| judged(address, rows)).collect();
    let comparison = Comparison::new(&targets, &extra);
    let own = comparison.own_network().map(|own| own.split(" are ").next().unwrap().to_owned());
    own.or(comparison.beside.map(|beside| shown(beside.how))).unwrap_or_default()
}

const V4: &str = "192.0.2.254";
const V6: &str = "2001:db8::fe";

#[test]
fn a_gateway_is_worse_by_the_evidence_of_an_alert_and_excuses_what_it_has_itself() {
    let own = "5 of 5 targets and the gateway 192.0.2.254";
    // (the targets' last runs, the gateway's, what is said)
    let rows: [(&[Row], &[Row], &str); 19] = [
        (&[DEAD], &[WELL], "Usual"),
        (&[DEAD], &[DEAD], own),
        // Half of its pings in one run are no alert of the gateway, and no cause of silence.
        (&[DEAD], &[(10, 60)], "loses 50 for 0"),
        (&[DEAD], &[(11, 60)], own),
        // One late run of the gateway is no trend, and its latency is no cause of silence.
        (&[DEAD], &[LATE], "takes 90 for 60"),
        (&[DEAD], &[LATE, LATE], "takes 90 for 60"),
        // Unless the targets alert in this run, in which it is as late.
        (&[LATE, LATE], &[LATE], own),
        (&[LATE; 4], &[LATE, LATE, WELL, LATE], own),
        (&[LATE; 4], &[LATE, LATE, WELL], "Usual"),
        (&[LATE, LATE], &[(0, 74)], "takes 74 for 60"),
        (&[LATE, LATE], &[LATE, LATE], own),
        (&[LATE, LATE], &[DEAD], "Silent"),
        (&[LOSSY, LOSSY, LOSSY], &[LOSSY, LOSSY, LOSSY], own),
        (&[DEAD], &[LOSSY, LOSSY, LOSSY], "loses 45 for 0"),
        // A gateway that answers all pings of this run excuses no loss.
        (&[LOSSY, LOSSY, LOSSY], &[LOSSY, LOSSY, LOSSY, (2, 60), WELL], "Usual"),
        // An alert that is held excuses no more than twice of what the gateway lost since it began.
        (&[(19, 60)], &[(2, 60); 14], "loses 10 for 0"),
        (&[(5, 60)], &[(2, 60); 14], "loses 10 for 0"),
        (&[(4, 60)], &[(2, 60); 14], own),
        (&[WELL], &[DEAD], ""),
    ];
    for (runs, gateway, expected) in rows {
        assert_eq!(said(targets(false, 5, runs), &[(V4, gateway)]), expected, "{runs:?} {gateway:?}");
    }
}

#[test]
fn a_loss_of_one_run_that_the_gateway_shares_is_its_own() {
    let own = "5 of 5 targets and the gateway 192.0.2.254";
    let told: &[Row] = &[(12, 60)];
    let rows: [(&[Row], &[Row], &str); 11] = [
        // The uplink loses 55 %, and the gateway a little less than what is told of one run.
        (told, &[(9, 60)], own),
        (told, &[(6, 60)], own),
        // Less than half of what the targets lose is no cause of it.
        (told, &[(5, 60)], "loses 25 for 0"),
        (told, &[(1, 60)], "Usual"),
        // Where nothing is told of a target, the gateway's loss must be as certain as an alert.
        (&[(9, 60)], &[(9, 60)], own),
        (&[(8, 60)], &[(5, 60)], own),
        (&[(3, 60)], &[(2, 60)], "loses 10 for 0"),
        // A loss that goes on is told of the targets: 10 points are enough, and 5 are not.
        (&[(3, 60); 3], &[WELL, WELL, (2, 60)], own),
        (&[(3, 60); 3], &[WELL, WELL, (1, 60)], "Usual"),
        // Silence has another cause than some loss.
        (&[DEAD], &[(9, 60)], "loses 45 for 0"),
        (&[LATE, LATE], &[(9, 60)], "loses 45 for 0"),
    ];
    for (runs, gateway, expected) in rows {
        assert_eq!(said(targets(false, 5, runs), &[(V4, gateway)]), expected, "{runs:?} {gateway:?}");
    }
    // Of a gateway that usually loses some pings, as one that limits its answers does, so much is chance.
    let often = [vec![(1, 60); 60], vec![(3, 60)]].concat();
    assert_eq!(said(targets(false, 5, &[(3, 60)]), &[(V4, &often)]), "loses 15 for 2");
}

#[test]
fn a_latency_of_one_run_excuses_what_would_be_told() {
    let own = "5 of 5 targets and the gateway 192.0.2.254";
    // (the targets' last runs, the gateway's, whether one target is above a limit, what is said)
    let rows: [(&[Row], &[Row], bool, &str); 7] = [
        (&[LATE], &[LATE], true, own),
        (&[LATE], &[(0, 75)], true, own),
        (&[LATE], &[LATE], false, "takes 90 for 60"),
        (&[LATE], &[WELL], true, "Usual"),
        // Less than half of the rise is no cause of it.
        (&[LATE], &[(0, 74)], true, "takes 74 for 60"),
        (&[LATE, LATE], &[LATE], true, own),
        (&[DEAD], &[LATE], true, "takes 90 for 60"),
    ];
    for (runs, gateway, is_over_limit, expected) in rows {
        let mut targets = targets(false, 5, runs);
        targets[3].is_over_limit = is_over_limit;
        assert_eq!(said(targets, &[(V4, gateway)]), expected, "{runs:?} {gateway:?} {is_over_limit}");
    }
}

#[test]
fn families_are_counted_together_where_both_gateways_are_worse() {
    let (dead, well): (&[Row], &[Row]) = (&[DEAD], &[WELL]);
    let both = |v4: (usize, &[Row]), v6: (usize, &[Row]), gateways: &[(&str, &[Row])]| {
        let mut all = targets(false, v4.0, v4.1);
        all.extend(targets(true, v6.0, v6.1));
        said(all, gateways)
    };
    let of_v4 = "5 of 5 targets and the gateway 192.0.2.254";
    let of_all = "6 of 6 targets and the gateways 192.0.2.254 and 2001:db8::fe";
    assert_eq!(both((5, dead), (1, dead), &[(V4, dead), (V6, dead)]), of_all);
    assert_eq!(both((5, dead), (1, dead), &[(V4, dead), (V6, well)]), of_v4);
    assert_eq!(both((5, dead), (1, dead), &[(V4, dead)]), of_v4, "IPv6 has no control");
    assert_eq!(both((1, dead), (1, dead), &[(V4, dead), (V6, dead)]), "Silent", "two are too few");
    let of_v6 = "3 of 3 targets and the gateway 2001:db8::fe";
    assert_eq!(both((9, well), (3, dead), &[(V4, dead), (V6, dead)]), of_v6);
    assert_eq!(both((9, well), (3, dead), &[(V4, well), (V6, well)]), "Usual");
}

/// A default route with two next hops, of which one never answers.
#[test]
fn of_several_gateways_of_a_family_each_that_is_known_counts() {
    let (dead, well): (&[Row], &[Row]) = (&[DEAD], &[WELL]);
    let other = "192.0.2.250";
    let own = |gateway| format!("5 of 5 targets and the gateway {gateway}");
    let rows = [
        ([(other, dead), (V4, well)], own(other)),
        ([(other, well), (V4, dead)], own(V4)),
        ([(other, dead), (V4, dead)], own(other)),
        ([(other, &[LATE, LATE]), (V4, dead)], own(V4)),
        ([(other, well), (V4, well)], "Usual".to_owned()),
        ([(other, well), (V4, &[(10, 60)])], "loses 50 for 0".to_owned()),
    ];
    for (gateways, expected) in rows {
        assert_eq!(said(targets(false, 5, dead), &gateways), expected, "{gateways:?}");
    }
    let mut young = judged(other, dead);
    (young.is_learning, young.verdict.as_mut().unwrap().learning) = (true, true);
    let all = targets(false, 5, dead);
    let comparison = Comparison::new(&all, &[young, judged(V4, dead)]);
    assert!(comparison.own_network().is_some_and(|said| said.contains(&own(V4))));
}

/// The list of targets has the routers of this machine too.
#[test]
fn a_gateway_that_is_a_target_too_is_no_witness_of_its_own_trouble() {
    let (dead, well): (&[Row], &[Row]) = (&[DEAD], &[WELL]);
    let hop = "192.0.2.250";
    let own = |count| format!("{count} of {count} targets and the gateway {V4}");
    // (the targets, the gateways, what is said)
    let rows: [(&[Known<'_>], &[Known<'_>], String); 6] = [
        (&[(V4, dead), ("192.0.2.1", dead), ("192.0.2.2", well)], &[(V4, dead)], "Silent".to_owned()),
        (&[(V4, dead), ("192.0.2.1", dead), ("192.0.2.2", dead)], &[(V4, dead)], "Silent".to_owned()),
        (
            &[(V4, dead), (hop, dead), ("192.0.2.1", dead), ("192.0.2.2", well)],
            &[(V4, dead), (hop, dead)],
            "Silent".to_owned(),
        ),
        (&[(V4, dead), (V6, well)], &[(V4, dead)], String::new()),
        (&[(V4, dead), ("192.0.2.1", dead), ("192.0.2.2", dead), ("192.0.2.3", dead)], &[(V4, dead)], own(3)),
        // Nor is the other router.
        (
            &[(V4, dead), ("192.0.2.1", dead), ("192.0.2.2", dead), ("192.0.2.3", dead), (hop, dead)],
            &[(V4, dead), (hop, well)],
            own(3),
        ),
    ];
    for (all, gateways, expected) in rows {
        let targets = all.iter().map(|(address, runs)| judged(address, runs)).collect();
        assert_eq!(said(targets, gateways), expected, "{all:?} {gateways:?}");
    }
}

#[test]
fn a_target_with_another_trouble_keeps_its_state() {
    let mut all = targets(false, 5, &[LATE, LATE]);
    all.push(judged("192.0.2.9", &[DEAD]));
    let gateway = judged(V4, &[LATE, LATE]);
    let comparison = Comparison::new(&all, &[gateway]);
    assert!(comparison.excuses(&all[0]) && !comparison.excuses(&all[5]));
    assert!(comparison.own_network().unwrap().starts_with("5 of 6 targets and the gateway "));
    assert!(!comparison.spoils(&all[5]), "it is learned");
}

#[test]
fn a_target_that_is_not_worse_is_neither_excused_nor_learned() {
    let mut all = targets(false, 5, &[DEAD]);
    let mut strange = judged("192.0.2.8", &[WELL]);
    *strange.seen = Seen { sent: 20, strange: 20, other_payload: true, ..Seen::default() };
    strange.verdict = None;
    all.extend([judged("192.0.2.9", &[WELL]), strange]);
    let gateway = judged(V4, &[DEAD]);
    let comparison = Comparison::new(&all, &[gateway]);
    assert!(comparison.own_network().unwrap().starts_with("5 of 7 targets and the gateway "));
    for (target, is_worse) in all.iter().zip([true, true, true, true, true, false, false]) {
        assert!(comparison.spoils(target));
        assert_eq!(comparison.excuses(target), is_worse, "{}", target.target.name());
    }
}
