//! `--test-config`: reads all that a run would read, checks that it would be obeyed, and prints what a run
//! would do. It changes nothing and does not ask the link.

use std::path::Path;

use plugin::{Deadline, Report, State};
use state::{Above, Access, Folder, StateError, Trust, open_trusted};

use crate::case::{Case, Fate};
use crate::config::Config;
use crate::probe::{ObserveError, Seen};
use crate::program::{Program, ProgramError};

/// Why a run with this configuration could do nothing.
#[derive(Debug, thiserror::Error)]
pub enum TrialError {
    /// A program would not be run.
    #[error("program: {0}")]
    Program(ProgramError),
    /// A run could not be recorded.
    #[error("log: {0}")]
    Log(StateError),
    /// The lock and the budget could not be kept.
    #[error("state: {0}")]
    State(StateError),
    /// It cannot be known what is missing.
    #[error(transparent)]
    Observe(#[from] ObserveError),
}

/// Returns what a run would do for each address of the list: OK if all that is missing may be bound.
///
/// # Errors
/// [`TrialError`].
pub(crate) fn trial(config: &Config, deadline: &Deadline) -> Result<Report, TrialError> {
    check_files(config)?;
    let seen = Seen::read(config, deadline)?;
    let list = seen.read_list(deadline).map_err(ObserveError::from)?;
    let cases = seen.cases(config, deadline).map_err(ObserveError::from)?;
    let count = |fate| cases.iter().filter(|case| case.fate == fate).count();
    let (missing, blocked) = (count(Fate::Bindable), count(Fate::LeftAlone));
    let listed = list.addresses().len();
    let noun = if listed == 1 { "address" } else { "addresses" };
    let mut summary = format!(
        "configuration is right: {listed} {noun} listed, {missing} would be bound on {}",
        config.interface
    );
    if blocked > 0 {
        summary = format!("{summary}, {blocked} left alone");
    }
    let mut report = Report::new(if blocked > 0 { State::Warning } else { State::Ok }, summary);
    for address in list.addresses() {
        let of = |case: &&Case| case.address == address;
        report = report.detail(
            cases.iter().find(of).map_or_else(|| format!("{address}: bound"), |case| would(case, config)),
        );
    }
    for case in cases.iter().filter(|case| case.fate == Fate::Outside) {
        report = report.detail(would(case, config));
    }
    if !config.enabled {
        report = report.detail("note: enabled = false, every run is a dry run");
    }
    Ok(report)
}

/// What a run would do with a missing address.
fn would(case: &Case, config: &Config) -> String {
    let Case { address, prefix, missing, why, .. } = case;
    match case.fate {
        Fate::Bindable if config.command.is_some() => {
            format!("{address}: left to the command, if no other host has it")
        }
        Fate::Bindable => {
            format!("{address}: would be bound as /{prefix} on {}, if no other host has it", config.interface)
        }
        Fate::Outside => format!("{address}: {missing}, not in the list"),
        _ => format!("{address}: left alone: {}", why.as_deref().unwrap_or(missing)),
    }
}

/// Checks the programs, the log and the state as far as they exist.
fn check_files(config: &Config) -> Result<(), TrialError> {
    for argv in config.command.iter().chain(&config.restart) {
        Program::open(&argv.program).map_err(TrialError::Program)?;
    }
    let log = open_trusted(&config.log, &Trust::LOG).map(drop);
    will_be_made(log, &config.log).map_err(TrialError::Log)?;
    let state = Folder::open(&config.state, Above::Checked, Access::Private).map(drop);
    // The folders above it are made too.
    state.or_else(|error| if error.is_not_found() { Ok(()) } else { Err(error) }).map_err(TrialError::State)
}

/// Lets a file be missing whose folder exists: a run makes it.
fn will_be_made(checked: Result<(), StateError>, path: &Path) -> Result<(), StateError> {
    match checked {
        Err(error) if error.is_not_found() && path.parent().is_some_and(Path::is_dir) => Ok(()),
        checked => checked,
    }
}
