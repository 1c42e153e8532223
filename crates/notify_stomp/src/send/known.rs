//! Destinations that were refused in earlier runs. A run sends everything else first, and then tries a few of
//! them.
//!
//! Many brokers close the connection at each refusal. Without this memory, a few hundred refused destinations
//! would take the time of every run, and no other event would ever be sent.

use std::collections::BTreeSet;

use super::blame::Blame;
use super::{At, Known, Sender};
use crate::deliver::DeliverError;
use crate::observations::Failure;

/// The most refusals of these destinations in one run.
const RETRIES: usize = 4;

impl Sender<'_> {
    /// Holds the destinations that earlier runs held, as far as an event waits for them.
    pub(super) fn hold_known(&mut self) -> Result<(), DeliverError> {
        if self.is_loaded || !self.options.template.has_placeholders() {
            return Ok(());
        }
        self.is_loaded = true;
        let mut refused = self.spool.refused_destinations(self.connect.deadline);
        let mut first = std::collections::BTreeMap::new();
        if !refused.is_empty() {
            for entry in self.spool.entries()? {
                if let Some(json) = self.spool.read(entry)? {
                    first.entry(self.options.destination(&json)).or_insert(entry);
                }
            }
        }
        refused.retain(|(destination, _)| first.contains_key(destination));
        for (destination, failure) in refused {
            if let Some(entry) = first.remove(&destination) {
                self.sent.held.insert(destination.clone(), failure);
                self.known.push_back(Known { destination, entry });
            }
        }
        Ok(())
    }

    /// Tries the destinations that earlier runs held, until the broker has refused a few of them. Returns
    /// whether it confirmed an event: then the other events of its destination may be sent too.
    pub(super) fn retry_known(&mut self, at: At<'_>) -> Result<bool, DeliverError> {
        let (name, mut is_free) = (at.0.name(), false);
        while self.refused.get(&name).is_none_or(|refused| refused.retries < RETRIES)
            && let Some(known) = self.known.pop_front()
        {
            let Some(before) = self.sent.held.remove(&known.destination) else { continue };
            self.passed.clear();
            match self.retry(&known, at) {
                Ok(Some(true)) => is_free = true,
                Ok(Some(false)) => self.refused.entry(name.clone()).or_default().retries += 1,
                Ok(None) => {}
                Err(error) => {
                    self.sent.held.entry(known.destination).or_insert(before);
                    return Err(error);
                }
            }
        }
        Ok(is_free)
    }

    /// Tries one of them once more. Returns whether the broker confirmed its event. `None` if that is gone.
    fn retry(&mut self, known: &Known, at: At<'_>) -> Result<Option<bool>, DeliverError> {
        let Some(json) = self.spool.read(known.entry)? else { return Ok(None) };
        match self.alone(&mut None, at, known.entry, json.clone()) {
            Ok(()) => Ok(Some(true)),
            Err(DeliverError::Session(error)) if Blame::of(&error) != Blame::Other => {
                self.judge((known.entry, &json), error, at)?;
                Ok(Some(false))
            }
            Err(error) => Err(error),
        }
    }

    /// Remembers the held destinations. Those that this run did not try come first.
    pub(super) fn remember_held(&self) {
        if !self.is_loaded {
            return;
        }
        let untried: Vec<&String> = self.known.iter().map(|known| &known.destination).collect();
        let is_untried: BTreeSet<&String> = untried.iter().copied().collect();
        let tried = self.sent.held.keys().filter(|destination| !is_untried.contains(destination));
        let all = untried.iter().copied().chain(tried);
        let held: Vec<(&String, &Failure)> =
            all.filter_map(|key| self.sent.held.get_key_value(key)).collect();
        self.spool.set_refused_destinations(&held);
    }
}
