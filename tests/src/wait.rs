//! Waiting for a condition under a deadline, so that no test sleeps for a time that someone guessed.

use std::thread;
use std::time::{Duration, Instant};

/// Waits until `condition` holds, which it tries every 10 ms, and says whether it came to hold within
/// `limit`.
pub fn holds_within(limit: Duration, mut condition: impl FnMut() -> bool) -> bool {
    let end = Instant::now() + limit;
    while !condition() {
        if Instant::now() >= end {
            return false;
        }
        thread::sleep(Duration::from_millis(10));
    }
    true
}

/// Waits until `condition` holds.
///
/// # Panics
/// If it does not hold within `limit`; the message says `what` was waited for.
pub fn eventually(what: &str, limit: Duration, condition: impl FnMut() -> bool) {
    assert!(holds_within(limit, condition), "waited {limit:?} in vain: {what}");
}
