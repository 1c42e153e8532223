//! What one run leaves for the next: a lock while it works, and the times at which anything was changed, for
//! the budget.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use plugin::Deadline;
use serde::{Deserialize, Serialize};
use state::{Above, Folder, Lock, PRIVATE, StateError};

/// The hour of the budget, in seconds.
const HOUR: u64 = 3_600;
/// The most that the file of the budget may hold, in octets.
const LARGEST: u64 = 1 << 16;
/// The version of the file.
const VERSION: u32 = 1;
/// Its name in the folder of the state.
const BUDGET: &str = "budget.json";

/// Why a run cannot know what others did, or cannot note what it does: then it changes nothing.
#[derive(Debug, thiserror::Error)]
pub enum BudgetError {
    /// A file or the folder is not root's alone, or cannot be read or written.
    #[error("state: {0}")]
    State(StateError),
    /// The file of the budget is not understood.
    #[error("state {}: {what}: nothing is done until you have looked at it and removed it", .path.display())]
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

/// The file of the budget.
#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Budget {
    version: u32,
    /// When anything was done, in seconds since 1970.
    acted: Vec<u64>,
}

impl Held {
    /// Takes the lock in the folder, which is made where it does not exist. `None` if another run has it.
    ///
    /// # Errors
    /// [`BudgetError::State`].
    pub(crate) fn take(path: &Path) -> Result<Option<Self>, BudgetError> {
        if let Some(above) = path.parent() {
            // What is missing of it is told when the folder itself is made.
            let _ = fs::create_dir_all(above);
        }
        let folder = Folder::make(path, Above::Checked).map_err(BudgetError::State)?;
        let lock = folder.lock("lock", Instant::now()).map_err(BudgetError::State)?;
        Ok(lock.map(|lock| Self { folder, lock }))
    }

    /// Returns when anything was changed within the hour before `now`, or within the hour after it, by a
    /// clock that was wrong then or is now.
    ///
    /// # Errors
    /// [`BudgetError`]: without knowing that, nothing may be changed.
    pub(crate) fn acted(&self, now: u64, deadline: &Deadline) -> Result<Vec<u64>, BudgetError> {
        let content = self.folder.read(BUDGET, LARGEST, deadline).map_err(BudgetError::State)?;
        let Some(content) = content else { return Ok(Vec::new()) };
        let corrupt = |what: String| BudgetError::Corrupt { path: self.folder.path().join(BUDGET), what };
        let budget: Budget = serde_json::from_slice(&content).map_err(|error| corrupt(error.to_string()))?;
        if budget.version != VERSION {
            return Err(corrupt(format!("its version is {}, not {VERSION}", budget.version)));
        }
        Ok(budget.acted.into_iter().filter(|then| then.abs_diff(now) < HOUR).collect())
    }

    /// Notes that something is changed `now`, before it is changed.
    ///
    /// # Errors
    /// [`BudgetError::State`]: then nothing may be changed.
    pub(crate) fn spend(&self, mut acted: Vec<u64>, now: u64) -> Result<(), BudgetError> {
        acted.push(now);
        let budget = Budget { version: VERSION, acted };
        let text = serde_json::to_vec(&budget).map_err(|error| BudgetError::Corrupt {
            path: self.folder.path().join(BUDGET),
            what: error.to_string(),
        })?;
        self.folder.replace(&self.lock, BUDGET, &text, PRIVATE).map_err(BudgetError::State)
    }

    /// Makes a new file for what a program prints.
    ///
    /// # Errors
    /// [`BudgetError::State`].
    pub(crate) fn output(&self) -> Result<File, BudgetError> {
        self.folder.create("output").map_err(BudgetError::State)
    }
}

/// The seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;
    use std::time::Duration;

    use super::*;

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
        assert_eq!(held.acted(10_000, &soon()).unwrap(), [0_u64; 0]);
        held.spend(Vec::new(), 10_000).unwrap();
        held.spend(held.acted(11_000, &soon()).unwrap(), 11_000).unwrap();
        assert_eq!(held.acted(11_000, &soon()).unwrap(), [10_000, 11_000]);
        assert_eq!(held.acted(13_600, &soon()).unwrap(), [11_000]);
        assert_eq!(held.acted(8_000, &soon()).unwrap(), [10_000, 11_000], "the clock was put back");
        assert_eq!(held.acted(1_000_000, &soon()).unwrap(), [0_u64; 0]);
        held.spend(Vec::new(), 20_000).unwrap();
        assert_eq!(held.acted(20_000, &soon()).unwrap(), [20_000]);
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
            let error = held.acted(0, &soon()).unwrap_err().to_string();
            assert!(error.starts_with(&format!("state {}: ", file.display())), "{error}");
            assert!(error.ends_with("nothing is done until you have looked at it and removed it"), "{error}");
        }
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        assert!(held.acted(0, &soon()).unwrap_err().to_string().contains("a symbolic link"));
    }
}
