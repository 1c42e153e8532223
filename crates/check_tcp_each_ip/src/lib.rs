//! Does every address take TCP connections, seen from another machine, and why not?
//!
//! The outage it catches: after a reboot most of a server's addresses work and one stays dark, while every check that looks at one
//! address of the server, or from the inside, says OK.

mod cause;
mod connection;
mod evaluate;
mod flight;
mod groups;
mod icmp;
mod monitor;
mod options;
mod ping;
mod probe;
mod progress;
mod sweep;
mod talk;
mod target;
mod worker;

use std::path::PathBuf;
use std::time::Duration;

use addresses::HostAddress;
use host_config::Origin;
use plugin::{Deadline, Report, State};

pub use cause::{Cause, Echo, Icmp, Local};
pub use options::{Connecting, InvalidValue, Limit, Limits, Ports, Text};
pub use probe::ProbeError;
pub use target::{Target, TargetError};

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// An address to connect to. Repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Vec<HostAddress>,
    /// A list of addresses, one a line, as check_ip_bound takes it; a line may carry its own ports behind the address: 80,443.
    /// Repeatable
    #[arg(long)]
    pub file: Vec<PathBuf>,
    /// What a host's configuration promises: auto, or hsphere, cpanel, ifupdown, ifcfg, networkd, networkmanager, netplan,
    /// keepalived. Repeatable
    #[arg(long, value_name = "SOURCE")]
    pub from: Vec<Origin>,
    /// Read the configuration of this tree: a copy of the host's files
    #[arg(long, value_name = "DIR", default_value = "/")]
    pub root: PathBuf,
    /// Every IPv4 and IPv6 address of this name. Repeatable
    #[arg(short = 'H', long, value_name = "NAME")]
    pub hostname: Vec<String>,
    /// Every address bound on this host, but for loopback and link-local ones
    #[arg(long)]
    pub bound: bool,
    /// The ports to connect to, on each address that has none of its own: 80 or 80,443. Repeatable
    #[arg(short, long, value_name = "PORT[,PORT]")]
    pub port: Vec<Ports>,
    /// How many may fail, and how slow they may be
    #[command(flatten)]
    pub limits: Limits,
    /// How connections are made
    #[command(flatten)]
    pub connecting: Connecting,
}

/// What one run observed.
#[derive(Clone, Debug, PartialEq)]
pub struct Observations {
    /// All targets, sorted.
    pub targets: Vec<Target>,
    /// The places of those that did not answer as they should, sorted, and why.
    pub failed: Vec<(u32, Cause)>,
    /// The longest time that an answering one took, and its place.
    pub slowest: Option<(Duration, u32)>,
    /// How many answered only when they were tried again.
    pub second_try: usize,
    /// Why silent addresses could not be pinged: none if they could, or none was silent.
    pub ping_refused: Option<String>,
    /// What a missed deadline reports.
    pub late: State,
}

/// Tries every target, and judges what was seen.
///
/// # Errors
/// [`ProbeError`]: it is not known what to try, or this machine cannot connect at all.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let observations = probe::probe(args, deadline)?;
    Ok(evaluate::evaluate(args, &observations))
}
