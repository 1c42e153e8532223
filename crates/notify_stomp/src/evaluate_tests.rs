//! Tests of evaluate.rs: each outcome and its line.

use std::time::Duration;

use plugin::Thresholds;

use super::*;
use crate::harm::Counts;
use crate::observations::Failure;

fn line(seen: Observations) -> String {
    let seen = Observations { broker: "broker.example.com".to_owned(), is_counted: true, ..seen };
    evaluate(&seen).render("STOMP", 0).lines().next().unwrap().to_owned()
}

fn says(text: &str) -> Option<String> {
    Some(text.to_owned())
}

fn fails(text: &str) -> Option<Failure> {
    Some(Failure { text: text.to_owned(), is_refusal: false, is_late: false })
}

/// A flush with the default limits.
fn flush(oldest: f64) -> Observations {
    let range = |text: &str| text.parse().ok();
    let limits = Thresholds { warning: range("60"), critical: range("600") };
    Observations { limits: Some(limits), oldest, waiting: 12, ..Observations::default() }
}

#[test]
fn each_outcome_has_its_line() {
    let refused = "broker.example.com: connection refused";
    let full = "writing /var/spool/notify_stomp/tmp/7: no space left on device";
    let nothing =
        "sent=0;;;0 waiting=0;;;0 oldest=0s;;;0 dropped=0;;;0 broken=0;;;0 lost=0;;;0 refused=0;;;0";
    let one = "sent=1;;;0 waiting=0;;;0 oldest=0s;;;0 dropped=0;;;0 broken=0;;;0 lost=0;;;0 refused=0;;;0";
    let rows = [
        (Observations::default(), format!("OK - nothing waits | {nothing}")),
        (
            Observations { fate: Fate::Confirmed(7), sent: 1, ..Observations::default() },
            format!("OK - event 7 confirmed by broker.example.com | {one}"),
        ),
        (
            Observations { fate: Fate::Confirmed(7), sent: 3, ..Observations::default() },
            format!("OK - event 7 and 2 before it confirmed by broker.example.com | {}", one.replace("sent=1", "sent=3")),
        ),
        (Observations { sent: 1, ..Observations::default() }, format!("OK - 1 event confirmed by broker.example.com | {one}")),
        (
            Observations { fate: Fate::Waits(7), waiting: 2, oldest: 1.5, is_busy: true, ..Observations::default() },
            "OK - 2 events wait: another notify_stomp is sending | sent=0;;;0 waiting=2;;;0 oldest=1.5s;;;0 dropped=0;;;0 broken=0;;;0 lost=0;;;0 refused=0;;;0"
                .to_owned(),
        ),
        (
            Observations { fate: Fate::Waits(7), waiting: 1, failure: fails(refused), ..Observations::default() },
            format!("WARNING - 1 event waits: {refused} | {}", nothing.replace("waiting=0", "waiting=1")),
        ),
        (
            Observations { fate: Fate::Lost, failure: fails(refused), spool_failure: says(full), ..Observations::default() },
            format!("CRITICAL - event lost: {full}, and {refused} | {nothing}"),
        ),
        (
            Observations { fate: Fate::Confirmed(7), sent: 1, spool_failure: says(full), ..Observations::default() },
            format!("WARNING - confirmed by broker.example.com, but not spooled: {full} | {one}"),
        ),
        (
            Observations { fate: Fate::Waits(7), waiting: 1, failure: fails(refused), spool_failure: says(full), ..Observations::default() },
            format!("CRITICAL - not safe on the disk: {full}, 1 more fault | {}", nothing.replace("waiting=0", "waiting=1")),
        ),
        (
            Observations { fate: Fate::Waits(7), waiting: 4, dropped: 3, failure: fails(refused), ..Observations::default() },
            format!(
                "CRITICAL - 3 events dropped, too many or too old, 4 events wait: {refused} | {}",
                nothing.replace("waiting=0", "waiting=4")
            ),
        ),
        (
            Observations { fate: Fate::Waits(7), waiting: 2, refused: says("--broker=a:0: no"), ..Observations::default() },
            format!("UNKNOWN - --broker=a:0: no, event 7 waits in the spool | {}", nothing.replace("waiting=0", "waiting=2")),
        ),
        (
            Observations {
                fate: Fate::Lost,
                refused: says("--broker=a:0: no"),
                spool_failure: says(full),
                ..Observations::default()
            },
            format!("CRITICAL - event lost: {full}, and --broker=a:0: no | {nothing}"),
        ),
        (
            Observations { broken: 1, broken_folder: "/s/broken".into(), ..Observations::default() },
            format!(
                "WARNING - 1 file in /s/broken is no event: look at it and remove it | {}",
                nothing.replace("broken=0", "broken=1")
            ),
        ),
    ];
    for (seen, expected) in rows {
        assert_eq!(line(seen), format!("STOMP {expected}"));
    }
}

/// The line without its performance data.
fn words(seen: Observations) -> String {
    line(seen).split(" | ").next().unwrap().to_owned()
}

#[test]
fn a_flush_is_judged_by_the_age_of_what_waits() {
    let refused = "broker.example.com: connection refused";
    let rows = [
        (flush(59.9), "OK - 12 events wait"),
        (
            Observations { is_busy: true, ..flush(59.9) },
            "OK - 12 events wait: another notify_stomp is sending",
        ),
        (
            Observations { is_busy: true, ..flush(90.0) },
            "WARNING - 12 events wait for 90 s: another notify_stomp is sending",
        ),
        (
            Observations { is_busy: true, ..flush(700.0) },
            "CRITICAL - 12 events wait for 12 min: another notify_stomp is sending",
        ),
        (
            Observations { failure: fails(refused), ..flush(5.0) },
            "WARNING - 12 events wait: broker.example.com: connection refused",
        ),
        (
            Observations {
                failure: Some(Failure { text: "b: no answer".to_owned(), is_refusal: false, is_late: true }),
                late: Some(State::Critical),
                ..flush(5.0)
            },
            "CRITICAL - 12 events wait: b: no answer",
        ),
        (
            Observations { failure: fails(refused), late: Some(State::Critical), ..flush(5.0) },
            "WARNING - 12 events wait: broker.example.com: connection refused",
        ),
        (
            Observations { is_unfinished: true, sent: 6000, late: Some(State::Critical), ..flush(30.0) },
            "CRITICAL - 12 events wait: the time was up after 6000 events confirmed by broker.example.com",
        ),
        (
            Observations { failure: fails(refused), ..flush(10_000.0) },
            "CRITICAL - 12 events wait for 3 h: broker.example.com: connection refused",
        ),
        (
            Observations { is_unfinished: true, sent: 6000, ..flush(30.0) },
            "OK - 12 events wait, 6000 events confirmed by broker.example.com",
        ),
        (
            Observations { is_unfinished: true, sent: 6000, ..flush(200_000.0) },
            "CRITICAL - 12 events wait for 2 d: the time was up after 6000 events confirmed by broker.example.com",
        ),
        // Nagios discards the state of a handler, so that only its own event counts.
        (
            Observations {
                fate: Fate::Waits(7),
                is_unfinished: true,
                sent: 6000,
                limits: None,
                ..flush(700.0)
            },
            "WARNING - 12 events wait: the time was up after 6000 events confirmed by broker.example.com",
        ),
        (
            Observations { fate: Fate::Waits(7), is_busy: true, limits: None, ..flush(700.0) },
            "OK - 12 events wait: another notify_stomp is sending",
        ),
    ];
    for (seen, expected) in rows {
        assert_eq!(words(seen), format!("STOMP {expected}"));
    }
    assert!(line(flush(5.0)).contains(" oldest=5s;60;600;0 "), "{}", line(flush(5.0)));
}

/// The next event would be lost: that is first, whatever else there is.
#[test]
fn what_cannot_be_spooled_is_first_and_decides() {
    let full = || Observations {
        limits: flush(0.0).limits,
        spool_failure: says("no space left on device"),
        is_counted: true,
        ..Observations::default()
    };
    let refusal = Failure { text: "b refuses: no".to_owned(), is_refusal: true, is_late: false };
    let rows = [
        (full(), "UNKNOWN - events cannot be spooled: no space left on device"),
        (Observations { broken: 1, ..full() }, "UNKNOWN - events cannot be spooled: no space left on device"),
        (Observations { aliens: vec!["/s/x".into()], ..full() }, "UNKNOWN - events cannot be spooled: "),
        (
            Observations { waiting: 9, oldest: 90.0, is_busy: true, ..full() },
            "UNKNOWN - events cannot be spooled: no space left on device",
        ),
        (
            Observations { failure: Some(refusal), ..full() },
            "CRITICAL - events cannot be spooled: no space left on device",
        ),
    ];
    for (seen, expected) in rows {
        let line = words(seen);
        assert!(line.starts_with(&format!("STOMP {expected}")), "{line}");
    }
}

#[test]
fn loss_and_refusals_are_told() {
    let counts =
        |lost, dropped, refused| Counts { lost, dropped, refused, last: Some(Duration::from_secs(300)) };
    let calm = || Observations { waiting: 0, ..flush(0.0) };
    let refusal = Some(Failure {
        text: "broker.example.com refuses the login: no".to_owned(),
        is_refusal: true,
        is_late: false,
    });
    let rows = [
        (
            Observations { counts: counts(1, 0, 0), ..calm() },
            "CRITICAL - 1 event lost, last 5 min ago: --acknowledge ends this",
        ),
        (
            Observations { counts: counts(1, 2, 3), ..calm() },
            "CRITICAL - 1 event lost, 2 dropped, 3 refused, last 5 min ago: --acknowledge ends this",
        ),
        (
            Observations {
                counts: counts(0, 0, 3),
                kept_refused: 2,
                refused_words: says("b refuses: too large"),
                ..calm()
            },
            "CRITICAL - 3 events refused, last 5 min ago: b refuses: too large, --retry-refused sends again, --acknowledge ends this",
        ),
        // What keeps events from the broker is not behind another fault.
        (
            Observations { counts: counts(0, 4, 0), failure: fails("b: connection refused"), ..flush(5.0) },
            "CRITICAL - 12 events wait: b: connection refused, 4 events dropped, last 5 min ago: --acknowledge ends this",
        ),
        (
            Observations {
                counts: counts(1, 0, 0),
                spool_failure: says("writing /s/tmp/probe: no space left on device"),
                failure: fails("b: connection refused"),
                ..flush(5.0)
            },
            "CRITICAL - events cannot be spooled: writing /s/tmp/probe: no space left on device, 12 events wait: b: connection refused, 1 event lost, last 5 min ago: --acknowledge ends this",
        ),
        // The actions of this run are reported once.
        (
            Observations {
                counts: counts(0, 0, 17),
                aside: 17,
                words: "b refuses: too large".to_owned(),
                kept_refused: 17,
                refused_words: says("b refuses: too large"),
                ..calm()
            },
            "CRITICAL - 17 events set aside, the last: b refuses: too large",
        ),
        (
            Observations {
                counts: counts(0, 4, 0),
                dropped: 4,
                failure: fails("b: connection refused"),
                ..flush(5.0)
            },
            "CRITICAL - 4 events dropped, too many or too old, 12 events wait: b: connection refused",
        ),
        (
            Observations {
                counts: counts(0, 9, 0),
                dropped: 4,
                failure: fails("b: connection refused"),
                ..flush(5.0)
            },
            "CRITICAL - 4 events dropped, too many or too old, 12 events wait: b: connection refused, 1 more fault",
        ),
        // Acknowledged, and still there.
        (
            Observations { kept_refused: 2, refused_words: says("b refuses: too large"), ..calm() },
            "WARNING - 2 refused events are kept: b refuses: too large, --retry-refused sends again",
        ),
        (
            Observations { unreadable: Some("/s/new/1-2".into()), ..calm() },
            "WARNING - /s/new/1-2 cannot be read or set aside: remove it",
        ),
        (
            Observations {
                unreadable: Some("/s/new/1-2".into()),
                denied: says("/s/new/1-2 cannot be read: x"),
                ..calm()
            },
            "WARNING - /s/new/1-2 cannot be read: x",
        ),
        (
            Observations { aliens: vec!["/s/new/9-2".into()], ..calm() },
            "WARNING - /s/new/9-2 is no file of a spool: look at it and remove it",
        ),
        (
            Observations { aliens: vec!["/s/last/9".into(), "/s/new/9-2".into()], ..calm() },
            "WARNING - /s/last/9 is no file of a spool: look at it and remove it, and 1 more file",
        ),
        (
            Observations { spool_failure: says("writing /s/tmp/probe: no space left on device"), ..calm() },
            "UNKNOWN - events cannot be spooled: writing /s/tmp/probe: no space left on device",
        ),
        (
            Observations {
                fate: Fate::Waits(7),
                waiting: 1,
                count_failure: says("reading /s/counts: permission denied"),
                ..Observations::default()
            },
            "WARNING - event 7 waits in the spool, but reading /s/counts: permission denied",
        ),
        (
            Observations {
                fate: Fate::Refused(7),
                aside: 1,
                words: "b refuses: too large".to_owned(),
                ..Observations::default()
            },
            "CRITICAL - 1 event set aside: b refuses: too large",
        ),
        (
            Observations { aside: 3, words: "b refuses: too large".to_owned(), ..calm() },
            "CRITICAL - 3 events set aside, the last: b refuses: too large",
        ),
        (
            Observations { failure: refusal.clone(), ..flush(1.0) },
            "CRITICAL - 12 events wait: broker.example.com refuses the login: no",
        ),
        (
            Observations {
                fate: Fate::Lost,
                refused: says("no host: give HOSTNAME by --host"),
                ..Observations::default()
            },
            "CRITICAL - event lost: no host: give HOSTNAME by --host",
        ),
        // A handler's own line does not tell of other events.
        (
            Observations {
                fate: Fate::Confirmed(7),
                sent: 1,
                counts: counts(1, 0, 0),
                ..Observations::default()
            },
            "OK - event 7 confirmed by broker.example.com",
        ),
    ];
    for (seen, expected) in rows {
        assert_eq!(words(seen), format!("STOMP {expected}"));
    }
    let data = line(Observations { counts: counts(1, 2, 3), ..calm() });
    assert!(data.ends_with(" dropped=2;;;0 broken=0;;;0 lost=1;;;0 refused=3;;;0"), "{data}");
}

#[test]
fn what_was_not_counted_is_not_known() {
    let spool = "making /s: permission denied";
    let seen = Observations { sent: 2, spool_failure: says(spool), ..Observations::default() };
    let unknown = "waiting=U;;;0 oldest=U;;;0 dropped=U;;;0 broken=U;;;0 lost=U;;;0 refused=U;;;0";
    assert_eq!(
        evaluate(&seen).render("STOMP", 0),
        format!("STOMP UNKNOWN - events cannot be spooled: {spool} | sent=2;;;0 {unknown}\n")
    );
    let report = with_unknown_metrics(Report::new(State::Unknown, "no"), flush(0.0).limits);
    let unknown = unknown.replace("oldest=U;;;0", "oldest=U;60;600;0");
    assert_eq!(report.render("STOMP", 0), format!("STOMP UNKNOWN - no | sent=U;;;0 {unknown}\n"));
}
