//! `--import`: fills the history with what the logs of the monitor tell of the days before it.
//!
//! The logs are read in the order of their time. [`replay`] makes the states of the components out of them,
//! and [`merge`] adds the days that the history lacks. Nothing is written unless all of it was read.

mod merge;
mod replay;

use std::path::{Path, PathBuf};

use monitor_state::{FileError, log};
use plugin::{Deadline, Report, State, clean};

use crate::config::Config;
use crate::folders::{self, FolderError};
use crate::ledger::{DAYS, Ledger};
use crate::moment::{date, length, now};
use crate::names::Names;
use crate::notes;
use crate::options::Args;
use crate::store::{HistoryError, Store};
use crate::words::counted;
use merge::{Filled, Lack};
use replay::{Past, Replay};

/// From how many seconds on it is told that a clock was set back: it is adjusted by less all the time.
const CLOCK: u64 = 60;

/// Why nothing was imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// A log cannot be read.
    #[error(transparent)]
    Log(#[from] FileError),
    /// The folders.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The history.
    #[error(transparent)]
    History(#[from] HistoryError),
    /// A log begins before the one before it ends, so that some time would count twice.
    #[error("{} overlaps with another log: name each log once", .0.display())]
    Overlap(PathBuf),
    /// The logs are those of another monitor, or the configuration is.
    #[error("the logs tell of no source of the configuration")]
    NoSource,
    /// The first log begins in the future: it is from another clock, or this clock is wrong.
    #[error("the logs begin in the future: {} begins {} from now", .path.display(), length(*.ahead))]
    Future {
        /// The log that begins first.
        path: PathBuf,
        /// The seconds by which it is ahead.
        ahead: u64,
    },
    /// The history keeps none of the days of the logs.
    #[error("nothing imported: the logs end on {}, and the history keeps {DAYS} days", date(*.0))]
    Old(u64),
    /// No two lines show that the monitor ran between them.
    #[error("nothing imported: the logs do not show that the monitor ran")]
    NoTime,
    /// Another run holds the history.
    #[error("another run holds {}, nothing imported", .0.display())]
    Busy(PathBuf),
}

/// Reads the logs and fills the history with them.
///
/// # Errors
/// [`ImportError`]: the history is as it was.
pub(crate) fn import(args: &Args, config: &Config, deadline: &Deadline) -> Result<Report, ImportError> {
    folders::check(&args.output, &args.state)?;
    let now = now();
    let notes = notes::read(&args.incidents(), &Names::of(config), now, deadline);
    let mut replay = Replay::new(config, &notes.notes, args.soft, now);
    let logs = in_order(&args.import, deadline)?;
    if let Some((beginning, path)) = logs.first().filter(|(beginning, _)| *beginning > now) {
        return Err(ImportError::Future { path: (*path).to_owned(), ahead: beginning - now });
    }
    let (logs, of_future): (Vec<_>, Vec<_>) = logs.into_iter().partition(|(beginning, _)| *beginning <= now);
    for (beginning, path) in &logs {
        if *beginning < replay.at() {
            return Err(ImportError::Overlap((*path).to_owned()));
        }
        log::read(path, deadline, |line| replay.line(line))?;
    }
    let past = replay.finish();
    if past.sources == 0 {
        return Err(ImportError::NoSource);
    }
    let filled = fill(&args.state, &past.ledger, now, deadline)?;
    let left_out = notes.faults.iter().map(|fault| format!("{fault}, left out"));
    let of_future =
        of_future.iter().map(|(_, path)| format!("{} begins in the future, left out", path.display()));
    Ok(left_out.chain(of_future).fold(report(logs.len(), &past, filled.as_ref()), Report::detail))
}

/// The logs, the oldest first, each with its beginning.
fn in_order<'a>(logs: &'a [PathBuf], deadline: &Deadline) -> Result<Vec<(u64, &'a Path)>, ImportError> {
    let mut order = logs
        .iter()
        .map(|path| Ok((log::beginning(path, deadline)?, path.as_path())))
        .collect::<Result<Vec<_>, FileError>>()?;
    order.sort();
    Ok(order)
}

/// Adds the days that the history lacks. `None` if the history has all of them.
fn fill(state: &Path, past: &Ledger, now: u64, deadline: &Deadline) -> Result<Option<Filled>, ImportError> {
    let Some(store) = Store::open_until(state, deadline.at())? else {
        return Err(ImportError::Busy(state.to_owned()));
    };
    let mut history = store.read(deadline)?;
    let filled = merge::precede(&mut history.ledger, past, now);
    match &filled {
        Some(_) => store.rewrite(&history.ledger, deadline)?,
        None => match merge::lack(&history.ledger, past, now) {
            Some(Lack::Old(day)) => return Err(ImportError::Old(day)),
            Some(Lack::NoTime) => return Err(ImportError::NoTime),
            None => {}
        },
    }
    Ok(filled)
}

fn report(logs: usize, past: &Past, filled: Option<&Filled>) -> Report {
    let logs = counted(logs, "log");
    let line = match filled {
        None => format!("nothing to import: the history has all days of {logs}"),
        Some(Filled { first, last, outages }) => {
            let days = usize::try_from(last - first).map_or(usize::MAX, |days| days + 1);
            let (days, outages) = (counted(days, "day"), counted(*outages, "outage"));
            format!("imported {days} from {logs}, {} to {}: {outages}", date(*first), date(*last))
        }
    };
    let mut report = Report::new(State::Ok, line);
    if past.silent > 0 {
        let silent = length(past.silent);
        report =
            report.detail(format!("for {silent} the monitor was stopped or its logs are silent: unknown"));
    }
    if past.set_back >= CLOCK {
        let back = length(past.set_back);
        let what = "outages within that time are not counted";
        report = report.detail(format!("the clock of the logs was set back by {back}: {what}"));
    }
    let missing = past.missing.iter().map(|name| format!("no log tells of {}", clean(name)));
    missing.fold(report, Report::detail)
}
