//! The one write and the one exit of a process: by the check, the watchdog or a panic, which comes first.

use std::env;
use std::io;
use std::mem;
use std::process;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use rustix::fs::{FileType, fstat};
use rustix::io::Errno;
use rustix::termios::isatty;

use crate::format::Format;
use crate::grace::LAST_WORD;
use crate::{Deadline, Report, State, child, json, prometheus, wait_until};

/// A pipe that polls as writable takes this much without blocking (POSIX: PIPE_BUF is at least 512; Linux:
/// 4,096).
const CHUNK: usize = 4_096;

/// Set by the thread that reports for this process; all others wait for its exit.
static TAKEN: AtomicBool = AtomicBool::new(false);
/// How this process reports. Set once, at its start.
static CONTEXT: OnceLock<Context> = OnceLock::new();
/// What `--format` says, or seems to say until the command line is parsed.
static FORMAT: Mutex<Format> = Mutex::new(Format::Text);
/// How often `--verbose` was given.
static VERBOSITY: AtomicU8 = AtomicU8::new(0);
/// Whether `--exit-ok` was given.
static EXIT_OK: AtomicBool = AtomicBool::new(false);

/// Details that the report gets beside its own, each once.
static NOTES: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Values of ini files with quotes around them, which a first line does not show, and where each is.
static QUOTED: Mutex<Vec<(String, String)>> = Mutex::new(Vec::new());

/// How a process reports: its program, the name in its output, and the time it has.
#[derive(Debug)]
pub(crate) struct Context {
    pub(crate) plugin: String,
    pub(crate) name: String,
    pub(crate) deadline: Deadline,
}

/// Settles how this process reports, before anything can go wrong.
pub(crate) fn begin(context: Context, format: Format, exit_ok: bool) {
    // One process, one start: a second call would change nothing.
    let _ = CONTEXT.set(context);
    set_format(format);
    EXIT_OK.store(exit_ok, Ordering::SeqCst);
}

/// Prints in this format from now on.
pub(crate) fn set_format(format: Format) {
    *FORMAT.lock().unwrap_or_else(PoisonError::into_inner) = format;
}

/// Shows as much as `verbosity` times `--verbose` asks for.
pub(crate) fn set_verbosity(verbosity: u8) {
    VERBOSITY.store(verbosity, Ordering::SeqCst);
}

/// Returns whether `--verbose` asks for details: some cost a question that a run without it saves.
pub fn is_verbose() -> bool {
    VERBOSITY.load(Ordering::SeqCst) > 0
}

/// Exits 0 from now on, whatever the state is.
pub(crate) fn set_exit_ok() {
    EXIT_OK.store(true, Ordering::SeqCst);
}

/// Adds a detail to the report, whatever it will be.
pub(crate) fn note(text: String) {
    let mut notes = NOTES.lock().unwrap_or_else(PoisonError::into_inner);
    if !notes.contains(&text) {
        notes.push(text);
    }
}

/// Adds a detail to a report that names this value, as the first line does not show the quotes around it.
pub(crate) fn quoted(value: String, place: String) {
    QUOTED.lock().unwrap_or_else(PoisonError::into_inner).push((value, place));
}

/// What to add to the text of a first line about values in quotes.
fn of_quotes(text: &str) -> Vec<String> {
    let quoted = QUOTED.lock().unwrap_or_else(PoisonError::into_inner);
    let is_said = text.contains("(in quotes)");
    let named = quoted.iter().filter(|(value, _)| !is_said && text.contains(value));
    named.map(|(_, place)| format!("{place}: the quotes belong to the value, write it without")).collect()
}

/// Renders the report, writes it and exits with its state.
pub(crate) fn finish(report: &Report) -> ! {
    let notes = mem::take(&mut *NOTES.lock().unwrap_or_else(PoisonError::into_inner));
    // Lines for a program to read have no remarks among them.
    let quotes = of_quotes(report.summary());
    let notes = if report.is_listing() { Vec::new() } else { [quotes, notes].concat() };
    let report = &notes.into_iter().fold(report.clone(), Report::detail);
    let (plugin, name) =
        CONTEXT.get().map_or(("plugin", "PLUGIN"), |context| (&context.plugin, &context.name));
    let verbosity = VERBOSITY.load(Ordering::SeqCst);
    let format = FORMAT.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let text = match format {
        _ if report.is_silent() => String::new(),
        Format::Text => coloured(report.render(name, verbosity), name, report.state),
        Format::Json => json::render(report, plugin, name, verbosity),
        Format::Prometheus(service) => prometheus::render(report, plugin, name, service.as_deref()),
    };
    finish_with(&text, report.state)
}

/// The text with its state in colour, where a person sees it on a terminal that shows colours (see
/// no-color.org).
fn coloured(text: String, name: &str, state: State) -> String {
    let is_set = |variable| env::var_os(variable).is_some_and(|value| !value.is_empty());
    let is_dumb = env::var_os("TERM").is_none_or(|terminal| terminal == "dumb");
    if is_dumb || is_set("NO_COLOR") || !isatty(rustix::stdio::stdout()) {
        return text;
    }
    let colour = match state {
        State::Ok => 32,
        State::Warning => 33,
        State::Critical => 31,
        State::Unknown => 35,
    };
    match text.strip_prefix(&format!("{name} {state}")) {
        Some(rest) => format!("{name} \u{1b}[1;{colour}m{state}\u{1b}[0m{rest}"),
        None => text,
    }
}

/// Writes `text` as it is and exits with `state`: with UNKNOWN where it could not be written.
pub(crate) fn finish_with(text: &str, state: State) -> ! {
    let until = CONTEXT.get().map_or_else(Instant::now, |context| context.deadline.at()) + LAST_WORD;
    if TAKEN.swap(true, Ordering::SeqCst) {
        // Somebody else speaks; but a write can hang where no poll foresees it, as on a dead network mount.
        while let Some(remaining) =
            until.checked_duration_since(Instant::now()).filter(|remaining| !remaining.is_zero())
        {
            thread::park_timeout(remaining);
        }
        exit(State::Unknown);
    }
    exit(write(&mut text.as_bytes(), until).map_or(State::Unknown, |()| state))
}

/// Whether standard output is a file, so that writing may wait where no poll foresees it.
pub(crate) fn may_hang() -> bool {
    let kind = fstat(rustix::stdio::stdout()).map(|status| FileType::from_raw_mode(status.st_mode));
    matches!(kind, Ok(FileType::RegularFile))
}

#[expect(clippy::exit, reason = "the one way out of every plugin")]
fn exit(state: State) -> ! {
    child::kill_all();
    process::exit(if EXIT_OK.load(Ordering::SeqCst) { 0 } else { state.exit_code() })
}

/// Writes everything to standard output before `until`, in one system call where the reader lets us. After an
/// error `octets` are those that are not written.
fn write(octets: &mut &[u8], until: Instant) -> io::Result<()> {
    if standard_output::was_closed() {
        return Err(Errno::BADF.into());
    }
    let output = rustix::stdio::stdout();
    while !octets.is_empty() {
        if !wait_until(&mut [PollFd::new(&output, PollFlags::OUT)], until)? {
            return Err(io::ErrorKind::TimedOut.into());
        }
        match rustix::io::write(output, octets.get(..CHUNK).unwrap_or(octets)) {
            Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
            Ok(written) => *octets = octets.get(written..).unwrap_or_default(),
            Err(Errno::INTR | Errno::AGAIN) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
    Ok(())
}

/// Writes lines at once, for what shows things as they come; the report at the end is none of them. Waits for
/// a slow reader as long as `goes_on` says, which it asks every 100 ms.
///
/// # Errors
/// What the system says, and [`io::ErrorKind::Interrupted`] where `goes_on` ended it.
pub fn show(text: &str, goes_on: impl Fn() -> bool) -> io::Result<()> {
    let mut rest = text.as_bytes();
    loop {
        match write(&mut rest, Instant::now() + Duration::from_millis(100)) {
            Err(error) if error.kind() == io::ErrorKind::TimedOut && goes_on() => {}
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                return Err(io::ErrorKind::Interrupted.into());
            }
            written => return written,
        }
    }
}

/// Rust opens /dev/null in place of a closed standard output before `main`, which would swallow the report
/// and leave the exit code of a check without its report. So this looks before Rust does.
mod standard_output {
    use std::sync::atomic::{AtomicBool, Ordering};

    static CLOSED: AtomicBool = AtomicBool::new(false);

    /// Whether the process was started without a standard output.
    pub(super) fn was_closed() -> bool {
        CLOSED.load(Ordering::Relaxed)
    }

    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
    extern "C" fn look() {
        if rustix::io::fcntl_getfd(rustix::stdio::stdout()).is_err() {
            CLOSED.store(true, Ordering::Relaxed);
        }
    }

    #[cfg(any(target_os = "linux", target_os = "freebsd", target_os = "netbsd"))]
    #[expect(
        unsafe_code,
        reason = "the ELF section is what makes the loader call `look` before Rust's own start"
    )]
    #[used]
    #[unsafe(link_section = ".init_array")]
    static LOOK: extern "C" fn() = look;
}
