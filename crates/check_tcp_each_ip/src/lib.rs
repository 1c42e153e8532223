//! Does every address accept TCP connections, and why not?
//!
//! The outage it catches: after a reboot most addresses of a server work and one does not, while every check
//! of one address, and every check from the inside, reports OK.
//!
//! # Modules, in the order of a run
//!
//! - Options: `options` has them, `allowed` the limits that are judged.
//! - Targets: `target` is each address with each port. `source` refuses addresses that no connection can come
//!   from, `memory` more targets than there is memory for.
//! - Probe: `probe` begins the sweeps, and `sweep` connects to all targets; `ping` asks addresses that take
//!   no connection. `progress` shows at a terminal how far the run is, and `judged` reports a stopped one.
//! - Observe: `cause` is why a target failed. `monitor` and `interface` find the failures that are this
//!   machine's fault.
//! - Evaluate: `evaluate` judges all targets.

mod allowed;
mod cause;
mod evaluate;
mod interface;
mod judged;
mod memory;
mod monitor;
mod options;
mod ping;
mod probe;
mod progress;
mod source;
mod sweep;
mod target;

use std::time::Duration;

use addresses::ZonedAddress;
use host_config::AddressOptions;
use plugin::{Deadline, Report, State};

use allowed::Allowed;
use cause::Cause;
use options::securing::Securing;
use options::{Choice, Connecting, FILE_HELP, IP_HELP, Limits, Ports};
pub use probe::ProbeError;
use target::Target;

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about, mut_arg("file", |file| file.help(FILE_HELP)), mut_arg("ip", |ip| ip.help(IP_HELP)))]
pub struct Args {
    /// The addresses to connect to.
    #[command(flatten)]
    pub(crate) addresses: AddressOptions<ZonedAddress>,
    /// Which other addresses are checked, and which of them all
    #[command(flatten)]
    pub(crate) choice: Choice,
    /// Ports of each address that has none of its own: 80, https, 80,443 or 8000-8010. Repeatable
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
    /// Why names, or some of their addresses, could not be tried.
    pub(crate) unresolved: Vec<net::Unusable>,
    /// What the reader should know of the choice of targets and of sources.
    pub(crate) notes: Vec<String>,
    /// How many connections at once the limit of open files allows: `None` if it allows all that are wanted.
    pub(crate) limited: Option<usize>,
    /// The places of those that did not answer as they should, sorted, and why.
    pub(crate) failed: Vec<(u32, Cause)>,
    /// With --closed, the places of those that are not open, sorted, and what shows it.
    pub(crate) closed: Vec<(u32, Cause)>,
    /// The longest time that an answering one took, and its place: `None` if none answered.
    pub(crate) slowest: Option<(Duration, u32)>,
    /// How many answered only when tried again.
    pub(crate) second_try: usize,
    /// For how many days the certificate is valid that expires first: `None` without TLS, not a number if
    /// none was seen.
    pub(crate) certificate_days: Option<f64>,
    /// Whether silence in a single try is known not to be one lost packet.
    pub(crate) one_try_counts: bool,
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
