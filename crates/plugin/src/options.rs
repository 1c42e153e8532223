//! The options that mean the same for every plugin.

use std::ops::RangeInclusive;
use std::str::FromStr;
use std::time::Duration;

use crate::format::Format;
use crate::{InvalidSeconds, Seconds, State};

/// The shortest and the longest `--timeout`, in seconds: a millisecond and a day.
const LIMITS: RangeInclusive<f64> = 0.001..=86_400.0;

#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Options of every plugin")]
pub(crate) struct Common {
    /// Answer within this time; a missed deadline reports STATE (warning, critical, unknown; default unknown)
    #[arg(short, long, value_name = "SECONDS[:STATE]", default_value = "8")]
    pub(crate) timeout: Timeout,
    /// Show more: details, origins, and what would otherwise be cut to fit NRPE's buffers
    #[arg(short, long, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Print text, json (docs/output.schema.json), or prometheus for node_exporter's textfile collector.
    /// prometheus:SERVICE adds a label, which several runs of a program on one host need
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: Format,
    /// Exit 0 whatever the state is (for packagers)
    #[arg(long)]
    pub(crate) exit_ok: bool,
    /// Read options from an ini file: by default from the section named like the program in the file
    /// that MP_CONFIG_FILE names, else in the first that exists of
    /// /etc/monitoring-plugins/monitoring-plugins.ini, /etc/monitoring-plugins.ini,
    /// /etc/nagios/plugins.ini and, below /usr/local/etc, monitoring-plugins/monitoring-plugins.ini.
    /// Repeatable
    #[arg(long, value_name = "[SECTION][@FILE]", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    pub(crate) extra_opts: Vec<String>,
}

/// The value of `--timeout`: how long a run may take, and the state that it reports when it takes longer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Timeout {
    /// The time for the whole run.
    pub limit: Duration,
    /// What a missed deadline reports; never OK.
    pub state: State,
}

/// Why a text is not a [`Timeout`].
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum InvalidTimeout {
    /// Not a time in seconds, or outside of a millisecond to a day.
    #[error(transparent)]
    Seconds(#[from] InvalidSeconds),
    /// Not a state, or OK, which a missed deadline can never be.
    #[error("the state is not warning, critical or unknown")]
    State(String),
}

impl FromStr for Timeout {
    type Err = InvalidTimeout;

    fn from_str(text: &str) -> Result<Self, InvalidTimeout> {
        let (seconds, state) = match text.split_once(':') {
            Some((seconds, state)) => (seconds, parse_state(state)?),
            None => (text, State::Unknown),
        };
        Ok(Self { limit: Seconds::parse(seconds, LIMITS)?.duration(), state })
    }
}

fn parse_state(text: &str) -> Result<State, InvalidTimeout> {
    match text.parse() {
        Ok(State::Ok) | Err(_) => Err(InvalidTimeout::State(text.to_owned())),
        Ok(state) => Ok(state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_seconds_and_a_state() {
        let read =
            |text: &str| text.parse::<Timeout>().map(|timeout| (timeout.limit.as_millis(), timeout.state));
        assert_eq!(read("8"), Ok((8000, State::Unknown)));
        assert_eq!(read("0.5:critical"), Ok((500, State::Critical)));
        assert_eq!(read("86400:WARNING"), Ok((86_400_000, State::Warning)));
        for text in [
            "0",
            "0.0001",
            "-1",
            "1e30",
            "1e1",
            "86401",
            "nan",
            "inf",
            "",
            " 8",
            "8s",
            "99999999999999999999",
        ] {
            let error = read(text).expect_err(text).to_string();
            assert_eq!(error, "not a time in seconds from 0.001 to 86400", "{text:?}");
        }
        for text in ["ok", "OK", "", "2", "crit"] {
            assert_eq!(read(&format!("8:{text}")), Err(InvalidTimeout::State(text.to_owned())));
        }
    }
}
