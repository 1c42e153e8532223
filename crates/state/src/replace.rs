//! Writing a file whole or not at all.

use std::io::Write as _;

use rustix::fs::{Mode, fchmod, renameat};

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
    pub fn replace(&self, _lock: &Lock, name: &str, content: &[u8], mode: u32) -> Result<(), StateError> {
        let temporary = format!(".{name}.new");
        let (path, target) = (self.path().join(&temporary), self.path().join(name));
        let mut file = self.create(&temporary)?;
        // The umask does not apply to fchmod(2).
        let permitted =
            fchmod(&file, Mode::from_raw_mode(mode)).map_err(StateError::refused("permitting", &path));
        let written = file
            .write_all(content)
            .and_then(|()| file.sync_all())
            .map_err(StateError::failed("writing", &path));
        permitted.and(written).inspect_err(|_| {
            // Room for others on a full disk. Where even this fails, the next run removes it.
            let _ = rustix::fs::unlinkat(&self.descriptor, &temporary, rustix::fs::AtFlags::empty());
        })?;
        let renamed = renameat(&self.descriptor, &temporary, &self.descriptor, name);
        renamed.map_err(StateError::refused("replacing", &target))?;
        self.sync()
    }
}
