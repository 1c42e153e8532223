//! Several brokers: one after the other in the order given, until one does what is asked of it.

use plugin::Deadline;

use crate::options::{Broker, Route};

/// An error of which some tell an administrator more than others.
pub(crate) trait Telling {
    /// Whether a broker answered, and refused.
    fn is_refusal(&self) -> bool;
}

impl Route<'_> {
    /// Tries the brokers, first the one called `good`, until `attempt` succeeds with one. Each gets the same
    /// share of the time that is left. Returns the last error, or the first refusal.
    pub(crate) fn first_that<T, E: Telling>(
        &self,
        good: Option<&str>,
        deadline: &Deadline,
        mut attempt: impl FnMut(&Broker, &Deadline) -> Result<T, E>,
    ) -> Result<T, E> {
        let (head, tail) = &self.brokers;
        let all = || std::iter::once(head).chain(tail);
        let is_good = |broker: &&Broker| good == Some(&*broker.name());
        let first = all().find(is_good).unwrap_or(head);
        let mut left = u32::try_from(tail.len()).unwrap_or(u32::MAX).saturating_add(1);
        let mut share = || {
            let share = Deadline::after(deadline.remaining() / left);
            left -= 1;
            share
        };
        let mut failure = match attempt(first, &share()) {
            Ok(done) => return Ok(done),
            Err(error) => error,
        };
        for broker in all().filter(|broker| !std::ptr::eq(*broker, first)) {
            match attempt(broker, &share()) {
                Ok(done) => return Ok(done),
                Err(_) if failure.is_refusal() => {}
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}
