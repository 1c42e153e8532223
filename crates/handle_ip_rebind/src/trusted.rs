//! Files that this program obeys as root, or writes as root: nobody but root may have a hand in them.

use std::fs;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use plugin::{Deadline, READ_FLAGS, ReadError, read_opened, reason};
use rustix::fs::{FileType, Mode, OFlags, Stat, fstat, open};
use rustix::process::geteuid;

/// Write permission of the group and of all others, and the sticky bit, in a file's mode.
const OTHERS_WRITE: u32 = 0o022;
const STICKY: u32 = 0o1000;

/// Why a file is not obeyed or not written.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The system refused.
    #[error("{}: {}", .path.display(), reason(.why))]
    Refused {
        /// The file.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// Somebody else could have written it.
    #[error("{}: {what}", .path.display())]
    Untrusted {
        /// The file or the folder.
        path: PathBuf,
        /// What is wrong with it.
        what: &'static str,
    },
}

/// The text of a file that nobody but root can have written: a regular file itself, no symbolic link to one.
///
/// # Errors
/// [`TrustError`].
pub(crate) fn read(path: &Path, limit: u64, deadline: &Deadline) -> Result<Vec<u8>, TrustError> {
    let file = open_existing(path, READ_FLAGS)?;
    trust_folder_of(path)?;
    Ok(read_opened(path, limit, deadline, || Ok(file))?)
}

/// Opens a file that is there, if it is a regular one and nobody else can write it.
pub(crate) fn open_existing(path: &Path, flags: OFlags) -> Result<OwnedFd, TrustError> {
    let file = open(path, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty());
    trust_opened(path, file.map_err(|errno| refused(path, errno))?)
}

/// Opens a file, made with mode 0600 where it is not there, if it is a regular one and nobody else can write it. Its folder may be
/// a shared one, as /var/log is on some systems.
pub(crate) fn open_or_make(path: &Path, flags: OFlags) -> Result<OwnedFd, TrustError> {
    let flags = flags | OFlags::CREATE | OFlags::NOFOLLOW | OFlags::CLOEXEC | OFlags::NONBLOCK;
    let file = open(path, flags, Mode::RUSR | Mode::WUSR);
    trust_opened(path, file.map_err(|errno| refused(path, errno))?)
}

fn trust_opened(path: &Path, file: OwnedFd) -> Result<OwnedFd, TrustError> {
    let Stat { st_mode, st_uid, .. } = fstat(file.as_fd()).map_err(|errno| refused(path, errno))?;
    if FileType::from_raw_mode(st_mode) != FileType::RegularFile {
        return Err(TrustError::Untrusted { path: path.to_owned(), what: "not a regular file" });
    }
    trust(path, st_uid, st_mode)?;
    Ok(file)
}

/// Whether a program may be run: an absolute path to a file that only root can write, in a folder of the same kind.
///
/// # Errors
/// [`TrustError`].
pub(crate) fn program(path: &Path) -> Result<(), TrustError> {
    let status = fs::metadata(path).map_err(|why| TrustError::Refused { path: path.to_owned(), why })?;
    if !status.is_file() {
        return Err(TrustError::Untrusted { path: path.to_owned(), what: "not a regular file" });
    }
    trust(path, status.uid(), status.mode())?;
    trust_folder_of(path)
}

/// Makes a folder with mode 0700 where it is not there, and makes sure that it is root's alone.
///
/// # Errors
/// [`TrustError`].
pub(crate) fn folder(path: &Path) -> Result<(), TrustError> {
    let refused = |why| TrustError::Refused { path: path.to_owned(), why };
    if let Some(above) = path.parent() {
        fs::create_dir_all(above).map_err(refused)?;
    }
    match rustix::fs::mkdir(path, Mode::RWXU) {
        Ok(()) | Err(rustix::io::Errno::EXIST) => {}
        Err(errno) => return Err(refused(errno.into())),
    }
    let status = fs::symlink_metadata(path).map_err(refused)?;
    if !status.is_dir() {
        return Err(TrustError::Untrusted { path: path.to_owned(), what: "not a folder" });
    }
    trust(path, status.uid(), status.mode())?;
    trust_folder_of(path)
}

/// The folder of a file: whoever may write that could put another file in its place. A sticky folder keeps others from it.
fn trust_folder_of(path: &Path) -> Result<(), TrustError> {
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let status = fs::metadata(folder).map_err(|why| TrustError::Refused { path: folder.to_owned(), why })?;
    if status.mode() & STICKY != 0 && status.uid() == 0 {
        return Ok(());
    }
    trust(folder, status.uid(), status.mode())
}

/// Root's, or of the user who runs this and so could do all of it by hand; and writable for nobody else.
fn trust(path: &Path, owner: u32, mode: u32) -> Result<(), TrustError> {
    let untrusted = |what| Err(TrustError::Untrusted { path: path.to_owned(), what });
    match owner {
        _ if mode & OTHERS_WRITE != 0 => untrusted("others than its owner may write it: chmod go-w"),
        owner if owner == 0 || owner == geteuid().as_raw() => Ok(()),
        _ => untrusted("it does not belong to root"),
    }
}

fn refused(path: &Path, errno: rustix::io::Errno) -> TrustError {
    if errno == rustix::io::Errno::LOOP {
        return TrustError::Untrusted { path: path.to_owned(), what: "a symbolic link: name the file itself" };
    }
    TrustError::Refused { path: path.to_owned(), why: errno.into() }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::Duration;

    use super::*;

    fn read_here(path: &Path) -> Result<String, String> {
        let content = read(path, 100, &Deadline::after(Duration::from_secs(8)));
        content.map(|content| String::from_utf8(content).unwrap()).map_err(|error| error.to_string())
    }

    fn mode(path: &Path, mode: u32) {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    }

    #[test]
    fn only_a_file_that_nobody_else_can_write_is_obeyed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        fs::write(&file, "x").unwrap();
        for (bits, error) in [(0o600, None), (0o644, None), (0o664, Some("others")), (0o646, Some("others"))] {
            mode(&file, bits);
            let seen = read_here(&file);
            assert_eq!(seen.is_err(), error.is_some(), "{bits:o}: {seen:?}");
            assert!(error.is_none_or(|error| seen.unwrap_err().contains(error)), "{bits:o}");
        }
        mode(&file, 0o600);
        mode(folder.path(), 0o777);
        assert!(read_here(&file).unwrap_err().contains("others than its owner may write it"));
        mode(folder.path(), 0o1777);
        assert_eq!(read_here(&file).is_ok(), geteuid().is_root());
        mode(folder.path(), 0o700);

        let link = folder.path().join("link");
        symlink(&file, &link).unwrap();
        assert_eq!(read_here(&link), Err(format!("{}: a symbolic link: name the file itself", link.display())));
        assert!(read_here(folder.path()).unwrap_err().contains("not a regular file"));
        assert!(read_here(Path::new("/dev/null")).unwrap_err().contains("not a regular file"));
        assert!(read_here(&folder.path().join("none")).unwrap_err().contains("no such file or directory"));
    }

    #[test]
    fn a_file_of_another_user_is_not_obeyed() {
        if !geteuid().is_root() {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("config");
        fs::write(&file, "x").unwrap();
        std::os::unix::fs::chown(&file, Some(64_999), None).unwrap();
        assert_eq!(read_here(&file), Err(format!("{}: it does not belong to root", file.display())));
    }

    #[test]
    fn a_folder_is_made_and_a_foreign_one_is_not_taken() {
        let top = tempfile::tempdir().unwrap();
        let path = top.path().join("lib/state");
        folder(&path).unwrap();
        folder(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o700);
        let link = top.path().join("link");
        symlink(&path, &link).unwrap();
        assert!(folder(&link).unwrap_err().to_string().contains("not a folder"));
        mode(&path, 0o770);
        assert!(folder(&path).unwrap_err().to_string().contains("others than its owner"));
    }
}
