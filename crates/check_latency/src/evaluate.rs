//! Makes the report: which targets are abnormal and since when, what could not be judged, and the performance
//! data.

mod basis;
mod beside;
mod fault;
mod metrics;
mod words;

use plugin::{Finding, Findings, Report, State};

use crate::control::known;
use crate::judged::JudgedTarget;
use crate::options::Judging;
use crate::record::Judged;
use crate::rule::{Accepted, Level};
use crate::target::Unusable;
use beside::beside;
use metrics::metrics;
use words::{Calendar, milliseconds, percent};

/// The most octets of the first line with performance data of each target: the monitor runs this itself,
/// without NRPE.
const EACH: usize = 8_000;

/// Makes the report.
pub(crate) fn evaluate(judging: &Judging, judged: &Judged) -> Report {
    let calendar = Calendar::new(judged.at);
    let total = judged.targets.len() + judged.unusable.len();
    let mut faults = faults(judging, judged, &calendar);
    let abnormal = faults.iter().filter(|fault| fault.state != State::Unknown).count();
    let pinged = judged.targets.len();
    let late = late(judged);
    let well = match judging.allowed() {
        Some(allowed) => {
            let is_alone = late.is_empty() && faults.len() == 1 && is_sound(judged);
            count(&mut faults, allowed.state(abnormal, pinged), judged, (&allowed.in_words(), is_alone))
        }
        None => all_well(judged),
    };
    let is_worse = faults.iter().any(|fault| fault.state > State::Unknown);
    let own = own_faults(judged, is_worse);
    let own_network = judged.comparison.own_network().map(Finding::unknown);
    let is_told = judged.no_socket.is_none() && own_network.is_none();
    let counted = counted(judging, judged, abnormal, is_told);
    // Beside faults of targets the own network has the end of their line, and else the line.
    let (own, beside): (Vec<Finding>, Option<Finding>) = match own_network {
        Some(network) if own.is_empty() && is_worse => (own, Some(network)),
        network => (network.into_iter().chain(own).collect(), None),
    };
    let told = faults.iter().chain(&late).filter(|fault| fault.state != State::Ok).count();
    let faults = faults.into_iter().chain(late);
    let is_table = own.is_empty() && counted.state == State::Ok && told > 1;
    let findings = Findings::from_iter(own.iter().cloned().chain(faults).chain([counted]));
    let findings = if is_table { findings.of(total, "targets") } else { findings };
    let report = remark(findings, judged, is_worse).report(well);
    let report = match (beside, judged.comparison.own_network_beside(&judged.targets)) {
        (Some(network), Some(brief)) => {
            let summary = format!("{}, and {brief}", report.summary());
            report.summarised(summary).detail(format!("{}: {}", network.state, network.text))
        }
        _ => report,
    };
    let problem = judged.problem.clone().filter(|_| is_worse);
    let report = notes(judged, &calendar).into_iter().chain(problem).fold(report, Report::detail);
    let basis = judged.targets.iter().filter_map(|target| basis::basis(target, judged.wait));
    let gateways = judged.controls.iter().filter_map(|control| basis::of_gateway(control, judged.wait));
    let known = judged.controls.iter().filter_map(|control| known(control, &judged.targets));
    let alone = known.flat_map(|control| basis::no_control(control, &calendar));
    let verbose = judged.verbose.iter().cloned().chain(alone).chain(basis).chain(gateways);
    let report = verbose.fold(report, Report::verbose_detail);
    let report = metrics(judging, judged).into_iter().fold(report, Report::metric);
    if judging.each { report.room(EACH) } else { report }
}

/// What is wrong with each target, or why it was not pinged: the worst first.
fn faults(judging: &Judging, judged: &Judged, calendar: &Calendar) -> Vec<Finding> {
    if judged.no_socket.is_some() {
        return Vec::new();
    }
    let pinged = judged.targets.iter().filter(|target| !judged.comparison.excuses(target));
    let found = pinged.filter_map(|target| {
        Some((fault::finding(target, judged.wait, judging, calendar)?, fault::weight(target)))
    });
    let mut found: Vec<(Finding, (u8, f64))> = found.collect();
    // The sort is stable: equally bad ones keep their order.
    found.sort_by(|(one, (kind, weight)), (other, (other_kind, other_weight))| {
        let by_kind = other.state.cmp(&one.state).then(other_kind.cmp(kind));
        by_kind.then(other_weight.total_cmp(weight))
    });
    let found = found.into_iter().map(|(finding, _)| finding);
    let unusable = judged.unusable.iter().filter(|what| !what.is_silence);
    found.chain(unusable.map(|what| unpinged(State::Unknown, what))).collect()
}

/// What no time was left for, with the state of `--timeout`: none of it is an abnormal target.
fn late(judged: &Judged) -> Vec<Finding> {
    let state = judged.late.unwrap_or(State::Unknown);
    let names = judged.unusable.iter().filter(|what| what.is_silence).map(|what| unpinged(state, what));
    let late = judged.targets.iter().filter(|target| judged.no_socket.is_none() && fault::is_late(target));
    let text = |target: &JudgedTarget| format!("{} not pinged: no time was left", target.target.name());
    names.chain(late.map(|target| Finding::new(state, text(target)))).collect()
}

/// Why something was not pinged: among several without the advice at its end, which has a line below. "See
/// check_resolver and 1 more" would be more advice.
fn unpinged(state: State, what: &Unusable) -> Finding {
    Finding::new(state, &what.why).brief(&what.brief)
}

/// Whether nothing is wrong on this machine.
fn is_sound(judged: &Judged) -> bool {
    let own_network = judged.comparison.own_network();
    own_faults(judged, false).is_empty() && own_network.is_none()
}

/// Gives all abnormal targets the state of their number, and returns what is said if that is OK. How many are
/// allowed is given in words; one that `is_alone` has the first line and no other.
fn count(faults: &mut [Finding], state: State, judged: &Judged, (allowed, is_alone): (&str, bool)) -> String {
    let mut abnormal: Vec<&mut Finding> =
        faults.iter_mut().filter(|fault| fault.state != State::Unknown).collect();
    abnormal.iter_mut().for_each(|fault| fault.state = state);
    let line = match abnormal.as_slice() {
        [] => all_well(judged),
        [one] => format!("1 of {} targets abnormal, allowed {allowed}: {}", judged.targets.len(), one.text),
        [first, rest @ ..] => {
            let (all, count, more) = (judged.targets.len(), rest.len() + 1, rest.len());
            let noun = if more == 1 { "target" } else { "targets" };
            format!(
                "{count} of {all} targets abnormal, allowed {allowed}: {} and {more} more {noun}",
                first.text
            )
        }
    };
    // "OK: a does not answer" would contradict itself.
    for fault in abnormal.into_iter().filter(|_| state == State::Ok && !is_alone) {
        let mut allowed = std::mem::replace(fault, Finding::ok(""));
        let text = std::mem::take(&mut allowed.text);
        *fault = allowed.detail(format!("allowed: {text}"));
    }
    line
}

/// Returns the number of abnormal targets with its limits. It is a fault if no target is abnormal, 0 is
/// outside of the limits, and `is_told`: this machine can tell.
fn counted(judging: &Judging, judged: &Judged, abnormal: usize, is_told: bool) -> Finding {
    let allowed = judging.allowed().unwrap_or_default();
    let state =
        if abnormal == 0 && is_told { allowed.state(abnormal, judged.targets.len()) } else { State::Ok };
    let metrics = metrics::counted(&allowed, judged, abnormal).into_iter();
    metrics.fold(Finding::new(state, ""), Finding::metric)
}

/// What is wrong on this machine.
fn own_faults(judged: &Judged, is_worse: bool) -> Vec<Finding> {
    let mut own = Vec::new();
    let refused = judged.no_socket.iter().chain(&judged.refused);
    own.extend(refused.map(|why| Finding::unknown(why.clone())));
    if judged.dropped > 0 {
        let what = format!(
            "{} replies found no room in this machine: lower --rate or raise net.core.rmem_max",
            judged.dropped
        );
        own.push(Finding::unknown(what));
    }
    own.extend(judged.problem.iter().filter(|_| !is_worse).map(|problem| Finding::unknown(problem.clone())));
    own
}

/// What is said where nothing is wrong.
fn all_well(judged: &Judged) -> String {
    let total = judged.targets.len();
    let learning = judged.targets.iter().filter(|target| target.is_learning).count();
    let noun = if total == 1 { "target" } else { "targets" };
    let head = match (learning == total, total) {
        (true, 1) => "1 target answers".to_owned(),
        (true, _) => format!("{total} targets answer"),
        (false, _) => format!("{total} {noun} as usual"),
    };
    let lossiest =
        judged.targets.iter().filter_map(|target| Some((target, target.loss().filter(|loss| *loss > 0.0)?)));
    let most = lossiest.max_by(|(_, one), (_, other)| one.total_cmp(other)).map(|(target, loss)| {
        let usual = target.verdict.filter(|verdict| !verdict.learning);
        let usual =
            usual.map(|verdict| format!(" (usual {})", percent(verdict.usual_loss))).unwrap_or_default();
        format!(", most loss {} at {}{usual}", percent(loss), target.target.name())
    });
    let still = match learning {
        0 => String::new(),
        learning if learning == total => ", still learning".to_owned(),
        learning => format!(", {learning} still learning"),
    };
    format!("{head}{}{still}", most.unwrap_or_default())
}

fn remark(findings: Findings, judged: &Judged, is_worse: bool) -> Findings {
    match (&judged.anew, &judged.comparison.beside) {
        (Some(anew), _) => findings.remark(anew.clone()),
        (None, Some(bystander)) if is_worse => findings.remark(beside(bystander)),
        (None, _) => findings,
    }
}

/// New levels, and what does not change the state.
fn notes(judged: &Judged, calendar: &Calendar) -> Vec<String> {
    let accepted = judged.targets.iter().filter_map(|target| {
        let Accepted { since, was, is, .. } = target.verdict?.accepted?;
        let say = |level| match level {
            Level::Loss(share) => format!("a loss of {}", percent(share)),
            Level::Rtt(seconds) => milliseconds(seconds),
        };
        Some(format!(
            "{}: usual was {}, is {} since {}",
            target.target.name(),
            say(was),
            say(is),
            calendar.day(since)
        ))
    });
    accepted.chain(judged.notes.iter().cloned()).collect()
}

#[cfg(test)]
mod tests;
