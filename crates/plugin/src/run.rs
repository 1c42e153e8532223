//! From the command line to the exit code: parse, watchdog, panic hook, check.
//!
//! The contract holds whatever the plugin does. The exit code is 0 to 3, and standard output has one
//! non-empty first line. Both come within a quarter of a second after the deadline, or after a signal that
//! ends the run. Standard error stays empty, and no signal kills the process.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::panic::{self, PanicHookInfo};
use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::arguments::{command, parse, with_readable_files};
use crate::failure::{failed, unknown};
use crate::format::Format;
use crate::kind::display_name;
use crate::options::{Common, Timeout};
use crate::output::{self, Context};
use crate::{Deadline, Report, State, file_size, memory, watchdog};

/// How long a run may take where neither its command nor `--timeout` says otherwise: below the 10 s of
/// check_nrpe.
const LIMIT: Duration = Duration::from_secs(8);

/// Runs a plugin: parses the command line into `A`, calls `check` with it under the deadline of `--timeout`,
/// prints the report and exits with its state.
///
/// A plugin's name in its output is that of its command without its [`Kind`](crate::Kind), in capitals:
/// `check_x_y` says `X_Y`. An error of `check` means that the check could not be made: UNKNOWN, or what
/// `--timeout` says once the deadline has passed, with the error and its sources joined by colons; further
/// lines of its text become details.
pub fn run<A: clap::Parser, E: Error>(check: impl FnOnce(&A, &Deadline) -> Result<Report, E>) -> ExitCode {
    run_within(LIMIT, check)
}

/// Runs a program as [`run()`] does, with another default of `--timeout` than 8 s: for an event handler, for
/// which its caller waits a shorter or a longer time than for a check.
pub fn run_within<A: clap::Parser, E: Error>(
    limit: Duration,
    check: impl FnOnce(&A, &Deadline) -> Result<Report, E>,
) -> ExitCode {
    run_salvaging(limit, check, |_, refused, _| refused)
}

/// Runs a program as [`run_within`] does that must not lose what it is run for, such as an event. Where its
/// command line is refused, `salvage` gets the arguments, with those of `--extra-opts` as far as they can be
/// read, and the report that says why; it returns the report to end with.
pub fn run_salvaging<A: clap::Parser, E: Error>(
    limit: Duration,
    check: impl FnOnce(&A, &Deadline) -> Result<Report, E>,
    salvage: impl FnOnce(&[OsString], Report, &Deadline) -> Report,
) -> ExitCode {
    let watched = |args: &A, deadline: &Deadline| {
        watchdog::ensure();
        check(args, deadline)
    };
    start(limit, watched, salvage)
}

/// Runs a plugin as [`run()`] does whose check is often over in less time than the watchdog needs to start:
/// it is watched from its first [`Deadline::step`] on, and so each of its waits must be one, or have a limit
/// of its own.
pub fn run_stepwise<A: clap::Parser, E: Error>(
    check: impl FnOnce(&A, &Deadline) -> Result<Report, E>,
) -> ExitCode {
    start(LIMIT, check, |_, refused, _| refused)
}

fn start<A: clap::Parser, E: Error>(
    limit: Duration,
    check: impl FnOnce(&A, &Deadline) -> Result<Report, E>,
    salvage: impl FnOnce(&[OsString], Report, &Deadline) -> Report,
) -> ExitCode {
    panic::set_hook(Box::new(report_panic));
    let start = Instant::now();
    file_size::refuse_not_die();
    let arguments: Vec<OsString> = env::args_os().collect();
    if memory::is_short() {
        refuse(start, limit, &arguments);
    }
    // For clap a default lives as long as the process, and so this one does.
    let seconds: &'static str = limit.as_secs_f64().to_string().leak();
    let command = command::<A>().mut_arg("timeout", |timeout| timeout.default_value(seconds));
    let plugin = command.get_name().to_owned();
    let deadline = Deadline::new(start, limit, State::Unknown);
    let context = Context { plugin: plugin.clone(), name: display_name(&plugin), deadline: deadline.clone() };
    output::begin(
        context,
        Format::foreseen(&arguments),
        arguments.iter().any(|argument| argument == "--exit-ok"),
    );
    #[cfg(feature = "manual")]
    if let Some(described) = manual::described(&command, &arguments) {
        match described {
            Ok(text) => output::finish_with(&text, State::Ok),
            Err(error) => output::finish(&unknown(&error.to_string())),
        }
    }
    watchdog::prepare(deadline.clone(), start);
    let settle = |common: &Common| {
        let Timeout { limit, state } = common.timeout;
        deadline.change(&Deadline::new(start, limit, state));
        watchdog::wake();
    };
    let given = arguments.clone();
    let report = match parse::<A>(command, arguments, &plugin, &deadline, settle) {
        Ok(args) => check(&args, &deadline).unwrap_or_else(|error| failed(&error, &deadline)),
        Err(refused) => {
            let given = with_readable_files(&self::command::<A>(), given, &plugin, &deadline);
            output::set_format(Format::foreseen(&given));
            salvage(&given, refused, &deadline)
        }
    };
    // No poll foresees that a file on a dead network mount takes nothing.
    let _step = output::may_hang().then(|| deadline.step("writing the report"));
    output::finish(&report)
}

/// Ends a run that has too little memory even to read its command line: its name is that of the file.
fn refuse(start: Instant, limit: Duration, arguments: &[OsString]) -> ! {
    let path = arguments.first().map(Path::new).and_then(Path::file_name).unwrap_or_default();
    let plugin = path.to_string_lossy().into_owned();
    let deadline = Deadline::new(start, limit, State::Unknown);
    let context = Context { name: display_name(&plugin), plugin, deadline };
    let exit_ok = arguments.iter().any(|argument| argument == "--exit-ok");
    output::begin(context, Format::foreseen(arguments), exit_ok);
    output::finish(&unknown("too little memory: raise the limit of this process (ulimit -v, LimitAS)"))
}

/// A panic on whatever thread is a fault of ours, never of the thing checked.
fn report_panic(info: &PanicHookInfo<'_>) {
    let what = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    output::finish(&Report::new(State::Unknown, format!("internal error at {place}: {what}")));
}
