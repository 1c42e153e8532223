//! Whose clock is off, and certainly so?
//!
//! The outage it catches: a virtual server has taken its host's wrong clock, so that what it bills and logs lies, while every
//! other check of it is fine.

mod clock;
pub mod date_and_time;
mod evaluate;
mod host;
mod interval;
pub mod ntp;
mod probe;
mod readings;
pub mod snmp;
mod udp;
pub mod value;
mod words;

use std::net::SocketAddr;

use net::HostPort;
use plugin::{Deadline, Range, Report, State, Thresholds};

pub use host::HostError;
pub use interval::Interval;
pub use probe::ProbeError;
pub use readings::{Reading, Readings, Shown};

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// Host whose clock to compare, by SNMP. Without it: this machine's own clock, with the servers of --ntp
    #[arg(short = 'H', long, value_name = "HOST[:PORT]")]
    pub hostname: Option<HostPort>,
    /// An NTP server to compare with. Repeatable: the majority counts. Without it: this machine's own clock
    #[arg(long, value_name = "HOST[:PORT]")]
    pub ntp: Vec<HostPort>,
    /// The zone of a host that tells its local time without one (8 octets of DateAndTime, as Windows does), as in Asia/Kolkata
    #[arg(long, value_name = "NAME")]
    pub timezone: Option<String>,
    /// By how many seconds the clock may be ahead; minus is behind. Default: --warning=-5:5 --critical=-60:60. The end of
    /// the uncertainty that is nearest to zero is judged
    #[command(flatten)]
    pub thresholds: Thresholds,
    /// How to ask the host's SNMP agent; the names are those of check_snmp
    #[command(flatten)]
    pub snmp: snmp::Options,
}

/// What one run observed.
#[derive(Debug)]
pub struct Observations {
    /// The host's clock compared with this machine's, or why it could not be read: none if no host was asked.
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
        let default = Thresholds { warning: Some(Range::between(-5.0, 5.0)), critical: Some(Range::between(-60.0, 60.0)) };
        self.thresholds.or(default)
    }
}

/// Asks, and judges what was answered.
///
/// # Errors
/// [`ProbeError`]: nothing to compare is named, or it cannot be found.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let observations = probe::probe(args, deadline)?;
    Ok(evaluate::evaluate(args, &observations))
}
