//! What each judgement rests on, from `-v` on.

use std::time::Duration;

use super::words::{Calendar, milliseconds, percent, strange};
use crate::judged::JudgedTarget;
use crate::rule::{Evidence, LossAlert, Quiet, RttAlert, Run, Verdict, WindowLoss};

/// Returns the line of a target: this run and what is usual, the loss of several runs and from where on it is
/// reported, why more loss than usual is no alert, and how much is known of it; `None` where no ping tells
/// anything. A reply later than `wait` is none.
pub(crate) fn basis(target: &JudgedTarget, wait: Duration) -> Option<String> {
    line(&target.target.name(), target, wait)
}

/// Returns the same line of a gateway, or why this run tells nothing of it.
pub(crate) fn of_gateway(control: &JudgedTarget, wait: Duration) -> Option<String> {
    let (name, seen) = (format!("gateway {}", control.target.address_text()), &control.seen);
    let untold = || {
        let why = match &seen.unsent {
            Some(why) if seen.sent == 0 => format!("not pinged: {why}"),
            _ if seen.strange > 0 => strange(seen.other_address),
            _ => return None,
        };
        Some(format!("{name}: {why}, no control in this run"))
    };
    line(&name, control, wait).or_else(untold)
}

fn line(name: &str, target: &JudgedTarget, wait: Duration) -> Option<String> {
    let (run, verdict) = (target.run()?, target.verdict?);
    let known = match verdict.evidence.runs {
        1 => "1 run".to_owned(),
        runs => format!("{runs} runs"),
    };
    let late = if target.seen.late > 0 { format!(" within {} s", wait.as_secs_f64()) } else { String::new() };
    let none = if run.is_silent() { "no answer" } else { "no answer of its own" };
    let latency = latency(&run, &verdict).unwrap_or_else(|| format!("{none}{late}"));
    Some(format!("{name}: {}; {latency}; {known} known", loss(&run, &verdict)))
}

/// Returns why a gateway is no control: what it has had since when, while its targets were as usual.
pub(crate) fn no_control(control: &JudgedTarget, calendar: &Calendar) -> Vec<String> {
    let Some(verdict) = control.verdict else { return Vec::new() };
    let gateway = control.target.address_text();
    let loss = verdict.loss.filter(LossAlert::is_alone).map(|alert| {
        let since = calendar.moment(alert.since);
        match alert.silent {
            true => format!("no control: the gateway {gateway} has not answered since {since}"),
            false => {
                let lost = percent(verdict.during);
                format!("no control of loss: the gateway {gateway} loses {lost} since {since}")
            }
        }
    });
    let slow = verdict.rtt.filter(RttAlert::is_alone).map(|alert| {
        let since = calendar.moment(alert.since);
        format!("no control of latency: the gateway {gateway} takes longer than usual since {since}")
    });
    let well = ", and its targets were as usual then";
    loss.into_iter().chain(slow).map(|line| format!("{line}{well}")).collect()
}

fn loss(run: &Run, verdict: &Verdict) -> String {
    let Evidence { windows, quiet, .. } = verdict.evidence;
    let quiet = quiet.map(|quiet| format!(": {}", reason(quiet))).unwrap_or_default();
    let now = percent(run.loss());
    if verdict.learning {
        return format!("loses {now} in this run{quiet}");
    }
    let [few, many] = windows;
    // Where there are so few runs, both are the same ones.
    let windows: String = [Some(few), Some(many).filter(|many| many.runs > few.runs)]
        .into_iter()
        .flatten()
        .map(window)
        .collect();
    format!("loses {now} in this run (usual {}){windows}{quiet}", percent(verdict.usual_loss))
}

fn window(WindowLoss { runs, share, limit }: WindowLoss) -> String {
    let noun = if runs == 1 { "run" } else { "runs" };
    let limit = if limit > 1.0 { "no limit".to_owned() } else { format!("limit {}", percent(limit)) };
    format!(", {} in {runs} {noun} ({limit})", percent(share))
}

/// How long it took: `None` without an answer in time.
fn latency(run: &Run, verdict: &Verdict) -> Option<String> {
    let Evidence { rtt_spread, rtt_limit, .. } = verdict.evidence;
    let now = milliseconds(run.rtt()?);
    Some(match (verdict.usual_rtt, rtt_spread, rtt_limit) {
        (Some(usual), Some(spread), Some(limit)) if !verdict.learning => format!(
            "takes {now} (usual {}, spread {}, limit {} in two runs)",
            milliseconds(usual),
            milliseconds(spread),
            milliseconds(limit)
        ),
        _ => format!("takes {now}"),
    })
}

/// Why more loss than usual is no alert.
fn reason(quiet: Quiet) -> &'static str {
    match quiet {
        Quiet::Learning => "no alert while it is learned",
        Quiet::BelowLimits => "no alert below these limits, nor below 50 points more in one run",
        Quiet::OneRun => "no alert for one bad run",
        Quiet::ByChance => "no alert for what chance brings more often than once in a million runs",
    }
}
