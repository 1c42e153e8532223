//! The one overall deadline of a run, and what is being done while it runs.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crate::{Progress, State};

/// Longer than any process runs: ten years.
const NEVER: Duration = Duration::from_secs(10 * 366 * 86_400);

/// The moment by which a run must have answered. Every wait is bounded by [`Deadline::remaining`]; clones
/// share the moment.
#[derive(Clone, Debug)]
pub struct Deadline {
    time: Arc<Mutex<Inner>>,
    progress: Progress,
}

#[derive(Debug)]
struct Inner {
    at: Instant,
    limit: Duration,
    state: State,
    steps: Vec<(u64, String)>,
    started: u64,
}

/// What is done before each step that can block.
static BEFORE_STEPS: OnceLock<fn()> = OnceLock::new();

/// Does this before each step that can block, of whatever deadline. Set once.
pub(crate) fn before_steps(prepare: fn()) {
    let _ = BEFORE_STEPS.set(prepare);
}

impl Deadline {
    /// A deadline `limit` after `start`; a run that misses it reports `state`.
    pub fn new(start: Instant, limit: Duration, state: State) -> Self {
        let inner = Inner { at: start + limit, limit, state, steps: Vec::new(), started: 0 };
        Self { time: Arc::new(Mutex::new(inner)), progress: Progress::default() }
    }

    /// A deadline `limit` from now whose miss is UNKNOWN.
    pub fn after(limit: Duration) -> Self {
        Self::new(Instant::now(), limit, State::Unknown)
    }

    /// The moment itself, on the monotonic clock.
    pub fn at(&self) -> Instant {
        self.lock().at
    }

    /// What is left of the time: zero once it is over.
    pub fn remaining(&self) -> Duration {
        self.at().saturating_duration_since(Instant::now())
    }

    /// Returns what is left of the time if `reserve` is kept for the end, of a short limit at most an eighth:
    /// zero once that has begun.
    pub fn keeping(&self, reserve: Duration) -> Duration {
        self.remaining().saturating_sub(reserve.min(self.limit() / 8))
    }

    /// Whether the time is over.
    pub fn is_over(&self) -> bool {
        self.remaining().is_zero()
    }

    /// The whole time that was given.
    pub fn limit(&self) -> Duration {
        self.lock().limit
    }

    /// What `--timeout SECONDS:STATE` wants a missed deadline to report.
    pub fn state(&self) -> State {
        self.lock().state
    }

    /// Returns what is known of the targets so far, for the line of a run that is stopped or misses this
    /// deadline.
    pub fn progress(&self) -> &Progress {
        &self.progress
    }

    /// Removes the end, for what runs until it is stopped. The watchdog follows.
    pub fn lift(&self) {
        let mut inner = self.lock();
        inner.at += NEVER;
        inner.limit += NEVER;
    }

    /// Says what is done as long as the returned value lives, as in "reading /etc/ips". If that cannot be
    /// interrupted and outlasts the deadline, the watchdog's line names it: of several, what began last.
    #[must_use = "the step ends when this is dropped"]
    pub fn step(&self, step: impl Into<String>) -> Step<'_> {
        if let Some(prepare) = BEFORE_STEPS.get() {
            prepare();
        }
        self.bounded_step(step)
    }

    /// Begins a step that cannot outlast the deadline, since each of its waits has a limit of its own:
    /// the watchdog, if it runs, names it, but does not start for it.
    #[must_use = "the step ends when this is dropped"]
    pub fn bounded_step(&self, step: impl Into<String>) -> Step<'_> {
        let step = step.into();
        let mut inner = self.lock();
        inner.started += 1;
        let number = inner.started;
        inner.steps.push((number, step));
        Step { deadline: self, number }
    }

    /// What a run that missed this deadline says.
    pub(crate) fn missed(&self) -> String {
        let inner = self.lock();
        let limit = inner.limit.as_secs_f64();
        match inner.steps.last() {
            None => format!("no result within {limit} s"),
            Some((_, step)) => format!("no result within {limit} s: {step}"),
        }
    }

    /// Takes over another deadline's time and state; the watchdog follows.
    pub fn change(&self, other: &Deadline) {
        let (at, limit, state) = (other.at(), other.limit(), other.state());
        let mut inner = self.lock();
        (inner.at, inner.limit, inner.state) = (at, limit, state);
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.time.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Something that is being done under a [`Deadline`].
#[derive(Debug)]
pub struct Step<'a> {
    deadline: &'a Deadline,
    number: u64,
}

impl Drop for Step<'_> {
    fn drop(&mut self) {
        self.deadline.lock().steps.retain(|(number, _)| *number != self.number);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_over_when_its_time_has_come() {
        let start = Instant::now();
        let over = Deadline::new(start, Duration::ZERO, State::Critical);
        assert!(over.is_over());
        assert_eq!(over.remaining(), Duration::ZERO);
        assert_eq!(over.state(), State::Critical);
        let open = Deadline::after(Duration::from_secs(3600));
        assert!(!open.is_over());
        assert!(open.remaining() > Duration::from_secs(3500));
    }

    #[test]
    fn keeps_a_reserve_of_at_most_an_eighth() {
        let second = Duration::from_secs(1);
        let deadline = Deadline::after(80 * second);
        assert!(deadline.keeping(second) > 78 * second && deadline.keeping(second) <= 79 * second);
        assert!(deadline.keeping(40 * second) > 69 * second && deadline.keeping(40 * second) <= 70 * second);
        assert_eq!(Deadline::after(Duration::ZERO).keeping(second), Duration::ZERO);
    }

    #[test]
    fn names_what_was_being_done() {
        let deadline = Deadline::after(Duration::from_millis(2500));
        assert_eq!(deadline.missed(), "no result within 2.5 s");
        let other = deadline.clone();
        let outer = other.step("reading /mnt/ips");
        {
            let _inner = other.step("resolving example.com");
            assert_eq!(deadline.missed(), "no result within 2.5 s: resolving example.com");
        }
        assert_eq!(deadline.missed(), "no result within 2.5 s: reading /mnt/ips");
        let last = other.step("reading the bound addresses");
        drop(outer);
        assert_eq!(deadline.missed(), "no result within 2.5 s: reading the bound addresses");
        drop(last);
        assert_eq!(deadline.missed(), "no result within 2.5 s");
    }
}
