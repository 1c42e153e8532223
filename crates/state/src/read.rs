//! Reading files that other users must not have written.

use std::os::fd::OwnedFd;
use std::path::Path;

use plugin::{Deadline, READ_FLAGS, read_opened};
use rustix::fs::{Mode, OFlags};

use crate::error::StateError;
use crate::trust::Trust;
use crate::walk::{self, status};

/// Opens a file for reading, if it is as `trust` wants it. The descriptor stays that of the checked file,
/// whatever happens to its name.
///
/// # Errors
/// [`StateError`].
pub fn open_trusted(path: &Path, trust: &Trust) -> Result<OwnedFd, StateError> {
    open_as(path, trust, READ_FLAGS, Mode::empty())
}

/// Reads a file, at most `limit` octets before `deadline`, if it is as `trust` wants it.
///
/// # Errors
/// [`StateError`].
pub fn read_trusted(
    path: &Path,
    limit: u64,
    trust: &Trust,
    deadline: &Deadline,
) -> Result<Vec<u8>, StateError> {
    let file = open_trusted(path, trust)?;
    Ok(read_opened(path, limit, deadline, || Ok(file))?)
}

/// Opens or makes a file, and checks it.
pub(crate) fn open_as(path: &Path, trust: &Trust, flags: OFlags, mode: Mode) -> Result<OwnedFd, StateError> {
    let file = walk::open(path, trust.above, trust.follow, flags, mode)?;
    trust.check_file(path, &status(&file, path)?)?;
    Ok(file)
}
