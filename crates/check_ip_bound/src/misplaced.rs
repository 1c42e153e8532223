//! Addresses that are bound on another interface than the one that the configuration names.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use addresses::Entry;
use plugin::{Finding, State};

use crate::Observations;
use crate::condition::Condition;
use crate::words::{addresses, runs};

/// Judges them: `state` is OK for a note.
pub(crate) fn judge(state: State, observed: &Observations) -> Finding {
    let found = find(observed);
    let describe = |(address, on, configured): &(IpAddr, String, String)| {
        format!("{address} is on {on}, configured on {configured}")
    };
    match found.as_slice() {
        [] => Finding::ok(""),
        all if state == State::Ok => {
            Finding::ok("").details(all.iter().map(|found| format!("note: {}", describe(found))))
        }
        [only] => Finding::new(state, describe(only)),
        all => {
            let list: Vec<IpAddr> = all.iter().map(|(address, ..)| *address).collect();
            let head = format!("{} not on their interface: ", addresses(list.len()));
            let text = format!("{head}{}", runs(&list, &head));
            Finding::new(state, text).details(all.iter().map(describe))
        }
    }
}

/// The addresses, where each is, and where it should be. One that several sources name is fine on any of
/// their interfaces, and what a list names says nothing where it is no interface here.
fn find(observed: &Observations) -> Vec<(IpAddr, String, String)> {
    let mut configured: BTreeMap<IpAddr, Vec<&str>> = BTreeMap::new();
    for (address, name) in &observed.expected.interfaces {
        // An alias as eth0:1 is on eth0.
        let device = host_config::device(name);
        let is_here = observed.bound.by_name(device).is_some();
        if is_here || !observed.expected.is_only_listed(*address, name) {
            configured.entry(*address).or_default().push(device);
        }
    }
    // The address is missing for it already.
    let is_bridged = |(entry, condition): &(Entry, Condition)| {
        matches!(condition, Condition::Bridged(_)).then_some(entry.expected.address)
    };
    let bridged: BTreeSet<IpAddr> = observed.conditions.iter().filter_map(is_bridged).collect();
    let mut lookup = observed.bound.lookup();
    let misplaced = |(address, names): (IpAddr, Vec<&str>)| {
        let places = lookup.places(address);
        let first = places.first()?;
        let known: Vec<u32> = names
            .iter()
            .filter_map(|name| observed.bound.by_name(name))
            .map(|interface| interface.index)
            .collect();
        let there = places.iter().any(|place| known.contains(&place.interface));
        let configured = names.first().map_or("", |name| name);
        (!there && !bridged.contains(&address))
            .then(|| (address, observed.name(first.interface).to_owned(), configured.to_owned()))
    };
    configured.into_iter().filter_map(misplaced).collect()
}
