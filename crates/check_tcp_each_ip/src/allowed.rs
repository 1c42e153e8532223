//! What is allowed: how many targets may fail, how slow the slowest may be.

use plugin::{Limit, Range, State, Thresholds};

use crate::options::{Connecting, Limits, Mismatch};

/// The thresholds that the observations are judged by.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// How many targets may fail.
    pub(crate) failed: Thresholds,
    /// Which share of the targets may fail, in per cent: `None` if no limit is a share.
    pub(crate) failed_share: Option<Thresholds>,
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
        let (failed, failed_share) = Limit::split(limits.warning.as_ref(), limits.critical.as_ref());
        let none_given = limits.warning.is_none() && limits.critical.is_none();
        let one_is_critical = Thresholds { warning: None, critical: Some(Range::up_to(0.0)) };
        Self {
            failed: if none_given { one_is_critical } else { failed },
            failed_share,
            slowest: Thresholds {
                warning: limits.warning_time.clone(),
                critical: limits.critical_time.clone(),
            },
            refused: connecting.refused_ok,
            closed: connecting.closed,
            mismatch: connecting.mismatch.map(Mismatch::state),
        }
    }

    /// Returns what it means that so many of `total` failed.
    pub(crate) fn state(&self, failed: usize, total: usize) -> State {
        let share = failed as f64 * 100.0 / total as f64;
        let of_share = self.failed_share.as_ref().map(|thresholds| thresholds.state(share));
        of_share.into_iter().fold(self.failed.state(failed as f64), State::max)
    }

    /// How many may fail, in words: ` (allowed up to 5)`.
    pub(crate) fn in_words(&self) -> String {
        let of = |thresholds: &Thresholds, unit: &str| {
            let range = thresholds.warning.as_ref().or(thresholds.critical.as_ref())?.to_string();
            let link = if range.contains([':', '@']) { "by" } else { "up to" };
            Some(format!("{link} {range}{unit}"))
        };
        let share = self.failed_share.as_ref().and_then(|share| of(share, "%"));
        let all: Vec<String> = of(&self.failed, "").into_iter().chain(share).collect();
        format!(" (allowed {})", all.join(" and "))
    }
}
