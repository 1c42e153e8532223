//! The line: whether the page was published. An outage of a component does not alert here, since other
//! services do.

use plugin::{Metric, Report, State, Unit};

use crate::fault::Fault;
use crate::moment::length;
use crate::output::OutputError;
use crate::status::Status;
use crate::view::Unit as Shown;
use crate::words::counted;

/// What one run did.
#[derive(Debug)]
pub(crate) struct Outcome<'a> {
    /// What is shown, with its state by the monitor.
    pub(crate) units: &'a [Shown],
    /// How many sources there are.
    pub(crate) sources: usize,
    /// How old the monitor's state is, in seconds; `None` if it is from the future.
    pub(crate) age: Option<u64>,
    /// How old it may be, in seconds.
    pub(crate) stale: u64,
    /// Why the monitor is not believed, if it is not.
    pub(crate) fault: Option<&'a Fault>,
    /// The sources that vanished, if any did.
    pub(crate) vanished: Option<Vanished>,
    /// What is wrong with incidents written by hand that are left out.
    pub(crate) note_faults: &'a [String],
    /// What is told of files that are no incidents.
    pub(crate) remarks: &'a [String],
    /// What happened to the files: how many were written.
    pub(crate) written: Result<usize, OutputError>,
}

/// Sources of which the monitor no longer tells.
#[derive(Debug)]
pub(crate) struct Vanished {
    /// How many there are.
    pub(crate) sources: usize,
    /// The public name of the first component that has some.
    pub(crate) first: String,
    /// How many more components have some.
    pub(crate) more: usize,
    /// For how many seconds they still count as unknown.
    pub(crate) left: u64,
}

impl Vanished {
    fn text(&self) -> String {
        let more = match self.more {
            0 => String::new(),
            more => format!(" and {}", counted(more, "more component")),
        };
        let sources = counted(self.sources, "source");
        format!("{sources} of {}{more} vanished, unknown for {} more", self.first, length(self.left))
    }
}

/// Returns the report of a run, with performance data.
pub(crate) fn report(outcome: &Outcome<'_>) -> Report {
    with_metrics(told(outcome), outcome)
}

/// Says what happened: CRITICAL if the page could not be written or the monitor is at fault, WARNING if
/// sources vanished or an incident is left out.
pub(crate) fn told(outcome: &Outcome<'_>) -> Report {
    let units = outcome.units;
    let published = counted(units.len(), "component");
    let left_out = outcome.note_faults.iter().map(|fault| format!("{fault}, left out"));
    let warnings: Vec<String> = outcome.vanished.iter().map(Vanished::text).chain(left_out).collect();
    let report = match (&outcome.written, outcome.fault) {
        (Err(error), _) => Report::new(State::Critical, format!("page not written: {error}")),
        (Ok(_), Some(fault)) => {
            let line = format!("monitor disturbed: {}, {published} shown as unknown", fault.why);
            Report::new(State::Critical, line)
        }
        (Ok(_), None) if !warnings.is_empty() => {
            let more = match warnings.len() {
                1 => String::new(),
                2 => ", 1 more fault".to_owned(),
                faults => format!(", {} more faults", faults - 1),
            };
            let first = warnings.first().map_or("", String::as_str);
            Report::new(State::Warning, format!("{first}{more}, {published} published"))
        }
        (Ok(_), None) => Report::new(State::Ok, format!("{published} published, {}", states(units))),
    };
    let told = usize::from(outcome.written.is_ok() && outcome.fault.is_none());
    let details = warnings.into_iter().skip(told).chain(outcome.remarks.iter().cloned());
    details.fold(report, Report::detail)
}

/// The states in words, as in `all operational` or `38 operational, 1 major outage`.
fn states(units: &[Shown]) -> String {
    let count = |status: Status| units.iter().filter(|unit| unit.status == status).count();
    if count(Status::Operational) == units.len() {
        return "all operational".to_owned();
    }
    let counts = Status::ALL.map(|status| (count(status), status.text().to_lowercase()));
    let parts: Vec<String> = counts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, text)| format!("{count} {text}"))
        .collect();
    parts.join(", ")
}

fn with_metrics(report: Report, outcome: &Outcome<'_>) -> Report {
    let is_known = outcome.fault.is_none();
    let count = |wanted: &[Status]| {
        let count = outcome.units.iter().filter(|unit| wanted.contains(&unit.status)).count();
        is_known.then_some(count)
    };
    let counts = Counts {
        components: Some(outcome.units.len()),
        operational: count(&[Status::Operational]),
        degraded: count(&[Status::Degraded]),
        outages: count(&[Status::Partial, Status::Major]),
        maintenance: count(&[Status::Maintenance]),
        unknown: count(&[Status::Unknown]),
        sources: Some(outcome.sources),
        age: outcome.age,
        written: outcome.written.as_ref().ok().copied(),
    };
    counts.add_to(report, outcome.stale)
}

/// Adds the performance data of a run that ends early, each as `U`, so that graphs show no gap.
pub(crate) fn with_unknown_metrics(report: Report, stale: u64) -> Report {
    Counts::default().add_to(report, stale)
}

/// The performance data. `None` is a value that is not known.
#[derive(Default)]
struct Counts {
    components: Option<usize>,
    operational: Option<usize>,
    degraded: Option<usize>,
    outages: Option<usize>,
    maintenance: Option<usize>,
    unknown: Option<usize>,
    sources: Option<usize>,
    age: Option<u64>,
    written: Option<usize>,
}

impl Counts {
    fn add_to(&self, report: Report, stale: u64) -> Report {
        let count = |label: &str, count: Option<usize>| {
            Metric::new(label, count.map_or(f64::NAN, |count| count as f64)).min(0.0)
        };
        let limit = plugin::Thresholds { warning: None, critical: format!("0:{stale}").parse().ok() };
        let age = Metric::new("age", self.age.map_or(f64::NAN, |age| age as f64));
        report
            .metric(count("components", self.components))
            .metric(count("operational", self.operational))
            .metric(count("degraded", self.degraded))
            .metric(count("outages", self.outages))
            .metric(count("maintenance", self.maintenance))
            .metric(count("unknown", self.unknown))
            .metric(count("sources", self.sources))
            .metric(age.unit(Unit::Seconds).thresholds(limit).min(0.0))
            .metric(count("written", self.written))
    }
}
