//! Why the history cannot be used.

use std::path::PathBuf;

use state::StateError;

/// The version of the file.
pub(super) const VERSION: u32 = 1;
/// The file that says of which machine the history is.
pub(super) const MACHINE: &str = "machine";

/// Why the history cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    /// The folder or a file in it.
    #[error("history")]
    State(#[from] StateError),
    /// A line of it is not understood.
    #[error("history: {} line {line} is damaged, move the file away to begin anew", .path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
    },
    /// It was written by another version of this program.
    #[error("history: {} has version {version}, this program knows {VERSION}", .path.display())]
    Version {
        /// The file.
        path: PathBuf,
        /// Its version.
        version: u64,
    },
    /// It was copied from another machine.
    #[error("history: {} is of another machine, remove {MACHINE} beside it to go on with it here", .0.display())]
    Machine(PathBuf),
}
