//! A lock that the kernel frees when its process ends, however it ends.

use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, Mode, OFlags, flock};
use rustix::io::Errno;

use crate::error::StateError;
use crate::folder::Folder;
use crate::trust::Trust;
use crate::walk::{open_in, status};

/// The pause between two attempts: flock(2) can wait without end or not at all.
const PAUSE: Duration = Duration::from_millis(1);

/// How long a run waits for its lock at least: a command that only shows whether the lock is held takes it
/// for a moment, and must not make the run of a timer do nothing.
pub const LOOK: Duration = Duration::from_millis(250);

/// A lock that is held until this value is dropped or its process ends.
#[derive(Debug)]
pub struct Lock(#[expect(dead_code, reason = "held, not used")] OwnedFd);

impl Folder {
    /// Takes the exclusive lock `name`, and waits for it until `until`; a moment that is over means one
    /// attempt. `None` if another process holds it all that time.
    ///
    /// # Errors
    /// [`StateError`]: the file of the lock cannot be made or is not this program's.
    pub fn lock(&self, name: &str, until: Instant) -> Result<Option<Lock>, StateError> {
        try_until(until, || self.try_lock(name))
    }

    fn try_lock(&self, name: &str) -> Result<Option<Lock>, StateError> {
        let path = self.path().join(name);
        let flags = OFlags::RDWR | OFlags::CREATE;
        let file = open_in(&self.descriptor, &path, name, flags, Mode::RUSR | Mode::WUSR)?;
        let file = self.check_file(&Trust::IN_FOLDER, &path, file)?;
        // A lock on a file that was removed meanwhile keeps no other process out.
        let is_locked = try_flock(&file, &path)?.is_some() && status(&file, &path)?.st_nlink > 0;
        Ok(is_locked.then_some(Lock(file)))
    }
}

/// Tries until it gives something or the moment has come, at least once.
pub(crate) fn try_until<T>(
    until: Instant,
    mut attempt: impl FnMut() -> Result<Option<T>, StateError>,
) -> Result<Option<T>, StateError> {
    loop {
        match attempt()? {
            None if Instant::now() < until => thread::sleep(PAUSE),
            found => return Ok(found),
        }
    }
}

/// Locks an open file, without waiting. `None` if another process holds the lock.
pub(crate) fn try_flock(file: impl AsFd, path: &Path) -> Result<Option<()>, StateError> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(Some(())),
        Err(Errno::WOULDBLOCK | Errno::INTR) => Ok(None),
        Err(errno) => Err(StateError::refused("locking", path)(errno)),
    }
}
