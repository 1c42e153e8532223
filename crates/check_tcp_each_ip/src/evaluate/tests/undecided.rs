//! Failures beside targets that could not be tested.

use super::*;

/// `failed` that refuse, then `untested` for this reason, of `total`.
fn short(failed: u32, untested: u32, total: u8, local: Local) -> Observations {
    let cause = |place| if place < failed { Cause::Refused } else { Cause::Local(local) };
    let all: Vec<(u32, Cause)> = (0..failed + untested).map(|place| (place, cause(place))).collect();
    seen(total, &[80], &all)
}

/// Of 38 there was no time for 25: 12 fail for certain, and up to 37 may.
#[test]
fn failures_that_may_be_allowed_are_told_beside_what_is_untested() {
    let both = "12 of 38 fail, 25 untested, port 80: 192.0.2.0-11 refused | failed=12;";
    let beside = "12 of 38 fail, port 80: 192.0.2.0-11 refused, 1 more fault | failed=12;";
    let allowed = "25 of 38 untested, port 80: 192.0.2.12-36 not reached in time | failed=12;";
    let rows: [(&[&str], State, &str, &str); 12] = [
        (&["-c60%"], State::Unknown, "UNKNOWN", both),
        (&["-c60%"], State::Critical, "CRITICAL", both),
        (&["-c31%"], State::Unknown, "CRITICAL", beside),
        (&["-c36"], State::Unknown, "UNKNOWN", both),
        (&["-c11"], State::Unknown, "CRITICAL", beside),
        (&["-c12"], State::Unknown, "UNKNOWN", both),
        // 13 and more are no alarm.
        (&["-c13:"], State::Unknown, "UNKNOWN", both),
        (&["-c38:"], State::Unknown, "CRITICAL", beside),
        (&["-c@20:22"], State::Unknown, "UNKNOWN", both),
        (&["-w11", "-c60%"], State::Unknown, "WARNING", both),
        (&["-w11", "-c60%"], State::Critical, "CRITICAL", both),
        // Whatever the others do, it is no alarm: that they are untested is all that is wrong.
        (&["-c37"], State::Unknown, "UNKNOWN", allowed),
    ];
    for (limits, late, state, line) in rows {
        let output = judge(limits, &Observations { late, ..short(12, 25, 38, Local::NoTime) });
        assert!(output.starts_with(&format!("TCP_EACH_IP {state} - {line}")), "{limits:?}: {output}");
        assert!(output.contains(" untested=25;;;0;38 "), "{output}");
        assert!(
            output.contains("192.0.2.12-36 not reached in time")
                || output.contains("\n192.0.2.12-36: not reached in time: raise --timeout "),
            "{output}"
        );
    }
    let output = judge(&["-c60%"], &short(12, 25, 38, Local::LinkDown));
    assert!(output.starts_with(&format!("TCP_EACH_IP UNKNOWN - {both}")), "{output}");
}

/// What fails is what was asked, and that is many.
#[test]
fn where_all_fail_that_were_asked_the_others_make_it_no_better() {
    let rows = [
        (
            short(100, 150, 250, Local::NoTime),
            "CRITICAL - 100 of 100 tried fail, 150 not reached, port 80: 192.0.2.0-99 refused | failed=100;",
        ),
        // Fewer may be one rack, and one that answers may be all the others.
        (
            short(99, 151, 250, Local::NoTime),
            "UNKNOWN - 99 of 250 fail, 151 untested, port 80: 192.0.2.0-98 refused | ",
        ),
        (
            short(100, 149, 250, Local::NoTime),
            "UNKNOWN - 100 of 250 fail, 149 untested, port 80: 192.0.2.0-99 refused | ",
        ),
        (
            short(100, 150, 250, Local::LinkDown),
            "UNKNOWN - 100 of 250 fail, 150 untested, port 80: 192.0.2.0-99 refused | ",
        ),
    ];
    for (seen, line) in rows {
        let output = judge(&["-c60%"], &seen);
        assert!(output.starts_with(&format!("TCP_EACH_IP {line}")), "{output}");
    }
}

/// What was tried of it does not answer: neither the time nor the limit of open files makes that UNKNOWN.
#[test]
fn a_total_outage_is_never_unknown() {
    let once = Cause::Local(Local::Unconfirmed);
    let never = Cause::Local(Local::NoTime);
    let dark = |silent: u32, unconfirmed: u32, total: u8| {
        let cause = |place| match place {
            place if place < silent => SILENT,
            place if place < silent + unconfirmed => once.clone(),
            _ => never.clone(),
        };
        seen(total, &[80], &(0..total.into()).map(|place| (place, cause(place))).collect::<Vec<_>>())
    };
    let rows: [(&[&str], Observations, &str); 8] = [
        (
            &[],
            dark(120, 0, 120),
            "CRITICAL - 120 of 120 fail, port 80: 192.0.2.0-119 silent (no ping) | failed=120;;0;0;120 untested=0;",
        ),
        (
            &[],
            dark(120, 0, 250),
            "CRITICAL - 120 of 120 tried do not answer, 130 not reached, port 80: 192.0.2.0-119 silent (no ping) | \
             failed=120;;0;0;250 untested=130;",
        ),
        (
            &["--critical=50%"],
            dark(60, 60, 250),
            "CRITICAL - 120 of 120 tried do not answer, 130 not reached, port 80: 60 failed once, no time for the second try, \
             60 silent (no ping) | failed=120;;;0;250 failed_share=48%;;50;0;100 untested=130;",
        ),
        (
            &["--warning=5"],
            dark(0, 9, 9),
            "WARNING - 9 of 9 tried do not answer, port 80: 192.0.2.0-8 failed once, no time for the second try | failed=9;5;",
        ),
        (
            &[],
            dark(0, 1, 1),
            "CRITICAL - 1 of 1 tried does not answer, port 80: 192.0.2.0 failed once, no time for the second try | failed=1;",
        ),
        // Fewer than a hundred may be one rack.
        (
            &[],
            dark(0, 99, 250),
            "UNKNOWN - 250 of 250 untested, port 80: 151 not reached in time, 99 failed once, no time for the second try | failed=0;",
        ),
        (
            &[],
            dark(0, 0, 250),
            "UNKNOWN - 250 of 250 untested, port 80: 192.0.2.0-249 not reached in time | failed=0;",
        ),
        // As the limits have it, even all of them may fail.
        (
            &["--critical=@300:400"],
            dark(120, 0, 250),
            "UNKNOWN - 130 of 250 untested, port 80: 192.0.2.120-249 not reached in time | failed=120;",
        ),
    ];
    for (options, seen, line) in rows {
        let output = judge(options, &seen);
        assert!(output.starts_with(&format!("TCP_EACH_IP {line}")), "{options:?} {output}");
    }
    let short = Observations { one_try_counts: false, ..dark(0, 1, 1) };
    let line = "TCP_EACH_IP UNKNOWN - 1 of 1 untested, port 80: 192.0.2.0 failed once, no time for the second try | failed=0;";
    assert!(judge(&[], &short).starts_with(line), "{}", judge(&[], &short));
    let few = Observations { limited: Some(24), ..dark(0, 0, 250) };
    let line = "TCP_EACH_IP UNKNOWN - 250 of 250 untested, 24 at once by open files, port 80: 192.0.2.0-249 not reached in time | ";
    let output = judge(&[], &few);
    assert!(
        output.starts_with(line) && output.contains("\nnote: the limit of open files allows too few "),
        "{output}"
    );
    let output = judge(&[], &Observations { limited: Some(24), ..dark(120, 0, 250) });
    let line = "TCP_EACH_IP CRITICAL - 120 of 120 tried do not answer, 130 not reached, 24 at once by open files, port 80: ";
    assert!(
        output.starts_with(line) && output.contains("\nnote: the limit of open files allows too few "),
        "{output}"
    );
    // All were tried.
    let output = judge(&[], &Observations { limited: Some(24), ..dark(250, 0, 250) });
    assert!(!output.contains("open files"), "{output}");
    let output = judge(&[], &dark(120, 0, 250));
    assert_eq!(
        output.lines().skip(1).collect::<Vec<_>>(),
        [
            "192.0.2.0-119: silent (no ping): the address or its host",
            "192.0.2.120-249: not reached in time: raise --timeout (and what calls this plugin), or split the list"
        ]
    );
}

/// A range may mean that some must fail: none is judged by it as every other number is.
#[test]
fn none_that_fails_is_judged_too() {
    let rows: [(&str, Observations, &str); 7] = [
        ("-c1:", seen(2, &[80], &[]), "CRITICAL - failed is 0, limit 1: | failed=0;;1:;0;2 "),
        ("-w@0", seen(2, &[80], &[]), "WARNING - failed is 0, limit @0 | failed=0;@0;;0;2 "),
        ("-c100:100%", seen(2, &[80], &[]), "CRITICAL - failed_share is 0, limit 100:100 | failed=0;"),
        ("-c~:", seen(2, &[80], &[]), "OK - 2 addresses answer on port 80"),
        ("-c1:", seen(2, &[80], &[(0, Cause::Refused)]), "OK - 1 of 2 fails (allowed 1 or more), port 80: "),
        // The untested one may fail.
        ("-c1:", short(0, 1, 2, Local::LinkDown), "UNKNOWN - 1 of 2 untested, port 80: "),
        (
            "-c2:",
            short(0, 1, 2, Local::LinkDown),
            "CRITICAL - failed is 0, limit 2:, and 1 of 2 untested, port 80: ",
        ),
    ];
    for (limit, observations, line) in rows {
        let output = judge(&[limit], &observations);
        assert!(output.starts_with(&format!("TCP_EACH_IP {line}")), "{limit}: {output}");
    }
}
