//! From what was done to the line that says so: pure, so that each case is a row of a test.

use plugin::{Finding, Findings, Metric, Report, Unit};

use crate::observations::{Fate, Observations};

/// OK: confirmed, or left to another process that is sending. WARNING: it waits. CRITICAL: something is lost.
/// UNKNOWN: a setting must be changed before anything can be sent.
pub(crate) fn evaluate(seen: &Observations) -> Report {
    let findings =
        [Some(counts(seen)), refused(seen), failure(seen), dropped(seen), spooling(seen), broken(seen)];
    findings.into_iter().flatten().collect::<Findings>().report(ok_summary(seen))
}

fn counts(seen: &Observations) -> Finding {
    Finding::ok("")
        .metric(Metric::count("sent", seen.sent))
        .metric(Metric::count("waiting", seen.waiting))
        .metric(Metric::new("oldest", seen.oldest).unit(Unit::Seconds).min(0.0))
        .metric(Metric::count("dropped", seen.dropped))
        .metric(Metric::count("broken", seen.broken))
}

/// Options of the broker that are wrong: nothing could be sent.
fn refused(seen: &Observations) -> Option<Finding> {
    let refused = seen.refused.as_ref()?;
    Some(match (seen.fate, &seen.spool_failure) {
        (Fate::Waits(sequence), _) => {
            Finding::unknown(format!("{refused}, event {sequence} waits in the spool"))
        }
        (_, Some(spool)) => Finding::critical(format!("event lost: {spool}, and {refused}")),
        (_, None) => Finding::unknown(refused.clone()),
    })
}

/// What kept events from the broker.
fn failure(seen: &Observations) -> Option<Finding> {
    let failure = seen.failure.as_ref()?;
    Some(match &seen.spool_failure {
        Some(spool) if seen.fate == Fate::Lost => {
            Finding::critical(format!("event lost: {spool}, and {failure}"))
        }
        _ if seen.waiting > 0 => {
            Finding::warning(format!("{}: {failure}", count(seen.waiting, "event waits", "events wait")))
        }
        _ => Finding::warning(failure.clone()),
    })
}

fn dropped(seen: &Observations) -> Option<Finding> {
    let dropped = count(seen.dropped, "event dropped", "events dropped");
    (seen.dropped > 0).then(|| Finding::critical(format!("{dropped}, too many or too old for the spool")))
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
        Fate::Confirmed(sequence) if seen.sent > 1 => {
            format!("event {sequence} and {} before it confirmed by {}", seen.sent - 1, seen.broker)
        }
        Fate::Confirmed(sequence) => format!("event {sequence} confirmed by {}", seen.broker),
        _ if seen.sent == 0 => "nothing waits".to_owned(),
        _ => format!("{} confirmed by {}", count(seen.sent, "event", "events"), seen.broker),
    }
}

fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(seen: Observations) -> String {
        let seen = Observations { broker: "broker.example.com".to_owned(), ..seen };
        evaluate(&seen).render("STOMP", 0).lines().next().unwrap().to_owned()
    }

    fn says(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn each_outcome_has_its_line() {
        let refused = "broker.example.com: connection refused";
        let full = "writing /var/spool/notify_stomp/tmp/7: no space left on device";
        let nothing = "sent=0;;;0 waiting=0;;;0 oldest=0s;;;0 dropped=0;;;0 broken=0;;;0";
        let one = "sent=1;;;0 waiting=0;;;0 oldest=0s;;;0 dropped=0;;;0 broken=0;;;0";
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
                "OK - 2 events wait: another notify_stomp is sending | sent=0;;;0 waiting=2;;;0 oldest=1.5s;;;0 dropped=0;;;0 broken=0;;;0"
                    .to_owned(),
            ),
            (
                Observations { fate: Fate::Waits(7), waiting: 1, failure: says(refused), ..Observations::default() },
                format!("WARNING - 1 event waits: {refused} | {}", nothing.replace("waiting=0", "waiting=1")),
            ),
            (
                Observations { fate: Fate::Lost, failure: says(refused), spool_failure: says(full), ..Observations::default() },
                format!("CRITICAL - event lost: {full}, and {refused} | {nothing}"),
            ),
            (
                Observations { fate: Fate::Confirmed(7), sent: 1, spool_failure: says(full), ..Observations::default() },
                format!("WARNING - confirmed by broker.example.com, but not spooled: {full} | {one}"),
            ),
            (
                Observations { fate: Fate::Waits(7), waiting: 1, failure: says(refused), spool_failure: says(full), ..Observations::default() },
                format!("CRITICAL - not safe on the disk: {full}, 1 more fault | {}", nothing.replace("waiting=0", "waiting=1")),
            ),
            (
                Observations { fate: Fate::Waits(7), waiting: 4, dropped: 3, failure: says(refused), ..Observations::default() },
                format!(
                    "CRITICAL - 3 events dropped, too many or too old for the spool, 1 more fault | {}",
                    nothing.replace("waiting=0", "waiting=4").replace("dropped=0", "dropped=3")
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
}
