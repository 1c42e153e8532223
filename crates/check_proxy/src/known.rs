//! What is known of the proxies while others are still asked: for the line of a run that is stopped.

use std::sync::atomic::{AtomicUsize, Ordering};

use plugin::{Finding, Progress, State};

use crate::allowed::Allowed;
use crate::judge::Verdict;
use crate::target::{Target, Unresolved};

/// More proxies than names stand for.
const MOST: usize = 1_000_000;

/// The proxies that have answered everything.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    /// How many proxies there are: one for each name that is not resolved yet.
    total: AtomicUsize,
    /// How many names are not resolved yet.
    names: AtomicUsize,
    allowed: &'a Allowed,
    progress: &'a Progress,
    failed: AtomicUsize,
}

impl<'a> Known<'a> {
    /// None yet of so many proxies, and of what so many names stand for.
    pub(crate) fn new(
        (proxies, names): (usize, usize),
        allowed: &'a Allowed,
        progress: &'a Progress,
    ) -> Self {
        let total = proxies + names;
        progress.expect(total, "asked");
        let [total, names] = [total, names].map(AtomicUsize::new);
        Self { total, names, allowed, progress, failed: AtomicUsize::new(0) }
    }

    /// Takes a name that stands for so many more proxies.
    pub(crate) fn resolved(&self, proxies: usize) {
        self.names.fetch_sub(1, Ordering::Relaxed);
        self.total.fetch_add(proxies, Ordering::Relaxed);
        let total = self.total.fetch_sub(1, Ordering::Relaxed) - 1;
        self.progress.set_total(total);
    }

    /// Takes what has no address that could be asked.
    pub(crate) fn unresolved(&self, unresolved: &Unresolved) {
        self.names.fetch_sub(1, Ordering::Relaxed);
        self.progress.add(Finding::unknown(&unresolved.why));
    }

    /// Takes a proxy that was asked for everything: not one for which the time was over before.
    pub(crate) fn ended(&self, target: &Target, verdict: &Verdict) {
        if verdict.is_late() {
            return;
        }
        match self.finding(target, verdict) {
            Some(finding) => self.progress.add(finding),
            None => self.progress.count(),
        }
    }

    /// What is wrong with a proxy: as bad as one more failing proxy is, whether the others fail or not.
    /// `None` if nothing is.
    fn finding(&self, target: &Target, verdict: &Verdict) -> Option<Finding> {
        if let Some(why) = &verdict.local {
            return Some(Finding::unknown(format!("{target} {why}")));
        }
        let Some(reason) = verdict.reasons.first() else {
            let undecided = verdict.undecided.as_ref()?;
            return Some(Finding::new(undecided.state(), format!("{target} {}", undecided.words())));
        };
        let failed = self.failed.fetch_add(1, Ordering::Relaxed) + 1;
        let total = self.total.load(Ordering::Relaxed);
        // A name may stand for so many that they are no share worth telling.
        let most = if self.names.load(Ordering::Relaxed) == 0 { total } else { MOST };
        let state = |failed, total| self.allowed.failed.state(failed, total);
        let state = state(failed, total).min(state(total, total)).min(state(failed, most));
        // Where all fail past the login, the page may be at fault.
        let is_certain = total == 1 || !verdict.past_login;
        let state = match state {
            _ if verdict.unspoken => State::Unknown,
            state if is_certain => state,
            state => state.min(State::Unknown),
        };
        Some(Finding::new(state, format!("{target} {reason}")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::allowed::Limits;

    #[test]
    fn failing_proxies_are_as_bad_as_the_limits_say() {
        let target = Target { address: ([192, 0, 2, 1], 3128).into(), label: None, default: 3128 };
        let failing = Verdict { reasons: vec!["refused".to_owned()], ..Verdict::default() };
        let page = Verdict { past_login: true, ..failing.clone() };
        let unspoken = Verdict { unspoken: true, ..failing.clone() };
        let local = Verdict { local: Some("no route from here".to_owned()), ..Verdict::default() };
        let rows = [
            (None, &failing, Some(State::Critical), "partial: 1 of 3 asked, 192.0.2.1 refused"),
            (Some("1"), &failing, Some(State::Ok), "partial: 1 of 3 asked"),
            (Some("20%"), &failing, Some(State::Warning), "partial: 1 of 3 asked, 192.0.2.1 refused"),
            // More than one may still fail.
            (Some("2:"), &failing, Some(State::Ok), "partial: 1 of 3 asked"),
            (None, &page, Some(State::Unknown), "partial: 1 of 3 asked, 192.0.2.1 refused"),
            (None, &unspoken, Some(State::Unknown), "partial: 1 of 3 asked, 192.0.2.1 refused"),
            (Some("1"), &unspoken, Some(State::Unknown), "partial: 1 of 3 asked, 192.0.2.1 refused"),
            (None, &local, Some(State::Unknown), "partial: 1 of 3 asked, 192.0.2.1 no route from here"),
            (None, &Verdict::default(), None, "partial: 1 of 3 asked"),
        ];
        for (warning, verdict, state, line) in rows {
            let warning = warning.map(|range| range.parse().unwrap());
            let allowed = Allowed::new(&Limits { warning, ..Limits::default() });
            let finding = Known::new((3, 0), &allowed, &Progress::default()).finding(&target, verdict);
            assert_eq!(finding.map(|finding| finding.state), state, "{verdict:?}");
            let progress = Progress::default();
            Known::new((3, 0), &allowed, &progress).ended(&target, verdict);
            assert_eq!(progress.to_string(), line, "{verdict:?}");
        }
        // With a single proxy, a page that does not come counts as the proxy's fault.
        let allowed = Allowed::new(&Limits::default());
        let alone = Known::new((1, 0), &allowed, &Progress::default()).finding(&target, &page);
        assert_eq!(alone.map(|finding| finding.state), Some(State::Critical));
        // One of two is half, and one of those that a name stands for may be less.
        let share = Allowed::new(&Limits { critical: Some("30%".parse().unwrap()), ..Limits::default() });
        let progress = Progress::default();
        let known = Known::new((1, 2), &share, &progress);
        assert_eq!(known.finding(&target, &failing).map(|finding| finding.state), Some(State::Ok));
        known.resolved(1);
        known.unresolved(&Unresolved {
            name: "b".to_owned(),
            why: "resolving b: no address found".to_owned(),
            is_silence: false,
        });
        assert_eq!(known.finding(&target, &failing).map(|finding| finding.state), Some(State::Critical));
        assert_eq!(progress.to_string(), "partial: 1 of 3 asked, resolving b: no address found");
    }
}
