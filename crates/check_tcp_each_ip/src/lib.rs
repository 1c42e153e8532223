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

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::path::PathBuf;
use std::time::Duration;

use addresses::Expected;
use plugin::{Deadline, Range, Report, State};

pub use cause::{Cause, Echo, Icmp, Local};
pub use options::{InvalidValue, Limit, Ports, Seconds, Text};
pub use probe::ProbeError;
pub use target::{Target, TargetError};

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// An address to connect to. Repeatable
    #[arg(long, value_name = "ADDRESS")]
    pub ip: Vec<Expected>,
    /// A list of addresses, one a line, as check_ip_bound takes it; a line may carry its own ports behind the address: 80,443.
    /// Repeatable
    #[arg(long)]
    pub file: Vec<PathBuf>,
    /// Every IPv4 and IPv6 address of this name. Repeatable
    #[arg(short = 'H', long, value_name = "NAME")]
    pub hostname: Vec<String>,
    /// Every address bound on this host, but for loopback and link-local ones
    #[arg(long)]
    pub bound: bool,
    /// The ports to connect to, on each address that has none of its own: 80 or 80,443. Repeatable
    #[arg(short, long, value_name = "PORT[,PORT]")]
    pub port: Vec<Ports>,
    /// WARNING when the number of failed targets, or with % their share, is outside of this range: 2, 5%, @1:3
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub warning: Option<Limit>,
    /// CRITICAL when it is outside of this range. Without --warning and --critical one failed target is critical
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub critical: Option<Limit>,
    /// WARNING when the slowest connection, in seconds, is outside of this range
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub warning_time: Option<Range>,
    /// CRITICAL when the slowest connection, in seconds, is outside of this range
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub critical_time: Option<Range>,
    /// The time for a connection, and again for the answer of --expect or --send. Default: 3.5, which spans two retransmissions
    /// of a lost packet, or what --timeout leaves for each try
    #[arg(long, value_name = "SECONDS")]
    pub connect_timeout: Option<Seconds>,
    /// How often a target is tried before it counts as failed
    #[arg(long, value_name = "NUMBER", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub tries: u8,
    /// What the service says first must contain this text; with the escapes \r \n \t \\ \xHH
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub expect: Option<Text>,
    /// Send this text first, with the same escapes; without --expect any answer will do
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub send: Option<Text>,
    /// A refused connection is fine: the host is there
    #[arg(long)]
    pub refused_ok: bool,
    /// Connect from this address; one for IPv4 and one for IPv6 may be given
    #[arg(long, value_name = "ADDRESS")]
    pub source: Vec<IpAddr>,
    /// The most connections in flight, as far as the limit of open files allows
    #[arg(long, value_name = "NUMBER", default_value = "8192")]
    pub in_flight: NonZeroU32,
    /// The most connections started in a second. Default: as many as --in-flight allows
    #[arg(long, value_name = "NUMBER")]
    pub rate: Option<NonZeroU32>,
}

/// What there was to see.
#[derive(Clone, Debug, PartialEq)]
pub struct Seen {
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
    let seen = probe::probe(args, deadline)?;
    Ok(evaluate::evaluate(args, &seen))
}
