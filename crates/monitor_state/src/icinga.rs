//! Icinga 2's API: the answers to queries of hosts, services, downtimes and its own state, as JSON from any
//! reader.
//!
//! Each answer is read as it comes, one object at a time. It leaves connections and passwords to the
//! programs. The attributes to ask for stand beside each kind, so that an answer holds no more than is read.

mod frame;

use std::borrow::Cow;
use std::io::Read;

use serde::Deserialize;
use serde::de::Deserializer;

use crate::value::state;
use crate::{Collect, Condition, Downtime, Monitor, Object, Output};
pub use frame::AnswerError;
use frame::each;

/// The path of the query for hosts.
pub const HOSTS: &str = concat!(
    "/v1/objects/hosts?attrs=name&attrs=state&attrs=last_hard_state&attrs=state_type&attrs=check_attempt&attrs=max_check_attempts",
    "&attrs=last_state_change&attrs=last_hard_state_change&attrs=last_check&attrs=check_interval&attrs=enable_active_checks",
    "&attrs=enable_passive_checks&attrs=downtime_depth&attrs=acknowledgement&attrs=flapping&attrs=last_reachable"
);
/// The path of the query for services.
pub const SERVICES: &str = concat!(
    "/v1/objects/services?attrs=name&attrs=host_name&attrs=state&attrs=last_hard_state&attrs=state_type&attrs=check_attempt",
    "&attrs=max_check_attempts&attrs=last_state_change&attrs=last_hard_state_change&attrs=last_check&attrs=check_interval",
    "&attrs=enable_active_checks&attrs=enable_passive_checks&attrs=downtime_depth&attrs=acknowledgement&attrs=flapping"
);
/// The path of the query for downtimes.
pub const DOWNTIMES: &str = concat!(
    "/v1/objects/downtimes?attrs=host_name&attrs=service_name&attrs=start_time&attrs=end_time&attrs=fixed&attrs=duration",
    "&attrs=trigger_time"
);
/// The path of the query for the state of Icinga itself.
pub const APPLICATION: &str = "/v1/status/IcingaApplication";

/// A time of Icinga's: seconds with a fraction, -1 for never.
fn seconds(time: f64) -> u64 {
    // A cast cuts off at both ends, and makes 0 of what is no number.
    time as u64
}

/// A number that stands for a state or a count; Icinga writes `2` or `2.0`.
fn count(number: f64) -> u64 {
    number as u64
}

/// Reads a text that may be left out. Any other value, null too, is an error: a service without its host
/// would be a host.
fn given<'de, D: Deserializer<'de>>(value: D) -> Result<Option<String>, D::Error> {
    String::deserialize(value).map(Some)
}

#[derive(Deserialize)]
struct Checked {
    name: String,
    #[serde(default, deserialize_with = "given")]
    host_name: Option<String>,
    state: f64,
    last_hard_state: f64,
    state_type: f64,
    #[serde(default)]
    check_attempt: f64,
    #[serde(default)]
    max_check_attempts: f64,
    #[serde(default)]
    last_state_change: f64,
    #[serde(default)]
    last_hard_state_change: f64,
    last_check: f64,
    check_interval: f64,
    enable_active_checks: bool,
    enable_passive_checks: bool,
    downtime_depth: f64,
    acknowledgement: f64,
    flapping: bool,
    last_reachable: Option<bool>,
}

impl Checked {
    /// Icinga knows hosts as UP or DOWN, and beside that whether what they depend on is up.
    fn condition(&self, number: f64) -> Condition {
        let is_unreachable = self.last_reachable == Some(false);
        match Condition::of_host(state(number)) {
            _ if self.host_name.is_some() => Condition::of_service(state(number)),
            Condition::Down if is_unreachable => Condition::Unreachable,
            condition => condition,
        }
    }

    fn tell(self, collect: &mut impl Collect) {
        let (host, service) = match &self.host_name {
            Some(host) => (host.as_str(), Some(self.name.as_str())),
            None => (self.name.as_str(), None),
        };
        if !collect.wants(host, service) {
            return;
        }
        collect.object(&Object {
            host: Cow::Borrowed(host),
            service: service.map(Cow::Borrowed),
            is_checked: self.last_check > 0.0,
            state: self.condition(self.state),
            last_hard_state: self.condition(self.last_hard_state),
            is_hard: count(self.state_type) == 1,
            attempt: (count(self.check_attempt), count(self.max_check_attempts)),
            last_state_change: seconds(self.last_state_change),
            last_hard_state_change: seconds(self.last_hard_state_change),
            last_check: seconds(self.last_check),
            check_interval: if self.check_interval.is_finite() { self.check_interval.max(0.0) } else { 0.0 },
            active_checks: self.enable_active_checks,
            passive_checks: self.enable_passive_checks,
            downtime_depth: count(self.downtime_depth),
            is_acknowledged: self.acknowledgement > 0.0,
            is_flapping: self.flapping,
            events: (0, 0, None),
            output: Output::default(),
            invalid: Vec::new(),
        });
    }
}

#[derive(Deserialize)]
struct Planned {
    host_name: String,
    #[serde(default)]
    service_name: String,
    start_time: f64,
    end_time: f64,
    fixed: bool,
    #[serde(default)]
    duration: f64,
    #[serde(default)]
    trigger_time: f64,
}

impl Planned {
    fn tell(self, now: u64, collect: &mut impl Collect) {
        let service = Some(self.service_name.as_str()).filter(|name| !name.is_empty());
        if !collect.wants(&self.host_name, service) {
            return;
        }
        let begun = self.trigger_time > 0.0;
        let (start, end) = match () {
            () if !self.fixed && begun => {
                (seconds(self.trigger_time), seconds(self.trigger_time + self.duration))
            }
            () => (seconds(self.start_time), seconds(self.end_time)),
        };
        collect.downtime(&Downtime {
            host: Cow::Borrowed(&self.host_name),
            service: service.map(Cow::Borrowed),
            start,
            end,
            is_fixed: self.fixed,
            is_running: (self.fixed || begun) && (start..end).contains(&now),
        });
    }
}

/// Reads the answer to [`HOSTS`]. Check intervals are in seconds.
///
/// # Errors
/// [`AnswerError`]; `collect` may have received a part by then.
pub fn objects(answer: impl Read, collect: &mut impl Collect) -> Result<(), AnswerError> {
    each(answer, |object: Attributes<Checked>| object.attrs.tell(collect))
}

/// Reads the answer to [`SERVICES`] as [`objects`] does. A service without its host would be read as a host.
///
/// # Errors
/// [`AnswerError`]; `collect` may have received a part by then.
pub fn services(answer: impl Read, collect: &mut impl Collect) -> Result<(), AnswerError> {
    let mut homeless = None;
    each(answer, |Attributes { attrs }: Attributes<Checked>| match &attrs.host_name {
        Some(_) => attrs.tell(collect),
        None => homeless = Some(attrs.name),
    })?;
    let homeless = homeless.map(|name| AnswerError::Other(format!("service {name} has no host_name")));
    homeless.map_or(Ok(()), Err)
}

/// Reads the answer to [`DOWNTIMES`].
///
/// # Errors
/// [`AnswerError`]; `collect` may have received a part by then.
pub fn downtimes(answer: impl Read, now: u64, collect: &mut impl Collect) -> Result<(), AnswerError> {
    each(answer, |downtime: Attributes<Planned>| downtime.attrs.tell(now, collect))
}

/// Reads the answer to [`APPLICATION`]. Icinga takes results of others whenever a service does.
///
/// # Errors
/// [`AnswerError`].
pub fn application(answer: impl Read, now: u64) -> Result<Monitor, AnswerError> {
    #[derive(Deserialize)]
    struct Result {
        status: Status,
    }
    #[derive(Deserialize)]
    struct Status {
        icingaapplication: Component,
    }
    #[derive(Deserialize)]
    struct Component {
        app: App,
    }
    #[derive(Deserialize)]
    struct App {
        enable_service_checks: bool,
        enable_host_checks: bool,
        program_start: f64,
    }
    let mut app = None;
    each(answer, |result: Result| app = Some(result.status.icingaapplication.app))?;
    let app = app.ok_or_else(|| AnswerError::Other("no state of Icinga itself".to_owned()))?;
    Ok(Monitor {
        created: now,
        started: seconds(app.program_start),
        active_service_checks: app.enable_service_checks,
        passive_service_checks: true,
        active_host_checks: app.enable_host_checks,
        passive_host_checks: true,
    })
}

#[derive(Deserialize)]
struct Attributes<T> {
    attrs: T,
}
