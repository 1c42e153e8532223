//! Why nothing can be said of any target.

use crate::options::ContradictoryLimits;
use crate::{ProbeError, StoreError, TargetError};

/// Explains why nothing can be said of any target.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// It is not known what to ping.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Nothing was measured.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The file of the records cannot be used.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A target that is not in the file.
    #[error("--forget {target}: no such target in {file}")]
    NotKnown {
        /// What was asked for.
        target: String,
        /// The file.
        file: String,
    },
    /// Another run has the file locked.
    #[error("{0}: locked by another run, try again")]
    Locked(String),
    /// An absolute critical limit below the warning one.
    #[error(transparent)]
    Limits(#[from] ContradictoryLimits),
}
