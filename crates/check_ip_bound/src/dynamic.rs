//! Interfaces that are configured to get their address from outside, by DHCP or router advertisements: which
//! of them have one.

use std::net::IpAddr;

use host_config::{Dynamic, Family};
use host_net::{Bound, BoundAddress, Interface, Kind, Link};

use crate::expected::Expected;

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
    if !expected.demands_dynamic {
        return Vec::new();
    }
    // Where the host has no address at all, no excuse counts.
    let isolated = !serves(bound);
    expected.dynamic.iter().map(|dynamic| lease(dynamic, expected, bound, isolated)).collect()
}

fn lease(dynamic: &Dynamic, expected: &Expected, bound: &Bound, isolated: bool) -> Lease {
    let name = dynamic.interface.split(':').next().unwrap_or_default();
    let fitting = |interface: &&Interface| {
        dynamic.covers(&interface.name) || interface.altnames.iter().any(|name| dynamic.covers(name))
    };
    let here: Vec<&Interface> = bound.interfaces.iter().filter(fitting).collect();
    let has = |interface: &&Interface| has_address(dynamic.family, interface, expected, bound);
    if here.iter().any(has) {
        return Lease::Has;
    }
    let lacks = match dynamic.family {
        Family::V4 => format!("{name} has no IPv4 address (DHCP)"),
        Family::V6 => format!("{name} has no IPv6 address (DHCPv6 or router)"),
        Family::Either => format!("{name} has no address (DHCP)"),
    };
    match here.as_slice() {
        _ if isolated => Lease::Missing(lacks),
        [] if !dynamic.required => Lease::Idle(format!("{lacks}: there is no {name} here")),
        [] => Lease::Excused(format!("{lacks}: there is no {name} here")),
        _ if !dynamic.required && here.iter().all(|interface| interface.name != name) => {
            Lease::Idle(format!("{lacks}: it is not required"))
        }
        _ if !dynamic.required => Lease::Excused(format!("{lacks}: it is not required")),
        [only] if only.link == Link::Down => Lease::Missing(format!("{lacks}: it is down")),
        [only] if only.link != Link::Up => {
            Lease::Excused(format!("{lacks}: it {}", only.link.fault().unwrap_or("is not up")))
        }
        _ => Lease::Missing(lacks),
    }
}

/// Whether the interface has a usable address of the family that is not one of its static ones.
fn has_address(family: Family, interface: &Interface, expected: &Expected, bound: &Bound) -> bool {
    let on = |address: &&BoundAddress| address.interface == interface.index;
    bound.addresses.iter().filter(on).any(|address| {
        let fits = match family {
            Family::V4 => address.address.is_ipv4(),
            Family::V6 => address.address.is_ipv6(),
            Family::Either => true,
        };
        let usable =
            interface.link.fault().is_none() && !address.flags.duplicate() && !address.flags.tentative();
        fits && usable && !is_local(address.address) && !is_static(address, interface, expected)
    })
}

/// Whether a permanent address is one that the configuration has for this interface, or one that moves
/// between hosts.
fn is_static(bound: &BoundAddress, interface: &Interface, expected: &Expected) -> bool {
    let named = |name: &str| {
        name.split(':').next() == Some(&interface.name)
            || interface.altnames.iter().any(|other| other == name)
    };
    let configured = |(address, name): &(IpAddr, String)| *address == bound.address && named(name);
    let floats = expected.floating.binary_search_by_key(&bound.address, |(address, _)| *address).is_ok();
    bound.flags.permanent() && (floats || expected.interfaces.iter().any(configured))
}

/// Whether an address serves this host or its link alone: loopback and link-local ones.
pub(crate) fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    }
}

/// Whether any interface has an address that others can reach.
pub(crate) fn serves(bound: &Bound) -> bool {
    let aside = |index| {
        let interface = bound.interface(index);
        interface.is_some_and(|interface| {
            interface.loopback || is_engines_bridge(&interface.name) || is_parked(interface)
        })
    };
    bound.addresses.iter().any(|address| !is_local(address.address) && !aside(address.interface))
}

/// Whether an interface is switched off on purpose: one that only holds addresses, as kube-proxy's, answers
/// for them even so.
pub(crate) fn is_parked(interface: &Interface) -> bool {
    interface.link == Link::Down && matches!(interface.kind, Kind::Dummy | Kind::Tun)
}

/// Whether a container engine or a hypervisor made this bridge: its address means nothing on the network.
pub(crate) fn is_engines_bridge(name: &str) -> bool {
    let docker = name
        .strip_prefix("br-")
        .is_some_and(|id| id.len() == 12 && id.bytes().all(|octet| octet.is_ascii_hexdigit()));
    let prefixes = ["virbr", "lxdbr", "cni", "podman"];
    docker
        || matches!(name, "docker0" | "docker_gwbridge")
        || prefixes.iter().any(|prefix| name.starts_with(prefix))
}

/// Returns whether anything is expected here: an interface that needs no address now is no expectation.
pub(crate) fn expects_something(expected: &Expected, bound: &Bound) -> bool {
    !expected.is_empty() || leases(expected, bound).iter().any(Lease::counts)
}
