//! Reading the system's own files: a FIFO or a device in their place is refused at once, where reading it
//! could wait for ever.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use plugin::{Deadline, READ_FLAGS, ReadError, read_opened};
use rustix::fs::{FileType, Mode, fstat, open};
use rustix::io::Errno;

/// The most octets of a file.
const LARGEST: u64 = 64 << 10;

/// Returns the content of a regular file of at most 64 KiB.
///
/// # Errors
/// [`ReadError`]: it is not there, not a regular file, not readable or too large.
pub(crate) fn read(path: &Path, deadline: &Deadline) -> Result<Vec<u8>, ReadError> {
    read_up_to(LARGEST, path, deadline)
}

/// Reads a regular file as [`read`] does, of at most `limit` octets.
pub(crate) fn read_up_to(limit: u64, path: &Path, deadline: &Deadline) -> Result<Vec<u8>, ReadError> {
    let mut other = None;
    let content = read_opened(path, limit, deadline, || open_regular(path, &mut other));
    match other {
        None => content,
        Some(what) => Err(ReadError::Refused { path: path.to_owned(), why: io::Error::other(what) }),
    }
}

/// Opens the file, or tells what else is there.
fn open_regular(path: &Path, other: &mut Option<&'static str>) -> Result<OwnedFd, Errno> {
    let file = open(path, READ_FLAGS, Mode::empty());
    // What cannot be opened for reading at all is a socket.
    *other = file.as_ref().err().filter(|why| **why == Errno::NXIO).map(|_| "is a socket");
    let file = file?;
    *other = match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::RegularFile | FileType::Directory => None,
        FileType::Fifo => Some("is a FIFO"),
        FileType::CharacterDevice | FileType::BlockDevice => Some("is a device"),
        _ => Some("is no regular file"),
    };
    if other.is_some() { Err(Errno::INVAL) } else { Ok(file) }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn what_is_no_file_is_refused_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let fifo = folder.path().join("fifo");
        rustix::fs::mkfifoat(rustix::fs::CWD, &fifo, Mode::RUSR | Mode::WUSR).unwrap();
        let deadline = Deadline::after(Duration::from_secs(20));
        let start = Instant::now();
        let socket = folder.path().join("socket");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        let dangling = folder.path().join("dangling");
        std::os::unix::fs::symlink("nothing", &dangling).unwrap();
        let ring = folder.path().join("ring");
        std::os::unix::fs::symlink("ring", &ring).unwrap();
        let rows = [
            (&*fifo, "is a FIFO"),
            (&socket, "is a socket"),
            (Path::new("/dev/zero"), "is a device"),
            (Path::new("/dev/null"), "is a device"),
            (folder.path(), "is a directory"),
            (&dangling, "no such file or directory"),
            (&ring, "too many levels of symbolic links"),
        ];
        for (path, why) in rows {
            let error = read(path, &deadline).unwrap_err().to_string();
            assert_eq!(error, format!("reading {}: {why}", path.display()));
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        let file = folder.path().join("file");
        std::fs::write(&file, "hosts: dns\n").unwrap();
        assert_eq!(read(&file, &deadline).unwrap(), b"hosts: dns\n");
    }
}
