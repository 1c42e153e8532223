//! The observations of a run, and the states that follow from them. A run and its preview share them.

use crate::config::{Component, Config};
use crate::fault::{self, Fault};
use crate::judge::{self, Health, Judged, Limits, Verdict};
use crate::jump::{self, Baseline, Sanity, Seen};
use crate::ledger::{Ledger, Run};
use crate::members::{self, AllMembers};
use crate::monitor::Sources;
use crate::notes::Notes;
use crate::options::Percent;
use crate::output::OutputError;
use crate::report::{Outcome, Vanished};
use crate::sources::Source;
use crate::status::Status;
use crate::store::History;
use crate::view::{Unit, apply_incidents, apply_work, units};

/// What the states are judged by.
#[derive(Clone, Copy)]
pub(crate) struct Judging {
    /// The age in seconds from which the monitor's state is too old.
    pub(crate) stale: u64,
    /// The part of all sources that may go bad at once.
    pub(crate) sanity: Percent,
    /// For how many seconds such a jump, and a source that vanished, wait.
    pub(crate) hold: u64,
    /// Whether a soft problem counts.
    pub(crate) soft: bool,
}

/// The observations of a run, and the states that follow from them.
pub(crate) struct Look {
    /// The moment of the run, in seconds since 1970.
    pub(crate) now: u64,
    /// The monitor's state.
    pub(crate) sources: Sources,
    /// The state of each component, in the order of the configuration.
    pub(crate) judged: Vec<Judged>,
    /// The fault of the monitor, if it has one.
    pub(crate) fault: Option<Fault>,
    /// The incidents written by hand.
    pub(crate) notes: Notes,
    /// The measured state of everything that is shown, with planned work.
    pub(crate) units: Vec<Unit>,
    /// The sources that the next run compares its own with.
    baseline: Baseline,
}

impl Look {
    /// Judges what the monitor and the notes say by the history. Adds the sources and the components of this
    /// run to the history.
    pub(crate) fn new(
        judging: Judging,
        config: &Config,
        (sources, notes): (Sources, Notes),
        history: &mut History,
        now: u64,
    ) -> Self {
        let (seen, judged, fault) = compare(judging, config, &sources, history, now);
        let statuses: Vec<Status> = judged.iter().map(|(status, _)| *status).collect();
        let mut units = units(config, &statuses);
        apply_work(&notes.notes, &mut units, now);
        history.look_at(
            units.iter().map(|unit| unit.id.clone()).collect(),
            config.interval + config.interval / 2,
        );
        let (baseline, fault) = believe(judging, config, &history.ledger, seen, fault, now);
        Self { now, sources, judged, fault, notes, units, baseline }
    }

    /// Returns what this run adds to the history.
    pub(crate) fn run(&self, ledger: &Ledger) -> Run {
        // A fault keeps its beginning, whatever its cause is now.
        let since = self.fault.as_ref().map(|fault| ledger.fault.or(fault.since).unwrap_or(self.now));
        let statuses = match since {
            Some(_) => ledger.known(),
            None => self.units.iter().map(|unit| Some(unit.status)).collect(),
        };
        Run { at: self.now, fault: since, statuses, baseline: self.baseline.clone() }
    }

    /// Returns everything that is shown, with its state on the page. That includes incidents written by hand,
    /// which are not measured.
    pub(crate) fn shown(&self) -> Vec<Unit> {
        let mut units = self.units.clone();
        apply_incidents(&self.notes.notes, &mut units, self.now);
        units
    }

    /// Returns the outcome of a run that shows `units` and has written `written` files.
    pub(crate) fn outcome<'a>(
        &'a self,
        judging: Judging,
        config: &Config,
        members: &AllMembers,
        units: &'a [Unit],
        written: Result<usize, OutputError>,
    ) -> Outcome<'a> {
        Outcome {
            units,
            sources: self.sources.seen.sources.len(),
            age: self.sources.age(self.now),
            stale: judging.stale,
            fault: self.fault.as_ref(),
            vanished: vanished(config, members, judging.hold, self.now),
            note_faults: &self.notes.faults,
            remarks: &self.notes.remarks,
            written,
        }
    }
}

fn stale(judging: Judging, sources: &Sources, now: u64) -> Option<Fault> {
    fault::of_monitor(&sources.monitor, sources.modified, judging.stale, now)
}

/// Compares the sources with those of the last run, and judges them. Returns the sources by their keys, the
/// state of each component, and the fault of the monitor.
fn compare(
    judging: Judging,
    config: &Config,
    sources: &Sources,
    history: &mut History,
    now: u64,
) -> (Seen, Vec<Judged>, Option<Fault>) {
    let fault = stale(judging, sources, now);
    let before = &history.ledger.members;
    let known = members::known(before);
    // While the monitor is at fault, the expected sources stay as they were.
    if fault.is_none() {
        let seen = &sources.seen;
        history.remember(members::after(before, config.components(), seen, judging.hold, now));
    }
    let members = &history.ledger.members;
    let judged = judge(judging, sources, config, members);
    let gone = members::gone(members);
    let count = sources.seen.sources.len() + gone.len();
    let keys = |is_counted: &dyn Fn(&Verdict) -> bool| keys(sources, &judged, is_counted);
    let is_bad = |verdict: &Verdict| verdict.health != Health::Operational;
    let bad = keys(&|verdict| is_bad(verdict) && !verdict.in_downtime);
    let excused = keys(&|verdict| is_bad(verdict) && verdict.in_downtime);
    let down = keys(&|verdict| verdict.health == Health::Down);
    let bad = members::sorted(bad.into_iter().chain(gone.iter().copied()));
    (Seen { known, bad, excused, down, gone, count }, judged, fault)
}

/// Returns the state of each component and its verdicts, including those of sources that vanished.
fn judge(judging: Judging, sources: &Sources, config: &Config, members: &AllMembers) -> Vec<Judged> {
    let (interval_length, monitor) = (sources.interval_length, sources.monitor);
    // How old the state itself may be is another limit: what was fresh in it is not old by that.
    let limits = Limits { now: monitor.created, interval_length, soft: judging.soft, monitor };
    let judged = config.components().zip(&sources.seen.behind).map(|(component, behind)| {
        let gone = members.get(&component.id).map_or(0, |members| members.gone.len());
        let mut verdicts = judge::verdicts(component, behind, &sources.seen, &limits);
        verdicts.extend(std::iter::repeat_n(Verdict::VANISHED, gone));
        (judge::status(component.rule, &verdicts), verdicts)
    });
    judged.collect()
}

/// Returns the sources that the next run compares its own with, and the fault of the monitor.
fn believe(
    judging: Judging,
    config: &Config,
    ledger: &Ledger,
    seen: Seen,
    fault: Option<Fault>,
    now: u64,
) -> (Baseline, Option<Fault>) {
    let before = ledger.baseline();
    if fault.is_some() {
        return (before, fault);
    }
    let sanity = Sanity { percent: judging.sanity.0, hold: judging.hold, interval: config.interval };
    jump::judge(&before, seen, sanity, now)
}

/// Returns the keys of the sources with a verdict that counts, sorted.
fn keys(sources: &Sources, judged: &[Judged], is_counted: impl Fn(&Verdict) -> bool) -> Vec<u64> {
    let verdicts = judged
        .iter()
        .zip(&sources.seen.behind)
        .flat_map(|((_, verdicts), behind)| behind.iter().zip(verdicts));
    let counted = verdicts.filter(|(_, verdict)| is_counted(verdict));
    members::sorted(counted.filter_map(|(place, _)| sources.seen.source(*place)).map(Source::key))
}

/// Returns the report on the sources that vanished. `None` if none did.
fn vanished(config: &Config, members: &AllMembers, hold: u64, now: u64) -> Option<Vanished> {
    let gone = |component: &Component| members.get(&component.id).map_or(0, |one| one.gone.len());
    let mut from = config.components().filter(|component| gone(component) > 0);
    let first = from.next()?.name.clone();
    let last = members.values().flat_map(|one| &one.gone).map(|(_, since)| *since).max()?;
    let left = hold.saturating_sub(now.saturating_sub(last));
    Some(Vanished { sources: members::gone(members).len(), first, more: from.count(), left })
}
