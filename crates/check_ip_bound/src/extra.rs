//! Addresses that are bound and that nobody expects, with where they come from as far as the kernel knows.

use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::{all, brief};
use host_net::BoundAddress;
use plugin::{Metric, Range, State, Thresholds};

use crate::evaluate::{Part, ROOM};
use crate::{Args, Ignored, ListSource, Observations};

/// The interface and the network that nobody lists and that mean nothing.
const ALWAYS: [&str; 4] = ["docker0", "fe80::/10", "127.0.0.0/8", "::1"];

/// Judges what is bound beyond what is expected.
pub(crate) fn judge(args: &Args, observed: &Observations) -> Part {
    if observed.expected.source == ListSource::Bound {
        return Part::default();
    }
    let configured = observed.expected.source != ListSource::Named;
    if !configured && args.unexpected.is_none() && args.addresses.file.is_empty() {
        // Who names a few addresses by hand does not ask about all the others.
        return Part::default();
    }
    let extra = find(args, observed);
    let state = if extra.is_empty() { State::Ok } else { args.unexpected.unwrap_or(State::Ok) };
    let mut part = Part { state, details: describe(observed, &extra), ..Part::default() };
    if configured || args.unexpected.is_some() {
        let limit = |alarm| (args.unexpected == Some(alarm)).then(|| Range::up_to(0.0));
        let thresholds = Thresholds { warning: limit(State::Warning), critical: limit(State::Critical) };
        part.metrics.push(Metric::count("unexpected", extra.len()).thresholds(thresholds));
    }
    if state != State::Ok {
        let addresses: Vec<IpAddr> = extra.iter().map(|bound| bound.address).collect();
        let noun = if extra.len() == 1 { "address" } else { "addresses" };
        part.text = Some(format!("{} {noun} expected by nobody: {}", extra.len(), brief(&addresses, ROOM)));
    }
    part
}

/// What is bound, not expected, not floating and not ignored.
fn find(args: &Args, observed: &Observations) -> Vec<BoundAddress> {
    let always = ALWAYS.iter().filter_map(|ignored| ignored.parse::<Ignored>().ok());
    let ignored: Vec<Ignored> = always.chain(args.ignore.iter().cloned()).collect();
    let mut entries = observed.expected.entries.as_slice();
    let mut expected = |address: IpAddr| {
        // Both are sorted.
        while let [first, rest @ ..] = entries {
            if first.expected.address >= address {
                return first.expected.address == address;
            }
            entries = rest;
        }
        false
    };
    let moves = |address: IpAddr| {
        observed.expected.floating.iter().any(|(floating, _)| *floating == address) || args.absent.contains(&address)
    };
    let ignored = |bound: &BoundAddress| {
        let name = observed.name(bound.interface);
        ignored.iter().any(|ignored| ignored.covers(bound.address, name))
    };
    let extra = |bound: &&BoundAddress| !expected(bound.address) && !moves(bound.address) && !ignored(bound);
    observed.bound.addresses.iter().filter(extra).copied().collect()
}

/// One line for each interface and origin.
fn describe(observed: &Observations, extra: &[BoundAddress]) -> Vec<String> {
    let mut groups: BTreeMap<(u32, String), Vec<IpAddr>> = BTreeMap::new();
    for bound in extra {
        groups.entry((bound.interface, origin(observed, bound))).or_default().push(bound.address);
    }
    let line = |((interface, origin), addresses): (&(u32, String), &Vec<IpAddr>)| {
        format!("note: expected by nobody: {} on {} ({origin})", all(addresses), observed.name(*interface))
    };
    groups.iter().map(line).collect()
}

fn origin(observed: &Observations, bound: &BoundAddress) -> String {
    let same = |life: &&host_net::Lifetime| life.address == bound.address && life.interface == bound.interface;
    match observed.bound.lifetimes.iter().find(same) {
        _ if bound.flags.permanent() => "permanent".to_owned(),
        Some(life) if life.seconds != u32::MAX => {
            format!("for {} s more: by DHCP or router advertisement", life.seconds)
        }
        _ => "dynamic".to_owned(),
    }
}
