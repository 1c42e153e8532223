//! Is every address that should be on this host bound, and usable?
//!
//! The outage it catches: after a reboot a few of a server's addresses were never bound, or are on a link that is down, or were
//! given up as duplicates, while everything looks up from the inside.

mod causes;
mod evaluate;
mod finding;
mod probe;
mod wanted;

use std::path::PathBuf;

use addresses::{Bound, Entry, Expected};
use plugin::{Deadline, Report, Thresholds};

pub use finding::Finding;
pub use probe::ProbeError;
pub use wanted::{Source, Wanted};

/// The command line.
#[derive(Debug, Default, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// An address that must be bound; with a prefix length, that must match too. Repeatable
    #[arg(long, value_name = "ADDRESS[/PREFIX]")]
    pub ip: Vec<Expected>,
    /// A list of addresses that must be bound, one a line; H-Sphere's and cPanel's are understood. Repeatable.
    /// Without --ip and --file: /hsphere/local/network/ips or /etc/ips, else every address that is bound must be usable
    #[arg(long)]
    pub file: Vec<PathBuf>,
    /// The addresses must be on this interface, or on one of these. Repeatable. Default: on any, loopback too
    #[arg(long, value_name = "NAME")]
    pub interface: Vec<String>,
    /// How many may be missing. Without --warning and --critical one missing address is critical
    #[command(flatten)]
    pub thresholds: Thresholds,
}

/// What there was to see.
#[derive(Clone, Debug)]
pub struct Seen {
    /// The addresses that should be usable here.
    pub wanted: Wanted,
    /// The addresses that are bound here.
    pub bound: Bound,
    /// What became of the wanted addresses that are not simply usable.
    pub findings: Vec<(Entry, Finding)>,
    /// The setting net.ipv4.conf.all.promote_secondaries: none if it was not needed or cannot be read.
    pub promotes_all: Option<bool>,
}

/// Looks, and judges what was seen.
///
/// # Errors
/// [`ProbeError`]: a list or the bound addresses cannot be read, or there is nothing to check.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let seen = probe::probe(args, deadline)?;
    Ok(evaluate::evaluate(args, &seen))
}
