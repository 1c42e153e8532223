//! Looks at one path without ever waiting for it: what it is comes before it is opened for reading, and only
//! a regular file is.

use std::fs;
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Component, Path, PathBuf};

use host_config::Tree;
use plugin::{Deadline, READ_FLAGS, ReadError, read_opened, reason};
use rustix::fd::OwnedFd;
use rustix::fs::{
    AtFlags, FileType, OFlags, Stat, StatxAttributes, StatxFlags, fstat, makedev, readlinkat, statx,
};
use rustix::io::Errno;

use crate::found::{Bits, DEVICE, Found, Status, What};

/// The most octets that are read of one file.
pub(crate) const LARGEST: u64 = 1 << 20;

/// The most octets of a file that the C library reads for each look-up of a name: more take too long.
const LARGEST_OF_LOOKUP: u64 = 16 << 20;

/// /dev/null, which is an empty file to who reads it.
const NULL: (u32, u32) = (1, 3);

const EXAMINE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC);

/// Looks at `path` in the tree.
pub(crate) fn look(tree: &Tree<'_>, path: &str, deadline: &Deadline) -> Found {
    let _step = deadline.step(format!("examining {path}"));
    let folder = Path::new(path).parent().and_then(Path::to_str).unwrap_or("/");
    let folder_bits = tree.open(folder, EXAMINE).ok().and_then(|folder| attributes(&folder).0);
    let nothing = |link, what| Found { link, what, folder_bits, ..Found::default() };
    let entry = match tree.open(path, EXAMINE | OFlags::NOFOLLOW) {
        Ok(entry) => entry,
        Err(errno) => return nothing(None, absent(errno, What::Missing)),
    };
    let target = readlinkat(&entry, "", Vec::new()).ok();
    let link = target.map(|target| resolve(folder, &target.to_string_lossy()));
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
    let what = examine(tree, path, &status, deadline);
    Found { link, what, status: Some(describe(&file, &status)), folder_bits, ..Found::default() }
}

fn absent(errno: Errno, missing: What) -> What {
    match errno {
        Errno::NOENT | Errno::NOTDIR => missing,
        Errno::LOOP => What::Loop,
        errno => What::Unreadable(reason(&errno.into())),
    }
}

fn examine(tree: &Tree<'_>, path: &str, status: &Stat, deadline: &Deadline) -> What {
    match special(status) {
        Some(kind) => What::Special(kind),
        None if is_larger(status, LARGEST) => What::TooLarge,
        None => read(tree, path, deadline),
    }
}

/// Returns what it is, if it is not a regular file.
fn special(status: &Stat) -> Option<&'static str> {
    match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile => None,
        FileType::Directory => Some("a folder"),
        FileType::Fifo => Some("a FIFO"),
        FileType::Socket => Some("a socket"),
        _ => Some(DEVICE),
    }
}

fn is_larger(status: &Stat, limit: u64) -> bool {
    u64::try_from(status.st_size).is_ok_and(|size| size > limit)
}

/// Returns the content of a file that only explains others: `None` if it is no regular file of at most 1 MiB,
/// or cannot be read.
pub(crate) fn content(tree: &Tree<'_>, path: &str, deadline: &Deadline) -> Option<Vec<u8>> {
    let status = fstat(tree.open(path, EXAMINE).ok()?).ok()?;
    match examine(tree, path, &status, deadline) {
        What::Content(content) => Some(content),
        _ => None,
    }
}

/// Returns why a program that reads this file would wait for it, or read for long: `None` if it would not.
pub(crate) fn obstacle(tree: &Tree<'_>, path: &str) -> Option<String> {
    let status = fstat(tree.open(path, EXAMINE).ok()?).ok()?;
    match FileType::from_raw_mode(status.st_mode) {
        FileType::RegularFile if is_larger(&status, LARGEST_OF_LOOKUP) => {
            Some(format!("{path} is larger than {} MiB", LARGEST_OF_LOOKUP >> 20))
        }
        FileType::Fifo => Some(format!("{path} is a FIFO")),
        FileType::CharacterDevice | FileType::BlockDevice if status.st_rdev != makedev(NULL.0, NULL.1) => {
            Some(format!("{path} is a device"))
        }
        _ => None,
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
    let (bits, is_mount) = attributes(file);
    Status {
        mode: status.st_mode & 0o7777,
        uid: status.st_uid,
        gid: status.st_gid,
        changed: status.st_ctime,
        bits,
        is_mount,
    }
}

/// Returns the immutable and the append-only bit, `None` if the file system does not tell, and whether the
/// file is the root of a mount. No permission on the file is needed for that, and no ioctl.
fn attributes(file: &OwnedFd) -> (Option<Bits>, bool) {
    let Ok(found) = statx(file, "", AtFlags::EMPTY_PATH, StatxFlags::BASIC_STATS) else {
        return (None, false);
    };
    let tells = found.stx_attributes_mask.contains(StatxAttributes::IMMUTABLE);
    let has = |bit| found.stx_attributes.contains(bit);
    let bits = Bits { immutable: has(StatxAttributes::IMMUTABLE), append_only: has(StatxAttributes::APPEND) };
    (tells.then_some(bits), found.stx_attributes.contains(StatxAttributes::MOUNT_ROOT))
}

/// Whether some user may not enter a folder between the root of the tree and the file, links followed: then
/// the content is not for all, whatever the mode of the file.
pub(crate) fn is_sheltered(tree: &Tree<'_>, path: &str) -> bool {
    let real = |path| {
        let file = tree.open(path, EXAMINE).ok()?;
        fs::read_link(format!("/proc/self/fd/{}", file.as_raw_fd())).ok()
    };
    match (real("/"), real(path)) {
        (Some(root), Some(file)) => is_below_private(&root, &file),
        _ => true,
    }
}

/// Whether some user may not enter a folder between `top` and `file`.
pub(crate) fn is_below_private(top: &Path, file: &Path) -> bool {
    let folders = file.ancestors().skip(1).take_while(|folder| *folder != top);
    let is_open = |folder: &Path| fs::metadata(folder).is_ok_and(|status| status.mode() & 0o011 == 0o011);
    !folders.into_iter().all(is_open)
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
    use std::os::unix::fs::{PermissionsExt as _, symlink};
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
        symlink("../run/./x", at("folder/dangling")).unwrap();
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
            ("/loop-a", What::Loop, Some("/loop-b")),
            ("/dangling", What::Dangling, Some("/nowhere")),
            ("/folder/dangling", What::Dangling, Some("/run/x")),
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
    fn what_only_explains_is_read_if_that_is_quick() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "text").unwrap();
        fs::File::create(at("large")).unwrap().set_len(LARGEST + 1).unwrap();
        fs::File::create(at("most")).unwrap().set_len(LARGEST_OF_LOOKUP).unwrap();
        fs::File::create(at("huge")).unwrap().set_len(5 << 30).unwrap();
        mknodat(CWD, at("fifo"), FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        // With a writer, a reader would wait for what it writes.
        let _writer = fs::File::options().read(true).write(true).open(at("fifo")).unwrap();
        let deadline = Deadline::after(Duration::from_secs(8));
        let tree = Tree::new(folder.path(), &deadline);
        let rows = [
            ("/file", Some(4), None),
            ("/large", None, None),
            ("/most", None, None),
            ("/huge", None, Some("/huge is larger than 16 MiB")),
            ("/fifo", None, Some("/fifo is a FIFO")),
            ("/none", None, None),
            ("/", None, None),
        ];
        for (path, size, why) in rows {
            assert_eq!(content(&tree, path, &deadline).map(|content| content.len()), size, "{path}");
            assert_eq!(obstacle(&tree, path).as_deref(), why);
        }
        let own = Tree::new("/", &deadline);
        assert_eq!(obstacle(&own, "/dev/null"), None);
        assert_eq!(obstacle(&own, "/dev/zero").as_deref(), Some("/dev/zero is a device"));
        assert!(!deadline.is_over());
    }

    #[test]
    fn a_closed_folder_shelters_what_is_below_it() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("open/below")).unwrap();
        fs::create_dir_all(at("closed/below")).unwrap();
        for name in ["open/file", "closed/file", "closed/below/file", "file"] {
            fs::write(at(name), "").unwrap();
        }
        for name in ["open", "open/below", "closed/below"] {
            fs::set_permissions(at(name), fs::Permissions::from_mode(0o755)).unwrap();
        }
        fs::set_permissions(at("closed"), fs::Permissions::from_mode(0o750)).unwrap();
        symlink("/closed/file", at("open/link")).unwrap();
        symlink("../open/file", at("closed/link")).unwrap();
        let deadline = Deadline::after(Duration::from_secs(8));
        let tree = Tree::new(folder.path(), &deadline);
        let rows = [
            ("/file", false),
            ("/open/file", false),
            ("/closed/file", true),
            ("/closed/below/file", true),
            ("/open/link", true),
            ("/closed/link", false),
            ("/none", true),
        ];
        for (path, expected) in rows {
            assert_eq!(is_sheltered(&tree, path), expected, "{path}");
        }
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
