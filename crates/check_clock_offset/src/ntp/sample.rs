//! What came of a server.

use super::packet::{Measured, NtpError};

/// What came of one server.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// What it is called on the command line, with the address that was asked where it has several.
    pub name: String,
    /// Whether it is this machine's own server, which is not a second opinion.
    pub is_own: bool,
    /// Whether another address of its name was asked in its place: then its silence is not a missing vote.
    pub is_replaced: bool,
    /// What it tells.
    pub result: Result<Measured, NtpError>,
}

/// Returns the servers that have a vote, answered or missing: addresses of this machine are never asked and
/// have none. Returns all of them if none has one.
pub fn voters(samples: &[Sample]) -> Vec<&Sample> {
    let is_voter = |sample: &&Sample| !matches!(sample.result, Err(NtpError::ThisMachine(_)));
    let voters: Vec<&Sample> = samples.iter().filter(is_voter).collect();
    if voters.is_empty() { samples.iter().collect() } else { voters }
}
