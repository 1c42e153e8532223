//! Looks at one path without ever waiting for it: what it is comes before it is opened for reading, and only
//! a regular file is.

use std::path::{Component, Path, PathBuf};

use host_config::Tree;
use plugin::{Deadline, READ_FLAGS, ReadError, read_opened, reason};
use rustix::fd::OwnedFd;
use rustix::fs::{AtFlags, FileType, OFlags, Stat, StatxAttributes, StatxFlags, fstat, readlinkat, statx};
use rustix::io::Errno;

use crate::found::{Found, Status, What};

/// The most octets that are read of one file.
pub(crate) const LARGEST: u64 = 1 << 20;

const EXAMINE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// Looks at `path` in the tree.
pub(crate) fn look(tree: &Tree<'_>, path: &str, deadline: &Deadline) -> Found {
    let _step = deadline.step(format!("examining {path}"));
    let folder = Path::new(path).parent().and_then(Path::to_str).unwrap_or("/");
    let locked_folder = tree.open(folder, EXAMINE).ok().and_then(|folder| attributes(&folder).0);
    let nothing = |link, what| Found { link, what, status: None, locked_folder };
    let entry = match tree.open(path, EXAMINE | OFlags::NOFOLLOW) {
        Ok(entry) => entry,
        Err(errno) => return nothing(None, absent(errno, What::Missing)),
    };
    let link = readlinkat(&entry, "", Vec::new()).ok().map(|target| target.to_string_lossy().into_owned());
    let file = match link {
        None => entry,
        Some(_) => match tree.open(path, EXAMINE) {
            Ok(file) => file,
            Err(errno) => return nothing(link, absent(errno, What::Dangling)),
        },
    };
    let status = match fstat(&file) {
        Ok(status) => status,
        Err(errno) => return nothing(link, What::Unreadable(reason(&errno.into()))),
    };
    let link = link.map(|target| resolve(folder, &target));
    let what = examine(tree, path, &status, deadline);
    Found { link, what, status: Some(describe(&file, &status)), locked_folder }
}

fn absent(errno: Errno, missing: What) -> What {
    match errno {
        Errno::NOENT | Errno::NOTDIR => missing,
        Errno::LOOP => What::Loop,
        errno => What::Unreadable(reason(&errno.into())),
    }
}

fn examine(tree: &Tree<'_>, path: &str, status: &Stat, deadline: &Deadline) -> What {
    match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile if u64::try_from(status.st_size).is_ok_and(|size| size > LARGEST) => {
            What::TooLarge
        }
        FileType::RegularFile => read(tree, path, deadline),
        FileType::Directory => What::Special("a folder"),
        FileType::Fifo => What::Special("a FIFO"),
        FileType::Socket => What::Special("a socket"),
        _ => What::Special("a device"),
    }
}

fn read(tree: &Tree<'_>, path: &str, deadline: &Deadline) -> What {
    let open = || {
        let file = tree.open(path, READ_FLAGS)?;
        // It may be another by now, and what is no regular file could block.
        match FileType::from_raw_mode(fstat(&file)?.st_mode) {
            FileType::RegularFile => Ok(file),
            _ => Err(Errno::AGAIN),
        }
    };
    match read_opened(Path::new(path), LARGEST, deadline, open) {
        Ok(content) => What::Content(content),
        Err(ReadError::TooLarge { .. }) => What::TooLarge,
        Err(ReadError::Refused { why, .. }) => What::Unreadable(reason(&why)),
        Err(late) => What::Unreadable(late.to_string()),
    }
}

fn describe(file: &OwnedFd, status: &Stat) -> Status {
    let (locked, is_mount) = attributes(file);
    Status {
        mode: status.st_mode & 0o7777,
        uid: status.st_uid,
        gid: status.st_gid,
        changed: status.st_ctime,
        locked,
        is_mount,
    }
}

/// Returns whether the file is immutable or append-only, `None` if the file system does not tell, and whether
/// it is the root of a mount. No permission on the file is needed for that, and no ioctl.
fn attributes(file: &OwnedFd) -> (Option<bool>, bool) {
    let Ok(found) = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS) else {
        return (None, false);
    };
    let tells = found.stx_attributes_mask.contains(StatxAttributes::IMMUTABLE);
    let locked = found.stx_attributes.intersects(StatxAttributes::IMMUTABLE | StatxAttributes::APPEND);
    (tells.then_some(locked), found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Returns the target of a link in `folder` as an absolute path.
fn resolve(folder: &str, target: &str) -> String {
    let mut path = PathBuf::new();
    for part in Path::new(folder).join(target).components() {
        match part {
            Component::ParentDir => drop(path.pop()),
            part => path.push(part),
        }
    }
    path.to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::time::Duration;

    use rustix::fs::{CWD, Mode, mknodat};

    use super::*;

    #[test]
    fn nothing_at_a_path_makes_it_wait() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "text").unwrap();
        fs::File::create(at("huge")).unwrap().set_len(5 << 30).unwrap();
        fs::File::create(at("most")).unwrap().set_len(LARGEST).unwrap();
        fs::create_dir(at("folder")).unwrap();
        mknodat(CWD, at("fifo"), FileType::Fifo, Mode::RUSR, 0).unwrap();
        symlink("loop-b", at("loop-a")).unwrap();
        symlink("loop-a", at("loop-b")).unwrap();
        symlink("/nowhere", at("dangling")).unwrap();
        symlink("folder/../file", at("link")).unwrap();
        symlink("fifo", at("to-fifo")).unwrap();
        let deadline = Deadline::after(Duration::from_secs(8));
        let tree = Tree::new(folder.path(), &deadline);
        let rows = [
            ("/file", What::Content(b"text".to_vec()), None),
            ("/most", What::Content(vec![0; 1 << 20]), None),
            ("/huge", What::TooLarge, None),
            ("/folder", What::Special("a folder"), None),
            ("/fifo", What::Special("a FIFO"), None),
            ("/to-fifo", What::Special("a FIFO"), Some("/fifo")),
            ("/loop-a", What::Loop, Some("loop-b")),
            ("/dangling", What::Dangling, Some("/nowhere")),
            ("/link", What::Content(b"text".to_vec()), Some("/file")),
            ("/none", What::Missing, None),
            ("/file/none", What::Missing, None),
        ];
        for (path, what, link) in rows {
            let found = look(&tree, path, &deadline);
            assert_eq!((found.what, found.link.as_deref()), (what, link), "{path}");
        }
        assert!(!deadline.is_over());
    }

    #[test]
    fn a_link_leads_from_its_folder() {
        assert_eq!(
            resolve("/etc", "../run/systemd/resolve/stub-resolv.conf"),
            "/run/systemd/resolve/stub-resolv.conf"
        );
        assert_eq!(resolve("/etc", "/run/x"), "/run/x");
        assert_eq!(resolve("/", "../../x"), "/x");
    }
}
