//! Whether lists or the configuration name an interface, for a program that finds one gone.

use host_config::{device, selects};
use host_net::Bound;

use crate::Expected;

impl Expected {
    /// Returns whether an interface is configured: named, or told by a pattern that gives it something. Also
    /// where that is not known, because a part of the configuration cannot be used, or tells interfaces by
    /// conditions or by a hardware address that no interface in `bound` has.
    pub fn configures(&self, name: &str, bound: &Bound) -> bool {
        let tells = |selector: &str| {
            let is_hardware = device(selector) == selector && selector.contains(':');
            device(selector) == name
                || selects(selector, name)
                || selector.contains('=')
                || is_hardware && bound.by_hardware(selector).is_none()
        };
        self.understood().is_err() || self.named.contains(name) || self.selectors().any(tells)
    }

    /// Returns what tells interfaces.
    fn selectors(&self) -> impl Iterator<Item = &str> {
        let profiles = self.one_of.iter().flat_map(|one_of| &one_of.profiles);
        let of_profiles = profiles.flat_map(|profile| {
            let promised = profile.promises.iter().filter_map(|promise| promise.interface.as_deref());
            let dynamic = profile.dynamic.iter().map(|dynamic| dynamic.interface.as_str());
            let port = profile.port.iter().flat_map(|(port, of)| [port.as_str(), of]);
            promised.chain(dynamic).chain(port)
        });
        let placed = self.interfaces.iter().chain(&self.on_each).map(|(_, name)| name.as_str());
        let possible = self.possible.iter().chain(&self.guessed);
        let possible = possible.filter_map(|possible| possible.interface.as_deref());
        let dynamic = self.dynamic.iter().map(|dynamic| dynamic.interface.as_str());
        let ports = self.ports.iter().flat_map(|each| each.ports.iter().chain([&each.interface]));
        let vlans = self.vlans.iter().flat_map(|vlan| [&vlan.interface, &vlan.parent]);
        let names = ports.chain(vlans).map(String::as_str);
        placed.chain(of_profiles).chain(possible).chain(dynamic).chain(names)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use host_config::Tree;
    use host_net::Interface;
    use plugin::Deadline;

    use super::*;
    use crate::fixture::args;

    #[test]
    fn an_interface_is_configured_by_whatever_tells_it() {
        let ifupdown = "/etc/network/interfaces";
        let networkd = "/etc/systemd/network/a.network";
        let netplan = "/etc/netplan/a.yaml";
        let manager = "/etc/NetworkManager/system-connections/a.nmconnection";
        let generated = "/run/NetworkManager/system-connections/a.nmconnection";
        let vrrp = "vrrp_instance a {\n interface tun0\n virtual_router_id 1\n \
                    virtual_ipaddress {\n  192.0.2.9\n }\n}\n";
        let rows = [
            (ifupdown, "auto eth1:0\niface eth1:0 inet static\n address 192.0.2.9/24\n", &["eth1"][..]),
            (ifupdown, "auto eth1.5\niface eth1.5 inet dhcp\n", &["eth1.5"]),
            (ifupdown, "auto eth0\niface eth0 inet static\n address 192.0.2.9/24\n", &[]),
            (ifupdown, "auto eth0\n  broken\n", &["eth1", "eth1.5", "tun0"]),
            (networkd, "[Match]\nName=tun0\n[Network]\nAddress=192.0.2.9/24\n", &["tun0"]),
            (networkd, "[Match]\nName=eth*\n[Network]\nDHCP=yes\n", &["eth1", "eth1.5"]),
            ("/etc/hosts", "192.0.2.9 eth1\n", &[]),
            // A name alone is enough. A pattern without an address may be for whatever comes and goes.
            (ifupdown, "iface eth1:0 inet manual\niface eth1.5 inet6 auto\n", &["eth1", "eth1.5"]),
            (ifupdown, "auto tun0=vpn\niface vpn inet manual\n", &["tun0"]),
            (networkd, "[Match]\nName=eth1 tu*\n[Network]\nLinkLocalAddressing=no\n", &["eth1"]),
            (networkd, "[Match]\nName=tun0\n[Link]\nUnmanaged=yes\n", &[]),
            (netplan, "network:\n  ethernets:\n    eth1: {}\n", &["eth1"]),
            (netplan, "network:\n  ethernets:\n    a: {match: {name: eth1}}\n", &["eth1"]),
            (netplan, "network:\n  ethernets:\n    eth1: {match: {name: tu*}}\n", &[]),
            (manager, "[connection]\ntype=tun\ninterface-name=tun0\nautoconnect=false\n", &["tun0"]),
            (generated, "[connection]\ntype=tun\ninterface-name=tun0\n[.nmmeta]\nnm-generated=true\n", &[]),
            ("/etc/sysconfig/network-scripts/ifcfg-a", "DEVICE=eth1\nONBOOT=no\n", &["eth1"]),
            ("/etc/sysconfig/network/ifcfg-eth1", "STARTMODE=manual\n", &["eth1"]),
            ("/etc/dhcpcd.conf", "interface eth1\nnodhcp\n", &["eth1"]),
            ("/etc/dhcpcd.conf", "denyinterfaces tun0\ninterface tun0\n", &[]),
            ("/etc/keepalived/keepalived.conf", vrrp, &["tun0"]),
        ];
        let bound = Bound { interfaces: vec![Interface::new(2, "eth0")], ..Bound::default() };
        for (file, text, configured) in rows {
            let deadline = Deadline::after(Duration::from_secs(60));
            let tree = Tree::in_memory([(file, text)], &deadline);
            let expected = Expected::read_from(&args().expectations(), &tree, &deadline);
            let found: Vec<&str> = ["eth1", "eth1.5", "tun0"]
                .into_iter()
                .filter(|name| expected.configures(name, &bound))
                .collect();
            assert_eq!(found, configured, "{file} {text}");
        }
    }
}
