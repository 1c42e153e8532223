//! What a run finds of what earlier runs noted: what is as it should be again, and what their programs did
//! after these runs were killed or had ended.

use std::collections::{BTreeMap, BTreeSet};
use std::mem;

use plugin::Deadline;

use super::start::Start;
use super::{Memory, now};
use crate::config::Config;
use crate::probe::configured::Configured;
use crate::probe::{ObserveError, Seen};
use crate::wrong;

/// For how long after a run its programs may have set down an interface, in seconds: later, others did.
const LATE: u64 = 600;

impl Memory {
    /// Forgets the addresses, interfaces and routes that are as they should be again, or not known to be
    /// wrong any more, by what is `seen` now. Judges what the programs of a run bound, set down or removed
    /// that was killed, or ended a short time ago. Returns whether this changed anything.
    ///
    /// # Errors
    /// [`ObserveError`]: the list or the routes cannot be read.
    pub(crate) fn review(
        &mut self,
        config: &Config,
        seen: &Seen,
        now: u64,
        deadline: &Deadline,
    ) -> Result<bool, ObserveError> {
        let bound = seen.bound();
        let known = self.up.names().chain(self.interfaces.names());
        let gone: BTreeSet<&String> = known.filter(|name| bound.by_name(name).is_none()).collect();
        let configured = seen.configured(config, gone.iter().copied(), deadline);
        // One that is still there is not given up, also if a program set it down.
        let is_given_up =
            |name: &&String| configured.is_whole && gone.contains(name) && !configured.names.contains(*name);
        let given_up: BTreeSet<String> = self.configured.iter().filter(is_given_up).cloned().collect();
        let is_back = self.gone.forget(bound, now);
        let is_right = self.misbound.forget(bound, &config.interface, |address| seen.names(address));
        let is_up = self.interfaces.forget(bound, &given_up, now);
        let is_old = self.forget_old_routes(now);
        let is_new = self.judge_interfaces(seen, &configured, &given_up);
        let was_killed = self.judge_places(config, seen, deadline)?;
        Ok(is_back | is_right | is_up | is_old | is_new | was_killed)
    }

    /// Forgets the routes that are lost for a day. Returns whether there was one.
    pub(super) fn forget_old_routes(&mut self, now: u64) -> bool {
        self.routes.forget(now) | self.statics.forget(now)
    }

    /// Judges which interfaces the programs of a run set down or removed that was killed or ended a short
    /// time ago. What a run that was killed left is its programs' doing, whatever the configuration says.
    fn judge_interfaces(
        &mut self,
        seen: &Seen,
        configured: &Configured,
        given_up: &BTreeSet<String>,
    ) -> bool {
        let (up, began, ended) = (mem::take(&mut self.up), self.began.take(), self.ended.take());
        let ended_at_age = self.ended_at_age.take();
        let is_new = !up.is_empty();
        let start = Start::read();
        let has_started = self.start.take().and_then(|earlier| start.differs(&earlier));
        let ages = (ended_at_age, start.age());
        if !is_late((began, ended), now(), ages, has_started) {
            let missed = up.missed(seen.bound());
            if ended.is_some() {
                self.judge_later(missed, seen, configured, given_up);
            } else {
                self.interfaces.learn(&missed, now());
            }
        }
        let told: BTreeSet<&String> = self.interfaces.names().collect();
        self.configured.retain(|name| told.contains(name));
        is_new
    }

    /// Judges which interfaces went after a run had ended. One that is gone and was given up in the
    /// configuration is an administrator's doing. So it may be with one that no file ever named.
    fn judge_later(
        &mut self,
        mut missed: BTreeMap<String, String>,
        seen: &Seen,
        configured: &Configured,
        given_up: &BTreeSet<String>,
    ) {
        missed.retain(|name, _| !given_up.contains(name));
        let may_be_others = |name: &str| {
            configured.is_whole && seen.bound().by_name(name).is_none() && !configured.names.contains(name)
        };
        let (others, own) = missed.into_iter().partition(|(name, _)| may_be_others(name));
        self.interfaces.learn_later(own, now());
        self.interfaces.learn_unconfigured(others, now());
    }

    /// Judges where the programs of a run that was killed bound addresses of a list. Returns whether there
    /// was one.
    fn judge_places(
        &mut self,
        config: &Config,
        seen: &Seen,
        deadline: &Deadline,
    ) -> Result<bool, ObserveError> {
        let Some(before) = self.before.take() else { return Ok(false) };
        let found = (&before, seen.bound());
        let wrongs = wrong::found(config, (seen, &self.subnets), found, "since an earlier run", deadline)?;
        self.misbound.learn(&wrongs, seen.bound(), &config.interface);
        Ok(true)
    }
}

/// Returns whether the interfaces that were up when a run `began` (one that was killed) or `ended` tell
/// nothing `now`: it ended long ago, or this host has started since, so that nothing of it is there and
/// interfaces may come late. The ages are for how long this host ran when the run ended, and runs now, in
/// seconds: they count where it is known that it has not started, and the clock where that is not known.
fn is_late(
    (began, ended): (Option<u64>, Option<u64>),
    now: u64,
    (ended_at_age, age): (Option<u64>, u64),
    has_started: Option<bool>,
) -> bool {
    let since = |then: u64| now.saturating_sub(then);
    let by_clock = || ended.or(began).is_some_and(|then| since(then) >= age);
    let by_age = ended_at_age.filter(|_| has_started == Some(false)).map(|then| age.saturating_sub(then));
    let ago = by_age.or(ended.map(since));
    has_started.unwrap_or_else(by_clock) || ended.and(ago).is_some_and(|ago| ago > LATE)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After a start of the host nothing is as a run left it, and interfaces come late.
    #[test]
    fn what_was_up_before_the_host_started_tells_nothing() {
        let (killed, ended) = ((Some(1_000), None), (Some(990), Some(1_000)));
        let rows = [
            (ended, 1_060, 86_400, None, false),
            (ended, 1_601, 86_400, None, true),
            (ended, 1_060, 59, None, true),
            // The clock is behind after a start, or was put forward without one.
            (ended, 1_000, 59, Some(true), true),
            (ended, 1_400, 59, Some(false), false),
            (ended, 1_601, 86_400, Some(false), true),
            // One that was killed is judged whenever the next run comes, unless the host has started since.
            (killed, 1_601, 86_400, None, false),
            (killed, 1_060, 59, None, true),
            (killed, 1_000, 59, Some(true), true),
            (killed, 9_000, 59, Some(false), false),
            ((None, None), 1_060, 59, None, false),
        ];
        for (times, now, age, has_started, expected) in rows {
            let found = is_late(times, now, (None, age), has_started);
            assert_eq!(found, expected, "{times:?} {now} {age} {has_started:?}");
        }
        // The clock may be put forward or back after a run, as in a virtual machine that resumes.
        let rows = [
            (9_000, 86_400, Some(false), false),
            (9_000, 87_000, Some(false), false),
            (9_000, 87_001, Some(false), true),
            (1_000, 87_001, Some(false), true),
            // Where another start is not ruled out, the clock counts.
            (1_060, 87_001, None, false),
            (9_000, 86_400, None, true),
            (1_060, 59, Some(true), true),
        ];
        for (now, age, has_started, expected) in rows {
            let found = is_late(ended, now, (Some(86_400), age), has_started);
            assert_eq!(found, expected, "{now} {age} {has_started:?}");
        }
        assert!(!is_late(killed, 9_000, (None, 99_000), Some(false)), "whenever the next run comes");
    }
}
