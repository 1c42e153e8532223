//! What tells interfaces and addresses apart that mean something to other hosts from those that do not.

use std::net::IpAddr;

use host_config::Vlan;
use host_net::{Bound, Interface, Kind, Link};

/// Returns whether an interface has one of these names, or another name that is one.
pub(crate) fn is_one_of(interface: &Interface, names: &[String]) -> bool {
    names.iter().any(|name| *name == interface.name || interface.altnames.contains(name))
}

/// Whether an address serves this host or its link alone: loopback and link-local ones.
pub(crate) fn is_local(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    }
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

/// How many VLANs may be on each other.
const STACKED: usize = 4;

/// Returns that an interface is not here, or of a VLAN, that what carries it is not here; `vlans` are sorted.
pub(crate) fn absence(name: &str, vlans: &[Vlan], bound: &Bound) -> String {
    if name.contains(':') {
        let is_here = bound.interfaces.iter().any(|each| each.hardware.eq_ignore_ascii_case(name));
        return format!("{} here has {name}", if is_here { "more than one card" } else { "no card" });
    }
    let mut lowest = name;
    for _ in 0..STACKED {
        match carrier(lowest, vlans).filter(|parent| bound.by_name(parent).is_none()) {
            Some(parent) => lowest = parent,
            None => break,
        }
    }
    if lowest == name {
        return none_here(name);
    }
    format!("{name} is not here: {}", none_here(lowest))
}

/// Returns that no interface has a name. A first line does not show quotes, which networkd and others take as
/// part of it.
fn none_here(name: &str) -> String {
    let quotes = if name.contains(['"', '\'']) { " with quotes" } else { "" };
    format!("there is no {name}{quotes} here")
}

/// The interface that carries a VLAN: the configured one, or that of a name as eth0.10.
fn carrier<'a>(name: &'a str, vlans: &'a [Vlan]) -> Option<&'a str> {
    let first = vlans.partition_point(|vlan| vlan.interface.as_str() < name);
    if let Some(vlan) = vlans.get(first).filter(|vlan| vlan.interface == name) {
        return Some(&vlan.parent);
    }
    let (parent, number) = name.rsplit_once('.')?;
    let is_vlan =
        number.bytes().all(|octet| octet.is_ascii_digit()) && number.parse::<u16>().is_ok_and(|it| it < 4095);
    Some(parent).filter(|parent| is_vlan && !parent.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::bound;

    #[test]
    fn a_vlan_is_absent_with_what_carries_it() {
        let bound = bound("192.0.2.1/24@eth0");
        let vlan = |interface: &str, parent: &str| Vlan {
            interface: interface.to_owned(),
            parent: parent.to_owned(),
        };
        let vlans = [vlan("a", "b"), vlan("b", "a"), vlan("vlan10", "eth9"), vlan("vlan20", "eth0")];
        let rows = [
            ("eth9", "there is no eth9 here"),
            ("eth9.10", "eth9.10 is not here: there is no eth9 here"),
            ("eth9.10.20", "eth9.10.20 is not here: there is no eth9 here"),
            ("eth0.10", "there is no eth0.10 here"),
            ("eth0.10.20", "eth0.10.20 is not here: there is no eth0.10 here"),
            ("vlan10", "vlan10 is not here: there is no eth9 here"),
            ("vlan20", "there is no vlan20 here"),
            ("vlan10.5", "vlan10.5 is not here: there is no eth9 here"),
            ("eth9.4095", "there is no eth9.4095 here"),
            ("eth9.x", "there is no eth9.x here"),
            (".10", "there is no .10 here"),
            ("a", "there is no a here"),
        ];
        for (name, expected) in rows {
            assert_eq!(absence(name, &vlans, &bound), expected);
        }
    }
}
