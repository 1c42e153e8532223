//! An event as it goes to the broker: JSON by the schema in `event-1.schema.json`.

use std::ffi::{OsStr, OsString};
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use uuid::Uuid;

use crate::macros::Macros;
use crate::perfdata::{self, Datum};

/// The most octets that one text of an event keeps: an NRPE v4 packet carries as much.
const TEXT: usize = 64 << 10;
/// The version of the schema: a new number where a reader of the old one would be misled, not where fields
/// are added.
const SCHEMA: u32 = 1;
const STATES: [&str; 8] = ["OK", "WARNING", "CRITICAL", "UNKNOWN", "UP", "DOWN", "UNREACHABLE", "PENDING"];
const TYPES: [&str; 2] = ["SOFT", "HARD"];

/// Why the macros are not an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// No host.
    #[error(
        "no event: name its host by --host and its state by --state, or take both --from-env, or send what waits by --flush"
    )]
    Nothing,
    /// No state.
    #[error("no state: give $SERVICESTATE$ or $HOSTSTATE$ by --state")]
    NoState,
    /// A word that is none of those that it may be.
    #[error("{option} {value:?}: none of {words}")]
    Word {
        /// The option.
        option: &'static str,
        /// What it was given.
        value: String,
        /// What it may be.
        words: String,
    },
    /// Not a number.
    #[error("{option} {value:?}: not a whole number")]
    Number {
        /// The option.
        option: &'static str,
        /// What it was given.
        value: String,
    },
}

/// One event, its fields in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    schema_version: u32,
    /// The same in every copy of this event, and in no other event.
    pub id: Uuid,
    /// One more than that of the event before it in the same spool.
    pub sequence: u64,
    /// Which spool counts.
    pub spool: Uuid,
    monitor: String,
    kind: &'static str,
    hostname: String,
    address: Option<String>,
    service: Option<String>,
    state: &'static str,
    state_type: Option<&'static str>,
    state_time: Option<u64>,
    attempt: Option<u64>,
    max_attempts: Option<u64>,
    time_t: u64,
    output: String,
    long_output: String,
    perfdata: String,
    performance_data: Vec<Datum>,
    performance_data_unparsed: Vec<String>,
    truncated: Vec<&'static str>,
}

impl Event {
    /// The event of these macros; its sequence and spool are for the spool to say.
    ///
    /// # Errors
    /// [`EventError`]: no host or state, or something that is none.
    pub fn new(macros: &Macros) -> Result<Self, EventError> {
        let mut truncated = Vec::new();
        let mut text = |value: &Option<OsString>, name: &'static str| {
            let (text, is_cut) = bounded(value.as_deref().unwrap_or_default());
            if is_cut {
                truncated.push(name);
            }
            text
        };
        let hostname = text(&macros.host, "hostname");
        let address = Some(text(&macros.address, "address")).filter(|address| !address.is_empty());
        let service = Some(text(&macros.service, "service")).filter(|service| !service.is_empty());
        let output = text(&macros.output, "output");
        let long_output = with_line_ends(&text(&macros.long_output, "long_output"));
        let perfdata = text(&macros.perfdata, "perfdata");
        let monitor = match &macros.monitor {
            Some(_) => text(&macros.monitor, "monitor"),
            None => rustix::system::uname().nodename().to_string_lossy().into_owned(),
        };
        if hostname.is_empty() {
            return Err(EventError::Nothing);
        }
        let state = one_of("--state", &macros.state, &STATES)?.ok_or(EventError::NoState)?;
        let (performance_data, performance_data_unparsed) = perfdata::parse(&perfdata);
        let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
        Ok(Self {
            schema_version: SCHEMA,
            id: Uuid::new_v4(),
            sequence: 0,
            spool: Uuid::nil(),
            monitor,
            kind: if service.is_some() { "service" } else { "host" },
            hostname,
            address,
            service,
            state,
            state_type: one_of("--state-type", &macros.state_type, &TYPES)?,
            state_time: number("--state-time", &macros.state_time)?,
            attempt: number("--attempt", &macros.attempt)?,
            max_attempts: number("--max-attempts", &macros.max_attempts)?,
            time_t: number("--time-t", &macros.time_t)?.unwrap_or(now),
            output,
            long_output,
            perfdata,
            performance_data,
            performance_data_unparsed,
            truncated,
        })
    }

    /// The event as it is sent: one line of JSON.
    pub fn json(&self) -> Vec<u8> {
        // Nothing in it can fail: its keys are texts, its numbers finite, and it is written to memory.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// A text with broken UTF-8 as replacement characters, and whether its end had to be cut off.
fn bounded(value: &OsStr) -> (String, bool) {
    let mut text = value.to_string_lossy().into_owned();
    let is_cut = text.len() > TEXT;
    text.truncate(text.floor_char_boundary(TEXT));
    (text, is_cut)
}

/// Nagios writes the line ends of long output as `\n`, and a backslash as two.
fn with_line_ends(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match (c, chars.peek()) {
            ('\\', Some('n')) => plain.push('\n'),
            ('\\', Some('\\')) => plain.push('\\'),
            _ => {
                plain.push(c);
                continue;
            }
        }
        chars.next();
    }
    plain
}

/// One of the words, whatever its case: none where nothing is given.
fn one_of(
    option: &'static str,
    value: &Option<OsString>,
    words: &[&'static str],
) -> Result<Option<&'static str>, EventError> {
    let Some(value) = value.as_deref().filter(|value| !value.is_empty()) else { return Ok(None) };
    let known = words.iter().find(|word| value.eq_ignore_ascii_case(word)).copied();
    known.map(Some).ok_or_else(|| EventError::Word { option, value: excerpt(value), words: words.join(", ") })
}

/// A whole number: none where nothing is given.
fn number(option: &'static str, value: &Option<OsString>) -> Result<Option<u64>, EventError> {
    let Some(value) = value.as_deref().filter(|value| !value.is_empty()) else { return Ok(None) };
    let digits = value.to_str().filter(|text| text.bytes().all(|octet| octet.is_ascii_digit()));
    let number = digits.and_then(|digits| digits.parse().ok());
    number.map(Some).ok_or_else(|| EventError::Number { option, value: excerpt(value) })
}

/// The beginning of what somebody gave, for a message.
fn excerpt(value: &OsStr) -> String {
    value.to_string_lossy().chars().take(60).collect()
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
