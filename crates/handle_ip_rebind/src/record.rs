//! One line of JSON for each run, appended to the log.

use std::time::Instant;

use plugin::State;
use serde::Serialize;
use state::{Records, StateError, Trust};

use crate::budget::now;
use crate::case::Case;
use crate::child::Ran;
use crate::config::Config;
use crate::event::name;
use crate::{End, Event, HandleError, Outcome};

/// The version of the record: fields may come to it, none changes its meaning.
const VERSION: u32 = 1;
/// The most that the log may hold, in octets: logrotate keeps it far below.
const LARGEST: u64 = 1 << 30;

/// The log of a run that has begun.
pub(crate) struct Log {
    records: Records,
    began: Instant,
}

#[derive(Serialize)]
struct Record<'a> {
    version: u32,
    /// When the run ended, in seconds since 1970.
    time: u64,
    /// How long it took.
    seconds: f64,
    event: String,
    state: &'static str,
    summary: &'a str,
    enabled: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<End>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    interface: &'a str,
    /// How often anything was done within the hour, and how often it may be.
    acted: usize,
    per_hour: usize,
    addresses: &'a [Case],
    #[serde(skip_serializing_if = "Option::is_none")]
    command: Option<&'a Ran>,
    services: &'a [Ran],
}

impl Log {
    /// Opens the log: what could not be recorded is not done.
    pub(crate) fn open(config: &Config) -> Result<Self, StateError> {
        let records = Records::open(&config.log, &Trust::LOG, LARGEST)?;
        Ok(Self { records, began: Instant::now() })
    }

    /// Appends the record of a run that came to `result`, which is reported as `state` and `summary`.
    pub(crate) fn record(
        mut self,
        config: &Config,
        event: Event,
        result: &Result<Outcome, HandleError>,
        (state, summary): (State, &str),
    ) -> Result<(), StateError> {
        let outcome = result.as_ref().ok();
        let record = Record {
            version: VERSION,
            time: now(),
            seconds: (self.began.elapsed().as_secs_f64() * 1e3).round() / 1e3,
            event: event.to_string(),
            state: name(state),
            summary,
            enabled: config.enabled,
            end: outcome.map(|outcome| outcome.end),
            error: result.as_ref().err().map(ToString::to_string),
            interface: &config.interface,
            acted: outcome.map_or(0, |outcome| outcome.acted),
            per_hour: config.per_hour,
            addresses: outcome.map_or(&[], |outcome| &outcome.cases),
            command: outcome.and_then(|outcome| outcome.command.as_ref()),
            services: outcome.map_or(&[], |outcome| &outcome.services),
        };
        let line = serde_json::to_vec(&record).map_err(|error| StateError::Refused {
            doing: "writing a record of",
            path: config.log.clone(),
            why: error.into(),
        })?;
        self.records.append(&line)
    }
}
