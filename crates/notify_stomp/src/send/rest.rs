//! What one broker refuses while it confirms other events: the next brokers are asked for it in the same run.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::blame::Blame;
use super::{Known, Sender};
use crate::brokers::{Telling as _, share};
use crate::deliver::DeliverError;
use crate::options::Broker;

/// Returns whether a broker refused what it was offered, and had room.
fn is_about_events(error: &DeliverError) -> bool {
    let DeliverError::Session(error) = error else { return false };
    Blame::is_of_events(error)
}

impl Sender<'_> {
    /// Offers what `sender` refused to the brokers that are neither `tried` nor passed over, one after the
    /// other. What a broker does not take waits; it is set aside only if each of them refuses it. One share
    /// of the time is left for what has come meanwhile.
    pub(super) fn offer_rest(&mut self, sender: &str, tried: &[String]) -> Result<(), DeliverError> {
        for broker in self.passed_over.iter().filter(|broker| !tried.contains(broker)) {
            self.unasked.entry(broker.clone()).or_insert_with(|| format!("{broker} was silent"));
        }
        let is_left = |name: String| !tried.contains(&name) && !self.unasked.contains_key(&name);
        let others = self.connect.route.all().filter(|broker| is_left(broker.name()));
        let mut others: VecDeque<&Broker> = others.collect();
        while let Some(broker) = others.pop_front() {
            let name = broker.name();
            if !self.has_rest_for(&name) {
                continue;
            }
            let time = share(self.connect.deadline, others.len() + 2);
            let (kept, why) = (self.kept.clone(), self.sent.kept.clone());
            let known = self.queue_held(&name)?;
            if let Err(error) = self.attempt(broker, &time) {
                // The words of the broker that confirms the others tell more.
                self.kept.extend(kept);
                (self.sent.kept, self.known) = (why.or(self.sent.kept.take()), known);
                if error.is_own() {
                    return Err(error);
                }
                if is_about_events(&error) {
                    self.note_refused(&name);
                } else {
                    self.note_unasked(broker, &error);
                }
            }
        }
        self.set_aside_deferred()?;
        self.return_to(sender)
    }

    /// Takes up again what the broker `sender` has refused, and only that: it was not asked for what came
    /// while the others were.
    fn return_to(&mut self, sender: &str) -> Result<(), DeliverError> {
        let Some(refused) = self.refused.get(sender) else { return Ok(()) };
        if self.sent.kept.is_none() && !refused.events.is_empty() {
            // The others hold it or had no time for it. The words of the broker that confirms others tell.
            let waits = self.spool.entries()?.iter().any(|entry| refused.events.contains(&entry.sequence));
            self.sent.kept = refused.words.clone().filter(|_| waits);
        }
        if !self.connect.deadline.is_over() {
            self.kept.clone_from(&refused.events);
            self.sent.held.retain(|destination, _| refused.destinations.contains(destination));
            self.passed.clear();
        }
        Ok(())
    }

    /// Keeps from a broker what it has refused in this run and what still waits.
    pub(super) fn keep_refused(&mut self, broker: &str) -> Result<(), DeliverError> {
        let refused = self.refused.get(broker).map(|refused| &refused.events);
        self.kept = match refused.filter(|events| !events.is_empty()) {
            None => BTreeSet::new(),
            Some(events) => {
                let waiting = self.spool.entries()?.into_iter().map(|entry| entry.sequence);
                waiting.filter(|sequence| events.contains(sequence)).collect()
            }
        };
        if self.kept.is_empty() {
            self.sent.kept = None;
        }
        Ok(())
    }

    /// Notes what a broker has refused, so that it is not asked for it again in this run.
    pub(super) fn note_refused(&mut self, broker: &str) {
        let refused = self.refused.entry(broker.to_owned()).or_default();
        refused.events.extend(&self.kept);
        refused.words = self.sent.kept.clone().or(refused.words.take());
        refused.destinations.extend(self.sent.held.keys().cloned());
    }

    /// Notes that a broker could not be asked about single events.
    pub(super) fn note_unasked(&mut self, broker: &Broker, error: &DeliverError) {
        if !error.is_own() {
            self.unasked.insert(broker.name(), error.to_string());
        }
    }

    /// Names a broker that could not be asked for what waits.
    pub(super) fn name_unasked(&mut self) {
        if let (Some(why), Some(unasked)) = (&mut self.sent.kept, self.unasked.values().next()) {
            why.text = format!("{}, {unasked}", why.text);
        }
    }

    /// Returns whether something was refused for which this broker was not asked in this run.
    fn has_rest_for(&self, broker: &str) -> bool {
        let Some(refused) = self.refused.get(broker) else {
            return !self.kept.is_empty() || !self.sent.held.is_empty();
        };
        self.kept.iter().any(|sequence| !refused.events.contains(sequence))
            || self.sent.held.keys().any(|destination| !refused.destinations.contains(destination))
    }

    /// Lets the next broker try the held destinations that it has not refused in this run, first those that
    /// the last one has tried. Returns those that the last one has not.
    fn queue_held(&mut self, broker: &str) -> Result<VecDeque<Known>, DeliverError> {
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
        let refused = self.refused.get(broker);
        let is_tried = |destination: &String| {
            self.sent.held.contains_key(destination)
                && !refused.is_some_and(|refused| refused.destinations.contains(destination))
                && !untried.iter().any(|known| known.destination == *destination)
        };
        let tried = first.into_iter().filter(|(destination, _)| is_tried(destination));
        let mut tried: Vec<Known> = tried.map(|(destination, entry)| Known { destination, entry }).collect();
        tried.sort_by_key(|known| known.entry);
        self.known = tried.into_iter().chain(untried.iter().cloned()).collect();
        Ok(untried)
    }
}
