//! Does every address accept TCP connections, and why not?
//!
//! The outage it catches: after a reboot most addresses of a server work and one does not, while every check
//! of one address, and every check from the inside, reports OK.

mod allowed;
mod cause;
mod evaluate;
mod judged;
mod memory;
mod monitor;
mod options;
mod ping;
mod probe;
mod progress;
mod sweep;
mod target;

use std::time::Duration;

use host_config::AddressOptions;
use net::{Host, ResolveError};
use plugin::{Deadline, Report, State};

use allowed::Allowed;
use cause::Cause;
use options::securing::Securing;
use options::{Choice, Connecting, Limits, Ports};
pub use probe::ProbeError;
use target::Target;

const FILE_HELP: &str = "File with one address a line, then its own ports and a label where it has them: 192.0.2.10 80,443 web. \
                         H-Sphere's and cPanel's lists are read too, and - is the standard input. Repeatable";

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about, mut_arg("file", |file| file.help(FILE_HELP)))]
pub struct Args {
    /// The addresses to connect to.
    #[command(flatten)]
    pub(crate) addresses: AddressOptions,
    /// Host name, of which every IPv4 and IPv6 address is checked. Repeatable
    #[arg(short = 'H', long, value_name = "HOST")]
    pub(crate) hostname: Vec<Host>,
    /// Check every address bound on this host, except loopback and link-local ones
    #[arg(long)]
    pub(crate) bound: bool,
    /// Which of the addresses are checked
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// Ports of each address that has none of its own: 80, https or 80,443. Repeatable
    #[arg(short, long, value_name = "PORT[,PORT]")]
    pub(crate) port: Vec<Ports>,
    /// How many may fail, and how slow they may be
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// TLS and certificates
    #[command(flatten)]
    pub(crate) securing: Securing,
    /// How connections are made
    #[command(flatten)]
    pub(crate) connecting: Connecting,
}

/// What one run observed.
#[derive(Debug)]
pub(crate) struct Observations {
    /// All targets, sorted.
    pub(crate) targets: Vec<Target>,
    /// Why names have no address that could be tried.
    pub(crate) unresolved: Vec<ResolveError>,
    /// The places of those that did not answer as they should, sorted, and why.
    pub(crate) failed: Vec<(u32, Cause)>,
    /// The longest time that an answering one took, and its place: `None` if none answered.
    pub(crate) slowest: Option<(Duration, u32)>,
    /// How many answered only when tried again.
    pub(crate) second_try: usize,
    /// For how many days the certificate is valid that expires first: `None` without TLS, not a number if
    /// none was seen.
    pub(crate) certificate_days: Option<f64>,
    /// Why silent addresses could not be pinged: `None` if they could, or if none was silent.
    pub(crate) ping_refused: Option<String>,
    /// What a missed deadline reports.
    pub(crate) late: State,
}

/// Tries every target, and judges the observations.
///
/// # Errors
/// [`ProbeError`]: it is not known what to try, or this machine cannot connect at all.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let allowed = Allowed::new(&args.limits, &args.connecting);
    let observations = probe::probe(args, &allowed, deadline)?;
    Ok(evaluate::evaluate(&allowed, &observations))
}
