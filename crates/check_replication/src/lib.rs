//! Does every replication channel run, both ways, and if not, why?
//!
//! The outage it catches: two servers replicate to each other behind a floating address, one direction has stopped, and nothing
//! looks wrong until the failover.

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
mod probe;
mod public_key;
mod redact;
mod refusal;
pub mod row;
pub mod server;
mod target;
mod tls_level;

use plugin::{Deadline, Range, Report, Thresholds};

pub use ask::{Answer, Refusal, over};
pub use defaults::DefaultsError;
pub use options::{Connecting, Expected, Heartbeat, Role};
pub use probe::ProbeError;
pub use target::Target;
pub use tls_level::TlsLevel;

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// How to connect and log in
    #[command(flatten)]
    pub connecting: Connecting,
    /// How many seconds a channel may be behind its source, a configured delay not counted. Default: --warning=60 --critical=300
    #[command(flatten)]
    pub thresholds: Thresholds,
    /// What is expected
    #[command(flatten)]
    pub expected: Expected,
    /// What shows the lag
    #[command(flatten)]
    pub heartbeat: Heartbeat,
    /// Show error texts whole, with the statements in them, which may hold passwords
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

impl Args {
    /// The thresholds of the lag, by default a minute and five.
    pub(crate) fn thresholds(&self) -> Thresholds {
        let default = Thresholds { warning: Some(Range::up_to(60.0)), critical: Some(Range::up_to(300.0)) };
        self.thresholds.or(default)
    }
}

/// Asks, and judges what was answered.
///
/// # Errors
/// [`ProbeError`]: it is not clear what to ask, or as whom.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let observations = probe::probe(args, deadline)?;
    Ok(evaluate::evaluate(args, &observations))
}
