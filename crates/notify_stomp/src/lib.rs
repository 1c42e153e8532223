//! Publishes each Nagios event as JSON to a STOMP broker, and keeps it until that confirms.
//!
//! The outage it catches: the monitor knows of one and nobody else does, because whoever should be told was not there at that moment.
//! An event is in the spool before it is sent and leaves it when the broker has confirmed it.

mod cat;
mod connection;
mod deliver;
mod evaluate;
mod event;
pub mod frame;
mod macros;
mod options;
pub mod perfdata;
mod probe;
mod remove;
mod session;
mod socket;
mod spool;
mod tls;

use std::time::Duration;

use plugin::{Deadline, Report};

pub use event::Event;
pub use options::{Broker, SpoolOptions, Target};
pub use probe::{Fate, NotifyError, Seen};

/// How long a run may take by default: Nagios waits for its event handlers.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// Send what waits in the spool, and no event of its own; for a timer
    #[arg(long, conflicts_with_all = ["cat", "from_env"])]
    pub flush: bool,
    /// Subscribe to this destination and print what comes, a message a line, until SIGTERM, SIGINT or the broker ends it
    #[arg(long, value_name = "DESTINATION", conflicts_with = "from_env")]
    pub cat: Option<String>,
    /// With --cat: end after this many messages
    #[arg(long, value_name = "MESSAGES", requires = "cat", value_parser = clap::value_parser!(u64).range(1..))]
    pub count: Option<u64>,
    /// The event, mostly by macros of Nagios
    #[command(flatten)]
    pub event: macros::Macros,
    /// Where it goes
    #[command(flatten)]
    pub target: Target,
    /// Where it waits
    #[command(flatten)]
    pub spool: SpoolOptions,
}

/// Publishes the event, or sends what waits, or shows what comes; and says what became of it.
///
/// # Errors
/// [`NotifyError`]: the event or the broker is not named, or cannot be understood.
pub fn publish(args: &Args, deadline: &Deadline) -> Result<Report, NotifyError> {
    if let Some(destination) = &args.cat {
        return cat::cat(args, destination, deadline);
    }
    let seen = probe::probe(args, deadline)?;
    Ok(evaluate::evaluate(&seen))
}
