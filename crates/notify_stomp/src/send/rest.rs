//! What one broker refuses while it confirms other events: the next brokers are asked for it in the same run.

use std::collections::{BTreeMap, VecDeque};

use super::blame::Blame;
use super::{Known, Sender};
use crate::brokers::{Telling as _, share};
use crate::deliver::DeliverError;
use crate::options::Broker;

/// Returns whether a broker refused what it was offered, and had room.
fn is_about_events(error: &DeliverError) -> bool {
    let DeliverError::Session(error) = error else { return false };
    error.is_refusal() && Blame::of(error) != Blame::Other && !Blame::is_full(error)
}

impl Sender<'_> {
    /// Offers what the last broker refused to the brokers that are neither `tried` nor `passed_over`, one
    /// after the other. What a broker does not take waits; it is set aside only if each of them refuses it.
    pub(super) fn offer_rest(
        &mut self,
        tried: &[String],
        passed_over: &[String],
    ) -> Result<(), DeliverError> {
        let is_left =
            |broker: &&Broker| !tried.contains(&broker.name()) && !passed_over.contains(&broker.name());
        let mut others: VecDeque<&Broker> = self.connect.route.all().filter(is_left).collect();
        for broker in passed_over.iter().filter(|broker| !tried.contains(broker)) {
            self.unasked.insert(broker.clone(), format!("{broker} was silent"));
        }
        while self.has_rest()
            && let Some(broker) = others.pop_front()
        {
            let time = share(self.connect.deadline, others.len() + 1);
            let (kept, why) = (self.kept.clone(), self.sent.kept.clone());
            let known = self.queue_held()?;
            if let Err(error) = self.attempt(broker, &time) {
                if !is_about_events(&error) {
                    self.note_unasked(broker, &error);
                }
                // The words of the broker that confirms the others tell more.
                self.kept.extend(kept);
                (self.sent.kept, self.known) = (why.or(self.sent.kept.take()), known);
            }
        }
        self.set_aside_deferred()
    }

    /// Notes that a broker could not be asked about single events.
    pub(super) fn note_unasked(&mut self, broker: &Broker, error: &DeliverError) {
        self.unasked.insert(broker.name(), error.to_string());
    }

    fn has_rest(&self) -> bool {
        !self.kept.is_empty() || !self.sent.held.is_empty()
    }

    /// Lets the next broker try the held destinations, first those that the last one has tried. Returns those
    /// that it has not.
    fn queue_held(&mut self) -> Result<VecDeque<Known>, DeliverError> {
        self.passed.clear();
        let untried = self.known.clone();
        if self.sent.held.is_empty() {
            return Ok(untried);
        }
        let mut first = BTreeMap::new();
        for entry in self.spool.entries()? {
            if let Some(json) = self.spool.read(entry)? {
                first.entry(self.options.destination(&json)).or_insert(entry);
            }
        }
        let is_tried = |destination: &String| {
            self.sent.held.contains_key(destination)
                && !untried.iter().any(|known| known.destination == *destination)
        };
        let tried = first.into_iter().filter(|(destination, _)| is_tried(destination));
        let mut tried: Vec<Known> = tried.map(|(destination, entry)| Known { destination, entry }).collect();
        tried.sort_by_key(|known| known.entry);
        self.known = tried.into_iter().chain(untried.iter().cloned()).collect();
        Ok(untried)
    }
}
