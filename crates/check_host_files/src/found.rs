//! What is at a file's path.

/// One path as it was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where the link at this path leads: `None` if it is no link.
    pub link: Option<String>,
    /// What is there, links followed.
    pub what: What,
    /// Its owner, mode, times and attributes: `None` if nothing is there.
    pub status: Option<Status>,
    /// Whether its folder is immutable or append-only: `None` if the file system does not tell.
    pub locked_folder: Option<bool>,
}

/// What is at a path, links followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A regular file and its content.
    Content(Vec<u8>),
    /// A regular file with the octets of its copy, which are not kept.
    SameAsCopy,
    /// Nothing.
    Missing,
    /// A link to nothing.
    Dangling,
    /// Links in a circle.
    Loop,
    /// Something that is not a regular file, in words.
    Special(&'static str),
    /// A regular file of more octets than are read.
    TooLarge,
    /// It cannot be read, and the system's reason.
    Unreadable(String),
}

/// Owner, mode, times and attributes of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Status {
    /// The permission bits.
    pub mode: u32,
    /// The owner.
    pub uid: u32,
    /// The group.
    pub gid: u32,
    /// When its inode changed, in seconds since 1970. Unlike the time of its content, no program can set it
    /// back.
    pub changed: i64,
    /// Whether it is immutable or append-only: `None` if the file system does not tell.
    pub locked: Option<bool>,
    /// Whether something is mounted on this very file, as container engines do.
    pub is_mount: bool,
}

impl Status {
    /// Whether every user may read it.
    pub(crate) fn is_public(&self) -> bool {
        self.mode & 0o004 != 0
    }
}

impl Found {
    /// Whether the file, or its folder, is immutable or append-only.
    pub(crate) fn is_locked(&self) -> bool {
        self.status.is_some_and(|status| status.locked == Some(true)) || self.locked_folder == Some(true)
    }
}
