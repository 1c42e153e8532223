//! Where events wait until a broker has confirmed them: one file each, whose name has its sequence and its
//! length.
//!
//! ```text
//! lock        held while an event is numbered and written
//! sending     held by the one process that sends
//! silent-B    its time is when broker B last did not answer
//! good        the broker that last confirmed an event
//! held        destinations that a broker refused, with its words
//! doubt       words with which an event was set aside, until one is confirmed
//! id          which spool it is
//! last/N      an empty file: N is the highest sequence that has left the spool
//! counts/...  empty files: how many events were lost, dropped and refused (see `counts`)
//! tmp/N       being written
//! new/N-LEN   waits
//! refused/... was refused by a broker and set aside, with the broker's words
//! broken/...  is not an event, and was set aside
//! ```
//!
//! An event appears in `new` by a rename, whole or not at all, and the highest number is never forgotten: it
//! is in `new` or in `last`. A process that dies loses nothing. Against the machine dying too,
//! [`Spooled::sync`] writes file and folder through to the disk.

mod aside;
mod counts;
mod error;
mod hints;
mod numbers;
mod probe;
mod remove;

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use plugin::Deadline;
use rustix::fs::OFlags;
use rustix::io::Errno;
use rustix::process::geteuid;
use serde::de::IgnoredAny;
use state::{Above, Access, Folder, Lock, PRIVATE};
use uuid::Uuid;

use crate::event::{Event, id};
use crate::harm::Harm;
use crate::spool_options::SpoolOptions;
use error::MOST;
pub(crate) use error::SpoolError;

/// The folders in it.
const PARTS: [&str; 6] = ["tmp", "new", "last", "counts", "refused", "broken"];
/// The most octets of one event's file: texts are bounded, and each of their octets may become six.
const LARGEST: u64 = 4 << 20;

/// An event that waits: in the order of their sequence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Entry {
    pub(crate) sequence: u64,
    pub(crate) length: u64,
}

impl Entry {
    fn name(self) -> String {
        format!("{:020}-{}", self.sequence, self.length)
    }

    fn parse(name: &str) -> Option<Self> {
        let (sequence, length) = name.split_once('-')?;
        let entry = Self { sequence: sequence.parse().ok()?, length: length.parse().ok()? };
        let is_ours = entry.name() == name && entry.length <= LARGEST && entry.sequence <= MOST;
        is_ours.then_some(entry)
    }
}

/// The most octets of the file with the spool's id: a UUID, and room for what is none.
const ID: u64 = 64;

/// The folder of the spool. No other user can read or write there: events hold what plugins print.
#[derive(Debug)]
pub(crate) struct Spool {
    folder: Folder,
    id: Uuid,
}

/// An event that was just put there.
#[derive(Debug)]
pub(crate) struct Spooled {
    pub(crate) entry: Entry,
    /// How many older ones had to make room for it.
    pub(crate) dropped: usize,
    file: File,
    folder: PathBuf,
}

impl Spooled {
    /// Writes the event and its name through to the disk.
    pub(crate) fn sync(&self) -> Result<(), SpoolError> {
        const DOING: &str = "writing through to the disk";
        self.file.sync_all().map_err(refusal(DOING, &self.folder.join(self.entry.name())))?;
        Ok(Folder::open(&self.folder, Above::Unchecked, Access::Private)?.sync()?)
    }
}

fn refusal(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SpoolError {
    move |why| SpoolError::Refused { doing, path: path.to_owned(), why }
}

impl Spool {
    /// Opens the spool, and makes it where it does not exist. Root uses and makes none by mistake that the
    /// user of the event handlers could not use.
    pub(crate) fn open(options: &SpoolOptions, deadline: &Deadline) -> Result<Self, SpoolError> {
        let path = options.spool.as_path();
        if options.user.is_none() && geteuid().is_root() {
            let owner = fs::metadata(path).map(|status| status.uid());
            match owner {
                Ok(0) => {}
                Ok(owner) => return Err(SpoolError::Another { path: path.to_owned(), owner }),
                Err(error) if error.kind() != io::ErrorKind::NotFound => {}
                Err(_) if path.parent().is_some_and(|above| !above.exists()) => {}
                Err(_) => return Err(SpoolError::Root(path.to_owned())),
            }
        }
        let mut spool = Self { folder: Folder::make(path, Above::Unchecked)?, id: Uuid::nil() };
        if let Some(id) = spool.read_id(deadline)? {
            return Ok(Self { id, ..spool });
        }
        for part in PARTS {
            spool.folder.subfolder(part)?;
        }
        let lock = spool.lock(deadline)?;
        spool.prepare()?;
        // Another process may have made one meanwhile.
        spool.id = match spool.read_id(deadline)? {
            Some(id) => id,
            None => spool.make_id(&lock)?,
        };
        Ok(spool)
    }

    /// Makes the files that are later only renamed: a rename needs no room on a full disk.
    fn prepare(&self) -> Result<(), SpoolError> {
        if self.last()?.is_none() {
            self.folder.subfolder("last")?.create(&format!("{:020}", 0))?;
        }
        self.prepare_counts()
    }

    /// Returns the spool's id. `None` where there is no spool yet.
    fn read_id(&self, deadline: &Deadline) -> Result<Option<Uuid>, SpoolError> {
        let text = self.folder.read("id", ID, deadline)?;
        Ok(text.and_then(|text| str::from_utf8(&text).ok()?.trim().parse().ok()))
    }

    fn make_id(&self, lock: &Lock) -> Result<Uuid, SpoolError> {
        let id = id::new();
        self.folder.replace(lock, "id", format!("{id}\n").as_bytes(), PRIVATE)?;
        Ok(id)
    }

    /// Waits for the right to number events until the deadline.
    pub(crate) fn lock(&self, deadline: &Deadline) -> Result<Lock, SpoolError> {
        let lock = self.folder.lock("lock", deadline.at())?;
        lock.ok_or_else(|| SpoolError::Locked(self.folder.path().to_owned()))
    }

    /// Takes the right to send. `None` if another process sends.
    pub(crate) fn try_to_send(&self) -> Result<Option<Lock>, SpoolError> {
        Ok(self.folder.lock("sending", Instant::now())?)
    }

    /// Numbers the event and puts it behind all others; older ones make room for it where the spool may not
    /// hold `most` octets.
    pub(crate) fn put(&self, event: &mut Event, most: u64, _lock: &Lock) -> Result<Spooled, SpoolError> {
        self.clean_up();
        let waiting = self.entries()?;
        let sequence = self.next(&waiting)?;
        (event.spool, event.sequence) = (self.id, Some(sequence));
        let json = event.json();
        let length = json.len() as u64;
        if length > most.min(LARGEST) {
            return Err(SpoolError::TooLarge { path: self.folder.path().to_owned(), octets: length });
        }
        let mut total = waiting.iter().map(|entry| entry.length).sum::<u64>() + length;
        let too_much = waiting.into_iter().take_while(|entry| {
            let goes = total > most;
            total -= if goes { entry.length } else { 0 };
            goes
        });
        let too_much: Vec<Entry> = too_much.collect();
        // What cannot be removed takes more room, and keeps no event out.
        let freed = self.retire(&too_much);
        let dropped = if freed.is_ok() { too_much.len() } else { 0 };
        self.tally(Harm::Dropped, dropped);
        let entry = Entry { sequence, length };
        Ok(Spooled { entry, dropped, file: self.write(entry, &json)?, folder: self.path_of("new") })
    }

    fn write(&self, entry: Entry, json: &[u8]) -> Result<File, SpoolError> {
        let name = entry.sequence.to_string();
        let mut file = self.folder.subfolder("tmp")?.create(&name)?;
        let path = self.path_of("tmp").join(name);
        let written = file.write_all(json).and_then(|()| fs::rename(&path, self.path(entry)));
        written.map_err(|error| {
            // Room for the next one; what cannot be removed now is removed with the next event.
            let _ = fs::remove_file(&path);
            refusal("writing", &path)(error)
        })?;
        Ok(file)
    }

    /// Removes what a dead process left half written. Only the holder of the lock writes there.
    fn clean_up(&self) {
        for entry in fs::read_dir(self.path_of("tmp")).into_iter().flatten().flatten() {
            // It is in nobody's way.
            let _ = fs::remove_file(entry.path());
        }
    }

    /// What waits, oldest first.
    pub(crate) fn entries(&self) -> Result<Vec<Entry>, SpoolError> {
        self.entries_of("new")
    }

    fn entries_of(&self, part: &str) -> Result<Vec<Entry>, SpoolError> {
        let folder = self.path_of(part);
        let mut entries = Vec::new();
        for found in fs::read_dir(&folder).map_err(refusal("reading", &folder))? {
            let found = found.map_err(refusal("reading", &folder))?;
            entries.extend(found.file_name().to_str().and_then(Entry::parse));
        }
        entries.sort_unstable();
        Ok(entries)
    }

    fn path_of(&self, part: &str) -> PathBuf {
        self.folder.path().join(part)
    }

    fn path(&self, entry: Entry) -> PathBuf {
        self.path_of("new").join(entry.name())
    }

    /// The event that waits: none where it is gone, or is none and was set aside, or cannot be read.
    pub(crate) fn read(&self, entry: Entry) -> Result<Option<Vec<u8>>, SpoolError> {
        let path = self.path(entry);
        let flags = OFlags::NOFOLLOW.union(OFlags::NONBLOCK).bits().cast_signed();
        let mut octets = Vec::with_capacity(usize::try_from(entry.length).unwrap_or(0) + 1);
        let file = File::options().read(true).custom_flags(flags).open(&path);
        match file.and_then(|file| file.take(entry.length + 1).read_to_end(&mut octets)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            // The file is an event, and `denied` tells how it can be read.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => return Ok(None),
            Err(error) if is_of_process(&error) => return Err(refusal("reading", &path)(error)),
            Err(_) => {}
            Ok(_) if octets.len() as u64 == entry.length && is_json(&octets) => return Ok(Some(octets)),
            Ok(_) => {}
        }
        // What cannot be moved either stays, is told by `unreadable`, and holds up no other.
        if fs::rename(&path, self.path_of("broken").join(entry.name())).is_ok() {
            self.advance(entry.sequence)?;
        }
        Ok(None)
    }

    /// Takes out what was confirmed: also where that cannot be noted, since it would be sent again and again.
    pub(crate) fn retire(&self, entries: &[Entry]) -> Result<(), SpoolError> {
        let Some(last) = entries.iter().max() else { return Ok(()) };
        let noted = self.advance(last.sequence);
        let paths: Vec<PathBuf> = entries.iter().map(|entry| self.path(*entry)).collect();
        remove::all(&paths).map_err(|(path, why)| refusal("removing", &path)(why))?;
        noted
    }

    /// Drops what has waited longer than `longest`. Returns how many that were.
    pub(crate) fn drop_old(&self, longest: Duration, _lock: &Lock) -> Result<usize, SpoolError> {
        let old = |entry: &Entry| self.age(*entry) > longest;
        let old: Vec<Entry> = self.entries()?.into_iter().take_while(old).collect();
        self.retire(&old)?;
        self.tally(Harm::Dropped, old.len());
        Ok(old.len())
    }

    /// Returns whether an event is still there. An error of the file system does not prove that it is gone.
    pub(crate) fn has(&self, entry: Entry) -> bool {
        let found = fs::symlink_metadata(self.path(entry));
        !found.is_err_and(|error| error.kind() == io::ErrorKind::NotFound)
    }

    /// Returns how long an event has waited. Where the clock was put back since, it waits from now on: its
    /// time would otherwise lie in the future for as long as the clock was wrong.
    pub(crate) fn age(&self, entry: Entry) -> Duration {
        age(&self.path(entry)).unwrap_or_default()
    }

    /// Notes that this sequence has left the spool. A rename needs no room on a full disk.
    pub(crate) fn advance(&self, to: u64) -> Result<(), SpoolError> {
        let folder = self.path_of("last");
        let target = folder.join(format!("{to:020}"));
        loop {
            let refused = |error| refusal("writing", &target)(error);
            match self.last()? {
                Some(last) if last >= to => return Ok(()),
                None => return Ok(self.folder.subfolder("last")?.create(&format!("{to:020}")).map(drop)?),
                Some(last) => match fs::rename(folder.join(format!("{last:020}")), &target) {
                    // Another process has just advanced it.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    renamed => return renamed.map_err(refused),
                },
            }
        }
    }
}

/// Whether an error is of this process or the machine, and not of one file.
fn is_of_process(error: &io::Error) -> bool {
    let errno = Errno::from_io_error(error);
    errno.is_some_and(|errno| matches!(errno, Errno::MFILE | Errno::NFILE | Errno::NOMEM | Errno::INTR))
}

fn is_json(octets: &[u8]) -> bool {
    serde_json::from_slice::<IgnoredAny>(octets).is_ok()
}

/// How long ago a file was written; one from the future is written now. `None` where there is none.
fn age(path: &Path) -> Option<Duration> {
    let written = fs::symlink_metadata(path).and_then(|status| status.modified()).ok()?;
    let now = SystemTime::now();
    Some(now.duration_since(written).unwrap_or_else(|_| {
        // Where its time cannot be changed, it stays new.
        let _ = File::open(path).and_then(|file| file.set_modified(now));
        Duration::ZERO
    }))
}

#[cfg(test)]
#[path = "spool_tests.rs"]
mod tests;
