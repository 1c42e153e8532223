//! What ends a delivery.

use crate::brokers::Telling;
use crate::session::SessionError;
use crate::spool::SpoolError;

/// Why the rest still waits.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliverError {
    /// The broker.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

impl Telling for DeliverError {
    fn is_refusal(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_refusal())
    }

    fn is_silence(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_silence())
    }

    fn is_own(&self) -> bool {
        matches!(self, Self::Spool(_))
    }
}
