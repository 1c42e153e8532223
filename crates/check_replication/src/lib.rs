//! Does every replication channel run, in both directions, and if not, why?
//!
//! The outage it catches: two servers replicate to each other behind a floating address, one direction has stopped, and every
//! other check reports OK until the failover.

mod ask;
mod cause;
pub mod channel;
mod connection;
mod defaults;
mod endpoint;
mod evaluate;
pub mod failure;
#[cfg(test)]
mod fixture;
pub mod gtid;
pub mod heartbeat;
mod judge;
pub mod liveness;
mod login;
mod options;
pub mod pair;
mod policy;
mod probe;
mod public_key;
mod redact;
mod refusal;
pub mod row;
pub mod server;
mod target;
mod tls_level;

use plugin::{Deadline, Report, Thresholds};

use policy::Policy;

pub use ask::{Answer, Refusal, over};
pub use defaults::DefaultsError;
pub use options::{Connecting, ExpectOptions, Heartbeat, Role};
pub use probe::ProbeError;
pub use target::Target;
pub use tls_level::TlsLevel;

const WARNING: &str = "WARNING if a channel is behind its source by a number of seconds outside this range, beyond its configured delay. \
                       Default, without --critical too: 60";
const CRITICAL: &str = "CRITICAL if it is outside this range. Default, without --warning too: 300";

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
#[command(mut_arg("warning", |arg| arg.help(WARNING)), mut_arg("critical", |arg| arg.help(CRITICAL)))]
pub struct Args {
    /// How to connect and log in
    #[command(flatten)]
    pub connecting: Connecting,
    /// How far a channel may be behind its source
    #[command(flatten)]
    pub thresholds: Thresholds,
    /// What is expected
    #[command(flatten)]
    pub expected: ExpectOptions,
    /// What shows the lag
    #[command(flatten)]
    pub heartbeat: Heartbeat,
    /// Show complete error texts, with their statements, which may contain passwords
    #[arg(long)]
    pub show_query: bool,
}

/// What one run observed.
#[derive(Debug)]
pub struct Observations {
    /// Each server by the name that it was asked by: what it answered, or why it did not.
    pub servers: Vec<(String, Result<Answer, Refusal>)>,
    /// The account that was logged in with.
    pub user: String,
    /// The time given, in seconds.
    pub seconds: f64,
}

/// Asks every server, and judges the answers.
///
/// # Errors
/// [`ProbeError`]: it is not clear what to ask, or as whom.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let observations = probe::probe(args, deadline)?;
    Ok(evaluate::evaluate(&Policy::new(args), &observations))
}
