//! What is known of the targets while others are still tried: for the report of a run that is stopped.

use std::sync::atomic::{AtomicUsize, Ordering};

use plugin::{Finding, Progress, State};

use crate::allowed::Allowed;
use crate::cause::Cause;
use crate::target::Target;

/// How many failed targets are named.
const MOST_NAMED: usize = 100;

/// The targets that need no further try.
#[derive(Debug)]
pub(crate) struct Judged<'a> {
    targets: &'a [Target],
    allowed: &'a Allowed,
    progress: &'a Progress,
    failed: AtomicUsize,
    untested: AtomicUsize,
}

impl<'a> Judged<'a> {
    /// None of the targets yet.
    pub(crate) fn new(targets: &'a [Target], allowed: &'a Allowed, progress: &'a Progress) -> Self {
        progress.expect(targets.len(), "asked");
        Self { targets, allowed, progress, failed: AtomicUsize::new(0), untested: AtomicUsize::new(0) }
    }

    /// Counts a target that answers as it should.
    pub(crate) fn answers(&self) {
        self.progress.count();
    }

    /// Counts the target of this place, whose last try failed. One that is silent is no failure yet: only the
    /// diagnosis at the end tells whether that is this machine's fault.
    pub(crate) fn fails(&self, place: u32, cause: &Cause) {
        let Some(target) = usize::try_from(place).ok().and_then(|place| self.targets.get(place)) else {
            return;
        };
        let (number, before, state) = match cause {
            cause if self.allowed.closed && *cause != Cause::Open && !matches!(cause, Cause::Local(_)) => {
                return self.progress.count();
            }
            Cause::NoAnswer(_) | Cause::NoNeighbour | Cause::Local(_) => {
                (self.untested.fetch_add(1, Ordering::Relaxed), State::Unknown, State::Unknown)
            }
            _ => {
                let before = self.failed.fetch_add(1, Ordering::Relaxed);
                (before, self.state(before), self.state(before + 1))
            }
        };
        if number < MOST_NAMED || state != before {
            let Target { address, port, .. } = target;
            let so_far = if matches!(cause, Cause::NoAnswer(_)) { " so far" } else { "" };
            let text = format!("{address} port {port} {}{so_far}", cause.brief());
            self.progress.add(Finding::new(state, text));
        } else {
            self.progress.count();
        }
    }

    /// What so many failed ones mean, at least, whether the others answer or fail. A run that is stopped is no
    /// better than UNKNOWN: what is a WARNING so far could have become CRITICAL.
    fn state(&self, failed: usize) -> State {
        let total = self.targets.len();
        match self.allowed.failed.state(failed, total).min(self.allowed.failed.state(total, total)) {
            State::Warning => State::Unknown,
            state => state,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use plugin::{Range, Thresholds};

    use super::*;
    use crate::cause::{Echo, Local};

    /// The limits for a warning and for critical, the causes of failures, what is said, and the state.
    type Row<'a> = ((&'a str, &'a str), &'a [Cause], &'a str, State);

    fn said((warning, critical): (&str, &str), failures: &[Cause]) -> (String, State) {
        let range = |text: &str| text.parse::<Range>().unwrap();
        let none = Thresholds { warning: None, critical: None };
        let allowed = Allowed {
            failed: Thresholds { warning: Some(range(warning)), critical: Some(range(critical)) }.into(),
            slowest: none,
            refused: false,
            closed: false,
            mismatch: None,
        };
        let targets: Vec<Target> = (0..=255)
            .map(|octet| Target {
                address: Ipv4Addr::new(192, 0, 2, octet).into(),
                scope: 0,
                port: 80,
                name: None,
            })
            .collect();
        let progress = Progress::default();
        let judged = Judged::new(&targets, &allowed, &progress);
        judged.answers();
        for (place, cause) in (1..).zip(failures) {
            judged.fails(place, cause);
        }
        (progress.to_string(), judged.state(judged.failed.load(Ordering::Relaxed)))
    }

    #[test]
    fn failed_ones_are_as_bad_as_the_limits_say() {
        let rows: [Row<'_>; 6] = [
            (("1", "150"), &[Cause::Refused], "partial: 2 of 256 asked", State::Ok),
            (
                ("1", "150"),
                &[Cause::Refused, Cause::NoBanner],
                "partial: 3 of 256 asked, 192.0.2.2 port 80 no banner",
                State::Unknown,
            ),
            (
                ("0", "150"),
                &[Cause::Local(Local::NoRoute)],
                "partial: 2 of 256 asked, 192.0.2.1 port 80 no route from here",
                State::Ok,
            ),
            // Its silence may be this machine's fault.
            (
                ("0", "150"),
                &[Cause::NoAnswer(Echo::NotAsked), Cause::NoNeighbour],
                "partial: 3 of 256 asked, 192.0.2.1 port 80 silent so far",
                State::Ok,
            ),
            // Those that are not judged may still fail.
            (("2:", "256"), &[Cause::Refused], "partial: 2 of 256 asked", State::Ok),
            (
                ("1", "150"),
                &[const { Cause::Refused }; 151],
                "partial: 152 of 256 asked, 192.0.2.151 port 80 refused",
                State::Critical,
            ),
        ];
        for (limits, failures, line, state) in rows {
            assert_eq!(said(limits, failures), (line.to_owned(), state), "{limits:?} {}", failures.len());
        }
    }
}
