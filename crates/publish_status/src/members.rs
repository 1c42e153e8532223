//! Which sources each component has, so that one that vanishes from the monitor's state is missed: what a
//! monitor no longer tells of is not operational.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::config::{Component, hash};
use crate::sources::{Observations, Source};

/// The sources of a component, by their keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Members {
    /// Stands for the patterns of the component: other patterns mean other sources.
    pub from: u64,
    /// Those that the last run saw, sorted.
    pub keys: Vec<u64>,
    /// Those that vanished, sorted, and when, in seconds since 1970.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub gone: Vec<(u64, u64)>,
}

/// The sources of all components, by the identifier of each.
pub type AllMembers = BTreeMap<String, Members>;

impl Members {
    /// Returns what this becomes by a run that saw these keys, sorted. One that vanished is missed for `hold`
    /// seconds.
    fn after(&self, from: u64, seen: Vec<u64>, hold: u64, now: u64) -> Self {
        if self.from != from {
            return Self { from, keys: seen, gone: Vec::new() };
        }
        let vanished = self.keys.iter().map(|key| (*key, now)).chain(self.gone.iter().copied());
        let is_missed =
            |(key, since): &(u64, u64)| seen.binary_search(key).is_err() && now.saturating_sub(*since) < hold;
        let mut gone: Vec<(u64, u64)> = vanished.filter(is_missed).collect();
        gone.sort_unstable();
        Self { from, keys: seen, gone }
    }
}

/// Returns the sources of these components after a run.
pub(crate) fn after<'a>(
    before: &AllMembers,
    components: impl Iterator<Item = &'a Component>,
    seen: &Observations,
    hold: u64,
    now: u64,
) -> AllMembers {
    let keys: Vec<u64> = seen.sources.iter().map(Source::key).collect();
    let nothing = Members::default();
    let member = |(component, behind): (&Component, &Vec<u32>)| {
        let places = behind.iter().filter_map(|place| usize::try_from(*place).ok());
        let mut own: Vec<u64> = places.filter_map(|place| keys.get(place)).copied().collect();
        own.sort_unstable();
        let patterns: Vec<String> = component.from.iter().map(ToString::to_string).collect();
        let from = hash(&patterns.iter().map(String::as_str).collect::<Vec<_>>());
        let known = before.get(&component.id).unwrap_or(&nothing);
        (component.id.clone(), known.after(from, own, hold, now))
    };
    components.zip(&seen.behind).map(member).collect()
}

/// Returns all sources, also those that vanished, sorted.
pub(crate) fn known(members: &AllMembers) -> Vec<u64> {
    let all = members.values();
    sorted(all.flat_map(|one| one.keys.iter().copied().chain(one.gone.iter().map(|(key, _)| *key))))
}

/// Returns the sources that vanished, sorted.
pub(crate) fn gone(members: &AllMembers) -> Vec<u64> {
    sorted(members.values().flat_map(|one| one.gone.iter().map(|(key, _)| *key)))
}

/// Returns the keys in their order, each once.
pub(crate) fn sorted(keys: impl Iterator<Item = u64>) -> Vec<u64> {
    let mut keys: Vec<u64> = keys.collect();
    keys.sort_unstable();
    keys.dedup();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_vanishes_is_missed_for_a_while() {
        let after = |members: &Members, seen: &[u64], now| members.after(1, seen.to_vec(), 600, now);
        let first = after(&Members::default(), &[1, 2, 3], 1_000);
        assert_eq!((first.keys.as_slice(), first.gone.len()), (&[1, 2, 3][..], 0), "nothing was known");
        let less = after(&first, &[2, 4], 1_060);
        assert_eq!(
            (less.keys.as_slice(), less.gone.as_slice()),
            (&[2, 4][..], &[(1, 1_060), (3, 1_060)][..])
        );
        let back = after(&less, &[1, 2, 4], 1_120);
        assert_eq!(back.gone, [(3, 1_060)], "one came back");
        assert_eq!(after(&back, &[1, 2, 4], 1_659).gone, [(3, 1_060)]);
        assert_eq!(after(&back, &[1, 2, 4], 1_660).gone, [], "its time is over");
        assert_eq!(first.after(1, vec![2], 0, 1_060).gone, [], "nothing is held");
        let other = first.after(2, vec![7], 600, 1_060);
        assert_eq!((other.keys.as_slice(), other.gone.len()), (&[7][..], 0), "other patterns");
        let all = AllMembers::from([("a".to_owned(), less), ("b".to_owned(), first)]);
        assert_eq!((known(&all), gone(&all)), (vec![1, 2, 3, 4], vec![1, 3]));
    }
}
