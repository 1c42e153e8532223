//! Why the spool cannot be used.

use std::io;
use std::path::PathBuf;

use plugin::reason;
use state::StateError;

/// The highest sequence: readers of JSON may hold numbers as floating point, which tells higher ones apart
/// no more.
pub(super) const MOST: u64 = (1 << 53) - 1;

/// Why the spool cannot be used. Each message names what it is about.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SpoolError {
    /// The system refused.
    #[error("{doing} {}: {}", .path.display(), reason(.why))]
    Refused {
        /// What was tried, as in "writing".
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        why: io::Error,
    },
    /// A file or folder of it is not this user's alone, or cannot be made or written.
    #[error(transparent)]
    State(#[from] StateError),
    /// Root would make it, and no other user could use it.
    #[error("{} does not exist, and root makes none: add --user=nagios, or who runs the event handlers", .0.display())]
    Root(PathBuf),
    /// Root would write into it what its owner cannot use.
    #[error("{} belongs to uid {owner}, and this runs as root: add --user={owner}", .path.display())]
    Another {
        /// The folder.
        path: PathBuf,
        /// Its owner.
        owner: u32,
    },
    /// Another process held the lock until the deadline.
    #[error("spool {}: locked by another notify_stomp until the deadline", .0.display())]
    Locked(PathBuf),
    /// Its last number is given.
    #[error("spool {}: all {} numbers are used, move it away", .0.display(), MOST)]
    Used(PathBuf),
    /// One event that is larger than the whole spool may be.
    #[error("spool {}: an event of {octets} octets does not fit into it", .path.display())]
    TooLarge {
        /// The folder.
        path: PathBuf,
        /// The event's length.
        octets: u64,
    },
}
