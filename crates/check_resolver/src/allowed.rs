//! What is allowed: how many nameservers may fail, how slow the slowest answer may be.

use plugin::{Limit, Metric, Range, State, Thresholds, Unit};

use crate::options::Args;

/// The thresholds that the observations are judged by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    /// How many may fail: `None` if no limit is given.
    failed: Option<Thresholds>,
    /// Which share may fail, in per cent: `None` if no limit is a share.
    share: Option<Thresholds>,
    /// How long the slowest answer may take, in seconds.
    pub(crate) slowest: Thresholds,
}

impl Allowed {
    pub(crate) fn new(args: &Args) -> Self {
        let slowest = Thresholds { warning: args.warning_time.clone(), critical: args.critical_time.clone() };
        let is_given = args.warning.is_some() || args.critical.is_some();
        let (failed, share) = Limit::split(args.warning.as_ref(), args.critical.as_ref());
        Self { failed: is_given.then_some(failed), share, slowest }
    }

    /// The metrics of `failed` out of `total`, with their thresholds: by default one is a WARNING and all are
    /// CRITICAL where the system has a second choice, else one is CRITICAL.
    pub(crate) fn failed(&self, failed: usize, total: usize, has_choice: bool) -> Vec<Metric> {
        let default = || Thresholds {
            warning: has_choice.then(|| Range::up_to(0.0)),
            critical: Some(Range::up_to(if has_choice { total.saturating_sub(1) as f64 } else { 0.0 })),
        };
        let thresholds = self.failed.clone().unwrap_or_else(default);
        let count = Metric::count("failed", failed).thresholds(thresholds).max(total as f64);
        let share = |thresholds: &Thresholds| {
            let percent = 100.0 * failed as f64 / total.max(1) as f64;
            Metric::new("failed_share", percent)
                .unit(Unit::Percent)
                .thresholds(thresholds.clone())
                .min(0.0)
                .max(100.0)
        };
        std::iter::once(count).chain(self.share.as_ref().map(share)).collect()
    }

    /// How bad it is that `failed` out of `total` fail.
    pub(crate) fn state(&self, failed: usize, total: usize, has_choice: bool) -> State {
        let metrics = self.failed(failed, total, has_choice);
        metrics.iter().map(Metric::state).max().unwrap_or(State::Unknown)
    }

    /// The metric of the slowest answer, in seconds.
    pub(crate) fn slowest(&self, seconds: Option<f64>) -> Metric {
        let seconds = seconds.unwrap_or(f64::NAN);
        Metric::new("slowest", seconds).unit(Unit::Seconds).thresholds(self.slowest.clone()).min(0.0)
    }
}
