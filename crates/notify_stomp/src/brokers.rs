//! Several brokers: one after the other in the order given, until one does what is asked of it.

use std::error::Error;

use plugin::Deadline;

use crate::options::{Broker, Route};

/// An error of which some tell an administrator more than others.
pub(crate) trait Telling: Error {
    /// Whether a broker answered, and refused.
    fn is_refusal(&self) -> bool;
    /// Whether no answer came in time, in place of a refusal.
    fn is_silence(&self) -> bool;
    /// Whether it is a fault of this host, which no other broker makes good.
    fn is_own(&self) -> bool {
        false
    }
}

/// Returns the share of the time left that the next of so many brokers has.
pub(crate) fn share(deadline: &Deadline, brokers: usize) -> Deadline {
    Deadline::after(deadline.remaining() / u32::try_from(brokers).unwrap_or(u32::MAX).max(1))
}

impl Route<'_> {
    /// Returns the brokers in their order.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Broker> {
        std::iter::once(&self.brokers.0).chain(&self.brokers.1)
    }

    /// Returns the brokers in the order in which they are tried: the one called `good` first.
    pub(crate) fn in_order(&self, good: Option<&str>) -> impl Iterator<Item = &Broker> {
        let first = self.all().find(|broker| good == Some(&*broker.name()));
        let is_first = move |broker: &&Broker| first.is_some_and(|first| std::ptr::eq(first, *broker));
        first.into_iter().chain(self.all().filter(move |broker| !is_first(broker)))
    }

    /// Tries the brokers but those that are `passed_over`, first the one called `good`, until `attempt`
    /// succeeds with one. Each gets the same share of the time that is left. Returns the last error, or the
    /// first refusal, or at once a fault of this host. Where all are passed over, all are tried.
    pub(crate) fn first_that<T, E: Telling>(
        &self,
        good: Option<&str>,
        passed_over: &[String],
        deadline: &Deadline,
        mut attempt: impl FnMut(&Broker, &Deadline) -> Result<T, E>,
    ) -> Result<T, E> {
        let is_tried = |broker: &&Broker| !passed_over.contains(&broker.name());
        let some = self.all().any(|broker| is_tried(&broker));
        let tried: Vec<&Broker> = self.in_order(good).filter(|broker| !some || is_tried(broker)).collect();
        let (first, others) =
            tried.split_first().map_or((&self.brokers.0, &[][..]), |(first, rest)| (*first, rest));
        let mut failure = match attempt(first, &share(deadline, tried.len())) {
            Ok(done) => return Ok(done),
            Err(error) if error.is_own() => return Err(error),
            Err(error) => error,
        };
        for (done, broker) in others.iter().enumerate() {
            match attempt(broker, &share(deadline, others.len() - done)) {
                Ok(done) => return Ok(done),
                Err(error) if error.is_own() => return Err(error),
                Err(_) if failure.is_refusal() => {}
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }
}
