//! What every plugin shares: the way from the command line to one line of output and an exit code.
//!
//! Yours are the options, `probe` (all input and output), `evaluate` (no input or output) and `check`, which
//! calls both. [`run()`] does the rest: the command line with `--help` and `--timeout`, the deadline, the one
//! write and the exit code. This is a whole plugin; a larger one has `probe` and `evaluate` in files of their
//! own:
//!
//! ```no_run
//! use std::{path::PathBuf, process::ExitCode};
//!
//! use plugin::{Deadline, Metric, ReadError, Report, Thresholds, read_file};
//!
//! #[derive(clap::Parser)]
//! #[command(version, about = "Are few enough jobs in a queue?")]
//! #[command(mut_args(Thresholds::judge("the number of jobs", "", "")))]
//! struct Args {
//!     /// File with a job on each line
//!     #[arg(long, value_name = "FILE")]
//!     queue: PathBuf,
//!     #[command(flatten)]
//!     thresholds: Thresholds,
//! }
//!
//! struct Observations {
//!     jobs: usize,
//! }
//!
//! fn probe(args: &Args, deadline: &Deadline) -> Result<Observations, ReadError> {
//!     let octets = read_file(&args.queue, 1 << 20, deadline)?;
//!     Ok(Observations { jobs: octets.iter().filter(|octet| **octet == b'\n').count() })
//! }
//!
//! fn evaluate(thresholds: &Thresholds, observed: &Observations) -> Report {
//!     let jobs = Metric::new("jobs", observed.jobs as f64).thresholds(thresholds.clone()).min(0.0);
//!     Report::new(jobs.state(), format!("{} jobs wait", observed.jobs)).metric(jobs)
//! }
//!
//! fn check(args: &Args, deadline: &Deadline) -> Result<Report, ReadError> {
//!     Ok(evaluate(&args.thresholds, &probe(args, deadline)?))
//! }
//!
//! fn main() -> ExitCode {
//!     plugin::run(check)
//! }
//! ```
//!
//! `check_queue --queue=FILE -w 10` prints `QUEUE OK - 3 jobs wait | jobs=3;10;;0`. Too many jobs are an
//! observation, and `evaluate` judges it. A queue that cannot be read is an error of `check`: UNKNOWN.
//!
//! This crate parses ([`Range`], [`Thresholds`], [`Seconds`], `--extra-opts`), bounds ([`Deadline`],
//! [`read_file`]), puts findings together ([`Finding`], [`Findings`]), and renders ([`Metric`], [`Report`]).
//! [`AllowedFailures`] judges a number or a share of failures, [`BoundChild`] runs another program under the
//! deadline, [`wait_until`] is each wait for a descriptor, and [`Progress`] tells what is known of a run that
//! a signal or the deadline ends.
//!
//! Most plugins use [`run()`]. [`run_within`] has another default of `--timeout`, [`run_stepwise`] starts the
//! watchdog at the first step that can block, and [`run_salvaging`] is for what must not be lost even if the
//! command line is wrong. Every program has `--format=text`, `json` and `prometheus` without a line of its
//! own. This crate knows nothing of addresses, clocks or databases, and it alone prints, exits, catches
//! panics and watches the clock.
//!
//! The standards it follows: the Monitoring Plugins Development Guidelines, and the Internet-Draft "The
//! Monitoring Plugins Interface" (draft-kaestle-monitoring-plugins-interface).

mod arguments;
mod at_hand;
mod child;
mod deadline;
mod exposed;
mod extra_opts;
mod failure;
mod file_size;
mod finding;
mod format;
mod grace;
mod help;
mod input;
mod json;
mod kind;
mod limit;
mod memory;
mod metric;
mod open_files;
mod options;
mod output;
mod progress;
mod prometheus;
mod range;
mod report;
mod run;
mod seconds;
mod text;
mod thresholds;
mod usage;
mod wait;
mod watchdog;
mod whole;

pub use arguments::command;
pub use at_hand::{READ_FLAGS, size_at_hand};
pub use child::BoundChild;
pub use deadline::{Deadline, Step};
pub use exposed::note_exposed;
pub use failure::failed;
pub use finding::{Finding, Findings, fits, room_after};
pub use input::{ReadError, read_file, read_opened};
pub use kind::Kind;
pub use limit::{AllowedFailures, InvalidLimit, Limit};
pub use memory::can_allocate;
pub use metric::{Labels, Metric, Unit};
pub use open_files::open_files;
pub use options::{InvalidTimeout, Timeout};
pub use output::{is_verbose, show};
pub use progress::Progress;
pub use range::{InvalidRange, Range};
pub use report::Report;
pub use run::{run, run_salvaging, run_stepwise, run_within};
pub use seconds::{InvalidSeconds, Seconds};
pub use text::{clean, masked, reason};
pub use thresholds::Thresholds;
pub use wait::{ready_until, wait_until};
pub use watchdog::leave_signals;
pub use whole::{InvalidNumber, whole};

/// The state of a service: `Ok < Unknown < Warning < Critical`, with the exit codes 0, 3, 1 and 2. The worst
/// of several is their maximum.
pub use nagiosplugin::ServiceState as State;
