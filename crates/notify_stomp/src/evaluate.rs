//! From what was done to the line that says so: pure, so that each case is a row of a test.

use plugin::{Metric, Report, State, Unit};

use crate::publish::{Fate, Observations};

/// OK: confirmed, or left to another process that is sending. WARNING: it waits. CRITICAL: something is lost. UNKNOWN: a setting must be
/// changed before anything can be sent.
pub(crate) fn evaluate(seen: &Observations) -> Report {
    let mut parts: Vec<(State, String)> = Vec::new();
    let waiting = || count(seen.waiting, "event waits", "events wait");
    if let Some(refused) = &seen.refused {
        parts.push(match (seen.fate, &seen.spool_failure) {
            (Fate::Waits(sequence), _) => (State::Unknown, format!("{refused}, event {sequence} waits in the spool")),
            (_, Some(spool)) => (State::Critical, format!("event lost: {spool}, and {refused}")),
            (_, None) => (State::Unknown, refused.clone()),
        });
    }
    match (&seen.failure, &seen.spool_failure) {
        (Some(failure), Some(spool)) if seen.fate == Fate::Lost => {
            parts.push((State::Critical, format!("event lost: {spool}, and {failure}")));
        }
        (Some(failure), _) if seen.waiting > 0 => parts.push((State::Warning, format!("{}: {failure}", waiting()))),
        (Some(failure), _) => parts.push((State::Warning, failure.clone())),
        (None, _) => {}
    }
    if seen.dropped > 0 {
        let dropped = count(seen.dropped, "event dropped", "events dropped");
        parts.push((State::Critical, format!("{dropped}, too many or too old for the spool")));
    }
    match (&seen.spool_failure, seen.fate) {
        (Some(_), Fate::Lost) | (None, _) => {}
        (Some(failure), Fate::Confirmed(_)) => {
            parts.push((State::Warning, format!("confirmed by {}, but not spooled: {failure}", seen.broker)))
        }
        (Some(failure), _) => parts.push((State::Critical, format!("not safe on the disk: {failure}"))),
    }
    if seen.broken > 0 {
        parts.push((State::Warning, format!("{} set aside in the spool as broken", count(seen.broken, "file", "files"))));
    }
    parts.sort_by_key(|(state, _)| std::cmp::Reverse(*state));
    let state = parts.first().map_or(State::Ok, |(state, _)| *state);
    if parts.is_empty() {
        parts.push((state, well(seen)));
    }
    let summary = parts.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ");
    Report::new(state, summary)
        .metric(Metric::count("sent", seen.sent))
        .metric(Metric::count("waiting", seen.waiting))
        .metric(Metric::new("oldest", seen.oldest).unit(Unit::Seconds).min(0.0))
        .metric(Metric::count("dropped", seen.dropped))
        .metric(Metric::count("broken", seen.broken))
}

/// What there is to say where nothing went wrong.
fn well(seen: &Observations) -> String {
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
                format!("CRITICAL - not safe on the disk: {full}, 1 event waits: {refused} | {}", nothing.replace("waiting=0", "waiting=1")),
            ),
            (
                Observations { fate: Fate::Waits(7), waiting: 4, dropped: 3, failure: says(refused), ..Observations::default() },
                format!(
                    "CRITICAL - 3 events dropped, too many or too old for the spool, 4 events wait: {refused} | {}",
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
