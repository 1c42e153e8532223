//! Binds again the addresses that check_ip_bound misses, if that is safe.
//!
//! An event handler of Nagios: from the event over looking again, asking the link, binding and looking once more, to one line of
//! output and one record in the log. Whatever it is not sure of it leaves alone.

mod arp;
mod bind;
mod budget;
mod case;
mod child;
mod config;
mod ethernet;
mod evaluate;
mod event;
mod link;
mod list;
mod ndp;
mod network;
mod outcome;
mod prefix;
mod probe;
mod record;
mod work;

use std::path::PathBuf;

use plugin::{Deadline, Report, State};

use config::Config;
use outcome::{End, Outcome};
use record::Log;

pub use event::{Event, InvalidEvent};
pub use work::HandleError;

const AFTER_HELP: &str = "\
Exit codes: 0 OK, 1 WARNING (something is missing and nothing was tried), 2 CRITICAL (something in the list is missing still),
3 UNKNOWN (nothing could be known; also --help and --version).";

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about, after_help = AFTER_HELP)]
pub struct Args {
    /// Why it runs: STATE-TYPE-ATTEMPT of the service as Nagios says them, as in CRITICAL-SOFT-2, or TIMER
    #[arg(long, value_name = "EVENT")]
    pub event: Event,
    /// Its configuration, of root alone to write
    #[arg(long, value_name = "FILE", default_value = "/etc/nagios/handle_ip_rebind.toml")]
    pub config: PathBuf,
}

/// Handles the event, and records it.
///
/// # Errors
/// [`HandleError`]: the configuration, the log, the state, the addresses or the link cannot be read. Then nothing was done, but for
/// [`HandleError::After`].
pub fn handle(args: &Args, deadline: &Deadline) -> Result<Report, HandleError> {
    let config = Config::read(&args.config, deadline)?;
    let log = Log::open(&config).map_err(HandleError::Log)?;
    let result = work::work(&config, args.event, deadline);
    let mut report = match &result {
        Ok(outcome) => evaluate::evaluate(outcome),
        Err(error) => Report::new(State::Unknown, error.to_string()),
    };
    let recorded = log.record(&config, args.event, &result, (report.state, report.summary()));
    result?;
    if let Err(error) = recorded {
        report.state = report.state.max(State::Warning);
        report = report.detail(format!("note: not recorded: {error}"));
    }
    Ok(report)
}
