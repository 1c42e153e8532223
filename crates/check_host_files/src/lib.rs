//! Are the host's name, its resolver and the chosen files as they were left, and who changed them?
//!
//! The outage it catches: a reboot, a DHCP lease, cloud-init or the provider rewrote them, and the host works
//! as another one.
//!
//! # Modules, in the order of a run
//!
//! - Options: `options` names the checked things and how strict the check is.
//! - Probe: `probe` does all the reading. `reference` reads the copies, `way` and `look` the files, as
//!   `found` describes them, and `host` the `facts` about this host.
//! - Compare: `compare` finds the differences, by meaning in `resolver` and `hosts`, by `lines` in all other
//!   text.
//! - Evaluate: `evaluate` makes the report. `file`, `name` and `immutable` judge one kind of finding each,
//!   `writer` guesses who changed a file at which `moment`, and `remarks` adds what -v shows.

mod compare;
mod evaluate;
mod facts;
mod file;
mod found;
mod host;
mod hosts;
mod immutable;
mod lines;
mod look;
mod moment;
mod name;
mod options;
mod probe;
mod reference;
mod remarks;
mod resolver;
mod way;
mod writer;

use std::path::PathBuf;

use plugin::{Deadline, Report, Thresholds};

pub use compare::{Expected, difference};
use evaluate::{Rules, evaluate, tell};
pub use facts::{Cloud, Facts, Owners, Platform};
pub use file::Checked;
pub use found::{Bits, ClosedFolder, Found, Links, Status, What};
pub use name::{Entry, NameSeen};
pub use options::{ExpectedOptions, FilePath, Immutable, InvalidValue, Strictness};
pub use probe::{ProbeError, probe};
pub use reference::ReferenceError;

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about)]
#[command(mut_args(Thresholds::judge("the number of changed files, the name included,", "", "0")))]
pub struct Args {
    /// What is checked, and what it should be.
    #[command(flatten)]
    pub expected: ExpectedOptions,
    /// What is compared how.
    #[command(flatten)]
    pub strictness: Strictness,
    /// How to treat the immutable bit: warn, want or ok. warn reports where it does harm, want where it is
    /// missing
    #[arg(long, value_name = "POLICY", default_value = "warn")]
    pub immutable: Immutable,
    /// How many may be changed.
    #[command(flatten)]
    pub thresholds: Thresholds,
}

/// What one run observed.
#[derive(Clone, Debug)]
pub struct Observations {
    /// The folder of copies.
    pub reference: Option<PathBuf>,
    /// Each file to check.
    pub files: Vec<Checked>,
    /// Why files or the name that should be checked are not known.
    pub unknown: Vec<String>,
    /// The host's name: `None` if it is not to be checked.
    pub name: Option<NameSeen>,
    /// What kind of host this is.
    pub facts: Facts,
}

/// Probes this host ([`probe()`]), and judges what was observed.
///
/// # Errors
/// [`ProbeError`]: the options do not fit together, or the reference as a whole cannot be used.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let rules = Rules::new(&args.thresholds, args.strictness, args.immutable);
    let known = |files: &Observations| tell(&rules, files, deadline.progress());
    let observed = probe(&args.expected, args.strictness, args.immutable, deadline, known)?;
    Ok(evaluate(&rules, &observed))
}
