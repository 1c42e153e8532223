//! The history on disk: a file of JSON lines, to which each run appends one durably.
//!
//! The first line is the whole ledger as it was at the first run of a day; each further line is a run, with
//! only what changed. A run that was killed while it wrote leaves half a line, which the next one drops: that
//! minute is a gap.

use std::path::{Path, PathBuf};
use std::time::Instant;

use plugin::{Deadline, read_file};
use serde::{Deserialize, Serialize};
use state::{Above, Access, Folder, LOOK, Lock, PRIVATE, Records, StateError, Trust};

use crate::jump::Baseline;
use crate::ledger::{Ledger, Run, jump};
use crate::members::AllMembers;
use crate::moment::DAY;
use crate::status::Status;

/// The version of the file.
const VERSION: u32 = 1;
/// The most that the file may hold, in octets.
const LARGEST: u64 = 64 << 20;
/// How many octets of runs may follow the ledger before it is written anew.
const MOST_RUNS: usize = 4 << 10;
/// Names in the folder of the state.
const FILE: &str = "history.jsonl";
const MACHINE: &str = "machine";
pub(crate) const LOCK: &str = "lock";

/// Why the history cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The folder or a file in it.
    #[error("history")]
    State(#[from] StateError),
    /// A line of it is not understood.
    #[error("history: {} line {line} is damaged, move the file away to begin anew", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
    },
    /// It was written by another version of this program.
    #[error("history: {} has version {version}, this program knows {VERSION}", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// It was copied from another machine.
    #[error("history: {} is of another machine, remove {MACHINE} beside it to go on with it here", .0.display())]
    Machine(PathBuf),
}

/// The first line.
#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Head<L> {
    publish_status: u32,
    ledger: L,
}

/// A further line.
#[derive(Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Line {
    /// When the run was.
    t: u64,
    /// A letter for each component, if any differs from what was known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    s: Option<String>,
    /// Since when the monitor is at fault.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    f: Option<u64>,
    /// The keys of bad sources, if any differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    b: Option<Vec<u64>>,
    /// The keys of those of them that are down, if any differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    d: Option<Vec<u64>>,
    /// Those of them that went bad a short while ago, and when, if any differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    r: Option<Vec<(u64, u64)>>,
    /// Since when a jump is held back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    h: Option<u64>,
    /// When the last jump was first and last seen, as long as it is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    j: Option<(u64, u64)>,
    /// The time since which the runs after that jump were good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    g: Option<u64>,
    /// The sources of that jump and whether each was down in it, if any differs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    k: Option<Vec<(u64, bool)>>,
}

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
        let line = line(ledger, run);
        let is_new_day = ledger.last / DAY != run.at / DAY;
        ledger.add(run);
        let appended = history.runs.filter(|octets| !is_new_day && *octets < MOST_RUNS);
        if appended.is_some() {
            let mut records = Records::open(&self.path(), &Trust::PRIVATE, LARGEST)?;
            return Ok(records.append(&json(&line))?);
        }
        ledger.forget();
        self.rewrite(ledger, deadline)
    }

    /// Replaces the history by this one.
    ///
    /// # Errors
    /// [`HistoryError::State`].
    pub(crate) fn rewrite(&self, ledger: &Ledger, deadline: &Deadline) -> Result<(), HistoryError> {
        let head = json(&Head { publish_status: VERSION, ledger });
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
        Some(content) => parse(&content, &path),
    }
}

/// What identifies this machine; empty where nothing does.
fn machine(deadline: &Deadline) -> Vec<u8> {
    read_file(Path::new("/etc/machine-id"), 1 << 10, deadline)
        .map(|id| id.trim_ascii().to_vec())
        .unwrap_or_default()
}

/// JSON of what cannot fail to be written as such.
fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn parse(content: &[u8], path: &Path) -> Result<History, HistoryError> {
    let damaged = |line| HistoryError::Damaged { path: path.to_owned(), line };
    let mut lines = content.split_inclusive(|octet| *octet == b'\n').enumerate();
    let (_, head) = lines.next().ok_or_else(|| damaged(1))?;
    let mut ledger = match serde_json::from_slice::<Head<Ledger>>(head) {
        Ok(head) if head.publish_status == VERSION => head.ledger,
        _ => return Err(not_understood(head, path)),
    };
    let mut runs = Some(content.len() - head.len());
    for (number, line) in lines {
        if line.last() != Some(&b'\n') {
            // Half a line: its writer was killed.
            runs = None;
            break;
        }
        let run = serde_json::from_slice(line)
            .ok()
            .and_then(|line| run(&ledger, line))
            .ok_or_else(|| damaged(number + 1))?;
        ledger.add(&run);
    }
    Ok(History { ledger, runs })
}

/// A first line of another version may have anything else in it.
fn not_understood(head: &[u8], path: &Path) -> HistoryError {
    let version = serde_json::from_slice::<serde_json::Value>(head).ok();
    match version.and_then(|head| head.get("publish_status")?.as_u64()) {
        Some(version) if version != u64::from(VERSION) => {
            HistoryError::Version { path: path.to_owned(), version }
        }
        _ => HistoryError::Damaged { path: path.to_owned(), line: 1 },
    }
}

/// A run as a line: what differs from the ledger as it was.
fn line(ledger: &Ledger, run: &Run) -> Line {
    let is_known = run.fault.is_some() || ledger.known() == run.statuses;
    let letter = |status: &Option<Status>| status.map_or('-', Status::letter);
    Line {
        t: run.at,
        s: (!is_known).then(|| run.statuses.iter().map(letter).collect()),
        f: run.fault,
        b: if ledger.bad == run.baseline.bad { None } else { run.baseline.bad.clone() },
        d: if ledger.down == run.baseline.down { None } else { run.baseline.down.clone() },
        r: if ledger.recent == run.baseline.recent { None } else { Some(run.baseline.recent.clone()) },
        h: run.baseline.jump.filter(|jump| jump.is_held).map(|jump| jump.since),
        j: run.baseline.jump.map(|jump| (jump.since, jump.last)),
        g: run.baseline.jump.and_then(|jump| jump.good_since),
        k: if ledger.jump_sources == run.baseline.sources {
            None
        } else {
            Some(run.baseline.sources.clone())
        },
    }
}

/// A line as a run: what it does not say is as the ledger has it. `None` if it cannot be one.
fn run(ledger: &Ledger, line: Line) -> Option<Run> {
    let status = |letter| if letter == '-' { Some(None) } else { Status::of_letter(letter).map(Some) };
    let statuses =
        line.s.map_or_else(|| Some(ledger.known()), |letters| letters.chars().map(status).collect())?;
    let bad = line.b.or_else(|| ledger.bad.clone());
    let down = line.d.or_else(|| ledger.down.clone());
    let recent = line.r.unwrap_or_else(|| ledger.recent.clone());
    let sources = line.k.unwrap_or_else(|| ledger.jump_sources.clone());
    let is_whole = statuses.len() == ledger.order.len();
    is_whole.then_some(Run {
        at: line.t,
        fault: line.f,
        statuses,
        baseline: Baseline { bad, down, recent, jump: jump(line.h, line.j, line.g, line.t), sources },
    })
}

#[cfg(test)]
#[path = "store_tests.rs"]
mod tests;
