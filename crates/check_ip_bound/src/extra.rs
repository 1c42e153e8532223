//! Addresses that are bound and unexpected, with where they come from as far as the kernel knows.

use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::all;
use host_net::{BoundAddress, Lifetime};
use plugin::{Finding, Metric, Range, State, Thresholds};

use crate::Observations;
use crate::expected::ListSource;
use crate::options::Ignored;
use crate::words::runs;

/// The interface and the networks whose addresses mean nothing on any host.
const ALWAYS: [&str; 4] = ["docker0", "fe80::/10", "127.0.0.0/8", "::1"];

/// Judges what is bound beyond what is expected; `unexpected` is the state of such an address, `None` for a
/// note.
pub(crate) fn judge(unexpected: Option<State>, observed: &Observations) -> Finding {
    let limit = |alarm| (unexpected == Some(alarm)).then(|| Range::up_to(0.0));
    let thresholds = Thresholds { warning: limit(State::Warning), critical: limit(State::Critical) };
    let metric = |value: f64| Metric::new("unexpected", value).thresholds(thresholds.clone()).min(0.0);
    let expected = &observed.expected;
    // The rest is unexpected only beside a list of all that should be there, which addresses named by hand
    // are not.
    if expected.source == ListSource::Bound || !expected.complete && unexpected.is_none() {
        return Finding::ok("").metric(metric(f64::NAN));
    }
    let extra = find(observed);
    let state = if extra.is_empty() { State::Ok } else { unexpected.unwrap_or(State::Ok) };
    let text = if state == State::Ok { String::new() } else { in_words(&extra) };
    Finding::new(state, text).details(describe(observed, &extra)).metric(metric(extra.len() as f64))
}

fn in_words(extra: &[BoundAddress]) -> String {
    let addresses: Vec<IpAddr> = extra.iter().map(|bound| bound.address).collect();
    let head =
        format!("{} unexpected {}: ", extra.len(), if extra.len() == 1 { "address" } else { "addresses" });
    let runs = runs(&addresses, &head);
    head + &runs
}

/// Returns what is bound, not expected, not floating and not ignored.
fn find(observed: &Observations) -> Vec<BoundAddress> {
    let always = ALWAYS.iter().filter_map(|ignored| ignored.parse::<Ignored>().ok());
    let ignored: Vec<Ignored> = always.chain(observed.expected.ignored.iter().cloned()).collect();
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
    let floats =
        |address: IpAddr| observed.expected.floating.iter().any(|(floating, _)| *floating == address);
    let moves = |address: IpAddr| floats(address) || observed.expected.absent.contains(&address);
    let ignored = |bound: &BoundAddress| {
        let name = observed.name(bound.interface);
        ignored.iter().any(|ignored| ignored.covers(bound.address, name))
    };
    let extra = |bound: &&BoundAddress| !expected(bound.address) && !moves(bound.address) && !ignored(bound);
    observed.bound.addresses.iter().filter(extra).copied().collect()
}

/// Returns a line for each interface and origin.
fn describe(observed: &Observations, extra: &[BoundAddress]) -> Vec<String> {
    let mut groups: BTreeMap<(u32, String), Vec<IpAddr>> = BTreeMap::new();
    for bound in extra {
        groups.entry((bound.interface, origin(observed, bound))).or_default().push(bound.address);
    }
    let line = |((interface, origin), addresses): (&(u32, String), &Vec<IpAddr>)| {
        format!("note: unexpected: {} on {} ({origin})", all(addresses), observed.name(*interface))
    };
    groups.iter().map(line).collect()
}

fn origin(observed: &Observations, bound: &BoundAddress) -> String {
    let same = |life: &&Lifetime| life.address == bound.address && life.interface == bound.interface;
    match observed.bound.lifetimes.iter().find(same) {
        _ if bound.flags.permanent() => "permanent".to_owned(),
        Some(life) if life.seconds != u32::MAX => {
            format!("for {} s more, by DHCP or router advertisement", life.seconds)
        }
        _ => "dynamic".to_owned(),
    }
}
