//! What each judgement rests on, from `-v` on.

use super::words::{Calendar, milliseconds, percent};
use crate::judged::JudgedTarget;
use crate::rule::{Evidence, LossAlert, Quiet, RttAlert, Run, Verdict, WindowLoss};

/// Returns the line of a target: this run and what is usual, the loss of several runs and from where on it is
/// reported, why more loss than usual is no alert, and how much is known of it; `None` where no ping tells
/// anything.
pub(crate) fn basis(target: &JudgedTarget) -> Option<String> {
    let (run, verdict) = (target.run()?, target.verdict?);
    let name = target.target.name();
    let known = match verdict.evidence.runs {
        1 => "1 run".to_owned(),
        runs => format!("{runs} runs"),
    };
    Some(format!("{name}: {}; {}; {} known", loss(&run, &verdict), latency(&run, &verdict), known))
}

/// Returns why a gateway is no control: what it has had since when, while its targets were as usual.
pub(crate) fn no_control(control: &JudgedTarget, calendar: &Calendar) -> Vec<String> {
    let Some(verdict) = control.verdict else { return Vec::new() };
    let gateway = control.target.address.ip();
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

fn latency(run: &Run, verdict: &Verdict) -> String {
    let Evidence { rtt_spread, rtt_limit, .. } = verdict.evidence;
    let Some(now) = run.rtt().map(milliseconds) else { return "no answer".to_owned() };
    match (verdict.usual_rtt, rtt_spread, rtt_limit) {
        (Some(usual), Some(spread), Some(limit)) if !verdict.learning => format!(
            "takes {now} (usual {}, spread {}, limit {} in two runs)",
            milliseconds(usual),
            milliseconds(spread),
            milliseconds(limit)
        ),
        _ => format!("takes {now}"),
    }
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
