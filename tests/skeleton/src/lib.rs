//! Is a file as large as it should be?
//!
//! A plugin to start from: the smallest one that keeps the whole contract.

mod evaluate;
mod probe;

use std::path::PathBuf;

use plugin::{Deadline, Report, Thresholds};

pub use probe::ProbeError;

/// The command line.
#[derive(Debug, clap::Parser)]
#[command(version, about, mut_args(Thresholds::judge("the size of the file in bytes", "", "")))]
pub struct Args {
    /// File whose size is compared
    #[arg(long, value_name = "FILE")]
    pub file: PathBuf,
    /// The sizes that alert.
    #[command(flatten)]
    pub thresholds: Thresholds,
}

/// What one run observed.
#[derive(Clone, Debug)]
pub struct Observations {
    /// The size of the file, in bytes.
    pub size: u64,
}

/// Probes the file, and judges its size.
///
/// # Errors
/// [`ProbeError`]: the file cannot be examined.
pub fn check(args: &Args, deadline: &Deadline) -> Result<Report, ProbeError> {
    let observed = probe::probe(&args.file, deadline)?;
    Ok(evaluate::evaluate(&args.thresholds, &observed))
}
