//! What is at a file's path.

/// One path as it was found: by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Where the link at this path leads: `None` if it is not a link.
    pub link: Option<String>,
    /// The links on the way to it, of folders too. `None` if there are none.
    pub links: Option<Links>,
    /// What is there, links followed.
    pub what: What,
    /// Its owner, mode, times and attributes: `None` if nothing is there.
    pub status: Option<Status>,
    /// Whether some user may not enter a folder above the file, or above its copy. Only found out where the
    /// file is odd.
    pub is_sheltered: bool,
    /// The first folder on the way to it, links followed, that other users may not enter. Only found out of
    /// the files that every program reads.
    pub closed: Option<ClosedFolder>,
    /// The bits of its folder: `None` if the file system does not tell.
    pub folder_bits: Option<Bits>,
}

/// The links on the way to a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Links {
    /// The time at which the youngest of their inodes changed, in seconds since 1970.
    pub changed: i64,
    /// The path that they lead to, also if it does not exist.
    pub lead_to: String,
}

/// A folder that other users may not enter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClosedFolder {
    /// Its path.
    pub path: String,
    /// Its permission bits.
    pub mode: u32,
}

/// What is at a path, links followed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum What {
    /// A regular file and its content.
    Content(Vec<u8>),
    /// A regular file with the octets of its copy, which are not kept.
    SameAsCopy,
    /// Nothing.
    #[default]
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

/// The words for a device in [`What::Special`].
pub(crate) const DEVICE: &str = "a device";

/// The bits that keep even root from changing a file (chattr(1)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Bits {
    /// Neither its content nor its name can change; of a folder, no entry comes or goes.
    pub immutable: bool,
    /// Its content can only grow; of a folder, entries can only be added.
    pub append_only: bool,
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
    /// Its bits: `None` if the file system does not tell.
    pub bits: Option<Bits>,
    /// Whether something is mounted on this very file, as container engines do.
    pub is_mount: bool,
}

/// Whether a file of this mode is closed to some user: the group may be the one that is shut out.
pub(crate) fn is_private(mode: u32) -> bool {
    mode & 0o044 != 0o044
}

impl Status {
    /// Whether every user may read it who is neither its owner nor in its group.
    pub(crate) fn is_public(&self) -> bool {
        self.mode & 0o004 != 0
    }
}

impl Bits {
    /// Returns the stronger one that is set.
    fn in_words(self) -> Option<&'static str> {
        match self {
            Self { immutable: true, .. } => Some("immutable"),
            Self { append_only: true, .. } => Some("append-only"),
            Self { .. } => None,
        }
    }
}

impl Found {
    /// Returns the time at which the path got its present entry, in seconds since 1970: the time of the
    /// youngest inode, the file's or that of a link to it. `None` if there is no entry. A device's inode
    /// dates from the boot, so that for a device only the links count.
    pub(crate) fn changed(&self) -> Option<i64> {
        let links = self.links.as_ref().map(|links| links.changed);
        match self.what {
            What::Missing => None,
            What::Special(DEVICE) if self.link.is_some() && links.is_some() => links,
            _ => links.max(self.status.map(|status| status.changed)),
        }
    }

    /// Returns the kind of an entry that is not a file, as the end of a sentence. `None` if it is a file.
    pub(crate) fn in_place_of_a_file(&self) -> Option<String> {
        match &self.what {
            What::Missing => Some("is missing".to_owned()),
            What::Dangling => {
                Some(format!("is a dangling link to {}", self.link.as_deref().unwrap_or("nothing")))
            }
            What::Loop => Some("is a loop of links".to_owned()),
            What::Special(kind) => Some(format!("is {kind}")),
            What::Content(_) | What::SameAsCopy | What::TooLarge | What::Unreadable(_) => None,
        }
    }

    /// Returns why the content of a file is not known, as the end of a sentence. `None` if it is known, or if
    /// there is no file.
    pub(crate) fn unread(&self) -> Option<String> {
        match &self.what {
            What::TooLarge => Some("is larger than 1 MiB".to_owned()),
            What::Unreadable(why) => Some(format!("is not readable: {why}")),
            _ => None,
        }
    }

    /// Returns the target of the link at the path, and the path that all links on the way lead to.
    pub(crate) fn targets(&self) -> impl Iterator<Item = &str> {
        self.link.as_deref().into_iter().chain(self.links.as_ref().map(|links| links.lead_to.as_str()))
    }

    /// Whether the file, or its folder, is immutable or append-only.
    pub(crate) fn is_locked(&self) -> bool {
        self.bit().or(self.folder_bit()).is_some()
    }

    /// Whether some user may not read the content: then it does not belong into mails of the monitor.
    pub(crate) fn is_private(&self) -> bool {
        self.is_sheltered
            || self.closed.is_some()
            || self.status.is_some_and(|status| is_private(status.mode))
    }

    /// Whether the content is kept: the bit of a folder keeps only the names in it.
    pub(crate) fn is_immutable(&self) -> bool {
        self.status.and_then(|status| status.bits).is_some_and(|bits| bits.immutable)
    }

    /// Returns the bit of the file itself in words.
    pub(crate) fn bit(&self) -> Option<&'static str> {
        self.status?.bits?.in_words()
    }

    /// Returns the bit of its folder in words.
    pub(crate) fn folder_bit(&self) -> Option<&'static str> {
        self.folder_bits?.in_words()
    }
}
