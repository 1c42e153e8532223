//! What a run that is stopped says.

use std::net::Ipv4Addr;

use plugin::{Range, Thresholds};

use super::*;
use crate::cause::{Echo, Local};

const SILENT: Cause = Cause::NoAnswer(Echo::NotAsked);

fn target(octet: u8) -> Target {
    Target { address: Ipv4Addr::new(192, 0, 2, octet).into(), scope: 0, port: 80, name: None }
}

/// Of so many targets none, with these limits for a warning and for critical.
fn none_of(total: usize, limits: (&str, &str)) -> Arc<Judged> {
    let range = |text: &str| text.parse::<Range>().ok();
    let allowed = Allowed {
        failed: Thresholds { warning: range(limits.0), critical: range(limits.1) }.into(),
        slowest: Thresholds { warning: None, critical: None },
        refused: false,
        closed: false,
        mismatch: None,
    };
    Judged::new(total, &allowed, (false, true), &Progress::default())
}

fn said(judged: &Judged) -> String {
    judged.report(|_| false).render("X", 0).lines().next().unwrap().to_owned()
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
            "UNKNOWN - 3 of 256 asked, 192.0.2.2 port 80 no banner",
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
            "CRITICAL - 152 of 256 asked, 192.0.2.151 port 80 refused",
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
    }
}

/// What failed once was asked, and an outage that is total is told before its second tries are over.
#[test]
fn silence_of_everything_is_told() {
    let dark = |total, tried: u8, limits| {
        let judged = none_of(total, limits);
        (0..tried).for_each(|octet| judged.fails(&target(octet), (None, &SILENT), false));
        judged
    };
    let line = |judged: &Judged| said(judged).split(" | ").next().unwrap().to_owned();
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
        assert_eq!(line(judged), *expected);
    }
    let blamed = |judged: &Judged| judged.report(|silent| silent.len() == SAMPLE).render("X", 0);
    assert!(blamed(&all).starts_with("X OK - 200 of 200 asked, 200 silent so far | "), "{}", blamed(&all));
    // The second try of one is answered, or its last one is refused.
    all.answers(Some(&SILENT));
    assert_eq!(line(&all), "X OK - 200 of 200 asked, 199 silent so far");
    let refused = dark(200, 200, ("", "0"));
    refused.fails(&target(7), (Some(&SILENT), &Cause::Refused), true);
    assert_eq!(line(&refused), "X CRITICAL - 200 of 200 asked, 192.0.2.7 port 80 refused");
    let silent = dark(200, 200, ("", "0"));
    silent.fails(&target(7), (Some(&SILENT), &SILENT), true);
    assert_eq!(line(&silent), "X CRITICAL - 200 of 200 tried do not answer");
    let once = dark(200, 199, ("", "0"));
    once.fails(&target(200), (None, &Cause::Refused), false);
    assert_eq!(line(&once), "X OK - 200 of 200 asked, 199 silent so far");
}
