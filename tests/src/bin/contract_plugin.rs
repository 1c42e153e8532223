//! A plugin that misbehaves on demand, because what `plugin::run` promises must hold whatever a check does.
//! For the tests only.

use std::fmt;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
use std::thread;

use plugin::{Deadline, Finding, Metric, Report, State, Thresholds, Unit, read_file, whole};

/// Misbehaves on demand
#[derive(Debug, clap::Parser)]
#[command(name = "contract_plugin", version)]
struct Args {
    /// What the check does
    #[arg(long, value_enum, default_value_t = Act::Echo)]
    act: Act,
    /// The state that it reports
    #[arg(long, default_value = "ok")]
    state: State,
    /// The file for --act read and --act read-file
    #[arg(long, value_name = "FILE", default_value = "/nonexistent")]
    file: PathBuf,
    /// The number of octets, details and metrics for --act large
    #[arg(long, default_value_t = 0, value_parser = whole::<usize>(0..=1_000_000))]
    size: usize,
    /// A value that may be given once
    #[arg(long, default_value = "")]
    single: String,
    /// A value that is no other account's business
    #[arg(long, value_name = "SECRET")]
    secret: Option<String>,
    /// A value that may repeat
    #[arg(long)]
    item: Vec<String>,
    /// A flag
    #[arg(long)]
    flag: bool,
    #[command(flatten)]
    thresholds: Thresholds,
}

#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Act {
    /// Reports the arguments as they were understood
    Echo,
    /// Reports an empty summary
    Empty,
    /// Reports what would break every parser
    Hostile,
    /// Reports more than fits
    Large,
    /// Reports lines to be used as they are
    List,
    /// Reports while another thread still runs
    Linger,
    /// Uses up its time, then reports what it has
    Late,
    /// Uses up its time, then gives up with an error
    GiveUp,
    /// Returns an error with two sources
    Error,
    /// Returns an error of several lines
    ErrorLines,
    /// Panics
    Panic,
    /// Panics with something that is not a text
    PanicAny,
    /// Panics on another thread while this one waits for ever
    PanicElsewhere,
    /// Panics on eight threads at once
    PanicEverywhere,
    /// Reports how a child is to take signals
    Child,
    /// Waits for ever
    Hang,
    /// Judges three of its five targets, then waits for ever
    Partial,
    /// Computes for ever
    Spin,
    /// Reads the file in a way that cannot be interrupted
    Read,
    /// Reads the file as every plugin should
    ReadFile,
}

#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error("asking the oracle")]
    Nested(#[source] Middle),
    #[error("first line\nsecond line\n\nthird | line")]
    Lines,
    #[error("gave up")]
    GaveUp,
    #[error(transparent)]
    Read(#[from] plugin::ReadError),
}

#[derive(Debug, thiserror::Error)]
#[error("connecting to 192.0.2.1")]
struct Middle(#[source] io::Error);

/// With this variable it is watched from its first step on, as a check is that is often over before.
fn main() -> ExitCode {
    if std::env::var_os("CONTRACT_STEPWISE").is_some() {
        plugin::run_stepwise(check)
    } else {
        plugin::run(check)
    }
}

fn check(args: &Args, deadline: &Deadline) -> Result<Report, Failure> {
    match args.act {
        Act::Echo => Ok(echo(args)),
        Act::Empty => Ok(Report::new(args.state, " \n\t")),
        Act::Hostile => Ok(hostile(args.state)),
        Act::Large => Ok(large(args.state, args.size)),
        Act::List => Ok(Report::listing(["one".to_owned(), "two".to_owned()])),
        Act::Linger => {
            let _: thread::JoinHandle<()> = thread::spawn(|| spin());
            Ok(echo(args))
        }
        Act::Late => {
            thread::sleep(deadline.remaining());
            Ok(Report::new(args.state, "what there was in time"))
        }
        Act::GiveUp => {
            thread::sleep(deadline.remaining());
            Err(Failure::GaveUp)
        }
        Act::Error => Err(Failure::Nested(Middle(io::Error::other("refused")))),
        Act::ErrorLines => Err(Failure::Lines),
        Act::Read => {
            let _step = deadline.step(format!("looking into {}", args.file.display()));
            Ok(Report::new(args.state, format!("{:?}", fs::read(&args.file).map(|content| content.len()))))
        }
        Act::ReadFile => {
            Ok(Report::new(args.state, String::from_utf8_lossy(&read_file(&args.file, 99, deadline)?)))
        }
        Act::Panic | Act::PanicAny | Act::PanicElsewhere | Act::PanicEverywhere => panics(args.act),
        Act::Child => {
            let child = std::process::Command::new("cat").arg("/proc/self/status").output();
            let status =
                child.map(|child| String::from_utf8_lossy(&child.stdout).into_owned()).unwrap_or_default();
            Ok(status.lines().fold(Report::new(args.state, "a child"), Report::detail))
        }
        Act::Hang => hang(),
        Act::Partial => {
            deadline.progress().expect(5, "asked");
            deadline.progress().count();
            deadline.progress().count();
            deadline.progress().add(Finding::new(args.state, "192.0.2.3 refused"));
            hang()
        }
        Act::Spin => spin(),
    }
}

/// The arguments in one line, so that a test sees where each came from.
fn echo(args: &Args) -> Report {
    let range = |range: &Option<plugin::Range>| range.as_ref().map(ToString::to_string).unwrap_or_default();
    let thresholds = format!("{}/{}", range(&args.thresholds.warning), range(&args.thresholds.critical));
    let summary = format!(
        "items {}, single {}, flag {}, thresholds {thresholds}",
        args.item.join("+"),
        args.single,
        args.flag
    );
    Report::new(args.state, summary)
}

/// Everything that parsers of plugin output trip over: in the summary, the details, the labels and the
/// values.
fn hostile(state: State) -> Report {
    let text = "a|b=1\n| c=2;;\r\n\0\u{1b}[2J\u{9b}31m\t\u{202e}\u{2028}<b>\u{fffd}\u{85}\u{7f}'\"=é";
    let labels = [text, "", " ", "a b", "it's", "a=b`\"", "|", "\n\\", "é;1"];
    let values =
        [0.0, -0.0, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, f64::MAX, f64::MIN_POSITIVE, -1e-7, 1e21];
    let report = Report::new(state, text).detail(text).verbose_detail(text);
    labels.iter().zip(values).fold(report, |report, (label, value)| {
        report.metric(Metric::new(*label, value).unit(Unit::Bytes).min(f64::NAN).max(f64::INFINITY))
    })
}

/// A summary of `size` octets, and `size` details and metrics.
fn large(state: State, size: usize) -> Report {
    (0..size).fold(Report::new(state, "s".repeat(size)), |report, number| {
        report.metric(Metric::count(format!("metric_{number}"), number)).detail(format!("detail {number}"))
    })
}

#[expect(clippy::panic, reason = "what a panic does is what is tested")]
fn panics(act: Act) -> ! {
    match act {
        Act::PanicElsewhere => {
            thread::spawn(|| panic!("on another thread"));
            hang()
        }
        Act::PanicEverywhere => {
            let threads: Vec<_> =
                (0..8).map(|number| thread::spawn(move || panic!("on thread {number}"))).collect();
            threads.into_iter().for_each(|thread| drop(thread.join()));
            hang()
        }
        Act::PanicAny => std::panic::panic_any(fmt::Error),
        _ => panic!("of its\nown | accord"),
    }
}

fn hang() -> ! {
    loop {
        thread::park();
    }
}

fn spin() -> ! {
    loop {
        std::hint::spin_loop();
    }
}
