//! What each judgement rests on, from `-v` on.

use super::words::{milliseconds, percent};
use crate::judged::JudgedTarget;
use crate::rule::{Evidence, Quiet, Run, Verdict, WindowLoss};

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

fn loss(run: &Run, verdict: &Verdict) -> String {
    let Evidence { windows, quiet, .. } = verdict.evidence;
    let quiet = quiet.map(|quiet| format!(": {}", reason(quiet))).unwrap_or_default();
    let now = percent(run.loss());
    if verdict.learning {
        return format!("loses {now} in this run{quiet}");
    }
    let [few, many] = windows.map(|WindowLoss { share, limit }| (percent(share), percent(limit)));
    format!(
        "loses {now} in this run (usual {}), {} in 3 runs (limit {}), {} in 12 runs (limit {}){quiet}",
        percent(verdict.usual_loss),
        few.0,
        few.1,
        many.0,
        many.1
    )
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
