//! IPv6 addresses that the kernel found to be duplicates. It never tries them again, so that such an address
//! stays unusable when the other host has gone.

use std::net::IpAddr;

use host_net::BoundAddress;
use plugin::Deadline;

use crate::Outcome;
use crate::case::{Fate, bindable};
use crate::config::Config;
use crate::link::{CONFLICTS_NEEDED, LEAST_TIMEOUT, Link};
use crate::probe::Seen;

/// Probes for the hosts that have the duplicates of the list, and says who has each, or that no other host
/// has it any more. Where an address is to be bound, that comes first if the time is short.
pub(crate) fn explain(config: &Config, seen: &Seen, outcome: &mut Outcome, deadline: &Deadline) {
    let index = seen.bound().by_name(&config.interface).map(|known| known.index);
    let is_duplicate = |place: &&BoundAddress| Some(place.interface) == index && place.flags.duplicate();
    let place = |address: IpAddr| seen.bound().places(address).iter().find(is_duplicate);
    let left = outcome.cases.iter().filter(|case| case.fate == Fate::LeftAlone).map(|case| case.address);
    let duplicates: Vec<IpAddr> = left.filter(|address| place(*address).is_some()).collect();
    let is_first = bindable(&outcome.cases).is_empty();
    let needed = if is_first { CONFLICTS_NEEDED } else { LEAST_TIMEOUT + CONFLICTS_NEEDED };
    if duplicates.is_empty() || deadline.remaining() < needed {
        return;
    }
    let link = Link::open(&config.interface, true);
    // Without a link, another run probes.
    let Ok(claims) = link.and_then(|link| link.conflicts(&duplicates, deadline)) else { return };
    for case in outcome.cases.iter_mut().filter(|case| duplicates.contains(&case.address)) {
        let address = case.address;
        let Some(place) = place(address) else { continue };
        let why = match claims.get(&address) {
            Some(claimant) => format!("duplicate, {}", claimant.reason(&config.interface)),
            None => format!(
                "duplicate, but no other host has it any more: ip addr del {address}/{} dev {}, the next run binds it",
                place.prefix, config.interface
            ),
        };
        case.becomes(Fate::LeftAlone, why);
    }
}
