//! What tells interfaces and addresses apart that mean something to other hosts from those that do not.

use std::net::IpAddr;

use host_net::{Interface, Kind, Link};

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
