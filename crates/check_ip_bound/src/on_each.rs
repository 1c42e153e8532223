//! Which addresses the configuration has on several interfaces at once, and not on one of several.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use host_config::{Promise, is_pattern};

/// Returns the addresses that each of several interfaces must have, sorted, from what each source says. Where
/// sources differ, only what all of them say is certain: the others may be about interfaces of which one is
/// enough.
pub(crate) fn on_each<'a>(sources: impl Iterator<Item = &'a [Promise]>) -> Vec<(IpAddr, String)> {
    let mut said: BTreeMap<IpAddr, BTreeSet<&str>> = BTreeMap::new();
    let per_source: Vec<Vec<(IpAddr, &str)>> = sources.map(placed).collect();
    // The usual host has no such address, and a long list is not put into a map.
    let several: BTreeSet<IpAddr> = per_source.iter().flat_map(|placed| repeated(placed)).collect();
    for placed in per_source.iter().filter(|_| !several.is_empty()) {
        let mut of_source: BTreeMap<IpAddr, BTreeSet<&str>> = BTreeMap::new();
        for (address, device) in placed.iter().filter(|(address, _)| several.contains(address)) {
            of_source.entry(*address).or_default().insert(device);
        }
        for (address, devices) in of_source {
            let known = said.entry(address).or_insert_with(|| devices.clone());
            known.retain(|device| devices.contains(device));
        }
    }
    said.retain(|_, devices| devices.len() > 1);
    let pairs = |(address, devices): (IpAddr, BTreeSet<&str>)| {
        devices.into_iter().map(str::to_owned).map(move |device| (address, device)).collect::<Vec<_>>()
    };
    said.into_iter().flat_map(pairs).collect()
}

/// Returns what lists say of interfaces, by list, without the lines of which each names several interfaces:
/// one of them is enough.
pub(crate) fn of_lists(comments: &[Promise]) -> impl Iterator<Item = Vec<Promise>> {
    let lists = comments.chunk_by(|first, second| first.place.file == second.place.file);
    let single = |line: &&[Promise]| line.len() == 1;
    lists.map(move |list| {
        let lines = list.chunk_by(|first, second| first.place == second.place);
        lines.filter(single).flatten().cloned().collect()
    })
}

/// The addresses of a source with the interface that it names for each, sorted, each pair once. An alias as
/// eth0:1 is on eth0.
fn placed(promises: &[Promise]) -> Vec<(IpAddr, &str)> {
    let on = |promise: &'_ Promise| promise.interface.is_some() && !promise.floating;
    let device = |promise| {
        let Promise { expected, interface, .. }: &Promise = promise;
        let name = interface.as_deref().filter(|name| !is_pattern(name))?;
        Some((expected.address, host_config::device(name)))
    };
    let mut placed: Vec<_> = promises.iter().filter(|promise| on(promise)).filter_map(device).collect();
    placed.sort_unstable();
    placed.dedup();
    placed
}

/// The addresses that come up more than once.
fn repeated(placed: &[(IpAddr, &str)]) -> Vec<IpAddr> {
    let pairs = placed.iter().zip(placed.iter().skip(1));
    pairs.filter(|((first, _), (second, _))| first == second).map(|((address, _), _)| *address).collect()
}
