//! An event as it goes to the broker: JSON by the schema in `event-2.schema.json`.

pub(crate) mod id;
mod values;

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;
use uuid::Uuid;

use crate::macros::Macros;
use crate::perfdata::{self, Datum};
use values::{Invalid, Kind, Texts, Values, is_given, with_line_ends};

/// The version of the schema: a new number where a reader of the old one would be misled, not where fields
/// are added.
const SCHEMA: u32 = 2;
const TYPES: [&str; 2] = ["SOFT", "HARD"];

/// Why the macros are not an event.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// Nothing of an event is given.
    #[error(
        "no event: name its host by --host and its state by --state, or take both --from-env, or send what waits by --flush, see --help"
    )]
    Nothing,
}

/// One event, its fields in the order in which they are written.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    schema_version: u32,
    /// The same in every copy of this event, and in no other event.
    pub id: Uuid,
    /// One more than that of the event before it in the same spool. `None` where the spool cannot number it.
    pub sequence: Option<u64>,
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
        let is_cut = texts.truncated.contains(&"perfdata");
        let parse = if is_cut { perfdata::parse_cut } else { perfdata::parse };
        let (performance_data, performance_data_unparsed) = parse(&perfdata);
        let kind = kind(service.is_some(), macros);
        let [state, state_type, last_hard_state] = states(&mut values, kind, macros);
        Ok(Self {
            schema_version: SCHEMA,
            id: id::new(),
            sequence: None,
            spool: Uuid::nil(),
            snapshot: None,
            monitor,
            kind: kind.word(),
            hostname,
            address,
            service,
            state,
            state_type,
            last_hard_state,
            state_time: values.time("state_time", &macros.state_time),
            attempt: values.number("attempt", &macros.attempt),
            max_attempts: values.number("max_attempts", &macros.max_attempts),
            event_id: values.number("event_id", &macros.event_id),
            last_event_id: values.number("last_event_id", &macros.last_event_id),
            problem_id: values.problem(&macros.problem_id),
            downtime_depth: values.number("downtime_depth", &macros.downtime_depth),
            acknowledged: values.boolean("acknowledged", &macros.acknowledged),
            flapping: values.boolean("flapping", &macros.flapping),
            monitor_start: values.time("monitor_start", &macros.monitor_start),
            time_t: values.time("time_t", &macros.time_t).unwrap_or_else(now),
            output,
            long_output,
            perfdata,
            performance_data,
            performance_data_unparsed,
            truncated: texts.truncated,
            invalid: values.invalid,
        })
    }

    /// Notes that no spool can number the event.
    pub(crate) fn unnumber(&mut self) {
        self.sequence = None;
        self.invalid.push(Invalid { field: "sequence", value: String::new() });
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
fn states(values: &mut Values, kind: Kind, macros: &Macros) -> [Option<&'static str>; 3] {
    let state = values.required_state(&macros.state, kind);
    let state_type = values.one_of("state_type", &macros.state_type, &TYPES);
    let last_hard_state = values.one_of("last_hard_state", &macros.last_hard_state, kind.states());
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
fn kind(is_named: bool, macros: &Macros) -> Kind {
    let is_of_host = || {
        let words = macros.state.as_deref().map(std::ffi::OsStr::to_ascii_uppercase);
        matches!(words.as_deref().and_then(|state| state.to_str()), Some("UP" | "DOWN" | "UNREACHABLE"))
    };
    if is_named || is_given(&macros.service) && !is_of_host() { Kind::Service } else { Kind::Host }
}

#[cfg(test)]
#[path = "event_tests.rs"]
mod tests;
