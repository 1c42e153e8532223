//! What one run leaves for the next: a lock while it works, the times at which something was changed, for the
//! budget, and the addresses that did not come back.

mod gone;
mod owed;

use std::collections::BTreeSet;
use std::fs::{self, DirBuilder};
use std::net::IpAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use plugin::Deadline;
use serde::{Deserialize, Serialize};

use state::{Above, Access, Fault, Folder, Lock, PRIVATE, StateError};

use crate::backoff::Failures;
use crate::retries::Programs;
use gone::Gone;
pub(crate) use owed::Owed;

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
}

/// What is kept from run to run, in the file of the budget.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Memory {
    version: u32,
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
    /// package's own: a typo must not make a path. `None` if another run has the lock.
    ///
    /// # Errors
    /// [`BudgetError::State`].
    pub(crate) fn take(path: &Path) -> Result<Option<Self>, BudgetError> {
        if path.parent() == Some(Path::new(OWN)) {
            // Where no package made it, a mistake is told when the folder itself is made.
            let _ = DirBuilder::new().mode(0o755).create(OWN);
        }
        let folder = Folder::make(path, Above::Checked).map_err(|error| refused(path, error))?;
        check_own(path)?;
        let lock = folder.lock(LOCK, Instant::now()).map_err(BudgetError::State)?;
        Ok(lock.map(|lock| Self { folder, lock }))
    }

    /// Reads what runs before this one left, of the times at which something was changed those within the
    /// hour before `now`. A time after it is by a clock that was wrong then or is now: it counts as now, and
    /// is written so, lest it counts for ever.
    ///
    /// # Errors
    /// [`BudgetError`]: without knowing that, nothing may be changed.
    pub(crate) fn read(&self, now: u64, deadline: &Deadline) -> Result<Memory, BudgetError> {
        let mut memory = read(&self.folder, deadline)?;
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
        let text = serde_json::to_vec(memory).map_err(|error| BudgetError::Corrupt {
            path: self.folder.path().join(BUDGET),
            what: error.to_string(),
        })?;
        self.folder.replace(&self.lock, BUDGET, &text, PRIVATE).map_err(BudgetError::State)
    }
}

impl Memory {
    /// Returns whether this run may finish what an earlier run of this hour began, without another use of the
    /// budget.
    pub(crate) fn may_continue(&self) -> bool {
        !self.acted.is_empty() && self.interrupted < INTERRUPTIONS
    }

    /// Takes each time after `now` for now. Returns whether there was one.
    fn forgets_the_future(&mut self, now: u64) -> bool {
        let failed = self.failed.times().chain(self.programs.times());
        let mut later: Vec<&mut u64> = self.acted.iter_mut().chain(failed).chain(self.gone.times()).collect();
        later.retain(|then| **then > now);
        later.iter_mut().for_each(|then| **then = now);
        !later.is_empty()
    }
}

/// Reads the file of the budget in the folder of the state.
fn read(folder: &Folder, deadline: &Deadline) -> Result<Memory, BudgetError> {
    let content = folder.read(BUDGET, LARGEST, deadline).map_err(BudgetError::State)?;
    let Some(content) = content else { return Ok(Memory::default()) };
    let corrupt = |what: String| BudgetError::Corrupt { path: folder.path().join(BUDGET), what };
    let memory: Memory = serde_json::from_slice(&content).map_err(|error| corrupt(fault_of(&error)))?;
    if memory.version != VERSION {
        return Err(corrupt(format!("its version is {}, not {VERSION}", memory.version)));
    }
    Ok(memory)
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
}

/// Tries the folder of the state as far as it exists, and makes nothing there.
///
/// # Errors
/// [`BudgetError`]: a run could change nothing.
pub(crate) fn try_state(path: &Path, now: u64, deadline: &Deadline) -> Result<Found, BudgetError> {
    let folder = match Folder::open(path, Above::Checked, Access::Private) {
        // A run makes it, and the folder of the package above it.
        Err(error) if error.is_not_found() && will_be_made(path) => return Ok(Found::default()),
        folder => folder.map_err(|error| refused(path, error))?,
    };
    check_own(path)?;
    let has_lock = path.join(LOCK).exists();
    let is_busy = has_lock && folder.lock(LOCK, Instant::now()).map_err(BudgetError::State)?.is_none();
    let mut memory = read(&folder, deadline)?;
    memory.forgets_the_future(now);
    memory.acted.retain(|then| now.saturating_sub(*then) < HOUR);
    Ok(Found { is_busy, memory })
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
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::*;
    use crate::case::{Case, Fate, example};

    fn private_folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        folder
    }

    fn soon() -> Deadline {
        Deadline::after(Duration::from_secs(8))
    }

    #[test]
    fn the_budget_is_that_of_the_last_hour() {
        let folder = tempfile::tempdir().unwrap();
        let state = folder.path().join("state");
        let held = Held::take(&state).unwrap().unwrap();
        let acted = |now| held.read(now, &soon()).unwrap().acted;
        let spend = |now| {
            let mut memory = held.read(now, &soon()).unwrap();
            memory.acted.push(now);
            held.write(&mut memory).unwrap();
        };
        assert_eq!(held.read(10_000, &soon()).unwrap(), Memory::default());
        spend(10_000);
        spend(11_000);
        assert_eq!(acted(11_000), [10_000, 11_000]);
        assert_eq!(acted(13_600), [11_000]);
        assert_eq!(acted(8_000), [8_000, 8_000], "the clock was put back: they count as now");
        assert_eq!(acted(8_000 + 3_599), [8_000, 8_000], "and from then on");
        assert_eq!(acted(8_000 + 3_600), [0_u64; 0]);
        assert_eq!(acted(1_000_000), [0_u64; 0]);
        spend(20_000);
        assert_eq!(acted(20_000), [20_000]);
    }

    #[test]
    fn a_clock_that_was_years_ahead_frees_no_budget() {
        let folder = private_folder();
        let held = Held::take(folder.path()).unwrap().unwrap();
        let far = 4_000_000_000;
        let mut memory = Memory { acted: vec![far; 3], ..Memory::default() };
        let failed = example("192.0.2.31", Fate::Failed, "x");
        memory.failed.learn(std::slice::from_ref(&failed), far);
        held.write(&mut memory).unwrap();
        let memory = held.read(10_000, &soon()).unwrap();
        assert_eq!(memory.acted, [10_000; 3]);
        let fate = |now| {
            let mut cases = [Case { fate: Fate::Bindable, ..failed.clone() }];
            held.read(now, &soon()).unwrap().failed.hold_back(&mut cases, now);
            cases[0].fate
        };
        assert_eq!(fate(10_000), Fate::Waiting);
        assert_eq!(fate(10_060), Fate::Bindable);
        assert_eq!(held.read(13_600, &soon()).unwrap().acted, [0_u64; 0]);
    }

    #[test]
    fn no_path_is_made() {
        let folder = private_folder();
        let state = folder.path().join("typo/state");
        let error = Held::take(&state).unwrap_err().to_string();
        let expected = format!("state: making {}: no such file or directory", state.display());
        assert_eq!(error, expected);
        assert!(!folder.path().join("typo").exists());
        assert!(Held::take(&folder.path().join("state")).unwrap().is_some(), "the last folder is made");
    }

    /// A folder with another's files in it is refused, whatever its mode.
    #[test]
    fn another_fault_than_the_folders_own_is_named() {
        let top = private_folder();
        let state = top.path().join("state");
        fs::create_dir(&state).unwrap();
        fs::write(state.join("other"), "").unwrap();
        let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        let error = |path: &Path| Held::take(path).unwrap_err().to_string();
        let foreign = "has other files in it: state must name a directory of its own";
        mode(&state, 0o755);
        assert_eq!(error(&state), format!("state: {} {foreign}", state.display()));
        let link = top.path().join("link");
        std::os::unix::fs::symlink(&state, &link).unwrap();
        let named = "a symbolic link, name the folder itself";
        assert_eq!(error(&link), format!("state: {}: {named}", link.display()));
        mode(&state, 0o700);
        assert_eq!(error(&state), format!("state: {} {foreign}", state.display()));
        let tried = try_state(&state, 0, &soon()).unwrap_err().to_string();
        assert_eq!(tried, format!("state: {} {foreign}", state.display()));
        fs::remove_file(state.join("other")).unwrap();
        // What a run that was killed left.
        fs::write(state.join(".budget.json.new"), "").unwrap();
        assert!(Held::take(&state).unwrap().is_some(), "its own");
        mode(top.path(), 0o777);
        assert_eq!(error(&state), format!("state: chmod go-w {}: others can write it", top.path().display()));
        mode(top.path(), 0o700);
    }

    #[test]
    fn the_most_that_can_fail_can_be_read_again() {
        let folder = private_folder();
        let held = Held::take(folder.path()).unwrap().unwrap();
        let why = || Some("x".repeat(300));
        let address = |number| std::net::Ipv6Addr::from_bits(u128::MAX - number).into();
        let case = |number| Case::unlisted(address(number), String::new(), Fate::Failed, why());
        let mut memory = Memory::default();
        memory.failed.learn(&(0..20_001).map(case).collect::<Vec<_>>(), 1_700_000_000);
        held.write(&mut memory).unwrap();
        assert_eq!(held.read(1_700_000_000, &soon()).unwrap(), memory);
    }

    #[test]
    fn the_lock_is_held_by_one() {
        let folder = private_folder();
        let held = Held::take(folder.path()).unwrap();
        assert!(held.is_some());
        assert!(Held::take(folder.path()).unwrap().is_none());
        drop(held);
        assert!(Held::take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_not_understood_is_no_budget() {
        let folder = private_folder();
        let held = Held::take(folder.path()).unwrap().unwrap();
        let file = folder.path().join("budget.json");
        let contents: [&[u8]; 7] = [
            b"",
            b"{",
            b"{\"version\":2,\"acted\":[]}",
            b"{\"version\":1,\"acted\":[-1]}",
            b"{\"version\":1}",
            b"{\"version\":1,\"acted\":[],\"x\":1}",
            b"\xff\0",
        ];
        for content in contents {
            fs::write(&file, content).unwrap();
            let error = held.read(0, &soon()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("state {}: ", file.display())), "{error}");
            assert!(error.ends_with("inspect and remove it, nothing is done before"), "{error}");
        }
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        assert!(held.read(0, &soon()).unwrap_err().to_string().contains("a symbolic link"));
    }
}
