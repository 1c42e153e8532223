//! An object of status.dat as the event that a snapshot publishes.

use std::ffi::OsString;

use monitor_state::Object;

use crate::Args;
use crate::macros::Macros;

/// The macros of an object, with which it is an event as any other.
pub(super) fn macros(object: &Object<'_>, (written, started): (u64, u64), args: &Args) -> Macros {
    let text = |text: &str| Some(OsString::from(text));
    let number = |number: u64| Some(OsString::from(number.to_string()));
    let positive = |value: u64| Some(value).filter(|value| *value > 0).and_then(number);
    // Without an event there is no number yet, and Icinga has none.
    let (event, last, problem) = object.events;
    let id = |number_of: u64| Some(number_of).filter(|_| event > 0).and_then(number);
    let mut macros = Macros {
        host: text(&object.host),
        service: object.service.as_deref().and_then(text),
        state: text(if object.is_checked { object.state.word() } else { "PENDING" }),
        state_type: text(if object.is_hard { "HARD" } else { "SOFT" }),
        last_hard_state: Some(object.hard_state().word()).filter(|_| object.is_checked).and_then(text),
        state_time: positive(object.last_state_change),
        attempt: positive(object.attempt.0),
        max_attempts: positive(object.attempt.1),
        event_id: id(event),
        last_event_id: id(last),
        problem_id: problem.and_then(id),
        downtime_depth: number(object.downtime_depth),
        acknowledged: text(if object.is_acknowledged { "1" } else { "0" }),
        flapping: text(if object.is_flapping { "1" } else { "0" }),
        monitor_start: positive(started),
        time_t: number(written),
        output: text(&object.output.text),
        long_output: text(&object.output.long_text),
        perfdata: text(&object.output.performance_data),
        monitor: args.event.monitor.clone(),
        ..Macros::default()
    };
    object.invalid.iter().for_each(|(key, value)| set_as_written(&mut macros, object, key, value));
    macros
}

/// Sets a value that no monitor writes as it stands in status.dat: it makes its field null, and is noted.
fn set_as_written(macros: &mut Macros, object: &Object<'_>, key: &str, value: &str) {
    let field = match key {
        // One that was never checked has no state yet.
        "current_state" | "last_hard_state" if !object.is_checked => return,
        "current_state" => {
            // A last hard state that was not written is the current one, or is not known.
            if object.hard_state() == object.state {
                macros.last_hard_state = None;
            }
            &mut macros.state
        }
        // The current state is the one that was last hard.
        "last_hard_state" if object.is_hard => return,
        "last_hard_state" => &mut macros.last_hard_state,
        "state_type" => &mut macros.state_type,
        "current_attempt" => &mut macros.attempt,
        "max_attempts" => &mut macros.max_attempts,
        "last_state_change" => &mut macros.state_time,
        "scheduled_downtime_depth" => &mut macros.downtime_depth,
        "problem_has_been_acknowledged" => &mut macros.acknowledged,
        "is_flapping" => &mut macros.flapping,
        "current_event_id" => &mut macros.event_id,
        "last_event_id" => &mut macros.last_event_id,
        _ => return,
    };
    *field = Some(OsString::from(value));
}
