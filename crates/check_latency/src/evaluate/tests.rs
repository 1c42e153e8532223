//! Rows of what was seen and the exact first line.

use std::time::Duration;

use clap::Parser as _;
use net::{IcmpError, ResolveError};

use super::*;
use crate::Args;
use crate::control::Comparison;
use crate::rule::{Path, Settings};
use crate::seen::Seen;
use crate::target::Target;

mod below;
mod gateway;
mod strange;

const NOW: u64 = 1_790_000_000;

/// The options of a command line.
fn judging(options: &[&str]) -> Judging {
    Args::try_parse_from([&["check_latency"], options].concat()).unwrap().judging
}

/// What is seen of a target that lost so many of 20 pings, and took so many milliseconds.
fn seen(lost: usize, milliseconds: u32) -> Seen {
    Seen { sent: 20, times: vec![milliseconds * 1_000; 20 - lost], ..Seen::default() }
}

/// A target that lost one ping of 20 in 100 runs and took 60 ms, then was seen so, twice, and now once more.
fn known(name: &str, now: Seen) -> JudgedTarget {
    let (mut path, settings) = (Path::default(), Settings::default());
    for run in 0..100 {
        path.judge(seen(1, 60).run(NOW - 31_200 + run * 300).unwrap(), &settings);
    }
    for run in [1, 2] {
        now.run(NOW - 900 + run * 300).map(|run| path.judge(run, &settings));
    }
    judged(name, now.clone(), now.run(NOW).map(|run| path.judge(run, &settings)))
}

/// A target that is seen for the first time.
fn new(name: &str, now: Seen) -> JudgedTarget {
    let verdict = now.run(NOW).map(|run| Path::default().judge(run, &Settings::default()));
    judged(name, now, verdict)
}

fn judged(name: &str, seen: Seen, verdict: Option<crate::rule::Verdict>) -> JudgedTarget {
    let target = Target::new("192.0.2.1:0".parse().unwrap(), name);
    let is_learning = verdict.is_none_or(|verdict| verdict.learning);
    let (target, seen) = (Box::new(target), Box::new(seen));
    JudgedTarget { target, seen, verdict, is_learning, is_over_limit: false, is_over_loss: false }
}

fn all(targets: Vec<JudgedTarget>) -> Judged {
    Judged { at: NOW, wait: Duration::from_secs(2), targets, ..Judged::default() }
}

/// The state and the first line without its performance data, with +N for a time of N minutes ago.
fn line(options: &[&str], judged: &Judged) -> String {
    let output = evaluate(&judging(options), judged).render("LATENCY", 0);
    let line = output.lines().next().unwrap().split(" | ").next().unwrap().to_owned();
    let calendar = Calendar::new(NOW);
    [0, 5, 10]
        .into_iter()
        .fold(line, |line, ago| line.replace(&calendar.moment(NOW - ago * 60), &format!("+{ago}")))
}

fn usual(name: &str) -> JudgedTarget {
    known(name, seen(0, 60))
}

fn icmp(code: u8, from: &str) -> Seen {
    let error = IcmpError { v6: false, kind: 3, code, from: Some(from.parse().unwrap()) };
    Seen { icmp: Some(error), ..seen(20, 0) }
}

#[test]
fn first_lines() {
    let other_payload = Seen { strange: 20, other_payload: true, ..seen(20, 0) };
    let other_address =
        Seen { strange: 20, other_address: Some("192.0.2.9".parse().unwrap()), ..seen(20, 0) };
    let unsent = Seen { unsent: Some("no route from here".to_owned()), ..Seen::default() };
    let rows: Vec<(Vec<JudgedTarget>, &str)> = vec![
        (vec![usual("a")], "OK - 1 target as usual"),
        (vec![usual("a"), usual("b")], "OK - 2 targets as usual"),
        (
            vec![usual("a"), known("b", seen(1, 60))],
            "OK - 2 targets as usual, most loss 5.0% at b (usual 5.0%)",
        ),
        (
            vec![usual("a"), known("b", seen(2, 60)), new("c", seen(1, 9))],
            "OK - 3 targets as usual, most loss 10% at b (usual 5.0%), 1 still learning",
        ),
        (vec![new("a", seen(0, 60))], "OK - 1 target answers, still learning"),
        (
            vec![new("a", seen(6, 60)), new("b", seen(0, 60))],
            "OK - 2 targets answer, most loss 30% at a, still learning",
        ),
        (vec![known("a", seen(8, 60)), usual("b")], "WARNING - a loses 40% (usual 5.0%) since +5"),
        (vec![known("a", seen(11, 60))], "CRITICAL - a loses 55% (usual 5.0%) since +10"),
        (vec![known("a", seen(19, 60))], "CRITICAL - a loses 95% (usual 5.0%) since +10"),
        (vec![known("a", seen(0, 91))], "WARNING - a takes 91 ms (usual 60 ms) since +5"),
        (vec![known("a", seen(0, 900))], "WARNING - a takes 900 ms (usual 60 ms) since +5"),
        (vec![known("a", seen(0, 1))], "OK - 1 target as usual"),
        (vec![known("a", seen(20, 0))], "CRITICAL - a does not answer since +10"),
        (vec![new("a", seen(20, 0))], "CRITICAL - a does not answer since +0"),
        (vec![known("a", Seen { late: 13, ..seen(20, 0) })], "CRITICAL - a answers later than 2 s since +10"),
        (
            vec![known("a", Seen { late: 8, ..seen(11, 60) })],
            "CRITICAL - a loses 55% (usual 5.0%) since +10: 8 later than 2 s",
        ),
        (vec![new("a", seen(12, 5))], "CRITICAL - a loses 60% (still learning) since +0"),
        (
            vec![known("a", icmp(1, "198.51.100.1"))],
            "CRITICAL - a does not answer since +10: host unreachable, reported by 198.51.100.1",
        ),
        (
            vec![known("a", icmp(13, "198.51.100.1"))],
            "CRITICAL - a does not answer since +10: prohibited, reported by 198.51.100.1",
        ),
        (
            vec![known("a", icmp(1, "127.0.0.1"))],
            "CRITICAL - a does not answer since +10: host unreachable, reported by this machine",
        ),
        (vec![usual("a"), known("b", other_address)], "WARNING - b answers as 192.0.2.9"),
        (vec![known("a", other_payload)], "WARNING - a answers with another payload"),
        (vec![usual("a"), known("b", unsent.clone())], "UNKNOWN - b not pinged: no route from here"),
        (vec![known("a", Seen::default())], "UNKNOWN - a not pinged: no time was left"),
        (
            vec![known("a", seen(0, 91)), usual("b"), known("c", seen(20, 0)), known("d", seen(8, 60))],
            "CRITICAL - 3 of 4 targets: c does not answer, d loses 40% (usual 5.0%) and 1 more",
        ),
        (
            vec![known("a", unsent), known("b", seen(0, 91))],
            "WARNING - 2 of 2 targets: b takes 91 ms (usual 60 ms), a not pinged: no route from here",
        ),
    ];
    for (targets, expected) in rows {
        assert_eq!(line(&[], &all(targets)), format!("LATENCY {expected}"));
    }
}

#[test]
fn limits_hold_from_the_first_run_and_are_reached_at_themselves() {
    let options = ["--limit-warning=60,20%", "--limit-critical=100,50%"];
    let rows = [
        (new("a", seen(0, 59)), "OK - 1 target answers, still learning"),
        (new("a", seen(0, 60)), "WARNING - a takes 60 ms, limit 60"),
        (new("a", seen(3, 10)), "OK - 1 target answers, most loss 15% at a, still learning"),
        (new("a", seen(4, 10)), "WARNING - a loses 20%, limit 20%"),
        (new("a", seen(0, 100)), "CRITICAL - a takes 100 ms, limit 100"),
        (new("a", seen(4, 100)), "CRITICAL - a takes 100 ms, limit 100"),
        (known("a", seen(20, 0)), "CRITICAL - a does not answer since +10"),
    ];
    for (target, expected) in rows {
        assert_eq!(line(&options, &all(vec![target])), format!("LATENCY {expected}"));
    }
}

#[test]
fn a_limit_among_several_is_no_count() {
    let targets =
        vec![new("a", seen(0, 60)), new("b", seen(4, 10)), new("c", seen(0, 61)), new("d", seen(0, 62))];
    let several = "WARNING - 4 of 4 targets: a takes 60 ms (limit 60), b loses 20% (limit 20%) and 2 more";
    assert_eq!(line(&["--limit-warning=60,20%"], &all(targets)), format!("LATENCY {several}"));
}

#[test]
fn a_range_without_0_judges_0_too() {
    let rows: [(&[&str], &str); 7] = [
        (&["--warning=1:"], "WARNING - abnormal is 0, limit 1:"),
        (&["--warning=5:10"], "WARNING - abnormal is 0, limit 5:10"),
        (&["--critical=@0"], "CRITICAL - abnormal is 0, limit @0"),
        (&["--warning=1:%"], "WARNING - abnormal_share is 0, limit 1:"),
        (&["--warning=0"], "OK - 3 targets as usual"),
        (&["--warning=0:"], "OK - 3 targets as usual"),
        (&["--critical=@1:"], "OK - 3 targets as usual"),
    ];
    for (options, expected) in rows {
        let judged = all(vec![usual("a"), usual("b"), usual("c")]);
        assert_eq!(line(options, &judged), format!("LATENCY {expected}"), "{options:?}");
    }
    let cut = Judged {
        no_socket: Some("opening a socket: none".to_owned()),
        ..all(vec![new("a", Seen::default())])
    };
    assert!(line(&["--critical=@0"], &cut).starts_with("LATENCY UNKNOWN - opening a socket: none"));
    let few = line(&["--warning=1:"], &all(vec![known("a", seen(20, 0)), usual("b")]));
    assert_eq!(few, "LATENCY OK - 1 of 2 targets abnormal, allowed 1 or more: a does not answer since +10");
}

#[test]
fn the_number_of_abnormal_targets_decides_where_that_is_asked_for() {
    let three = all(vec![new("a", seen(0, 60)), new("b", seen(0, 60)), new("c", seen(0, 60))]);
    let allowed = "OK - 3 of 3 targets abnormal, allowed up to 3: a takes 60 ms, limit 60 and 2 more targets";
    assert_eq!(line(&["--warning=3", "--limit-warning=60,20%"], &three), format!("LATENCY {allowed}"));
    let rows: [(&[&str], &str); 6] = [
        (&["--warning=1"], "OK - 1 of 3 targets abnormal, allowed up to 1: a does not answer since +10"),
        (&["--warning=0"], "WARNING - a does not answer since +10"),
        (&["--critical=0"], "CRITICAL - a does not answer since +10"),
        (&["--warning=50%"], "OK - 1 of 3 targets abnormal, allowed up to 50%: a does not answer since +10"),
        (&["--warning=0", "--critical=30%"], "CRITICAL - a does not answer since +10"),
        (&["--warning=0", "--critical=40%"], "WARNING - a does not answer since +10"),
    ];
    for (options, expected) in rows {
        let judged = all(vec![known("a", seen(20, 0)), usual("b"), usual("c")]);
        assert_eq!(line(options, &judged), format!("LATENCY {expected}"), "{options:?}");
    }
}

#[test]
fn a_share_is_that_of_the_targets_that_were_pinged() {
    let dead = |name: &str| known(name, seen(20, 0));
    let beside = |targets: Vec<JudgedTarget>| Judged {
        unusable: vec![unresolved(false), unresolved(false)],
        ..all(targets)
    };
    let both = "4 of 4 targets: a does not answer, b does not answer and 2 more";
    let one = "3 of 4 targets: a does not answer, resolving x: no answer, resolving x: no answer";
    let names = "2 of 4 targets: resolving x: no answer, resolving x: no answer";
    // (the options, the second target, the line, the share that is printed)
    let rows: [(&[&str], JudgedTarget, String, &str); 6] = [
        (&["--critical=50%"], dead("b"), format!("CRITICAL - {both}"), "100%;;50;0;100"),
        (&["--critical=99%"], dead("b"), format!("CRITICAL - {both}"), "100%;;99;0;100"),
        (&["--warning=50%"], usual("b"), format!("UNKNOWN - {names}"), "50%;50;;0;100"),
        (&["--critical=30%"], usual("b"), format!("CRITICAL - {one}"), "50%;;30;0;100"),
        (&["--critical=@0:25%"], usual("b"), format!("UNKNOWN - {names}"), "50%;;@0:25;0;100"),
        (&["--critical=@50%"], usual("b"), format!("CRITICAL - {one}"), "50%;;@50;0;100"),
    ];
    for (options, second, expected, share) in rows {
        let judged = beside(vec![dead("a"), second]);
        assert_eq!(line(options, &judged), format!("LATENCY {expected}"), "{options:?}");
        let output = evaluate(&judging(options), &judged).render("LATENCY", 0);
        assert!(output.contains(&format!(" abnormal_share={share} ")), "{output}");
    }
}

#[test]
fn a_fault_of_the_state_file_is_told_beside_those_of_targets() {
    let problem = || Some("/x/paths.json: full".to_owned());
    let dead = || known("a", seen(20, 0));
    let unsent = Seen { unsent: Some("no route from here".to_owned()), ..Seen::default() };
    let rows = [
        Judged { problem: problem(), ..all(vec![dead()]) },
        Judged { problem: problem(), dropped: 7, ..all(vec![dead()]) },
        Judged { problem: problem(), dropped: 7, ..all(vec![usual("a")]) },
        Judged { problem: problem(), ..all(vec![known("a", unsent)]) },
        Judged { problem: problem(), unusable: vec![unresolved(false)], ..all(vec![usual("a")]) },
    ];
    for judged in rows {
        for options in [&[][..], &["--warning=1"]] {
            let output = evaluate(&judging(options), &judged).render("LATENCY", 0);
            let (first, below) = output.split_once('\n').unwrap();
            let is_told = [first.contains("/x/paths.json: full"), below.contains("/x/paths.json: full\n")];
            assert!(is_told.contains(&true), "{output}");
            assert!(below.matches("paths.json").count() < 2, "{output}");
        }
    }
}

#[test]
fn what_is_wrong_here_is_said_first() {
    let dead = || vec![known("a", seen(20, 0)), known("b", seen(20, 0)), known("c", seen(20, 0)), usual("d")];
    let with_gateway = |now: Seen| gateway::beside_gateway(dead(), now);
    let network =
        "UNKNOWN - 3 of 4 targets and the gateway 192.0.2.254 are worse at once: the network of this monitor";
    let as_usual = "CRITICAL - 3 of 4 targets: a does not answer, b does not answer, c does not answer (the gateway is as usual)";
    let problem = || Some("/x/paths.json: full".to_owned());
    let rows = [
        (with_gateway(seen(20, 0)), network),
        (with_gateway(seen(0, 60)), as_usual),
        (Judged { problem: problem(), ..all(vec![usual("a")]) }, "UNKNOWN - /x/paths.json: full"),
        (
            Judged { problem: problem(), ..all(vec![known("a", seen(20, 0))]) },
            "CRITICAL - a does not answer since +10",
        ),
        (
            Judged { anew: Some("x was broken: learning anew".to_owned()), ..all(vec![usual("a")]) },
            "OK - 1 target as usual (x was broken: learning anew)",
        ),
        (
            Judged { unusable: vec![unresolved(false)], ..all(vec![usual("a")]) },
            "UNKNOWN - resolving x: no answer",
        ),
        (
            Judged {
                no_socket: Some("opening a socket: too many open files".to_owned()),
                ..all(vec![new("a", Seen::default())])
            },
            "UNKNOWN - opening a socket: too many open files",
        ),
        (
            Judged { dropped: 7, ..all(vec![usual("a")]) },
            "UNKNOWN - 7 replies found no room in this machine: lower --rate or raise net.core.rmem_max",
        ),
    ];
    for (judged, expected) in rows {
        assert_eq!(line(&[], &judged), format!("LATENCY {expected}"));
    }
    let both = Judged { problem: problem(), ..all(vec![known("a", seen(20, 0))]) };
    assert!(evaluate(&judging(&[]), &both).render("LATENCY", 0).contains("\n/x/paths.json: full\n"));
}

#[test]
fn advice_among_several_stands_below() {
    let rows: [fn(String) -> ResolveError; 2] =
        [ResolveError::NotFound, |name| ResolveError::GaveUp { name, seconds: 2.0 }];
    for error in rows {
        let unusable = ["x", "y", "z"].map(|name| Unusable::from(error(name.to_owned()))).into();
        let judged = Judged { unusable, ..all(vec![known("a", seen(0, 91))]) };
        let first = line(&[], &judged);
        assert!(first.starts_with("LATENCY WARNING - 4 of 4 targets: a takes 91 ms"), "{first}");
        assert!(!first.contains("check_resolver"), "{first}");
        let below = format!("\nUNKNOWN: {}\n", error("x".to_owned()));
        assert!(evaluate(&judging(&[]), &judged).render("LATENCY", 0).contains(&below));
    }
}

/// A name without an address.
fn unresolved(is_silence: bool) -> Unusable {
    Unusable { is_silence, ..Unusable::new("resolving x: no answer") }
}

#[test]
fn what_no_time_was_left_for_has_the_state_of_the_timeout() {
    let late = |state, is_silence, options: &[&str]| {
        let judged = Judged {
            late: Some(state),
            unusable: vec![unresolved(is_silence)],
            ..all(vec![usual("a"), known("b", seen(20, 0))])
        };
        line(options, &judged)
    };
    let dead = "LATENCY CRITICAL - 2 of 3 targets: b does not answer, resolving x: no answer";
    assert_eq!(late(State::Unknown, true, &[]), dead);
    assert_eq!(late(State::Warning, true, &[]), dead);
    let allowed = ["--warning=1"];
    let name = |state| format!("LATENCY {state} - resolving x: no answer");
    assert_eq!(late(State::Critical, true, &allowed), name("CRITICAL"));
    assert_eq!(
        late(State::Critical, false, &allowed),
        name("UNKNOWN"),
        "the name is wrong, not the resolver"
    );
    let unpinged = Judged { late: Some(State::Critical), ..all(vec![known("a", Seen::default())]) };
    assert_eq!(line(&[], &unpinged), "LATENCY CRITICAL - a not pinged: no time was left");
}

#[test]
fn a_new_normal_is_said() {
    let (mut path, settings) = (Path::default(), Settings::default());
    let mut verdict = None;
    for run in 0..400 {
        let seen = seen(0, if run < 100 { 60 } else { 91 });
        verdict = Some(path.judge(seen.run(NOW - (400 - run) * 300).unwrap(), &settings));
    }
    let output =
        evaluate(&judging(&[]), &all(vec![judged("proxy7", seen(0, 91), verdict)])).render("LATENCY", 0);
    let since = Calendar::new(NOW).day(NOW - 299 * 300);
    assert!(output.ends_with(&format!("\nproxy7: usual was 60 ms, is 91 ms since {since}\n")), "{output}");
}

#[test]
fn performance_data_is_there_in_every_run() {
    let data = |judged: &Judged, options: &[&str]| {
        evaluate(&judging(options), judged)
            .render("LATENCY", 0)
            .lines()
            .next()
            .unwrap()
            .split(" | ")
            .nth(1)
            .unwrap()
            .to_owned()
    };
    let late = all(vec![known("a", Seen { late: 13, ..seen(20, 0) })]);
    assert!(
        data(&late, &[]).starts_with("abnormal=1;;;0;1 silent=0;;;0 "),
        "it answers: {}",
        data(&late, &[])
    );
    let judged = all(vec![
        known("a", Seen { late: 2, duplicates: 3, ..seen(8, 60) }),
        known("b", seen(0, 61)),
        new("c", seen(20, 0)),
    ]);
    let expected = "abnormal=2;;;0;3 silent=1;;;0 learning=1;;;0 lost=46.666667%;;;0;100 worst_rise=35;;;0 worst_slower=0.000981s;;;0 \
                    late=2;;;0 duplicates=3;;;0";
    assert_eq!(data(&judged, &[]), expected);
    let each = " a_rtt=0.06s;;;0 a_loss=40%;;;0;100 a_usual_rtt=0.06s;;;0 a_usual_loss=5%;;;0;100 ";
    assert!(data(&judged, &["--each"]).contains(each), "{}", data(&judged, &["--each"]));
    let none =
        Judged { no_socket: Some("permission denied".to_owned()), ..all(vec![new("a", Seen::default())]) };
    let expected = "abnormal=0;;;0;1 silent=0;;;0 learning=1;;;0 lost=U;;;0;100 worst_rise=U;;;0 worst_slower=U;;;0 late=0;;;0 duplicates=0;;;0";
    assert_eq!(data(&none, &[]), expected);
}
