//! What one run leaves for the next: a lock while it works, the times at which something was changed, for the
//! budget, and the addresses that did not come back.

mod gone;
mod interfaces;
mod misbound;
mod network;
pub(crate) mod others;
mod owed;
mod review;
mod routes;
mod start;
mod statics;
mod there;

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use plugin::Deadline;
use serde::{Deserialize, Serialize};

use state::{Above, Access, Fault, Folder, LOOK, Lock, PRIVATE, StateError};

use crate::backoff::Failures;
use crate::case::Case;
use crate::retries::Programs;
use crate::surroundings::subnets::Subnets;
use crate::watch::Up;
use crate::wrong::Before;
use gone::Gone;
use interfaces::Interfaces;
use misbound::Misbound;
pub(crate) use owed::Owed;
use routes::Routes;
pub(crate) use routes::Run;
pub(crate) use start::Start;
use statics::Statics;
pub(crate) use there::{DefaultRoutes, RouteFaults};

/// The hour of the budget, in seconds.
const HOUR: u64 = 3_600;
/// The most that the file of the budget may hold, in octets: more than [`Failures`] can take.
const LARGEST: u64 = 16 << 20;
/// The most runs in a row that continue an earlier one and may be killed, for one use of the budget.
const INTERRUPTIONS: u32 = 2;
/// The version of the file.
const VERSION: u32 = 1;
/// The folder of this package's programs, above the usual folder of the state.
const OWN: &str = "/var/lib/silent-outage-plugins";
/// Its name in the folder of the state.
const BUDGET: &str = "budget.json";
/// The name of the lock.
const LOCK: &str = "lock";

/// Why a run cannot know what others did, or cannot note what it does: then it changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// A file or the folder is not root's alone, or cannot be read or written.
    #[error("state: {0}")]
    State(StateError),
    /// The folder belongs to another program. Its mode and owner must not be changed.
    #[error("state: {} has other files in it: state must name a directory of its own", .0.display())]
    Foreign(PathBuf),
    /// The file of the budget is not understood.
    #[error("state {}: {what}: inspect and remove it, nothing is done before", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
}

/// The folder of the state, with its lock held.
#[derive(Debug)]
pub(crate) struct Held {
    folder: Folder,
    lock: Lock,
    /// The configured interface, whose runs alone have this file.
    interface: String,
    file: String,
}

/// What is kept from run to run, in the file of the budget.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Memory {
    version: u32,
    /// The interface that it is about. Empty where no run has written it.
    #[serde(default)]
    interface: String,
    /// Whether a timer starts the runs.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_timed: bool,
    /// When something was changed within the hour, in seconds since 1970.
    pub(crate) acted: Vec<u64>,
    /// What was tried in vain.
    #[serde(default)]
    pub(crate) failed: Failures,
    /// The programs that failed when they were run last.
    #[serde(default, skip_serializing_if = "Programs::is_empty")]
    pub(crate) programs: Programs,
    /// What runs have removed, and no list names.
    #[serde(default, skip_serializing_if = "Gone::is_empty")]
    pub(crate) gone: Gone,
    /// The interfaces that programs have set down or removed.
    #[serde(default, skip_serializing_if = "Interfaces::is_empty")]
    pub(crate) interfaces: Interfaces,
    /// What programs have bound wrongly.
    #[serde(default, skip_serializing_if = "Misbound::is_empty")]
    pub(crate) misbound: Misbound,
    /// Where addresses are right by a run that starts programs, until that run has judged where they are. The
    /// next run judges it if that one is killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) before: Option<Before>,
    /// The interfaces that must stay while a run starts programs, or were up at its end, for the next run.
    #[serde(default, skip_serializing_if = "Up::is_empty")]
    pub(crate) up: Up,
    /// When that run began, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) began: Option<u64>,
    /// When that run ended, in seconds since 1970. `None` if it was killed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended: Option<u64>,
    /// For how long the host or container ran when that run ended, in seconds: the clock may be set since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) ended_at_age: Option<u64>,
    /// The start of the host or container in which that run was.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) start: Option<Start>,
    /// Those of all these interfaces that were configured when the last run began that started programs.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) configured: BTreeSet<String>,
    /// The default routes by the configured interface.
    #[serde(default, skip_serializing_if = "Routes::is_empty")]
    pub(crate) routes: Routes,
    /// The other static routes by it.
    #[serde(default, skip_serializing_if = "Statics::is_empty")]
    statics: Statics,
    /// The addresses that were missing at the last look at the routes.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    missing: BTreeSet<IpAddr>,
    /// The subnets of the configured interface.
    #[serde(default, skip_serializing_if = "Subnets::is_empty")]
    pub(crate) subnets: Subnets,
    /// The addresses that earlier runs bound, at which the next run that has time for it looks again.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) lately: Vec<IpAddr>,
    /// The addresses that a run was to bind and did not, because it was killed or had no time. That run used
    /// the budget.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub(crate) begun: BTreeSet<IpAddr>,
    /// The number of later runs that continued it and were killed. It is limited, so that this does not go on
    /// for ever.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) interrupted: u32,
    /// What a run began and did not bring to its end.
    #[serde(default, skip_serializing_if = "Owed::is_empty")]
    pub(crate) owed: Owed,
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Held {
    /// Takes the lock in the folder, which is made where it does not exist, and no folder above it but this
    /// package's own: a typo must not make a path. `None` if another run has the lock, and not only a test of
    /// the configuration.
    ///
    /// # Errors
    /// [`BudgetError`].
    pub(crate) fn take(
        path: &Path,
        interface: &str,
        deadline: &Deadline,
    ) -> Result<Option<Self>, BudgetError> {
        if path.parent() == Some(Path::new(OWN)) {
            // Where no package made it, a mistake is told when the folder itself is made.
            let _ = DirBuilder::new().mode(0o755).create(OWN);
        }
        let folder = Folder::make(path, Above::Checked).map_err(|error| refused(path, error))?;
        check_own(path)?;
        let lock = folder.lock(LOCK, Instant::now() + LOOK).map_err(BudgetError::State)?;
        let Some(lock) = lock else { return Ok(None) };
        let (file, _) = read(&folder, interface, deadline)?;
        Ok(Some(Self { folder, lock, interface: interface.to_owned(), file }))
    }

    /// Reads what runs before this one left, of the times at which something was changed those within the
    /// hour before `now`. A time after it is by a clock that was wrong then or is now: it counts as now, and
    /// is written so, lest it counts for ever.
    ///
    /// # Errors
    /// [`BudgetError`]: without knowing that, nothing may be changed.
    pub(crate) fn read(&self, now: u64, deadline: &Deadline) -> Result<Memory, BudgetError> {
        let (_, mut memory) = read(&self.folder, &self.interface, deadline)?;
        if memory.forgets_the_future(now) {
            self.write(&mut memory)?;
        }
        memory.acted.retain(|then| now.saturating_sub(*then) < HOUR);
        Ok(memory)
    }

    /// Writes this for the next run.
    ///
    /// # Errors
    /// [`BudgetError::State`]: then nothing may be changed.
    pub(crate) fn write(&self, memory: &mut Memory) -> Result<(), BudgetError> {
        memory.version = VERSION;
        memory.interface.clone_from(&self.interface);
        let text = serde_json::to_vec(memory).map_err(|error| BudgetError::Corrupt {
            path: self.folder.path().join(&self.file),
            what: error.to_string(),
        })?;
        self.folder.replace(&self.lock, &self.file, &text, PRIVATE).map_err(BudgetError::State)
    }
}

impl Memory {
    /// Returns whether this run may finish what an earlier run of this hour began, without another use of the
    /// budget.
    pub(crate) fn may_continue(&self) -> bool {
        !self.acted.is_empty() && self.interrupted < INTERRUPTIONS
    }

    /// Returns the addresses that are not as they should be by earlier runs, without those that are `missing`
    /// anyway.
    pub(crate) fn cases(&self, missing: &[Case]) -> Vec<Case> {
        let missing: BTreeSet<IpAddr> = missing.iter().map(|case| case.address).collect();
        let all = self.gone.cases().chain(self.misbound.cases());
        all.filter(|case| !missing.contains(&case.address)).collect()
    }

    /// Takes each time after `now` for now. Returns whether there was one.
    fn forgets_the_future(&mut self, now: u64) -> bool {
        let failed = self.failed.times().chain(self.programs.times());
        let routes = self.routes.times().chain(self.statics.times());
        let lost = self
            .gone
            .times()
            .chain(routes)
            .chain(self.interfaces.times())
            .chain(&mut self.began)
            .chain(&mut self.ended);
        let mut later: Vec<&mut u64> = self.acted.iter_mut().chain(failed).chain(lost).collect();
        later.retain(|then| **then > now);
        later.iter_mut().for_each(|then| **then = now);
        !later.is_empty()
    }
}

/// Returns the file in the folder of the state that is for this interface, and what it contains: the usual
/// one unless that is for another interface. What runs for that one owe must not be lost.
fn read(folder: &Folder, interface: &str, deadline: &Deadline) -> Result<(String, Memory), BudgetError> {
    let own = format!("{BUDGET}.{interface}");
    if let Some(memory) = read_file(folder, &own, deadline)? {
        return Ok((own, memory));
    }
    let usual = read_file(folder, BUDGET, deadline)?.unwrap_or_default();
    if usual.interface.is_empty() || usual.interface == interface {
        return Ok((BUDGET.to_owned(), usual));
    }
    Ok((own, Memory::default()))
}

/// Reads a file in the folder of the state. `None` if there is none.
fn read_file(folder: &Folder, name: &str, deadline: &Deadline) -> Result<Option<Memory>, BudgetError> {
    let content = folder.read(name, LARGEST, deadline).map_err(BudgetError::State)?;
    let Some(content) = content else { return Ok(None) };
    let corrupt = |what: String| BudgetError::Corrupt { path: folder.path().join(name), what };
    let memory: Memory = serde_json::from_slice(&content).map_err(|error| corrupt(fault_of(&error)))?;
    if memory.version != VERSION {
        return Err(corrupt(format!("its version is {}, not {VERSION}", memory.version)));
    }
    Ok(Some(memory))
}

/// Returns the fault of the file, in words without the names of Rust types.
fn fault_of(error: &serde_json::Error) -> String {
    let what = if error.is_data() { "not what this program writes" } else { "not JSON" };
    format!("{what}, line {} column {}", error.line(), error.column())
}

/// What a trial finds in the folder of the state.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// Whether another run has the lock.
    pub(crate) is_busy: bool,
    /// What runs left.
    pub(crate) memory: Memory,
    /// The folder of the state, if there is one, and the name of the file.
    place: Option<(Folder, String)>,
}

/// Tries the folder of the state as far as it exists, and makes nothing there.
///
/// # Errors
/// [`BudgetError`]: a run could change nothing.
pub(crate) fn try_state(
    path: &Path,
    interface: &str,
    now: u64,
    deadline: &Deadline,
) -> Result<Found, BudgetError> {
    let folder = match Folder::open(path, Above::Checked, Access::Private) {
        // A run makes it, and the folder of the package above it.
        Err(error) if error.is_not_found() && will_be_made(path) => return Ok(Found::default()),
        folder => folder.map_err(|error| refused(path, error))?,
    };
    check_own(path)?;
    let has_lock = path.join(LOCK).exists();
    let is_busy = has_lock && folder.lock(LOCK, Instant::now()).map_err(BudgetError::State)?.is_none();
    let (own, mut memory) = read(&folder, interface, deadline)?;
    memory.forgets_the_future(now);
    memory.acted.retain(|then| now.saturating_sub(*then) < HOUR);
    Ok(Found { is_busy, memory, place: Some((folder, own)) })
}

/// Returns why a folder is not used. If it contains other files than those of runs, a change of its mode or
/// owner would do harm.
fn refused(path: &Path, error: StateError) -> BudgetError {
    let is_its_own = matches!(
        &error,
        StateError::Untrusted { path: of, fault }
            if of == path && !matches!(fault, Fault::LinkToFolder | Fault::NotFolder)
    );
    if !is_its_own {
        return BudgetError::State(error);
    }
    check_own(path).err().unwrap_or(BudgetError::State(error))
}

/// Refuses a folder that contains other files than those of runs, whatever its mode.
fn check_own(path: &Path) -> Result<(), BudgetError> {
    let is_own = |name: &str| name == LOCK || name.trim_start_matches('.').starts_with(BUDGET);
    let mut others = fs::read_dir(path).into_iter().flatten().flatten();
    if others.any(|entry| !entry.file_name().to_str().is_some_and(is_own)) {
        return Err(BudgetError::Foreign(path.to_owned()));
    }
    Ok(())
}

fn will_be_made(path: &Path) -> bool {
    path.parent().is_some_and(|above| above.is_dir() || above == Path::new(OWN))
}

/// The seconds since 1970.
pub(crate) fn now() -> u64 {
    since_1970(SystemTime::now())
}

fn since_1970(time: SystemTime) -> u64 {
    time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests;
