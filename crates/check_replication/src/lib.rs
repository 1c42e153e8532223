//! Does every replication channel run, in both directions, and if not, why?
//!
//! The outage it catches: two servers replicate to each other behind a floating address, one direction has
//! stopped, and every other check reports OK until the failover.
//!
//! # Modules, in the order of a run
//!
//! - Options: `options`, and the file of `defaults` by its `option_name`s. `target` is a server to ask,
//!   `policy` what it is judged by; `tls_options` reads the TLS settings of the file with `tls_level` and
//!   `ciphers`.
//! - Connect: `probe` asks all servers at once. `endpoint` connects, `connection` speaks the protocol,
//!   `login` logs in and encrypts the password by a `public_key`. `failure` names the step that failed,
//!   `monitor` the faults of this machine.
//! - Ask: `ask` is the conversation with one server, by its `request`, in the `statements` that the server
//!   understands. `more` asks what only some runs need; `second_look` asks again where servers are compared.
//! - Observe: an `answer` has a `server` and each `channel`, read from a `row` at a time, with `filter`,
//!   `binary_log`, `existence`, `semi_sync`, `membership`, `heartbeat`, `liveness` and `role`. `names` and
//!   `renamed` compare databases as servers do; `gtid` compares GTIDs, and `memory` keeps them from run to
//!   run.
//! - Evaluate: `evaluate` judges each server and then `pair` the servers together. `judge` judges a channel,
//!   with `cause`, `stopped_sql`, `thread_state` and `silence` for what holds it up. `skipping` finds what a
//!   replica passes over. `refusal` judges a server without an answer, and `grant` has the statement that
//!   helps. `redact` hides the data in error texts.

mod answer;
mod ask;
mod binary_log;
mod cause;
mod channel;
mod ciphers;
mod connection;
mod defaults;
mod endpoint;
mod evaluate;
mod existence;
mod failure;
mod filter;
#[cfg(test)]
mod fixture;
mod grant;
pub mod gtid;
mod heartbeat;
mod judge;
mod liveness;
mod login;
mod membership;
pub mod memory;
mod monitor;
mod more;
mod names;
mod option_name;
mod options;
mod pair;
mod policy;
mod probe;
mod public_key;
mod redact;
mod refusal;
mod renamed;
mod request;
mod role;
mod row;
mod second_look;
mod semi_sync;
mod server;
mod silence;
mod skipping;
mod statements;
mod stopped_sql;
mod target;
mod thread_state;
mod tls_level;
mod tls_options;

use plugin::{Deadline, Report, Thresholds};

use policy::Policy;

pub use answer::{Answer, Refusal};
pub use ask::over;
use memory::{MemoryError, MemoryOptions, Remembered};
use options::{Connecting, ExpectOptions, Heartbeat};
pub use probe::ProbeError;

/// What --warning and --critical judge.
const JUDGED: &str = "the lag of a channel in seconds (beyond its delay)";

/// The command line.
#[derive(Clone, Debug, clap::Parser)]
#[command(version, about)]
#[command(mut_args(Thresholds::judge(JUDGED, "60, also beside --critical", "300, also beside --warning")))]
pub struct Args {
    /// How to connect and log in
    #[command(flatten)]
    pub(crate) connecting: Connecting,
    /// How far a channel may be behind its source
    #[command(flatten)]
    pub(crate) thresholds: Thresholds,
    /// What is expected
    #[command(flatten)]
    pub(crate) expected: ExpectOptions,
    /// What shows the lag
    #[command(flatten)]
    pub(crate) heartbeat: Heartbeat,
    /// What is kept from run to run
    #[command(flatten)]
    pub(crate) memory: MemoryOptions,
    /// Show complete error texts, with their statements, which may contain passwords
    #[arg(long)]
    pub(crate) show_query: bool,
}

/// What one run observed.
#[derive(Debug)]
pub(crate) struct Observations {
    /// Each server by the name that it was asked by: what it answered, or why it did not.
    pub(crate) servers: Vec<(String, Result<Answer, Refusal>)>,
    /// What was kept of them tells, with --state; or why it is not usable.
    pub(crate) remembered: Option<Result<Vec<Remembered>, MemoryError>>,
    /// The account that was logged in with.
    pub(crate) user: String,
    /// The time given, in seconds.
    pub(crate) seconds: f64,
}

/// Asks every server, and judges the answers.
///
/// # Errors
/// [`ProbeError`]: it is not clear what to ask, or as whom.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let policy = Policy::new(args);
    let observations = probe::probe(args, &policy, deadline)?;
    Ok(evaluate::evaluate(&policy, &observations))
}
