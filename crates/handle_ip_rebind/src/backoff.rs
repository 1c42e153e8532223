//! Which addresses did not come back when they were tried, so that they are not tried every minute.
//!
//! This is apart from the budget: an address that never comes back must not use up the tries of the others.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use crate::case::{Case, Fate, MOST, bindable};
use crate::config::Config;

/// How long an address is left alone after it has failed once, twice, and more often for the same cause, in
/// minutes.
const WAITS: [u64; 3] = [1, 5, 30];

/// The addresses that did not come back.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Failures(BTreeMap<IpAddr, Failure>);

/// What is kept of an address or a program that failed.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Failure {
    /// Why it did not come back the last time.
    pub(crate) cause: String,
    /// How often it failed for this cause, one after the other.
    pub(crate) times: u32,
    /// When it was tried last, in seconds since 1970.
    pub(crate) last: u64,
}

impl Failure {
    /// How long it is left alone, in minutes.
    fn wait(&self) -> u64 {
        let place = usize::try_from(self.times.saturating_sub(1)).unwrap_or(usize::MAX);
        WAITS.get(place).or(WAITS.last()).copied().unwrap_or_default()
    }

    /// Whether it is left alone `now`. The clock may have been put back meanwhile.
    pub(crate) fn waits(&self, now: u64) -> bool {
        self.last.abs_diff(now) < self.wait() * 60
    }

    /// Returns why it is left alone.
    pub(crate) fn reason(&self) -> String {
        let tries = if self.times == 1 { "try" } else { "tries" };
        format!("{}, waits {} min after {} {tries}", self.cause, self.wait(), self.times)
    }
}

impl Failures {
    /// Lets those of the addresses wait that were tried a short time ago.
    pub(crate) fn hold_back(&self, cases: &mut [Case], now: u64) {
        for case in cases.iter_mut().filter(|case| case.fate == Fate::Bindable) {
            if let Some(failure) = self.0.get(&case.address).filter(|failure| failure.waits(now)) {
                case.becomes(Fate::Waiting, failure.reason());
            }
        }
    }

    /// Learns how a run that began `now` ended: what came back or is not missing any more is forgotten. More
    /// than [`MOST`] are not kept: the others are tried in every run.
    pub(crate) fn learn(&mut self, cases: &[Case], now: u64) {
        let mut former = std::mem::take(&mut self.0);
        for case in cases.iter().filter(|case| !is_apart(case.fate)).take(MOST) {
            let former = former.remove(&case.address);
            let failure = if matches!(case.fate, Fate::Failed | Fate::Lost) {
                let cause = case.cause();
                let times = former.filter(|former| former.cause == cause).map_or(0, |former| former.times);
                Some(Failure { cause, times: times.saturating_add(1), last: now })
            } else {
                former
            };
            self.0.extend(failure.map(|failure| (case.address, failure)));
        }
    }

    /// Returns when each was tried last.
    pub(crate) fn times(&mut self) -> impl Iterator<Item = &mut u64> {
        self.0.values_mut().map(|failure| &mut failure.last)
    }

    /// Returns whether none is kept.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns whether an address with this fate has not failed to come back.
fn is_apart(fate: Fate) -> bool {
    matches!(fate, Fate::Back | Fate::Unlisted | Fate::Outside | Fate::Gone | Fate::Misbound)
}

/// Lets those addresses wait that were tried in vain a short time ago. A command tries all or none of them.
pub(crate) fn hold_back(config: &Config, failed: &Failures, cases: &mut [Case], now: u64) {
    let mut held_back = cases.to_vec();
    failed.hold_back(&mut held_back, now);
    if config.command.is_none() || bindable(&held_back).is_empty() {
        cases.clone_from_slice(&held_back);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::case::example as case;

    /// What is held back of an address that may be bound.
    fn held_back(failures: &Failures, address: &str, now: u64) -> Option<String> {
        let mut cases = [case(address, Fate::Bindable, "")];
        failures.hold_back(&mut cases, now);
        let [case] = cases;
        (case.fate == Fate::Waiting).then(|| case.why.unwrap())
    }

    #[test]
    fn the_same_cause_waits_longer_and_longer() {
        let mut failures = Failures::default();
        let mut now = 1_000_000;
        let waits = [
            (1, "x, waits 1 min after 1 try"),
            (5, "x, waits 5 min after 2 tries"),
            (30, "x, waits 30 min after 3 tries"),
            (30, "x, waits 30 min after 4 tries"),
        ];
        for (minutes, why) in waits {
            failures.learn(&[case("192.0.2.31", Fate::Failed, "x")], now);
            assert_eq!(held_back(&failures, "192.0.2.31", now).as_deref(), Some(why));
            // Another address is tried at once.
            assert_eq!(held_back(&failures, "192.0.2.32", now), None);
            let last = now;
            now += minutes * 60;
            assert_eq!(held_back(&failures, "192.0.2.31", now - 1).as_deref(), Some(why));
            assert_eq!(held_back(&failures, "192.0.2.31", now), None, "{why}");
            assert_eq!(held_back(&failures, "192.0.2.31", last - 3_600), None, "the clock was put back");
        }
        failures.learn(&[case("192.0.2.31", Fate::Failed, "y")], now);
        let why = held_back(&failures, "192.0.2.31", now).unwrap();
        assert_eq!(why, "y, waits 1 min after 1 try", "another cause begins anew");
    }

    #[test]
    fn what_came_back_is_forgotten_and_what_waits_is_not() {
        let mut failures = Failures::default();
        failures.learn(&[case("192.0.2.31", Fate::Failed, "x"), case("192.0.2.32", Fate::Failed, "x")], 100);
        // The one waits on while another address is tried; the other is there again, whoever has bound it.
        failures.learn(&[case("192.0.2.31", Fate::Waiting, "x, waits"), case("::1", Fate::Back, "")], 130);
        assert!(held_back(&failures, "192.0.2.31", 159).is_some());
        assert_eq!(held_back(&failures, "192.0.2.31", 160), None, "the wait is not begun anew");
        assert_eq!(held_back(&failures, "192.0.2.32", 131), None);
        failures.learn(&[], 170);
        assert!(failures.is_empty());
    }
}
