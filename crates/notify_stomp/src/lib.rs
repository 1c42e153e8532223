//! Publishes each Nagios event as JSON to a STOMP broker, spooled until the broker confirms receipt.
//!
//! The outage it catches: the monitor knows of an outage, and its readers do not, because the broker was not
//! there at that moment. An event is in the spool before it is sent, and leaves it when the broker has
//! confirmed it.

mod action;
mod brokers;
mod cat;
mod connection;
mod deliver;
mod destination;
mod error;
mod evaluate;
mod event;
pub mod frame;
mod harm;
mod loss;
mod macros;
mod observations;
mod options;
mod order;
pub mod perfdata;
mod publish;
mod salvage;
mod send;
mod session;
mod snapshot;
mod spool;
mod spool_options;
mod user;

use std::time::Duration;

use plugin::{Deadline, Report};

pub use action::Action;
use action::Purpose;
pub use cat::CatError;
pub use error::NotifyError;
pub use event::{Event, EventError};
pub use observations::{Failure, Fate, Observations};
pub use options::{Target, TargetError};
pub use publish::PublishError;
pub use salvage::salvage;
pub use snapshot::SnapshotError;
pub use spool_options::SpoolOptions;

/// How long a run may take by default: Nagios waits for its event handlers.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about, mut_args(Action::judged))]
pub struct Args {
    /// What to do
    #[command(flatten)]
    pub action: Action,
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

/// Publishes the event, or sends what waits, or shows what comes; and reports what became of it.
///
/// # Errors
/// [`NotifyError`]: the event or the broker is not named, or cannot be understood.
pub fn publish(args: &Args, deadline: &Deadline) -> Result<Report, NotifyError> {
    match args.action.purpose(args.event.is_empty()) {
        Purpose::Show(destination) => Ok(cat::cat(args, destination, deadline)?),
        Purpose::Snapshot => Ok(snapshot::snapshot(args, deadline)?),
        Purpose::Publish => Ok(evaluate::evaluate(&publish::publish(args, deadline)?)),
    }
}
