//! Is a clock off by more than the measurement error?
//!
//! The outage it catches: a virtual server has taken the wrong clock of its host, bills and logs wrong times,
//! and every other check reports OK.
//!
//! # Modules, in the order of a run
//!
//! - Options: `judging` has the ranges, `way` the address to ask from, `snmp` what the agent needs, `zone`
//!   the host's time zone.
//! - Probe: `probe` asks. `servers` leaves out addresses that `own` knows as this machine's; `ntp` asks the
//!   servers, then `host` asks the agent by `snmp`. `clock` notices that this machine's clock was stepped;
//!   `partial` reports what is known of a stopped run.
//! - Observe: `value` parses the agent's time with `date_and_time` and `text_date`. `readings` joins several
//!   into one `interval`; `whose` tells which machine's clock it is.
//! - Evaluate: `evaluate` judges the clock by `judging` and the NTP servers by `reference`; `words` writes
//!   offsets.

mod clock;
pub mod date_and_time;
mod evaluate;
mod host;
mod interval;
mod judging;
pub mod ntp;
mod own;
mod partial;
mod probe;
mod readings;
mod reference;
mod servers;
pub mod snmp;
mod text_date;
pub mod value;
mod way;
mod whose;
mod words;
mod zone;

use net::HostPort;
use plugin::{Deadline, Report, State};

pub use host::{HostClock, HostError};
pub use interval::Interval;
pub use probe::ProbeError;
pub use readings::{Reading, Readings, Shown};

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
#[command(mut_args(judging::options()), mut_args(snmp::of_a_host))]
pub struct Args {
    /// Host whose clock to check, by SNMP. Default: the clock of this machine, compared with --ntp
    #[arg(short = 'H', long, value_name = "HOST[:PORT]")]
    pub hostname: Option<HostPort>,
    /// NTP server to compare with, at up to 4 addresses of its name. Repeatable: the majority counts. Without
    /// it the host of --hostname is compared with the clock of this machine
    #[arg(long, value_name = "HOST[:PORT]")]
    pub ntp: Vec<HostPort>,
    /// Time zone of a host that reports its local time without one, as Windows does: Asia/Kolkata, +0530.
    /// Default: such a time is UNKNOWN
    #[arg(long, value_name = "NAME", allow_hyphen_values = true, requires = "hostname")]
    pub timezone: Option<String>,
    /// What is judged, and by which ranges
    #[command(flatten)]
    pub judging: judging::Options,
    /// The way to hosts and servers
    #[command(flatten)]
    pub way: way::Options,
    /// How to ask the host's SNMP agent; the names are those of check_snmp
    #[command(flatten)]
    pub snmp: snmp::Options,
}

/// What one run observed.
#[derive(Debug)]
pub struct Observations {
    /// The name of the host that was asked, as it was given: `None` if no host was asked.
    pub hostname: Option<String>,
    /// Whether that is a name of several addresses.
    pub is_ambiguous: bool,
    /// The host's clock compared with this machine's, or why it could not be read: `None` if no host was
    /// asked.
    pub host: Option<Result<HostClock, HostError>>,
    /// What each NTP server says of this machine's clock.
    pub ntp: Vec<ntp::Sample>,
    /// Whether servers that gave no time may still do so: the run is stopped.
    pub is_waiting: bool,
    /// What silence is reported as.
    pub silent: State,
}

/// Asks, and judges what was answered.
///
/// # Errors
/// [`ProbeError`]: nothing to compare is named, or it cannot be found.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let judging = args.judging.clone().into();
    let observations = probe::probe(args, &judging, deadline)?;
    Ok(evaluate::evaluate(&judging, &observations))
}
