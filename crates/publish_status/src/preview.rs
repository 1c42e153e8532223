//! `--preview`: what a run would report and publish, and the sources of each component. Only the
//! administrator sees it.

use plugin::{Report, State};

use crate::config::{Component, Config, Group};
use crate::judge::{Health, Judged, Verdict, Why};
use crate::look::Look;
use crate::report::{Outcome, told};
use crate::sources::Source;
use crate::status::Status;
use crate::view::{Unit, of_hidden};
use crate::words::counted;

/// Returns the line of the run, and everything that leads to the states.
pub(crate) fn report(config: &Config, look: &Look, outcome: &Outcome<'_>) -> Report {
    let run = told(outcome);
    let line = match run.state {
        State::Ok => {
            let components = counted(outcome.units.len(), "component");
            format!("preview of {components} from {}, nothing written", counted(outcome.sources, "source"))
        }
        _ => format!("preview, nothing written: {}", run.summary()),
    };
    let mut report = run.summarised(line);
    let mut judged = look.judged.iter().zip(&look.sources.seen.behind);
    for group in &config.groups {
        let judged: Vec<_> = judged.by_ref().take(group.components.len()).collect();
        if let Some(unit) = of(outcome.units, &group.id) {
            let statuses: Vec<Status> = judged.iter().map(|((status, _), _)| *status).collect();
            let state = shown(unit, of_hidden(group, &statuses), look);
            report = report.detail(format!("{}: {state}, shown as a group", group.name));
        }
        for (component, (judged, behind)) in group.components.iter().zip(judged) {
            report = report.detail(component_line(group, component, judged, outcome, look));
            let sources = behind.iter().filter_map(|place| look.sources.seen.source(*place));
            for (source, verdict) in sources.zip(&judged.1) {
                report = report.detail(source_line(source, verdict));
            }
            let gone = judged.1.iter().filter(|verdict| verdict.why == Why::Vanished).count();
            if gone > 0 {
                let gone = counted(gone, "source");
                report = report.detail(format!("- {gone} unknown: {}", Why::Vanished.text()));
            }
        }
    }
    report
}

fn of<'a>(units: &'a [Unit], id: &str) -> Option<&'a Unit> {
    units.iter().find(|unit| unit.id == id)
}

/// Returns the line of a component, with the state that is published.
fn component_line(
    group: &Group,
    component: &Component,
    (status, _): &Judged,
    outcome: &Outcome<'_>,
    look: &Look,
) -> String {
    let name = format!("{} / {}", group.name, component.name);
    match of(outcome.units, &component.id) {
        Some(unit) => format!("{name}: {}", shown(unit, *status, look)),
        None => format!("{name}: {} (shown in its group only)", status.text()),
    }
}

/// Returns the published state, and the monitor's state if it differs.
fn shown(unit: &Unit, judged: Status, look: &Look) -> String {
    let by_monitor = judged.text().to_lowercase();
    match (&look.fault, unit.by_hand) {
        (Some(_), _) => {
            format!("{}, because the monitor is disturbed; it says {by_monitor}", Status::Unknown.text())
        }
        (None, Some(_)) => format!("{} by an incident; the monitor says {by_monitor}", unit.status.text()),
        (None, None) => unit.status.text().to_owned(),
    }
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
