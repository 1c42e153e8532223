//! Whether the spool takes events: found out by making files where an event needs them.

use std::fs;
use std::io::{self, Write as _};

use plugin::Deadline;
use state::StateError;

use super::{Spool, SpoolError, refusal};

/// The file that is made to find out whether events can be.
pub(super) const PROBE: &str = "probe";
/// How many octets it has: a text of an event may have as many.
const ROOM: usize = 64 << 10;

impl SpoolError {
    /// Returns whether what waits can be sent all the same: the disk is full, which that may end, another
    /// process has the lock for new events, or there is no number left for them.
    pub(crate) fn may_pass(&self) -> bool {
        match self {
            Self::Locked(_) | Self::Used(_) => true,
            Self::Refused { why, .. } | Self::State(StateError::Refused { why, .. }) => {
                matches!(why.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded)
            }
            _ => false,
        }
    }
}

impl Spool {
    /// Makes and removes files where an event would need them, and finds out what keeps events out.
    pub(crate) fn probe(&self, deadline: &Deadline) -> Result<(), SpoolError> {
        let _lock = self.lock(deadline)?;
        for part in ["new", "last", "counts", "tmp"] {
            let folder = self.folder.subfolder(part)?;
            let mut file = folder.create(PROBE)?;
            let path = folder.path().join(PROBE);
            let written = if part == "tmp" { file.write_all(&[0; ROOM]) } else { Ok(()) };
            let removed = fs::remove_file(&path);
            written.and(removed).map_err(refusal("writing", &path))?;
        }
        self.next(&self.entries()?).map(drop)
    }
}
