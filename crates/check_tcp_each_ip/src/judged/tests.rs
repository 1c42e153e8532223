//! What a run that is stopped says.

use std::net::Ipv4Addr;

use plugin::{AllowedFailures, Limit, Thresholds};

use super::*;
use crate::cause::{Echo, Local};

const SILENT: Cause = Cause::NoAnswer(Echo::NotAsked);

fn target(octet: u8) -> Target {
    Target { address: Ipv4Addr::new(192, 0, 2, octet).into(), scope: 0, port: 80, name: None }
}

/// Returns the limits for a warning and for critical. Each is a number or a share, or empty.
fn allowed(limits: (&str, &str)) -> Allowed {
    let limit = |text: &str| text.parse::<Limit>().ok();
    Allowed {
        failed: AllowedFailures::new(limit(limits.0).as_ref(), limit(limits.1).as_ref()).unwrap(),
        slowest: Thresholds { warning: None, critical: None },
        refused: false,
        closed: false,
        mismatch: None,
    }
}

/// Starts with no result of `total` targets, with these limits for a warning and for critical.
fn none_of(total: usize, limits: (&str, &str)) -> Arc<Judged> {
    Judged::new((total, 0), &allowed(limits), (false, true))
}

/// Does the same while a name is resolved.
fn none_with_a_name(total: usize, limits: (&str, &str)) -> Arc<Judged> {
    Judged::new((total, 1), &allowed(limits), (false, true))
}

fn said(judged: &Judged) -> String {
    judged.report(|_| false).render("X", 0).lines().next().unwrap().to_owned()
}

fn without_data(judged: &Judged) -> String {
    said(judged).split(" | ").next().unwrap().to_owned()
}

/// Notes one silent try for each of these targets.
fn silence(judged: &Judged, targets: u8) {
    (0..targets).for_each(|octet| judged.fails(&target(octet), (None, &SILENT), false));
}

/// The limits for a warning and for critical, the causes of failures, what is said, and the failed of 256.
type Row<'a> = ((&'a str, &'a str), &'a [Cause], &'a str, usize);

#[test]
fn failed_ones_are_as_bad_as_the_limits_say() {
    let rows: [Row<'_>; 6] = [
        (("1", "150"), &[Cause::Refused], "OK - 2 of 256 asked", 1),
        (
            ("1", "150"),
            &[Cause::Refused, Cause::NoBanner],
            "UNKNOWN - 3 of 256 asked, 192.0.2.1 port 80 refused and 1 more target",
            2,
        ),
        (
            ("0", "150"),
            &[Cause::Local(Local::NoRoute)],
            "UNKNOWN - 2 of 256 asked, 192.0.2.1 port 80 no route from here",
            0,
        ),
        // Its silence may be this machine's fault.
        (
            ("0", "150"),
            &[SILENT, Cause::NoNeighbour],
            "UNKNOWN - 3 of 256 asked, 192.0.2.1 port 80 silent so far",
            0,
        ),
        // Those that are not judged may still fail.
        (("2:", "256"), &[Cause::Refused], "OK - 2 of 256 asked", 1),
        (
            ("1", "150"),
            &[const { Cause::Refused }; 151],
            "CRITICAL - 152 of 256 asked, 192.0.2.1 port 80 refused and 150 more targets",
            151,
        ),
    ];
    for (limits, failures, line, failed) in rows {
        let judged = none_of(256, limits);
        judged.answers(None);
        for (octet, cause) in (1..).zip(failures) {
            judged.fails(&target(octet), (None, cause), true);
        }
        let untested = 255 - failed;
        let (warning, critical) = limits;
        let data = format!(
            "failed={failed};{warning};{critical};0;256 untested={untested};;;0;256 second_try=U;;;0;256 slowest=U;;;0"
        );
        assert_eq!(said(&judged), format!("X {line} | {data}"));
        let details = judged.report(|_| false).render("X", 0).lines().count() - 1;
        assert_eq!(details, failures.len().min(MOST_NAMED), "{line}");
    }
}

/// What failed once was asked, and an outage that is total is told before its second tries are over.
#[test]
fn silence_of_everything_is_told() {
    let dark = |total, tried: u8, limits| {
        let judged = none_of(total, limits);
        silence(&judged, tried);
        judged
    };
    let all = dark(200, 200, ("", "0"));
    assert_eq!(
        said(&all),
        "X CRITICAL - 200 of 200 tried do not answer | failed=200;;0;0;200 untested=0;;;0;200 second_try=U;;;0;200 slowest=U;;;0"
    );
    let rows = [
        (dark(1, 1, ("", "0")), "X CRITICAL - 1 of 1 tried does not answer"),
        (dark(1_000, 100, ("", "0")), "X CRITICAL - 100 of 100 tried do not answer, 900 not reached"),
        (dark(1_000, 99, ("", "0")), "X OK - 99 of 1000 asked, 99 silent so far"),
        (dark(200, 200, ("0", "")), "X WARNING - 200 of 200 tried do not answer"),
        (dark(200, 200, ("", "200")), "X OK - 200 of 200 asked, 200 silent so far"),
        (dark(200, 0, ("", "0")), "X OK - 0 of 200 asked"),
    ];
    for (judged, expected) in &rows {
        assert_eq!(without_data(judged), *expected);
    }
    let blamed = |judged: &Judged| judged.report(|silent| silent.len() == SAMPLE).render("X", 0);
    assert!(blamed(&all).starts_with("X OK - 200 of 200 asked, 200 silent so far | "), "{}", blamed(&all));
    // The second try of one is answered, or its last one is refused.
    all.answers(Some(&SILENT));
    assert_eq!(without_data(&all), "X OK - 200 of 200 asked, 199 silent so far");
    let refused = dark(200, 200, ("", "0"));
    refused.fails(&target(7), (Some(&SILENT), &Cause::Refused), true);
    assert_eq!(without_data(&refused), "X CRITICAL - 200 of 200 asked, 192.0.2.7 port 80 refused");
    let silent = dark(200, 200, ("", "0"));
    silent.fails(&target(7), (Some(&SILENT), &SILENT), true);
    assert_eq!(without_data(&silent), "X CRITICAL - 200 of 200 tried do not answer");
    let once = dark(200, 199, ("", "0"));
    once.fails(&target(200), (None, &Cause::Refused), false);
    assert_eq!(without_data(&once), "X OK - 200 of 200 asked, 199 silent so far");
}

/// The number of targets of a name is not known. So a share of the others means nothing, and a few silent
/// ones are not all.
#[test]
fn no_share_alarms_while_names_are_resolved() {
    let refuse = |judged: &Judged, octet| judged.fails(&target(octet), (None, &Cause::Refused), true);
    let half = none_with_a_name(1, ("", "50%"));
    refuse(&half, 1);
    let rest = "second_try=U;;;0 slowest=U;;;0";
    assert_eq!(
        said(&half),
        format!(
            "X OK - 1 of 1 asked, 1 name not resolved yet | failed=1;;;0 failed_share=U;;50;0;100 untested=0;;;0 {rest}"
        )
    );
    half.expect(2);
    let rest = "second_try=U;;;0;3 slowest=U;;;0";
    assert_eq!(
        said(&half),
        format!(
            "X OK - 1 of 3 asked | failed=1;;;0;3 failed_share=33.333333%;;50;0;100 untested=2;;;0;3 {rest}"
        )
    );
    refuse(&half, 2);
    assert_eq!(without_data(&half), "X CRITICAL - 2 of 3 asked, 192.0.2.1 port 80 refused and 1 more target");

    let rows = [
        // The limits, the number of refusals, and the line before and after the name gives 300 more targets.
        (("", "0"), 1, "CRITICAL - 1 of 1 asked, 192.0.2.0 port 80 refused", "CRITICAL - 1 of 301 asked, "),
        (("", "1"), 1, "OK - 1 of 1 asked", "OK - 1 of 301 asked"),
        // More targets may fail, which is allowed.
        (("", "@1:1"), 1, "OK - 1 of 1 asked", "OK - 1 of 301 asked"),
        (("50%", "5"), 1, "OK - 1 of 1 asked", "OK - 1 of 301 asked"),
    ];
    for (limits, failed, before, after) in rows {
        let judged = none_with_a_name(1, limits);
        (0..failed).for_each(|octet| refuse(&judged, octet));
        assert_eq!(without_data(&judged), format!("X {before}, 1 name not resolved yet"), "{limits:?}");
        judged.expect(300);
        assert!(without_data(&judged).starts_with(&format!("X {after}")), "{}", without_data(&judged));
    }
}

#[test]
fn a_few_silent_targets_are_no_outage_while_names_are_resolved() {
    let rows = [
        // The number of targets, the number of silent ones, the limit, and the line before and after the name
        // gives no target.
        (1, 1, "0", "OK - 1 of 1 asked, 1 silent so far", "CRITICAL - 1 of 1 tried does not answer"),
        (99, 99, "0", "OK - 99 of 99 asked, 99 silent so far", "CRITICAL - 99 of 99 tried do not answer"),
        (
            100,
            100,
            "0",
            "CRITICAL - 100 of 100 tried do not answer",
            "CRITICAL - 100 of 100 tried do not answer",
        ),
        (
            101,
            100,
            "0",
            "CRITICAL - 100 of 100 tried do not answer, 1 not reached",
            "CRITICAL - 100 of 100 tried do not answer, 1 not reached",
        ),
        (
            100,
            100,
            "50%",
            "OK - 100 of 100 asked, 100 silent so far",
            "CRITICAL - 100 of 100 tried do not answer",
        ),
        (
            100,
            100,
            "100",
            "OK - 100 of 100 asked, 100 silent so far",
            "OK - 100 of 100 asked, 100 silent so far",
        ),
    ];
    for (total, silent, limit, before, after) in rows {
        let judged = none_with_a_name(total, ("", limit));
        silence(&judged, silent);
        assert_eq!(without_data(&judged), format!("X {before}, 1 name not resolved yet"));
        judged.expect(0);
        assert_eq!(without_data(&judged), format!("X {after}"));
    }
    let names = Judged::new((1, 2), &allowed(("", "0")), (false, true));
    assert_eq!(without_data(&names), "X OK - 0 of 1 asked, 2 names not resolved yet");
    let waiting = Judged::new((3, 0), &allowed(("", "0")), (false, true));
    assert_eq!(without_data(&waiting), "X OK - 0 of 3 asked");
    (0..3).for_each(|_| waiting.begins());
    assert_eq!(without_data(&waiting), "X OK - 3 of 3 asked, none has answered");
    waiting.waits();
    assert_eq!(without_data(&waiting), "X OK - 2 of 3 asked, none has answered");
    waiting.answers(None);
    assert_eq!(without_data(&waiting), "X OK - 2 of 3 asked");
}

/// The silence of a short try may be one lost packet.
#[test]
fn a_short_try_of_a_few_proves_no_outage() {
    let rows =
        [(99, "OK - 99 of 99 asked, 99 silent so far"), (100, "CRITICAL - 100 of 100 tried do not answer")];
    for (total, line) in rows {
        let judged = Judged::new((total.into(), 0), &allowed(("", "0")), (false, false));
        silence(&judged, total);
        assert_eq!(without_data(&judged), format!("X {line}"));
    }
}

#[test]
fn silence_of_closed_ports_is_no_outage() {
    let closed = Allowed { closed: true, ..allowed(("", "0")) };
    let judged = Judged::new((200, 0), &closed, (false, true));
    silence(&judged, 200);
    let data = "failed=0;;0;0;200 untested=200;;;0;200 second_try=U;;;0;200 slowest=U;;;0 silent=U;;;0;200";
    assert_eq!(said(&judged), format!("X OK - 200 of 200 asked, 200 silent so far | {data}"));
    judged.fails(&target(1), (Some(&SILENT), &SILENT), true);
    judged.fails(&target(2), (Some(&SILENT), &Cause::Open), true);
    let line = "X CRITICAL - 200 of 200 asked, 192.0.2.2 port 80 open";
    assert_eq!(without_data(&judged), line);
}

/// Answers without the expected text have their own state, whatever the limits on failures are.
#[test]
fn unexpected_answers_have_their_own_state() {
    let unexpected = || Cause::unexpected("220", "500 no");
    let named = ", 192.0.2.1 port 80 unexpected answer without 220 and 1 more target";
    let rows = [
        (State::Ok, "OK", "", ", 100 silent so far"),
        (State::Warning, "UNKNOWN", named, named),
        (State::Critical, "CRITICAL", named, named),
    ];
    for (mismatch, state, before, after) in rows {
        let own = Allowed { mismatch: Some(mismatch), ..allowed(("", "0")) };
        let judged = Judged::new((102, 0), &own, (true, true));
        (1..=2).for_each(|octet| judged.fails(&target(octet), (None, &unexpected()), true));
        let data = "failed=0;;0;0;102 untested=100;;;0;102 second_try=U;;;0;102 slowest=U;;;0 mismatched=2;;;0;102 certificate_days=U";
        assert_eq!(said(&judged), format!("X {state} - 2 of 102 asked{before} | {data}"));
        // These answer, so that the silence of all others is no outage.
        silence(&judged, 100);
        assert_eq!(without_data(&judged), format!("X {state} - 102 of 102 asked{after}"));
    }
    let counted = none_of(3, ("", "1"));
    counted.fails(&target(1), (None, &unexpected()), true);
    assert!(said(&counted).starts_with("X OK - 1 of 3 asked | failed=1;;1;0;3 "), "{}", said(&counted));
    assert!(!said(&counted).contains("mismatched="), "{}", said(&counted));
}

/// An expired certificate that was shown is known, whatever is left to try.
#[test]
fn the_days_of_certificates_are_told_as_far_as_they_are_known() {
    let judged = Judged::new((3, 0), &allowed(("", "0")), (true, true));
    assert!(said(&judged).ends_with(" certificate_days=U"), "{}", said(&judged));
    judged.shows_certificate(80.126);
    assert!(said(&judged).ends_with(" certificate_days=80.12"), "{}", said(&judged));
    judged.shows_certificate(-3.214);
    judged.shows_certificate(90.0);
    assert!(said(&judged).ends_with(" certificate_days=-3.22"), "{}", said(&judged));
}
