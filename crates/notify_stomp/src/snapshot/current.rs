//! Waits for a status.dat of the monitor that runs now.
//!
//! Nagios removes status.dat when it stops, and writes a new one some time after its start. After a crash
//! or a power failure the old one is still there, with the states of before the outage.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use monitor_state::{FileError, file};
use plugin::Deadline;
use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};
use rustix::time::{ClockId, clock_gettime};

use crate::event::now;

/// How old the file may be: Nagios writes it every few seconds.
pub(super) const STALE: u64 = 300;
/// The pause between two looks at the file.
const PAUSE: Duration = Duration::from_millis(100);

/// The file to publish.
pub(super) struct Current {
    /// The file.
    pub(super) path: PathBuf,
    /// Why it is of a monitor that does not run.
    pub(super) outdated: Option<String>,
    /// For how long it was waited for in vain, if it is not there.
    pub(super) waited: Option<Duration>,
}

/// Which file stands there: device, number, and time in seconds and nanoseconds.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Version {
    file: (u64, u64),
    modified: (i64, i64),
}

/// Returns the file as soon as it is of a monitor that runs, or was replaced meanwhile. It is taken as it is
/// once half of the time is over.
///
/// # Errors
/// [`FileError::NoFile`]: none of the usual places had one.
pub(super) fn wait(named: Option<&Path>, deadline: &Deadline) -> Result<Current, FileError> {
    let patience = Deadline::after(deadline.remaining() / 2);
    let mut first = None;
    loop {
        let path = match named {
            Some(path) => Ok(path),
            None => file::find(),
        };
        let seen = path.as_ref().map_or(None, |path| version(path));
        let is_replaced = *first.get_or_insert(seen) != seen;
        let outdated = match (&path, seen) {
            (Ok(path), Some(seen)) if !is_replaced => outdated(path, seen),
            _ => None,
        };
        if (seen.is_some() && outdated.is_none()) || patience.is_over() {
            let waited = seen.is_none().then(|| patience.limit());
            return path.map(|path| Current { path: path.to_owned(), outdated, waited });
        }
        thread::sleep(PAUSE.min(patience.remaining()));
    }
}

/// `None` if it is not there. What cannot be looked at for another reason is told by who reads it.
fn version(path: &Path) -> Option<Version> {
    match fs::metadata(path) {
        Ok(status) => Some(Version {
            file: (status.dev(), status.ino()),
            modified: (status.mtime(), status.mtime_nsec()),
        }),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(_) => Some(Version { file: (0, 0), modified: (i64::MAX, 0) }),
    }
}

/// Why the file is of a monitor that does not run. `None` if it may be of one that does.
fn outdated(path: &Path, seen: Version) -> Option<String> {
    let age = i64::try_from(now()).ok()?.checked_sub(seen.modified.0)?;
    if age > STALE.cast_signed() {
        return Some(format!("is {} min old: does the monitor run", age / 60));
    }
    if age > clock_gettime(ClockId::Boottime).tv_sec {
        return Some("is of before the start of this machine: does the monitor run".to_owned());
    }
    let pid = file::writer(path).ok()??;
    let process = Pid::from_raw(pid.try_into().ok()?)?;
    let is_gone = test_kill_process(process) == Err(Errno::SRCH);
    is_gone.then(|| format!("is of process {pid}, which does not run here: does the monitor run"))
}
