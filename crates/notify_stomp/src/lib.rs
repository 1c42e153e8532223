//! Publishes each Nagios event as JSON to a STOMP broker, spooled until the broker confirms receipt.
//!
//! The outage it catches: the monitor knows of an outage, and its readers do not, because the broker was not
//! there at that moment. An event is in the spool before it is sent, and leaves it when the broker has
//! confirmed it.

mod cat;
mod connection;
mod deliver;
mod evaluate;
mod event;
pub mod frame;
mod macros;
mod observations;
mod options;
pub mod perfdata;
mod publish;
mod remove;
mod salvage;
mod session;
mod spool;

use std::time::Duration;

use plugin::{Deadline, Report};

pub use cat::CatError;
pub use event::{Event, EventError};
pub use observations::{Fate, Observations};
pub use options::{SpoolOptions, Target, TargetError};
pub use publish::PublishError;
pub use salvage::salvage;

/// How long a run may take by default: Nagios waits for its event handlers.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// Send the events that wait in the spool and publish no new one: for a timer
    #[arg(long, conflicts_with_all = ["cat", "from_env"])]
    pub flush: bool,
    /// Subscribe to this destination and print one message per line, until SIGTERM, SIGINT or the broker ends
    /// the subscription
    #[arg(long, value_name = "DESTINATION", conflicts_with = "from_env")]
    pub cat: Option<String>,
    /// End --cat after this many messages
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

/// Why a run could do nothing: a setting must be changed.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// Publishing.
    #[error(transparent)]
    Publish(#[from] PublishError),
    /// `--cat`.
    #[error(transparent)]
    Cat(#[from] CatError),
}

/// Publishes the event, or sends what waits, or shows what comes; and reports what became of it.
///
/// # Errors
/// [`NotifyError`]: the event or the broker is not named, or cannot be understood.
pub fn publish(args: &Args, deadline: &Deadline) -> Result<Report, NotifyError> {
    if let Some(destination) = &args.cat {
        return Ok(cat::cat(args, destination, deadline)?);
    }
    let observations = publish::publish(args, deadline)?;
    Ok(evaluate::evaluate(&observations))
}
