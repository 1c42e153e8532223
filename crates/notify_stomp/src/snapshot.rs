//! `--snapshot`: the state of every host and service, as the monitor's status.dat holds it. Changes while the
//! monitor was down cause no events; this is how a reader learns of them.
//!
//! Nothing is spooled: what is missing comes with the next snapshot.

mod current;
mod publisher;

use std::time::{Duration, UNIX_EPOCH};
use std::{fs, path::Path};

use monitor_state::{FileError, Written, file};
use plugin::{Deadline, Finding, Findings, Metric, Report, State, failed};

use crate::Args;
use crate::action::Idle;
use crate::connection::ConnectOptions;
use crate::deliver::SendOptions;
use crate::evaluate::{count, span};
use crate::event::now;
use crate::observations::{Failure, late};
use crate::options::TargetError;
use crate::spool::Spool;
use crate::spool_options::SpoolOptions;
use crate::user::{UserError, switch_user};
use current::{Current, STALE};
use publisher::Publisher;

/// What is left of the deadline when the broker is given up. Half of it is for the rest of the file, which
/// tells how many objects there are.
const RESERVE: Duration = Duration::from_millis(250);

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SnapshotError {
    /// An option does nothing in this run.
    #[error(transparent)]
    Idle(#[from] Idle),
    /// The options of the broker are wrong.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Root cannot become the user of the spool.
    #[error(transparent)]
    User(#[from] UserError),
    /// status.dat cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// It was not there, and none came.
    #[error("{why}, and none came within {:.1} s: does the monitor run", .waited.as_secs_f64())]
    Missing {
        /// What reading it said.
        why: FileError,
        /// For how long it was waited for.
        waited: Duration,
    },
    /// It has nothing to publish.
    #[error("{}: no host and no service in it", .0.display())]
    Empty(std::path::PathBuf),
}

/// Publishes what the file holds, and reports what came of it. A run that ends early has all performance data
/// too, as not known.
pub(crate) fn report(args: &Args, deadline: &Deadline) -> Report {
    deadline.progress().tell_by(|| with_unknown_metrics(Report::new(State::Ok, "")));
    snapshot(args, deadline).unwrap_or_else(|error| with_unknown_metrics(failed(&error, deadline)))
}

/// Publishes what the file holds. What a broker does not confirm in time is a warning, what it refuses
/// critical.
fn snapshot(args: &Args, deadline: &Deadline) -> Result<Report, SnapshotError> {
    args.action.check(&args.event)?;
    let patience = Deadline::after(deadline.keeping(RESERVE));
    switch_user(&args.spool, &patience)?;
    let send = SendOptions {
        template: args.target.template()?,
        is_persistent: !args.target.not_persistent,
        is_text: args.target.text_message,
    };
    let route = args.target.route(&patience)?;
    let current = current::wait(args.action.status_file.as_deref(), &patience)?;
    let path = &current.path;
    let connect = ConnectOptions { route: &route, deadline: &patience, stop: None };
    let read = now();
    let written = Written { modified: modified(path).unwrap_or(read), created: None, read };
    let hints = hints(args, &connect);
    let good = hints.as_ref().and_then(|spool| spool.good(&patience));
    let mut publisher = Publisher::new(args, &send, &connect, written, good.as_deref());
    publisher.start();
    let reading = Deadline::after(deadline.keeping(RESERVE / 2));
    match file::read(path, &mut publisher, &reading) {
        Ok(_) if publisher.is_empty() => return Err(SnapshotError::Empty(path.to_owned())),
        Ok(read) => {
            publisher.written.created = Some(read.monitor.created);
            publisher.finish();
        }
        // The broker is at fault first, and the file where the time was up while it was read.
        Err(_) if publisher.failure.is_some() => publisher.is_cut = true,
        Err(error) if reading.is_over() => {
            let (text, is_refusal) = (error.to_string(), false);
            (publisher.failure, publisher.is_cut) = (Some(Failure { text, is_refusal, is_late: true }), true);
        }
        Err(why) => {
            return Err(match current.waited {
                Some(waited) => SnapshotError::Missing { why, waited },
                None => why.into(),
            });
        }
    }
    if let (Some(spool), Some(broker)) =
        (hints, publisher.good().filter(|broker| good.as_ref() != Some(broker)))
    {
        spool.set_good(&broker);
    }
    Ok(report_of(&publisher, &current, late(deadline)))
}

/// Returns the spool, which remembers the broker that last confirmed something. `None` for a single broker,
/// or if this user has no spool: a snapshot needs none and creates none.
fn hints(args: &Args, connect: &ConnectOptions<'_>) -> Option<Spool> {
    if connect.route.brokers.1.is_empty() || !args.spool.spool.exists() {
        return None;
    }
    // Root leaves the spool of another user alone.
    let options = SpoolOptions { user: None, ..args.spool.clone() };
    Spool::open(&options, &Deadline::after(connect.deadline.remaining() / 10)).ok()
}

/// When the file was last written, in seconds since 1970.
fn modified(path: &Path) -> Option<u64> {
    let modified = fs::metadata(path).and_then(|status| status.modified()).ok()?;
    modified.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
}

fn report_of(seen: &Publisher<'_>, current: &Current, late: Option<State>) -> Report {
    let total = if seen.is_cut { f64::NAN } else { seen.total as f64 };
    let metrics = series(total, seen.confirmed as f64);
    let metrics = metrics.into_iter().fold(Finding::ok(""), Finding::metric);
    let findings =
        [Some(metrics), unfinished(seen, late), held(seen), left_out(seen), untimely(seen, current)];
    let findings = findings.into_iter().flatten().collect::<Findings>();
    findings.report(format!("snapshot of {} confirmed by {}", objects(seen.confirmed), seen.broker))
}

/// Adds all performance data, as not known, to the report of a run that published nothing.
pub(crate) fn with_unknown_metrics(report: Report) -> Report {
    series(f64::NAN, f64::NAN).into_iter().fold(report, Report::metric)
}

/// The performance data of a snapshot.
fn series(objects: f64, confirmed: f64) -> [Metric; 2] {
    [("objects", objects), ("confirmed", confirmed)]
        .map(|(label, number)| Metric::new(label, number).min(0.0))
}

/// Why not all objects are confirmed.
fn unfinished(seen: &Publisher<'_>, late: Option<State>) -> Option<Finding> {
    let Failure { text, is_refusal, is_late } = seen.failure.as_ref()?;
    let state = match (is_refusal, late.filter(|_| *is_late)) {
        (true, _) => State::Critical,
        (false, late) => late.unwrap_or(State::Warning),
    };
    // A broker that confirms or refuses is not silent: the time was over.
    if *is_late && (seen.confirmed > 0 || seen.refusal.is_some()) {
        let confirmed = match seen.is_cut {
            true => objects(seen.confirmed),
            false => format!("{} of {}", seen.confirmed, objects(seen.total)),
        };
        let what = "snapshot unfinished: the time was up after";
        let text = format!("{what} {confirmed} confirmed by {}{}", seen.broker, last_words(seen));
        return Some(Finding::new(state, text));
    }
    Some(Finding::new(state, format!("snapshot unfinished, {} confirmed: {text}", objects(seen.confirmed))))
}

/// The last refusal of the broker, where no other part of the line tells it.
fn last_words(seen: &Publisher<'_>) -> String {
    let is_told = |words: &str| {
        seen.words.as_deref() == Some(words) || seen.held.values().any(|held| held.text == words)
    };
    let untold = seen.refusal.as_ref().filter(|refusal| !is_told(&refusal.text));
    untold.map(|refusal| format!(", before that {}", refusal.text)).unwrap_or_default()
}

/// Objects whose destinations the broker refuses.
fn held(seen: &Publisher<'_>) -> Option<Finding> {
    let (destination, why) = seen.held.first_key_value()?;
    let others = match seen.held.len() - 1 {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let objects = objects(seen.skipped);
    Some(Finding::critical(format!("{objects} not sent: {}, destination {destination}{others}", why.text)))
}

/// Objects that the broker refuses for themselves.
fn left_out(seen: &Publisher<'_>) -> Option<Finding> {
    let (words, last) = (seen.words.as_ref()?, seen.left_out.last()?);
    let number = seen.left_out.len() as u64;
    let state = if number < seen.confirmed { State::Warning } else { State::Critical };
    let which = if number == 1 { "" } else { "the last " };
    let text = format!("{} left out, {which}{last}: {words}", objects(number));
    let others = seen.left_out.iter().rev().skip(1).rev().map(|name| format!("left out: {name}"));
    Some(Finding::new(state, text).details(others))
}

/// A file that does not tell how things are now.
fn untimely(seen: &Publisher<'_>, current: &Current) -> Option<Finding> {
    let path = current.path.display();
    if let Some(ahead) = seen.written.ahead() {
        let ahead = span(ahead as f64);
        return Some(Finding::warning(format!("{path} is dated {ahead} in the future: set the clock")));
    }
    let age = seen.written.age();
    let old = (age > STALE).then(|| format!("is {} min old: does the monitor run", age / 60));
    old.or_else(|| current.outdated.clone()).map(|why| Finding::warning(format!("{path} {why}")))
}

fn objects(number: u64) -> String {
    count(number, "object", "objects")
}
