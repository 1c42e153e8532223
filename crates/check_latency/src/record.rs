//! Judges what was seen by the records, and adds it to them: under the lock of their file, so that runs side
//! by side lose nothing.

mod store;

use std::time::{Duration, Instant};

use plugin::{Deadline, Report, State};

use crate::control::{Addition, Comparison, known};
use crate::judged::JudgedTarget;
use crate::options::{Judging, Learning};
use crate::rule::{Path, Settings, Verdict};
use crate::seen::Seen;
use crate::target::{Target, Unusable};
use crate::{CheckError, Observations};
use store::Records;
pub(crate) use store::Store;
pub use store::StoreError;

/// A run that comes a little early is not left out: this share of `--learn-every` is enough.
const EARLY: f64 = 0.9;

/// All that is reported.
#[derive(Debug, Default)]
pub(crate) struct Judged {
    /// When the pings ended, in seconds since 1970.
    pub(crate) at: u64,
    /// How long a reply was waited for.
    pub(crate) wait: Duration,
    pub(crate) targets: Vec<JudgedTarget>,
    /// The controls by their own records: what was pinged for comparison, which may be a target too.
    pub(crate) controls: Vec<JudgedTarget>,
    /// What the controls tell.
    pub(crate) comparison: Comparison,
    /// Controls that are named and cannot be pinged, in words.
    pub(crate) refused: Vec<String>,
    /// What could not be pinged.
    pub(crate) unusable: Vec<Unusable>,
    /// Why no socket could be had, in words.
    pub(crate) no_socket: Option<String>,
    /// How many replies found no room in this machine.
    pub(crate) dropped: u64,
    /// What `--timeout` reports of what no time was left for; `None` is UNKNOWN.
    pub(crate) late: Option<State>,
    /// Why the records cannot be used, in words.
    pub(crate) problem: Option<String>,
    /// Why they begin anew, in words.
    pub(crate) anew: Option<String>,
    /// Further lines.
    pub(crate) notes: Vec<String>,
    /// Further lines from `-v` on.
    pub(crate) verbose: Vec<String>,
}

/// Judges every target, and returns the records to write with this run among them, unless `--no-learn` is
/// given, it comes too soon, or this machine's own network is in trouble. Where the records cannot be used,
/// targets are judged as if they were new, which is said.
pub(crate) fn judge(
    observations: Observations,
    judging: &Judging,
    learning: &Learning,
    deadline: &Deadline,
) -> (Judged, Option<Store>) {
    let settings = &judging.settings(learning);
    let opened = Store::open(learning.state_file.as_deref(), !learning.no_learn, deadline);
    let (mut store, problem) = match opened {
        Ok(store) => (Some(store), None),
        Err(error) if learning.no_learn && is_absent(&error) => (None, None),
        Err(error) => (None, Some(error.to_string())),
    };
    if let Some(store) = &mut store {
        store.records.forget_unseen(observations.at);
    }
    let began = observations.began;
    let mut judged = verdicts(observations, judging, settings, store.as_ref());
    if let Some(store) = &mut store {
        judged.anew = store.anew.take();
        if store.is_locked() && judged.dropped == 0 {
            add(&judged, &mut store.records, settings, (began, learning.learn_every.as_f64() * EARLY));
        } else if !store.is_locked() && !learning.no_learn {
            judged
                .notes
                .push(format!("{}: locked by another run: judged and not learned", store.path().display()));
        }
    }
    let is_new = judged.dropped == 0;
    (Judged { problem, ..judged }, store.filter(|store| store.is_locked() && is_new))
}

/// Writes the records, if there are any. Returns why they cannot be written, in words. Where the disk does
/// not answer in time, what is known is reported all the same.
pub(crate) fn write(records: Option<Store>, known: &Report, deadline: &Deadline) -> Option<String> {
    let store = records?;
    let known = known.clone();
    deadline.progress().tell_by(move || known.clone());
    let _step = deadline.step(format!("writing {}", store.path().display()));
    store.write().err().map(|error| error.to_string())
}

/// Forgets a target, and leaves all others as they are.
///
/// # Errors
/// [`CheckError`]: nothing was forgotten.
pub(crate) fn forget(target: &str, learning: &Learning, deadline: &Deadline) -> Result<Report, CheckError> {
    let mut store = Store::open(learning.state_file.as_deref(), true, deadline)?;
    let file = store.path().display().to_string();
    if !store.is_locked() {
        return Err(CheckError::Locked(file));
    }
    let gone = store.records.forget(target);
    if gone.is_empty() {
        return Err(CheckError::NotKnown { target: target.to_owned(), file });
    }
    store.write()?;
    Ok(Report::new(State::Ok, format!("forgotten, learned anew from the next run on: {}", gone.join(", "))))
}

/// Whether nothing was learned yet, which a run that learns nothing need not mind.
fn is_absent(error: &StoreError) -> bool {
    matches!(error, StoreError::State(error) if error.is_not_found() || matches!(error, state::StateError::NoPlace(_)))
}

/// What the records say of this run, before it is added to them.
fn verdicts(
    observations: Observations,
    judging: &Judging,
    settings: &Settings,
    store: Option<&Store>,
) -> Judged {
    let Observations {
        began,
        at,
        wait,
        targets,
        controls,
        told,
        notes,
        refused,
        unusable,
        no_socket,
        dropped,
        late,
    } = observations;
    let judge = |(target, seen)| judged_target(target, seen, (began, at, dropped), judging, settings, store);
    let targets: Vec<JudgedTarget> = targets.into_iter().map(judge).collect();
    let controls: Vec<JudgedTarget> = controls.into_iter().map(judge).collect();
    let late = Some(late);
    let mut judged = Judged {
        at,
        wait,
        targets,
        controls,
        refused,
        unusable,
        no_socket,
        dropped,
        late,
        ..Judged::default()
    };
    (judged.notes, judged.verbose) = (told, notes);
    let young = judged.controls.iter().filter(|control| known(control, &judged.targets).is_none());
    judged.verbose.extend(young.map(|control| {
        format!(
            "no control yet: the gateway {} is learned, once it answers pings",
            control.target.address_text()
        )
    }));
    judged.comparison = Comparison::new(&judged.targets, &judged.controls);
    judged
}

/// What the record of one target says of this run, which began and was stamped `at`, and in which `dropped`
/// replies found no room.
fn judged_target(
    target: Box<Target>,
    seen: Box<Seen>,
    (began, at, dropped): (Instant, u64, u64),
    judging: &Judging,
    settings: &Settings,
    store: Option<&Store>,
) -> JudgedTarget {
    let known = store.and_then(|store| store.records.targets.get(&target.key()));
    let mut path = known.map(|path| Path::clone(path)).unwrap_or_default();
    let verdict = seen.run(moment(at, &path, began)).map(|run| path.judge(run, settings));
    let is_learning = verdict.map_or(path.answered_runs() < settings.learn_runs, |verdict| verdict.learning);
    let verdict = verdict.map(|verdict| trusted(verdict, dropped));
    let run = seen.run(at);
    let rtt = run.and_then(|run| run.rtt());
    let is_over_limit = rtt.is_some_and(|rtt| judging.rtt_limit(rtt).is_some());
    let is_over_loss = run.is_some_and(|run| judging.loss_limit(run.loss()).is_some());
    JudgedTarget { target, seen, verdict, is_learning, is_over_limit, is_over_loss }
}

/// Where replies found no room in this machine, only silence is told.
fn trusted(verdict: Verdict, dropped: u64) -> Verdict {
    let loss = verdict.loss.filter(|loss| dropped == 0 || loss.silent);
    Verdict { loss, ..verdict }
}

/// The time of a run for a record: that of the newest run there, where that one was beside this one and only
/// stored first. A time that is later by more than this run took is of a clock that was set back since.
fn moment(at: u64, path: &Path, began: Instant) -> u64 {
    let beside = path.seen().saturating_sub(at) <= began.elapsed().as_secs() + 1;
    if beside { at.max(path.seen()) } else { at }
}

/// Adds this run, which began at a moment, to the records of all that it tells something of, unless their
/// newest run is younger than so many seconds.
fn add(judged: &Judged, records: &mut Records, settings: &Settings, (began, pause): (Instant, f64)) {
    for target in judged.targets.iter().chain(&judged.controls) {
        let Some(mut run) = target.seen.run(judged.at) else { continue };
        let Some(addition) = judged.comparison.addition(target) else {
            if let Some(path) = records.targets.get_mut(&target.target.key()) {
                path.spoil(judged.comparison.excuses(target).then_some(run));
            }
            continue;
        };
        let path: &mut Path = records.targets.entry(target.target.key()).or_default();
        run.at = moment(judged.at, path, began);
        let is_due = run.at.checked_sub(path.seen()).is_none_or(|ago| ago as f64 >= pause);
        match addition {
            _ if !is_due => continue,
            Addition::Plain | Addition::Excusing => path.judge(run, settings),
            Addition::Shared => path.judge_shared(run, settings),
        };
        if addition != Addition::Plain {
            path.excuse();
        }
        if let Some(standing) = judged.comparison.standing(target) {
            path.stand(standing.loss, standing.rtt);
        }
    }
}

#[cfg(test)]
mod tests;
