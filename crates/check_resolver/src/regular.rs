//! Reading the system's own files: a FIFO or a device in their place is refused at once, where reading it could
//! wait for ever.

use std::os::fd::OwnedFd;
use std::path::Path;

use plugin::{Deadline, READ_FLAGS, ReadError, read_opened};
use rustix::fs::{FileType, Mode, fstat, open};
use rustix::io::Errno;

/// The most octets of a file.
const LARGEST: u64 = 64 << 10;

/// Returns the content of a regular file.
///
/// # Errors
/// [`ReadError`]: it is not there, not a regular file, not readable or too large.
pub(crate) fn read(path: &Path, deadline: &Deadline) -> Result<Vec<u8>, ReadError> {
    read_opened(path, LARGEST, deadline, || open_regular(path))
}

fn open_regular(path: &Path) -> Result<OwnedFd, Errno> {
    let file = open(path, READ_FLAGS, Mode::empty())?;
    match FileType::from_raw_mode(fstat(&file)?.st_mode) {
        FileType::RegularFile | FileType::Directory => Ok(file),
        _ => Err(Errno::INVAL),
    }
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
        for path in [&*fifo, Path::new("/dev/zero"), folder.path(), Path::new("/dev/null")] {
            assert!(read(path, &deadline).is_err(), "{}", path.display());
        }
        assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
        let file = folder.path().join("file");
        std::fs::write(&file, "hosts: dns\n").unwrap();
        assert_eq!(read(&file, &deadline).unwrap(), b"hosts: dns\n");
    }
}
