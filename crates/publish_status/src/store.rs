//! The history on disk: a file of JSON lines, to which each run appends one durably.
//!
//! The first line is the whole ledger as it was at the first run of a day; each further line is a run, with
//! only what changed. A run that was killed while it wrote leaves half a line, which the next one drops: that
//! minute is a gap.

use std::path::{Path, PathBuf};
use std::time::Instant;

use plugin::{Deadline, read_file};
use state::{Above, Access, Folder, LOOK, Lock, PRIVATE, Records, Trust};

use crate::ledger::{Ledger, Run};
use crate::members::AllMembers;
use crate::moment::DAY;

mod error;
mod lines;

use error::MACHINE;

pub use error::HistoryError;

/// The most that the file may hold, in octets.
const LARGEST: u64 = 64 << 20;
/// How many octets of runs may follow the ledger before it is written anew.
const MOST_RUNS: usize = 4 << 10;
/// Names in the folder of the state.
const FILE: &str = "history.jsonl";
pub(crate) const LOCK: &str = "lock";

/// The folder of the state, locked for this run.
pub(crate) struct Store {
    folder: Folder,
    lock: Lock,
}

/// The history as it was read.
#[derive(Default)]
pub(crate) struct History {
    /// All that is remembered.
    pub(crate) ledger: Ledger,
    /// How many octets of runs follow the ledger in the file; `None` if the file must be written anew.
    runs: Option<usize>,
}

impl Store {
    /// Takes the lock in the folder, which is made where it does not exist. `None` if another run holds it,
    /// and not only a preview.
    ///
    /// # Errors
    /// [`HistoryError::State`].
    pub(crate) fn open(path: &Path) -> Result<Option<Self>, HistoryError> {
        Self::open_until(path, Instant::now() + LOOK)
    }

    /// Opens the history as [`Store::open`] does, but waits for the lock until `until`.
    ///
    /// # Errors
    /// [`HistoryError::State`].
    pub(crate) fn open_until(path: &Path, until: Instant) -> Result<Option<Self>, HistoryError> {
        let folder = Folder::make(path, Above::Unchecked)?;
        let lock = folder.lock(LOCK, until)?;
        Ok(lock.map(|lock| Self { folder, lock }))
    }

    /// Reads the history of an earlier run, or begins one.
    ///
    /// # Errors
    /// [`HistoryError`]: nothing is written then.
    pub(crate) fn read(&self, deadline: &Deadline) -> Result<History, HistoryError> {
        read(&self.folder, deadline)
    }

    /// Reads the history as a run would. Creates no folder, takes no lock, and writes nothing.
    ///
    /// # Errors
    /// [`HistoryError`].
    pub(crate) fn peek(path: &Path, deadline: &Deadline) -> Result<History, HistoryError> {
        match Folder::open(path, Above::Unchecked, Access::Private) {
            Err(error) if error.is_not_found() => Ok(History::default()),
            folder => read(&folder?, deadline),
        }
    }

    /// Adds a run to the history, on the disk too.
    ///
    /// # Errors
    /// [`HistoryError::State`].
    pub(crate) fn add(
        &self,
        history: &mut History,
        run: &Run,
        deadline: &Deadline,
    ) -> Result<(), HistoryError> {
        let ledger = &mut history.ledger;
        let line = lines::line(ledger, run);
        let is_new_day = ledger.last / DAY != run.at / DAY;
        ledger.add(run);
        let appended = history.runs.filter(|octets| !is_new_day && *octets < MOST_RUNS);
        if appended.is_some() {
            let mut records = Records::open(&self.path(), &Trust::PRIVATE, LARGEST)?;
            return Ok(records.append(&lines::json(&line))?);
        }
        ledger.forget();
        self.rewrite(ledger, deadline)
    }

    /// Replaces the history by this one.
    ///
    /// # Errors
    /// [`HistoryError::State`].
    pub(crate) fn rewrite(&self, ledger: &Ledger, deadline: &Deadline) -> Result<(), HistoryError> {
        let head = lines::head(ledger);
        self.folder.replace(&self.lock, FILE, &[head.as_slice(), b"\n"].concat(), PRIVATE)?;
        if self.folder.read(MACHINE, 1 << 10, deadline)?.is_none() {
            self.folder.replace(&self.lock, MACHINE, &machine(deadline), PRIVATE)?;
        }
        Ok(())
    }

    /// Returns the lock, for what is written together with the history.
    pub(crate) fn lock(&self) -> &Lock {
        &self.lock
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join(FILE)
    }
}

impl History {
    /// Looks at these components from now on, each run vouching for this many seconds.
    pub(crate) fn look_at(&mut self, order: Vec<String>, vouches: u64) {
        if self.ledger.vouches != vouches {
            self.ledger.vouches = vouches;
            self.runs = None;
        }
        if self.ledger.look_at(order) {
            self.runs = None;
        }
    }

    /// Remembers the sources of each component.
    pub(crate) fn remember(&mut self, members: AllMembers) {
        if self.ledger.members != members {
            self.ledger.members = members;
            self.runs = None;
        }
    }
}

/// Reads the history in this folder, or begins one.
fn read(folder: &Folder, deadline: &Deadline) -> Result<History, HistoryError> {
    let (machine, path) = (machine(deadline), folder.path().join(FILE));
    if let Some(known) = folder.read(MACHINE, 1 << 10, deadline)?
        && !machine.is_empty()
        && known.trim_ascii() != machine
    {
        return Err(HistoryError::Machine(path));
    }
    // A history that cannot be appended to later is refused.
    match folder.read_private(FILE, LARGEST, deadline)? {
        None => Ok(History::default()),
        Some(content) => {
            let (ledger, runs) = lines::parse(&content, &path)?;
            Ok(History { ledger, runs })
        }
    }
}

/// What identifies this machine; empty where nothing does.
fn machine(deadline: &Deadline) -> Vec<u8> {
    read_file(Path::new("/etc/machine-id"), 1 << 10, deadline)
        .map(|id| id.trim_ascii().to_vec())
        .unwrap_or_default()
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
