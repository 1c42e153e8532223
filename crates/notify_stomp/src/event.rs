//! An event as it goes to the broker: JSON by the schema in `event-2.schema.json`.

pub(crate) mod id;

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use uuid::Uuid;

use crate::macros::Macros;
use crate::perfdata::{self, Datum};

/// The most octets that one text of an event keeps: an NRPE v4 packet carries as much.
const TEXT: usize = 64 << 10;
/// The version of the schema: a new number where a reader of the old one would be misled, not where fields
/// are added.
const SCHEMA: u32 = 2;
const STATES: [&str; 8] = ["OK", "WARNING", "CRITICAL", "UNKNOWN", "UP", "DOWN", "UNREACHABLE", "PENDING"];
const TYPES: [&str; 2] = ["SOFT", "HARD"];

/// Why the macros are not an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Nothing of an event is given.
    #[error(
        "no event: name its host by --host and its state by --state, or take both --from-env, or send what waits by --flush"
    )]
    Nothing,
}

/// A value that is not what its field holds. The field is null.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Invalid {
    /// The field.
    field: &'static str,
    /// The beginning of what was given.
    value: String,
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
    /// Which snapshot it belongs to; `None` for a change of state.
    pub(crate) snapshot: Option<Uuid>,
    pub(crate) monitor: String,
    pub(crate) kind: &'static str,
    pub(crate) hostname: Option<String>,
    address: Option<String>,
    pub(crate) service: Option<String>,
    pub(crate) state: Option<&'static str>,
    pub(crate) state_type: Option<&'static str>,
    last_hard_state: Option<&'static str>,
    state_time: Option<u64>,
    attempt: Option<u64>,
    max_attempts: Option<u64>,
    event_id: Option<u64>,
    last_event_id: Option<u64>,
    problem_id: Option<u64>,
    downtime_depth: Option<u64>,
    acknowledged: Option<bool>,
    flapping: Option<bool>,
    monitor_start: Option<u64>,
    time_t: u64,
    output: String,
    long_output: String,
    perfdata: String,
    performance_data: Vec<Datum>,
    performance_data_unparsed: Vec<String>,
    truncated: Vec<&'static str>,
    pub(crate) invalid: Vec<Invalid>,
}

impl Event {
    /// Makes the event of these macros; its sequence and spool are for the spool to say. A value that is not
    /// what its field holds makes the field null and is noted.
    ///
    /// # Errors
    /// [`EventError`]: nothing of an event is given.
    pub fn new(macros: &Macros) -> Result<Self, EventError> {
        if macros.is_empty() {
            return Err(EventError::Nothing);
        }
        let mut texts = Texts::default();
        let hostname = texts.required("hostname", &macros.host);
        let address = texts.optional("address", &macros.address);
        let service = texts.optional("service", &macros.service);
        let (output, long_output) = outputs(&mut texts, macros);
        let perfdata = texts.take(&macros.perfdata, "perfdata");
        let given = macros.monitor.as_ref().and_then(|_| texts.required("monitor", &macros.monitor));
        let monitor = given.unwrap_or_else(monitor_name);
        let mut values = Values { invalid: texts.invalid };
        let (performance_data, performance_data_unparsed) = perfdata::parse(&perfdata);
        let [state, state_type, last_hard_state] = states(&mut values, macros);
        Ok(Self {
            schema_version: SCHEMA,
            id: id::new(),
            sequence: 0,
            spool: Uuid::nil(),
            snapshot: None,
            monitor,
            kind: kind(service.is_some() || is_given(&macros.service), state),
            hostname,
            address,
            service,
            state,
            state_type,
            last_hard_state,
            state_time: values.number("state_time", &macros.state_time),
            attempt: values.number("attempt", &macros.attempt),
            max_attempts: values.number("max_attempts", &macros.max_attempts),
            event_id: values.number("event_id", &macros.event_id),
            last_event_id: values.number("last_event_id", &macros.last_event_id),
            problem_id: values.problem(&macros.problem_id),
            downtime_depth: values.number("downtime_depth", &macros.downtime_depth),
            acknowledged: values.boolean("acknowledged", &macros.acknowledged),
            flapping: values.boolean("flapping", &macros.flapping),
            monitor_start: values.number("monitor_start", &macros.monitor_start),
            time_t: values.number("time_t", &macros.time_t).unwrap_or_else(now),
            output,
            long_output,
            perfdata,
            performance_data,
            performance_data_unparsed,
            truncated: texts.truncated,
            invalid: values.invalid,
        })
    }

    /// The event as it is sent: one line of JSON.
    pub fn json(&self) -> Vec<u8> {
        // Nothing in it can fail: its keys are texts, its numbers finite, and it is written to memory.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// The first line of the output, and the further ones.
fn outputs(texts: &mut Texts, macros: &Macros) -> (String, String) {
    let output = texts.take(&macros.output, "output");
    let long_output = with_line_ends(&texts.take(&macros.long_output, "long_output"));
    // Icinga 2 has one macro for all lines.
    match output.split_once('\n').filter(|_| long_output.is_empty()) {
        Some((first, rest)) => (first.to_owned(), rest.to_owned()),
        None => (output, long_output),
    }
}

/// The state, its type, and the last hard state, which a hard state is itself.
fn states(values: &mut Values, macros: &Macros) -> [Option<&'static str>; 3] {
    let state = values.required_state(&macros.state);
    let state_type = values.one_of("state_type", &macros.state_type, &TYPES);
    let last_hard_state = values.one_of("last_hard_state", &macros.last_hard_state, &STATES);
    let own = state.filter(|_| state_type == Some("HARD"));
    [state, state_type, last_hard_state.or(own)]
}

impl fmt::Display for Event {
    /// Host, service, state and the beginning of the output, for a log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let host = self.hostname.as_deref().unwrap_or("-");
        let (service, state) = (self.service.as_deref().unwrap_or("-"), self.state.unwrap_or("-"));
        let output: String = self.output.chars().take(100).collect();
        write!(f, "{host} {service} {state} {output}")
    }
}

/// The name of this machine.
pub(crate) fn monitor_name() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// The time, in seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// What an event is of. A service whose name is wrong is told from a host by its state.
fn kind(has_service: bool, state: Option<&str>) -> &'static str {
    let is_host = matches!(state, Some("UP" | "DOWN" | "UNREACHABLE"));
    if has_service && !is_host { "service" } else { "host" }
}

fn is_given(value: &Option<OsString>) -> bool {
    value.as_ref().is_some_and(|value| !value.is_empty())
}

/// Whether a value is a macro that the monitor did not expand, as `$HOSTADDRESS$`.
fn is_macro(value: &OsStr) -> bool {
    let name = value.as_encoded_bytes().strip_prefix(b"$").and_then(|rest| rest.strip_suffix(b"$"));
    name.is_some_and(|name| {
        name.first().is_some_and(|first| first.is_ascii_uppercase() || *first == b'_')
            && name.iter().all(|octet| octet.is_ascii_graphic() && *octet != b'$')
    })
}

/// Takes texts, bounded, and notes which were cut, and which are none.
#[derive(Default)]
struct Texts {
    truncated: Vec<&'static str>,
    invalid: Vec<Invalid>,
}

impl Texts {
    /// A name that every event has. It is noted where there is none.
    fn required(&mut self, name: &'static str, value: &Option<OsString>) -> Option<String> {
        if !is_given(value) {
            self.invalid.push(Invalid { field: name, value: String::new() });
        }
        self.optional(name, value)
    }

    fn optional(&mut self, name: &'static str, value: &Option<OsString>) -> Option<String> {
        Some(self.take(value, name)).filter(|text| !text.is_empty())
    }

    fn take(&mut self, value: &Option<OsString>, name: &'static str) -> String {
        let value = value.as_deref().unwrap_or_default();
        if is_macro(value) {
            self.invalid.push(Invalid { field: name, value: excerpt(value) });
            return String::new();
        }
        let (text, is_cut) = bounded(value);
        if is_cut {
            self.truncated.push(name);
        }
        text
    }
}

/// Takes words and numbers, and notes what is none.
#[derive(Default)]
struct Values {
    invalid: Vec<Invalid>,
}

impl Values {
    /// The state. It is noted too if none is given.
    fn required_state(&mut self, value: &Option<OsString>) -> Option<&'static str> {
        if !is_given(value) {
            self.invalid.push(Invalid { field: "state", value: String::new() });
        }
        self.one_of("state", value, &STATES)
    }

    /// One of the words, whatever its case.
    fn one_of(
        &mut self,
        field: &'static str,
        value: &Option<OsString>,
        words: &[&'static str],
    ) -> Option<&'static str> {
        self.take(field, value, |value| words.iter().find(|word| value.eq_ignore_ascii_case(word)).copied())
    }

    /// A whole number. Icinga 2 writes times with a fraction, which is cut off.
    fn number(&mut self, field: &'static str, value: &Option<OsString>) -> Option<u64> {
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
        self.take(field, value, |value| {
            let text = value.to_str()?;
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            whole.parse().ok().filter(|_| is_digits(whole) && is_digits(fraction))
        })
    }

    /// The number of a problem. Naemon's problems have UUIDs and no numbers.
    fn problem(&mut self, value: &Option<OsString>) -> Option<u64> {
        let text = value.as_deref().and_then(OsStr::to_str).unwrap_or_default();
        if Uuid::try_parse(text).is_ok() { None } else { self.number("problem_id", value) }
    }

    /// Yes or no. Icinga 2 writes 1 for a normal and 2 for a sticky acknowledgement.
    fn boolean(&mut self, field: &'static str, value: &Option<OsString>) -> Option<bool> {
        self.take(field, value, |value| match value.to_str()? {
            "1" | "2" | "true" => Some(true),
            "0" | "false" => Some(false),
            _ => None,
        })
    }

    /// What `parse` makes of a value that is given.
    fn take<T>(
        &mut self,
        field: &'static str,
        value: &Option<OsString>,
        parse: impl FnOnce(&OsStr) -> Option<T>,
    ) -> Option<T> {
        let value = value.as_deref().filter(|value| !value.is_empty())?;
        let parsed = parse(value);
        if parsed.is_none() {
            self.invalid.push(Invalid { field, value: excerpt(value) });
        }
        parsed
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

/// The beginning of what was given.
fn excerpt(value: &OsStr) -> String {
    value.to_string_lossy().chars().take(60).collect()
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
