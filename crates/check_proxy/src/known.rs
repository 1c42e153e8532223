//! What is known of the proxies while others are still asked: for the line of a run that is stopped.

use std::sync::atomic::{AtomicUsize, Ordering};

use plugin::{Finding, Progress, State};

use crate::allowed::Allowed;
use crate::judge::Verdict;
use crate::target::Target;

/// The proxies that have answered everything.
#[derive(Debug)]
pub(crate) struct Known<'a> {
    total: usize,
    allowed: &'a Allowed,
    progress: &'a Progress,
    failed: AtomicUsize,
}

impl<'a> Known<'a> {
    /// None of `total` proxies yet.
    pub(crate) fn new(total: usize, allowed: &'a Allowed, progress: &'a Progress) -> Self {
        progress.expect(total, "asked");
        Self { total, allowed, progress, failed: AtomicUsize::new(0) }
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
        let state = self
            .allowed
            .failed
            .state(failed, self.total)
            .min(self.allowed.failed.state(self.total, self.total));
        // Where all fail past the login, the page may be at fault.
        let is_certain = self.total == 1 || !verdict.past_login;
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
            let finding = Known::new(3, &allowed, &Progress::default()).finding(&target, verdict);
            assert_eq!(finding.map(|finding| finding.state), state, "{verdict:?}");
            let progress = Progress::default();
            Known::new(3, &allowed, &progress).ended(&target, verdict);
            assert_eq!(progress.to_string(), line, "{verdict:?}");
        }
        // With a single proxy, a page that does not come counts as the proxy's fault.
        let allowed = Allowed::new(&Limits::default());
        let alone = Known::new(1, &allowed, &Progress::default()).finding(&target, &page);
        assert_eq!(alone.map(|finding| finding.state), Some(State::Critical));
    }
}
