//! All servers' answers to one question.

use std::net::IpAddr;

use crate::Observations;
use crate::plan::Outcome;

impl Observations {
    /// All that the servers gave for the question in this place, of every type.
    pub(crate) fn outcomes(&self, place: usize) -> impl Iterator<Item = &Outcome> {
        self.servers.iter().filter_map(move |server| server.outcomes.get(place)).flatten()
    }

    /// The addresses that the servers gave for it.
    pub(crate) fn addresses(&self, place: usize) -> impl Iterator<Item = &IpAddr> {
        let answered = self.outcomes(place).filter_map(|outcome| outcome.answer.as_ref().ok());
        answered.flat_map(|answered| &answered.reply.addresses)
    }
}
