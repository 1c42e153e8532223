//! The command line.

use std::path::PathBuf;
use std::str::FromStr;

use plugin::{Seconds, whole};

use crate::api::ApiUrl;

/// The limits of `--stale` and `--hold`, in seconds.
const TIMES: std::ops::RangeInclusive<f64> = 1.0..=86_400.0;

/// What cannot be used with an option of the API. Without this, an option that needs another one is taken
/// without it beside what conflicts with that one.
const OTHERS: [&str; 2] = ["status_file", "livestatus"];

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// Read what is public from this file
    #[arg(long, value_name = "FILE", default_value = "/etc/silent-outage/publish_status.toml")]
    pub config: PathBuf,
    /// Write the page into this folder, which must exist
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/silent-outage/status")]
    pub output: PathBuf,
    /// Keep the history in this private folder
    #[arg(long, value_name = "FOLDER", default_value = "/var/lib/silent-outage/status-history")]
    pub state: PathBuf,
    /// Read this status.dat. Default: the first of the usual places that has one
    #[arg(long, value_name = "FILE", conflicts_with_all = ["icinga_api", "livestatus"])]
    pub status_file: Option<PathBuf>,
    /// Ask Livestatus of Naemon, Checkmk, Nagios or Icinga 2 at this socket instead of reading status.dat
    #[arg(long, value_name = "SOCKET", conflicts_with = "icinga_api")]
    pub livestatus: Option<PathBuf>,
    /// Treat the monitor as disturbed if its state is older than this
    #[arg(long, value_name = "SECONDS", default_value = "120", value_parser = Seconds::within(TIMES))]
    pub stale: Seconds,
    /// Treat the monitor as disturbed, and hold the jump back, if more than this part of all sources goes bad
    /// or vanishes within 600 s, or within --hold if that is longer. off for small sites
    #[arg(long, value_name = "PERCENT|off", default_value = "50")]
    pub sanity: Percent,
    /// Hold such a jump back for this long, then publish what the monitor reports. A source that vanished
    /// counts as unknown for this long
    #[arg(long, value_name = "SECONDS", default_value = "600", value_parser = Seconds::within(0.0..=86_400.0))]
    pub hold: Seconds,
    /// Show a problem as degraded while its state is SOFT. Default: only HARD states are shown
    #[arg(long)]
    pub soft: bool,
    /// Fill the history once with the days before it, from these logs of Nagios, Naemon or Icinga 1: alerts,
    /// states after a rotation, downtimes, starts and stops. Publishes nothing
    #[arg(long, value_name = "FILE", num_args = 1.., conflicts_with = "preview")]
    pub import: Vec<PathBuf>,
    /// Write nothing; print each component with its state and the sources behind it
    #[arg(long)]
    pub preview: bool,
    /// The API of Icinga 2, in place of a file
    #[command(flatten)]
    pub api: Api,
}

impl Args {
    /// Returns the folder of incidents written by hand, beside the configuration.
    pub(crate) fn incidents(&self) -> PathBuf {
        self.config.with_file_name("incidents")
    }
}

/// The API of Icinga 2.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Icinga 2")]
pub struct Api {
    /// Ask the API of Icinga 2 at https://HOST:PORT instead of reading status.dat. Default port: 5665
    #[arg(long, value_name = "URL")]
    pub icinga_api: Option<ApiUrl>,
    /// User of the API, who may use objects/query and status/query
    #[arg(long, value_name = "USER", requires = "icinga_api", conflicts_with_all = OTHERS)]
    pub api_user: Option<String>,
    /// Password of the user; accepted from --extra-opts only, because every user can read a command line
    #[arg(long, value_name = "SECRET", requires = "icinga_api", conflicts_with_all = OTHERS)]
    pub api_password: Option<String>,
    /// PEM file of the authority that signed the certificate of the API: Icinga has its own. Default: those
    /// of the system
    #[arg(long, value_name = "FILE", requires = "icinga_api", conflicts_with_all = OTHERS)]
    pub tls_ca: Option<PathBuf>,
}

/// A part of all sources in per cent, or no limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Percent(pub Option<u8>);

/// Why a text is not a [`Percent`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a whole number from 1 to 99, nor off")]
pub struct InvalidPercent;

impl FromStr for Percent {
    type Err = InvalidPercent;

    fn from_str(text: &str) -> Result<Self, InvalidPercent> {
        if text == "off" {
            return Ok(Self(None));
        }
        whole(1..=99)(text).map(|number| Self(Some(number))).map_err(|_| InvalidPercent)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_a_whole_number_or_off() {
        for (text, percent) in [("50", Some(50)), ("1", Some(1)), ("99", Some(99)), ("off", None)] {
            assert_eq!(text.parse(), Ok(Percent(percent)));
        }
        for text in ["", "0", "100", "256", "-1", "+5", "5%", "Off", "1.5"] {
            assert_eq!(text.parse::<Percent>(), Err(InvalidPercent), "{text}");
        }
    }
}
