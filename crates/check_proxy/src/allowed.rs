//! What is allowed: how many proxies may fail, how slow the slowest may be.

use plugin::{AllowedFailures, Limit, Range, Thresholds};

/// The options on how many proxies may fail and how slow they may be.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct Limits {
    /// WARNING if the number of failing proxies, or with % their share, is outside this range: 2, 5%.
    /// Default: none
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub(crate) warning: Option<Limit>,
    /// CRITICAL if the number or share of failing proxies is outside this range. Default without --warning
    /// and --critical: 0
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub(crate) critical: Option<Limit>,
    /// WARNING if the time of the slowest page, in seconds, is outside this range: 1.5. Default: any
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub(crate) warning_time: Option<Range>,
    /// CRITICAL if the time of the slowest page, in seconds, is outside this range: 3. Default: any
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub(crate) critical_time: Option<Range>,
}

/// The thresholds that the observations are judged by.
#[derive(Clone, Debug, Default)]
pub(crate) struct Allowed {
    /// How many proxies may fail.
    pub(crate) failed: AllowedFailures,
    /// How long the slowest page may take, in seconds.
    pub(crate) slowest: Thresholds,
}

impl Allowed {
    /// Takes the limits as given. Without any limit on failures one failing proxy is critical.
    pub(crate) fn new(limits: &Limits) -> Self {
        let given = AllowedFailures::new(limits.warning.as_ref(), limits.critical.as_ref());
        Self {
            failed: given.unwrap_or_else(AllowedFailures::one_is_critical),
            slowest: Thresholds {
                warning: limits.warning_time.clone(),
                critical: limits.critical_time.clone(),
            },
        }
    }
}
