//! Whether an address is missing that may be bound. One that is left alone for ever must not keep what runs
//! know of the network as it was.

use std::net::IpAddr;

use check_ip_bound::Condition;

use super::Seen;
use crate::config::Config;
use crate::link::interface::other_interface;
use crate::network::reserved;

impl Seen {
    /// Returns whether an address of the list is missing. Those are left aside that stay so whatever is bound:
    /// what `check` forbids, another interface's, reserved ones, and routers by `is_router`. An interface or a
    /// link that is gone is not such a cause: with it, all that is known would be forgotten.
    pub(crate) fn lacks(&self, config: &Config, is_router: impl Fn(IpAddr) -> bool) -> bool {
        let missing = self.missing(config);
        if missing.is_empty() {
            return false;
        }
        let contradictions = self.contradictions(config);
        let entries = &self.list.expected.entries;
        missing.iter().any(|(entry, condition, _)| {
            let address = entry.expected.address;
            let is_listed = entries.binary_search_by_key(&address, |entry| entry.expected.address).is_ok();
            let stays = *condition == Condition::NotBound
                && (contradictions.reason(address).is_some()
                    || is_router(address)
                    || reserved(address).is_some()
                    || other_interface(self.bound(), self.configured_on(address), &config.interface)
                        .is_some());
            is_listed && !stays
        })
    }
}
