//! From what was done to the line that says so: pure, so that each case is a row of a test.

use plugin::{Finding, Findings, Metric, Report, State, Unit};

use crate::observations::{Fate, Observations};

/// OK: confirmed, or left to another process that is sending. WARNING: it waits. CRITICAL: something is lost
/// or refused, or waits for too long. UNKNOWN: a setting must be changed before anything can be sent.
pub(crate) fn evaluate(seen: &Observations) -> Report {
    let findings = [
        Some(counts(seen)),
        refused(seen),
        aside(seen),
        failure(seen),
        stalled(seen),
        dropped(seen),
        harm(seen),
        spooling(seen),
        broken(seen),
    ];
    findings.into_iter().flatten().collect::<Findings>().report(ok_summary(seen))
}

fn counts(seen: &Observations) -> Finding {
    let metric = |label, number: u64| Metric::new(label, number as f64).min(0.0);
    Finding::ok("")
        .metric(Metric::count("sent", seen.sent))
        .metric(Metric::count("waiting", seen.waiting))
        .metric(
            Metric::new("oldest", seen.oldest)
                .unit(Unit::Seconds)
                .thresholds(seen.limits.clone().unwrap_or_default())
                .min(0.0),
        )
        .metric(metric("dropped", seen.counts.dropped))
        .metric(Metric::count("broken", seen.broken))
        .metric(metric("lost", seen.counts.lost))
        .metric(metric("refused", seen.counts.refused))
}

/// Options of the broker that are wrong: nothing could be sent.
fn refused(seen: &Observations) -> Option<Finding> {
    let refused = seen.refused.as_ref()?;
    Some(match (seen.fate, &seen.spool_failure) {
        (Fate::Waits(sequence), _) => {
            Finding::unknown(format!("{refused}, event {sequence} waits in the spool"))
        }
        (_, Some(spool)) => Finding::critical(format!("event lost: {spool}, and {refused}")),
        (Fate::Lost, None) => Finding::critical(format!("event lost: {refused}")),
        (_, None) => Finding::unknown(refused.clone()),
    })
}

/// Events that the broker refuses for themselves.
fn aside(seen: &Observations) -> Option<Finding> {
    let text = || match seen.aside {
        1 => format!("1 event set aside: {}", seen.words),
        aside => format!("{aside} events set aside, the last: {}", seen.words),
    };
    (seen.aside > 0).then(|| Finding::critical(text()))
}

/// What kept events from the broker.
fn failure(seen: &Observations) -> Option<Finding> {
    let failure = seen.failure.as_ref()?;
    let text = &failure.text;
    let state = if failure.is_refusal { State::Critical } else { State::Warning };
    Some(match &seen.spool_failure {
        Some(spool) if seen.fate == Fate::Lost => {
            Finding::critical(format!("event lost: {spool}, and {text}"))
        }
        _ if seen.waiting > 0 => Finding::new(state.max(age(seen)), format!("{}: {text}", waiting(seen))),
        _ => Finding::new(state, text.clone()),
    })
}

/// Events that wait for too long although nothing failed: the process that sends them is slow or stopped.
fn stalled(seen: &Observations) -> Option<Finding> {
    let is_left = seen.is_unfinished && matches!(seen.fate, Fate::Waits(_));
    let state = if is_left { age(seen).max(State::Warning) } else { age(seen) };
    if seen.failure.is_some() || seen.waiting == 0 || state == State::Ok {
        return None;
    }
    let why = match (seen.is_unfinished, seen.is_busy) {
        (true, _) => format!(": the time was up after {}", count(seen.sent, "event", "events")),
        (_, true) => ": another notify_stomp is sending".to_owned(),
        _ => String::new(),
    };
    Some(Finding::new(state, waiting(seen) + &why))
}

/// The state of the age of the oldest event that waits.
fn age(seen: &Observations) -> State {
    seen.limits.as_ref().map_or(State::Ok, |limits| limits.state(seen.oldest))
}

/// How many events wait, and for how long if that is too long.
fn waiting(seen: &Observations) -> String {
    let waiting = count(seen.waiting, "event waits", "events wait");
    if age(seen) == State::Ok { waiting } else { format!("{waiting} for {}", span(seen.oldest)) }
}

/// A time span in the largest unit that leaves two digits or more.
fn span(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.0} h", seconds / 3600.0),
        _ => format!("{:.0} d", seconds / 86_400.0),
    }
}

fn dropped(seen: &Observations) -> Option<Finding> {
    let dropped = count(seen.dropped, "event dropped", "events dropped");
    (seen.dropped > 0).then(|| Finding::critical(format!("{dropped}, too many or too old for the spool")))
}

/// What happened to events since the last `--acknowledge`. A handler's line has its own event alone.
fn harm(seen: &Observations) -> Option<Finding> {
    seen.limits.as_ref().filter(|_| seen.counts.is_harm())?;
    let counts =
        [("lost", seen.counts.lost), ("dropped", seen.counts.dropped), ("refused", seen.counts.refused)];
    let parts: Vec<String> = counts
        .into_iter()
        .filter(|(_, number)| *number > 0)
        .map(|(word, number)| format!("{number} {word}"))
        .collect();
    let last =
        seen.counts.last.map(|last| format!(", last {} ago", span(last.as_secs_f64()))).unwrap_or_default();
    Some(Finding::critical(format!("events {}{last}: --acknowledge ends this", parts.join(", "))))
}

/// What kept the event from the spool, or from the disk.
fn spooling(seen: &Observations) -> Option<Finding> {
    let failure = seen.spool_failure.as_ref()?;
    match seen.fate {
        Fate::Lost => None,
        Fate::Confirmed(_) => {
            Some(Finding::warning(format!("confirmed by {}, but not spooled: {failure}", seen.broker)))
        }
        _ => Some(Finding::critical(format!("not safe on the disk: {failure}"))),
    }
}

fn broken(seen: &Observations) -> Option<Finding> {
    let files = count(seen.broken, "file", "files");
    (seen.broken > 0).then(|| Finding::warning(format!("{files} set aside in the spool as broken")))
}

/// The first line where nothing went wrong.
fn ok_summary(seen: &Observations) -> String {
    match seen.fate {
        _ if seen.is_busy && seen.waiting > 0 => {
            format!("{}: another notify_stomp is sending", count(seen.waiting, "event waits", "events wait"))
        }
        _ if seen.is_unfinished => {
            let waiting = count(seen.waiting, "event waits", "events wait");
            let sent = count(seen.sent, "event", "events");
            format!("{waiting}, {sent} confirmed by {}", seen.broker)
        }
        Fate::Confirmed(sequence) if seen.sent > 1 => {
            format!("event {sequence} and {} before it confirmed by {}", seen.sent - 1, seen.broker)
        }
        Fate::Confirmed(sequence) => format!("event {sequence} confirmed by {}", seen.broker),
        _ if seen.waiting > 0 && seen.sent == 0 => count(seen.waiting, "event waits", "events wait"),
        _ if seen.sent == 0 => "nothing waits".to_owned(),
        Fate::Refused(sequence) => format!("event {sequence} set aside"),
        _ => format!("{} confirmed by {}", count(seen.sent, "event", "events"), seen.broker),
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Thresholds;

    use super::*;
    use crate::harm::Counts;
    use crate::observations::Failure;

    fn line(seen: Observations) -> String {
        let seen = Observations { broker: "broker.example.com".to_owned(), ..seen };
        evaluate(&seen).render("STOMP", 0).lines().next().unwrap().to_owned()
    }

    fn says(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn fails(text: &str) -> Option<Failure> {
        Some(Failure { text: text.to_owned(), is_refusal: false })
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
        let one =
            "sent=1;;;0 waiting=0;;;0 oldest=0s;;;0 dropped=0;;;0 broken=0;;;0 lost=0;;;0 refused=0;;;0";
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
                    "CRITICAL - 3 events dropped, too many or too old for the spool, 1 more fault | {}",
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
                Observations { broken: 1, ..Observations::default() },
                format!("WARNING - 1 file set aside in the spool as broken | {}", nothing.replace("broken=0", "broken=1")),
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
                Observations { failure: fails(refused), ..flush(10_000.0) },
                "CRITICAL - 12 events wait for 3 h: broker.example.com: connection refused",
            ),
            (
                Observations { is_unfinished: true, sent: 6000, ..flush(30.0) },
                "OK - 12 events wait, 6000 events confirmed by broker.example.com",
            ),
            (
                Observations { is_unfinished: true, sent: 6000, ..flush(200_000.0) },
                "CRITICAL - 12 events wait for 2 d: the time was up after 6000 events",
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
                "WARNING - 12 events wait: the time was up after 6000 events",
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

    #[test]
    fn loss_and_refusals_are_told() {
        let counts =
            |lost, dropped, refused| Counts { lost, dropped, refused, last: Some(Duration::from_secs(300)) };
        let calm = || Observations { waiting: 0, ..flush(0.0) };
        let refusal =
            Some(Failure { text: "broker.example.com refuses the login: no".to_owned(), is_refusal: true });
        let rows = [
            (
                Observations { counts: counts(1, 0, 0), ..calm() },
                "CRITICAL - events 1 lost, last 5 min ago: --acknowledge ends this",
            ),
            (
                Observations { counts: counts(1, 2, 3), ..calm() },
                "CRITICAL - events 1 lost, 2 dropped, 3 refused, last 5 min ago: --acknowledge ends this",
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
}
