//! The way to a file, folder by folder and link by link.

use std::os::fd::OwnedFd;

use host_config::Tree;
use rustix::fs::{FileType, OFlags, fstat, readlinkat};

use crate::found::ClosedFolder;

/// How many links the kernel follows on one way (path_resolution(7)).
const LINKS: usize = 40;

const EXAMINE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

/// Returns the first folder below the top of the tree, on the way to `path`, that users may not enter who are
/// neither its owner nor in its group: `None` if there is none, or if the way ends before.
pub(crate) fn closed_folder(tree: &Tree<'_>, path: &str) -> Option<ClosedFolder> {
    let mut rest: Vec<String> = parts(path);
    let (mut at, mut links) = (String::new(), 0);
    while let Some(part) = rest.pop() {
        if part == ".." {
            at.truncate(at.rfind('/').unwrap_or(0));
            continue;
        }
        let next = format!("{at}/{part}");
        let entry = tree.open(&next, EXAMINE).ok()?;
        let status = fstat(&entry).ok()?;
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Directory if status.st_mode & 0o001 == 0 => {
                return Some(ClosedFolder { path: next, mode: status.st_mode & 0o7777 });
            }
            FileType::Directory => at = next,
            FileType::Symlink if links < LINKS => {
                links += 1;
                let target = target(&entry)?;
                if target.starts_with('/') {
                    at.clear();
                }
                rest.extend(parts(&target));
            }
            _ => return None,
        }
    }
    None
}

/// Returns the parts of a path, the first one last.
fn parts(path: &str) -> Vec<String> {
    path.rsplit('/').filter(|part| !matches!(*part, "" | ".")).map(str::to_owned).collect()
}

fn target(link: &OwnedFd) -> Option<String> {
    readlinkat(link, "", Vec::new()).ok()?.into_string().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn the_first_closed_folder_is_found_behind_links() {
        let top = tempfile::tempdir().unwrap();
        let at = |path: &str| top.path().join(path);
        for folder in ["etc/below", "run/x/y", "open"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("etc/file"), "").unwrap();
        fs::write(at("run/x/y/file"), "").unwrap();
        symlink("/run/x/y/file", at("etc/absolute")).unwrap();
        symlink("../run/./x/y", at("etc/folder")).unwrap();
        symlink("loop", at("etc/loop")).unwrap();
        let close =
            |path: &str, mode| fs::set_permissions(at(path), fs::Permissions::from_mode(mode)).unwrap();
        let deadline = Deadline::after(Duration::from_secs(8));
        let tree = Tree::new(top.path(), &deadline);
        let found = |path: &str| {
            closed_folder(&tree, path).map(|folder| format!("{} {:04o}", folder.path, folder.mode))
        };
        let all = ["/etc/file", "/etc/absolute", "/etc/folder/file", "/etc/loop", "/none/x", "/etc/file/x"];
        assert_eq!(all.map(found), [const { None }; 6]);
        close("run/x", 0o750);
        let closed = Some("/run/x 0750".to_owned());
        assert_eq!(all.map(found), [None, closed.clone(), closed, None, None, None]);
        close("etc", 0o700);
        assert_eq!(found("/etc/absolute").as_deref(), Some("/etc 0700"));
        assert_eq!(found("/etc"), Some("/etc 0700".to_owned()));
        close("etc", 0o711);
        close("run/x/y", 0o000);
        close("run/x", 0o755);
        assert_eq!(found("/etc/folder/file").as_deref(), Some("/run/x/y 0000"));
    }
}
