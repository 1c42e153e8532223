//! What a configured command bound: it chooses addresses, interfaces and prefix lengths by itself, so each
//! address that was not bound before is judged.

use std::collections::BTreeSet;
use std::net::IpAddr;

use host_net::{Bound, BoundAddress};
use plugin::Deadline;

use crate::Outcome;
use crate::case::{Fate, bindable};
use crate::config::Config;
use crate::probe::{ObserveError, Seen};

/// Judges the addresses that were not bound `before` the command and are bound `after` it. Names those that
/// were not tried, and those that the rules for addresses of the list forbid: no route may divert traffic.
/// Returns those of them that are on the configured interface: they must be probed for, and not announced.
///
/// # Errors
/// [`ObserveError`]: the list or the routes cannot be read.
pub(crate) fn judge(
    config: &Config,
    before: &Seen,
    after: &Bound,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<BTreeSet<IpAddr>, ObserveError> {
    let tried = bindable(&outcome.cases);
    let new: Vec<&BoundAddress> =
        after.addresses.iter().filter(|place| is_new(before.bound(), place)).collect();
    let rules = before.rules(config, &new, deadline)?;
    let is_here = |place: &BoundAddress| {
        after.interface(place.interface).is_some_and(|known| known.name == config.interface)
    };
    let mut here = BTreeSet::new();
    for place in new {
        let (address, is_tried) = (place.address, tried.binary_search(&place.address).is_ok());
        let fault = match after.interface(place.interface).filter(|_| !is_here(place)) {
            Some(other) => is_tried
                .then(|| format!("the command bound it on {}, not on {}", other.name, config.interface)),
            None => rules.fault(config, address, place.prefix),
        };
        match fault {
            Some(fault) => outcome.set(address, Fate::Failed, fault, "bound by the command"),
            None if is_tried => continue,
            None => outcome.set(address, Fate::Unlisted, None, "bound by the command"),
        }
        here.extend(is_here(place).then_some(address));
    }
    Ok(here)
}

/// Returns whether an address was not bound before. Leaves out what the kernel and a DHCP client add by
/// themselves when an interface comes up.
fn is_new(before: &Bound, place: &BoundAddress) -> bool {
    let is_link_local = matches!(place.address, IpAddr::V6(address) if address.is_unicast_link_local());
    place.flags.permanent() && !is_link_local && before.places(place.address).is_empty()
}
