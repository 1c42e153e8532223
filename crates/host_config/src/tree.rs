//! The file tree whose configuration is read: this host's, or that of an image or a test, whose symbolic links must not lead out
//! of it.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use plugin::{Deadline, READ_FLAGS, ReadError, read_opened};
use rustix::fs::{CWD, Dir, Mode, OFlags, ResolveFlags, open, openat2};
use rustix::io::Errno;

use addresses::List;

use crate::promise::ConfigError;

/// The most that a configuration file may hold, in octets.
const LARGEST: u64 = 16 << 20;

/// A file tree; all paths are absolute inside it, and printed so.
#[derive(Clone, Debug)]
pub struct Tree<'a> {
    root: PathBuf,
    deadline: &'a Deadline,
}

impl<'a> Tree<'a> {
    /// The tree below `root`, "/" for this host's own.
    pub fn new(root: impl Into<PathBuf>, deadline: &'a Deadline) -> Self {
        Self { root: root.into(), deadline }
    }

    /// The content of the file `path`: none if there is no such file.
    ///
    /// # Errors
    /// [`ConfigError::Read`].
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ConfigError> {
        match read_opened(Path::new(path), LARGEST, self.deadline, || self.open(path, READ_FLAGS)) {
            Ok(content) => Ok(Some(content)),
            Err(ReadError::Refused { why, .. }) if absent(&why) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The plain list of addresses in the file `path`: none if there is no such file.
    ///
    /// # Errors
    /// [`ConfigError::Read`] and [`ConfigError::List`].
    pub fn list(&self, path: &str) -> Result<Option<List>, ConfigError> {
        let content = self.read(path)?;
        content.map(|content| List::parse(path, 0, &content).map_err(ConfigError::from)).transpose()
    }

    /// The names in the folder `path`, sorted by their octets, without `.` and `..`: none if there is no such folder.
    ///
    /// # Errors
    /// [`ConfigError::Read`].
    pub fn names(&self, path: &str) -> Result<Vec<OsString>, ConfigError> {
        let _step = self.deadline.step(format!("reading {path}"));
        let refused = |why: Errno| ReadError::Refused { path: path.into(), why: why.into() };
        let folder = match self.open(path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC) {
            Ok(folder) => folder,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(Vec::new()),
            Err(errno) => return Err(refused(errno).into()),
        };
        let mut names = Vec::new();
        for entry in Dir::read_from(folder).map_err(refused)? {
            let name = entry.map_err(refused)?.file_name().to_bytes().to_vec();
            if name != b"." && name != b".." {
                names.push(std::os::unix::ffi::OsStringExt::from_vec(name));
            }
        }
        names.sort();
        Ok(names)
    }

    /// Opens `path` inside the tree; of another tree than this host's own, symbolic links are followed inside it.
    fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        if self.root == Path::new("/") {
            return open(path, flags, Mode::empty());
        }
        let root = open(&self.root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let inside = path.trim_start_matches('/');
        openat2(&root, if inside.is_empty() { "." } else { inside }, flags, Mode::empty(), ResolveFlags::IN_ROOT)
    }

    /// Whether the tree itself can be opened.
    ///
    /// # Errors
    /// [`ConfigError::Read`], with the root's own name.
    pub fn check(&self) -> Result<(), ConfigError> {
        let opened = rustix::fs::openat(CWD, &self.root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        opened.map(drop).map_err(|why| ReadError::Refused { path: self.root.clone(), why: why.into() }.into())
    }
}

fn absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
