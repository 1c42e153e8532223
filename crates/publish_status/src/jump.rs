//! Whether so many sources went bad that the monitor itself is the likelier cause.
//!
//! A monitor that stops resolving names fails its checks one after the other, over some minutes. So what
//! counts is how many sources were better within a window than now, not the step from one run to the next:
//! good, or not down. A warning that becomes an outage counts too.

use std::collections::BTreeMap;

use crate::fault::Fault;
use crate::members::sorted;
use crate::moment::length;

/// The shortest window, in seconds: a check every five minutes with its attempts is through by then.
const WINDOW: u64 = 600;
/// The shortest time in seconds for which the sources must be good before the next jump is a new one. The
/// hold counts if it is longer. A jump that comes back sooner is held back only for the rest of its time.
/// Otherwise an outage with some good runs in between would never be published.
const RECOVERED: u64 = 300;
/// For how long a jump is remembered without a run after a good one, in seconds.
const REMEMBERED: u64 = 3_600;

/// So many sources at once that the monitor is not believed, or was not at first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Jump {
    /// When it was first seen, in seconds since 1970; later by a long pause after a good run.
    pub since: u64,
    /// When it was last seen, in seconds since 1970.
    pub last: u64,
    /// Whether the last run held it back.
    pub is_held: bool,
    /// The first of the good runs after it, in seconds since 1970. `None` while it goes on.
    pub good_since: Option<u64>,
}

impl Jump {
    /// Returns one that begins now, or one that goes on. While no run is good it goes on, whatever the time
    /// between the runs. After a good run, a `pause` without a run does not count as time in which it was
    /// held back.
    fn seen(before: Option<Self>, pause: u64, hold: u64, now: u64) -> Self {
        let since = match before {
            None => now,
            Some(Self { since, good_since: None, .. }) => since,
            Some(Self { since, last, .. }) if now.saturating_sub(last) <= pause => since,
            Some(Self { since, last, .. }) => now.saturating_sub(last.saturating_sub(since)),
        };
        // A clock that was set back must not hold for longer.
        let is_held = now.checked_sub(since).is_some_and(|held| held < hold);
        Self { since, last: now, is_held, good_since: None }
    }

    /// Returns the jump after a run without one. `None` once the sources have recovered. A jump that was
    /// published in the end lasts as long as most sources are bad.
    fn after(self, are_most_bad: bool, hold: u64, now: u64) -> Option<Self> {
        let was_believed = self.last.saturating_sub(self.since) >= hold;
        if was_believed && are_most_bad {
            return Some(Self { last: now, is_held: false, good_since: None, ..self });
        }
        let since = self.good_since.unwrap_or(now);
        let has_recovered = now.saturating_sub(since) >= RECOVERED.max(hold);
        (!has_recovered).then_some(Self { is_held: false, good_since: Some(since), ..self })
    }

    fn is_remembered(&self, pause: u64, now: u64) -> bool {
        self.good_since.is_none() || now.saturating_sub(self.last) <= REMEMBERED.max(pause)
    }
}

/// What the last runs left for the judgement of a jump.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    /// The keys of the sources that were bad, sorted; `None` before the first run.
    pub bad: Option<Vec<u64>>,
    /// Those of the bad sources that were down, sorted. The others can get worse. `None` after a run of an
    /// earlier version, which did not record it.
    pub down: Option<Vec<u64>>,
    /// Those of the bad sources that went bad, or down, within the window, sorted, with the time in seconds
    /// since 1970.
    pub recent: Vec<(u64, u64)>,
    /// The last jump, as long as it is remembered.
    pub jump: Option<Jump>,
    /// The sources of that jump, sorted, and whether each was down in it: only these are not held back again.
    pub sources: Vec<(u64, bool)>,
}

/// The limits of a jump.
#[derive(Clone, Copy, Debug)]
pub struct Sanity {
    /// How many per cent of all sources may go bad within the window; `None` for any number.
    pub percent: Option<u8>,
    /// For how long a jump beyond that is held back, in seconds. The window is as long, and ten minutes at
    /// least.
    pub hold: u64,
    /// The time between two runs, in seconds. Two and a half intervals without a run are not a pause.
    pub interval: u64,
}

/// The sources of one run, by their keys.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// Those that the last run knew, sorted. Only these can go bad: one that is new was never good.
    pub(crate) known: Vec<u64>,
    /// Those that are bad now, sorted, with those that vanished.
    pub(crate) bad: Vec<u64>,
    /// Those that are bad in a downtime, sorted: they do not go bad when it ends.
    pub(crate) excused: Vec<u64>,
    /// The sources that are down, sorted, in a downtime or outside of one.
    pub(crate) down: Vec<u64>,
    /// Those that vanished, sorted.
    pub(crate) gone: Vec<u64>,
    /// How many there are, with those that vanished.
    pub(crate) count: usize,
}

impl Seen {
    /// Returns the baseline after a run that is published. Sources of a jump are kept as long as the jump is.
    fn accepted(&self, recent: Vec<(u64, u64)>, jump: Option<Jump>, sources: Vec<(u64, bool)>) -> Baseline {
        let bad = sorted(self.bad.iter().chain(&self.excused).copied());
        let sources = if jump.is_some() { sources } else { Vec::new() };
        Baseline { bad: Some(bad), down: Some(self.down.clone()), recent, jump, sources }
    }
}

/// Judges how many sources went bad within the window: the baseline for the next run, and the fault if there
/// were too many.
pub(crate) fn judge(before: &Baseline, seen: Seen, sanity: Sanity, now: u64) -> (Baseline, Option<Fault>) {
    let Sanity { percent: Some(percent), hold, interval } = sanity else {
        return (seen.accepted(Vec::new(), None, Vec::new()), None);
    };
    let window = hold.max(WINDOW);
    // One good run may be between two bad runs, and each of them may be late by a quarter of an interval.
    let pause = window.max(interval.saturating_mul(5) / 2);
    let jump = before.jump.filter(|jump| jump.is_remembered(pause, now));
    let known = if jump.is_some() { before.sources.clone() } else { Vec::new() };
    // The window stands still while a jump is held back: it must not end because time passes.
    let held = jump.filter(|jump| jump.is_held);
    let from = held.map_or(now, |jump| jump.since).saturating_sub(window);
    let fresh = went_bad(before, &seen, from, now);
    let are_most = |count: usize| count * 100 > usize::from(percent) * seen.count;
    if !are_most(fresh.len()) {
        let jump = jump.and_then(|jump| jump.after(are_most(seen.bad.len()), hold, now));
        return (seen.accepted(fresh, jump, known), None);
    }
    let others = apart_from(&known, &fresh, &seen.down);
    // Only while the runs follow each other do others join a jump that is held back.
    let goes_on = held.is_some_and(|jump| now.saturating_sub(jump.last) <= pause);
    let is_another = !goes_on && are_most(others.len());
    let jump = Jump::seen(jump.filter(|_| !is_another), pause, hold, now);
    if jump.is_held {
        let left = hold.saturating_sub(now.saturating_sub(jump.since));
        let (what, window, left) = (what(&fresh, &seen), length(window), length(left));
        let why = format!("{what}, limit {percent}% in {window}, held for {left} more");
        let sources = together(&known, &fresh, &seen.down);
        return (without_jump(before, &seen, jump, sources), Some(Fault { why, since: None }));
    }
    let was_held = held.is_some() || is_another;
    let (recent, sources) =
        if was_held { (Vec::new(), together(&known, &fresh, &seen.down)) } else { (others, known) };
    (seen.accepted(recent, Some(jump), sources), None)
}

/// Returns the sources that went bad, or down, after `from`, sorted, and when. Before the first run none was
/// good.
fn went_bad(before: &Baseline, seen: &Seen, from: u64, now: u64) -> Vec<(u64, u64)> {
    let Baseline { bad: Some(known_bad), down: known_down, recent, .. } = before else { return Vec::new() };
    let known_down = known_down.as_ref().unwrap_or(known_bad);
    let when = |key: &u64| {
        if !has(known_bad, key) {
            return has(&seen.known, key).then_some(now);
        }
        if has(&seen.down, key) && !has(known_down, key) {
            return Some(now);
        }
        let place = recent.binary_search_by_key(key, |(key, _)| *key).ok()?;
        recent.get(place).map(|(_, at)| *at).filter(|at| *at > from)
    };
    seen.bad.iter().filter_map(|key| when(key).map(|at| (*key, at))).collect()
}

/// Returns those that are no sources of the last jump, or are worse now than they were in it.
fn apart_from(known: &[(u64, bool)], fresh: &[(u64, u64)], down: &[u64]) -> Vec<(u64, u64)> {
    let is_known = |key: &u64| {
        let place = known.binary_search_by_key(key, |(key, _)| *key).ok();
        place.and_then(|place| known.get(place)).is_some_and(|(_, was_down)| *was_down || !has(down, key))
    };
    fresh.iter().filter(|(key, _)| !is_known(key)).copied().collect()
}

/// Returns the sources of a jump with those that it has now, sorted.
fn together(known: &[(u64, bool)], fresh: &[(u64, u64)], down: &[u64]) -> Vec<(u64, bool)> {
    let mut all: BTreeMap<u64, bool> = known.iter().copied().collect();
    for (key, _) in fresh {
        *all.entry(*key).or_default() |= has(down, key);
    }
    all.into_iter().collect()
}

fn has(keys: &[u64], key: &u64) -> bool {
    keys.binary_search(key).is_ok()
}

/// Writes what happened to how many sources.
fn what(fresh: &[(u64, u64)], seen: &Seen) -> String {
    let gone = fresh.iter().filter(|(key, _)| has(&seen.gone, key)).count();
    let what = match gone {
        0 => "went bad",
        _ if gone == fresh.len() => "vanished",
        _ => "went bad or vanished",
    };
    format!("{} of {} sources {what}", fresh.len(), seen.count)
}

/// Returns the baseline while a jump is held back: as it was, with the bad sources that are new, which never
/// were good, and with those in a downtime.
fn without_jump(before: &Baseline, seen: &Seen, jump: Jump, sources: Vec<(u64, bool)>) -> Baseline {
    let known_bad = before.bad.as_deref().unwrap_or_default();
    let known_down = before.down.as_deref().unwrap_or(known_bad);
    let new = seen.bad.iter().filter(|key| !has(&seen.known, key));
    let bad = sorted(known_bad.iter().chain(new).chain(&seen.excused).copied());
    let is_apart = |key: &&u64| !has(&seen.known, key) || has(&seen.excused, key);
    let down = sorted(known_down.iter().chain(seen.down.iter().filter(is_apart)).copied());
    Baseline { bad: Some(bad), down: Some(down), recent: before.recent.clone(), jump: Some(jump), sources }
}

#[cfg(test)]
mod tests;
