//! Reading a file that may be missing, endless, a directory or a FIFO without a writer: bounded in size and
//! in time.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{FileType, Mode, fstat, open};
use rustix::io::Errno;

use crate::at_hand::{READ_FLAGS, read_at_hand};
use crate::{Deadline, clean, reason, wait_until};

/// Why a file could not be read. Each message names the file.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The system refused.
    #[error("reading {}: {}", shown(.path), reason(.why))]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// The file holds more octets than the limit.
    #[error("reading {}: larger than {limit} octets", shown(.path))]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// The limit, in octets.
        limit: u64,
    },
    /// A FIFO, socket or terminal did not come to its end before the deadline.
    #[error("reading {}: it did not end within {seconds} s", shown(.path))]
    TooSlow {
        /// The file.
        path: PathBuf,
        /// The time given, in seconds.
        seconds: f64,
    },
}

/// A path as one line: a file may be called anything.
fn shown(path: &Path) -> String {
    clean(&path.display().to_string())
}

/// The octets of a file, at most `limit` of them, before `deadline`. FIFOs and character devices are read
/// too, so that a shell's `<(command)` works; a directory is refused.
///
/// # Errors
/// [`ReadError`], with the file's name in each message. A regular file on a network mount that hangs cannot
/// be given up from inside; [`Deadline::step`] is set, so that the watchdog's line names the file.
pub fn read_file(path: &Path, limit: u64, deadline: &Deadline) -> Result<Vec<u8>, ReadError> {
    match read_at_hand(path, limit) {
        Some(content) => Ok(content),
        None => read_opened(path, limit, deadline, || open(path, READ_FLAGS, Mode::empty())),
    }
}

/// Reads a file as [`read_file`] does that `open` opens with [`READ_FLAGS`]; messages call it `path`.
///
/// # Errors
/// [`ReadError`].
pub fn read_opened(
    path: &Path,
    limit: u64,
    deadline: &Deadline,
    open: impl FnOnce() -> Result<OwnedFd, Errno>,
) -> Result<Vec<u8>, ReadError> {
    let _step = deadline.step(format!("reading {}", path.display()));
    let refused = |errno: Errno| ReadError::Refused { path: path.to_owned(), why: errno.into() };
    let file = open().map_err(refused)?;
    let status = fstat(&file).map_err(refused)?;
    let mut source = Source { file: File::from(file), waits: false };
    let mut content = Vec::new();
    match FileType::from_raw_mode(status.st_mode) {
        FileType::Directory => return Err(refused(Errno::ISDIR)),
        FileType::RegularFile => {
            let size = usize::try_from(status.st_size).unwrap_or(0).min(1 << 24) + 1;
            content.try_reserve_exact(size).map_err(|_| refused(Errno::NOMEM))?;
        }
        _ => source.waits = true,
    }
    loop {
        source.wait(path, deadline)?;
        match source.file.by_ref().take(limit + 1 - content.len() as u64).read_to_end(&mut content) {
            _ if content.len() as u64 > limit => {
                return Err(ReadError::TooLarge { path: path.to_owned(), limit });
            }
            Ok(_) => return Ok(content),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => continue,
            Err(why) => return Err(ReadError::Refused { path: path.to_owned(), why }),
        }
    }
}

struct Source {
    file: File,
    waits: bool,
}

impl Source {
    /// Waits until there is something to read or the end has come.
    fn wait(&self, path: &Path, deadline: &Deadline) -> Result<(), ReadError> {
        if !self.waits {
            return Ok(());
        }
        let path = || path.to_owned();
        match wait_until(&mut [PollFd::new(&self.file, PollFlags::IN)], deadline.at()) {
            Ok(true) => Ok(()),
            Ok(false) => Err(ReadError::TooSlow { path: path(), seconds: deadline.limit().as_secs_f64() }),
            Err(errno) => Err(ReadError::Refused { path: path(), why: errno.into() }),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::time::Duration;

    use super::*;

    fn read(path: &Path, limit: u64) -> Result<Vec<u8>, String> {
        read_file(path, limit, &Deadline::after(Duration::from_millis(50))).map_err(|error| error.to_string())
    }

    #[test]
    fn reads_a_file_up_to_the_limit() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        fs::write(&path, "12345").unwrap();
        assert_eq!(read(&path, 5), Ok(b"12345".to_vec()));
        assert_eq!(read(&path, 4), Err(format!("reading {}: larger than 4 octets", path.display())));
    }

    #[test]
    fn names_what_cannot_be_read() {
        assert_eq!(
            read(Path::new("/nonexistent"), 9),
            Err("reading /nonexistent: no such file or directory".to_owned())
        );
        assert_eq!(read(Path::new("/"), 9), Err("reading /: is a directory".to_owned()));
        assert_eq!(
            read(Path::new("/dev/zero"), 9),
            Err("reading /dev/zero: larger than 9 octets".to_owned())
        );
        assert_eq!(read(Path::new("/dev/null"), 9), Ok(Vec::new()));
    }

    #[test]
    fn waits_for_a_fifo_but_not_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("fifo");
        rustix::fs::mknodat(rustix::fs::CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        assert_eq!(read(&path, 9), Err(format!("reading {}: it did not end within 0.05 s", path.display())));
        let writer = std::thread::spawn({
            let path = path.clone();
            move || fs::write(path, "late")
        });
        let content = read_file(&path, 9, &Deadline::after(Duration::from_secs(10)));
        writer.join().unwrap().unwrap();
        assert_eq!(content.unwrap(), b"late");
    }
}
