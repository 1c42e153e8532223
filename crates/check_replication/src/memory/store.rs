//! The folder of --state: a file for each server that is asked, named as it is asked for.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use plugin::Deadline;
use state::{Above, Folder, Lock, PRIVATE, StateError};

use super::record::{InvalidRecords, Records, Restart};
use crate::gtid::InvalidGtid;
use crate::server::Server;

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
    /// Another run is at it, and what was acknowledged could not be written.
    #[error("{}: another run holds the lock, try again", .0.display())]
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

/// Compares what each server tells with what is kept of it in the folder, and keeps that.
///
/// # Errors
/// [`MemoryError`]: the folder is not usable.
pub(crate) fn remember<'a>(
    folder: &Path,
    acknowledge: bool,
    servers: impl Iterator<Item = (&'a str, &'a Server)>,
    deadline: &Deadline,
) -> Result<Vec<Remembered>, MemoryError> {
    let (folder, lock) = open(folder, deadline)?;
    let remembered = |(target, server): (&str, &Server)| {
        let mut acknowledged = Vec::new();
        let acknowledges = acknowledge.then_some(&mut acknowledged);
        let restarts = one(&folder, lock.as_ref(), target, server, acknowledges, deadline);
        Remembered { name: server.asked.clone(), restarts, acknowledged }
    };
    Ok(servers.map(remembered).collect())
}

/// The folder, and its lock unless another run holds that.
fn open(folder: &Path, deadline: &Deadline) -> Result<(Folder, Option<Lock>), StateError> {
    let folder = Folder::make(folder, Above::Unchecked)?;
    let until = Instant::now() + PATIENCE.min(deadline.remaining() / 2);
    let lock = folder.lock(".lock", until)?;
    Ok((folder, lock))
}

fn one(
    folder: &Folder,
    lock: Option<&Lock>,
    target: &str,
    server: &Server,
    acknowledged: Option<&mut Vec<Restart>>,
    deadline: &Deadline,
) -> Result<Vec<Restart>, MemoryError> {
    let name = file_name(target);
    let path = || folder.path().join(&name);
    let kept = folder.read(&name, LARGEST, deadline)?;
    // A file without an octet is not one that this program left: a full disk, or an administrator, emptied
    // it.
    let parse = |text: &Vec<u8>| String::from_utf8_lossy(text).parse();
    let records: Option<Records> =
        kept.as_ref().map(parse).transpose().map_err(|why| MemoryError::File { path: path(), why })?;
    let mut records = records.unwrap_or_default();
    let mut restarts = records.take(server)?;
    if let Some(acknowledged) = acknowledged {
        if lock.is_none() {
            return Err(MemoryError::Busy(path()));
        }
        *acknowledged = records.acknowledge();
        restarts = records.take(server)?;
    }
    let text = records.to_string();
    if let Some(lock) = lock.filter(|_| Some(text.as_bytes()) != kept.as_deref()) {
        folder.replace(lock, &name, text.as_bytes(), PRIVATE)?;
    }
    Ok(restarts)
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
mod tests {
    use super::*;

    #[test]
    fn every_target_has_a_file_of_its_own() {
        let rows = [
            ("db-01", "db-01.positions"),
            ("db-01:3307", "db-01%3a3307.positions"),
            ("[2001:db8::1]:3307", "[2001%3adb8%3a%3a1]%3a3307.positions"),
            ("/run/mysqld/mysqld.sock", "%2frun%2fmysqld%2fmysqld.sock.positions"),
            ("..", "...positions"),
        ];
        for (target, name) in rows {
            assert_eq!(file_name(target), name);
        }
    }
}
