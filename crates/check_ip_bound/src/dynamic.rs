//! Interfaces that are configured to get their address from outside, by DHCP or router advertisements: which
//! of them have one.

use std::net::IpAddr;

use host_config::{Dynamic, Family, Giver, Ports, Remark, conditions_fit};
use host_net::{Bound, BoundAddress, Interface, Kind, Link};

use crate::expected::Expected;
use crate::interfaces::{absence, is_engines_bridge, is_local, is_one_of, is_parked};
use crate::port_fault::PortFault;
use crate::ports;

/// What became of one such interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Lease {
    /// It has an address.
    Has,
    /// It has none, and must have one.
    Missing(String),
    /// It has none, and needs none now.
    Excused(String),
    /// It has none, and may never be here: a pattern of names, or an interface that is not required and not
    /// there.
    Idle(String),
}

impl Lease {
    /// Whether it is one of the expected addresses.
    pub(crate) fn counts(&self) -> bool {
        matches!(self, Lease::Has | Lease::Missing(_))
    }
}

/// Returns what became of each interface that is configured so, in the order of the configuration.
pub(crate) fn leases(expected: &Expected, bound: &Bound) -> Vec<Lease> {
    if !expected.demands_dynamic || expected.dynamic.is_empty() {
        return Vec::new();
    }
    // Where no address of the host can be reached, no excuse counts.
    let isolated = !is_reachable(bound);
    let faults = ports::faults(&expected.ports, &expected.vlans, bound);
    let judged = |dynamic: &Dynamic| lease(dynamic, expected, bound, &faults, isolated);
    let leases: Vec<Lease> = expected.dynamic.iter().map(judged).collect();
    if !needs_spares(expected, bound, &leases) {
        return leases;
    }
    let needed = |dynamic: &Dynamic| Dynamic {
        required: dynamic.required || dynamic.spare,
        spare: false,
        ..dynamic.clone()
    };
    expected.dynamic.iter().map(|dynamic| judged(&needed(dynamic))).collect()
}

/// Returns whether nothing but spare interfaces can give this host an address, and none of them does: no
/// other one has to have a lease now, and no expected address is on a card. `leases` are what became of the
/// interfaces, in the order of the configuration.
fn needs_spares(expected: &Expected, bound: &Bound, leases: &[Lease]) -> bool {
    let gives = |(dynamic, lease): (&Dynamic, &Lease)| match lease {
        // What this host itself gives serves the hosts behind it alone.
        _ if dynamic.giver != Giver::Network => false,
        Lease::Has => dynamic.required || dynamic.spare,
        lease => dynamic.required && lease.counts(),
    };
    let is_on_card = |place: &BoundAddress| {
        is_for_others(place, bound)
            && bound
                .interface(place.interface)
                .is_some_and(|each| !matches!(each.kind, Kind::Dummy | Kind::Tun | Kind::Tunnel))
    };
    // One that is missing is told already.
    let serves = |address: IpAddr| {
        let places = bound.places(address);
        places.is_empty() || places.iter().any(is_on_card)
    };
    expected.dynamic.iter().any(|dynamic| dynamic.spare)
        && !expected.dynamic.iter().zip(leases).any(gives)
        && !expected.entries.iter().any(|entry| serves(entry.expected.address))
}

fn lease(
    dynamic: &Dynamic,
    expected: &Expected,
    bound: &Bound,
    faults: &[PortFault],
    isolated: bool,
) -> Lease {
    let name = dynamic.device();
    let here: Vec<&Interface> =
        bound.interfaces.iter().filter(|interface| is_for(dynamic, interface, expected)).collect();
    // What is leased there no longer leaves this host.
    let cut_off =
        |interface: &Interface| faults.iter().find(|each| each.none && each.interface == interface.index);
    if let ([only], true) = (here.as_slice(), dynamic.required)
        && let Some(fault) = cut_off(only)
    {
        return Lease::Missing(fault.text.clone());
    }
    let has = |interface: &&Interface| has_address(dynamic, interface, expected, bound);
    if here.iter().any(has) {
        return Lease::Has;
    }
    // What an interface holds that cannot carry traffic is there all the same.
    let holds = |interface: &&Interface| {
        interface.link.fault().is_some() && leased(dynamic, interface, expected, bound).next().is_some()
    };
    let lacks = lacks(dynamic, here.iter().any(holds), by_hand(dynamic, &here, bound));
    let cause = match here.as_slice() {
        [] if dynamic.is_by_conditions() => None,
        [] => Some(absence(name, &expected.vlans, bound)),
        here => cause(dynamic, here, expected, bound),
    };
    let not_required = if dynamic.is_by_conditions() { "none is required" } else { "it is not required" };
    let lacks_by = format!("{lacks}{}", cause.map(|cause| format!(": {cause}")).unwrap_or_default());
    match here.as_slice() {
        _ if isolated => Lease::Missing(lacks_by),
        [] if !dynamic.required => Lease::Idle(lacks_by),
        [] => Lease::Excused(lacks_by),
        // A pattern asks nothing of interfaces that have a file of their own.
        _ if !dynamic.required && here.iter().all(|each| is_configured_apart(each, dynamic, expected)) => {
            Lease::Idle(format!("{lacks}: {not_required}"))
        }
        _ if !dynamic.required => Lease::Excused(format!("{lacks}: {not_required}")),
        [only] if !matches!(only.link, Link::Up | Link::Down) => Lease::Excused(lacks_by),
        _ => Lease::Missing(lacks_by),
    }
}

/// The kind of address that is asked for, and what gives it.
pub(crate) fn kind(dynamic: &Dynamic) -> (&'static str, &'static str) {
    let (kind, from_outside) = match dynamic.family {
        Family::V4 => ("IPv4 address", "DHCP"),
        Family::V6 => ("IPv6 address", "DHCPv6 or router"),
        Family::Either => ("address", "DHCP"),
    };
    (kind, dynamic.giver.word().unwrap_or(from_outside))
}

/// The address that is bound where conditions tell the interfaces, and that is not a lease: it may be one of
/// a tunnel, or bound by hand.
fn by_hand(dynamic: &Dynamic, here: &[&Interface], bound: &Bound) -> Option<String> {
    let is_asked = dynamic.is_by_conditions() && dynamic.giver == Giver::Network;
    let mut held = here.iter().filter(|_| is_asked).filter_map(|interface| {
        let first = of_family(dynamic.family, interface, bound).next()?;
        Some(format!("{} has only {}", interface.name, first.address))
    });
    held.next()
}

/// What is lacking, in words; `held`: an address that is bound cannot be used; `by_hand`: what is bound in
/// place of a lease.
fn lacks(dynamic: &Dynamic, held: bool, by_hand: Option<String>) -> String {
    let (kind, by) = kind(dynamic);
    if let (false, Some(by_hand)) = (held, by_hand) {
        return format!("no interface has an {kind} by {by} ({}), {by_hand}", dynamic.interface);
    }
    match (dynamic.is_by_conditions(), held) {
        (false, true) => format!("{} has no usable {kind} ({by})", dynamic.device()),
        (false, false) => format!("{} has no {kind} ({by})", dynamic.device()),
        (true, true) => format!("no interface has a usable {kind} ({by} for {})", dynamic.interface),
        (true, false) => format!("no interface has an {kind} ({by} for {})", dynamic.interface),
    }
}

/// Why the interfaces have no address, as far as they show it.
fn cause(dynamic: &Dynamic, here: &[&Interface], expected: &Expected, bound: &Bound) -> Option<String> {
    let duplicate = |each: &&BoundAddress| {
        each.flags.duplicate()
            && !is_local(each.address)
            && here.iter().any(|interface| interface.index == each.interface)
    };
    let is_its = |remark: &&Remark| remark.place == dynamic.place;
    let failing = || expected.failing.iter().find(is_its).map(|remark| remark.what.clone());
    match here {
        [_] if let Some(what) = failing() => Some(what),
        [only] if only.link.fault().is_some() => {
            let name = if dynamic.is_by_conditions() { only.name.as_str() } else { "it" };
            Some(format!("{name} {}", only.link.fault().unwrap_or("is not up")))
        }
        all if dynamic.family == Family::V6 && all.iter().all(|each| each.ipv6_disabled == Some(true)) => {
            Some("IPv6 is disabled on it".to_owned())
        }
        _ => {
            let duplicate = bound.addresses.iter().find(duplicate);
            let duplicate = duplicate.map(|each| format!("{} is a duplicate", each.address));
            duplicate.or_else(|| {
                here.iter().find_map(|interface| other_than_lease(dynamic, interface, expected, bound))
            })
        }
    }
}

/// Names a permanent address that looks like a lease and is none.
fn other_than_lease(
    dynamic: &Dynamic,
    interface: &Interface,
    expected: &Expected,
    bound: &Bound,
) -> Option<String> {
    let mut others = of_family(dynamic.family, interface, bound)
        .filter(|each| !is_static(each, interface, expected))
        .filter_map(|each| Some((each, expected.no_lease.iter().find(|none| none.is_about(each))?)));
    others.next().map(|(each, none)| format!("{} is no lease{}", each.address, none.why))
}

/// Whether an interface is one that gets its address so. What conditions tell may be each interface that
/// nothing else configures, as far as its name shows its type.
pub(crate) fn is_for(dynamic: &Dynamic, interface: &Interface, expected: &Expected) -> bool {
    if dynamic.is_by_conditions() {
        return conditions_fit(&dynamic.interface, &interface.name)
            && !is_configured_apart(interface, dynamic, expected);
    }
    dynamic.covers(&interface.name) || interface.altnames.iter().any(|name| dynamic.covers(name))
}

/// Whether something else than `dynamic` configures an interface, or its addresses mean nothing.
pub(crate) fn is_configured_apart(interface: &Interface, dynamic: &Dynamic, expected: &Expected) -> bool {
    let named = |name: &str| is_one_of(interface, &[host_config::device(name).to_owned()]);
    let port = |ports: &Ports| named(&ports.interface) || ports.ports.iter().any(|port| named(port));
    interface.loopback
        || interface.controller.is_some()
        || is_engines_bridge(&interface.name)
        || dynamic.device() != interface.name
            && (expected.interfaces.iter().any(|(_, name)| named(name))
                || expected.dynamic.iter().any(|other| named(other.device()))
                || expected.ports.iter().any(port))
}

/// Returns whether an interface lacks its address only while duplicate address detection runs for one.
pub(crate) fn awaits_detection(expected: &Expected, bound: &Bound) -> bool {
    let lacking = leases(expected, bound).iter().any(|lease| matches!(lease, Lease::Missing(_)));
    lacking
        && bound.addresses.iter().any(|each| {
            let detecting = each.flags.tentative() && !each.flags.duplicate() && !is_local(each.address);
            detecting
                && bound.interface(each.interface).is_some_and(|interface| {
                    expected
                        .dynamic
                        .iter()
                        .any(|dynamic| dynamic.family != Family::V4 && is_for(dynamic, interface, expected))
                })
        })
}

/// Whether the interface has a usable address of the family that is not one of its static ones.
fn has_address(dynamic: &Dynamic, interface: &Interface, expected: &Expected, bound: &Bound) -> bool {
    let usable = |address: &BoundAddress| !address.flags.duplicate() && !address.flags.tentative();
    interface.link.fault().is_none() && leased(dynamic, interface, expected, bound).any(usable)
}

/// Returns the addresses of the family on the interface that are not its static ones, usable or not. What
/// fits conditions may be the tunnel of another program, whose own address is permanent and no lease.
pub(crate) fn leased<'a>(
    dynamic: &'a Dynamic,
    interface: &'a Interface,
    expected: &'a Expected,
    bound: &'a Bound,
) -> impl Iterator<Item = &'a BoundAddress> {
    let from_outside = dynamic.giver == Giver::Network;
    let others = expected.dynamic.iter().filter(move |other| {
        (other.giver == Giver::Network) != from_outside && is_for(other, interface, expected)
    });
    let families: Vec<Family> = others.map(|other| other.family).collect();
    let is_other = move |address: &BoundAddress| address.flags.permanent() == from_outside;
    let has = move |address: &&BoundAddress| !is_static(address, interface, expected);
    // An infinite lease is permanent too; so is a /32 that another program adds, as a virtual address.
    let may_be =
        |each: &BoundAddress| each.flags.permanent() && !(each.address.is_ipv4() && each.prefix == 32);
    let infinite = [Family::V4, Family::V6].map(|family| {
        let all = of_family(family, interface, bound).filter(|_| from_outside && !families.is_empty());
        all.filter(has).filter(|each| may_be(each)).nth(1).map(|_| family)
    });
    let is_infinite =
        move |address: &BoundAddress| may_be(address) && infinite.contains(&Some(family_of(address.address)));
    of_family(dynamic.family, interface, bound).filter(has).filter(move |address| {
        let is_none = || expected.no_lease.iter().any(|none| none.is_about(address));
        let stays = address.flags.permanent() && !address.flags.advertised();
        let by_hand = from_outside && stays && (dynamic.is_by_conditions() || is_none());
        let given =
            families.iter().any(|family| [family_of(address.address), Family::Either].contains(family));
        !by_hand && (!given || !is_other(address) || is_infinite(address))
    })
}

fn family_of(address: IpAddr) -> Family {
    if address.is_ipv4() { Family::V4 } else { Family::V6 }
}

/// Returns the addresses of a family on an interface that other hosts can mean, usable or not.
pub(crate) fn of_family<'a>(
    family: Family,
    interface: &'a Interface,
    bound: &'a Bound,
) -> impl Iterator<Item = &'a BoundAddress> {
    bound.addresses.iter().filter(move |address| {
        let fits = match family {
            Family::V4 => address.address.is_ipv4(),
            Family::V6 => address.address.is_ipv6(),
            Family::Either => true,
        };
        address.interface == interface.index && fits && !is_local(address.address)
    })
}

/// Whether a permanent address is one that the configuration has for this interface, one that a panel binds
/// beside the main one, or one that moves between hosts.
fn is_static(bound: &BoundAddress, interface: &Interface, expected: &Expected) -> bool {
    let named = |name: &str| {
        host_config::device(name) == interface.name || interface.altnames.iter().any(|other| other == name)
    };
    let floats = || expected.floating.binary_search_by_key(&bound.address, |(address, _)| *address).is_ok();
    let is_additional = || expected.additional.binary_search(&bound.address).is_ok();
    bound.flags.permanent()
        && (floats() || is_additional() || expected.interfaces_of(bound.address).any(named))
}

/// Returns whether any interface has an address for others, whether it can carry traffic now or not.
pub(crate) fn serves(bound: &Bound) -> bool {
    bound.addresses.iter().any(|address| is_for_others(address, bound))
}

/// Whether others can reach an address of this host.
fn is_reachable(bound: &Bound) -> bool {
    let carries = |index| bound.interface(index).is_some_and(|interface| interface.link.fault().is_none());
    bound.addresses.iter().any(|address| is_for_others(address, bound) && carries(address.interface))
}

fn is_for_others(address: &BoundAddress, bound: &Bound) -> bool {
    let aside = |interface: &Interface| {
        interface.loopback || is_engines_bridge(&interface.name) || is_parked(interface)
    };
    !is_local(address.address) && !bound.interface(address.interface).is_some_and(aside)
}

/// Returns why an interface has no dynamic address, and needs none: of the first such interface.
pub(crate) fn excused(expected: &Expected, bound: &Bound) -> Option<String> {
    leases(expected, bound).into_iter().find_map(|lease| match lease {
        Lease::Excused(why) => Some(why),
        _ => None,
    })
}

/// Returns whether anything is expected here: an interface that needs no address now is no expectation.
pub(crate) fn expects_something(expected: &Expected, bound: &Bound) -> bool {
    !expected.entries.is_empty() || leases(expected, bound).iter().any(Lease::counts)
}

#[cfg(test)]
mod tests;
