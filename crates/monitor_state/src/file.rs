//! status.dat as a file that the monitor replaces all the time.
//!
//! Nagios replaces it by a rename, so that an open file stays whole. What is copied over it in place (by
//! rsync, on a network share) is noticed by its size and time, and read again.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use plugin::{Deadline, READ_FLAGS};
use rustix::fs::{FileType, Mode, Stat, fstat, open};

use crate::error::StatusError;
use crate::{Collect, Monitor, status_dat};

/// Where status.dat usually is: Debian's Nagios 4 and 3, Nagios from source, Red Hat's, Naemon, Icinga 1 and
/// 2.
pub const PLACES: [&str; 8] = [
    "/var/lib/nagios4/status.dat",
    "/var/cache/nagios3/status.dat",
    "/usr/local/nagios/var/status.dat",
    "/var/spool/nagios/status.dat",
    "/var/log/nagios/status.dat",
    "/var/cache/naemon/status.dat",
    "/var/cache/icinga/status.dat",
    "/var/cache/icinga2/status.dat",
];

/// How often a file that changes while it is read is read again, and the pause before that.
const TRIES: usize = 5;
const PAUSE: Duration = Duration::from_millis(200);

/// How much is read to find what the monitor says of itself, in octets: it comes first.
const BEGINNING: u64 = 64 << 10;

/// Why a status.dat or a log cannot be used. Each message names the file.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused, or the content is not that of a status.dat.
    #[error("reading {}: {why}", .path.display())]
    Status {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: StatusError,
    },
    /// It is a folder or a device.
    #[error("reading {}: not a regular file", .0.display())]
    NotFile(PathBuf),
    /// It was written all the time while it was read.
    #[error("reading {}: it changed while it was read, {TRIES} times", .0.display())]
    Changing(PathBuf),
    /// None of the usual places has one.
    #[error("no status.dat in its usual places, {} and {} more: name it by --status-file", PLACES[0], PLACES.len() - 1)]
    NoFile,
}

/// What is known of a status.dat that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusFile {
    /// What the monitor says of itself.
    pub monitor: Monitor,
    /// When the file was last written, in seconds since 1970.
    pub modified: u64,
    /// Its size, in octets.
    pub size: u64,
}

/// The first of the usual [`PLACES`] that has a file.
///
/// # Errors
/// [`FileError::NoFile`].
pub fn find() -> Result<&'static Path, FileError> {
    PLACES.iter().map(Path::new).find(|path| path.exists()).ok_or(FileError::NoFile)
}

/// Reads the file and tells `collect` what it wants of it, before `deadline`.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path, collect: &mut impl Collect, deadline: &Deadline) -> Result<StatusFile, FileError> {
    let _step = deadline.step(format!("reading {}", path.display()));
    for attempt in 0..TRIES {
        if attempt > 0 {
            thread::sleep(PAUSE.min(deadline.remaining()));
            collect.restart();
        }
        if let Some(read) = read_once(path, collect, deadline)? {
            return Ok(read);
        }
    }
    Err(FileError::Changing(path.to_owned()))
}

/// Returns the process of the monitor that wrote the file. `None` if its beginning does not tell.
///
/// # Errors
/// [`FileError`]: it cannot be opened.
pub fn writer(path: &Path) -> Result<Option<u32>, FileError> {
    let (file, _) = open_regular(path)?;
    Ok(status_dat::writer(file.take(BEGINNING)))
}

/// `None` if it changed meanwhile.
fn read_once(
    path: &Path,
    collect: &mut impl Collect,
    deadline: &Deadline,
) -> Result<Option<StatusFile>, FileError> {
    let failed = |why| FileError::Status { path: path.to_owned(), why };
    let (file, before) = open_regular(path)?;
    let mut source = Bounded::new(file, deadline);
    let monitor = status_dat::parse(&mut source, collect);
    let after = fstat(&source.file).map_err(|errno| failed(StatusError::Read(errno.into())))?;
    let is_same = version(&before) == version(&after);
    let size = u64::try_from(after.st_size).unwrap_or_default();
    match monitor {
        Ok(monitor) if is_same && source.read == size => {
            let modified = u64::try_from(after.st_mtime).unwrap_or_default();
            Ok(Some(StatusFile { monitor, modified, size }))
        }
        Ok(_) => Ok(None),
        Err(_) if !is_same && !deadline.is_over() => Ok(None),
        Err(why) => Err(failed(why)),
    }
}

/// Opens a file for reading, with what the system says of it.
pub(crate) fn open_regular(path: &Path) -> Result<(File, Stat), FileError> {
    let refused = |errno: rustix::io::Errno| FileError::Status {
        path: path.to_owned(),
        why: StatusError::Read(errno.into()),
    };
    let file = open(path, READ_FLAGS, Mode::empty()).map_err(refused)?;
    let status = fstat(&file).map_err(refused)?;
    if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
        return Err(FileError::NotFile(path.to_owned()));
    }
    Ok((File::from(file), status))
}

fn version(status: &Stat) -> (i64, i64, i64) {
    #[expect(clippy::unnecessary_cast, reason = "the widths of these fields differ from system to system")]
    (status.st_size as i64, status.st_mtime as i64, status.st_mtime_nsec as i64)
}

/// A file that is read only as long as there is time.
pub(crate) struct Bounded<'a> {
    file: File,
    deadline: &'a Deadline,
    read: u64,
}

impl<'a> Bounded<'a> {
    pub(crate) fn new(file: File, deadline: &'a Deadline) -> Self {
        Self { file, deadline, read: 0 }
    }
}

impl Read for Bounded<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        if self.deadline.is_over() {
            let limit = self.deadline.limit().as_secs_f64();
            return Err(io::Error::new(io::ErrorKind::TimedOut, format!("not at its end within {limit} s")));
        }
        let read = self.file.read(room)?;
        self.read += read as u64;
        Ok(read)
    }
}
