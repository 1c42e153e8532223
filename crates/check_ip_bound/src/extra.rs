//! Addresses that are bound and unexpected, with where they come from as far as the kernel knows.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use addresses::all;
use host_config::{Giver, Possible, selects};
use host_net::{Bound, BoundAddress, Lifetime};
use plugin::{Finding, Metric, Range, Report, State, Thresholds};

use crate::dynamic::{is_for, leased};
use crate::expected::ListSource;
use crate::interfaces::{is_engines_bridge, is_local, is_parked};
use crate::options::Ignored;
use crate::words::runs;
use crate::{Args, Observations};

/// The networks whose addresses mean nothing on any host.
const ALWAYS: [&str; 4] = ["fe80::/10", "169.254.0.0/16", "127.0.0.0/8", "::1"];

/// Judges what is bound beyond what is expected; `unexpected` is the state of such an address, `None` for a
/// note.
pub(crate) fn judge(unexpected: Option<State>, observed: &Observations) -> Finding {
    let limit = |alarm| (unexpected == Some(alarm)).then(|| Range::up_to(0.0));
    let thresholds = Thresholds { warning: limit(State::Warning), critical: limit(State::Critical) };
    let metric = |value: f64| Metric::new("unexpected", value).thresholds(thresholds.clone()).min(0.0);
    let expected = &observed.expected;
    // The rest is unexpected only beside a list of all that should be there, which addresses named by hand
    // are not. If a source cannot be used, its addresses are among the bound ones.
    let nothing = expected.entries.is_empty() && expected.dynamic.is_empty();
    if !expected.unusable.is_empty()
        || !expected.unknown.is_empty()
        || expected.source == ListSource::Bound
        || (!expected.complete || nothing) && unexpected.is_none()
    {
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
    let (ignored, endless) = (ignored(&observed.expected.ignored), endless(observed));
    let mut entries = observed.expected.entries.as_slice();
    let mut expected = |address: IpAddr| {
        // Both are sorted, and mostly each has the next of the other.
        if let [_, rest @ ..] = entries
            && rest.first().is_some_and(|next| next.expected.address == address)
        {
            entries = rest;
            return true;
        }
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
        let aside = observed.bound.interface(bound.interface).is_some_and(is_parked);
        aside
            || is_engines_bridge(name)
            || is_leased(observed, bound)
            || endless.contains(bound)
            || is_possible(observed, bound)
            || ignored.iter().any(|ignored| ignored.covers(bound.address, name))
    };
    let extra = |bound: &&BoundAddress| !expected(bound.address) && !moves(bound.address) && !ignored(bound);
    observed.bound.addresses.iter().filter(extra).copied().collect()
}

/// Returns where any address is expected: on any host, and by these.
fn ignored(own: &[Ignored]) -> Vec<Ignored> {
    let always = ALWAYS.iter().filter_map(|ignored| ignored.parse().ok());
    always.chain(own.iter().cloned()).collect()
}

/// Whether an address is what its interface is configured to get from outside, temporary IPv6 addresses
/// included.
fn is_leased(observed: &Observations, bound: &BoundAddress) -> bool {
    let Some(interface) = observed.bound.interface(bound.interface) else { return false };
    let expected = &observed.expected;
    let is_asked = || expected.dynamic.iter().any(|dynamic| is_for(dynamic, interface, expected));
    (!bound.flags.permanent() || bound.flags.advertised()) && is_asked()
}

/// Returns the permanent addresses of which each is the only one that can be its interface's lease: one that
/// never ends is permanent too.
fn endless(observed: &Observations) -> BTreeSet<&BoundAddress> {
    let Observations { expected, bound, .. } = observed;
    let mut found = BTreeSet::new();
    for dynamic in expected.dynamic.iter().filter(|dynamic| dynamic.giver == Giver::Network) {
        for interface in bound.interfaces.iter().filter(|interface| is_for(dynamic, interface, expected)) {
            for is_four in [true, false] {
                let is_of_family = |each: &&BoundAddress| each.address.is_ipv4() == is_four;
                let mut all = leased(dynamic, interface, expected, bound).filter(is_of_family);
                found.extend(all.next().filter(|_| all.next().is_none()));
            }
        }
    }
    found
}

/// Whether an address is one that may be bound on its interface.
fn is_possible(observed: &Observations, bound: &BoundAddress) -> bool {
    let Some(interface) = observed.bound.interface(bound.interface) else { return false };
    let is_on = |name: &String| {
        let device = host_config::device(name);
        selects(device, &interface.name) || interface.altnames.iter().any(|other| selects(device, other))
    };
    let stays = bound.flags.permanent() && !bound.flags.advertised();
    let covers = |possible: &Possible| {
        if stays && possible.is_advertised() {
            return false;
        }
        let network = Ignored::of(possible.addresses);
        network.covers(bound.address, &interface.name) && possible.interface.iter().all(is_on)
    };
    observed.expected.possible.iter().any(covers)
}

/// Returns the bound addresses that stay until something removes them, and that other hosts can mean: those
/// that are neither local to this host or its link, nor temporary, leased, of a container engine, floating or
/// ignored.
pub fn staying<'a>(
    bound: &'a Bound,
    ignore: &[Ignored],
    floating: &[(IpAddr, String)],
) -> impl Iterator<Item = &'a BoundAddress> {
    let ignored = ignored(ignore);
    bound.addresses.iter().filter(move |address| {
        let Some(interface) = bound.interface(address.interface) else { return false };
        let name = interface.name.as_str();
        let own = is_engines_bridge(name) || is_parked(interface) || is_local(address.address);
        let floats = floating.iter().any(|(floating, _)| *floating == address.address);
        let moves = floats || !address.flags.permanent();
        !own && !moves && !ignored.iter().any(|ignored| ignored.covers(address.address, name))
    })
}

/// Returns them as a list for --file, those on loopback too: a router or a director sends them on to this
/// host.
pub(crate) fn listing(bound: &Bound, args: &Args, floating: &[(IpAddr, String)]) -> Report {
    // A list reads an IPv4-mapped address as the IPv4 address, which is another one to the kernel.
    let is_read = |address: &&BoundAddress| address.address.to_canonical() == address.address;
    let lines = staying(bound, &args.ignore, floating).filter(is_read).filter_map(|address| {
        let on = &bound.interface(address.interface)?.name;
        Some(format!("{}/{} # bound on {on}", address.address, address.prefix))
    });
    let lines: Vec<String> = lines.collect();
    let head = format!("# {} bound here", crate::words::addresses(lines.len()));
    let here = floating.iter().filter(|(address, _)| !bound.places(*address).is_empty());
    let here: Vec<String> = here.map(|(address, place)| format!("# floating: {address} # {place}")).collect();
    let nothing = lines.is_empty();
    let mut report = Report::listing(std::iter::once(head).chain(lines).chain(here));
    // An empty list must not replace a complete one.
    if nothing {
        report.state = State::Unknown;
    }
    report
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
        _ if bound.flags.advertised() && bound.flags.permanent() => "by router advertisement".to_owned(),
        _ if bound.flags.permanent() => "permanent".to_owned(),
        Some(life) if life.seconds != u32::MAX => {
            format!("for {} s more, by DHCP or router advertisement", life.seconds)
        }
        _ => "dynamic".to_owned(),
    }
}
