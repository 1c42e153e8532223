//! The options of the spool.

use std::path::PathBuf;
use std::time::Duration;

use plugin::{Seconds, whole};

/// Where events wait that no broker has confirmed, and how many.
#[derive(Clone, Debug, clap::Args)]
#[command(next_help_heading = "Spool")]
pub struct SpoolOptions {
    /// Directory in which events wait until the broker confirms receipt: on a local disk, one directory per
    /// destination
    #[arg(long, value_name = "FOLDER", default_value = "/var/spool/notify_stomp")]
    pub spool: PathBuf,
    /// Become this user first, by name or number: root makes and uses no spool that the event handlers of
    /// Nagios could not use
    #[arg(long, value_name = "USER")]
    pub user: Option<String>,
    /// Maximum size of the waiting events, in MiB: above it the oldest are dropped, which is CRITICAL
    #[arg(long, value_name = "MIB", default_value = "64", value_parser = whole::<u64>(1..=1 << 20))]
    pub spool_size: u64,
    /// Drop events that have waited longer than this many days and still cannot be sent, which is CRITICAL
    #[arg(long, value_name = "DAYS", default_value = "7", value_parser = whole::<u64>(1..=3650))]
    pub spool_age: u64,
    /// Only spool events for this long after no broker answered, so that Nagios does not wait for each event
    #[arg(long, value_name = "SECONDS", default_value = "30", value_parser = Seconds::within(0.0..=86_400.0))]
    pub retry: Seconds,
}

impl SpoolOptions {
    /// The most octets that may wait.
    pub fn most_octets(&self) -> u64 {
        self.spool_size << 20
    }

    /// How long they may wait.
    pub fn longest_wait(&self) -> Duration {
        Duration::from_secs(self.spool_age * 86_400)
    }
}
