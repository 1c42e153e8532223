//! Writing files whole or not at all.

use std::fs::File;
use std::io::{self, BufWriter, Write};

use rustix::fs::{AtFlags, Mode, fchmod, renameat, unlinkat};

use crate::error::StateError;
use crate::folder::Folder;
use crate::lock::Lock;

/// Mode 0600: for the user who runs this alone.
pub const PRIVATE: u32 = 0o600;
/// Mode 0644: for all to read, whatever the umask is.
pub const PUBLIC: u32 = 0o644;

impl Folder {
    /// Replaces the file `name` by `content`, durably: after a crash of the process or the machine at any
    /// moment it holds the old or the new content. The new content is written to `.NAME.new` first, which the
    /// next run replaces if this one is killed. The lock stands for all who write here, in whichever folder
    /// it is: without one, two would write to the same `.NAME.new`.
    ///
    /// # Errors
    /// [`StateError::Refused`]: the old content is still there. If only the last step fails, to write the
    /// name through to the disk, either content is.
    pub fn replace(&self, lock: &Lock, name: &str, content: &[u8], mode: u32) -> Result<(), StateError> {
        self.replace_all(lock, &[(name, content)], mode)
    }

    /// Replaces the file `name` as [`Folder::replace`] does, by what `write` writes: for content that need
    /// not stand in memory as a whole.
    ///
    /// # Errors
    /// See [`Folder::replace`]; an error of `write` is one too, and the old content is still there.
    pub fn replace_by(
        &self,
        _lock: &Lock,
        name: &str,
        mode: u32,
        write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), StateError> {
        let buffered = |file: &mut File| {
            let mut buffer = BufWriter::new(file);
            write(&mut buffer)?;
            buffer.flush()
        };
        self.stage(name, mode, buffered)
            .and_then(|()| self.name_staged(name))
            .inspect_err(|_| self.discard(name))?;
        self.sync()
    }

    /// Replaces several files, each a name and its content, as [`Folder::replace`] does one. All of them are
    /// written through to the disk before the first gets its name, so that a disk that is full leaves all as
    /// they were.
    ///
    /// # Errors
    /// See [`Folder::replace`]; only if a name cannot be given, some of the files may be new.
    pub fn replace_all(&self, _lock: &Lock, files: &[(&str, &[u8])], mode: u32) -> Result<(), StateError> {
        // Room for others on a full disk.
        let discard = |_: &StateError| files.iter().for_each(|(name, _)| self.discard(name));
        let stage = |(name, content): &(&str, &[u8])| self.stage(name, mode, |file| file.write_all(content));
        files.iter().try_for_each(stage).inspect_err(discard)?;
        files.iter().try_for_each(|(name, _)| self.name_staged(name)).inspect_err(discard)?;
        self.sync()
    }

    /// Removes what a killed run left of a file that it was about to replace. Where it cannot, the next
    /// [`Folder::replace`] of that file tells why.
    pub fn discard(&self, name: &str) {
        let _ = unlinkat(&self.descriptor, temporary(name), AtFlags::empty());
    }

    /// Writes what a file will hold through to the disk, under another name.
    fn stage(
        &self,
        name: &str,
        mode: u32,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> Result<(), StateError> {
        let temporary = temporary(name);
        let path = self.path().join(&temporary);
        let mut file = self.create(&temporary)?;
        // The umask does not apply to fchmod(2).
        fchmod(&file, Mode::from_raw_mode(mode)).map_err(StateError::refused("permitting", &path))?;
        let written = write(&mut file).and_then(|()| file.sync_all());
        written.map_err(StateError::failed("writing", &path))
    }

    fn name_staged(&self, name: &str) -> Result<(), StateError> {
        let renamed = renameat(&self.descriptor, temporary(name), &self.descriptor, name);
        renamed.map_err(StateError::refused("replacing", &self.path().join(name)))
    }
}

fn temporary(name: &str) -> String {
    format!(".{name}.new")
}
