//! What a configured command bound: it chooses addresses, interfaces and prefix lengths by itself, so each
//! address that was not bound before is judged.

use std::collections::BTreeSet;
use std::net::IpAddr;

use host_net::{Bound, BoundAddress};
use plugin::Deadline;

use crate::Outcome;
use crate::case::{Case, Fate, bindable};
use crate::child::name;
use crate::config::Config;
use crate::probe::{ObserveError, Seen};
use crate::surroundings::subnets::Subnets;
use crate::watch::Watch;
use crate::wrong::{Wrong, fault};

/// What there was before the command, and what there is after it.
pub(crate) struct Change<'a> {
    /// What the run found first.
    pub(crate) seen: &'a Seen,
    /// What was bound when the command was started.
    pub(crate) before: &'a Bound,
    /// What is bound after it.
    pub(crate) after: &'a Bound,
    /// The subnets that earlier runs found.
    pub(crate) subnets: &'a Subnets,
}

/// Judges the addresses that were not bound, or not so, before the command and are bound after it. Names
/// those that were not tried, and those that the rules for addresses of the list forbid: no route may divert
/// traffic. An address that comes and goes by itself is not the command's.
/// Returns those of them that are on the configured interface: they must be probed for, and not announced.
///
/// # Errors
/// [`ObserveError`]: the list or the routes cannot be read.
pub(crate) fn judge(
    config: &Config,
    watch: &Watch<'_>,
    change: &Change<'_>,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<BTreeSet<IpAddr>, ObserveError> {
    let Change { seen, before, after, subnets } = *change;
    let tried = bindable(&outcome.cases);
    let ran = format!("while {} ran", outcome.command.as_ref().map_or("the command", |ran| name(&ran.argv)));
    for address in watch.floated(before, after) {
        outcome.notes.push(format!("{address} is floating and was bound {ran}, left alone"));
    }
    let is_here = |place: &BoundAddress| {
        after.interface(place.interface).is_some_and(|known| known.name == config.interface)
    };
    // An address of a list that was here may have got another interface or prefix length.
    let is_moved = |place: &BoundAddress| {
        let was = before.places(place.address);
        let is_same = |was: &BoundAddress| (was.interface, was.prefix) == (place.interface, place.prefix);
        seen.names(place.address) && was.iter().any(is_here) && !was.iter().any(is_same)
    };
    let is_new = |place: &&BoundAddress| before.places(place.address).is_empty() || is_moved(place);
    let new: Vec<&BoundAddress> = watch.staying(after).filter(is_new).collect();
    let rules = seen.rules(config, subnets, &new, deadline)?;
    let mut here = BTreeSet::new();
    for place in new {
        let address = place.address;
        let is_tried = is_moved(place) || tried.binary_search(&address).is_ok();
        let is_judged = is_tried || is_here(place) || is_held_back(&outcome.cases, address);
        let fault = fault(config, seen, &rules, (after, place)).filter(|_| is_judged);
        let by = if seen.names(address) { "by the command" } else { &ran };
        match fault {
            Some(why) => outcome.bound_wrongly(address, Wrong::at(after, place, why, by)),
            None if is_tried => continue,
            None if outcome.misbound.contains_key(&address) => {}
            None => outcome.set(address, Fate::Unlisted, format!("bound {by}"), "bound"),
        }
        here.extend(is_here(place).then_some(address));
    }
    Ok(here)
}

/// Returns whether this run did not try an address of the list, which the command may bind all the same.
fn is_held_back(cases: &[Case], address: IpAddr) -> bool {
    let is_waiting = |fate| matches!(fate, Fate::Waiting | Fate::Later);
    cases.iter().any(|case| case.address == address && is_waiting(case.fate))
}
