//! What was observed of each component, for ninety days: how long it was in which state, a day at a time.
//!
//! A run vouches for the time up to the next one, and at most for one and a half intervals. Whatever lies
//! beyond is a gap, which counts neither for nor against anything.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::jump::{Baseline, Jump};
use crate::members::AllMembers;
use crate::moment::DAY;
use crate::outage::Outages;
use crate::status::Status;

/// How many days are kept, today among them.
pub const DAYS: u64 = 90;

/// The seconds of a day in each state, in the order of [`Status::ALL`].
pub type Sums = [u32; Status::ALL.len()];

/// What one run saw.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Since when the monitor is at fault, if it is: then no component's state is known.
    pub fault: Option<u64>,
    /// The state of each component, in the order of the ledger; as it was known before where the monitor is
    /// at fault.
    pub statuses: Vec<Option<Status>>,
    /// What the next run compares its sources with.
    pub baseline: Baseline,
}

/// What is remembered of a component.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Track {
    /// The state that was last known, and since when.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub known: Option<(Status, u64)>,
    /// The seconds in each state, by the number of the day since 1970.
    pub days: BTreeMap<u64, Sums>,
}

/// All that is remembered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Ledger {
    /// When the last run was, in seconds since 1970; 0 if there was none.
    pub last: u64,
    /// For how long a run vouches, in seconds.
    pub vouches: u64,
    /// Since when the monitor is at fault, if it was in the last run.
    pub fault: Option<u64>,
    /// The identifiers of the components that are looked at.
    pub order: Vec<String>,
    /// What is remembered of each component, also of those that were looked at in the last ninety days.
    pub tracks: BTreeMap<String, Track>,
    /// The outages.
    pub outages: Outages,
    /// The keys of the sources that were bad.
    pub bad: Option<Vec<u64>>,
    /// The keys of those of them that were down. `None` in the history of an earlier version.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub down: Option<Vec<u64>>,
    /// Those of them that went bad a short while ago, and when.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub recent: Vec<(u64, u64)>,
    /// Since when a jump is held back.
    pub held_since: Option<u64>,
    /// When the last jump was first and last seen, as long as it is remembered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jump: Option<(u64, u64)>,
    /// The time since which the runs after that jump were good.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_since: Option<u64>,
    /// The sources of that jump, and whether each was down in it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub jump_sources: Vec<(u64, bool)>,
    /// The sources of each component in the last run that believed the monitor.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub members: AllMembers,
}

impl Ledger {
    /// Returns what the next run compares its sources with.
    pub fn baseline(&self) -> Baseline {
        let jump = jump(self.held_since, self.jump, self.good_since, self.last);
        let (bad, down, recent) = (self.bad.clone(), self.down.clone(), self.recent.clone());
        Baseline { bad, down, recent, jump, sources: self.jump_sources.clone() }
    }

    /// Returns what is remembered of a component.
    pub fn track(&self, id: &str) -> Option<&Track> {
        self.tracks.get(id)
    }

    /// Returns the state of each component that was last known, in the order of the ledger.
    pub fn known(&self) -> Vec<Option<Status>> {
        let known = |id: &String| self.tracks.get(id)?.known.map(|(status, _)| status);
        self.order.iter().map(known).collect()
    }

    /// Looks at these components from now on. Returns whether they are others than before.
    pub fn look_at(&mut self, order: Vec<String>) -> bool {
        if self.order == order {
            return false;
        }
        let gone: Vec<String> = self.order.iter().filter(|id| !order.contains(id)).cloned().collect();
        // No later run tells how long their last state lasted, so it lasted for as long as that run vouches.
        self.observe(&gone, self.last.saturating_add(self.vouches));
        gone.iter().for_each(|id| self.outages.abandon(id));
        // What was known of one that is looked at again is too old to be known.
        self.tracks
            .iter_mut()
            .filter(|(id, _)| !self.order.contains(id))
            .for_each(|(_, track)| track.known = None);
        self.order = order;
        for id in &self.order {
            self.tracks.entry(id.clone()).or_default();
        }
        true
    }

    /// Adds a run. One that is not later than the last adds no time.
    pub fn add(&mut self, run: &Run) {
        let order = std::mem::take(&mut self.order);
        self.observe(&order, run.at);
        self.order = order;
        for (id, status) in self.order.iter().zip(&run.statuses).filter(|_| run.fault.is_none()) {
            let (Some(track), Some(status)) = (self.tracks.get_mut(id), *status) else { continue };
            let before = track.known.map(|(status, _)| status);
            self.outages.note(id, before, status, run.at);
            if before != Some(status) {
                track.known = Some((status, run.at));
            }
        }
        self.last = self.last.max(run.at);
        self.fault = run.fault;
        let Baseline { bad, down, recent, jump, sources } = run.baseline.clone();
        (self.bad, self.down, self.recent, self.jump_sources) = (bad, down, recent, sources);
        self.held_since = jump.filter(|jump| jump.is_held).map(|jump| jump.since);
        self.jump = jump.map(|jump| (jump.since, jump.last));
        self.good_since = jump.and_then(|jump| jump.good_since);
    }

    /// Forgets what is older than ninety days.
    pub fn forget(&mut self) {
        let first = (self.last / DAY).saturating_sub(DAYS - 1);
        for track in self.tracks.values_mut() {
            track.days = track.days.split_off(&first);
        }
        let order = &self.order;
        self.tracks.retain(|id, track| !track.days.is_empty() || order.contains(id));
        self.outages.forget(first * DAY);
    }

    /// Adds the time from the last run up to a moment to these components, as far as that run vouches for it.
    fn observe(&mut self, components: &[String], moment: u64) {
        let until = moment.min(self.last.saturating_add(self.vouches));
        if self.last == 0 || until <= self.last {
            return;
        }
        for id in components {
            let Some(track) = self.tracks.get_mut(id) else { continue };
            let status = track
                .known
                .map(|(status, _)| status)
                .filter(|_| self.fault.is_none())
                .unwrap_or(Status::Unknown);
            add(&mut track.days, status, self.last, until);
            if status.is_outage() {
                self.outages.extend(id, until);
            }
        }
    }
}

/// Returns the last jump as it is kept. An earlier version kept only since when one is held back, up to the
/// `last` run.
pub(crate) fn jump(
    held_since: Option<u64>,
    kept: Option<(u64, u64)>,
    good_since: Option<u64>,
    last: u64,
) -> Option<Jump> {
    let (since, last) = kept.or_else(|| held_since.map(|since| (since, last)))?;
    Some(Jump { since, last, is_held: held_since.is_some(), good_since })
}

/// Adds a stretch of time to the days that it lies in.
fn add(days: &mut BTreeMap<u64, Sums>, status: Status, from: u64, until: u64) {
    let mut from = from;
    while from < until {
        let end = ((from / DAY + 1) * DAY).min(until);
        let sums = days.entry(from / DAY).or_default();
        if let Some(sum) = sums.get_mut(status.number()) {
            *sum = sum.saturating_add(u32::try_from(end - from).unwrap_or(u32::MAX));
        }
        from = end;
    }
}

/// Returns the part of the observed time without an outage, from 0 to 1: maintenance and unknown count in
/// neither. `None` if nothing was observed.
pub fn uptime<'a>(days: impl IntoIterator<Item = &'a Sums>) -> Option<f64> {
    let (mut down, mut observed) = (0_u64, 0_u64);
    for sums in days {
        let [operational, degraded, partial, major, _, _] = sums.map(u64::from);
        down += partial + major;
        observed += operational + degraded + partial + major;
    }
    (observed > 0).then(|| (observed - down) as f64 / observed as f64)
}

/// Returns what a day looks like: the worst that was seen in it, and unknown if nothing was.
pub fn day_status(sums: &Sums) -> Status {
    let [operational, degraded, partial, major, maintenance, _] = *sums;
    match () {
        () if major > 0 => Status::Major,
        () if partial > 0 => Status::Partial,
        () if degraded > 0 => Status::Degraded,
        () if operational > 0 => Status::Operational,
        () if maintenance > 0 => Status::Maintenance,
        () => Status::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ledger() -> Ledger {
        let mut ledger = Ledger { vouches: 90, ..Ledger::default() };
        assert!(ledger.look_at(vec!["a".to_owned()]));
        ledger
    }

    fn run(at: u64, letter: char) -> Run {
        let status = Status::of_letter(letter);
        Run {
            at,
            fault: (letter == 'F').then_some(at),
            statuses: vec![status],
            baseline: Baseline::default(),
        }
    }

    /// The sums of all days: operational, degraded, partial, major, maintenance, unknown.
    fn sums(ledger: &Ledger) -> Sums {
        let mut all = Sums::default();
        for day in ledger.track("a").unwrap().days.values() {
            all.iter_mut().zip(day).for_each(|(sum, seconds)| *sum += seconds);
        }
        all
    }

    #[test]
    fn time_is_what_was_observed_and_no_more() {
        let rows: [(&[(u64, char)], Sums); 9] = [
            (&[(1_000, 'o')], [0; 6]),
            (&[(1_000, 'o'), (1_060, 'o')], [60, 0, 0, 0, 0, 0]),
            (&[(1_000, 'o'), (1_060, 'm'), (1_120, 'o')], [60, 0, 0, 60, 0, 0]),
            (&[(1_000, 'o'), (1_120, 'o'), (1_180, 'o')], [150, 0, 0, 0, 0, 0]),
            (&[(1_000, 'o'), (90_000, 'o')], [90, 0, 0, 0, 0, 0]),
            (&[(1_000, 'o'), (1_060, 'F'), (1_120, 'o'), (1_180, 'o')], [120, 0, 0, 0, 0, 60]),
            (&[(1_000, 'o'), (900, 'm'), (1_060, 'o')], [0, 0, 0, 60, 0, 0]),
            (
                &[(1_000, 'F'), (1_060, 'w'), (1_120, 'd'), (1_180, 'p'), (1_240, 'u'), (1_300, 'u')],
                [0, 60, 60, 0, 60, 120],
            ),
            (&[(1_000, 'o'), (1_000, 'o'), (1_001, 'o')], [1, 0, 0, 0, 0, 0]),
        ];
        for (runs, expected) in rows {
            let mut ledger = ledger();
            runs.iter().for_each(|(at, letter)| ledger.add(&run(*at, *letter)));
            assert_eq!(sums(&ledger), expected, "{runs:?}");
        }
    }

    #[test]
    fn the_outages_are_as_long_as_the_time_without_uptime() {
        let rows: [(&str, &[u64], u64); 5] = [
            ("oommm", &[60, 60, 60, 60, 60], 120),
            ("oommmmmmo", &[60, 60, 60, 60, 36_000, 60, 60, 60, 60], 390),
            ("ommuuummo", &[60; 9], 240),
            ("ommFFFmmo", &[60; 9], 240),
            ("ommomooo", &[60; 8], 180),
        ];
        for (letters, steps, seconds) in rows {
            let (mut ledger, mut at) = (ledger(), 1_000);
            for (letter, step) in letters.chars().zip(steps) {
                ledger.add(&run(at, letter));
                at += step;
            }
            let observed: Vec<u64> = ledger.outages.iter().map(|outage| outage.duration()).collect();
            assert_eq!(
                (observed.as_slice(), u64::from(sums(&ledger)[3])),
                (&[seconds][..], seconds),
                "{steps:?}"
            );
        }
    }

    #[test]
    fn a_day_ends_at_midnight_of_utc() {
        let mut ledger = ledger();
        ledger.add(&run(DAY - 30, 'm'));
        ledger.add(&run(DAY + 30, 'o'));
        let days = &ledger.track("a").unwrap().days;
        assert_eq!(days.iter().map(|(day, sums)| (*day, sums[3])).collect::<Vec<_>>(), [(0, 30), (1, 30)]);
    }

    #[test]
    fn ninety_days_are_kept() {
        let mut ledger = ledger();
        for day in 0..200 {
            ledger.add(&run(day * DAY + 100, 'o'));
            ledger.add(&run(day * DAY + 160, 'o'));
            ledger.forget();
        }
        let days: Vec<u64> = ledger.track("a").unwrap().days.keys().copied().collect();
        assert_eq!((days.len(), days.first(), days.last()), (90, Some(&110), Some(&199)));
        assert!(ledger.look_at(vec!["b".to_owned()]));
        assert!(!ledger.look_at(vec!["b".to_owned()]));
        ledger.forget();
        assert!(ledger.track("a").is_some(), "its days are still told of");
        ledger.add(&Run { statuses: vec![None], ..run(400 * DAY, 'o') });
        ledger.forget();
        assert!(ledger.track("a").is_none());
    }

    #[test]
    fn a_component_that_is_left_out_has_no_time() {
        let mut ledger = ledger();
        ledger.add(&run(1_000, 'm'));
        ledger.look_at(vec!["b".to_owned()]);
        ledger.add(&run(1_060, 'o'));
        ledger.look_at(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(ledger.known(), [None, Some(Status::Operational)]);
        assert_eq!(sums(&ledger), [0, 0, 0, 90, 0, 0]);
        let outage = ledger.outages.iter().next().unwrap();
        assert_eq!((outage.end, outage.duration()), (Some(1_090), 90));
    }

    #[test]
    fn a_component_that_stays_has_its_time_once() {
        let mut ledger = ledger();
        ledger.add(&run(1_000, 'm'));
        ledger.look_at(vec!["a".to_owned(), "b".to_owned()]);
        ledger.add(&Run { statuses: vec![Some(Status::Operational); 2], ..run(1_060, 'o') });
        assert_eq!(sums(&ledger), [0, 0, 0, 60, 0, 0]);
        let outage = ledger.outages.iter().next().unwrap();
        assert_eq!((outage.end, outage.duration()), (Some(1_060), 60));
    }

    #[test]
    fn uptime_leaves_out_what_is_planned_and_what_is_unknown() {
        let rows: [(&[Sums], Option<f64>, char); 7] = [
            (&[], None, 'u'),
            (&[[0, 0, 0, 0, 50, 50]], None, 'w'),
            (&[[0, 0, 0, 0, 0, 50]], None, 'u'),
            (&[[75, 0, 0, 25, 900, 900]], Some(0.75), 'm'),
            (&[[50, 25, 25, 0, 0, 0]], Some(0.75), 'p'),
            (&[[0, 100, 0, 0, 0, 0]], Some(1.0), 'd'),
            (&[[86_400, 0, 0, 0, 0, 0]], Some(1.0), 'o'),
        ];
        for (days, expected, letter) in rows {
            assert_eq!(uptime(days), expected, "{days:?}");
            assert_eq!(day_status(days.first().unwrap_or(&[0; 6])).letter(), letter, "{days:?}");
        }
    }
}
