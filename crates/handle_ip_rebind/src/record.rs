//! One line of JSON for each run, appended to the log.

use std::fs::File;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::path::Path;
use std::time::Instant;

use addresses::brief;
use plugin::State;
use serde::{Deserialize, Serialize};
use state::{Records, StateError, Trust, open_trusted};

use crate::budget::now;
use crate::case::{Case, bindable};
use crate::child::Ran;
use crate::config::Config;
use crate::event::name;
use crate::{End, Event, Outcome};

/// The version of the record: fields may come to it, none changes its meaning.
const VERSION: u32 = 1;
/// How many characters of a record that begins go to the addresses; all of them stand in it besides.
const ROOM: usize = 60;
/// The most that the log may hold, in octets: logrotate keeps it far below.
const LARGEST: u64 = 1 << 30;
/// How much of it runs that change nothing may use: else NRPE's user, who may start such runs all day, could
/// fill the disk, and the log for those that mend.
const LARGEST_IDLE: u64 = 64 << 20;

/// The most octets of a record that is compared with the next one.
const COMPARED: usize = 4 << 20;

/// The log, for one run.
pub(crate) struct Log<'a> {
    records: Records,
    began: Instant,
    config: &'a Config,
    event: Event,
}

#[derive(Serialize)]
struct Record<'a> {
    version: u32,
    /// Whether this is what a run is about to do, and not what it did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    begun: bool,
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

/// What makes two records say the same.
#[derive(Deserialize)]
struct Gist {
    #[serde(default)]
    begun: bool,
    event: String,
    state: String,
    summary: String,
}

/// Refuses a file that begins like no record: records in another program's file would break it.
///
/// # Errors
/// [`StateError`], also if there is no file yet.
pub(crate) fn check_content(path: &Path) -> Result<(), StateError> {
    let refused = |doing, why| StateError::Refused { doing, path: path.to_owned(), why };
    let mut first = [0];
    let log = open_trusted(path, &Trust::LOG)?;
    let length = File::from(log).read(&mut first).map_err(|why| refused("reading", why))?;
    // A crash of the host may leave zeros, as a file system writes a length before its content.
    if length > 0 && !matches!(first, [b'{' | 0]) {
        return Err(refused(
            "appending to",
            io::Error::other("not a log of this program, name another file"),
        ));
    }
    Ok(())
}

/// Returns why a log of this size would not take a record. `None` if it would.
pub(crate) fn fault_of_size(length: u64) -> Option<&'static str> {
    match length {
        LARGEST.. => Some("full, rotate it"),
        length if length > LARGEST_IDLE => Some("full for runs that change nothing, rotate it"),
        _ => None,
    }
}

impl<'a> Log<'a> {
    /// Opens the log: what could not be recorded is not done.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) fn open(config: &'a Config, event: Event) -> Result<Self, StateError> {
        if let Err(error) = check_content(&config.log)
            && !error.is_not_found()
        {
            return Err(error);
        }
        let records = Records::open(&config.log, &Trust::LOG, LARGEST)?;
        Ok(Self { records, began: Instant::now(), config, event })
    }

    /// Appends that a run is about to change something: on the disk before it does, whatever ends it then.
    ///
    /// # Errors
    /// [`StateError`]: then nothing may be changed.
    pub(crate) fn begun(&mut self, outcome: &Outcome) -> Result<(), StateError> {
        let addresses = bindable(&outcome.cases);
        let summary = match (addresses.is_empty(), outcome.owed.addresses.is_empty()) {
            (false, _) => format!("about to bind {}", brief(&addresses, ROOM)),
            (true, false) => {
                format!("about to finish an earlier run for {}", brief(&outcome.owed.addresses, ROOM))
            }
            (true, true) if !outcome.contested.is_empty() => {
                let contested: Vec<IpAddr> = outcome.contested.iter().copied().collect();
                format!("about to remove {} if another host has it too", brief(&contested, ROOM))
            }
            (true, true) => "about to start programs again that failed".to_owned(),
        };
        self.append(&Record { begun: true, ..self.of(Some(outcome), None, (State::Unknown, &summary)) })
    }

    /// Appends how a run ended, which is reported as this state and text. A timer's run that ended like the
    /// run before it is not appended: it would fill the log with a line a minute.
    ///
    /// # Errors
    /// [`StateError`].
    pub(crate) fn ended(
        mut self,
        outcome: Option<&Outcome>,
        error: Option<String>,
        report: (State, &str),
    ) -> Result<(), StateError> {
        let record = Record { end: outcome.map(|outcome| outcome.end), ..self.of(outcome, error, report) };
        if outcome.is_none_or(|outcome| !outcome.changed) {
            if self.event == Event::Timer && self.repeats(&record) {
                return Ok(());
            }
            if self.records.size()? > LARGEST_IDLE {
                return Err(StateError::Full { path: self.config.log.clone(), limit: LARGEST_IDLE });
            }
        }
        self.append(&record)
    }

    /// Returns whether the last record says the same. A log that cannot be read is not a reason to say less.
    fn repeats(&self, record: &Record<'_>) -> bool {
        let last = self.records.last(COMPARED).ok().flatten();
        let last = last.and_then(|last| serde_json::from_slice::<Gist>(&last).ok());
        last.is_some_and(|last| {
            !last.begun
                && (last.event, last.state) == (record.event.clone(), record.state.to_owned())
                && last.summary == record.summary
        })
    }

    fn of<'r>(
        &self,
        outcome: Option<&'r Outcome>,
        error: Option<String>,
        (state, summary): (State, &'r str),
    ) -> Record<'r>
    where
        'a: 'r,
    {
        Record {
            version: VERSION,
            begun: false,
            time: now(),
            seconds: (self.began.elapsed().as_secs_f64() * 1e3).round() / 1e3,
            event: self.event.to_string(),
            state: name(state),
            summary,
            enabled: self.config.enabled,
            end: None,
            error,
            interface: &self.config.interface,
            acted: outcome.map_or(0, |outcome| outcome.acted),
            per_hour: self.config.per_hour,
            addresses: outcome.map_or(&[], |outcome| &outcome.cases),
            command: outcome.and_then(|outcome| outcome.command.as_ref()),
            services: outcome.map_or(&[], |outcome| &outcome.services),
        }
    }

    fn append(&mut self, record: &Record<'_>) -> Result<(), StateError> {
        let line = serde_json::to_vec(record).map_err(|error| StateError::Refused {
            doing: "writing a record of",
            path: self.config.log.clone(),
            why: error.into(),
        })?;
        self.records.append(&line)
    }
}
