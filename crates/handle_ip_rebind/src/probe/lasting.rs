//! Whether an address is missing that may be bound. One that is left alone for ever must not keep what runs
//! know of the network as it was.

use std::collections::BTreeSet;
use std::net::IpAddr;

use check_ip_bound::Condition;
use plugin::Deadline;

use super::Seen;
use crate::config::Config;
use crate::link::interface::other_interface;
use crate::network::reserved;

impl Seen {
    /// Returns the missing addresses of the list that another host has, as the `taken` ones, or may have.
    /// `None` if another one is missing. Those are left aside that stay so whatever is bound: what `check`
    /// forbids, another interface's, reserved ones, and routers by `is_router`. An interface or a link that
    /// is gone is not such a cause: with it, all that is known would be forgotten.
    pub(crate) fn elsewhere(
        &self,
        config: &Config,
        taken: &BTreeSet<IpAddr>,
        is_router: impl Fn(IpAddr) -> bool,
        deadline: &Deadline,
    ) -> Option<BTreeSet<IpAddr>> {
        let missing = self.missing(config);
        let mut elsewhere = BTreeSet::new();
        if missing.is_empty() {
            return Some(elsewhere);
        }
        let contradictions = self.contradictions(config);
        let entries = &self.list.expected.entries;
        let stays = |address: IpAddr| {
            contradictions.reason(address).is_some()
                || is_router(address)
                || reserved(address).is_some()
                || other_interface(self.bound(), self.configured_on(address), &config.interface).is_some()
        };
        let floats = |address: IpAddr| {
            self.configured_floating(config, deadline).iter().any(|(floating, _)| *floating == address)
        };
        for (entry, condition, _) in &missing {
            let address = entry.expected.address;
            if entries.binary_search_by_key(&address, |entry| entry.expected.address).is_err() {
                continue;
            }
            match condition {
                Condition::NotBound if stays(address) => {}
                Condition::NotBound if taken.contains(&address) || floats(address) => {
                    elsewhere.insert(address);
                }
                Condition::Duplicate(_) => {
                    elsewhere.insert(address);
                }
                _ => return None,
            }
        }
        Some(elsewhere)
    }
}
