//! What a run that was ended, or had no time, leaves to the next one.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// What is still to be done for addresses that were bound: announcing them, and restarting services. It is
/// written before anything is bound, so that the run after one that is killed makes up for it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Owed {
    /// The addresses to announce.
    pub(crate) addresses: Vec<IpAddr>,
    /// The programs to run, each with its arguments.
    pub(crate) services: Vec<Vec<String>>,
    /// Whether the addresses were probed for and announced, so that only the programs are left.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_announced: bool,
}

impl Owed {
    /// Returns whether nothing is owed.
    pub(crate) fn is_empty(&self) -> bool {
        self.addresses.is_empty() && self.services.is_empty()
    }
}
