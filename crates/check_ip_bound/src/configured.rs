//! Whether lists or the configuration name an interface, for a program that finds one gone.

use host_config::{device, selects};
use host_net::Bound;

use crate::Expected;

impl Expected {
    /// Returns whether an interface is configured: named and brought up at boot, or told by what gives it
    /// something. Also where that is not known, because a part of the configuration cannot be used, or tells
    /// interfaces by conditions or by a hardware address that no interface in `bound` has.
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

    const IFUPDOWN: &str = "/etc/network/interfaces";
    const NETWORKD: &str = "/etc/systemd/network/a.network";
    const NETPLAN: &str = "/etc/netplan/a.yaml";
    const MANAGER: &str = "/etc/NetworkManager/system-connections/a.nmconnection";
    const RED_HAT: &str = "/etc/sysconfig/network-scripts/ifcfg-a";
    const SUSE: &str = "/etc/sysconfig/network/ifcfg-eth1";
    const DHCPCD: &str = "/etc/dhcpcd.conf";

    /// Asserts which of three interfaces each file configures, where eth1 is here and then gone.
    fn assert_configured(rows: &[(&str, &str, &[&str])]) {
        let bound = Bound { interfaces: vec![Interface::new(2, "eth0")], ..Bound::default() };
        for (file, text, configured) in rows {
            let deadline = Deadline::after(Duration::from_secs(60));
            let files = [(*file, *text), ("/sys/class/net/eth1/address", "02:00:00:00:11:01\n")];
            let tree = Tree::in_memory(files, &deadline);
            let expected = Expected::read_from(&args().expectations(), &tree, &deadline);
            let found: Vec<&str> = ["eth1", "eth1.5", "tun0"]
                .into_iter()
                .filter(|name| expected.configures(name, &bound))
                .collect();
            assert_eq!(found, *configured, "{file} {text}");
        }
    }

    #[test]
    fn an_interface_is_configured_by_whatever_gives_it_something() {
        let vrrp = "vrrp_instance a {\n interface tun0\n virtual_router_id 1\n \
                    virtual_ipaddress {\n  192.0.2.9\n }\n}\n";
        assert_configured(&[
            (IFUPDOWN, "auto eth1:0\niface eth1:0 inet static\n address 192.0.2.9/24\n", &["eth1"]),
            (IFUPDOWN, "allow-hotplug eth1\niface eth1 inet static\n address 192.0.2.9/24\n", &["eth1"]),
            (IFUPDOWN, "auto eth1.5\niface eth1.5 inet dhcp\n", &["eth1.5"]),
            (IFUPDOWN, "auto eth0\niface eth0 inet static\n address 192.0.2.9/24\n", &[]),
            (IFUPDOWN, "auto eth0\n  broken\n", &["eth1", "eth1.5", "tun0"]),
            (NETWORKD, "[Match]\nName=tun0\n[Network]\nAddress=192.0.2.9/24\n", &["tun0"]),
            (NETWORKD, "[Match]\nName=eth*\n[Network]\nDHCP=yes\n", &["eth1", "eth1.5"]),
            (NETPLAN, "network:\n  ethernets:\n    eth1: {optional: true, dhcp4: true}\n", &["eth1"]),
            ("/etc/keepalived/keepalived.conf", vrrp, &["tun0"]),
            ("/etc/hosts", "192.0.2.9 eth1\n", &[]),
        ]);
    }

    #[test]
    fn a_name_alone_is_enough_where_a_file_brings_the_interface_up_at_boot() {
        assert_configured(&[
            (
                IFUPDOWN,
                "auto eth1:0 eth1.5\niface eth1:0 inet manual\niface eth1.5 inet manual\n",
                &["eth1", "eth1.5"],
            ),
            (IFUPDOWN, "auto eth1=lan\niface lan inet manual\n", &["eth1"]),
            (NETWORKD, "[Match]\nName=eth1 eth2*\n[Network]\nLinkLocalAddressing=no\n", &["eth1"]),
            (NETPLAN, "network:\n  ethernets:\n    eth1: {}\n", &["eth1"]),
            (NETPLAN, "network:\n  ethernets:\n    a: {match: {name: eth1}}\n", &["eth1"]),
            (MANAGER, "[connection]\ntype=ethernet\ninterface-name=eth1\n", &["eth1"]),
            (MANAGER, "[connection]\ntype=ethernet\n[match]\ninterface-name=eth1\n", &["eth1"]),
            (RED_HAT, "DEVICE=eth1\nHWADDR=02:00:00:00:11:01\nONBOOT=yes\n", &["eth1"]),
            (SUSE, "STARTMODE=auto\nBOOTPROTO=none\n", &["eth1"]),
        ]);
    }

    /// One that is set down on purpose, or comes and goes, is no outage.
    #[test]
    fn a_name_alone_tells_nothing_where_the_interface_need_not_be_there() {
        let generated = "/run/NetworkManager/system-connections/a.nmconnection";
        let shipped = "/usr/lib/systemd/network/a.network";
        let handed_on = "network:\n  renderer: NetworkManager\n  ethernets:\n    eth1:\n      networkmanager:\n        \
                         passthrough: {connection.autoconnect: \"false\"}\n";
        assert_configured(&[
            (IFUPDOWN, "iface eth1 inet manual\niface eth1.5 inet manual\n", &[]),
            (IFUPDOWN, "auto eth1\n", &[]),
            (IFUPDOWN, "allow-hotplug eth1\niface eth1 inet manual\n", &[]),
            (IFUPDOWN, "auto eth1\niface eth1 inet ppp\n provider isp\n", &[]),
            (IFUPDOWN, "auto tun0\niface tun0 inet manual\n", &[]),
            (NETWORKD, "[Match]\nName=eth1\n[Link]\nUnmanaged=yes\n", &[]),
            (NETWORKD, "[Match]\nName=eth1\n[Link]\nRequiredForOnline=no\n", &[]),
            (NETWORKD, "[Match]\nName=eth1\n[Link]\nActivationPolicy=manual\n", &[]),
            (NETWORKD, "[Match]\nMACAddress=02:00:00:00:11:01\n[Network]\nLLDP=yes\n", &[]),
            (shipped, "[Match]\nName=eth1\n[Network]\nLLDP=yes\n", &[]),
            (NETPLAN, "network:\n  ethernets:\n    eth1: {match: {name: eth1*}}\n", &[]),
            (NETPLAN, "network:\n  ethernets:\n    a: {match: {macaddress: \"02:00:00:00:11:01\"}}\n", &[]),
            (NETPLAN, "network:\n  ethernets:\n    eth1: {optional: true}\n", &[]),
            (NETPLAN, "network:\n  ethernets:\n    eth1: {activation-mode: manual}\n", &[]),
            (NETPLAN, "network:\n  modems:\n    eth1: {}\n", &[]),
            (NETPLAN, handed_on, &[]),
            (MANAGER, "[connection]\ntype=ethernet\ninterface-name=eth1\nautoconnect=false\n", &[]),
            (MANAGER, "[connection]\ntype=ethernet\n[ethernet]\nmac-address=02:00:00:00:11:01\n", &[]),
            (
                generated,
                "[connection]\ntype=ethernet\ninterface-name=eth1\n[.nmmeta]\nnm-generated=true\n",
                &[],
            ),
            (RED_HAT, "DEVICE=eth1\nONBOOT=no\n", &[]),
            (RED_HAT, "HWADDR=02:00:00:00:11:01\nONBOOT=yes\n", &[]),
            (SUSE, "STARTMODE=manual\n", &[]),
            (SUSE, "STARTMODE=hotplug\nBOOTPROTO=none\n", &[]),
            (DHCPCD, "interface eth1\nnodhcp\n", &[]),
        ]);
    }
}
