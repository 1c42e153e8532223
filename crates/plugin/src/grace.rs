//! The times after the deadline: for the watchdog, and for the last output.

use std::time::Duration;

/// The time that a check has after the deadline to put its partial results together, before the watchdog
/// reports for it.
pub(crate) const GRACE: Duration = Duration::from_millis(150);
/// The time after the deadline in which the last output may still be written.
pub(crate) const LAST_WORD: Duration = Duration::from_millis(220);
