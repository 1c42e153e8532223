//! One line of JSON for each run, appended to the log.

use std::fs::File;
use std::io::{self, Write as _};
use std::time::Instant;

use plugin::State;
use rustix::fs::OFlags;
use serde::Serialize;

use crate::child::Ran;
use crate::config::Config;
use crate::event::name;
use crate::look::Case;
use crate::state::now;
use crate::trusted::{TrustError, open_or_make};
use crate::{End, Event, HandleError, Outcome};

/// The version of the record: fields may come to it, none changes its meaning.
const VERSION: u32 = 1;

/// The log of a run that has begun.
pub(crate) struct Log {
    file: File,
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
    pub(crate) fn open(config: &Config) -> Result<Self, TrustError> {
        let file = open_or_make(&config.log, OFlags::WRONLY | OFlags::APPEND)?;
        Ok(Self { file: file.into(), began: Instant::now() })
    }

    /// Appends the record of a run that came to `result`, which is reported as `state` and `summary`.
    pub(crate) fn record(
        mut self,
        config: &Config,
        event: Event,
        result: &Result<Outcome, HandleError>,
        (state, summary): (State, &str),
    ) -> io::Result<()> {
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
        let mut line = serde_json::to_vec(&record)?;
        line.push(b'\n');
        self.file.write_all(&line)?;
        self.file.sync_data()
    }
}
