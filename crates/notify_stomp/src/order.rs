//! The order of events for a reader that knows only their JSON.
//!
//! Nagios runs its event handlers side by side, and so two events of one second arrive either way round. The
//! numbers that Nagios gives the changes of all hosts and services tell their order: first by `event_id`,
//! then SOFT before HARD, then by `attempt`. Where Nagios keeps no retention data, its numbers start again
//! with it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

/// What the order of an event depends on.
#[derive(Debug, Deserialize)]
struct Key<'a> {
    #[serde(borrow)]
    monitor: Cow<'a, str>,
    #[serde(borrow)]
    hostname: Cow<'a, str>,
    #[serde(borrow)]
    service: Option<Cow<'a, str>>,
    #[serde(borrow)]
    state_type: Option<Cow<'a, str>>,
    attempt: Option<u64>,
    event_id: u64,
    last_event_id: Option<u64>,
    #[serde(default)]
    time_t: u64,
}

/// A host, or a service of it.
type Name<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);
/// Chain, number, whether it is HARD, attempt.
type Rank = (u64, u64, bool, u64);

/// One monitor's numbers since they last started again.
#[derive(Default)]
struct Chain<'a> {
    /// How often they did.
    number: u64,
    /// The highest number of each host and service, and its time.
    highest: BTreeMap<Name<'a>, (u64, u64)>,
}

impl<'a> Chain<'a> {
    /// Returns the chain to which an event belongs. A number that is smaller than the last one of its object,
    /// has none before it and is of a later time begins a new one: what only came late is no younger.
    fn of(&mut self, key: &Key<'a>) -> u64 {
        let object = (key.hostname.clone(), key.service.clone());
        let is_smaller = |(highest, time): &(u64, u64)| key.event_id < *highest && key.time_t > *time;
        if key.last_event_id == Some(0) && self.highest.get(&object).is_some_and(is_smaller) {
            *self = Self { number: self.number + 1, ..Self::default() };
        }
        let highest = self.highest.entry(object).or_default();
        *highest = (key.event_id, key.time_t).max(*highest);
        self.number
    }
}

/// One monitor's events, each with its place among all messages.
#[derive(Default)]
struct Events<'a> {
    chain: Chain<'a>,
    events: Vec<(Rank, usize)>,
}

/// Returns the indices of these messages in the order of their events. The events of each monitor keep the
/// places that its events had; what has no number, such as an event of Icinga 2, stays where it is.
pub(crate) fn of<'a>(bodies: impl Iterator<Item = &'a [u8]>) -> Vec<usize> {
    let mut order = Vec::new();
    let mut monitors: BTreeMap<Cow<'a, str>, Events<'a>> = BTreeMap::new();
    for (index, body) in bodies.enumerate() {
        order.push(index);
        let Ok(key) = serde_json::from_slice::<Key<'a>>(body) else { continue };
        let Events { chain, events } = monitors.entry(key.monitor.clone()).or_default();
        let is_hard = key.state_type.as_deref() == Some("HARD");
        events.push(((chain.of(&key), key.event_id, is_hard, key.attempt.unwrap_or(0)), index));
    }
    for Events { mut events, .. } in monitors.into_values() {
        let places: Vec<usize> = events.iter().map(|(_, place)| *place).collect();
        // The sort is stable: events of one rank stay as they came.
        events.sort_by_key(|(rank, _)| *rank);
        for (place, (_, index)) in places.into_iter().zip(events) {
            if let Some(slot) = order.get_mut(place) {
                *slot = index;
            }
        }
    }
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An event of a service: its numbers, its state type and attempt.
    fn event(service: &str, id: u64, last: u64, state_type: &str, attempt: u64) -> String {
        later(service, id, last, state_type, attempt, 5)
    }

    fn later(service: &str, id: u64, last: u64, state_type: &str, attempt: u64, time: u64) -> String {
        format!(
            r#"{{"monitor":"m","hostname":"h","service":"{service}","state_type":"{state_type}","attempt":{attempt},"event_id":{id},"last_event_id":{last},"time_t":{time}}}"#
        )
    }

    #[test]
    fn the_numbers_of_nagios_are_the_order() {
        let other = r#"{"monitor":"i","hostname":"h","service":"s","event_id":null}"#.to_owned();
        let rows: [(Vec<String>, &[usize]); 6] = [
            // Swapped by two workers.
            (vec![event("s", 8, 7, "HARD", 1), event("s", 7, 3, "SOFT", 1)], &[1, 0]),
            // One state: SOFT before HARD, then by attempt.
            (
                vec![event("s", 7, 3, "HARD", 3), event("s", 7, 3, "SOFT", 2), event("s", 7, 3, "SOFT", 1)],
                &[2, 1, 0],
            ),
            // Of two services, and with a message between them that has no number.
            (
                vec![
                    event("b", 9, 2, "HARD", 1),
                    other.clone(),
                    event("a", 8, 7, "HARD", 1),
                    "no JSON".to_owned(),
                ],
                &[2, 1, 0, 3],
            ),
            // Nagios started again without retention data.
            (
                vec![
                    event("s", 90, 80, "HARD", 1),
                    later("s", 1, 0, "HARD", 1, 9),
                    later("s", 2, 1, "HARD", 1, 9),
                ],
                &[0, 1, 2],
            ),
            // The first event of a service comes after its second one: no new start.
            (
                vec![event("s", 3, 2, "HARD", 1), event("s", 1, 0, "SOFT", 1), event("s", 2, 1, "HARD", 1)],
                &[1, 2, 0],
            ),
            (Vec::new(), &[]),
        ];
        for (messages, expected) in rows {
            assert_eq!(of(messages.iter().map(|message| message.as_bytes())), expected, "{messages:?}");
        }
    }
}
