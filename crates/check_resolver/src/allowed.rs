//! What is allowed: how many nameservers may fail, how slow the slowest answer may be.

use plugin::{AllowedFailures, Metric, Range, State, Thresholds, Unit};

use crate::options::Args;

/// The thresholds that the observations are judged by.
#[derive(Clone, Debug)]
pub(crate) struct Allowed {
    /// How many may fail: `None` if no limit is given.
    failed: Option<AllowedFailures>,
    /// How long the slowest answer may take, in seconds.
    pub(crate) slowest: Thresholds,
    /// The state of a server whose silence the end of this run cut short.
    pub(crate) cut: State,
}

impl Allowed {
    pub(crate) fn new(args: &Args, cut: State) -> Self {
        let slowest = Thresholds { warning: args.warning_time.clone(), critical: args.critical_time.clone() };
        Self { failed: AllowedFailures::new(args.warning.as_ref(), args.critical.as_ref()), slowest, cut }
    }

    /// How many of `total` may fail: by default one is a WARNING and all are CRITICAL where the system has a
    /// second choice, else one is CRITICAL.
    fn failures(&self, total: usize, has_choice: bool) -> AllowedFailures {
        let some = Thresholds {
            warning: Some(Range::up_to(0.0)),
            critical: Some(Range::up_to(total.saturating_sub(1) as f64)),
        };
        let default = || if has_choice { some.into() } else { AllowedFailures::one_is_critical() };
        self.failed.clone().unwrap_or_else(default)
    }

    /// The metrics of `failed` out of `total`, with the limits that judge them.
    pub(crate) fn failed(&self, failed: usize, total: usize, has_choice: bool) -> Vec<Metric> {
        self.failures(total, has_choice).metrics("failed", failed, total)
    }

    /// How bad it is that `failed` out of `total` fail.
    pub(crate) fn state(&self, failed: usize, total: usize, has_choice: bool) -> State {
        self.failures(total, has_choice).state(failed, total)
    }

    /// The metric of the slowest answer, in seconds.
    pub(crate) fn slowest(&self, seconds: Option<f64>) -> Metric {
        let seconds = seconds.unwrap_or(f64::NAN);
        Metric::new("slowest", seconds).unit(Unit::Seconds).thresholds(self.slowest.clone()).min(0.0)
    }
}
