//! How long a run takes, and what of that is left for names.

use std::time::Duration;

use plugin::Deadline;

/// What is needed beside the pings: starting, judging, writing.
pub(crate) const RESERVE: Duration = Duration::from_millis(300);
/// What names get at least.
const NAMES: Duration = Duration::from_millis(100);

/// Explains why nothing is pinged: a run never sends fewer pings in silence.
#[derive(Debug, thiserror::Error)]
#[error("needs {needed} s, --timeout is {timeout}: {remedy}")]
pub struct TooLong {
    /// What the pings take, in seconds, rounded up.
    needed: u64,
    /// What the run may take, in seconds.
    timeout: f64,
    /// What to change.
    remedy: &'static str,
}

/// What the pings to a number of targets take.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Needed {
    time: Duration,
    /// Whether the interval decides, and not the rate.
    by_interval: bool,
}

impl Needed {
    /// Calculates it from what the pings take by their interval and by the rate, the wait for the last
    /// replies, and [`RESERVE`].
    pub(super) fn new(by_interval: f64, by_rate: f64, wait: Duration) -> Self {
        let time = Duration::from_secs_f64(by_interval.max(by_rate)) + wait + RESERVE;
        Self { time, by_interval: by_interval >= by_rate }
    }

    /// Refuses what cannot end in time.
    ///
    /// # Errors
    /// [`TooLong`]
    pub(crate) fn check(self, deadline: &Deadline) -> Result<(), TooLong> {
        let timeout = deadline.limit();
        if self.time <= timeout {
            return Ok(());
        }
        let remedy = if self.by_interval {
            "lower --pings, --interval or --wait, or raise --timeout"
        } else {
            "raise --rate or --timeout, or lower --pings"
        };
        let needed = Duration::from_secs_f64(self.time.as_secs_f64().ceil()).as_secs();
        Err(TooLong { needed, timeout: timeout.as_secs_f64(), remedy })
    }

    /// Returns how long names may be resolved: what the pings leave.
    ///
    /// # Errors
    /// [`TooLong`]: that is nothing.
    pub(crate) fn left_for_names(self, deadline: &Deadline) -> Result<Duration, TooLong> {
        Self { time: self.time + NAMES, ..self }.check(deadline)?;
        Ok(deadline.remaining().saturating_sub(self.time).max(NAMES))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    fn needed(targets: usize, options: &[&str]) -> Needed {
        let args = crate::Args::try_parse_from([&["check_latency"], options].concat()).unwrap();
        args.pinging.needed(targets)
    }

    fn deadline(seconds: f64) -> Deadline {
        Deadline::after(Duration::from_secs_f64(seconds))
    }

    #[test]
    fn the_greater_of_interval_and_rate_decides() {
        let seconds = |targets, options: &[&str]| needed(targets, options).time.as_secs_f64();
        assert_eq!(seconds(500, &[]), 7.3);
        assert_eq!(seconds(501, &[]), 7.31);
        assert_eq!(seconds(2_000, &["--pings=2", "--wait=1"]), 3.3);
        assert_eq!(seconds(0, &["--pings=1", "--interval=0.02", "--wait=0.01"]), 0.33);
    }

    #[test]
    fn names_get_what_the_pings_leave() {
        let left = needed(2, &[]).left_for_names(&deadline(8.0)).unwrap().as_secs_f64();
        assert!((0.6..=0.7).contains(&left), "{left}");
        let why = |seconds| needed(2, &[]).left_for_names(&deadline(seconds)).map_err(|why| why.to_string());
        let remedy = "lower --pings, --interval or --wait, or raise --timeout";
        assert_eq!(why(7.3).unwrap_err(), format!("needs 8 s, --timeout is 7.3: {remedy}"));
        assert!(needed(2, &[]).check(&deadline(7.3)).is_ok());
        assert!(why(7.5).is_ok());
    }
}
