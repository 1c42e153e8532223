//! The tree of copies as they should be: read only if no other user could have written it, and no larger than
//! it may be.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use plugin::{Deadline, reason};
use state::{Trust, read_trusted};

use crate::look::LARGEST;
use crate::options::FilePath;

/// The most files of a tree.
const MOST_FILES: usize = 256;
/// The most folders of a tree, and how deep it may be is less.
const MOST_FOLDERS: usize = 1024;

/// The files of the copies that messages advise: with those of `--name=reference`, as README.md has them.
const COMMON: &str = "etc/hostname etc/hosts etc/resolv.conf";

/// What a tree holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reference {
    /// Its files, in the order of their paths.
    pub(crate) copies: Vec<Copy>,
    /// Why other files in it, if there are any, are not known.
    pub(crate) closed: Vec<String>,
}

/// A file as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    pub(crate) path: String,
    /// Its content, or why that is not known.
    pub(crate) content: Result<Vec<u8>, String>,
    pub(crate) mode: u32,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// Explains why a tree cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ReferenceError {
    /// A folder cannot be listed.
    #[error("reading {}: {}", .0.display(), .1)]
    Folder(PathBuf, String),
    /// The folder does not exist.
    #[error("folder {at} does not exist: run mkdir -p {at}, then in / run cp -aL --parents {COMMON} {at}", at = .0.display())]
    Missing(PathBuf),
    /// Nothing to compare with.
    #[error("{} holds no file: copy those to check by cd / and cp -aL --parents {COMMON} {}", .0.display(), .0.display())]
    Empty(PathBuf),
    /// More files or folders than are read.
    #[error("{} holds more than {MOST_FILES} files or {MOST_FOLDERS} folders: choose by --file", .0.display())]
    TooMany(PathBuf),
}

/// Reads the files of the tree `top`: those named, or all of them.
pub(crate) fn read(top: &Path, named: &[FilePath], deadline: &Deadline) -> Result<Reference, ReferenceError> {
    let _step = deadline.step(format!("reading {}", top.display()));
    let mut closed = Vec::new();
    let mut paths: Vec<String> = named.iter().map(|path| path.as_str().to_owned()).collect();
    fs::metadata(top).map_err(|error| unusable(top, &error))?;
    if paths.is_empty() {
        (paths, closed) = list(top)?;
    }
    match paths.len() {
        0 if closed.is_empty() => return Err(ReferenceError::Empty(top.to_owned())),
        0..=MOST_FILES => {}
        _ => return Err(ReferenceError::TooMany(top.to_owned())),
    }
    paths.sort();
    closed.sort();
    Ok(Reference { copies: paths.into_iter().map(|path| copy(top, path, deadline)).collect(), closed })
}

/// Returns why there is no tree at `top`. A folder cannot be made at a dangling link.
fn unusable(top: &Path, error: &std::io::Error) -> ReferenceError {
    match (error.kind(), fs::symlink_metadata(top)) {
        (std::io::ErrorKind::NotFound, Ok(_)) => {
            ReferenceError::Folder(top.to_owned(), "a dangling link".to_owned())
        }
        (std::io::ErrorKind::NotFound, Err(_)) => ReferenceError::Missing(top.to_owned()),
        _ => ReferenceError::Folder(top.to_owned(), reason(error)),
    }
}

/// Reads one file of the tree `top`.
pub(crate) fn copy(top: &Path, path: String, deadline: &Deadline) -> Copy {
    let file = top.join(path.trim_start_matches('/'));
    let (mode, uid, gid, content) = match fs::symlink_metadata(&file) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            (0, 0, 0, Err(format!("{path} is not in {}", top.display())))
        }
        Err(error) => (0, 0, 0, Err(format!("reading {}: {}", file.display(), reason(&error)))),
        Ok(entry) if !entry.is_file() => {
            let advice = if entry.is_dir() {
                "is a folder: name its files, or leave out --file to check all"
            } else {
                "is not a regular file: copy the content by cp -aL"
            };
            (0, 0, 0, Err(format!("{} {advice}", file.display())))
        }
        Ok(entry) => {
            let content = read_trusted(&file, LARGEST, &Trust::CONFIGURATION, deadline);
            (entry.mode() & 0o7777, entry.uid(), entry.gid(), content.map_err(|error| joined(&error)))
        }
    };
    Copy { path, content, mode, uid, gid }
}

fn joined(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

/// Lists the paths of all entries that are no folders, and what else could not be listed. Links are not
/// followed.
fn list(top: &Path) -> Result<(Vec<String>, Vec<String>), ReferenceError> {
    let (mut paths, mut closed) = (Vec::new(), Vec::new());
    let mut folders = vec![top.to_owned()];
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        let failed = |error| ReferenceError::Folder(folder.clone(), reason(&error));
        seen += 1;
        let entries = match fs::read_dir(&folder).map_err(failed) {
            Err(error) if folder != top => {
                closed.push(error.to_string());
                continue;
            }
            entries => entries?,
        };
        for entry in entries {
            let entry = entry.map_err(failed)?;
            if entry.file_type().map_err(failed)?.is_dir() {
                folders.push(entry.path());
            } else {
                let path = entry.path();
                match path.strip_prefix(top).unwrap_or(&path).to_str() {
                    Some(inside) if inside.contains(char::is_control) => {
                        closed.push(format!("reading {}: its name has a control character", path.display()));
                    }
                    Some(inside) => paths.push(format!("/{inside}")),
                    None => closed.push(format!("reading {}: its name is not UTF-8", path.display())),
                }
            }
            if paths.len() + closed.len() > MOST_FILES || folders.len() + seen > MOST_FOLDERS {
                return Err(ReferenceError::TooMany(top.to_owned()));
            }
        }
    }
    Ok((paths, closed))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    use std::time::Duration;

    use super::*;

    fn tree(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let file = folder.path().join(path);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
        }
        folder
    }

    /// A path, and its content or why that is not known.
    type Row = (String, Result<String, String>);

    fn read_all(top: &Path, named: &[&str]) -> Result<Vec<Row>, String> {
        let named: Vec<FilePath> = named.iter().map(|path| path.parse().unwrap()).collect();
        let found =
            read(top, &named, &Deadline::after(Duration::from_secs(8))).map_err(|error| error.to_string())?;
        Ok(found
            .copies
            .into_iter()
            .map(|copy| (copy.path, copy.content.map(|text| String::from_utf8(text).unwrap())))
            .collect())
    }

    #[test]
    fn every_file_of_the_tree_or_those_named() {
        let folder = tree(&[("etc/hosts", "h"), ("etc/ntp/ntp.conf", "n"), ("a", "")]);
        let row = |path: &str, text: &str| (path.to_owned(), Ok(text.to_owned()));
        let all = vec![row("/a", ""), row("/etc/hosts", "h"), row("/etc/ntp/ntp.conf", "n")];
        assert_eq!(read_all(folder.path(), &[]), Ok(all));
        let missing = Err(format!("/etc/passwd is not in {}", folder.path().display()));
        let named = vec![row("/etc/hosts", "h"), ("/etc/passwd".to_owned(), missing)];
        assert_eq!(read_all(folder.path(), &["/etc/passwd", "//etc/hosts"]), Ok(named));
    }

    #[test]
    fn what_others_could_have_written_is_refused() {
        let folder = tree(&[("etc/hosts", "h"), ("etc/resolv.conf", "r")]);
        let hosts = folder.path().join("etc/hosts");
        fs::set_permissions(&hosts, fs::Permissions::from_mode(0o666)).unwrap();
        symlink("/etc/passwd", folder.path().join("etc/linked")).unwrap();
        let found = read_all(folder.path(), &[]).unwrap();
        assert!(found[0].1.as_ref().unwrap_err().contains(&*hosts.to_string_lossy()), "{found:?}");
        assert!(found[1].1.as_ref().unwrap_err().contains("etc/linked is not a regular file"), "{found:?}");
        assert_eq!(found[2].1, Ok("r".to_owned()));
        fs::set_permissions(folder.path().join("etc"), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(read_all(folder.path(), &["/etc/resolv.conf"]).unwrap()[0].1.is_err());
    }

    #[test]
    fn what_cannot_be_listed_hides_nothing_else() {
        let folder = tree(&[("etc/hosts", "h"), ("etc/a\nb", "n")]);
        let found = read(folder.path(), &[], &Deadline::after(Duration::from_secs(8))).unwrap();
        assert_eq!(found.copies.iter().map(|copy| copy.path.as_str()).collect::<Vec<_>>(), ["/etc/hosts"]);
        assert!(found.closed[0].ends_with(": its name has a control character"), "{:?}", found.closed);
    }

    #[test]
    fn a_tree_is_neither_empty_nor_endless() {
        let folder = tree(&[]);
        assert!(read_all(folder.path(), &[]).unwrap_err().contains("holds no file"));
        let none = folder.path().join("below/none");
        let text = format!(
            "folder {0} does not exist: run mkdir -p {0}, then in / run cp -aL --parents etc/hostname \
             etc/hosts etc/resolv.conf {0}",
            none.display()
        );
        for named in [&[][..], &["/etc/hosts"]] {
            let error = read_all(&none, named).unwrap_err();
            assert_eq!(error, text);
        }
        let link = folder.path().join("link");
        symlink("below/none", &link).unwrap();
        let error = read_all(&link, &[]).unwrap_err();
        assert_eq!(error, format!("reading {}: a dangling link", link.display()));
        fs::remove_file(link).unwrap();
        for number in 0..257 {
            fs::write(folder.path().join(number.to_string()), "").unwrap();
            let is_refused =
                read_all(folder.path(), &[]).is_err_and(|error| error.contains("more than 256 files"));
            assert_eq!(is_refused, number == 256);
        }
        fs::remove_file(folder.path().join("256")).unwrap();
        fs::File::create(folder.path().join("0")).unwrap().set_len(LARGEST + 1).unwrap();
        assert!(
            read_all(folder.path(), &["/0"]).unwrap()[0]
                .1
                .as_ref()
                .unwrap_err()
                .contains("larger than 1048576 octets")
        );
    }
}
