//! What a run does that finds another one at work: nothing. It only tells whether the other one is just
//! publishing, or hangs while the page grows old.

use std::fs::{self, File, TryLockError};
use std::path::Path;
use std::time::UNIX_EPOCH;

use plugin::{Report, State};

use crate::moment::length;
use crate::view::GOOD_FOR;

/// Says that another run holds the lock: CRITICAL once the page is no longer good. `lock` tells how old a
/// site is that has no page yet: it is never written after it was made.
pub(crate) fn report(page: &Path, lock: &Path, interval: u64, now: u64) -> Report {
    // A page from the future is none that was renewed, either.
    let age = modified(page).or_else(|| modified(lock)).map_or(0, |moment| now.abs_diff(moment));
    if age <= GOOD_FOR * interval {
        return Report::new(State::Ok, "already running, this run does nothing");
    }
    let line = format!("page not renewed for {}: a run that hangs holds {}", length(age), lock.display());
    Report::new(State::Critical, line)
}

/// Returns whether a run holds the lock at this moment. Takes a shared lock for as long as it takes to see
/// that, and makes no file: a lock that this user cannot open is held by no run of this user.
pub(crate) fn is_held(lock: &Path) -> bool {
    // A FIFO would be waited for.
    let is_file = fs::symlink_metadata(lock).is_ok_and(|status| status.is_file());
    let Some(file) = is_file.then(|| File::open(lock).ok()).flatten() else { return false };
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock))
}

/// When a file was written, in seconds since 1970; `None` if it does not exist or cannot be reached.
fn modified(path: &Path) -> Option<u64> {
    let modified = fs::metadata(path).and_then(|status| status.modified()).ok()?;
    Some(modified.duration_since(UNIX_EPOCH).ok()?.as_secs())
}
