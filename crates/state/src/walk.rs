//! Opening a path with every component from `/` on checked, so that no other user can lead it elsewhere.
//!
//! Each component is opened by the descriptor of the one above it and checked by its own descriptor: what is
//! checked is what is used, whatever is renamed meanwhile. Symbolic links are read here and not by the
//! kernel. One is followed where its owner is trusted, and its target is walked in the same way.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, Stat, fstat, openat, readlinkat};
use rustix::io::Errno;

use crate::error::{Fault, StateError};
use crate::trust::{Above, Owner, check_owner, check_way};

/// As many symbolic links as Linux follows itself (path_resolution(7)).
const MOST_LINKS: usize = 40;
/// For every file: no link in the last component, not inherited by programs, no waiting for the writer of a
/// FIFO, and no terminal becomes the controlling one.
const SAFE: OFlags = OFlags::NOFOLLOW.union(OFlags::CLOEXEC).union(OFlags::NONBLOCK).union(OFlags::NOCTTY);

/// Opens a file or folder: the folders above it are checked as `above` says, what is opened is not.
pub(crate) fn open(
    path: &Path,
    above: Above,
    follow: bool,
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, StateError> {
    if above == Above::Unchecked {
        return openat(CWD, path, flags | SAFE, mode).map_err(refusal(path));
    }
    let mut walk = Walk::start(path, above)?;
    while let Some(name) = walk.rest.pop_front() {
        if walk.rest.is_empty() {
            match openat(&walk.folder, &name, flags | SAFE, mode) {
                Err(Errno::LOOP | Errno::NOTDIR) if follow => walk.enter(&name)?,
                opened => return opened.map_err(refusal(&walk.at.join(&name))),
            }
        } else {
            walk.enter(&name)?;
        }
    }
    Err(StateError::untrusted(path, Fault::NotFile))
}

/// Opens a file by the descriptor of its folder.
pub(crate) fn open_in(
    folder: &OwnedFd,
    path: &Path,
    name: &str,
    flags: OFlags,
    mode: Mode,
) -> Result<OwnedFd, StateError> {
    openat(folder, name, flags | SAFE, mode).map_err(refusal(path))
}

fn refusal(path: &Path) -> impl FnOnce(Errno) -> StateError {
    move |errno| match errno {
        Errno::LOOP => StateError::untrusted(path, Fault::Link),
        errno => StateError::refused("opening", path)(errno),
    }
}

/// A path that is being walked.
struct Walk {
    above: Above,
    /// The folder that was reached, and its path without links.
    folder: OwnedFd,
    at: PathBuf,
    /// What is left of the path.
    rest: VecDeque<OsString>,
    links: usize,
}

impl Walk {
    fn start(path: &Path, above: Above) -> Result<Self, StateError> {
        let whole = std::path::absolute(path).map_err(StateError::failed("finding", path))?;
        let (folder, at) = root()?;
        let mut walk = Self { above, folder, at, rest: VecDeque::new(), links: 0 };
        walk.put_before(&whole);
        let status = status(&walk.folder, &walk.at)?;
        walk.check(&walk.at, &status)?;
        Ok(walk)
    }

    /// Goes on with the components of `path`, and then with the rest.
    fn put_before(&mut self, path: &Path) {
        let names = path.components().filter_map(|component| match component {
            Component::Normal(name) => Some(name.to_owned()),
            Component::ParentDir => Some(OsString::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        });
        let names: Vec<OsString> = names.collect();
        names.into_iter().rev().for_each(|name| self.rest.push_front(name));
    }

    /// Goes into a folder, or puts a link's target in place of its name.
    fn enter(&mut self, name: &OsStr) -> Result<(), StateError> {
        let path = self.at.join(name);
        let entry =
            openat(&self.folder, name, OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
        let entry = entry.map_err(refusal(&path))?;
        let status = status(&entry, &path)?;
        match FileType::from_raw_mode(status.st_mode) {
            FileType::Symlink => return self.follow(&entry, &path, &status),
            FileType::Directory => self.check(&path, &status)?,
            _ => return Err(StateError::untrusted(&path, Fault::NotFolder)),
        }
        self.folder = entry;
        if name == ".." {
            self.at.pop();
        } else {
            self.at = path;
        }
        Ok(())
    }

    fn check(&self, path: &Path, status: &Stat) -> Result<(), StateError> {
        check_way(path, status, self.above, self.rest.len() == 1)
    }

    fn follow(&mut self, link: &OwnedFd, path: &Path, status: &Stat) -> Result<(), StateError> {
        check_owner(path, status, Owner::OwnOrRoot)?;
        self.links += 1;
        if self.links > MOST_LINKS {
            return Err(StateError::untrusted(path, Fault::Loop));
        }
        let target =
            readlinkat(link, "", Vec::new()).map_err(StateError::refused("reading the link", path))?;
        let target = PathBuf::from(OsString::from_vec(target.into_bytes()));
        if target.is_absolute() {
            (self.folder, self.at) = root()?;
        }
        self.put_before(&target);
        Ok(())
    }
}

fn root() -> Result<(OwnedFd, PathBuf), StateError> {
    let at = PathBuf::from("/");
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let folder = openat(CWD, &at, flags, Mode::empty()).map_err(refusal(&at))?;
    Ok((folder, at))
}

pub(crate) fn status(file: &OwnedFd, path: &Path) -> Result<Stat, StateError> {
    fstat(file).map_err(StateError::refused("reading the status of", path))
}
