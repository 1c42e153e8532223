//! What is allowed: how many proxies may fail, how slow the slowest may be.

use plugin::{Limit, Range, State, Thresholds};

/// The options on how many proxies may fail and how slow they may be.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Limits {
    /// WARNING if the number of failing proxies, or with % their share, is outside this range: 2, 5%
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub(crate) warning: Option<Limit>,
    /// CRITICAL if it is outside this range. Default without --warning and --critical: 0
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub(crate) critical: Option<Limit>,
    /// WARNING if the time of the slowest page, in seconds, is outside this range: 1.5
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub(crate) warning_time: Option<Range>,
    /// CRITICAL if the time of the slowest page, in seconds, is outside this range: 3
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub(crate) critical_time: Option<Range>,
}

/// The thresholds that the observations are judged by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    /// How many proxies may fail.
    pub(crate) failed: Thresholds,
    /// Which share of them may fail, in per cent: `None` if no limit is a share.
    pub(crate) failed_share: Option<Thresholds>,
    /// How long the slowest page may take, in seconds.
    pub(crate) slowest: Thresholds,
}

impl Allowed {
    /// Takes the limits as given. Without any limit on failures one failing proxy is critical.
    pub(crate) fn new(limits: &Limits) -> Self {
        let (given, failed_share) = Limit::split(limits.warning.as_ref(), limits.critical.as_ref());
        let one_is_critical = Thresholds { warning: None, critical: Some(Range::up_to(0.0)) };
        let none_given = limits.warning.is_none() && limits.critical.is_none();
        Self {
            failed: if none_given { one_is_critical } else { given },
            failed_share,
            slowest: Thresholds {
                warning: limits.warning_time.clone(),
                critical: limits.critical_time.clone(),
            },
        }
    }

    /// How bad it is that `failed` out of `total` fail.
    pub(crate) fn state(&self, failed: usize, total: usize) -> State {
        let by_share = self.failed_share.as_ref().map(|limits| limits.state(share(failed, total)));
        by_share.into_iter().fold(self.failed.state(failed as f64), State::max)
    }

    /// How many may fail, in words: `allowed up to 5`.
    pub(crate) fn in_words(&self) -> String {
        let of = |thresholds: &Thresholds, unit: &str| {
            let range = thresholds.warning.as_ref().or(thresholds.critical.as_ref())?.to_string();
            let link = if range.contains([':', '@']) { "by" } else { "up to" };
            Some(format!("{link} {range}{unit}"))
        };
        let share = self.failed_share.as_ref().and_then(|share| of(share, "%"));
        let all: Vec<String> = of(&self.failed, "").into_iter().chain(share).collect();
        format!("allowed {}", all.join(" and "))
    }
}

/// `failed` out of `total`, in per cent.
pub(crate) fn share(failed: usize, total: usize) -> f64 {
    if total == 0 { 0.0 } else { 100.0 * failed as f64 / total as f64 }
}
