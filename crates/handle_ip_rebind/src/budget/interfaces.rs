//! Interfaces that a program of a run set down or removed. They are told in every run until they are up
//! again, for a day.

use std::collections::BTreeMap;

use host_net::{Bound, Link};
use serde::{Deserialize, Serialize};

/// For how long one is told, in seconds.
const DAY: u64 = 86_400;

/// The interfaces that are down or gone, by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Interfaces(BTreeMap<String, Off>);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Off {
    /// What is wrong with it, and since when, in words.
    why: String,
    /// When, in seconds since 1970.
    since: u64,
}

impl Interfaces {
    /// Forgets those that are up again, or off for a day. Returns whether there was one.
    pub(crate) fn forget(&mut self, bound: &Bound, now: u64) -> bool {
        let before = self.0.len();
        let is_up = |name: &str| bound.by_name(name).is_some_and(|there| there.link != Link::Down);
        self.0.retain(|name, off| !is_up(name) && now.saturating_sub(off.since) < DAY);
        self.0.len() < before
    }

    /// Notes those that a run which began `now` has missed.
    pub(crate) fn learn(&mut self, missed: &BTreeMap<String, String>, now: u64) {
        for (name, why) in missed {
            self.0.entry(name.clone()).or_insert_with(|| Off { why: why.clone(), since: now });
        }
    }

    /// Returns what is wrong with each.
    pub(crate) fn lost(&self) -> BTreeMap<String, String> {
        self.0.iter().map(|(name, off)| (name.clone(), off.why.clone())).collect()
    }

    /// Returns when each went.
    pub(crate) fn times(&mut self) -> impl Iterator<Item = &mut u64> {
        self.0.values_mut().map(|off| &mut off.since)
    }

    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use host_net::Interface;

    use super::*;

    #[test]
    fn one_is_told_until_it_is_up_again_or_a_day_has_passed() {
        let missed = |why: &str| BTreeMap::from([("eth1".to_owned(), why.to_owned())]);
        let mut all = Interfaces::default();
        all.learn(&missed("is down since a ran"), 1_000);
        all.learn(&missed("is down since b ran"), 1_060);
        assert_eq!(all.lost(), missed("is down since a ran"), "the first cause");
        let with = |link| Bound {
            interfaces: vec![Interface { link, ..Interface::new(3, "eth1") }],
            ..Bound::default()
        };
        assert!(!all.forget(&with(Link::Down), 1_000 + DAY - 1));
        assert!(!all.clone().forget(&Bound::default(), 0), "the clock was put back");
        assert!(all.clone().forget(&with(Link::Down), 1_000 + DAY));
        assert!(all.forget(&with(Link::NoCarrier), 2_000) && all.is_empty());
    }
}
