//! Binds again the addresses that check_ip_bound misses, if that is safe.

mod event;

use std::convert::Infallible;
use std::path::PathBuf;

use plugin::{Deadline, Report, State};

pub use event::{Event, InvalidEvent};

const AFTER_HELP: &str = "\
Exit codes: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN (also --help and --version).";

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

/// Handles the event.
///
/// # Errors
/// None yet.
pub fn handle(args: &Args, _deadline: &Deadline) -> Result<Report, Infallible> {
    Ok(Report::new(State::Unknown, format!("nothing is done yet about {}", args.event)))
}
