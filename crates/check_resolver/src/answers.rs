//! The answers of all servers to one question.

use std::net::IpAddr;

use crate::Observations;
use crate::outcome::Outcome;

impl Observations {
    /// Returns the servers' outcomes for the question in this place, of every type.
    pub(crate) fn outcomes(&self, place: usize) -> impl Iterator<Item = &Outcome> {
        self.servers.iter().filter_map(move |server| server.outcomes.get(place)).flatten()
    }

    /// Returns the addresses that the C library finds in what the servers gave for the question in this
    /// place.
    pub(crate) fn addresses(&self, place: usize) -> impl Iterator<Item = &IpAddr> {
        let answered = self.outcomes(place).filter_map(|outcome| outcome.answer.as_ref().ok());
        answered.flat_map(|answered| answered.reply.found())
    }
}
