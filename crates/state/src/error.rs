//! Why something on disk is not used: each message names it and says what to do.

use std::io;
use std::path::{Path, PathBuf};

use plugin::{ReadError, reason};
use rustix::io::Errno;

/// Why a file or folder is not used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The system refused.
    #[error("{doing} {}: {}", .path.display(), reason(.why))]
    Refused {
        /// What was tried, as in "writing".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// Another user could have made or changed it, or can read it.
    #[error("{}", explain(.path, .fault))]
    Untrusted {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it.
        fault: Fault,
    },
    /// It cannot be read, or is larger than it may be.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It would grow beyond its limit.
    #[error("{}: full, it may hold {limit} octets", .path.display())]
    Full {
        /// The file.
        path: PathBuf,
        /// The limit, in octets.
        limit: u64,
    },
    /// Another process held its lock for too long.
    #[error("{}: locked by another process", .0.display())]
    Locked(PathBuf),
    /// The folder in which checks keep their state cannot be used; the text says which command makes it.
    #[error("{0}")]
    NoPlace(String),
}

/// What is wrong with a file or folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// Something else stands there.
    NotFolder,
    /// A folder, device, FIFO or socket stands there.
    NotFile,
    /// A symbolic link where the file itself must stand.
    Link,
    /// The folder is a symbolic link, which is refused.
    LinkToFolder,
    /// More symbolic links than the kernel follows too.
    Loop,
    /// It belongs to another user, where only the one who runs this may own it.
    Another {
        /// The owner's number.
        owner: u32,
        /// The number of the user who runs this.
        own: u32,
    },
    /// It belongs to another user, where root may own it.
    NotRoots {
        /// The owner's number.
        owner: u32,
    },
    /// Others can write it.
    Writable,
    /// A folder in which every user can make files, as /tmp, where what is obeyed must stand alone.
    Shared,
    /// Others can look into it.
    Accessible {
        /// Whether it is a folder.
        is_folder: bool,
    },
    /// It has other names, perhaps where others chose them.
    HardLinks(u64),
}

/// Says what is wrong, and first the command that mends it, where there is one.
fn explain(path: &Path, fault: &Fault) -> String {
    let path = path.display();
    match fault {
        Fault::NotFolder => format!("{path}: not a folder"),
        Fault::NotFile => format!("{path}: not a regular file"),
        Fault::Link => format!("{path}: a symbolic link, name the file itself"),
        Fault::LinkToFolder => format!("{path}: a symbolic link, name the folder itself"),
        Fault::Loop => format!("{path}: too many symbolic links"),
        Fault::Another { owner, own: 0 } => {
            format!("{path}: belongs to uid {owner}, run this as that user, not as root")
        }
        Fault::Another { owner: 0, own } => format!("chown -R {own} {path}: it belongs to root"),
        Fault::Another { owner, own } => {
            format!("{path}: belongs to uid {owner}, and this runs as uid {own}")
        }
        Fault::NotRoots { owner } => format!("chown root {path}: it belongs to uid {owner}"),
        Fault::Shared => {
            format!("{path}: other users can add files there, use a folder that only root can write")
        }
        Fault::Writable => format!("chmod go-w {path}: others can write it"),
        Fault::Accessible { is_folder: true } => format!("chmod 0700 {path}: others have access to it"),
        Fault::Accessible { is_folder: false } => format!("chmod 0600 {path}: others have access to it"),
        Fault::HardLinks(number) => format!("{path}: has {number} hard links, it must have one"),
    }
}

impl StateError {
    /// Returns whether the file or folder, or one above it, does not exist.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Refused { why, .. } | Self::Read(ReadError::Refused { why, .. }) => {
                why.kind() == io::ErrorKind::NotFound
            }
            _ => false,
        }
    }

    /// Returns what turns the system's refusal into an error.
    pub(crate) fn refused(doing: &'static str, path: &Path) -> impl FnOnce(Errno) -> Self {
        move |errno| Self::Refused { doing, path: path.to_owned(), why: errno.into() }
    }

    /// Returns what turns an error of the standard library into ours.
    pub(crate) fn failed(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |why| Self::Refused { doing, path: path.to_owned(), why }
    }

    pub(crate) fn untrusted(path: &Path, fault: Fault) -> Self {
        Self::Untrusted { path: path.to_owned(), fault }
    }

    /// Replaces the system's error for an entry that is not a folder by a precise one. The system has the
    /// same error for a link and for a file.
    pub(crate) fn not_a_folder(self) -> Self {
        let path = match &self {
            Self::Refused { path, why, .. } if why.kind() == io::ErrorKind::NotADirectory => path,
            Self::Untrusted { path, fault: Fault::Link } => path,
            _ => return self,
        };
        let is_link = path.is_dir() && path.is_symlink();
        Self::untrusted(path, if is_link { Fault::LinkToFolder } else { Fault::NotFolder })
    }
}
