//! From the command line to the exit code: parse, watchdog, panic hook, check.
//!
//! The promise, whatever the plugin does: exit code 0 to 3 and one non-empty first line on standard output, before the deadline
//! plus a quarter of a second; nothing on standard error; no death by a signal.

use std::env;
use std::error::Error;
use std::ffi::OsString;
use std::panic::{self, PanicHookInfo};
use std::path::Path;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, Args as _, Command, FromArgMatches as _};

use crate::extra_opts::{self, ExtraOptsError, Setting};
use crate::kind::display_name;
use crate::options::{Common, Timeout};
use crate::output;
use crate::{Deadline, Report, State, reason};

/// What a check that honours the deadline may take to put its partial results together, before the watchdog speaks for it.
const GRACE: Duration = Duration::from_millis(150);
/// The watchdog only waits and writes; it needs less than the 2 MiB which a thread gets by default.
const WATCHDOG_STACK: usize = 128 * 1024;

/// How long a run may take where neither its command nor `--timeout` says otherwise: below the 10 s of check_nrpe.
const LIMIT: Duration = Duration::from_secs(8);

/// Runs a plugin: parses the command line into `A`, calls `check` with it under the deadline of `--timeout`, prints the report and
/// exits with its state.
///
/// A plugin's name in its output is that of its command without its [`Kind`](crate::Kind), in capitals: `check_x_y` says `X_Y`.
/// An error of `check` means that the check could not be made: UNKNOWN, or what `--timeout` says once the deadline has passed, with
/// the error and its sources joined by colons; further lines of its text become details.
pub fn run<A: clap::Parser, E: Error>(check: impl FnOnce(&A, &Deadline) -> Result<Report, E>) -> ExitCode {
    run_within(LIMIT, check)
}

/// The same with another default of `--timeout`, for what somebody waits for who has less time than a scheduler of checks.
pub fn run_within<A: clap::Parser, E: Error>(
    limit: Duration,
    check: impl FnOnce(&A, &Deadline) -> Result<Report, E>,
) -> ExitCode {
    panic::set_hook(Box::new(report_panic));
    let start = Instant::now();
    let arguments: Vec<OsString> = env::args_os().collect();
    // For clap a default lives as long as the process, and so this one does.
    let seconds: &'static str = limit.as_secs_f64().to_string().leak();
    let command = command::<A>().mut_arg("timeout", |timeout| timeout.default_value(seconds));
    let plugin = command.get_name().to_owned();
    let deadline = Deadline::new(start, limit, State::Unknown);
    output::begin(display_name(&plugin), deadline.clone(), arguments.iter().any(|argument| argument == "--exit-ok"));
    #[cfg(feature = "manual")]
    if let Some(described) = manual::described(&command, &arguments) {
        match described {
            Ok(text) => output::finish_with(&text, State::Ok),
            Err(error) => output::finish(&unknown(&error.to_string())),
        }
    }
    let watchdog = match start_watchdog(deadline.clone()) {
        Ok(watchdog) => watchdog,
        Err(error) => output::finish(&unknown(&format!("starting the watchdog: {}", reason(&error)))),
    };
    let settle = |common: &Common| {
        let Timeout { limit, state } = common.timeout;
        deadline.change(&Deadline::new(start, limit, state));
        watchdog.unpark();
    };
    let report = match parse::<A>(command, arguments, &plugin, &deadline, settle) {
        Ok(args) => check(&args, &deadline).unwrap_or_else(|error| failed(&error, &deadline)),
        Err(report) => report,
    };
    output::finish(&report)
}

/// The command line of a plugin with the options of every plugin: for parsing, help and manuals.
pub fn command<A: clap::Parser>() -> Command {
    Common::augment_args(A::command()).args_override_self(true)
}

/// Speaks for the process when the deadline has passed and the check has not spoken.
fn start_watchdog(deadline: Deadline) -> std::io::Result<thread::Thread> {
    let watch = move || {
        loop {
            let end = deadline.at() + GRACE;
            match end.saturating_duration_since(Instant::now()) {
                Duration::ZERO => output::finish(&Report::new(deadline.state(), deadline.missed())),
                remaining => thread::park_timeout(remaining),
            }
        }
    };
    let thread = thread::Builder::new().name("watchdog".to_owned()).stack_size(WATCHDOG_STACK).spawn(watch)?;
    Ok(thread.thread().clone())
}

/// The arguments as `A`, those of `--extra-opts` among them. `settle` hears of the common options as soon as they are known. Help,
/// version and errors come back as the report to end with, or end the process themselves.
fn parse<A: clap::Parser>(
    mut command: Command,
    mut arguments: Vec<OsString>,
    plugin: &str,
    deadline: &Deadline,
    settle: impl Fn(&Common),
) -> Result<A, Report> {
    refuse_secrets(&command, &arguments)?;
    if arguments.iter().any(|argument| argument.as_encoded_bytes().starts_with(b"--extra-opts")) {
        arguments = with_extra_opts(&command, arguments, plugin, deadline, &settle)?;
    }
    let refused = |error: clap::Error| usage_error(&error, &arguments);
    let parsed = command.try_get_matches_from_mut(&arguments);
    if parsed.is_err()
        && let Some(common) = lenient(&command, &arguments).and_then(|matches| Common::from_arg_matches(&matches).ok())
    {
        // A command line that is refused is refused in the time that it gives.
        settle(&common);
    }
    let mut matches = parsed.map_err(refused)?;
    let common = Common::from_arg_matches_mut(&mut matches).map_err(refused)?;
    output::set_verbosity(common.verbose);
    if common.exit_ok {
        output::set_exit_ok();
    }
    settle(&common);
    A::from_arg_matches_mut(&mut matches).map_err(refused)
}

/// What everybody on the machine could read in the list of processes is no secret: options whose value is called SECRET come by
/// `--extra-opts` alone.
fn refuse_secrets(command: &Command, arguments: &[OsString]) -> Result<(), Report> {
    let is_secret = |known: &&clap::Arg| known.get_value_names().into_iter().flatten().any(|name| name == "SECRET");
    for long in command.get_arguments().filter(is_secret).filter_map(clap::Arg::get_long) {
        let option = format!("--{long}");
        let given = |argument: &&OsString| {
            let rest = argument.as_encoded_bytes().strip_prefix(option.as_bytes());
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(b"="))
        };
        if arguments.iter().any(|argument| given(&argument)) {
            return Err(unknown(&format!("{option} on the command line is no secret: give it by --extra-opts")));
        }
    }
    Ok(())
}

/// As much of the arguments as can be understood.
fn lenient(command: &Command, arguments: &[OsString]) -> Option<ArgMatches> {
    command.clone().ignore_errors(true).try_get_matches_from(arguments).ok()
}

/// The arguments with the settings of `--extra-opts` in front, without those which the command line gives itself.
fn with_extra_opts(
    command: &Command,
    arguments: Vec<OsString>,
    plugin: &str,
    deadline: &Deadline,
    settle: impl Fn(&Common),
) -> Result<Vec<OsString>, Report> {
    // What else is wrong with the command line is said by the second parse, which knows all of it.
    let Some(matches) = lenient(command, &arguments) else { return Ok(arguments) };
    let Ok(common) = Common::from_arg_matches(&matches) else { return Ok(arguments) };
    settle(&common);
    let Some(specification) = &common.extra_opts else { return Ok(arguments) };
    let mut extra = Vec::new();
    let (file, settings) = extra_opts::load(specification, plugin, deadline).map_err(|error| failed(&error, deadline))?;
    for setting in settings {
        extra.extend(option(command, &matches, &file, setting).map_err(|error| failed(&error, deadline))?);
    }
    let mut all = arguments;
    all.splice(1.min(all.len())..1.min(all.len()), extra);
    Ok(all)
}

/// One setting as an argument: none where the command line has that option already.
fn option(
    command: &Command,
    matches: &ArgMatches,
    file: &Path,
    Setting { line, name, value }: Setting,
) -> Result<Option<OsString>, ExtraOptsError> {
    let known = command.get_arguments().find(|argument| argument.get_long() == Some(&name));
    let Some(known) = known.filter(|argument| argument.get_id() != "extra_opts") else {
        return Err(ExtraOptsError::Line { file: file.to_owned(), line, what: format!("no option is called {name}") });
    };
    if matches.value_source(known.get_id().as_str()) == Some(ValueSource::CommandLine) {
        return Ok(None);
    }
    // An option that takes a value gets an empty one, so that it does not take the next argument for it.
    let value = value.or_else(|| known.get_action().takes_values().then(String::new));
    Ok(Some(value.map_or_else(|| format!("--{name}"), |value| format!("--{name}={value}")).into()))
}

/// Help and version are printed as they are; a usage error is one line that names the option.
fn usage_error(error: &clap::Error, arguments: &[OsString]) -> Report {
    let text = error.render().to_string();
    match error.kind() {
        ErrorKind::DisplayHelp | ErrorKind::DisplayVersion => output::finish_with(&text, State::Unknown),
        ErrorKind::InvalidUtf8 => {
            let argument = arguments.iter().find(|argument| argument.to_str().is_none());
            let argument = argument.map(|argument| argument.to_string_lossy()).unwrap_or_default();
            unknown(&format!("an argument is not UTF-8: {argument}"))
        }
        _ => {
            let text = text.strip_prefix("error: ").unwrap_or(&text);
            let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
            unknown(&lines.collect::<Vec<_>>().join(" "))
        }
    }
}

/// The report of a check that ended in an error: where it has used up its time, it has missed its deadline.
fn failed(error: &dyn Error, deadline: &Deadline) -> Report {
    let mut report = unknown(&chain(error));
    if deadline.is_over() {
        report.state = deadline.state();
    }
    report
}

/// The report of a check that could not be made. Further lines of `what` become details.
fn unknown(what: &str) -> Report {
    let (first, details) = what.split_once('\n').unwrap_or((what, ""));
    Report::new(State::Unknown, first).detail(details)
}

/// An error and what it came from, outermost first. An error that prints its cause itself must not have it as its source too.
fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// A panic on whatever thread is a fault of ours, never of the thing checked.
fn report_panic(info: &PanicHookInfo<'_>) {
    let what = info.payload_as_str().unwrap_or("no message");
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    output::finish(&Report::new(State::Unknown, format!("internal error at {place}: {what}")));
}
