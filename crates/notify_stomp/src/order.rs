//! The order of events for a reader that knows only their JSON, however they arrive.
//!
//! Nagios runs its event handlers side by side, and so two events of one second arrive either way round. The
//! numbers that Nagios gives the changes of all hosts and services tell their order: first by `event_id`,
//! then SOFT before HARD, then by `attempt`. Where Nagios keeps no retention data, its numbers start again
//! with it, and so the start of the monitor comes before them.
//!
//! Where the start was not given, the time of the events tells that the numbers began again: at an event that
//! has none before it, and whose number its host or service had before, or a higher one.
//!
//! Where the clock was put back between two starts, the later one has the earlier time. With retention data
//! its numbers go on, also those of the spool, and its first event of a host or service names the last one of
//! the start before.

mod key;
mod starts;

use std::borrow::Cow;
use std::collections::BTreeMap;

use key::{Key, Name, Place, Rank};

/// The last event of a host or service: its place, its time and its state.
struct Last<'a> {
    place: Place,
    time: u64,
    state: Option<&'a str>,
}

impl Last<'_> {
    /// Whether an event can only be one of numbers that began again. States that follow each other have
    /// numbers that increase; SOFT and HARD of one state share one.
    fn ends_before(&self, key: &Key<'_>) -> bool {
        let is_other_state = key.event_id == self.place.0 && key.state.as_deref() != self.state;
        let is_lower = key.place() < self.place || is_other_state;
        key.last_event_id == Some(0) && key.time_t > self.time && is_lower
    }
}

/// Returns the ranks of one monitor's events. They are walked through by their time, so that it does not
/// matter in which order they came.
fn ranks(keys: &[Key<'_>]) -> Vec<Rank> {
    let mut by_time: Vec<(usize, &Key<'_>)> = keys.iter().enumerate().collect();
    by_time.sort_by_key(|(_, key)| (key.time_t, key.place()));
    let mut ranks = vec![Rank::default(); keys.len()];
    let (mut start, mut last) = (0, BTreeMap::<Name<'_>, Last<'_>>::new());
    for (index, key) in by_time {
        let name = key.name();
        let is_again = last.get(&name).is_some_and(|last| last.ends_before(key));
        let began = match key.monitor_start {
            Some(given) => given,
            None if is_again => key.time_t,
            None => start,
        };
        if began > start {
            start = began;
            last.clear();
        }
        let now = Last { place: key.place(), time: key.time_t, state: key.state.as_deref() };
        if last.get(&name).is_none_or(|last| last.place <= now.place) {
            last.insert(name, now);
        }
        if let Some(rank) = ranks.get_mut(index) {
            *rank = (began, key.place(), key.time_t);
        }
    }
    ranks
}

/// One monitor's events, and the place of each among all messages.
#[derive(Default)]
struct Events<'a> {
    keys: Vec<Key<'a>>,
    places: Vec<usize>,
}

/// Returns the indices of these messages in the order of their events. The events of each monitor keep the
/// places that its events had; what has no number, such as an event of Icinga 2, stays where it is.
pub(crate) fn of<'a>(bodies: impl Iterator<Item = &'a [u8]>) -> Vec<usize> {
    let mut order = Vec::new();
    let mut monitors: BTreeMap<Cow<'a, str>, Events<'a>> = BTreeMap::new();
    for (index, body) in bodies.enumerate() {
        order.push(index);
        let Ok(key) = serde_json::from_slice::<Key<'a>>(body) else { continue };
        let events = monitors.entry(key.monitor.clone()).or_default();
        events.keys.push(key);
        events.places.push(index);
    }
    for Events { keys, places } in monitors.into_values() {
        let mut ranks = ranks(&keys);
        starts::put_in_order(&keys, &mut ranks);
        let mut sorted: Vec<(Rank, usize)> = ranks.into_iter().zip(places.iter().copied()).collect();
        // The sort is stable: events of one rank stay as they came.
        sorted.sort_by_key(|(rank, _)| *rank);
        for (place, (_, index)) in places.into_iter().zip(sorted) {
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

    /// The events of one service in their true order: start, state, type, attempt, number, number before,
    /// time.
    type Row = (Option<u64>, &'static str, &'static str, u64, u64, u64, u64);

    fn json((start, state, state_type, attempt, id, last, time): &Row) -> String {
        let start = start.map_or("null".to_owned(), |start| start.to_string());
        format!(
            r#"{{"monitor":"m","hostname":"h","service":"s","state":"{state}","state_type":"{state_type}","attempt":{attempt},
                "event_id":{id},"last_event_id":{last},"monitor_start":{start},"time_t":{time}}}"#
        )
    }

    /// That event at a place in a spool.
    fn spooled(row: &Row, place: usize) -> String {
        json(row).replace(r#"{"monitor""#, &format!(r#"{{"spool":"a","sequence":{},"monitor""#, place + 1))
    }

    /// All orders of so many things.
    fn permutations(count: usize) -> Vec<Vec<usize>> {
        if count == 0 {
            return vec![Vec::new()];
        }
        let with_last = |rest: Vec<usize>| {
            (0..count).map(move |at| {
                let mut all = rest.clone();
                all.insert(at, count - 1);
                all
            })
        };
        permutations(count - 1).into_iter().flat_map(with_last).collect()
    }

    /// Numbers that begin again come wholly after the old ones, in whatever order the events arrive.
    #[test]
    fn a_start_without_retention_is_found_whatever_comes_first() {
        let rows: [&[Row]; 6] = [
            &[
                (None, "CRITICAL", "HARD", 3, 12, 11, 100),
                (None, "CRITICAL", "SOFT", 1, 1, 0, 5000),
                (None, "OK", "HARD", 1, 2, 1, 5001),
            ],
            // The same number, in another state.
            &[
                (None, "CRITICAL", "HARD", 3, 1, 0, 100),
                (None, "WARNING", "SOFT", 1, 1, 0, 5000),
                (None, "WARNING", "HARD", 3, 1, 0, 5120),
                (None, "OK", "HARD", 1, 2, 1, 5200),
            ],
            // The same number and the same state: SOFT after HARD.
            &[(None, "CRITICAL", "HARD", 3, 1, 0, 100), (None, "CRITICAL", "SOFT", 1, 1, 0, 5000)],
            // One state, whose attempts are no new start.
            &[
                (None, "CRITICAL", "SOFT", 1, 1, 0, 100),
                (None, "CRITICAL", "SOFT", 2, 1, 0, 160),
                (None, "CRITICAL", "HARD", 3, 1, 0, 220),
                (None, "CRITICAL", "HARD", 3, 1, 0, 280),
            ],
            // The start of the monitor is certain, whatever the numbers are.
            &[
                (Some(50), "CRITICAL", "HARD", 3, 12, 11, 100),
                (Some(4000), "CRITICAL", "SOFT", 1, 13, 12, 5000),
                (Some(6000), "OK", "HARD", 1, 7, 6, 6100),
                (Some(6000), "WARNING", "SOFT", 1, 8, 7, 6101),
            ],
            // Events of commands without it, before and after a start.
            &[
                (None, "CRITICAL", "HARD", 3, 12, 11, 100),
                (Some(4000), "CRITICAL", "SOFT", 1, 1, 0, 5000),
                (None, "CRITICAL", "HARD", 3, 1, 0, 5060),
                (Some(4000), "OK", "HARD", 1, 2, 1, 5070),
            ],
        ];
        for row in rows {
            for arrival in permutations(row.len()) {
                let messages: Vec<String> = arrival.iter().map(|index| json(&row[*index])).collect();
                let order = of(messages.iter().map(String::as_bytes));
                let found: Vec<usize> = order.into_iter().map(|index| arrival[index]).collect();
                assert_eq!(found, (0..row.len()).collect::<Vec<_>>(), "{row:?} as {arrival:?}");
            }
        }
    }

    /// The clock was put back between two starts, and retention data kept the numbers.
    #[test]
    fn numbers_that_go_on_are_after_those_of_a_start_of_a_later_time() {
        let rows: [&[Row]; 5] = [
            &[
                (Some(7200), "CRITICAL", "SOFT", 1, 50, 49, 7300),
                (Some(7200), "CRITICAL", "HARD", 3, 50, 49, 7320),
                (Some(3700), "OK", "HARD", 3, 51, 50, 3800),
                (Some(3700), "WARNING", "SOFT", 1, 52, 51, 3900),
            ],
            // The first start of all, and the clock put back twice.
            &[
                (Some(9000), "CRITICAL", "HARD", 3, 1, 0, 9100),
                (Some(8000), "OK", "HARD", 3, 2, 1, 8100),
                (Some(7000), "CRITICAL", "HARD", 1, 3, 2, 7100),
                (Some(7500), "OK", "HARD", 3, 4, 3, 7600),
            ],
            // No retention data: numbers begin again, and the start decides, also where the first are
            // missing.
            &[
                (Some(3700), "CRITICAL", "HARD", 3, 1, 0, 3800),
                (Some(3700), "OK", "HARD", 3, 2, 1, 3900),
                (Some(7200), "CRITICAL", "SOFT", 1, 1, 0, 7300),
                (Some(7200), "OK", "HARD", 3, 2, 1, 7400),
            ],
            &[
                (Some(3700), "CRITICAL", "HARD", 3, 400, 390, 3800),
                (Some(3700), "OK", "HARD", 3, 401, 400, 3900),
                (Some(7200), "CRITICAL", "SOFT", 1, 1, 0, 7300),
                (Some(7200), "OK", "HARD", 3, 2, 1, 7400),
            ],
            // The first events of the first start were read before.
            &[
                (Some(3700), "CRITICAL", "HARD", 3, 4, 3, 3800),
                (Some(3700), "OK", "HARD", 3, 5, 4, 3900),
                (Some(7200), "CRITICAL", "SOFT", 1, 1, 0, 7300),
                (Some(7200), "OK", "HARD", 3, 2, 1, 7400),
                (Some(7200), "CRITICAL", "SOFT", 1, 3, 2, 7500),
            ],
        ];
        for row in rows {
            for arrival in permutations(row.len()) {
                let messages: Vec<String> =
                    arrival.iter().map(|index| spooled(&row[*index], *index)).collect();
                let order = of(messages.iter().map(String::as_bytes));
                let found: Vec<usize> = order.into_iter().map(|index| arrival[index]).collect();
                assert_eq!(found, (0..row.len()).collect::<Vec<_>>(), "{row:?} as {arrival:?}");
            }
        }
    }

    /// Messages of anybody are read: so many starts are in the order of their times.
    #[test]
    fn many_starts_are_not_compared() {
        // By their numbers each follows the one of the next later time.
        let started = |number: usize| {
            let time = u64::try_from(number).unwrap();
            spooled(&(Some(time), "OK", "HARD", 1, 1000 - time, 999 - time, time), 1000 - number)
        };
        let order_of = |count: usize| {
            let messages: Vec<String> = (1..=count).map(started).collect();
            of(messages.iter().map(String::as_bytes))
        };
        assert_eq!(order_of(32), (0..32).rev().collect::<Vec<_>>());
        assert_eq!(order_of(33), (0..33).collect::<Vec<_>>());
        assert_eq!(order_of(400), (0..400).collect::<Vec<_>>());
    }
}
