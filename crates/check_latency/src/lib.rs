//! Which host loses more packets, or answers later, than it normally does?
//!
//! The outage it catches: a path gets worse, and a fixed threshold does not tell. Either the threshold is far
//! above what the host normally does, or it alerts every evening and is not believed any more. This check
//! learns what is normal for each host.
//!
//! # Modules, in the order of a run
//!
//! - Options: `options` has the options and their limits, `target` the addresses to ping.
//! - Probe: `probe` pings the targets and the gateways; `seen` is what came of the pings to one target.
//! - Judge: `record` reads and updates the records under their lock. `rule` judges a target by its own
//!   record, `control` compares it with the gateways; `judged` is one target after that.
//! - Evaluate: `evaluate` makes the report; `error` is why there is none.

mod control;
mod error;
mod evaluate;
mod judged;
mod options;
mod probe;
mod record;
pub mod rule;
mod seen;
mod target;

use std::time::{Duration, Instant};

use plugin::{Deadline, Report, State};

pub use error::CheckError;
pub use options::{ContradictoryLimits, TooLong};
use options::{Judging, Learning, Pinging, TargetOptions};
pub use probe::ProbeError;
pub use record::StoreError;
use seen::Seen;
pub use target::TargetError;
use target::{Target, Unusable};

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about)]
pub struct Args {
    /// Which targets are pinged.
    #[command(flatten)]
    pub(crate) targets: TargetOptions,
    /// How they are pinged.
    #[command(flatten)]
    pub(crate) pinging: Pinging,
    /// What is reported.
    #[command(flatten)]
    pub(crate) judging: Judging,
    /// What is learned.
    #[command(flatten)]
    pub(crate) learning: Learning,
}

/// What one run observed.
#[derive(Debug)]
pub(crate) struct Observations {
    /// When the pings began.
    pub(crate) began: Instant,
    /// When they ended, in seconds since 1970.
    pub(crate) at: u64,
    /// How long a reply was waited for.
    pub(crate) wait: Duration,
    /// What came of the pings to each target. Boxed, as there may be thousands: the pairs are taken apart to
    /// be judged.
    pub(crate) targets: Vec<(Box<Target>, Box<Seen>)>,
    /// What came of those to the controls, which may be targets too.
    pub(crate) controls: Vec<(Box<Target>, Box<Seen>)>,
    /// What stands below in every run, in words.
    pub(crate) told: Vec<String>,
    /// Why a family of the targets has no control, in words.
    pub(crate) notes: Vec<String>,
    /// Controls that are named and cannot be pinged, in words.
    pub(crate) refused: Vec<String>,
    /// What could not be pinged.
    pub(crate) unusable: Vec<Unusable>,
    /// Why no socket could be had, in words.
    pub(crate) no_socket: Option<String>,
    /// How many replies found no room in this machine.
    pub(crate) dropped: u64,
    /// What `--timeout` reports of what no time was left for.
    pub(crate) late: State,
}

/// Pings every target, judges each by its own record, adds this run to the records, and reports.
///
/// # Errors
/// [`CheckError`]: nothing can be said of any target.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, CheckError> {
    if let Some(target) = &args.learning.forget {
        return record::forget(target, &args.learning, deadline);
    }
    args.judging.validate()?;
    let targets = target::targets(&args.targets, &args.pinging, deadline)?;
    let observations = probe::probe(targets, &args.pinging, deadline)?;
    let (mut judged, unwritten) = record::judge(observations, &args.judging, &args.learning, deadline);
    let report = evaluate::evaluate(&args.judging, &judged);
    let Some(problem) = record::write(unwritten, &report, deadline) else { return Ok(report) };
    judged.problem = Some(problem);
    Ok(evaluate::evaluate(&args.judging, &judged))
}
