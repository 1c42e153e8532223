//! The reports of checks that could not be made.

use std::error::Error;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use crate::{Deadline, Report, State};

/// How each usage error ends.
pub(crate) const WHERE_HELP_IS: &str = "see --help";

/// The sections of ini files that were read and have no option in them, as messages name them.
static EMPTY: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Notes a section without options: a usage error of this run names it.
pub(crate) fn note_empty(section: &str, file: &Path) {
    let text = format!("[{section}] of {} is empty", file.display());
    EMPTY.lock().unwrap_or_else(PoisonError::into_inner).push(text);
}

/// A first line, with the `empty` sections where it ends as a usage error does.
fn with_sections(line: &str, empty: &str) -> String {
    let what = line.strip_suffix(WHERE_HELP_IS).and_then(|what| what.strip_suffix(", "));
    match what.filter(|_| !empty.is_empty()) {
        Some(what) => format!("{what} ({empty}), {WHERE_HELP_IS}"),
        None => line.to_owned(),
    }
}

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
    let empty = EMPTY.lock().unwrap_or_else(PoisonError::into_inner).join(", ");
    details.lines().fold(Report::new(State::Unknown, with_sections(first, &empty)), Report::detail)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_usage_error_names_the_section_that_has_no_option() {
        let (usage, empty) = ("no page, see --help", "[check_x] of /etc/nrpe.ini is empty");
        assert_eq!(with_sections(usage, ""), usage);
        assert_eq!(with_sections(usage, empty), format!("no page ({empty}), see --help"));
        // What is wrong elsewhere needs no option.
        let other = "reading /x: permission denied";
        assert_eq!(with_sections(other, empty), other);
    }
}
