//! What is wrong with one target, in words.

use std::time::Duration;

use plugin::{Finding, State};

use super::words::{self, Calendar, milliseconds, percent};
use crate::judged::JudgedTarget;
use crate::options::Judging;
use crate::rule::{LossAlert, Verdict};

/// One thing that is wrong with a target.
struct Fault {
    state: State,
    /// What, without the target's name: for the first line.
    brief: String,
    /// Since when.
    since: Option<u64>,
    /// Who reported why.
    cause: Option<String>,
    /// What stands for `brief` where several targets share the first line.
    among: Option<String>,
}

/// Returns what is wrong with a target, the worst first; `None` if it is as usual.
///
/// `wait` is the time after which a reply counts as late.
pub(crate) fn finding(
    judged: &JudgedTarget,
    wait: Duration,
    judging: &Judging,
    calendar: &Calendar,
) -> Option<Finding> {
    let name = judged.target.name();
    if judged.seen.sent == 0 {
        let why = judged.seen.unsent.as_deref()?;
        return Some(Finding::unknown(format!("{name} not pinged: {why}")));
    }
    let mut faults = faults(judged, wait, judging);
    // The sort is stable: equally bad ones keep their order.
    faults.sort_by_key(|fault| std::cmp::Reverse(fault.state));
    let mut faults = faults.into_iter();
    let first = faults.next()?;
    let finding = Finding::new(first.state, format!("{name} {}", first.full(calendar)))
        .brief(format!("{name} {}", first.among.as_ref().unwrap_or(&first.brief)));
    Some(finding.details(faults.map(|fault| format!("{name} {}", fault.full(calendar)))))
}

/// How bad a target is among those of one state: the kind of what is told of it, and how much. No answer is
/// worse than late ones, these than loss by its rise, and this than latency by its ratio to the usual one.
pub(crate) fn weight(judged: &JudgedTarget) -> (u8, f64) {
    let Some(verdict) = judged.verdict else { return (0, 0.0) };
    let ratio = || judged.rtt().zip(verdict.usual_rtt).map_or(1.0, |(rtt, usual)| rtt / usual.max(1e-6));
    match (verdict.loss, verdict.rtt) {
        (Some(alert), _) if alert.silent => (if judged.seen.late == 0 { 4 } else { 3 }, 0.0),
        (Some(_), _) => (2, verdict.lost - if verdict.learning { 0.0 } else { verdict.usual_loss }),
        (None, Some(_)) => (1, ratio()),
        (None, None) => (0, 0.0),
    }
}

/// Whether no time was left to ping a target.
pub(crate) fn is_late(judged: &JudgedTarget) -> bool {
    judged.seen.sent == 0 && judged.seen.unsent.is_none()
}

fn faults(judged: &JudgedTarget, wait: Duration, judging: &Judging) -> Vec<Fault> {
    let verdict = judged.verdict.as_ref();
    let loss = verdict.and_then(|verdict| Some(lossy(judged, wait, verdict, &verdict.loss?)));
    let slow = verdict.and_then(|verdict| slow(judged, verdict));
    loss.into_iter()
        .chain(strange(judged))
        .chain(too_lossy(judged, judging))
        .chain(slow)
        .chain(too_slow(judged, judging))
        .collect()
}

impl Fault {
    fn new(state: State, brief: String) -> Self {
        Self { state, brief, since: None, cause: None, among: None }
    }

    /// An absolute limit that is reached. Among several the limit stands in brackets: "limit 200 and 1 more"
    /// would be a limit of 201.
    fn limit(state: State, what: &str, limit: &str) -> Self {
        Self {
            among: Some(format!("{what} (limit {limit})")),
            ..Self::new(state, format!("{what}, limit {limit}"))
        }
    }

    fn full(&self, calendar: &Calendar) -> String {
        let since = self.since.map(|since| format!(" since {}", calendar.moment(since))).unwrap_or_default();
        let cause = self.cause.as_ref().map(|cause| format!(": {cause}")).unwrap_or_default();
        format!("{}{since}{cause}", self.brief)
    }
}

/// More loss than usual, or no answer, with what tells why.
fn lossy(judged: &JudgedTarget, wait: Duration, verdict: &Verdict, alert: &LossAlert) -> Fault {
    let state = if alert.critical { State::Critical } else { State::Warning };
    let usual = if verdict.learning {
        "still learning".to_owned()
    } else {
        format!("usual {}", percent(verdict.usual_loss))
    };
    let late = judged.seen.late;
    let brief = match alert.silent {
        true if late > 0 => format!("answers later than {} s", wait.as_secs_f64()),
        true => "does not answer".to_owned(),
        false => format!("loses {} ({usual})", percent(verdict.lost)),
    };
    let late = (late > 0 && !alert.silent).then(|| format!("{late} later than {} s", wait.as_secs_f64()));
    Fault { since: Some(alert.since), cause: reported(judged).or(late), ..Fault::new(state, brief) }
}

/// The ICMP error that tells why pings are lost, and who reported it.
fn reported(judged: &JudgedTarget) -> Option<String> {
    let icmp = judged.seen.icmp.filter(|_| judged.seen.lost() > 0)?;
    let from =
        icmp.from.map(|from| if net::is_own(from) { "this machine".to_owned() } else { from.to_string() });
    let from = from.map(|from| format!(", reported by {from}")).unwrap_or_default();
    Some(format!("{}{from}", icmp.brief()))
}

/// A longer round-trip time than usual: never critical by itself, since a slow host is not a dead one.
fn slow(judged: &JudgedTarget, verdict: &Verdict) -> Option<Fault> {
    let (alert, usual) = (verdict.rtt?, verdict.usual_rtt?);
    let brief = match judged.rtt() {
        Some(rtt) => format!("takes {} (usual {})", milliseconds(rtt), milliseconds(usual)),
        None if judged.is_silent() => {
            format!("took longer than its usual {} before it fell silent", milliseconds(usual))
        }
        // Others answer for it, which is told instead.
        None => return None,
    };
    Some(Fault { since: Some(alert.since), ..Fault::new(State::Warning, brief) })
}

/// Answers that are not the target's.
fn strange(judged: &JudgedTarget) -> Option<Fault> {
    let other = judged.seen.other_address;
    judged.seen.is_strange().then(|| Fault::new(State::Warning, words::strange(other)))
}

/// More loss than the absolute limits allow.
fn too_lossy(judged: &JudgedTarget, judging: &Judging) -> Option<Fault> {
    let loss = judged.loss()?;
    let (state, limit) = judging.loss_limit(loss)?;
    Some(Fault::limit(state, &format!("loses {}", percent(loss)), &format!("{}%", limit.loss)))
}

/// A longer round-trip time than the absolute limits allow.
fn too_slow(judged: &JudgedTarget, judging: &Judging) -> Option<Fault> {
    let rtt = judged.rtt()?;
    let (state, limit) = judging.rtt_limit(rtt)?;
    Some(Fault::limit(state, &format!("takes {}", milliseconds(rtt)), &limit.rtt.to_string()))
}
