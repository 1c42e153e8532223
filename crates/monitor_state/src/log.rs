//! The log of a monitor, as Nagios 3 and 4, Naemon and Icinga 1 write it.
//!
//! A line is `[SECONDS] text`, and only some texts tell of a state: an alert at each change, all states after
//! a rotation (`CURRENT`) and on wish at the start (`INITIAL`), downtimes, and the start and stop of the
//! monitor. Everything else only shows that the monitor ran.

use std::io::{self, BufRead, BufReader, Read as _};
use std::path::Path;

use plugin::Deadline;

use crate::Condition;
use crate::error::StatusError;
use crate::file::{Bounded, FileError, open_regular};

/// The longest part of a line that is read, in octets: outputs follow what matters.
const LONGEST: u64 = 64 << 10;
/// How many lines at the head of a file may be something else.
const HEAD: u64 = 100;

/// A line of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogLine<'a> {
    /// When it was written, in seconds since 1970.
    pub at: u64,
    /// What it tells.
    pub event: LogEvent<'a>,
}

/// What a line of a log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LogEvent<'a> {
    /// The monitor starts.
    Started,
    /// The monitor stops.
    Stopped,
    /// The state of a host or a service.
    State(LogState<'a>),
    /// A downtime of a host or a service begins or ends.
    Downtime {
        /// The name of the host.
        host: &'a str,
        /// The description of the service; `None` for the host itself.
        service: Option<&'a str>,
        /// Whether it begins.
        begins: bool,
    },
    /// Nothing of a state.
    Other,
}

/// The state of a host or a service in a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogState<'a> {
    /// The name of the host.
    pub host: &'a str,
    /// The description of the service; `None` for the host itself.
    pub service: Option<&'a str>,
    /// Why it is told.
    pub occasion: Occasion,
    /// The state.
    pub state: Condition,
    /// Whether it is hard: it has lasted for all the attempts.
    pub is_hard: bool,
    /// Whether a check can have told it. One that was never checked is listed as OK or UP, without an output.
    pub is_checked: bool,
}

/// Why a log tells a state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    /// It changed.
    Alert,
    /// The log was rotated, and all states are told.
    Current,
    /// The monitor started, and all states are told.
    Initial,
}

/// Parses a line, without its end. `None` if it has no time.
pub fn parse(line: &str) -> Option<LogLine<'_>> {
    let (time, text) = line.strip_prefix('[')?.split_once("] ")?;
    let is_time = !time.is_empty() && time.bytes().all(|octet| octet.is_ascii_digit());
    let at = time.parse().ok().filter(|_| is_time)?;
    Some(LogLine { at, event: event(text).unwrap_or(LogEvent::Other) })
}

fn event(text: &str) -> Option<LogEvent<'_>> {
    let Some((kind, rest)) = text.split_once(": ") else { return of_monitor(text) };
    let (occasion, is_service) = match kind {
        "HOST ALERT" => (Occasion::Alert, false),
        "SERVICE ALERT" => (Occasion::Alert, true),
        "CURRENT HOST STATE" => (Occasion::Current, false),
        "CURRENT SERVICE STATE" => (Occasion::Current, true),
        "INITIAL HOST STATE" => (Occasion::Initial, false),
        "INITIAL SERVICE STATE" => (Occasion::Initial, true),
        "HOST DOWNTIME ALERT" => return downtime(rest, false),
        "SERVICE DOWNTIME ALERT" => return downtime(rest, true),
        _ => return of_monitor(text),
    };
    let (host, service, rest) = object(rest, is_service)?;
    let mut fields = rest.splitn(4, ';');
    let state = condition(fields.next()?, is_service)?;
    let is_hard = match fields.next()? {
        "HARD" => true,
        "SOFT" => false,
        _ => return None,
    };
    let output = fields.nth(1).unwrap_or_default();
    let is_good = matches!(state, Condition::Ok | Condition::Up);
    let is_checked = occasion == Occasion::Alert || !is_good || !output.trim().is_empty();
    Some(LogEvent::State(LogState { host, service, occasion, state, is_hard, is_checked }))
}

/// The start or the stop of the monitor. External commands and outputs may have such words too, but not at
/// their beginning.
fn of_monitor(text: &str) -> Option<LogEvent<'_>> {
    let is_named = ["Nagios ", "Naemon ", "Icinga "].iter().any(|name| text.starts_with(name));
    if is_named && text.contains(" starting... (PID=") {
        return Some(LogEvent::Started);
    }
    let stops = (text.starts_with("Caught SIG") && text.ends_with(", shutting down..."))
        || text.starts_with("Successfully shutdown...")
        || text.starts_with("PROGRAM_SHUTDOWN event encountered")
        || text.starts_with("Bailing out due to");
    stops.then_some(LogEvent::Stopped)
}

fn downtime(text: &str, is_service: bool) -> Option<LogEvent<'_>> {
    let (host, service, rest) = object(text, is_service)?;
    let begins = match rest.split(';').next()? {
        "STARTED" => true,
        "STOPPED" | "CANCELLED" => false,
        _ => return None,
    };
    Some(LogEvent::Downtime { host, service, begins })
}

/// The names at the beginning of a text, and what follows them.
fn object(text: &str, is_service: bool) -> Option<(&str, Option<&str>, &str)> {
    let (host, rest) = text.split_once(';').filter(|(host, _)| !host.is_empty())?;
    if !is_service {
        return Some((host, None, rest));
    }
    let (service, rest) = rest.split_once(';').filter(|(service, _)| !service.is_empty())?;
    Some((host, Some(service), rest))
}

fn condition(word: &str, is_service: bool) -> Option<Condition> {
    let of: fn(u64) -> Condition = if is_service { Condition::of_service } else { Condition::of_host };
    let all = if is_service { 0..4 } else { 0..3 };
    all.map(of).find(|condition| condition.word() == word)
}

/// Returns when the log begins, in seconds since 1970.
///
/// # Errors
/// [`FileError`]: it cannot be read, or its first lines are those of another kind of file.
pub fn beginning(path: &Path, deadline: &Deadline) -> Result<u64, FileError> {
    let (mut first, mut lines) = (None, 0);
    read_while(path, deadline, |line| {
        first = line.map(|line| line.at);
        lines += 1;
        first.is_none() && lines < HEAD
    })?;
    first.ok_or_else(|| FileError::Status { path: path.to_owned(), why: StatusError::NoLog })
}

/// Reads the log and hands each line with a time to `each`, in the order of the file. A last line without an
/// end is left out: it is still being written.
///
/// # Errors
/// [`FileError`].
pub fn read(path: &Path, deadline: &Deadline, mut each: impl FnMut(LogLine<'_>)) -> Result<(), FileError> {
    read_while(path, deadline, |line| {
        line.into_iter().for_each(&mut each);
        true
    })
}

/// Reads lines as long as `each` returns `true`; one without a time is `None`.
fn read_while(
    path: &Path,
    deadline: &Deadline,
    mut each: impl FnMut(Option<LogLine<'_>>) -> bool,
) -> Result<(), FileError> {
    let _step = deadline.step(format!("reading {}", path.display()));
    let refused = |error| FileError::Status { path: path.to_owned(), why: StatusError::Read(error) };
    let (file, _) = open_regular(path)?;
    let mut source = BufReader::with_capacity(1 << 16, Bounded::new(file, deadline));
    let mut line = Vec::new();
    loop {
        line.clear();
        source.by_ref().take(LONGEST).read_until(b'\n', &mut line).map_err(refused)?;
        let ends = line.pop_if(|last| *last == b'\n').is_some();
        if !ends && !skip_line(&mut source).map_err(refused)? {
            return Ok(());
        }
        if !each(parse(&String::from_utf8_lossy(&line))) {
            return Ok(());
        }
    }
}

/// Skips the rest of a line. Returns whether the line has an end.
fn skip_line(source: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let rest = source.fill_buf()?;
        let (octets, found) = (rest.len(), rest.iter().position(|octet| *octet == b'\n'));
        source.consume(found.map_or(octets, |at| at + 1));
        if found.is_some() || octets == 0 {
            return Ok(found.is_some());
        }
    }
}

#[cfg(test)]
#[path = "log_tests.rs"]
mod tests;
