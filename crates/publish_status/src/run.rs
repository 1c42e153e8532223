//! One run: from the configuration and the monitor's state to the files.

use plugin::{Deadline, Report, State};

use crate::config::{Config, ConfigError};
use crate::fault::{self, Fault, Sanity};
use crate::judge::{self, Health, Limits, Verdict};
use crate::ledger::{Ledger, Run};
use crate::moment::{length, now};
use crate::monitor::{SourceError, Sources, read};
use crate::options::Args;
use crate::report::{Outcome, report};
use crate::status::Status;
use crate::store::{HistoryError, Store};
use crate::view::{View, apply, units};
use crate::{notes, output, preview};

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
}

/// Publishes the page, or shows what it would say.
///
/// # Errors
/// [`PublishError`]: the files are as they were.
pub fn publish(args: &Args, deadline: &Deadline) -> Result<Report, PublishError> {
    let config = Config::read(&args.config, deadline)?;
    if args.preview {
        let sources = read(args, &config, deadline)?;
        let fault = stale(args, &sources, now());
        return Ok(preview::report(
            &config,
            &sources.seen,
            &judge(args, &sources, &config, now()),
            fault.as_ref(),
        ));
    }
    let Some(store) = Store::open(&args.state)? else {
        return Ok(Report::new(State::Ok, "already running, this run does nothing"));
    };
    let mut history = store.read(deadline)?;
    let now = not_before(&history.ledger, config.interval, now())?;
    let sources = read(args, &config, deadline)?;
    let judged = judge(args, &sources, &config, now);
    let statuses: Vec<Status> = judged.iter().map(|(status, _)| *status).collect();
    let mut units = units(&config, &statuses);
    let names: Vec<&str> = units.iter().map(|unit| unit.name.as_str()).collect();
    let (notes, faults) = notes::read(&args.config.with_file_name("incidents"), &names, deadline);
    apply(&notes, &mut units, now);
    history
        .look_at(units.iter().map(|unit| unit.id.clone()).collect(), config.interval + config.interval / 2);
    let (run, fault) =
        run(args, &sources, &judged, &history.ledger, now, units.iter().map(|unit| unit.status));
    let added = store.add(&mut history, &run, deadline);
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
        age: now.saturating_sub(sources.written()),
        stale: args.stale.duration().as_secs(),
        fault: fault.as_ref(),
        note_faults: &faults,
        written,
    }))
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

/// The state of each component, with what it follows from.
fn judge(args: &Args, sources: &Sources, config: &Config, now: u64) -> Vec<(Status, Vec<Verdict>)> {
    let limits = Limits { now, interval_length: sources.interval_length, soft: args.soft };
    let components = config.groups.iter().flat_map(|group| &group.components);
    let judged = components.zip(&sources.seen.behind).map(|(component, behind)| {
        let verdicts = judge::verdicts(component, behind, &sources.seen, &limits);
        (judge::status(component.rule, &verdicts), verdicts)
    });
    judged.collect()
}

/// What this run adds to the history, and the monitor's fault if there is one.
fn run(
    args: &Args,
    sources: &Sources,
    judged: &[(Status, Vec<Verdict>)],
    ledger: &Ledger,
    now: u64,
    statuses: impl Iterator<Item = Status>,
) -> (Run, Option<Fault>) {
    let before = ledger.baseline();
    let (baseline, fault) = match stale(args, sources, now) {
        Some(fault) => (before, Some(fault)),
        None => {
            let sanity = Sanity { percent: args.sanity.0, hold: args.hold.duration().as_secs() };
            fault::of_jump(&before, bad(sources, judged), sources.seen.sources.len(), sanity, now)
        }
    };
    // A fault goes on since it began, whatever its cause is now.
    let since = fault.as_ref().map(|fault| ledger.fault.or(fault.since).unwrap_or(now));
    let statuses = if since.is_some() { ledger.known() } else { statuses.map(Some).collect() };
    (Run { at: now, fault: since, statuses, baseline }, fault)
}

/// The keys of the sources that are not as they should be, sorted.
fn bad(sources: &Sources, judged: &[(Status, Vec<Verdict>)]) -> Vec<u64> {
    let verdicts = judged
        .iter()
        .zip(&sources.seen.behind)
        .flat_map(|((_, verdicts), behind)| behind.iter().zip(verdicts));
    let bad = verdicts.filter(|(_, verdict)| verdict.health != Health::Operational && !verdict.in_downtime);
    let mut keys: Vec<u64> =
        bad.filter_map(|(place, _)| sources.seen.source(*place)).map(|source| source.key()).collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}
