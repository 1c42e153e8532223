//! The folder of --state: a file for each server that is asked, named as it is asked for.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plugin::Deadline;
use state::{Above, Folder, Lock, PRIVATE, StateError};

use super::record::{InvalidRecords, Records, Restart};
use crate::answer::{Answer, Refusal};
use crate::gtid::InvalidGtid;
use crate::server::Server;
use crate::target::Target;

/// The most octets of one file: MySQL's longest set that is taken, for some servers.
const LARGEST: u64 = 4 << 20;
/// How long another run may hold the lock.
const PATIENCE: Duration = Duration::from_secs(1);

/// Why it is not known whether a log started again.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MemoryError {
    /// The folder or its file is not usable.
    #[error(transparent)]
    State(#[from] StateError),
    /// The file is not one of this program.
    #[error("{}: {why}, remove it", .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: InvalidRecords,
    },
    /// The server's own GTIDs are not understood.
    #[error(transparent)]
    Gtid(#[from] InvalidGtid),
    /// Another run is or was at it, and what was acknowledged could not be written.
    #[error("{}: another run wrote it or holds its lock, try again", .0.display())]
    Busy(PathBuf),
}

/// What the kept positions tell of one server.
#[derive(Debug)]
pub(crate) struct Remembered {
    /// What the server is called in lines.
    pub(crate) name: String,
    /// Each restart of its log, the worst first, or why that is not known: after an acknowledgement what is
    /// left.
    pub(crate) restarts: Result<Vec<Restart>, MemoryError>,
    /// What was acknowledged by this run.
    pub(crate) acknowledged: Vec<Restart>,
}

/// The text of a server's file: `None` if there is none.
type Text = Result<Option<Vec<u8>>, StateError>;

/// What was kept of the servers before they were asked: an answer is compared with nothing later. Two runs
/// may ask the same server at once, and the one that asked first may come to the folder last.
#[derive(Debug)]
pub(crate) struct Memory {
    folder: Folder,
    /// The text of each server's file, in the order of the targets.
    before: Vec<(String, Text)>,
}

impl Memory {
    /// Reads what is kept of these targets, which are asked after that.
    ///
    /// # Errors
    /// [`MemoryError`]: the folder is not usable.
    pub(crate) fn open(folder: &Path, targets: &[Target], deadline: &Deadline) -> Result<Self, MemoryError> {
        let folder = Folder::make(folder, Above::Unchecked)?;
        let read = |target: &Target| {
            let target = target.to_string();
            let kept = folder.read(&file_name(&target), LARGEST, deadline);
            (target, kept)
        };
        let before = targets.iter().map(read).collect();
        Ok(Self { folder, before })
    }

    /// Compares what each server that has answered tells with what was kept of it, and keeps that.
    ///
    /// # Errors
    /// [`MemoryError`]: the folder is not usable.
    pub(crate) fn remember(
        self,
        acknowledge: bool,
        answers: &[(String, Result<Answer, Refusal>)],
        deadline: &Deadline,
    ) -> Result<Vec<Remembered>, MemoryError> {
        let Self { folder, before } = self;
        let lock = folder.lock(".lock", Instant::now() + PATIENCE.min(deadline.remaining() / 2))?;
        let remembered = |(target, before): (String, Text)| {
            let (_, answer) = answers.iter().find(|(name, _)| *name == target)?;
            let server = &answer.as_ref().ok()?.server;
            let mut acknowledged = Vec::new();
            let acknowledges = acknowledge.then_some(&mut acknowledged);
            let file = File { folder: &folder, lock: lock.as_ref(), name: file_name(&target) };
            let restarts = before
                .map_err(MemoryError::from)
                .and_then(|before| file.take(before, server, acknowledges, deadline));
            Some(Remembered { name: server.asked.clone(), restarts, acknowledged })
        };
        Ok(before.into_iter().filter_map(remembered).collect())
    }
}

/// The file of one server.
struct File<'a> {
    folder: &'a Folder,
    /// `None`: another run holds it.
    lock: Option<&'a Lock>,
    name: String,
}

impl File<'_> {
    /// Compares what a server tells with what was in its file `before` it was asked, and keeps that unless
    /// another run has kept something since.
    fn take(
        &self,
        before: Option<Vec<u8>>,
        server: &Server,
        acknowledged: Option<&mut Vec<Restart>>,
        deadline: &Deadline,
    ) -> Result<Vec<Restart>, MemoryError> {
        let path = || self.folder.path().join(&self.name);
        // A file without an octet is not one that this program left: a full disk, or an administrator,
        // emptied it.
        let parse = |text: &Vec<u8>| String::from_utf8_lossy(text).parse();
        let records: Option<Records> =
            before.as_ref().map(parse).transpose().map_err(|why| MemoryError::File { path: path(), why })?;
        let mut records = records.unwrap_or_default();
        let mut restarts = records.take(server)?;
        // What is kept meanwhile may be later than this answer.
        let is_current = || Ok::<_, StateError>(self.folder.read(&self.name, LARGEST, deadline)? == before);
        let lock = match self.lock {
            Some(lock) if is_current()? => Some(lock),
            _ => None,
        };
        if let Some(acknowledged) = acknowledged {
            if lock.is_none() {
                return Err(MemoryError::Busy(path()));
            }
            *acknowledged = records.acknowledge();
            restarts = records.take(server)?;
        }
        let text = records.to_string();
        if let Some(lock) = lock.filter(|_| Some(text.as_bytes()) != before.as_deref()) {
            self.folder.replace(lock, &self.name, text.as_bytes(), PRIVATE)?;
        }
        Ok(restarts)
    }
}

/// The name of a server's file: what no file name may hold is written as `%` and two digits.
fn file_name(target: &str) -> String {
    let octet = |octet: u8| match octet {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'[' | b']' => {
            char::from(octet).to_string()
        }
        octet => format!("%{octet:02x}"),
    };
    let name: String = target.bytes().map(octet).collect();
    format!("{name}.positions")
}

#[cfg(test)]
mod tests;
