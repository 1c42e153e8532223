//! The way to a file, folder by folder and link by link.

use std::os::fd::OwnedFd;

use host_config::Tree;
use rustix::fs::{FileType, OFlags, fstat, readlinkat};

use crate::found::{ClosedFolder, Links};

/// How many links the kernel follows on one way (path_resolution(7)).
const LINKS: usize = 40;

const EXAMINE: OFlags = OFlags::PATH.union(OFlags::CLOEXEC).union(OFlags::NOFOLLOW);

/// The closed folder and the links on the way to a file.
#[derive(Debug, Default)]
pub(crate) struct Way {
    /// The first folder below the top of the tree that other users (neither its owner nor in its group) may
    /// not enter.
    pub(crate) closed: Option<ClosedFolder>,
    /// The links on the way.
    pub(crate) links: Option<Links>,
}

/// Follows the way to `path`, as far as it exists.
pub(crate) fn way(tree: &Tree<'_>, path: &str) -> Way {
    let (mut closed, mut youngest, mut followed) = (None, None, 0);
    let mut rest: Vec<String> = parts(path);
    let mut at = String::new();
    while let Some(part) = rest.pop() {
        if part == ".." {
            at.truncate(at.rfind('/').unwrap_or(0));
            continue;
        }
        let next = format!("{at}/{part}");
        let entry = tree.open(&next, EXAMINE).ok().and_then(|entry| Some((fstat(&entry).ok()?, entry)));
        let Some((status, entry)) = entry else {
            at = next;
            break;
        };
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Symlink if followed < LINKS => {
                followed += 1;
                youngest = youngest.max(Some(status.st_ctime));
                let Some(target) = target(&entry) else { break };
                if target.starts_with('/') {
                    at.clear();
                }
                rest.extend(parts(&target));
                continue;
            }
            FileType::Directory if status.st_mode & 0o001 == 0 => {
                closed = closed.or(Some(ClosedFolder { path: next.clone(), mode: status.st_mode & 0o7777 }));
            }
            FileType::Directory => {}
            _ => {
                at = next;
                break;
            }
        }
        at = next;
    }
    let left: String = rest.iter().rev().map(|part| format!("/{part}")).collect();
    Way { closed, links: youngest.map(|changed| Links { changed, lead_to: at + &left }) }
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
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
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
        let found =
            |path: &str| way(&tree, path).closed.map(|folder| format!("{} {:04o}", folder.path, folder.mode));
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

    #[test]
    fn the_links_lead_to_a_path_and_the_youngest_counts() {
        let top = tempfile::tempdir().unwrap();
        let at = |path: &str| top.path().join(path);
        for folder in ["etc/resolvconf", "run/resolvconf", "run/empty"] {
            fs::create_dir_all(at(folder)).unwrap();
        }
        fs::write(at("run/resolvconf/resolv.conf"), "").unwrap();
        symlink("/run/resolvconf", at("etc/resolvconf/run")).unwrap();
        symlink("resolvconf/run/resolv.conf", at("etc/resolv.conf")).unwrap();
        symlink("../run/./none/below/x", at("etc/dangling")).unwrap();
        symlink("loop", at("etc/loop")).unwrap();
        let deadline = Deadline::after(Duration::from_secs(8));
        let tree = Tree::new(top.path(), &deadline);
        let lead_to = |path: &str| way(&tree, path).links.map(|links| links.lead_to);
        let rows = [
            ("/etc/resolv.conf", Some("/run/resolvconf/resolv.conf")),
            ("/etc/resolvconf/run/resolv.conf", Some("/run/resolvconf/resolv.conf")),
            ("/etc/resolvconf/run/none/x", Some("/run/resolvconf/none/x")),
            ("/etc/dangling", Some("/run/none/below/x")),
            ("/etc/loop", Some("/etc/loop")),
            ("/run/resolvconf/resolv.conf", None),
            ("/none", None),
        ];
        for (path, target) in rows {
            assert_eq!(lead_to(path).as_deref(), target, "{path}");
        }
        let changed = |path: &str| fs::symlink_metadata(at(path)).unwrap().ctime();
        let youngest = changed("etc/resolv.conf").max(changed("etc/resolvconf/run"));
        assert_eq!(way(&tree, "/etc/resolv.conf").links.unwrap().changed, youngest);
    }
}
