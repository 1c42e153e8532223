//! Why a run could do nothing.

use crate::cat::CatError;
use crate::publish::PublishError;
use crate::snapshot::SnapshotError;

/// Why a run could do nothing: a setting must be changed.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// Publishing.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// `--cat`.
    #[error(transparent)]
    Cat(#[from] CatError),
    /// `--snapshot`.
    #[error(transparent)]
    Snapshot(#[from] SnapshotError),
}
