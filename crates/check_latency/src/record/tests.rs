//! Runs that are added to records, one after the other, with what is told of each.

use std::net::SocketAddr;

use super::*;

const NOW: u64 = 1_790_000_000;

/// The times of the last runs after runs that ended at these times, in the order in which they are
/// stored.
fn stored(times: &[u64], pause: f64) -> Vec<u64> {
    let mut records = Records::default();
    for at in times {
        let seen = Seen { sent: 20, times: vec![60_000; 20], ..Seen::default() };
        let target = Target::new("192.0.2.1:0".parse().unwrap(), "");
        let targets = vec![JudgedTarget {
            target: Box::new(target),
            seen: Box::new(seen),
            verdict: None,
            is_learning: true,
            is_over_limit: false,
            is_over_loss: false,
        }];
        let judged = Judged { at: *at, targets, ..Judged::default() };
        let began = Instant::now().checked_sub(Duration::from_secs(3)).unwrap();
        add(&judged, &mut records, &Settings::default(), (began, pause));
    }
    last_runs(&records, "192.0.2.1")
}

fn last_runs(records: &Records, key: &str) -> Vec<u64> {
    let path = serde_json::to_value(&records.targets[key]).unwrap();
    path["last"].as_array().unwrap().iter().map(|run| run[0].as_u64().unwrap()).collect()
}

#[test]
fn runs_side_by_side_are_no_clock_that_was_set_back() {
    assert_eq!(stored(&[NOW, NOW - 1, NOW - 4, NOW], 0.0), [NOW; 4]);
    assert_eq!(stored(&[NOW, NOW + 300, NOW + 299], 54.0), [NOW, NOW + 300], "one of both is enough");
    assert_eq!(stored(&[NOW, NOW + 300, NOW - 300], 54.0), [NOW - 300], "the clock was set back");
}

const V4: [&str; 5] = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.254"];

/// Judges and adds a run in which each address lost so many of 20 pings; the last IPv4 address is the
/// gateway. Returns whether it is the own network's, and whether a target is reported.
fn run(records: &mut Records, at: u64, lost: impl Fn(&str) -> usize) -> (bool, bool) {
    run_of(records, at, &[&V4[..4], &["2001:db8::1"]].concat(), lost)
}

/// The gateway may be one of the targets.
fn run_of(records: &mut Records, at: u64, all: &[&str], lost: impl Fn(&str) -> usize) -> (bool, bool) {
    let settings = Settings::default();
    let of = |address: &str, label: &str| {
        let lost = lost(address);
        let seen = Seen { sent: 20, times: vec![60_000; 20 - lost], ..Seen::default() };
        let target = Target::new(SocketAddr::new(address.parse().unwrap(), 0), label);
        let path = records.targets.get(&target.key()).cloned().unwrap_or_default();
        let verdict = seen.run(at).map(|run| path.clone().judge(run, &settings));
        let is_learning = verdict.is_some_and(|verdict| verdict.learning);
        let (target, seen) = (Box::new(target), Box::new(seen));
        JudgedTarget { target, seen, verdict, is_learning, is_over_limit: false, is_over_loss: false }
    };
    let targets: Vec<JudgedTarget> = all.iter().map(|address| of(address, "")).collect();
    let controls = vec![of(V4[4], "default gateway")];
    let comparison = Comparison::new(&targets, &controls);
    let judged = Judged { at, targets, controls, comparison, ..Judged::default() };
    add(&judged, records, &settings, (Instant::now(), 0.0));
    let is_told = |target: &JudgedTarget| target.verdict.is_some_and(|verdict| verdict.loss.is_some());
    let told = judged.targets.iter().any(|target| is_told(target) && !judged.comparison.excuses(target));
    (judged.comparison.own_network().is_some(), told)
}

/// Records of all addresses after 20 runs without loss, and the time of the next run.
fn known() -> (Records, u64) {
    known_of(&[&V4[..4], &["2001:db8::1"]].concat())
}

fn known_of(all: &[&str]) -> (Records, u64) {
    let mut records = Records::default();
    let mut run = |number: u64| run_of(&mut records, NOW + number * 300, all, |_| 0);
    (0..20).for_each(|number| assert_eq!(run(number), (false, false)));
    (records, NOW + 20 * 300)
}

/// The gateway becomes a target too, or is one no more, or becomes the gateway: the record that knows it
/// makes it the control.
#[test]
fn a_gateway_is_a_control_by_either_record() {
    let dead = |address: &str| if address == "2001:db8::1" { 0 } else { 20 };
    for (before, after) in [(&V4[..4], &V4[..]), (&V4[..], &V4[..4]), (&V4[..], &V4[..])] {
        let (mut records, at) = known_of(before);
        assert_eq!(run_of(&mut records, at, after, dead), (true, false), "{before:?} {after:?}");
    }
    let (mut records, at) = known_of(&V4);
    records.targets.remove("default gateway 192.0.2.254");
    assert_eq!(run_of(&mut records, at, &V4, dead), (true, false), "known as a target");
    records.targets.remove("192.0.2.254");
    assert_eq!(run_of(&mut records, at + 300, &V4, dead), (false, true));
}

#[test]
fn a_run_in_the_trouble_of_the_own_network_is_learned_of_no_target() {
    let (mut records, last) = known();
    let dead = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.254"];
    let lost = |address: &str| if dead.contains(&address) { 20 } else { 0 };
    assert_eq!(run(&mut records, last, lost), (true, false));
    let is_stored = |key: &str| last_runs(&records, key).last() == Some(&last);
    assert!(!is_stored("192.0.2.1") && !is_stored("192.0.2.4"), "nor of one that is not worse");
    assert!(is_stored("default gateway 192.0.2.254"), "its alert is held");
    assert!(is_stored("2001:db8::1"), "no gateway of its family is in trouble");
}

/// An uplink that loses a fifth of all packets is no fault of the targets in the run in which the gateway
/// loses less.
#[test]
fn a_lossy_uplink_stays_one_until_the_gateway_is_well() {
    let (mut records, mut at) = known();
    // The target of IPv6 has another way.
    let lossy = |address: &str, gateway| match address {
        "2001:db8::1" => 0,
        _ if address == V4[4] => gateway,
        _ => 5,
    };
    let own: Vec<bool> = [5, 5, 5, 2, 2, 1, 0, 5]
        .map(|gateway| {
            at += 300;
            let (own, told) = run(&mut records, at, |address| lossy(address, gateway));
            assert!(!told, "{gateway}");
            own
        })
        .into();
    assert_eq!(own, [false, true, true, true, true, true, true, true]);
    // The gateway is well again, and the targets still lose.
    let runs = (1..=6).find(|_| {
        at += 300;
        run(&mut records, at, |address| lossy(address, 0)) == (false, true)
    });
    assert!(runs.is_some_and(|runs| runs <= 4), "{runs:?}");
}

/// One run of the gateway is no alert of its own record, and is held because the targets share it.
#[test]
fn a_loss_that_targets_share_in_one_run_is_held_in_the_next() {
    let (mut records, at) = known();
    let lossy = |address: &str, gateway| match address {
        "2001:db8::1" => 0,
        _ if address == V4[4] => gateway,
        _ => 9,
    };
    assert_eq!(run(&mut records, at, |address| lossy(address, 6)), (true, false));
    assert_eq!(run(&mut records, at + 300, |address| lossy(address, 1)), (true, false));
}

/// A gateway that is dead while its targets are well is no control, and hides no outage of theirs.
#[test]
fn a_gateway_that_was_worse_alone_is_no_control_until_it_is_well() {
    let dead = |address: &str| if address == "2001:db8::1" { 0 } else { 20 };
    let alone = |address: &str| if address == V4[4] { 20 } else { 0 };
    for (runs, own) in [(0, true), (1, true), (2, false), (4, false), (16, false)] {
        let (mut records, mut at) = known();
        let mut next = |lost: &dyn Fn(&str) -> usize| {
            at += 300;
            run(&mut records, at, lost)
        };
        (0..runs).for_each(|_| assert_eq!(next(&alone), (false, false)));
        assert_eq!(next(&dead), (own, !own), "{runs} runs alone");
        assert_eq!(next(&dead), (own, !own), "{runs} runs alone");
        next(&|_| 0);
        assert_eq!(next(&dead), (true, false), "the gateway was well");
        // It stays dead after an outage.
        next(&alone);
        next(&alone);
        assert_eq!(next(&dead), (false, true), "{runs} runs alone");
    }
}

/// In a run in which the gateway is well, targets that are as bad as before are reported.
#[test]
fn targets_stay_bad_after_the_gateway_is_well() {
    // (what is lost before, and then; whether that is reported)
    for (before, then, told) in
        [(10, 10, true), (10, 6, true), (10, 4, false), (5, 5, true), (4, 2, false), (10, 0, false)]
    {
        let (mut records, mut at) = known();
        let mut next = |targets, gateway| {
            at += 300;
            run(&mut records, at, |address| match address {
                "2001:db8::1" => 0,
                _ if address == V4[4] => gateway,
                _ => targets,
            })
        };
        let own = (0..3).map(|_| next(before, before)).filter(|run| *run == (true, false)).count();
        assert!(own >= 2, "{before}");
        // The alert of the gateway may outlast one good run.
        let after = (0..3).map(|_| next(then, 0)).find(|(own, _)| !own);
        assert_eq!(after, Some((false, told)), "{before} and then {then}");
    }
}

/// What the gateway loses together with its targets becomes no normal of it, however long it does.
#[test]
fn a_lossy_uplink_is_the_own_network_longer_than_a_level_takes_to_be_accepted() {
    for all in [&V4[..4], &V4] {
        let (mut records, start) = known_of(all);
        let at = |number: u64| start + number * 300;
        let own = |number| run_of(&mut records, at(number), all, |_| 5);
        let runs: Vec<(bool, bool)> = (0..600).map(own).collect();
        assert!(runs[0] == (false, false) && runs[1..].iter().all(|run| *run == (true, false)));
        // The targets are well, and the gateway still loses: that is its new normal after a day.
        let lost = |address: &str| if address == V4[4] { 5 } else { 0 };
        let alone = |number| run_of(&mut records, at(number), all, lost).0;
        assert!(!(600..601).any(alone));
        assert!(run_of(&mut records, at(601), all, |_| 5).0, "one well run shows nothing");
        let told = |number| run_of(&mut records, at(number), all, lost).1;
        let told: Vec<bool> = (602..902).map(told).collect();
        let is_target = all.contains(&V4[4]);
        assert_eq!(told.iter().filter(|told| **told).count(), if is_target { 287 } else { 0 });
        assert!(!run_of(&mut records, at(902), all, |_| 5).0, "the gateway is as usual");
    }
}

/// Each packet is lost by chance, of targets and gateway alike. In few runs so many targets lose nothing
/// that the others are no two thirds.
#[test]
fn a_lossy_uplink_is_seldom_told_of_the_targets() {
    let (mut own, mut told, mut random) = (0, 0, 1_u64);
    for _ in 0..20 {
        let (mut records, start) = known();
        for number in 1..=30 {
            let losses: Vec<usize> = V4
                .iter()
                .map(|_| {
                    let mut lost = || {
                        random = random
                            .wrapping_mul(6_364_136_223_846_793_005)
                            .wrapping_add(1_442_695_040_888_963_407);
                        (random >> 33) % 5 == 0
                    };
                    (0..20).filter(|_| lost()).count()
                })
                .collect();
            let of = |address: &str| V4.iter().position(|v4| *v4 == address).map_or(0, |place| losses[place]);
            let (is_own, is_told) = run(&mut records, start + number * 300, of);
            own += u32::from(is_own);
            told += u32::from(is_told);
        }
    }
    assert!(own > 550 && told < 20, "{own} and {told} of 600 runs");
}
