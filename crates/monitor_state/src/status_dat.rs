//! status.dat: blocks of `key=value`, as Nagios 3 and 4, Naemon and Icinga 1 write them, and Icinga 2's
//! StatusDataWriter.
//!
//! Keys that are unknown here are skipped; of a key that stands twice in a block, the last one counts.

use std::borrow::Cow;
use std::io::Read;

use memchr::memchr;

use crate::blocks::{Block, Blocks};
use crate::error::StatusError;
use crate::value::{decimal, whole};
use crate::{Collect, Condition, Downtime, Monitor, Object, Output};

/// Reads a whole status.dat and tells `collect` what it wants of it.
///
/// # Errors
/// [`StatusError`]; `collect` may have received a part by then.
pub fn parse(source: impl Read, collect: &mut impl Collect) -> Result<Monitor, StatusError> {
    let mut blocks = Blocks::new(source);
    let (mut created, mut program) = (None, None);
    let mut is_empty = true;
    while let Some(Block { kind, body, end: octet }) = blocks.next()? {
        is_empty = false;
        let no_value = |(kind, key)| StatusError::NoValue { kind, octet, key };
        match kind {
            b"info" if created.is_some() => return Err(StatusError::Twice("info")),
            b"info" => created = Some(number(body, b"created").ok_or_else(|| no_value(("info", "created")))?),
            b"programstatus" if program.is_some() => return Err(StatusError::Twice("programstatus")),
            b"programstatus" => {
                let created = created.unwrap_or_default();
                collect.monitor(program.insert(Monitor { created, ..read_program(body) }));
            }
            b"hoststatus" => read_object("hoststatus", body, collect).map_err(no_value)?,
            b"servicestatus" => read_object("servicestatus", body, collect).map_err(no_value)?,
            b"hostdowntime" => read_downtime("hostdowntime", body, collect).map_err(no_value)?,
            b"servicedowntime" => read_downtime("servicedowntime", body, collect).map_err(no_value)?,
            _ => {}
        }
    }
    if is_empty {
        return Err(StatusError::Empty);
    }
    let created = created.ok_or(StatusError::Missing("info"))?;
    Ok(Monitor { created, ..program.ok_or(StatusError::Missing("programstatus"))? })
}

/// Returns the process that wrote this, as its beginning says. `None` if that does not tell.
pub(crate) fn writer(source: impl Read) -> Option<u32> {
    let mut blocks = Blocks::new(source);
    while let Some(Block { kind, body, .. }) = blocks.next().ok()? {
        if kind == b"programstatus" {
            return number(body, b"nagios_pid").and_then(|pid| pid.try_into().ok());
        }
    }
    None
}

/// The keys and values of a block.
fn settings(body: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let mut rest = Some(body);
    std::iter::from_fn(move || {
        loop {
            let text = rest?;
            let (line, after) = match memchr(b'\n', text) {
                Some(end) => (text.get(..end)?, text.get(end + 1..)),
                None => (text, None),
            };
            rest = after;
            let line = line.strip_prefix(b"\t").unwrap_or(line);
            if let Some(equals) = memchr(b'=', line) {
                return Some((line.get(..equals)?, line.get(equals + 1..)?));
            }
        }
    })
}

fn number(body: &[u8], key: &[u8]) -> Option<u64> {
    settings(body).filter(|(found, _)| *found == key).last().and_then(|(_, value)| whole(value))
}

fn read_program(body: &[u8]) -> Monitor {
    let is_on = |key: &[u8]| number(body, key) == Some(1);
    // A file that does not tell of hosts says nothing against their checks.
    let is_not_off = |key: &[u8]| number(body, key) != Some(0);
    Monitor {
        created: 0,
        started: number(body, b"program_start").unwrap_or_default(),
        active_service_checks: is_on(b"active_service_checks_enabled"),
        passive_service_checks: is_on(b"passive_service_checks_enabled"),
        active_host_checks: is_not_off(b"active_host_checks_enabled"),
        passive_host_checks: is_not_off(b"passive_host_checks_enabled"),
    }
}

type NoValue = (&'static str, &'static str);

/// The host and the service that a block is of. They stand first, so that what is not wanted costs two lines.
fn names<'a>(kind: &'static str, body: &'a [u8]) -> Result<(Cow<'a, str>, Option<Cow<'a, str>>), NoValue> {
    let find = |key: &'static str| {
        let value = settings(body).find(|(found, _)| *found == key.as_bytes()).map(|(_, value)| value);
        value.filter(|value| !value.is_empty()).map(String::from_utf8_lossy).ok_or((kind, key))
    };
    let service = if kind.starts_with("service") { Some(find("service_description")?) } else { None };
    Ok((find("host_name")?, service))
}

fn read_object(kind: &'static str, body: &[u8], collect: &mut impl Collect) -> Result<(), NoValue> {
    let (host, service) = names(kind, body)?;
    if !collect.wants(&host, service.as_deref()) {
        return Ok(());
    }
    let (condition, worst) = match service {
        Some(_) => (Condition::of_service as fn(u64) -> Condition, 3),
        None => (Condition::of_host as fn(u64) -> Condition, 2),
    };
    let mut object = unchecked(host, service, condition(u64::MAX));
    let (mut state, mut hard, mut checked) = (None, None, None);
    for (key, value) in settings(body) {
        match key {
            b"has_been_checked" => checked = whole(value).map(|value| value == 1),
            b"current_state" => {
                state = whole(value);
                note(&mut object, "current_state", value, worst);
            }
            b"last_hard_state" => {
                hard = whole(value);
                note(&mut object, "last_hard_state", value, worst);
            }
            _ => set(&mut object, key, value),
        }
    }
    object.state = condition(state.ok_or((kind, "current_state"))?);
    object.last_hard_state = hard.map_or(object.state, condition);
    // A block that does not say so is no result of a check.
    object.is_checked = checked == Some(true);
    collect.object(&object);
    Ok(())
}

/// Sets what a line of a block says of its object. The states are for the whole block.
fn set<'a>(object: &mut Object<'a>, key: &[u8], value: &'a [u8]) {
    let is_on = || whole(value) == Some(1);
    let count = |object: &mut Object<'a>, key| note(object, key, value, u64::MAX);
    match key {
        b"state_type" => object.is_hard = note(object, "state_type", value, 1) == 1,
        b"current_attempt" => object.attempt.0 = count(object, "current_attempt"),
        b"max_attempts" => object.attempt.1 = count(object, "max_attempts"),
        b"last_state_change" => object.last_state_change = count(object, "last_state_change"),
        b"last_hard_state_change" => object.last_hard_state_change = whole(value).unwrap_or_default(),
        b"last_check" => object.last_check = whole(value).unwrap_or_default(),
        b"check_interval" => object.check_interval = decimal(value).unwrap_or_default(),
        b"active_checks_enabled" => object.active_checks = is_on(),
        b"passive_checks_enabled" => object.passive_checks = is_on(),
        b"scheduled_downtime_depth" => object.downtime_depth = count(object, "scheduled_downtime_depth"),
        b"problem_has_been_acknowledged" => {
            object.is_acknowledged = note(object, "problem_has_been_acknowledged", value, 2) > 0;
        }
        b"is_flapping" => object.is_flapping = note(object, "is_flapping", value, 1) == 1,
        b"current_event_id" => object.events.0 = count(object, "current_event_id"),
        b"last_event_id" => object.events.1 = count(object, "last_event_id"),
        b"current_problem_id" => object.events.2 = whole(value),
        b"plugin_output" => object.output.text = String::from_utf8_lossy(value),
        b"long_plugin_output" => object.output.long_text = String::from_utf8_lossy(value),
        b"performance_data" => object.output.performance_data = String::from_utf8_lossy(value),
        _ => {}
    }
}

/// Returns a number of 0 to `most`. Another value is noted as invalid, and 0 here.
fn note<'a>(object: &mut Object<'a>, key: &'static str, value: &'a [u8], most: u64) -> u64 {
    object.invalid.retain(|(noted, _)| *noted != key);
    let number = whole(value).filter(|number| *number <= most);
    number.unwrap_or_else(|| {
        object.invalid.push((key, String::from_utf8_lossy(value)));
        0
    })
}

/// An object of which only its name is known.
fn unchecked<'a>(host: Cow<'a, str>, service: Option<Cow<'a, str>>, state: Condition) -> Object<'a> {
    Object {
        host,
        service,
        is_checked: false,
        state,
        last_hard_state: state,
        is_hard: false,
        attempt: (0, 0),
        last_state_change: 0,
        last_hard_state_change: 0,
        last_check: 0,
        check_interval: 0.0,
        active_checks: false,
        passive_checks: false,
        downtime_depth: 0,
        is_acknowledged: false,
        is_flapping: false,
        events: (0, 0, None),
        output: Output::default(),
        invalid: Vec::new(),
    }
}

fn read_downtime(kind: &'static str, body: &[u8], collect: &mut impl Collect) -> Result<(), NoValue> {
    let (host, service) = names(kind, body)?;
    if !collect.wants(&host, service.as_deref()) {
        return Ok(());
    }
    let value = |key: &[u8]| number(body, key);
    let start = value(b"start_time").ok_or((kind, "start_time"))?;
    let end = value(b"end_time").ok_or((kind, "end_time"))?;
    let (is_fixed, is_running) = (value(b"fixed") == Some(1), value(b"is_in_effect") == Some(1));
    // Nagios 3 and Icinga 1 do not write when a flexible one began: then its latest end is all that is known.
    let begun = value(b"flex_downtime_start").filter(|begun| *begun > 0 && !is_fixed && is_running);
    let length = value(b"duration").unwrap_or_default();
    let end = begun.map_or(end, |begun| begun.saturating_add(length));
    collect.downtime(&Downtime { host, service, start: begun.unwrap_or(start), end, is_fixed, is_running });
    Ok(())
}
