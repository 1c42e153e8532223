//! Two sources of one host's configuration that do not say the same: the union counts, and a note says it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use host_config::{Promises, Source};

/// Drops the prefix lengths that sources disagree on, so that either is accepted, and returns a note on each
/// contradiction.
pub(crate) fn reconcile(found: &mut [(Source, Promises)]) -> Vec<String> {
    let mut notes = Vec::new();
    let disputed = disputed_prefixes(found);
    for (address, prefixes) in &disputed {
        let said: Vec<String> =
            prefixes.iter().map(|(prefix, source)| format!("/{prefix} by {source}")).collect();
        notes.push(format!("note: {address} is configured with {}: either is accepted", said.join(" and ")));
    }
    for promise in found.iter_mut().flat_map(|(_, promises)| &mut promises.promises) {
        if disputed.contains_key(&promise.expected.address) {
            promise.expected.prefix = None;
        }
    }
    notes.extend(disputed_interfaces(found));
    notes
}

/// The addresses that several sources promise with different prefix lengths, each with who says it first.
fn disputed_prefixes(found: &[(Source, Promises)]) -> BTreeMap<IpAddr, BTreeMap<u8, Source>> {
    let mut said: BTreeMap<IpAddr, BTreeMap<u8, Source>> = BTreeMap::new();
    for (source, promises) in found {
        for promise in promises.promises.iter().filter(|promise| !promise.floating) {
            if let Some(prefix) = promise.expected.prefix {
                said.entry(promise.expected.address).or_default().entry(prefix).or_insert(*source);
            }
        }
    }
    said.retain(|_, prefixes| {
        let sources: BTreeSet<Source> = prefixes.values().copied().collect();
        prefixes.len() > 1 && sources.len() > 1
    });
    said
}

/// The interfaces that two sources promise different addresses on.
fn disputed_interfaces(found: &[(Source, Promises)]) -> Vec<String> {
    let mut said: BTreeMap<&str, Vec<(Source, BTreeSet<IpAddr>)>> = BTreeMap::new();
    for (source, promises) in found {
        for promise in promises.promises.iter().filter(|promise| !promise.floating) {
            let Some(interface) = &promise.interface else { continue };
            // An alias as eth0:1 is on eth0.
            let sources = said.entry(host_config::device(interface)).or_default();
            match sources.last_mut() {
                Some((last, addresses)) if last == source => {
                    addresses.insert(promise.expected.address);
                }
                _ => sources.push((*source, BTreeSet::from([promise.expected.address]))),
            }
        }
    }
    let differ = |sources: &[(Source, BTreeSet<IpAddr>)]| {
        sources.first().is_some_and(|(_, first)| sources.iter().any(|(_, addresses)| addresses != first))
    };
    let note = |interface: &str, sources: &[(Source, BTreeSet<IpAddr>)]| {
        let names: Vec<&str> = sources.iter().map(|(source, _)| source.name()).collect();
        format!(
            "note: {} configure different addresses on {interface}: all are expected",
            names.join(" and ")
        )
    };
    said.iter()
        .filter(|(_, sources)| differ(sources))
        .map(|(interface, sources)| note(interface, sources))
        .collect()
}
