//! The file tree whose configuration is read: this host's, that of an image, whose symbolic links must not
//! lead out of it, or one in memory.

use std::ffi::OsString;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStringExt;
use std::path::{Path, PathBuf};

use plugin::{Deadline, READ_FLAGS, ReadError, Step, read_opened};
use rustix::fs::{Dir, FileType, Mode, OFlags, ResolveFlags, fstat, open, openat2, readlinkat};
use rustix::io::Errno;

use addresses::{List, ListError};

use crate::memory::Files;
use crate::promise::{ConfigError, Promises};

/// The most that a configuration file may hold, in octets.
pub(crate) const LARGEST: u64 = 16 << 20;

/// A file tree; all paths are absolute inside it, and printed so.
#[derive(Clone, Debug)]
pub struct Tree<'a> {
    root: Root,
    deadline: &'a Deadline,
}

#[derive(Clone, Debug)]
enum Root {
    Disk(PathBuf),
    Memory(Files),
}

impl<'a> Tree<'a> {
    /// Returns the tree below `root`, "/" for this host's own.
    pub fn new(root: impl Into<PathBuf>, deadline: &'a Deadline) -> Self {
        Self { root: Root::Disk(root.into()), deadline }
    }

    /// Returns a tree of these files, each with its path and its content, and of the folders that they are
    /// in.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use host_config::{Source, Tree};
    /// use plugin::Deadline;
    ///
    /// let deadline = Deadline::after(Duration::from_secs(8));
    /// let tree = Tree::in_memory([("/var/cpanel/mainip", "192.0.2.1")], &deadline);
    /// let promises = Source::Cpanel.read(&tree)?.unwrap_or_default().promises;
    /// assert_eq!(promises[0].place.to_string(), "/var/cpanel/mainip line 1");
    /// # Ok::<(), host_config::ConfigError>(())
    /// ```
    pub fn in_memory<P: AsRef<str>, C: Into<Vec<u8>>>(
        files: impl IntoIterator<Item = (P, C)>,
        deadline: &'a Deadline,
    ) -> Self {
        let mut all = Files::default();
        files.into_iter().for_each(|(path, content)| all.insert(path.as_ref(), content.into()));
        Self { root: Root::Memory(all), deadline }
    }

    /// Opens `path` with these flags, for a program that looks at more than its content.
    ///
    /// # Errors
    /// The kernel's; `ENOSYS` for a tree in memory.
    pub fn open(&self, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
        match &self.root {
            Root::Disk(root) => open_inside(root, path, flags),
            Root::Memory(_) => Err(Errno::NOSYS),
        }
    }

    /// Begins a step that the watchdog names if it outlasts the deadline.
    pub(crate) fn step(&self, what: String) -> Step<'a> {
        self.deadline.step(what)
    }

    /// Returns whether these are the files of the machine that this program runs on.
    pub(crate) fn is_own(&self) -> bool {
        matches!(&self.root, Root::Disk(root) if root == Path::new("/"))
    }

    /// Returns whether there is a file or a folder `path`, readable or not.
    pub(crate) fn has(&self, path: &str) -> bool {
        let _step = self.deadline.step(format!("looking for {path}"));
        match &self.root {
            Root::Disk(root) => open_inside(root, path, OFlags::PATH | OFlags::CLOEXEC).is_ok(),
            Root::Memory(files) => files.read(path).is_ok() || files.names(path).is_ok(),
        }
    }

    /// Returns what the symbolic link `path` names: `None` if it is none, and in memory.
    pub(crate) fn link(&self, path: &str) -> Option<String> {
        let Root::Disk(root) = &self.root else { return None };
        let (folder, name) = path.rsplit_once('/')?;
        let folder = open_inside(root, folder, OFlags::PATH | OFlags::CLOEXEC).ok()?;
        readlinkat(&folder, name, Vec::new()).ok()?.into_string().ok()
    }

    /// Returns the content of the file `path`: `None` if there is no such file.
    ///
    /// # Errors
    /// [`ConfigError::Read`].
    pub fn read(&self, path: &str) -> Result<Option<Vec<u8>>, ConfigError> {
        let read = match &self.root {
            Root::Disk(root) => {
                read_opened(Path::new(path), LARGEST, self.deadline, || open_inside(root, path, READ_FLAGS))
            }
            Root::Memory(files) => files.read(path).map_err(|why| refused(path, why)).map(<[u8]>::to_vec),
        };
        match read {
            Ok(content) => Ok(Some(content)),
            Err(ReadError::Refused { why, .. }) if absent(&why) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Returns the first line of the file `path` without the blanks around it: `None` if it is empty, if
    /// there is no such file, if it cannot be read, and if it is no regular file, which might have to be
    /// waited for.
    pub(crate) fn line(&self, path: &str) -> Option<String> {
        if !self.is_plain(path, u64::MAX)? {
            return None;
        }
        let content = self.read(path).ok()??;
        let text = String::from_utf8_lossy(&content);
        text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
    }

    /// Returns whether `path` is a regular file of at most `limit` octets, which needs no waiting for: `None`
    /// if there is no such file, or if it cannot be looked at.
    pub(crate) fn is_plain(&self, path: &str, limit: u64) -> Option<bool> {
        let Root::Disk(root) = &self.root else { return Some(true) };
        let found = fstat(open_inside(root, path, OFlags::PATH | OFlags::CLOEXEC).ok()?).ok()?;
        let is_regular = FileType::from_raw_mode(found.st_mode) == FileType::RegularFile;
        Some(is_regular && u64::try_from(found.st_size).is_ok_and(|size| size <= limit))
    }

    /// Returns the type of `path` and its permissions, in memory none: `None` if there is no such file, or if
    /// it cannot be looked at.
    pub(crate) fn mode(&self, path: &str) -> Option<(FileType, Mode)> {
        let root = match &self.root {
            Root::Disk(root) => root,
            Root::Memory(files) if files.names(path).is_ok() => {
                return Some((FileType::Directory, Mode::empty()));
            }
            Root::Memory(_) => return None,
        };
        let found = fstat(open_inside(root, path, OFlags::PATH | OFlags::CLOEXEC).ok()?).ok()?;
        Some((FileType::from_raw_mode(found.st_mode), Mode::from_raw_mode(found.st_mode)))
    }

    /// Returns the plain list of addresses in the file `path`, with the lines that are not understood. `None`
    /// if there is no such file.
    ///
    /// # Errors
    /// [`ConfigError::Read`], and [`ConfigError::List`] if the list is empty.
    pub(crate) fn list(&self, path: &str) -> Result<Option<Promises>, ConfigError> {
        let Some(content) = self.read(path)? else { return Ok(None) };
        let (list, error) = List::parse_understood(path, 0, &content);
        let mut promises = Promises::from_list(list);
        match error {
            Some(ListError::Lines { lines, count, .. }) => promises.add_bad_lines(path, lines, count),
            Some(error) => return Err(error.into()),
            None => {}
        }
        Ok(Some(promises))
    }

    /// Returns the names in the folder `path`, sorted by their octets, without `.` and `..`: none if there is
    /// no such folder.
    ///
    /// # Errors
    /// [`ConfigError::Read`].
    pub fn names(&self, path: &str) -> Result<Vec<OsString>, ConfigError> {
        let _step = self.deadline.step(format!("reading {path}"));
        let names = match &self.root {
            Root::Disk(root) => names_inside(root, path),
            Root::Memory(files) => files.names(path),
        };
        match names {
            Err(Errno::NOENT | Errno::NOTDIR) => Ok(Vec::new()),
            names => names.map_err(|why| refused(path, why).into()),
        }
    }

    /// Checks that the tree itself can be opened.
    ///
    /// # Errors
    /// [`ConfigError::Read`], with the root's own name.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let Root::Disk(root) = &self.root else { return Ok(()) };
        let opened = open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty());
        opened.map(drop).map_err(|why| ReadError::Refused { path: root.clone(), why: why.into() }.into())
    }
}

/// Opens `path` inside the tree below `root`; of another tree than this host's own, symbolic links are
/// followed inside it.
fn open_inside(root: &Path, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    if root == Path::new("/") {
        return open(path, flags, Mode::empty());
    }
    let root = open(root, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let inside = path.trim_start_matches('/');
    openat2(&root, if inside.is_empty() { "." } else { inside }, flags, Mode::empty(), ResolveFlags::IN_ROOT)
}

fn names_inside(root: &Path, path: &str) -> Result<Vec<OsString>, Errno> {
    let folder = open_inside(root, path, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC)?;
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(OsString::from_vec(name));
        }
    }
    names.sort();
    Ok(names)
}

fn refused(path: &str, why: Errno) -> ReadError {
    ReadError::Refused { path: path.into(), why: why.into() }
}

fn absent(error: &std::io::Error) -> bool {
    matches!(error.kind(), std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory)
}
