//! Outages of a component that follow from its states: one that flaps is one outage with its number of
//! changes.

use serde::{Deserialize, Serialize};

use crate::config::identifier;
use crate::status::Status;

/// A component that comes back and fails again within this time has not recovered, in seconds.
const FLAP: u64 = 600;
/// The most outages that are kept.
const MOST: usize = 2_000;

/// A time in which a component did not work, or a part of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Outage {
    /// The identifier of the component.
    pub component: String,
    /// When it was first seen, in seconds since 1970.
    pub start: u64,
    /// When it ended; `None` while it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end: Option<u64>,
    /// Up to when it was observed.
    pub seen: u64,
    /// The seconds from its start up to then in which no outage was observed: gaps, unknown states, and times
    /// in which the component worked.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub apart: u64,
    /// The worst of its states.
    pub worst: Status,
    /// How often the state changed in it.
    pub changes: u64,
    /// When it last did, in seconds since 1970.
    pub changed: u64,
}

impl Outage {
    /// Returns a stable identifier.
    pub fn id(&self) -> String {
        identifier(&["outage", &self.component, &self.start.to_string()])
    }

    /// Returns how long it was observed, in seconds.
    pub fn duration(&self) -> u64 {
        self.seen.saturating_sub(self.start).saturating_sub(self.apart)
    }

    /// Notes that it is seen again at this moment, and not since it was last seen.
    fn resume(&mut self, now: u64) {
        self.apart += now.saturating_sub(self.seen);
        self.seen = self.seen.max(now);
    }
}

/// Returns whether a field need not be written.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde gives a reference")]
fn is_zero(seconds: &u64) -> bool {
    *seconds == 0
}

/// All outages that are kept, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Outages(Vec<Outage>);

impl Outages {
    /// Returns them, oldest first.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Outage> {
        self.0.iter()
    }

    fn last_of(&mut self, component: &str) -> Option<&mut Outage> {
        self.0.iter_mut().rev().find(|outage| outage.component == component)
    }

    /// Notes that the component was seen in an outage up to this moment.
    pub(crate) fn extend(&mut self, component: &str, until: u64) {
        if let Some(outage) = self.last_of(component).filter(|outage| outage.end.is_none()) {
            outage.seen = outage.seen.max(until);
        }
    }

    /// Notes the state of a component at this moment, and the one that was known before.
    pub(crate) fn note(&mut self, component: &str, before: Option<Status>, status: Status, now: u64) {
        let was_over = before.is_some_and(|before| !before.is_outage() && before != Status::Unknown);
        if was_over && !status.is_outage() {
            // Nothing to look for among all outages, for most components in most runs.
            return;
        }
        let last = self.last_of(component);
        match (status, last) {
            (Status::Unknown, _) => {}
            (Status::Partial | Status::Major, Some(last))
                if last.end.is_none_or(|end| now.saturating_sub(end) <= FLAP) =>
            {
                if last.end.is_some()
                    || before.is_some_and(|before| before != status && before != Status::Unknown)
                {
                    last.changes += 1;
                    last.changed = now;
                }
                last.end = None;
                last.resume(now);
                last.worst = if last.worst == Status::Major { Status::Major } else { status };
            }
            (Status::Partial | Status::Major, _) => {
                let component = component.to_owned();
                self.0.push(Outage {
                    component,
                    start: now,
                    end: None,
                    seen: now,
                    apart: 0,
                    worst: status,
                    changes: 0,
                    changed: now,
                });
            }
            (_, Some(last)) if last.end.is_none() => {
                last.end = Some(last.seen);
                last.changes += 1;
                last.changed = now;
            }
            _ => {}
        }
    }

    /// Ends the outage of a component that is no longer looked at.
    pub(crate) fn abandon(&mut self, component: &str) {
        if let Some(outage) = self.last_of(component).filter(|outage| outage.end.is_none()) {
            outage.end = Some(outage.seen);
        }
    }

    /// Puts outages before all others, oldest first.
    pub(crate) fn precede(&mut self, earlier: Vec<Outage>) {
        self.0.splice(..0, earlier);
    }

    /// Forgets what ended before this moment, and the oldest of too many.
    pub(crate) fn forget(&mut self, before: u64) {
        self.0.retain(|outage| outage.end.is_none_or(|end| end >= before));
        let excess = self.0.len().saturating_sub(MOST);
        self.0.drain(..excess);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Plays states, a minute each.
    fn outages_of(letters: &str) -> Outages {
        let mut outages = Outages::default();
        let mut before = None::<Status>;
        for (minute, letter) in (0..).zip(letters.chars()) {
            let status = Status::of_letter(letter).unwrap();
            let now = minute * 60;
            if before.is_some_and(Status::is_outage) {
                outages.extend("a", now);
            }
            outages.note("a", before, status, now);
            before = Some(status);
        }
        outages
    }

    /// Plays states, a minute each, and returns each outage as start, end, worst, changes.
    fn play(letters: &str) -> Vec<(u64, Option<u64>, char, u64)> {
        outages_of(letters)
            .iter()
            .map(|outage| {
                (outage.start / 60, outage.end.map(|end| end / 60), outage.worst.letter(), outage.changes)
            })
            .collect()
    }

    #[test]
    fn one_that_flaps_is_one() {
        assert_eq!(play("ooo"), []);
        assert_eq!(play("omm"), [(1, None, 'm', 0)]);
        assert_eq!(play("ommo"), [(1, Some(3), 'm', 1)]);
        assert_eq!(play("omomomomo"), [(1, Some(8), 'm', 7)]);
        assert_eq!(play("opmpo"), [(1, Some(4), 'm', 3)]);
        assert_eq!(play("ompd"), [(1, Some(3), 'm', 2)]);
        let apart = format!("m{}m", "o".repeat(12));
        assert_eq!(play(&apart), [(0, Some(1), 'm', 1), (13, None, 'm', 0)]);
        let close = format!("m{}m", "o".repeat(10));
        assert_eq!(play(&close), [(0, None, 'm', 2)]);
    }

    #[test]
    fn what_is_not_known_neither_begins_nor_ends_one() {
        assert_eq!(play("ouuo"), []);
        assert_eq!(play("muum"), [(0, None, 'm', 0)]);
        assert_eq!(play("muuo"), [(0, Some(1), 'm', 1)], "it was seen for one minute");
        assert_eq!(play("mww"), [(0, Some(1), 'm', 1)]);
    }

    #[test]
    fn its_length_is_what_was_observed_of_it() {
        let minutes = |letters: &str| {
            outages_of(letters).iter().map(|outage| outage.duration() / 60).collect::<Vec<_>>()
        };
        assert_eq!(minutes("ommmo"), [3]);
        assert_eq!(minutes("ommuuuuuummo"), [4], "two minutes on each side of what is not known");
        assert_eq!(minutes(&format!("omm{}mmo", "u".repeat(600))), [4]);
        assert_eq!(minutes("ommommo"), [4], "it worked in between");
        assert_eq!(minutes("ompwwdmo"), [3]);
        assert_eq!(minutes("ommuu"), [2]);
    }

    #[test]
    fn they_are_bounded() {
        let mut outages = Outages::default();
        for start in 0..3_000 {
            outages.note(&start.to_string(), None, Status::Major, start);
        }
        outages.abandon("2999");
        outages.forget(0);
        assert_eq!(
            (outages.iter().count(), outages.iter().next().map(|outage| outage.start)),
            (MOST, Some(1_000))
        );
        assert_eq!(outages.iter().next_back().and_then(|outage| outage.end), Some(2_999));
        outages.forget(5_000);
        assert_eq!(outages.iter().count(), MOST - 1, "those that go on are kept");
    }
}
