//! Is a clock off by more than the measurement error?
//!
//! The outage it catches: a virtual server has taken the wrong clock of its host, bills and logs wrong times,
//! and every other check reports OK.

mod clock;
pub mod date_and_time;
mod evaluate;
mod host;
mod interval;
pub mod ntp;
mod probe;
mod readings;
mod reference;
pub mod snmp;
pub mod value;
mod words;

use std::net::SocketAddr;

use net::HostPort;
use plugin::{Deadline, Range, Report, State, Thresholds};

pub use host::HostError;
pub use interval::Interval;
pub use probe::ProbeError;
pub use readings::{Reading, Readings, Shown};

/// What --warning and --critical judge.
const JUDGED: &str = "the offset in seconds (slow is negative)";

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
#[command(mut_args(Thresholds::judge(JUDGED, "-5:5", "-60:60")))]
pub struct Args {
    /// Host whose clock to check, by SNMP. Default: the clock of this machine, compared with --ntp
    #[arg(short = 'H', long, value_name = "HOST[:PORT]")]
    pub hostname: Option<HostPort>,
    /// NTP server to compare with. Repeatable: the majority counts. Default: the clock of this machine
    #[arg(long, value_name = "HOST[:PORT]")]
    pub ntp: Vec<HostPort>,
    /// Time zone of a host that reports its local time without one, as Windows does: Asia/Kolkata
    #[arg(long, value_name = "NAME")]
    pub timezone: Option<String>,
    /// By how many seconds the clock may be ahead
    #[command(flatten)]
    pub thresholds: Thresholds,
    /// How to ask the host's SNMP agent; the names are those of check_snmp
    #[command(flatten)]
    pub snmp: snmp::Options,
}

/// What one run observed.
#[derive(Debug)]
pub struct Observations {
    /// The name of the host that was asked, as it was given: `None` if no host was asked.
    pub hostname: Option<String>,
    /// The host's clock compared with this machine's, or why it could not be read: `None` if no host was
    /// asked.
    pub host: Option<Result<HostClock, HostError>>,
    /// What each NTP server says of this machine's clock.
    pub ntp: Vec<ntp::Sample>,
    /// What silence is reported as.
    pub silent: State,
}

/// A host's clock compared with this machine's.
#[derive(Debug)]
pub struct HostClock {
    /// The agent that showed it.
    pub agent: SocketAddr,
    /// What it showed.
    pub readings: Readings,
}

impl Args {
    /// The thresholds, by default 5 s and a minute to either side.
    pub(crate) fn thresholds(&self) -> Thresholds {
        let default = Thresholds {
            warning: Some(Range::between(-5.0, 5.0)),
            critical: Some(Range::between(-60.0, 60.0)),
        };
        self.thresholds.or(default)
    }
}

/// Asks, and judges what was answered.
///
/// # Errors
/// [`ProbeError`]: nothing to compare is named, or it cannot be found.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let observations = probe::probe(args, deadline)?;
    Ok(evaluate::evaluate(&args.thresholds(), &observations))
}
