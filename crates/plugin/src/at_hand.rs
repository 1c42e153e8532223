//! Reading a file that the kernel has at hand, on a disk of this machine: nothing of it can wait, so no
//! watchdog needs to start for it, which takes longer than a short check itself.

use std::io::IoSliceMut;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags, StatxFlags, openat2, statx};
use rustix::io::{Errno, ReadWriteFlags, preadv2};

/// How to open a file for [`read_opened`](crate::read_opened). Non-blocking: opening a FIFO for reading would
/// otherwise wait for its writer.
pub const READ_FLAGS: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::CLOEXEC).union(OFlags::NOCTTY);

/// Returns the size in octets of a regular file on a disk of this machine, if the kernel knows it without
/// asking for it elsewhere: `None` says nothing of the file.
pub fn size_at_hand(path: &Path) -> Option<u64> {
    // Opened as a mere place: the file system has no part in it, and RESOLVE_CACHED keeps the way there from
    // waiting, as for a mount that is made when it is used.
    let place =
        openat2(CWD, path, OFlags::PATH | OFlags::CLOEXEC, Mode::empty(), ResolveFlags::CACHED).ok()?;
    let flags = AtFlags::EMPTY_PATH | AtFlags::STATX_DONT_SYNC;
    let status = statx(&place, c"", flags, StatxFlags::TYPE | StatxFlags::SIZE).ok()?;
    // A file system of the network has no block device, nor has one that a program serves.
    let is_file = FileType::from_raw_mode(status.stx_mode.into()) == FileType::RegularFile;
    (is_file && status.stx_dev_major != 0).then_some(status.stx_size)
}

/// Returns the octets of such a file, at most `limit` of them, if all of them are in the page cache: `None`
/// says nothing of the file.
pub(crate) fn read_at_hand(path: &Path, limit: u64) -> Option<Vec<u8>> {
    let size = size_at_hand(path).filter(|size| *size <= limit)?;
    let size = usize::try_from(size).ok()?;
    let file = openat2(CWD, path, READ_FLAGS, Mode::empty(), ResolveFlags::CACHED).ok()?;
    let mut content = Vec::new();
    // One more shows that the file has not grown.
    content.try_reserve_exact(size + 1).ok()?;
    content.resize(size + 1, 0);
    let mut done = 0;
    loop {
        let room = content.get_mut(done..)?;
        match preadv2(&file, &mut [IoSliceMut::new(room)], done as u64, ReadWriteFlags::NOWAIT) {
            Ok(0) => break,
            Ok(read) => done += read,
            Err(Errno::INTR) => {}
            Err(_) => return None,
        }
    }
    content.truncate(done);
    (done == size).then_some(content)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::mknodat;

    use super::*;

    /// Below the folder of what was built, which is on a disk where /tmp may be in memory alone.
    fn folder() -> tempfile::TempDir {
        tempfile::tempdir_in(std::env::current_exe().unwrap().parent().unwrap()).unwrap()
    }

    #[test]
    fn reads_what_is_in_the_page_cache() {
        let folder = folder();
        let path = folder.path().join("list");
        fs::write(&path, "12345").unwrap();
        // On a file system without a block device, as of a container, nothing is at hand.
        let Some(size) = size_at_hand(&path) else { return };
        assert_eq!(size, 5);
        assert_eq!(read_at_hand(&path, 5), Some(b"12345".to_vec()));
        assert_eq!(read_at_hand(&path, 4), None);
        fs::write(&path, "").unwrap();
        assert_eq!(read_at_hand(&path, 5), Some(Vec::new()));
    }

    #[test]
    fn leaves_alone_what_may_wait() {
        let folder = folder();
        let fifo = folder.path().join("fifo");
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let others = ["/", "/nonexistent", "/dev/null", "/dev/zero", "/proc/self/status"].map(Path::new);
        for path in others.into_iter().chain([fifo.as_path(), folder.path()]) {
            assert_eq!((size_at_hand(path), read_at_hand(path, 1 << 20)), (None, None), "{path:?}");
        }
    }
}
