//! What is allowed: how many targets may fail, how slow the slowest may be.

use plugin::{AllowedFailures, State, Thresholds};

use crate::options::{Connecting, Limits, Mismatch};

/// The thresholds that the observations are judged by.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// How many targets may fail.
    pub(crate) failed: AllowedFailures,
    /// How long the slowest connection may take, in seconds.
    pub(crate) slowest: Thresholds,
    /// Whether a refused connection is fine.
    pub(crate) refused: bool,
    /// Whether ports must be closed.
    pub(crate) closed: bool,
    /// What an answer without the expected text is: `None` if it is a failure as all others.
    pub(crate) mismatch: Option<State>,
}

impl Allowed {
    /// Takes the limits as given. Without any limit on failures one failed target is critical.
    pub(crate) fn new(limits: &Limits, connecting: &Connecting) -> Self {
        let given = AllowedFailures::new(limits.warning.as_ref(), limits.critical.as_ref());
        Self {
            failed: given.unwrap_or_else(AllowedFailures::one_is_critical),
            slowest: Thresholds {
                warning: limits.warning_time.clone(),
                critical: limits.critical_time.clone(),
            },
            refused: connecting.refused_ok,
            closed: connecting.closed,
            mismatch: connecting.mismatch.map(Mismatch::state),
        }
    }
}
