//! One run: from the configuration and the monitor's state to the files.

use plugin::{Deadline, Report};

use crate::config::{Component, Config, ConfigError};
use crate::fault::{self, Fault};
use crate::folders::{self, FolderError};
use crate::import::{ImportError, import};
use crate::judge::{self, Health, Judged, Limits, Verdict};
use crate::jump::{self, Baseline, Sanity, Seen};
use crate::ledger::{Ledger, Run};
use crate::members::{self, AllMembers};
use crate::moment::{length, now};
use crate::monitor::{SourceError, Sources, read};
use crate::names::Names;
use crate::notes::Notes;
use crate::options::Args;
use crate::report::{Outcome, Vanished, report};
use crate::sources::Source;
use crate::status::Status;
use crate::store::{History, HistoryError, LOCK, Store};
use crate::view::{Unit, View, apply_incidents, apply_work, units};
use crate::{busy, notes, output, preview};

/// Why nothing could be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The monitor's state.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// The history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// The clock is behind the last run, so that time would count twice.
    #[error("the clock was set back: the last run was {} later than now, move the history away if that was wrong", length(*.0))]
    Clock(u64),
    /// The logs.
    #[error(transparent)]
    Import(#[from] ImportError),
    /// The folders.
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// Publishes the page, or shows what it would say.
///
/// # Errors
/// [`PublishError`]: the files are as they were.
pub fn publish(args: &Args, deadline: &Deadline) -> Result<Report, PublishError> {
    let config = Config::read(&args.config, deadline)?;
    if args.preview {
        return preview(args, &config, deadline);
    }
    if !args.import.is_empty() {
        return Ok(import(args, &config, deadline)?);
    }
    folders::check(&args.output, &args.state)?;
    let Some(store) = Store::open(&args.state)? else {
        let (page, lock) = (args.output.join(output::PAGE), args.state.join(LOCK));
        return Ok(busy::report(&page, &lock, config.interval, now()));
    };
    let mut history = store.read(deadline)?;
    let now = not_before(&history.ledger, config.interval, now())?;
    let sources = read(args, &config, deadline)?;
    let (seen, judged, fault) = look(args, &config, &sources, &mut history, now);
    let statuses: Vec<Status> = judged.iter().map(|(status, _)| *status).collect();
    let mut units = units(&config, &statuses);
    let Notes { notes, faults, remarks } = notes::read(&args.incidents(), &Names::of(&config), deadline);
    apply_work(&notes, &mut units, now);
    history
        .look_at(units.iter().map(|unit| unit.id.clone()).collect(), config.interval + config.interval / 2);
    let (baseline, fault) = believe(args, &history.ledger, seen, fault, now);
    let run = run(&history.ledger, baseline, fault.as_ref(), &units, now);
    let added = store.add(&mut history, &run, deadline);
    apply_incidents(&notes, &mut units, now);
    let view = View::new(&config, &units, &history.ledger, &sources.seen, &notes, now);
    let written = match added {
        Ok(()) => output::render(&view)
            .and_then(|files| output::write(&args.output, &files, store.lock(), deadline)),
        Err(HistoryError::State(error)) => Err(error.into()),
        Err(error) => return Err(error.into()),
    };
    Ok(report(&Outcome {
        units: &units,
        sources: sources.seen.sources.len(),
        age: sources.age(now),
        stale: args.stale.duration().as_secs(),
        fault: fault.as_ref(),
        vanished: vanished(&config, &history.ledger.members, args.hold.duration().as_secs(), now),
        note_faults: &faults,
        remarks: &remarks,
        written,
    }))
}

/// Shows what the page would say.
fn preview(args: &Args, config: &Config, deadline: &Deadline) -> Result<Report, PublishError> {
    let (sources, now) = (read(args, config, deadline)?, now());
    let judged = judge(args, &sources, config, &AllMembers::new(), now);
    let notes = notes::read(&args.incidents(), &Names::of(config), deadline);
    Ok(preview::report(config, &sources.seen, &judged, stale(args, &sources, now).as_ref(), &notes))
}

/// The moment of this run. A clock that is adjusted by less than an interval adds no time until it has caught
/// up.
fn not_before(ledger: &Ledger, interval: u64, now: u64) -> Result<u64, PublishError> {
    match ledger.last.saturating_sub(now) {
        behind if behind > interval => Err(PublishError::Clock(behind)),
        _ => Ok(now.max(ledger.last)),
    }
}

fn stale(args: &Args, sources: &Sources, now: u64) -> Option<Fault> {
    fault::of_monitor(&sources.monitor, sources.modified, args.stale.duration().as_secs(), now)
}

/// Compares the sources with those of the last run, and judges them: the sources by their keys, the state of
/// each component, and the fault of the monitor.
fn look(
    args: &Args,
    config: &Config,
    sources: &Sources,
    history: &mut History,
    now: u64,
) -> (Seen, Vec<Judged>, Option<Fault>) {
    let fault = stale(args, sources, now);
    let before = &history.ledger.members;
    let known = members::known(before);
    // A monitor at fault is no reason to expect other sources than before.
    if fault.is_none() {
        let hold = args.hold.duration().as_secs();
        history.remember(members::after(before, config.components(), &sources.seen, hold, now));
    }
    let members = &history.ledger.members;
    let judged = judge(args, sources, config, members, now);
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

/// The state of each component, with what it follows from: also with sources that vanished.
fn judge(args: &Args, sources: &Sources, config: &Config, members: &AllMembers, now: u64) -> Vec<Judged> {
    let (interval_length, monitor) = (sources.interval_length, sources.monitor);
    let limits = Limits { now, interval_length, soft: args.soft, monitor };
    let judged = config.components().zip(&sources.seen.behind).map(|(component, behind)| {
        let gone = members.get(&component.id).map_or(0, |members| members.gone.len());
        let mut verdicts = judge::verdicts(component, behind, &sources.seen, &limits);
        verdicts.extend(std::iter::repeat_n(Verdict::VANISHED, gone));
        (judge::status(component.rule, &verdicts), verdicts)
    });
    judged.collect()
}

/// What the next run compares its sources with, and the monitor's fault if there is one.
fn believe(
    args: &Args,
    ledger: &Ledger,
    seen: Seen,
    fault: Option<Fault>,
    now: u64,
) -> (Baseline, Option<Fault>) {
    let before = ledger.baseline();
    if fault.is_some() {
        return (before, fault);
    }
    let sanity = Sanity { percent: args.sanity.0, hold: args.hold.duration().as_secs() };
    jump::judge(&before, seen, sanity, now)
}

/// What this run adds to the history.
fn run(ledger: &Ledger, baseline: Baseline, fault: Option<&Fault>, units: &[Unit], now: u64) -> Run {
    // A fault goes on since it began, whatever its cause is now.
    let since = fault.map(|fault| ledger.fault.or(fault.since).unwrap_or(now));
    let statuses = match since {
        Some(_) => ledger.known(),
        None => units.iter().map(|unit| Some(unit.status)).collect(),
    };
    Run { at: now, fault: since, statuses, baseline }
}

/// The keys of the sources that count by one of their verdicts, sorted.
fn keys(sources: &Sources, judged: &[Judged], is_counted: impl Fn(&Verdict) -> bool) -> Vec<u64> {
    let verdicts = judged
        .iter()
        .zip(&sources.seen.behind)
        .flat_map(|((_, verdicts), behind)| behind.iter().zip(verdicts));
    let counted = verdicts.filter(|(_, verdict)| is_counted(verdict));
    members::sorted(counted.filter_map(|(place, _)| sources.seen.source(*place)).map(Source::key))
}

/// What is told of the sources that vanished, if any did.
fn vanished(config: &Config, members: &AllMembers, hold: u64, now: u64) -> Option<Vanished> {
    let gone = |component: &Component| members.get(&component.id).map_or(0, |one| one.gone.len());
    let mut from = config.components().filter(|component| gone(component) > 0);
    let first = from.next()?.name.clone();
    let last = members.values().flat_map(|one| &one.gone).map(|(_, since)| *since).max()?;
    let left = hold.saturating_sub(now.saturating_sub(last));
    Some(Vanished { sources: members::gone(members).len(), first, more: from.count(), left })
}
