//! Several brokers: one after the other in the order given, until one does what is asked of it.

use plugin::Deadline;

use crate::options::{Broker, Route};

/// An error of which some tell an administrator more than others.
pub(crate) trait Telling {
    /// Whether a broker answered, and refused.
    fn is_refusal(&self) -> bool;
}

impl Route<'_> {
    /// Returns the brokers in their order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Broker> {
        std::iter::once(&self.brokers.0).chain(&self.brokers.1)
    }

    /// Tries the brokers but those that are `passed_over`, first the one called `good`, until `attempt`
    /// succeeds with one. Each gets the same share of the time that is left. Returns the last error, or the
    /// first refusal. Where all are passed over, all are tried.
    pub(crate) fn first_that<T, E: Telling>(
        &self,
        good: Option<&str>,
        passed_over: &[String],
        deadline: &Deadline,
        mut attempt: impl FnMut(&Broker, &Deadline) -> Result<T, E>,
    ) -> Result<T, E> {
        let is_tried = |broker: &&Broker| !passed_over.contains(&broker.name());
        let some = self.all().any(|broker| is_tried(&broker));
        let all = || self.all().filter(move |broker| !some || is_tried(broker));
        let is_good = |broker: &&Broker| good == Some(&*broker.name());
        let first = all().find(is_good).or_else(|| all().next()).unwrap_or(&self.brokers.0);
        let mut left = u32::try_from(all().count()).unwrap_or(u32::MAX).max(1);
        let mut share = || {
            let share = Deadline::after(deadline.remaining() / left);
            left = left.saturating_sub(1).max(1);
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
