//! The slowest page, and whether its time is allowed.

use std::time::Duration;

use plugin::Finding;

use super::judged::Judged;
use crate::allowed::Allowed;

/// The longest time for a page, and of which proxy.
pub(super) fn slowest<'a, 'b>(judged: &'b [Judged<'a>]) -> Option<(Duration, &'b Judged<'a>)> {
    let times = judged.iter().filter_map(|judged| Some((judged.verdict.slowest()?, judged)));
    times.max_by_key(|(time, _)| *time)
}

/// The slowest proxy, where its time is outside what is allowed.
pub(super) fn slow(allowed: &Allowed, judged: &[Judged<'_>]) -> Option<Finding> {
    let (time, slowest) = slowest(judged)?;
    let seconds = time.as_secs_f64();
    let state = allowed.slowest.state(seconds);
    let limit = allowed.slowest.alerting(seconds)?;
    Some(Finding::new(
        state,
        format!("slow: {} took {seconds:.3} s, allowed {} s", slowest.target, limit.in_words()),
    ))
}
