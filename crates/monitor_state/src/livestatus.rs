//! Livestatus: the answers to queries of hosts, services, downtimes and the monitor's own state, as JSON from
//! any reader. Naemon and Checkmk have it, Nagios by a broker module, Icinga 2 by a feature.
//!
//! Each answer is read as it comes, one row at a time. It leaves the socket to the programs. The query of
//! each kind stands beside it, and asks for columns in the order of the fields that take them.

mod frame;

use std::borrow::Cow;
use std::io::Read;

use serde::Deserialize;

use crate::value::state;
use crate::{Collect, Condition, Downtime, Monitor, Object, Output};
pub use frame::AnswerError;
use frame::rows;

/// How an answer is to look: a head of 16 octets with a code and a length, and then rows of JSON.
macro_rules! query {
    ($table:literal, $columns:expr) => {
        concat!(
            "GET ",
            $table,
            "\nColumns: ",
            $columns,
            "\nColumnHeaders: off\nOutputFormat: json\nResponseHeader: fixed16\n\n"
        )
    };
}

/// What is asked of hosts and services alike.
macro_rules! checked {
    () => {
        "state last_hard_state state_type has_been_checked current_attempt max_check_attempts last_state_change \
         last_hard_state_change last_check check_interval active_checks_enabled accept_passive_checks \
         scheduled_downtime_depth acknowledged is_flapping"
    };
}

/// The query for the state of the monitor itself.
pub const STATUS: &str = query!(
    "status",
    "execute_service_checks accept_passive_service_checks execute_host_checks accept_passive_host_checks \
     program_start interval_length"
);
/// The query for hosts. The name stands in the place of the service's too.
pub const HOSTS: &str = query!("hosts", concat!("name name ", checked!()));
/// The query for services.
pub const SERVICES: &str = query!("services", concat!("host_name description ", checked!()));
/// The query for downtimes.
pub const DOWNTIMES: &str = query!("downtimes", "host_name service_description start_time end_time fixed");

/// The state of the monitor itself, as the columns of [`STATUS`].
#[derive(Deserialize)]
struct Status {
    active_service_checks: Number,
    passive_service_checks: Number,
    active_host_checks: Number,
    passive_host_checks: Number,
    program_start: Number,
    interval_length: Number,
}

/// A host or a service, as the columns of [`HOSTS`] or [`SERVICES`].
#[derive(Deserialize)]
struct Checked {
    host: String,
    service: String,
    state: Number,
    last_hard_state: Number,
    state_type: Number,
    is_checked: Number,
    attempt: Number,
    max_attempts: Number,
    last_state_change: Number,
    last_hard_state_change: Number,
    last_check: Number,
    check_interval: Number,
    active_checks: Number,
    passive_checks: Number,
    downtime_depth: Number,
    acknowledged: Number,
    flapping: Number,
}

/// A downtime, as the columns of [`DOWNTIMES`]. That of a host has no service.
#[derive(Deserialize)]
struct Planned {
    host: String,
    service: String,
    start: Number,
    end: Number,
    fixed: Number,
}

/// A number, a flag that Icinga writes as `true`, or what is not known.
#[derive(Deserialize)]
#[serde(untagged)]
enum Cell {
    Number(f64),
    Flag(bool),
    Unknown(()),
}

/// A count, a state, a time or a flag.
#[derive(Clone, Copy, Deserialize)]
#[serde(from = "Cell")]
struct Number(f64);

impl From<Cell> for Number {
    fn from(cell: Cell) -> Self {
        Self(match cell {
            Cell::Number(number) => number,
            Cell::Flag(flag) => f64::from(u8::from(flag)),
            Cell::Unknown(()) => f64::NAN,
        })
    }
}

impl Number {
    /// A cast cuts off at both ends, and makes 0 of what is no number.
    fn whole(self) -> u64 {
        self.0 as u64
    }

    fn is_set(self) -> bool {
        self.0 != 0.0 && !self.0.is_nan()
    }
}

/// Reads the answer to [`STATUS`]. Also returns the unit of check intervals, in seconds: 0 if it is not told.
///
/// # Errors
/// [`AnswerError`].
pub fn status(answer: impl Read, now: u64) -> Result<(Monitor, u64), AnswerError> {
    let mut found = None;
    rows(answer, |status: Status| found = Some(status))?;
    let status = found.ok_or_else(|| AnswerError::Rows("no state of the monitor itself".to_owned()))?;
    let monitor = Monitor {
        // It answers now.
        created: now,
        started: status.program_start.whole(),
        active_service_checks: status.active_service_checks.is_set(),
        passive_service_checks: status.passive_service_checks.is_set(),
        active_host_checks: status.active_host_checks.is_set(),
        passive_host_checks: status.passive_host_checks.is_set(),
    };
    Ok((monitor, status.interval_length.whole()))
}

/// Reads the answer to [`HOSTS`].
///
/// # Errors
/// [`AnswerError`]; `collect` may have received a part by then.
pub fn hosts(answer: impl Read, collect: &mut impl Collect) -> Result<(), AnswerError> {
    rows(answer, |host: Checked| host.tell(false, collect))
}

/// Reads the answer to [`SERVICES`].
///
/// # Errors
/// [`AnswerError`]; `collect` may have received a part by then.
pub fn services(answer: impl Read, collect: &mut impl Collect) -> Result<(), AnswerError> {
    rows(answer, |service: Checked| service.tell(true, collect))
}

/// Reads the answer to [`DOWNTIMES`]. When a flexible one began is not told: it counts as one to come, and
/// the objects themselves tell that it runs.
///
/// # Errors
/// [`AnswerError`]; `collect` may have received a part by then.
pub fn downtimes(answer: impl Read, now: u64, collect: &mut impl Collect) -> Result<(), AnswerError> {
    rows(answer, |planned: Planned| planned.tell(now, collect))
}

impl Checked {
    fn tell(self, is_service: bool, collect: &mut impl Collect) {
        let service = is_service.then_some(self.service.as_str());
        if !collect.wants(&self.host, service) {
            return;
        }
        let condition = |number: Number| match is_service {
            true => Condition::of_service(state(number.0)),
            false => Condition::of_host(state(number.0)),
        };
        let interval = self.check_interval.0;
        collect.object(&Object {
            host: Cow::Borrowed(&self.host),
            service: service.map(Cow::Borrowed),
            is_checked: self.is_checked.is_set(),
            state: condition(self.state),
            last_hard_state: condition(self.last_hard_state),
            is_hard: self.state_type.is_set(),
            attempt: (self.attempt.whole(), self.max_attempts.whole()),
            last_state_change: self.last_state_change.whole(),
            last_hard_state_change: self.last_hard_state_change.whole(),
            last_check: self.last_check.whole(),
            check_interval: if interval.is_finite() { interval.max(0.0) } else { 0.0 },
            active_checks: self.active_checks.is_set(),
            passive_checks: self.passive_checks.is_set(),
            downtime_depth: self.downtime_depth.whole(),
            is_acknowledged: self.acknowledged.is_set(),
            is_flapping: self.flapping.is_set(),
            events: (0, 0, None),
            output: Output::default(),
            invalid: Vec::new(),
        });
    }
}

impl Planned {
    fn tell(self, now: u64, collect: &mut impl Collect) {
        let service = Some(self.service.as_str()).filter(|name| !name.is_empty());
        if !collect.wants(&self.host, service) {
            return;
        }
        let (start, end, is_fixed) = (self.start.whole(), self.end.whole(), self.fixed.is_set());
        collect.downtime(&Downtime {
            host: Cow::Borrowed(&self.host),
            service: service.map(Cow::Borrowed),
            start,
            end,
            is_fixed,
            is_running: is_fixed && (start..end).contains(&now),
        });
    }
}
