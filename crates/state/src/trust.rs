//! Whose a file or folder must be, and what others may do with it.

use std::path::Path;

use rustix::fs::{FileType, Stat};
use rustix::process::geteuid;

use crate::error::{Fault, StateError};

/// Write permission of the group and of others. An access control list that lets another user write shows
/// here too: its mask stands in place of the group's permissions (acl(5)).
const OTHERS_WRITE: u32 = 0o022;
const WORLD_WRITE: u32 = 0o002;
const OTHERS_ANY: u32 = 0o077;
/// In a sticky folder, an entry can be removed by its owner and the folder's owner alone.
const STICKY: u32 = 0o1000;

/// Who may own it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// The user who runs this.
    Own,
    /// The user who runs this, who could do all of it by hand, or root.
    OwnOrRoot,
}

/// What others than its owner may do with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Nothing: mode 0600, and 0700 for a folder.
    Private,
    /// Read it.
    ReadOnly,
}

/// Which of the folders above it are checked, each by its descriptor while it is walked through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Above {
    /// None: enough for a private file or folder of the user who runs this, which is recognized by its owner
    /// and mode.
    Unchecked,
    /// All from `/` on, and all symbolic links among them: each belongs to root or the user who runs this,
    /// and no other user can put anything else in place of what stands there.
    Checked,
    /// The same, and no other user can put anything beside it, not even in a folder with the sticky bit: a
    /// program looks for its parts where it stands.
    Alone,
    /// The same as `Alone`, but the group of the last folder may write it, as syslog may write /var/log on
    /// Ubuntu.
    GroupWrites,
}

/// What must hold of a file before it is read, written or run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trust {
    /// Who may own it.
    pub owner: Owner,
    /// What others may do with it.
    pub access: Access,
    /// Which of the folders above it are checked.
    pub above: Above,
    /// Whether it may be reached by a symbolic link in its last component. Only where all folders above are
    /// checked.
    pub follow: bool,
    /// Whether it must have one name only: another could stand where its owner does not know of it.
    pub single_link: bool,
}

impl Trust {
    /// A configuration that is obeyed as root: no symbolic link itself, and no other user can change it, any
    /// folder above it or what stands beside it.
    pub const CONFIGURATION: Self = Self {
        owner: Owner::OwnOrRoot,
        access: Access::ReadOnly,
        above: Above::Alone,
        follow: false,
        single_link: false,
    };
    /// A program that is run as root: the same, but its last component may be a link in trusted hands, as of
    /// a multi-call program.
    pub const PROGRAM: Self = Self { follow: true, ..Self::CONFIGURATION };
    /// A log that is appended to as root.
    pub const LOG: Self = Self { above: Above::GroupWrites, single_link: true, ..Self::CONFIGURATION };
    /// A file that only the user who runs this may see.
    pub const PRIVATE: Self = Self {
        owner: Owner::Own,
        access: Access::Private,
        above: Above::Unchecked,
        follow: false,
        single_link: true,
    };
    /// A file in a folder that is checked itself.
    pub(crate) const IN_FOLDER: Self = Self { access: Access::ReadOnly, ..Self::PRIVATE };

    /// Checks an open file.
    pub(crate) fn check_file(&self, path: &Path, status: &Stat) -> Result<(), StateError> {
        if FileType::from_raw_mode(status.st_mode) != FileType::RegularFile {
            return Err(StateError::untrusted(path, Fault::NotFile));
        }
        check_owner(path, status, self.owner)?;
        check_access(path, status, self.access)?;
        if self.single_link && status.st_nlink > 1 {
            return Err(StateError::untrusted(path, Fault::HardLinks(status.st_nlink)));
        }
        Ok(())
    }
}

/// Checks an open folder.
pub(crate) fn check_folder(
    path: &Path,
    status: &Stat,
    owner: Owner,
    access: Access,
) -> Result<(), StateError> {
    if FileType::from_raw_mode(status.st_mode) != FileType::Directory {
        return Err(StateError::untrusted(path, Fault::NotFolder));
    }
    check_owner(path, status, owner)?;
    check_access(path, status, access)
}

/// Checks a folder on the way to a file: no other user can put anything else in place of an entry of a
/// trusted owner, nor, in the `last` folder, beside it where `above` demands that.
pub(crate) fn check_way(path: &Path, status: &Stat, above: Above, last: bool) -> Result<(), StateError> {
    check_owner(path, status, Owner::OwnOrRoot)?;
    let forbidden = if last && above == Above::GroupWrites { WORLD_WRITE } else { OTHERS_WRITE };
    if status.st_mode & forbidden == 0 {
        return Ok(());
    }
    let is_alone = last && matches!(above, Above::Alone | Above::GroupWrites);
    match (status.st_mode & STICKY != 0, is_alone) {
        (true, false) => Ok(()),
        (true, true) => Err(StateError::untrusted(path, Fault::Shared)),
        (false, _) => Err(StateError::untrusted(path, Fault::Writable)),
    }
}

/// Checks the owner of anything, also of a symbolic link.
pub(crate) fn check_owner(path: &Path, status: &Stat, expected: Owner) -> Result<(), StateError> {
    let (owner, own) = (status.st_uid, geteuid().as_raw());
    if owner == own || (expected == Owner::OwnOrRoot && owner == 0) {
        return Ok(());
    }
    Err(StateError::untrusted(
        path,
        match expected {
            Owner::Own => Fault::Another { owner, own },
            Owner::OwnOrRoot => Fault::NotRoots { owner },
        },
    ))
}

fn check_access(path: &Path, status: &Stat, access: Access) -> Result<(), StateError> {
    let is_folder = FileType::from_raw_mode(status.st_mode) == FileType::Directory;
    match access {
        Access::Private if status.st_mode & OTHERS_ANY != 0 => {
            Err(StateError::untrusted(path, Fault::Accessible { is_folder }))
        }
        Access::ReadOnly if status.st_mode & OTHERS_WRITE != 0 => {
            Err(StateError::untrusted(path, Fault::Writable))
        }
        Access::Private | Access::ReadOnly => Ok(()),
    }
}
