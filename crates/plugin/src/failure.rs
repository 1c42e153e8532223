//! The reports of checks that could not be made.

use std::error::Error;

use crate::{Deadline, Report, State};

/// How each usage error ends.
pub(crate) const WHERE_HELP_IS: &str = "see --help";

/// Returns the report of a check that ended in an error: UNKNOWN, or the state of `--timeout` if the time is
/// used up. [`run()`](crate::run()) makes the same report of an error. Use this function to add performance
/// data to it.
pub fn failed(error: &dyn Error, deadline: &Deadline) -> Report {
    let mut report = unknown(&chain(error));
    if deadline.is_over() {
        report.state = deadline.state();
    }
    report
}

/// The report of a check that could not be made. Further lines of `what` become details.
pub(crate) fn unknown(what: &str) -> Report {
    let (first, details) = what.split_once('\n').unwrap_or((what, ""));
    details.lines().fold(Report::new(State::Unknown, first), Report::detail)
}

/// An error and what it came from, outermost first. An error that prints its cause itself must not have it as
/// its source too.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}
