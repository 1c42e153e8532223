//! Interfaces that a program of a run set down or removed. They are told in every run until they are up
//! again, for a day, or until they are gone and no file configures them any more.

use std::collections::{BTreeMap, BTreeSet};

use host_net::{Bound, Link};
use serde::{Deserialize, Serialize};

/// For how long one is told, in seconds.
const DAY: u64 = 86_400;
/// The same of one that an administrator may have removed.
const HOUR: u64 = 3_600;

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
    /// Whether it went after a run had ended: others may have removed it, and given it up in the
    /// configuration.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_later: bool,
    /// The same where no file has ever named it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_unconfigured: bool,
}

impl Interfaces {
    /// Forgets those that are up again, off for a day, or gone since a run had ended and `given_up` in the
    /// configuration. Returns whether there was one.
    pub(crate) fn forget(&mut self, bound: &Bound, given_up: &BTreeSet<String>, now: u64) -> bool {
        let before = self.0.len();
        self.0.retain(|name, off| {
            let is_told = match bound.by_name(name) {
                Some(there) => there.link == Link::Down,
                None => !(off.is_later && given_up.contains(name)),
            };
            let limit = if off.is_unconfigured { HOUR } else { DAY };
            is_told && now.saturating_sub(off.since) < limit
        });
        self.0.len() < before
    }

    /// Notes those that a run which began `now` has missed, or that was killed.
    pub(crate) fn learn(&mut self, missed: &BTreeMap<String, String>, now: u64) {
        self.learn_as(missed.clone(), now, false, false);
    }

    /// Notes those that went after a run had ended.
    pub(crate) fn learn_later(&mut self, missed: BTreeMap<String, String>, now: u64) {
        self.learn_as(missed, now, true, false);
    }

    /// Notes those that went after a run had ended, and that no file has ever named.
    pub(crate) fn learn_unconfigured(&mut self, missed: BTreeMap<String, String>, now: u64) {
        self.learn_as(missed, now, true, true);
    }

    fn learn_as(
        &mut self,
        missed: BTreeMap<String, String>,
        since: u64,
        is_later: bool,
        is_unconfigured: bool,
    ) {
        for (name, why) in missed {
            self.0.entry(name).or_insert(Off { why, since, is_later, is_unconfigured });
        }
    }

    /// Returns what is wrong with each that programs set down or removed.
    pub(crate) fn lost(&self) -> BTreeMap<String, String> {
        self.of(false)
    }

    /// Returns what is wrong with each that others may have removed.
    pub(crate) fn unconfigured(&self) -> BTreeMap<String, String> {
        self.of(true)
    }

    fn of(&self, is_unconfigured: bool) -> BTreeMap<String, String> {
        let all = self.0.iter().filter(|(_, off)| off.is_unconfigured == is_unconfigured);
        all.map(|(name, off)| (name.clone(), off.why.clone())).collect()
    }

    /// Returns their names.
    pub(crate) fn names(&self) -> impl Iterator<Item = &String> {
        self.0.keys()
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
        let none = BTreeSet::new();
        assert!(!all.forget(&with(Link::Down), &none, 1_000 + DAY - 1));
        assert!(!all.clone().forget(&Bound::default(), &none, 0), "the clock was put back");
        assert!(all.clone().forget(&with(Link::Down), &none, 1_000 + DAY));
        assert!(all.forget(&with(Link::NoCarrier), &none, 2_000) && all.is_empty());
    }

    #[test]
    fn one_that_is_gone_is_told_until_it_is_given_up() {
        let missed = BTreeMap::from([("eth1".to_owned(), "is gone since an earlier run".to_owned())]);
        let given_up = BTreeSet::from(["eth1".to_owned()]);
        let down = Interface { link: Link::Down, ..Interface::new(3, "eth1") };
        let down = Bound { interfaces: vec![down], ..Bound::default() };
        let mut all = Interfaces::default();
        all.learn(&missed, 1_000);
        assert!(!all.forget(&Bound::default(), &given_up, 1_060), "a program of the run removed it");
        let mut all = Interfaces::default();
        all.learn_later(missed.clone(), 1_000);
        assert!(!all.forget(&down, &given_up, 1_060), "it is there, and down");
        assert!(!all.forget(&Bound::default(), &BTreeSet::new(), 1_000 + HOUR));
        assert!(all.forget(&Bound::default(), &given_up, 1_060) && all.is_empty());
        // No file has ever named it.
        all.learn_unconfigured(missed.clone(), 1_000);
        assert_eq!((all.lost().len(), all.unconfigured()), (0, missed));
        assert!(!all.forget(&Bound::default(), &BTreeSet::new(), 1_000 + HOUR - 1));
        assert!(all.forget(&Bound::default(), &BTreeSet::new(), 1_000 + HOUR));
    }
}
