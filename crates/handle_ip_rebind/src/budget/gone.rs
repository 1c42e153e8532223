//! Addresses that a run has removed, by a command or a restarted service, and that no list names: nothing
//! would miss them in the next run. They are told in every run until they are bound again, for a day.

use std::collections::BTreeMap;
use std::net::IpAddr;

use host_net::Bound;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Fate, MOST};

/// For how long one is told, in seconds.
const DAY: u64 = 86_400;

/// The addresses that are gone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Gone(BTreeMap<IpAddr, Removal>);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Removal {
    /// Since when it is gone, in words.
    why: String,
    /// When, in seconds since 1970.
    since: u64,
    /// The prefix length that it had. `None` where an earlier version has written this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    prefix: Option<u8>,
}

impl Gone {
    /// Forgets those that are bound again, or gone for a day. Returns whether there was one.
    pub(crate) fn forget(&mut self, bound: &Bound, now: u64) -> bool {
        let before = self.0.len();
        self.0.retain(|address, removal| {
            bound.places(*address).is_empty() && now.saturating_sub(removal.since) < DAY
        });
        self.0.len() < before
    }

    /// Returns them as cases.
    pub(crate) fn cases(&self) -> impl Iterator<Item = Case> {
        let case = |(address, removal): (&IpAddr, &Removal)| {
            let case =
                Case::unlisted(*address, "not bound".to_owned(), Fate::Gone, Some(removal.why.clone()));
            Case { prefix: removal.prefix.unwrap_or(case.prefix), ..case }
        };
        self.0.iter().map(case)
    }

    /// Notes the addresses that a run which began `now` has removed. Skips a `listed` address: it is reported
    /// as missing anyway, until it is taken off the list.
    pub(crate) fn learn(&mut self, cases: &[Case], listed: impl Fn(IpAddr) -> bool, now: u64) {
        let lost = cases.iter().filter(|case| case.fate == Fate::Lost && !listed(case.address));
        for case in lost.take(MOST.saturating_sub(self.0.len())) {
            let removal = Removal { why: case.cause(), since: now, prefix: Some(case.prefix) };
            self.0.insert(case.address, removal);
        }
    }

    /// Returns when each was removed.
    pub(crate) fn times(&mut self) -> impl Iterator<Item = &mut u64> {
        self.0.values_mut().map(|removal| &mut removal.since)
    }

    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::example;

    fn lost(address: &str, fate: Fate) -> Case {
        example(address, fate, "gone since service network ran")
    }

    #[test]
    fn one_is_told_until_it_is_bound_again_or_a_day_has_passed() {
        let mut gone = Gone::default();
        let cases =
            [lost("192.0.2.1", Fate::Lost), lost("192.0.2.2", Fate::Failed), lost("192.0.2.3", Fate::Lost)];
        gone.learn(&cases, |address| address.to_string() == "192.0.2.3", 1_000);
        let told: Vec<_> = gone.cases().map(|case| (case.address.to_string(), case.fate)).collect();
        assert_eq!(told, [("192.0.2.1".to_owned(), Fate::Gone)]);
        let nothing = Bound::default();
        assert!(!gone.clone().forget(&nothing, 1_000 + DAY - 1));
        assert!(!gone.clone().forget(&nothing, 0), "the clock was put back");
        assert!(gone.forget(&nothing, 1_000 + DAY) && gone.is_empty());
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let mut gone = Gone::default();
        let many = (0..30_000_u32).map(|number| {
            lost(&format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255), Fate::Lost)
        });
        gone.learn(&many.collect::<Vec<_>>(), |_| false, 1_000);
        assert_eq!(gone.times().count(), MOST);
    }
}
