//! The times after the deadline: of the watchdog, and of the last word.

use std::time::Duration;

/// What a check that honours the deadline may take to put its partial results together, before the watchdog
/// speaks for it.
pub(crate) const GRACE: Duration = Duration::from_millis(150);
/// How long after the deadline the last word may still be written.
pub(crate) const LAST_WORD: Duration = Duration::from_millis(220);
