//! `--preview`: each component with its state and the sources behind it, for the administrator's eyes alone.

use plugin::{Report, State};

use crate::config::Config;
use crate::fault::Fault;
use crate::judge::{Health, Judged, Verdict, Why};
use crate::notes::Notes;
use crate::sources::{Observations, Source};

/// Prints everything that leads to the states.
pub(crate) fn report(
    config: &Config,
    seen: &Observations,
    judged: &[Judged],
    fault: Option<&Fault>,
    notes: &Notes,
) -> Report {
    let counted =
        |number: usize, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
    let line = format!(
        "preview of {} from {}, nothing written",
        counted(judged.len(), "component"),
        counted(seen.sources.len(), "source")
    );
    let mut report = Report::new(State::Ok, line);
    if let Some(fault) = fault {
        report =
            report.detail(format!("the monitor is disturbed, all would be shown as unknown: {}", fault.why));
    }
    let components = config
        .groups
        .iter()
        .flat_map(|group| group.components.iter().map(move |component| (group, component)));
    for ((group, component), ((status, verdicts), behind)) in components.zip(judged.iter().zip(&seen.behind))
    {
        let hidden = if component.is_shown { "" } else { " (shown in its group only)" };
        report = report.detail(format!("{} / {}: {}{hidden}", group.name, component.name, status.text()));
        let sources = behind.iter().filter_map(|place| seen.source(*place));
        for (source, verdict) in sources.zip(verdicts) {
            report = report.detail(source_line(source, verdict));
        }
    }
    let left_out = notes.faults.iter().map(|fault| format!("{fault}, left out"));
    left_out.chain(notes.remarks.iter().cloned()).fold(report, Report::detail)
}

/// A source with what it contributes, and why.
fn source_line(source: &Source, verdict: &Verdict) -> String {
    let kind = if source.hard == source.current { "hard" } else { "soft" };
    let health = match verdict.health {
        Health::Operational => "operational",
        Health::Degraded => "degraded",
        Health::Down => "down",
        Health::Unknown => "unknown",
    };
    let why = match verdict.why {
        Why::State => String::new(),
        why => format!(", {}", why.text()),
    };
    let left_out = if verdict.in_downtime { ", left out because it is in a downtime" } else { "" };
    format!("- {} is {health}: {} {kind}{why}{left_out}", source.name(), source.current.word())
}
