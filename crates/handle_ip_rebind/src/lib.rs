//! Re-adds addresses that check_ip_bound reports missing, if that is safe.
//!
//! An event handler of Nagios. A run checks the event, the addresses and the budget, probes the link, binds,
//! probes and checks again, and ends in one line of output and one record in the log. It leaves an address
//! alone where it is not sure.
//!
//! # Modules, in the order of a run
//!
//! - Options: `event` and `config`; `places` refuses to write a file that the run reads. `caller` keeps the
//!   run independent of the program that started it.
//! - Observe: `work` is the whole run, under the lock of `budget`. `probe` finds what is missing, and what
//!   may be bound by the `list`, its `prefix` and `network`, and the `surroundings`; `difference` and
//!   `contradiction` compare the lists. `observe` makes a `case` of each address; `backoff` and `retries`
//!   know what failed before, `wrong` what is bound wrongly.
//! - Change: `link` asks the hosts of the network by frames of `ethernet`. `ledger` notes each step for the
//!   next run, `bind` binds, and `watch` sees which addresses go meanwhile.
//! - Finish: `tell` announces the addresses, restarts services and checks again. `child` runs a program after
//!   `program` has checked it.
//! - Report: `outcome` is what the run did; `evaluate` makes the report of it, `record` the line of the log.
//! - `trial` is --test-config.

mod backoff;
mod bind;
mod budget;
mod caller;
mod case;
mod child;
mod config;
mod contradiction;
mod difference;
mod ethernet;
mod evaluate;
mod event;
mod ledger;
mod link;
mod list;
mod network;
mod observe;
mod outcome;
mod places;
mod prefix;
mod probe;
mod program;
mod record;
mod retries;
mod surroundings;
mod tell;
mod trial;
mod watch;
mod work;
mod wrong;

use std::path::PathBuf;

use plugin::{Deadline, Report, whole};

use config::Config;
use outcome::{End, Outcome};

pub use event::{Event, InvalidEvent, StateType};
pub use work::HandleError;

const AFTER_HELP: &str = "\
Exit codes: 0 OK, 1 WARNING (a dry run, another run in progress, or an address that is not in the list), 2 CRITICAL (an address of the list is still missing), \
3 UNKNOWN (configuration, state, address list or link unusable; also --help and --version).";

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about, after_help = AFTER_HELP)]
pub struct Args {
    /// Event to handle: state, state type and attempt of the service, as in CRITICAL-SOFT-2 or
    /// CRITICAL-HARD, or TIMER
    #[arg(long, value_name = "EVENT", required_unless_present = "test_config")]
    pub event: Option<Event>,
    /// Downtime depth of the host or of the service: above 0, nothing is done. Repeatable
    #[arg(long, value_name = "DEPTH", conflicts_with = "test_config", value_parser = whole::<u32>(0..=4_294_967_295))]
    pub downtime: Vec<u32>,
    /// Read everything, change nothing, and print what a run would do for each address of the list
    #[arg(long, conflicts_with = "event")]
    pub test_config: bool,
    /// Configuration file, writable only by root
    #[arg(long, value_name = "FILE", default_value = "/etc/silent-outage/handle_ip_rebind.toml")]
    pub config: PathBuf,
}

/// Handles the event and records it, or tries the configuration.
///
/// # Errors
/// [`HandleError`]: the configuration, the log, the state, the addresses or the link cannot be read. Then
/// nothing was changed, but for [`HandleError::After`].
pub fn handle(args: &Args, deadline: &Deadline) -> Result<Report, HandleError> {
    caller::raise_open_files();
    let config = Config::read(&args.config, deadline)?;
    places::check(&config, &args.config)?;
    match args.event {
        Some(event) => work::work_and_record(&config, event, &args.downtime, deadline),
        None => Ok(trial::trial(&config, deadline)?),
    }
}
