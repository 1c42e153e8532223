//! From what was done to the line that says so: pure, so that each case is a row of a test.

use std::fmt::Display;

use plugin::{Finding, Findings, Metric, Report, State, Thresholds, Unit};

use crate::harm::Counts;
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
        uncounted(seen),
        broken(seen),
        unreadable(seen),
        aliens(seen),
    ];
    let findings = findings.into_iter().flatten().collect();
    with_unspooled(seen, findings).into_iter().collect::<Findings>().report(ok_summary(seen))
}

/// Puts first that the next event would be lost: no warning about what is there already outranks that. With
/// earlier losses, `harm` reports it.
fn with_unspooled(seen: &Observations, mut findings: Vec<Finding>) -> Vec<Finding> {
    let why = seen.spool_failure.as_ref().filter(|_| seen.fate == Fate::None && !is_harm(seen));
    let Some(why) = why else { return findings };
    for finding in findings.iter_mut().filter(|finding| finding.state == State::Warning) {
        finding.state = State::Unknown;
    }
    let worst = findings.iter().map(|finding| finding.state).max().unwrap_or_default();
    findings.insert(0, Finding::new(worst.max(State::Unknown), unspooled(why)));
    findings
}

fn counts(seen: &Observations) -> Finding {
    series(seen.sent as f64, seen).into_iter().fold(Finding::ok(""), Finding::metric)
}

/// Adds all performance data, as not known, to the report of a run that could do nothing. `limits` are those
/// of a flush.
pub(crate) fn with_unknown_metrics(report: Report, limits: Option<Thresholds>) -> Report {
    let seen = Observations { limits, ..Observations::default() };
    series(f64::NAN, &seen).into_iter().fold(report, Report::metric)
}

/// The performance data of a run that sent so many events. What was not counted is not known.
fn series(sent: f64, seen: &Observations) -> [Metric; 7] {
    let number =
        |label, number: f64| Metric::new(label, if seen.is_counted { number } else { f64::NAN }).min(0.0);
    let limits = seen.limits.clone().unwrap_or_default();
    [
        Metric::new("sent", sent).min(0.0),
        number("waiting", seen.waiting as f64),
        number("oldest", seen.oldest).unit(Unit::Seconds).thresholds(limits),
        number("dropped", seen.counts.dropped as f64),
        number("broken", seen.broken as f64),
        number("lost", seen.counts.lost as f64),
        number("refused", seen.counts.refused as f64),
    ]
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
    let is_told = seen.dropped > 0 || is_harm(seen);
    let failure = seen.failure.as_ref().filter(|_| !is_told || seen.fate == Fate::Lost)?;
    let text = &failure.text;
    let late = seen.late.filter(|_| failure.is_late).unwrap_or(State::Warning);
    let state = if failure.is_refusal { State::Critical } else { late.max(State::Warning) };
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
    let is_left = seen.is_unfinished && (matches!(seen.fate, Fate::Waits(_)) || seen.said.is_some());
    let late = seen.late.filter(|_| seen.is_unfinished).unwrap_or(State::Ok);
    let state = late.max(age(seen)).max(if is_left { State::Warning } else { State::Ok });
    if seen.failure.is_some() || seen.waiting == 0 || state == State::Ok {
        return None;
    }
    let why = match (seen.is_unfinished, seen.is_busy) {
        (true, _) => {
            let said = seen.said.as_ref().map(|words| format!(", before that {words}")).unwrap_or_default();
            let sent = count(seen.sent, "event", "events");
            format!(": the time was up after {sent} confirmed by {}{said}", seen.broker)
        }
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
pub(crate) fn span(seconds: f64) -> String {
    match seconds {
        ..120.0 => format!("{seconds:.0} s"),
        ..7200.0 => format!("{:.0} min", seconds / 60.0),
        ..172_800.0 => format!("{:.0} h", seconds / 3600.0),
        _ => format!("{:.0} d", seconds / 86_400.0),
    }
}

/// Events that were dropped, with what kept them from the broker: one finding, since that is why.
fn dropped(seen: &Observations) -> Option<Finding> {
    let dropped = count(seen.dropped, "event dropped", "events dropped");
    (seen.dropped > 0)
        .then(|| Finding::critical(format!("{dropped}, too many or too old{}", and_failure(seen))))
}

/// What keeps events from the broker, after what came of it.
fn and_failure(seen: &Observations) -> String {
    match &seen.failure {
        Some(failure) if seen.waiting > 0 => format!(", {}: {}", waiting(seen), failure.text),
        Some(failure) => format!(", {}", failure.text),
        None => String::new(),
    }
}

/// Returns whether a flush reports events that were lost or set aside before this run.
fn is_harm(seen: &Observations) -> bool {
    seen.limits.is_some() && earlier(seen).is_harm()
}

/// Returns the counts of events before this run. Events that this run dropped or set aside are reported
/// separately.
fn earlier(seen: &Observations) -> Counts {
    let less = |all: u64, now: usize| all.saturating_sub(now as u64);
    Counts {
        dropped: less(seen.counts.dropped, seen.dropped),
        refused: less(seen.counts.refused, seen.aside),
        ..seen.counts
    }
}

/// What happened to events since the last `--acknowledge`. A handler's line has its own event alone.
fn harm(seen: &Observations) -> Option<Finding> {
    seen.limits.as_ref()?;
    let counts = earlier(seen);
    let is_refused = counts.refused > 0;
    let counts = [("lost", counts.lost), ("dropped", counts.dropped), ("refused", counts.refused)];
    let mut parts: Vec<String> = Vec::new();
    for (word, number) in counts.into_iter().filter(|(_, number)| *number > 0) {
        let noun = match number {
            _ if !parts.is_empty() => "",
            1 => "event ",
            _ => "events ",
        };
        parts.push(format!("{number} {noun}{word}"));
    }
    if parts.is_empty() {
        return if seen.aside > 0 { None } else { kept_refused(seen) };
    }
    // The last loss was in this run.
    let last = match seen.counts.last {
        _ if seen.dropped + seen.aside > 0 => " earlier".to_owned(),
        Some(last) => format!(", last {} ago", span(last.as_secs_f64())),
        None => String::new(),
    };
    let remedy = match &seen.refused_words {
        Some(words) if is_refused => {
            format!("{words}, --retry-refused sends again, --acknowledge ends this")
        }
        _ => "--acknowledge ends this".to_owned(),
    };
    // A present fault comes first, and is reported once: with the events dropped now, or here.
    let now = [
        seen.spool_failure.as_ref().filter(|_| seen.fate == Fate::None).map(|why| unspooled(why)),
        seen.failure.as_ref().filter(|_| seen.dropped == 0).map(|failure| match seen.waiting {
            0 => failure.text.clone(),
            _ => format!("{}: {}", waiting(seen), failure.text),
        }),
    ];
    let now: String = now.into_iter().flatten().map(|text| text + ", ").collect();
    Some(Finding::critical(format!("{now}{}{last}: {remedy}", parts.join(", "))))
}

/// Refused events that were acknowledged and are still there.
fn kept_refused(seen: &Observations) -> Option<Finding> {
    let words = seen.refused_words.as_ref()?;
    let kept = count(seen.kept_refused, "refused event is kept", "refused events are kept");
    Some(Finding::warning(format!("{kept}: {words}, --retry-refused sends again")))
}

fn unspooled(why: &str) -> String {
    format!("events cannot be spooled: {why}")
}

/// What kept the event from the spool, or from the disk.
fn spooling(seen: &Observations) -> Option<Finding> {
    let failure = seen.spool_failure.as_ref()?;
    match seen.fate {
        // `with_unspooled` puts it first, or `harm`.
        Fate::Lost | Fate::None => None,
        Fate::Confirmed(_) => {
            Some(Finding::warning(format!("confirmed by {}, but not spooled: {failure}", seen.broker)))
        }
        _ => Some(Finding::critical(format!("not safe on the disk: {failure}"))),
    }
}

/// What kept the events of the spool from being counted, after what became of the event.
fn uncounted(seen: &Observations) -> Option<Finding> {
    let failure = seen.count_failure.as_ref()?;
    match seen.fate {
        Fate::None if seen.spool_failure.is_some() => None,
        Fate::None => Some(Finding::unknown(failure.clone())),
        Fate::Lost => None,
        fate => {
            let event = match fate {
                Fate::Confirmed(0) => format!("event confirmed by {}", seen.broker),
                Fate::Confirmed(sequence) => format!("event {sequence} confirmed by {}", seen.broker),
                Fate::Waits(sequence) => format!("event {sequence} waits in the spool"),
                _ => "event set aside".to_owned(),
            };
            Some(Finding::warning(format!("{event}, but {failure}")))
        }
    }
}

fn broken(seen: &Observations) -> Option<Finding> {
    let folder = seen.broken_folder.display();
    match seen.broken {
        0 => None,
        1 => Some(Finding::warning(format!("1 file in {folder} is no event: look at it and remove it"))),
        many => Some(Finding::warning(format!(
            "{many} files in {folder} are no events: look at them and remove them"
        ))),
    }
}

fn unreadable(seen: &Observations) -> Option<Finding> {
    let path = seen.unreadable.as_ref()?.display();
    if let Some(text) = &seen.denied {
        return Some(Finding::warning(text.clone()));
    }
    Some(Finding::warning(format!("{path} cannot be read or set aside: remove it")))
}

fn aliens(seen: &Observations) -> Option<Finding> {
    let (first, others) = seen.aliens.split_first()?;
    let others = match others.len() {
        0 => String::new(),
        others => format!(", and {}", count(others as u64, "more file", "more files")),
    };
    let path = first.display();
    Some(Finding::warning(format!("{path} is no file of a spool: look at it and remove it{others}")))
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

/// A number with its noun.
pub(crate) fn count<N: Display + PartialEq + From<u8>>(number: N, one: &str, many: &str) -> String {
    format!("{number} {}", if number == N::from(1) { one } else { many })
}

#[cfg(test)]
#[path = "evaluate_tests.rs"]
mod tests;
