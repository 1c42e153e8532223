//! The bridges of which networkd binds the addresses when they have a carrier, and not before.

use std::collections::BTreeSet;

use super::conditions::HostFacts;
use super::network::Network;
use crate::hardware::Cards;
use crate::promise::{Place, Promises};
use crate::selector::is_for_guests;

/// Marks the bridges whose addresses wait for a port: what is among the ports so far are those that networkd
/// makes. Returns the bridges that should have one by any file for this host, whether it applies or not, but
/// for those of guests.
pub(super) fn mark(
    all: &[(Place, Network)],
    facts: &HostFacts<'_>,
    cards: &Cards<'_>,
    to: &mut Promises,
) -> BTreeSet<String> {
    for bridge in to.ports.iter().map(|ports| ports.interface.clone()).collect::<Vec<_>>() {
        let file = all.iter().find(|(_, network)| network.may_have(&bridge, facts, cards));
        if file.is_some_and(|(_, network)| network.waits()) {
            to.wait_for_carrier(&bridge);
        }
    }
    let is_of_guests =
        |network: &Network| network.matches.patterns().is_some_and(|all| is_for_guests(&all.join(",")));
    let here = all.iter().filter(|(_, network)| network.matches.holds(facts).0 != Some(false));
    let here = here.filter(|(_, network)| !is_of_guests(network));
    here.flat_map(|(_, network)| network.controllers().map(str::to_owned)).collect()
}

/// Takes the mark from bridges that should have a port: that it is not there is a fault.
pub(super) fn unmark(meant: &BTreeSet<String>, to: &mut Promises) {
    to.ports.iter_mut().filter(|each| meant.contains(&each.interface)).for_each(|each| each.waits = false);
}
