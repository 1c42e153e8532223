//! Publishes each Nagios event as JSON to a STOMP broker, spooled until the broker confirms receipt.
//!
//! The outage it catches: the monitor knows of an outage, and its readers do not, because the broker was not
//! there at that moment. An event is in the spool before it is sent, and leaves it when the broker has
//! confirmed it.
//!
//! # Modules, in the order of a run
//!
//! - Options: `action` tells what the run does. `macros`, `options` and `spool_options` have the options of
//!   the event, the broker and the spool; `destination` has where an event goes.
//! - Event: `event` makes the JSON, with `perfdata`; `salvage` keeps the event of a command line that is
//!   refused.
//! - Publish: `publish` is the run. `user` leaves root, `spool` stores the event, and `send` sends what
//!   waits, through one of the `brokers`: `connection` connects, `session` speaks in a `frame` at a time,
//!   `deliver` waits for receipts.
//! - Report: `observations` is what was done, with the `harm` to events; `loss` counts those that are lost,
//!   `evaluate` makes the report.
//! - In place of publishing: `cat` is --cat, which shows the `order` of events; `snapshot` is --snapshot.

mod action;
mod brokers;
mod cat;
mod connection;
mod deliver;
mod destination;
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

use action::Purpose;
pub use action::{Action, Idle};
pub use cat::CatError;
pub use event::{Event, EventError};
pub use observations::{Failure, Fate, Observations};
pub use options::{Target, TargetError};
pub use salvage::salvage;
pub use spool_options::SpoolOptions;
pub use user::UserError;

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

/// Publishes the event, or sends what waits, or shows what comes; and reports what became of it. A run that
/// ends early has all performance data too, as not known.
///
/// # Errors
/// [`CatError`]: `--cat` cannot subscribe.
pub fn publish(args: &Args, deadline: &Deadline) -> Result<Report, CatError> {
    match args.action.purpose(args.event.is_empty()) {
        Purpose::Show(destination) => cat::cat(args, destination, deadline),
        Purpose::Snapshot => Ok(snapshot::report(args, deadline)),
        Purpose::Publish => Ok(publish::report(args, deadline)),
    }
}
