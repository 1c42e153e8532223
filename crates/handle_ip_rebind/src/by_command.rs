//! What a configured command bound: it chooses its addresses by itself, so each one that was not bound before
//! is looked at.

use std::collections::BTreeSet;
use std::net::IpAddr;

use host_net::{Bound, BoundAddress};

use crate::Outcome;
use crate::case::{Fate, bindable};
use crate::config::Config;

/// Names the addresses that were not bound `before` the command, are bound `after` it and were not tried.
/// Returns those of them that are on the configured interface: they must be probed for.
pub(crate) fn name(
    config: &Config,
    before: &Bound,
    after: &Bound,
    outcome: &mut Outcome,
) -> BTreeSet<IpAddr> {
    let tried = bindable(&outcome.cases);
    let is_here = |place: &BoundAddress| {
        after.interface(place.interface).is_some_and(|known| known.name == config.interface)
    };
    let mut here = BTreeSet::new();
    for place in after.addresses.iter().filter(|place| is_new(before, place)) {
        if tried.binary_search(&place.address).is_err() {
            outcome.set(place.address, Fate::Unlisted, None, "bound by the command");
            here.extend(is_here(place).then_some(place.address));
        }
    }
    here
}

/// Returns whether an address was not bound before. Leaves out what the kernel and a DHCP client add by
/// themselves when an interface comes up.
fn is_new(before: &Bound, place: &BoundAddress) -> bool {
    let is_link_local = matches!(place.address, IpAddr::V6(address) if address.is_unicast_link_local());
    place.flags.permanent() && !is_link_local && before.places(place.address).is_empty()
}
