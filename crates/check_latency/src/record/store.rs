//! The file of what is learned: one for all services of this user, keyed by target, so that other thresholds
//! do not begin anew.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Write};
use std::path::{Path as FilePath, PathBuf};
use std::time::{Duration, Instant};

use addresses::ZonedAddress;
use plugin::{Deadline, read_file};
use serde::{Deserialize, Serialize};
use state::{Above, Access, Fault, Folder, Lock, PRIVATE, StateError};

use crate::rule::Path;

/// The version of the file that is written.
const VERSION: u32 = 1;
/// The most that is read and written, in octets.
const LARGEST: u64 = 16 << 20;
/// The most targets of a file.
pub(crate) const MOST_TARGETS: usize = 20_000;
/// A target that was not pinged for so long is forgotten, in seconds: 30 days.
const UNSEEN: u64 = 30 * 86_400;
/// How long another run is waited for.
const PATIENCE: Duration = Duration::from_secs(2);
/// What tells one machine from another (machine-id(5)), in octets at most.
const MACHINE_ID: (&str, u64) = ("/etc/machine-id", 4_096);
/// The name of the folder, where none is given or another is needed.
const PROGRAM: &str = "check_latency";
/// Where that folder is advised, in place of one that keeps no files.
const KEEPS: &str = "/var/lib";
/// The file's name where none is given.
const NAME: &str = "paths.json";

/// The records of all targets.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Records {
    version: u32,
    monitor: String,
    /// By [`crate::target::Target::key`]. Boxed, since the nodes of such a map are half empty.
    pub(crate) targets: BTreeMap<String, Box<Path>>,
}

/// A file of records, and the lock on it.
#[derive(Debug)]
pub(crate) struct Store {
    folder: Folder,
    name: String,
    lock: Option<Lock>,
    /// What it holds.
    pub(crate) records: Records,
    /// Why it begins anew, in words.
    pub(crate) anew: Option<String>,
}

/// Explains why the file cannot be used. Each message names it.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The folder or file cannot be used.
    #[error(transparent)]
    State(#[from] StateError),
    /// It was written by a newer version of this program.
    #[error("{}: written by a newer version of check_latency, version {version} of the file", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u32,
    },
    /// It would hold too many targets.
    #[error("{}: full, it may hold {MOST_TARGETS} targets", .0.display())]
    Full(PathBuf),
    /// It would be larger than what is read.
    #[error("{}: full, it may hold {LARGEST} octets: use shorter labels, or a file for each list", .0.display())]
    Large(PathBuf),
    /// `--state-file` is in a folder that is not the file's own.
    #[error("--state-file {} needs a folder of its own: {}", .file.display(), make(.folder))]
    Shared {
        /// The file.
        file: PathBuf,
        /// The folder that it should be in.
        folder: PathBuf,
    },
    /// It is a folder.
    #[error("--state-file {}: a folder, name a file in it", .0.display())]
    NoFile(PathBuf),
}

/// What every version of the file starts with.
#[derive(Deserialize)]
struct Header {
    version: u32,
}

/// A file of which some records may not be possible.
#[derive(Deserialize)]
struct Loose {
    version: u32,
    monitor: String,
    targets: BTreeMap<String, serde_json::Value>,
}

impl Store {
    /// Opens the file, and reads it under its lock; for reading alone without one.
    ///
    /// # Errors
    /// [`StoreError`]
    pub(crate) fn open(
        file: Option<&FilePath>,
        writable: bool,
        deadline: &Deadline,
    ) -> Result<Self, StoreError> {
        let _step = deadline.step("opening the records");
        let (folder, name) = place(file, writable)?;
        let until = Instant::now() + PATIENCE.min(deadline.remaining() / 2);
        let lock_name = format!("{}.lock", name.strip_suffix(".json").unwrap_or(&name));
        let lock = if writable { folder.lock(&lock_name, until)? } else { None };
        let file = folder.open_private(&name)?;
        let monitor = if lock.is_some() || file.is_some() { monitor(deadline) } else { String::new() };
        let mut store = Self { folder, name, lock, records: Records::new(monitor), anew: None };
        if let Some(file) = file {
            store.read(file, deadline)?;
        }
        Ok(store)
    }

    /// Takes what the file holds.
    fn read(&mut self, file: File, deadline: &Deadline) -> Result<(), StoreError> {
        let step = deadline.step(format!("reading {}", self.path().display()));
        let whole = whole(file);
        drop(step);
        if let Some(records) = whole {
            self.adopt(records);
        } else if let Some(content) = self.folder.read_private(&self.name, LARGEST, deadline)? {
            self.take(&content)?;
        }
        Ok(())
    }

    /// Whether this run may write.
    pub(crate) fn is_locked(&self) -> bool {
        self.lock.is_some()
    }

    /// The file's path, for messages.
    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Writes the records. Without the lock it does nothing.
    ///
    /// # Errors
    /// [`StoreError`]: the file is as it was.
    pub(crate) fn write(&self) -> Result<(), StoreError> {
        let Some(lock) = &self.lock else { return Ok(()) };
        if self.records.targets.len() > MOST_TARGETS {
            return Err(StoreError::Full(self.path()));
        }
        let mut length = Length(0);
        // Nothing in a record can fail to be written: its keys are texts.
        let _ = serde_json::to_writer(&mut length, &self.records);
        if length.0 > LARGEST {
            return Err(StoreError::Large(self.path()));
        }
        // Some megabytes at thousands of targets, which need not stand in memory.
        let write = |file: &mut dyn Write| Ok(serde_json::to_writer(file, &self.records)?);
        Ok(self.folder.replace_by(lock, &self.name, PRIVATE, write)?)
    }

    /// Takes records unless they are of another machine, which it says. Returns whether it took them.
    fn adopt(&mut self, records: Records) -> bool {
        let is_same = is_same(&records.monitor, &self.records.monitor);
        if is_same {
            self.records.take(records);
        } else {
            self.anew = Some(format!("{} is of another machine: learning anew", self.name));
        }
        is_same
    }

    /// Takes what can be used of a file that is not as this version writes it.
    fn take(&mut self, content: &[u8]) -> Result<(), StoreError> {
        if let Ok(Header { version }) = serde_json::from_slice(content)
            && version > VERSION
        {
            return Err(StoreError::Newer { path: self.path(), version });
        }
        let Some((records, broken)) = serde_json::from_slice(content).ok().and_then(salvage) else {
            return self.set_aside(content, "learning anew");
        };
        if !self.adopt(records) {
            return Ok(());
        }
        match broken.as_slice() {
            [] => Ok(()),
            [one] => self.set_aside(content, &format!("learning {one} anew")),
            [first, more @ ..] => {
                self.set_aside(content, &format!("learning {first} and {} more anew", more.len()))
            }
        }
    }

    /// Keeps a copy of a file that is broken, in whole or in part, and says what begins anew.
    fn set_aside(&mut self, content: &[u8], anew: &str) -> Result<(), StoreError> {
        if let Some(lock) = &self.lock {
            self.folder.replace(lock, &format!("{}.broken", self.name), content, PRIVATE)?;
        }
        self.anew = Some(format!("{} was broken: {anew}", self.name));
        Ok(())
    }
}

/// How many octets were written to it, which are kept nowhere.
#[derive(Debug)]
struct Length(u64);

impl Write for Length {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.0 = self.0.saturating_add(octets.len().try_into().unwrap_or(u64::MAX));
        Ok(octets.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Records {
    fn new(monitor: String) -> Self {
        Self { version: VERSION, monitor, targets: BTreeMap::new() }
    }

    /// Takes what a file holds, and what it knows of the machine where that is not known now.
    fn take(&mut self, read: Self) {
        if self.monitor.is_empty() {
            self.monitor = read.monitor;
        }
        self.targets = read.targets;
    }

    /// Forgets the targets that were long not pinged, by the time now in seconds since 1970. That is before a
    /// run is judged: what was usual a season ago is no normal to judge by.
    pub(crate) fn forget_unseen(&mut self, now: u64) {
        self.targets.retain(|_, path| now.saturating_sub(path.seen()) <= UNSEEN);
    }

    /// Forgets a target by its key, its label or its address, and returns the keys that are gone.
    /// An address is found in any spelling of it.
    pub(crate) fn forget(&mut self, target: &str) -> Vec<String> {
        let (label, address) = target.rsplit_once(' ').unwrap_or(("", target));
        let address = as_in_keys(address);
        let whole = if label.is_empty() { address.clone() } else { format!("{label} {address}") };
        let is_named = |key: &str| {
            let is_part = |(label, of_key): (&str, &str)| label == target || of_key == address;
            key == whole || key.rsplit_once(' ').is_some_and(is_part)
        };
        let gone: Vec<String> = self.targets.keys().filter(|key| is_named(key)).cloned().collect();
        self.targets.retain(|key, _| !is_named(key));
        gone
    }
}

/// Reads a file while it is parsed: its text, some megabytes at thousands of targets, need not stand in
/// memory beside the records. `None` where it is not as this version writes it, or is too large.
fn whole(file: File) -> Option<Records> {
    if file.metadata().ok()?.len() > LARGEST {
        return None;
    }
    let records: Records = serde_json::from_reader(BufReader::new(file.take(LARGEST))).ok()?;
    let is_whole = records.version == VERSION && records.targets.values().all(|path| path.is_possible());
    is_whole.then_some(records)
}

/// Takes the records that can be read, each by itself, and the keys of those that no run can have written:
/// one wrong number is no reason to learn all anew. `None` where none can be used.
fn salvage(loose: Loose) -> Option<(Records, Vec<String>)> {
    let Loose { version, monitor, targets } = loose;
    if version != VERSION {
        return None;
    }
    let (mut read, mut broken) = (BTreeMap::new(), Vec::new());
    for (key, value) in targets {
        match serde_json::from_value::<Box<Path>>(value).ok().filter(|path| path.is_possible()) {
            Some(path) => _ = read.insert(key, path),
            None => broken.push(key),
        }
    }
    (!read.is_empty()).then_some((Records { version, monitor, targets: read }, broken))
}

/// An address as it stands in a key, FD18::2 as fd18::2; other texts as they are.
fn as_in_keys(text: &str) -> String {
    let Ok(ZonedAddress { host, zone }) = text.parse() else { return text.to_owned() };
    let zone = zone.map(|zone| format!("%{zone}")).unwrap_or_default();
    format!("{}{zone}", host.address)
}

/// The folder and the name of the file. Where nothing is to be written, no folder is made.
fn place(file: Option<&FilePath>, writable: bool) -> Result<(Folder, String), StoreError> {
    let Some(file) = file else {
        let folder =
            if writable { Folder::of_program(PROGRAM) } else { Folder::existing_of_program(PROGRAM) };
        return Ok((folder?, NAME.to_owned()));
    };
    let name = file.file_name().and_then(|name| name.to_str());
    let (Some(name), Some(parent)) = (name, file.parent().filter(|_| !is_folder(file))) else {
        return Err(StoreError::NoFile(file.to_owned()));
    };
    let parent = if parent.as_os_str().is_empty() { FilePath::new(".") } else { parent };
    let folder = match writable {
        true => Folder::make(parent, Above::Unchecked),
        false => Folder::open(parent, Above::Unchecked, Access::Private),
    };
    Ok((folder.map_err(|error| needs_own_folder(error, file, parent))?, name.to_owned()))
}

/// Whether a path is that of a folder, which may not be there: the name of a file does not end with a slash.
fn is_folder(path: &FilePath) -> bool {
    path.is_dir() || path.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// Asks for a folder of the file's own where others may look into the given one, or own it. To change the
/// mode or the owner of that one would be bad advice: it may be /tmp.
fn needs_own_folder(error: StateError, file: &FilePath, parent: &FilePath) -> StoreError {
    match error {
        StateError::Untrusted {
            fault: Fault::Accessible { is_folder: true } | Fault::Another { .. },
            ..
        } => {
            let is_own = parent.file_name().is_some_and(|name| name == PROGRAM);
            let parent = if keeps_nothing(parent) { FilePath::new(KEEPS) } else { parent };
            let folder = if is_own { parent.to_owned() } else { parent.join(PROGRAM) };
            StoreError::Shared { file: file.to_owned(), folder }
        }
        error => error.into(),
    }
}

/// Whether files of a folder are gone after a restart, or cannot be made there at all.
fn keeps_nothing(folder: &FilePath) -> bool {
    folder.parent().is_none() || ["/dev", "/proc", "/sys"].iter().any(|system| folder.starts_with(system))
}

/// The command that makes a folder, or mends it.
fn make(folder: &FilePath) -> String {
    format!("install -d -m 0700 -o {} {}", rustix::process::geteuid().as_raw(), folder.display())
}

/// Whether both are the hash of one machine: a machine without machine-id(5) may be any.
fn is_same(one: &str, other: &str) -> bool {
    one == other || one.is_empty() || other.is_empty()
}

/// A hash of what tells this machine from a clone of its disk; empty without it. FNV-1a, of which the text
/// itself cannot be told.
fn monitor(deadline: &Deadline) -> String {
    let content = read_file(FilePath::new(MACHINE_ID.0), MACHINE_ID.1, deadline).unwrap_or_default();
    let content = content.trim_ascii();
    if content.is_empty() {
        return String::new();
    }
    let hash = content.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, octet| {
        (hash ^ u64::from(*octet)).wrapping_mul(0x0000_0100_0000_01b3)
    });
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests;
