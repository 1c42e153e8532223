//! One run: from the configuration and the monitor's state to the files.

use plugin::{Deadline, Report, State, failed};

use crate::config::Config;
use crate::config::reading::ConfigError;
use crate::folders::{self, FolderError};
use crate::import::{ImportError, import};
use crate::ledger::Ledger;
use crate::look::{Judging, Look};
use crate::moment::{length, now};
use crate::monitor::{self, SourceError};
use crate::names::Names;
use crate::notes;
use crate::options::Args;
use crate::report::{report, with_unknown_metrics};
use crate::store::{History, HistoryError, LOCK, Store};
use crate::view::View;
use crate::{busy, output, preview};

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

/// Publishes the page, or shows what it would contain. A run that ends early has all performance data too, as
/// not known.
///
/// # Errors
/// [`PublishError`] if a command that an administrator calls by hand fails. The files stay as they were.
pub fn publish(args: &Args, deadline: &Deadline) -> Result<Report, PublishError> {
    if args.preview || !args.import.is_empty() {
        return by_hand(args, deadline);
    }
    let stale = args.stale.duration().as_secs();
    deadline.progress().tell_by(move || with_unknown_metrics(Report::new(State::Ok, ""), stale));
    Ok(run(args, deadline).unwrap_or_else(|error| with_unknown_metrics(failed(&error, deadline), stale)))
}

fn by_hand(args: &Args, deadline: &Deadline) -> Result<Report, PublishError> {
    let config = Config::read(&args.config, deadline)?;
    if args.preview { preview(args, &config, deadline) } else { Ok(import(args, &config, deadline)?) }
}

fn run(args: &Args, deadline: &Deadline) -> Result<Report, PublishError> {
    let config = Config::read(&args.config, deadline)?;
    folders::check(&args.output, &args.state)?;
    let Some(store) = Store::open(&args.state)? else {
        let (page, lock) = (args.output.join(output::PAGE), args.state.join(LOCK));
        let busy = busy::report(&page, &lock, config.interval, now());
        return Ok(with_unknown_metrics(busy, args.stale.duration().as_secs()));
    };
    let mut history = store.read(deadline)?;
    let now = not_before(&history.ledger, config.interval, now())?;
    let look = look(args, &config, &mut history, now, deadline)?;
    let run = look.run(&history.ledger);
    let added = store.add(&mut history, &run, deadline);
    let units = look.shown();
    let view = View::new(&config, &units, &history.ledger, &look.sources.seen, &look.notes.notes, now);
    let written = match added {
        Ok(()) => output::render(&view)
            .and_then(|files| output::write(&args.output, &files, store.lock(), deadline)),
        Err(HistoryError::State(error)) => Err(error.into()),
        Err(error) => return Err(error.into()),
    };
    Ok(report(&look.outcome(judging(args), &config, &history.ledger.members, &units, written)))
}

/// Shows what a run would report and publish with the same history, and writes nothing.
fn preview(args: &Args, config: &Config, deadline: &Deadline) -> Result<Report, PublishError> {
    folders::check(&args.output, &args.state)?;
    let lock = args.state.join(LOCK);
    let is_busy = busy::is_held(&lock);
    let mut history = Store::peek(&args.state, deadline)?;
    let now = not_before(&history.ledger, config.interval, now())?;
    let look = look(args, config, &mut history, now, deadline)?;
    let units = look.shown();
    let written = output::open(&args.output).map(|_| 0);
    let outcome = look.outcome(judging(args), config, &history.ledger.members, &units, written);
    let report = preview::report(config, &look, &outcome);
    let busy =
        is_busy.then(|| format!("another run holds {}, so that a run now would do nothing", lock.display()));
    Ok(busy.into_iter().fold(report, Report::detail))
}

/// Reads everything and judges it.
fn look(
    args: &Args,
    config: &Config,
    history: &mut History,
    now: u64,
    deadline: &Deadline,
) -> Result<Look, SourceError> {
    let sources = monitor::read(args, config, deadline)?;
    let notes = notes::read(&args.incidents(), &Names::of(config), now, deadline);
    Ok(Look::new(judging(args), config, (sources, notes), history, now))
}

fn judging(args: &Args) -> Judging {
    Judging {
        stale: args.stale.duration().as_secs(),
        sanity: args.sanity,
        hold: args.hold.duration().as_secs(),
        soft: args.soft,
    }
}

/// The moment of this run. A clock that is adjusted by less than an interval adds no time until it has caught
/// up.
fn not_before(ledger: &Ledger, interval: u64, now: u64) -> Result<u64, PublishError> {
    match ledger.last.saturating_sub(now) {
        behind if behind > interval => Err(PublishError::Clock(behind)),
        _ => Ok(now.max(ledger.last)),
    }
}
