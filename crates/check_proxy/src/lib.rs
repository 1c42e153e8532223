//! Does each proxy serve your page to a customer, and refuse all other clients?
//!
//! The outage it catches: a proxy whose port answers while no customer gets a page through it, because its
//! login, its DNS or an ACL is broken; and a proxy that serves strangers. A check that only tries the port,
//! or only fetches a page, reports both as OK.
//!
//! # Modules, in the order of a run
//!
//! - Options: `options`, with `strangers` for what other clients should get, and `url` with the `words` NONCE
//!   and PROXY. `usage` refuses options that do not fit together.
//! - Targets: `target` has the proxies, `room` how many are asked at once and how long.
//! - Probe: `probe` makes a `plan` and asks the proxies by the threads of `side`. `clients` fetches one page
//!   as each kind of client, by `ask`. `suspect` tells whether the page itself may be at fault, and `direct`
//!   asks for it without a proxy.
//! - Request: `request_options` makes a `request` over `http` or `socks` and logs in by `login`, for a
//!   `challenge`. `page` tells whether the right page came, `fault` why not; `secrets` takes the password out
//!   of a proxy's words.
//! - Observe: `observation` has the answers of one proxy, `got` what a client without a login got. `monitor`
//!   finds the faults of this machine; `known` reports a stopped run.
//! - Evaluate: `judge` judges one proxy, `evaluate` all of them by the limits of `allowed`.
//! - `fuzzing` is for the fuzz targets only.

mod allowed;
mod ask;
mod challenge;
mod clients;
mod direct;
mod evaluate;
mod fault;
#[doc(hidden)]
pub mod fuzzing;
mod got;
mod http;
mod judge;
mod known;
mod login;
mod monitor;
mod observation;
mod options;
mod page;
mod plan;
mod probe;
mod request;
mod request_options;
mod room;
mod secrets;
mod side;
mod socks;
mod strangers;
mod suspect;
mod target;
mod url;
mod usage;
mod words;

use net::HostPort;
use plugin::{Deadline, Report};

use allowed::{Allowed, Limits};
use options::{Clients, Connecting, Page, Proxies};
pub use probe::ProbeError;
pub use target::TargetError;
pub use usage::UsageError;

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// Which proxies are asked
    #[command(flatten)]
    pub(crate) proxies: Proxies,
    /// What they are asked for
    #[command(flatten)]
    pub(crate) page: Page,
    /// As whom they are asked
    #[command(flatten)]
    pub(crate) clients: Clients,
    /// Target that customers must not reach by CONNECT: 127.0.0.1:22. Repeatable
    #[arg(long, value_name = "HOST:PORT")]
    pub(crate) forbid: Vec<HostPort>,
    /// How many proxies may fail, and how slow they may be
    #[command(flatten)]
    pub(crate) limits: Limits,
    /// How they are asked
    #[command(flatten)]
    pub(crate) connecting: Connecting,
}

/// Asks every proxy, and judges the observations.
///
/// # Errors
/// [`ProbeError`]: it is not known whom to ask for what, or this machine cannot ask at all.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let allowed = Allowed::new(&args.limits);
    let observations = probe::probe(args, &allowed, deadline)?;
    Ok(evaluate::evaluate(&allowed, &observations))
}
