//! What one run leaves for the next: a lock while it works, and when anything was done, for the budget.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use plugin::{Deadline, reason};
use rustix::fs::{FlockOperation, Mode, OFlags, flock, open};
use rustix::io::Errno;
use serde::{Deserialize, Serialize};

use crate::trusted::{self, TrustError};

/// The hour of the budget, in seconds.
const HOUR: u64 = 3_600;
/// The most that the file of the budget may hold, in octets.
const LARGEST: u64 = 1 << 16;
/// The version of the file.
const VERSION: u32 = 1;

/// Why a run cannot know what others did, or cannot leave word of what it does: then it does nothing.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// A file or the folder is not root's alone, or cannot be opened.
    #[error("the state {0}")]
    Trust(#[from] TrustError),
    /// The file of the budget is not understood.
    #[error("the state {}: {what}: nothing is done until it is looked at and removed", .path.display())]
    Corrupt {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A file cannot be written.
    #[error("writing the state {}: {}", .path.display(), reason(.why))]
    Write {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
}

/// The folder of the state, with its lock held. The kernel frees that when the process ends, however it ends.
#[derive(Debug)]
pub(crate) struct Held {
    folder: PathBuf,
    _lock: OwnedFd,
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
    /// Takes the lock in the folder, which is made where it is not there: none if another run has it.
    ///
    /// # Errors
    /// [`StateError::Trust`].
    pub(crate) fn take(folder: &Path) -> Result<Option<Self>, StateError> {
        trusted::folder(folder)?;
        let path = folder.join("lock");
        let lock = trusted::open_or_make(&path, OFlags::RDWR)?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { folder: folder.to_owned(), _lock: lock })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(errno) => Err(TrustError::Refused { path, why: errno.into() }.into()),
        }
    }

    /// When anything was done within the hour before `now`, or within the hour after it, by a clock that was wrong then or is now.
    ///
    /// # Errors
    /// [`StateError`]: without knowing that, nothing may be done.
    pub(crate) fn acted(&self, now: u64, deadline: &Deadline) -> Result<Vec<u64>, StateError> {
        let path = self.budget();
        let content = match trusted::read(&path, LARGEST, deadline) {
            Ok(content) => content,
            Err(TrustError::Refused { why, .. }) if why.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error.into()),
        };
        let corrupt = |what: String| StateError::Corrupt { path: path.clone(), what };
        let budget: Budget = serde_json::from_slice(&content).map_err(|error| corrupt(error.to_string()))?;
        if budget.version != VERSION {
            return Err(corrupt(format!("its version is {}, not {VERSION}", budget.version)));
        }
        Ok(budget.acted.into_iter().filter(|then| then.abs_diff(now) < HOUR).collect())
    }

    /// Notes that something is done `now`, before it is done: durably, and in one step for whoever reads it.
    ///
    /// # Errors
    /// [`StateError::Write`]: then nothing may be done.
    pub(crate) fn spend(&self, mut acted: Vec<u64>, now: u64) -> Result<(), StateError> {
        acted.push(now);
        let path = self.budget();
        let failed = |why: io::Error| StateError::Write { path: path.clone(), why };
        let text = serde_json::to_vec(&Budget { version: VERSION, acted }).map_err(|error| failed(error.into()))?;
        let new = self.folder.join("budget.json.new");
        let mut file = self.fresh(&new)?;
        file.write_all(&text).and_then(|()| file.sync_all()).map_err(failed)?;
        fs::rename(&new, &path).map_err(failed)?;
        File::open(&self.folder).and_then(|folder| folder.sync_all()).map_err(failed)
    }

    /// A new file for what a program prints.
    ///
    /// # Errors
    /// [`StateError::Write`].
    pub(crate) fn output(&self) -> Result<File, StateError> {
        self.fresh(&self.folder.join("output"))
    }

    fn budget(&self) -> PathBuf {
        self.folder.join("budget.json")
    }

    /// A new file in place of what a killed run may have left.
    fn fresh(&self, path: &Path) -> Result<File, StateError> {
        let failed = |why: io::Error| StateError::Write { path: path.to_owned(), why };
        match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = open(path, flags, Mode::RUSR | Mode::WUSR);
        file.map(File::from).map_err(|errno| failed(errno.into()))
    }
}

/// The seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
        assert!(!state.join("budget.json.new").exists());
        // What a killed run left in the middle of writing is in nobody's way.
        fs::write(state.join("budget.json.new"), "{\"vers").unwrap();
        held.spend(Vec::new(), 20_000).unwrap();
        assert_eq!(held.acted(20_000, &soon()).unwrap(), [20_000]);
    }

    #[test]
    fn the_lock_is_held_by_one() {
        let folder = tempfile::tempdir().unwrap();
        let held = Held::take(folder.path()).unwrap();
        assert!(held.is_some());
        assert!(Held::take(folder.path()).unwrap().is_none());
        drop(held);
        assert!(Held::take(folder.path()).unwrap().is_some());
    }

    #[test]
    fn a_file_that_is_not_understood_is_no_budget() {
        let folder = tempfile::tempdir().unwrap();
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
            assert!(error.starts_with(&format!("the state {}: ", file.display())), "{error}");
            assert!(error.ends_with("nothing is done until it is looked at and removed"), "{error}");
        }
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &file).unwrap();
        assert!(held.acted(0, &soon()).unwrap_err().to_string().contains("a symbolic link"));
    }
}
