//! The notes on expected addresses that do not affect the state.

use std::collections::{BTreeMap, BTreeSet};

use addresses::Entry;

use super::groups::reason;
use crate::Observations;
use crate::condition::Condition;
use crate::expected::ListSource;
use crate::words::addresses;

/// Returns the notes that do not affect the state.
pub(super) fn notes(observed: &Observations, some_missing: bool) -> Vec<String> {
    let Observations { expected, bound, .. } = observed;
    let note = |found: &(Entry, Condition)| match found {
        (entry, Condition::Deprecated(on)) => {
            Some(format!("note: {} is deprecated on {}", entry.expected, observed.name(*on)))
        }
        (entry, condition @ (Condition::EmptyBridge(_) | Condition::Waiting(_)))
            if !observed.counts(*condition) =>
        {
            Some(format!("note: {} is {}", entry.expected, reason(observed, entry.expected, *condition)))
        }
        _ => None,
    };
    let unlisted = expected.source == ListSource::Bound && some_missing;
    let unlisted =
        unlisted.then(|| "note: no list, no configured address: all bound addresses are expected".to_owned());
    let no_interface = expected.on.iter().filter(|name| bound.by_name(name).is_none());
    let no_interface = no_interface.map(|name| format!("note: there is no interface {name} here"));
    let all = observed
        .conditions
        .iter()
        .filter_map(note)
        .chain(parked(observed))
        .chain(unlisted)
        .chain(no_interface);
    all.chain(other_names(observed, some_missing)).collect()
}

/// Returns a note for each interface that holds expected addresses and is switched off on purpose.
fn parked(observed: &Observations) -> Vec<String> {
    let mut held: BTreeMap<u32, usize> = BTreeMap::new();
    for (_, condition) in &observed.conditions {
        if let Condition::Parked(on) = condition {
            *held.entry(*on).or_default() += 1;
        }
    }
    let note = |(on, count): (&u32, &usize)| {
        format!("note: {} on {}, which is down on purpose", addresses(*count), observed.name(*on))
    };
    held.iter().map(note).collect()
}

/// Returns a note for each configured name that is another name of an interface, where something is missing.
fn other_names(observed: &Observations, some_missing: bool) -> Vec<String> {
    let names: BTreeSet<&str> = observed.expected.interfaces.iter().map(|(_, name)| name.as_str()).collect();
    let note = |name: &str| {
        let interface = observed.bound.by_name(name).filter(|interface| interface.name != name)?;
        Some(format!("note: {name} is an altname of {}", interface.name))
    };
    if some_missing { names.into_iter().filter_map(note).collect() } else { Vec::new() }
}
