//! A folder that is this program's own, held open: what is read and written there is reached by its
//! descriptor, so that a folder that is put in its place later gets nothing.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use plugin::{Deadline, READ_FLAGS, read_opened};
use rustix::fs::{AtFlags, CWD, Mode, OFlags, fsync, mkdirat, unlinkat};
use rustix::io::Errno;

use crate::error::{Fault, StateError};
use crate::trust::{Above, Access, Owner, Trust, check_folder};
use crate::walk::{self, open_in, status};

/// A folder of the user who runs this. No other user can change what is in it.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    pub(crate) descriptor: OwnedFd,
    above: Above,
}

impl Folder {
    /// Opens a private folder, and makes it with mode 0700 where it does not exist. The folder above must
    /// exist.
    ///
    /// # Errors
    /// [`StateError`]: it cannot be made, is not a folder, belongs to another user, or others have access to
    /// it.
    pub fn make(path: &Path, above: Above) -> Result<Self, StateError> {
        match mkdirat(CWD, path, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(StateError::refused("making", path)(errno)),
        }
        Self::open(path, above, Access::Private)
    }

    /// Opens a folder that exists.
    ///
    /// # Errors
    /// [`StateError`]: it is not a folder, belongs to another user, or others may do more with it than
    /// `access` allows.
    pub fn open(path: &Path, above: Above, access: Access) -> Result<Self, StateError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let descriptor =
            walk::open(path, above, false, flags, Mode::empty()).map_err(StateError::not_a_folder)?;
        Self::checked(path.to_owned(), above, access, descriptor)
    }

    /// Opens a private folder in this one, and makes it where it does not exist.
    ///
    /// # Errors
    /// See [`Folder::make`].
    pub fn subfolder(&self, name: &str) -> Result<Self, StateError> {
        let path = self.path.join(name);
        match mkdirat(&self.descriptor, name, Mode::RWXU) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(errno) => return Err(StateError::refused("making", &path)(errno)),
        }
        let flags = OFlags::RDONLY | OFlags::DIRECTORY;
        let descriptor = open_in(&self.descriptor, &path, name, flags, Mode::empty());
        Self::checked(path, self.above, Access::Private, descriptor.map_err(StateError::not_a_folder)?)
    }

    fn checked(path: PathBuf, above: Above, access: Access, descriptor: OwnedFd) -> Result<Self, StateError> {
        check_folder(&path, &status(&descriptor, &path)?, Owner::Own, access)
            .map_err(|error| advise(error, above))?;
        Ok(Self { path, descriptor, above })
    }

    /// Returns its path, for messages.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads a file of this folder, at most `limit` octets. `None` if it does not exist. The folder decides
    /// which other users may read the file.
    ///
    /// # Errors
    /// [`StateError`]: it cannot be read, is larger, or was not written by this program.
    pub fn read(&self, name: &str, limit: u64, deadline: &Deadline) -> Result<Option<Vec<u8>>, StateError> {
        self.read_as(&Trust::IN_FOLDER, name, limit, deadline)
    }

    /// Reads a file that must be private itself, with mode 0600, because other users could read it in another
    /// folder.
    ///
    /// # Errors
    /// See [`Folder::read`]; also if other users have access to the file.
    pub fn read_private(
        &self,
        name: &str,
        limit: u64,
        deadline: &Deadline,
    ) -> Result<Option<Vec<u8>>, StateError> {
        self.read_as(&Trust::PRIVATE, name, limit, deadline)
    }

    /// Opens such a file, for content that need not stand in memory as a whole. `None` if it does not exist.
    ///
    /// # Errors
    /// See [`Folder::read_private`].
    pub fn open_private(&self, name: &str) -> Result<Option<File>, StateError> {
        Ok(self.open_as(&Trust::PRIVATE, name)?.map(File::from))
    }

    fn read_as(
        &self,
        trust: &Trust,
        name: &str,
        limit: u64,
        deadline: &Deadline,
    ) -> Result<Option<Vec<u8>>, StateError> {
        let read = |file| read_opened(&self.path.join(name), limit, deadline, || Ok(file));
        Ok(self.open_as(trust, name)?.map(read).transpose()?)
    }

    fn open_as(&self, trust: &Trust, name: &str) -> Result<Option<OwnedFd>, StateError> {
        let path = self.path.join(name);
        match open_in(&self.descriptor, &path, name, READ_FLAGS, Mode::empty()) {
            Err(error) if error.is_not_found() => Ok(None),
            opened => Ok(Some(self.check_file(trust, &path, opened?)?)),
        }
    }

    /// Makes an empty file with mode 0600, in place of one that an earlier run may have left.
    ///
    /// # Errors
    /// [`StateError::Refused`].
    pub fn create(&self, name: &str) -> Result<File, StateError> {
        let path = self.path.join(name);
        match unlinkat(&self.descriptor, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            // The file may not even exist: the fault is the folder's.
            Err(Errno::ROFS) => return Err(StateError::refused("writing in", &self.path)(Errno::ROFS)),
            Err(errno) => return Err(StateError::refused("removing", &path)(errno)),
        }
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL;
        Ok(open_in(&self.descriptor, &path, name, flags, Mode::RUSR | Mode::WUSR)?.into())
    }

    /// Writes the names in this folder through to the disk: files that were made, renamed and removed.
    ///
    /// # Errors
    /// [`StateError::Refused`].
    pub fn sync(&self) -> Result<(), StateError> {
        fsync(&self.descriptor).map_err(StateError::refused("writing through to the disk", &self.path))
    }

    /// Checks the owner and the mode of an open file of this folder, as `trust` demands.
    pub(crate) fn check_file(
        &self,
        trust: &Trust,
        path: &Path,
        file: OwnedFd,
    ) -> Result<OwnedFd, StateError> {
        trust.check_file(path, &status(&file, path)?).map_err(|error| advise(error, self.above))?;
        Ok(file)
    }
}

/// Tells what mends the owner: a program that has the folders above checked works for the whole host, so that
/// the file must become its own. Another one may have been started by root where it runs as another user.
fn advise(error: StateError, above: Above) -> StateError {
    match error {
        StateError::Untrusted { path, fault: Fault::Another { owner, own: 0 } }
            if above != Above::Unchecked =>
        {
            StateError::Untrusted { path, fault: Fault::NotRoots { owner } }
        }
        other => other,
    }
}
