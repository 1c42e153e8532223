//! The interfaces that come up with another one: what carries it, and its ports.

use addresses::short;

use super::flavour::Flavour;
use super::interfaces::{Interfaces, Setting, Stanza};
use super::ports;
use crate::tree::Tree;

/// The options by which ifupdown2 brings up others before an interface: it reads `_` as `-`. The first is the
/// carrier of a VLAN, the next two those of a tunnel that has a mode.
const OF_IFUPDOWN2: [&str; 8] = [
    "vlan-raw-device",
    "tunnel-dev",
    "tunnel-physdev",
    "vxlan-physdev",
    "xfrm-physdev",
    "bridge-ports",
    "bond-slaves",
    "bond-ports",
];
/// What it reads besides, to tell which of them count.
const BESIDES: [&str; 4] = ["ovs-bridge", "ovs-type", "tunnel-mode", "mode"];

/// The same of ifupdown-ng, whose executors print them (`depend`), beside its own option `requires` and the
/// carrier of a VLAN.
const OF_IFUPDOWN_NG: [&str; 9] = [
    "vxlan-physdev",
    "bridge-ports",
    "bond-members",
    "bond-slaves",
    "gre-dev",
    "tunnel-dev",
    "tunnel-local-dev",
    "vrf-member",
    "vrf",
];

/// The ports of a bridge of Open vSwitch.
const SWITCHED: [&str; 2] = ["ovs_ports", "ovs-ports"];
const SWITCH: [&str; 2] = ["ovs_type", "ovs-type"];

/// The class of the bridges that the init script of Open vSwitch brings up.
const OF_SCRIPT: &str = "ovs";
const SCRIPT: &str = "/etc/init.d/openvswitch-switch";
/// Where systemd has its units. With its own unit, Open vSwitch brings none of these bridges up.
const UNITS: [&str; 3] = [
    "/etc/systemd/system",
    "/lib/systemd/system/openvswitch-switch.service",
    "/usr/lib/systemd/system/openvswitch-switch.service",
];

/// Returns the bridges of `allow-ovs` that come up at boot: Open vSwitch starts them where its init script
/// runs.
pub(super) fn switches(all: &Interfaces, tree: &Tree<'_>) -> Vec<String> {
    let runs = tree.has(SCRIPT) && !UNITS.iter().any(|unit| tree.has(unit));
    let names = all.allowed.iter().filter(|(class, _)| runs && class == OF_SCRIPT);
    names.map(|(_, name)| name.clone()).collect()
}

/// Returns a note where the addresses of a stanza that stays down may be bound all the same.
pub(super) fn note(all: &Interfaces, stanza: &Stanza) -> Option<String> {
    let is_switch = all.allowed.contains(&(OF_SCRIPT.to_owned(), stanza.name.clone()));
    let has_address = stanza.options.iter().any(|option| &*option.name == "address")
        || stanza.method.as_deref() == Some("dhcp");
    (is_switch && has_address).then(|| {
        let name = short(&stanza.name);
        let what = format!("nothing brings up {name} of allow-ovs at boot: without auto {name}");
        format!("note: {}: {what} its addresses are not expected", stanza.place)
    })
}

/// The options of which [`of`] makes something.
pub(super) fn is_read(option: &str) -> bool {
    let all = OF_IFUPDOWN_NG.iter().chain(&SWITCHED).chain(&SWITCH).chain(&["vlan-id"]);
    let mut of_ifupdown2 = OF_IFUPDOWN2.iter().chain(&BESIDES);
    option == "requires"
        || all.into_iter().any(|known| *known == option)
        || of_ifupdown2.any(|known| is_named(option, known))
}

/// Whether ifupdown2 takes an option as this one.
pub(super) fn is_named(option: &str, known: &str) -> bool {
    option.len() == known.len()
        && option.bytes().map(|byte| if byte == b'_' { b'-' } else { byte }).eq(known.bytes())
}

/// Returns the interface that carries one of this name, where the name alone tells it: ifupdown makes it,
/// and does not bring it up.
pub(super) fn parent(name: &str, flavour: Flavour) -> Option<&str> {
    let (parent, _) = name.rsplit_once('.')?;
    match flavour {
        Flavour::Ifupdown => None,
        // It reads two numbers.
        Flavour::Ifupdown2 => name.match_indices('.').take(2).last().and_then(|(end, _)| name.get(..end)),
        Flavour::IfupdownNg => {
            Some(parent).filter(|parent| !parent.starts_with("vlan") && !name.contains(['#', ':']))
        }
    }
}

/// Returns the interfaces that come up before one with these options.
pub(super) fn of(all: &Interfaces, interface: &str, flavour: Flavour, options: &[&Setting]) -> Vec<String> {
    let named = |names: &[&str]| {
        let named = options.iter().filter(|option| names.contains(&&*option.name));
        named.copied().collect::<Vec<&Setting>>()
    };
    let is_switch = named(&SWITCH).iter().any(|option| &*option.value == "OVSBridge");
    let words = |options: Vec<&Setting>| {
        let words = options.into_iter().flat_map(|option| option.value.split_ascii_whitespace());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    match flavour {
        // The script of Open vSwitch runs `ifup --allow=BRIDGE PORT...`.
        Flavour::Ifupdown => {
            let is_allowed = |port: &String| all.allowed.contains(&(interface.to_owned(), port.clone()));
            let switched = named(&SWITCHED).into_iter().filter(|_| is_switch).collect();
            words(switched).into_iter().filter(is_allowed).collect()
        }
        Flavour::Ifupdown2 => of_ifupdown2(interface, options),
        Flavour::IfupdownNg => {
            let required = named(&["requires"]).into_iter().take(1).collect();
            let required = words(required).into_iter().take_while(|word| !word.starts_with('#'));
            // A name that tells the carrier wins, and another that begins as those of VLANs is enough.
            let has_name = interface.contains(['.', '#', ':']);
            let is_vlan = interface.starts_with("vlan") || !named(&["vlan-id"]).is_empty();
            let carriers = if is_vlan && !has_name { named(&["vlan-raw-device"]) } else { Vec::new() };
            required.chain(words(carriers)).chain(words(named(&OF_IFUPDOWN_NG))).collect()
        }
    }
}

/// The same of ifupdown2: a port of Open vSwitch brings up its bridge, and the bridge none of its ports.
fn of_ifupdown2(interface: &str, options: &[&Setting]) -> Vec<String> {
    let first = |known: &str| options.iter().find(|option| is_named(&option.name, known)).copied();
    let is_tunnel = first("tunnel-mode").or_else(|| first("mode")).is_some();
    let is_port = first("ovs-type").is_some_and(|option| &*option.value != "OVSBridge");
    let named = OF_IFUPDOWN2.into_iter().filter(|name| is_tunnel || !name.starts_with("tunnel"));
    let lists = named.filter_map(first).chain(first("ovs-bridge").filter(|_| is_port));
    let by_name = parent(interface, Flavour::Ifupdown2).filter(|_| first("vlan-raw-device").is_none());
    lists.filter_map(ports::expressions).flatten().chain(by_name.map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::super::read;
    use super::*;

    /// What ifupdown 0.8.41, ifupdown2 3.0.0 or ifupdown-ng 0.11.4 has besides.
    const PLAIN: &str = "/etc/network/x";
    const SECOND: &str = "/etc/network/ifupdown2/ifupdown2.conf";
    const NG: &str = "/usr/libexec/ifupdown-ng/link";

    /// Returns the addresses that are promised, and the notes.
    fn promised(text: &str, program: &str, others: &[&str]) -> (String, Vec<String>) {
        let deadline = Deadline::after(Duration::from_secs(60));
        let files = [("/etc/network/interfaces", text), (program, "")];
        let others = others.iter().map(|path| (*path, ""));
        let found = read(&Tree::in_memory(files.into_iter().chain(others), &deadline)).unwrap().unwrap();
        let all = found
            .promises
            .iter()
            .map(|each| format!("{}@{}", each.expected, each.interface.as_deref().unwrap()));
        (all.collect::<Vec<_>>().join(" "), found.notes)
    }

    /// As the programs themselves brought them up in a namespace.
    #[test]
    fn what_carries_an_interface_comes_up_with_it() {
        let upper = "auto eth0.5\niface eth0.5\n address 192.0.2.5/24\n";
        let lower = "iface eth0\n address 192.0.2.1/24\n";
        let (own, both) = ("192.0.2.5/24@eth0.5", "192.0.2.5/24@eth0.5 192.0.2.1/24@eth0");
        let on_1 = "192.0.2.5/24@eth0.5 192.0.2.1/24@eth1";
        let bridge = |port: &str| format!("auto br0\niface br0\n bridge-ports {port}\n{lower}");
        let port = "192.0.2.1/24@eth0";
        let named =
            |option: &str| format!("auto v9\niface v9\n {option} eth0\n vlan-id 9\n vxlan-id 9\n{lower}");
        let rows = [
            (
                format!("{upper}{lower}")
                    .replace("eth0.5\n", "eth0.5 inet static\n")
                    .replace("eth0\n", "eth0 inet static\n"),
                PLAIN,
                own,
            ),
            (format!("{upper}{lower}"), SECOND, both),
            (format!("{upper}{lower}"), NG, both),
            (
                format!("{upper}{lower}").replace("h0.5", "h0.4.5"),
                SECOND,
                "192.0.2.5/24@eth0.4.5 192.0.2.1/24@eth0",
            ),
            (
                format!("{upper}{lower}").replace("eth0.5", "eth0.x"),
                SECOND,
                "192.0.2.5/24@eth0.x 192.0.2.1/24@eth0",
            ),
            (
                format!("{upper}{lower}").replace("h0.5", "h0.1.2.3"),
                SECOND,
                "192.0.2.5/24@eth0.1.2.3 192.0.2.1/24@eth0",
            ),
            (format!("auto eth0.5\n{lower}"), SECOND, ""),
            // An option that names the carrier wins over the name of the interface.
            (format!("{upper} vlan-raw-device eth1\n{lower}"), SECOND, own),
            (
                format!("{upper} vlan_raw_device eth1\n{lower}").replace("ace eth0\n", "ace eth1\n"),
                SECOND,
                on_1,
            ),
            (named("vlan-raw-device"), SECOND, port),
            (named("vlan-raw-device"), NG, port),
            (named("vxlan-physdev"), SECOND, port),
            (named("vxlan-physdev"), NG, port),
            (named("vxlan_physdev"), SECOND, port),
            (named("xfrm-physdev"), SECOND, port),
            (named("tunnel-dev"), SECOND, ""),
            (named("tunnel-mode gre\n tunnel-dev"), SECOND, port),
            (named("tunnel_mode gre\n tunnel_physdev"), SECOND, port),
            (named("ovs_bridge"), SECOND, ""),
            (named("ovs_type OVSPort\n ovs_bridge"), SECOND, port),
            (named("ovs-type OVSIntPort\n ovs-bridge"), SECOND, port),
            (named("ovs_type OVSBridge\n ovs_bridge"), SECOND, ""),
            (named("mtu"), SECOND, ""),
            (bridge("eth0.7"), SECOND, port),
            (bridge("eth0.7"), NG, port),
            (format!("{upper} vlan-raw-device eth1\n{lower}"), NG, both),
            (format!("{upper} vlan-raw-device eth1\n{lower}").replace("ace eth0\n", "ace eth1\n"), NG, own),
            (named("vlan-raw-device").replace(" vlan-id 9\n", ""), NG, ""),
            (named("vlan-raw-device").replace(" vlan-id 9\n", "").replace("v9", "vlan9"), NG, port),
            (named("vrf"), NG, port),
            (named("bridge_ports"), NG, ""),
            // It takes them off a port, also of a bridge that stays down.
            (bridge("eth0"), SECOND, ""),
            (bridge("eth0"), NG, port),
            (format!("auto eth0\n{}", bridge("eth0")).replace("auto br0\n", ""), SECOND, ""),
            (format!("auto eth0\n{}", bridge("eth0")).replace("auto br0\n", ""), NG, port),
        ];
        for (text, program, expected) in rows {
            assert_eq!(promised(&text, program, &[]).0, expected, "{program}\n{text}");
        }
    }

    #[test]
    fn what_carries_an_interface_has_its_lease() {
        let text = |start: &str| {
            format!("{start} eth0.5\niface eth0.5\n address 192.0.2.5/24\niface eth0 inet dhcp\n")
        };
        let rows = [
            (text("auto"), SECOND, Some(true)),
            (text("auto"), NG, Some(true)),
            (text("allow-hotplug"), NG, Some(false)),
            (text("auto").replace("eth0.5\n address", "eth0.5 inet static\n address"), PLAIN, None),
            // This version knows no such method.
            ("auto eth0\niface eth0 inet6 auto\n".to_owned(), SECOND, Some(false)),
            ("auto eth0\niface eth0 inet6 auto\n".to_owned(), PLAIN, Some(true)),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (text, program, expected) in rows {
            let files = [("/etc/network/interfaces", text.as_str()), (program, "")];
            let found = read(&Tree::in_memory(files, &deadline)).unwrap().unwrap();
            assert_eq!(found.dynamic.first().map(|each| each.required), expected, "{program} {text}");
        }
    }

    /// The script of Open vSwitch 3.1.0 brings up the ports of a bridge that an `allow-` line permits.
    #[test]
    fn the_ports_of_a_switch_come_up_with_it() {
        let text = |first: &str, second: &str| {
            format!(
                "{first}\niface br0 inet manual\n ovs_type OVSBridge\n ovs_ports eth0 vlan1\n{second}\n\
                 iface vlan1 inet static\n address 192.0.2.1/24\n ovs_type OVSIntPort\n ovs_bridge br0\n"
            )
        };
        let port = "192.0.2.1/24@vlan1";
        let script = &[SCRIPT][..];
        let rows = [
            (text("auto br0", "allow-br0 vlan1"), PLAIN, &[][..], port),
            (text("auto br0", "allow-br1 vlan1"), PLAIN, &[], ""),
            (text("auto br0", ""), PLAIN, &[], ""),
            // That of ifupdown2 3.0.0 does not.
            (text("auto br0", "allow-br0 vlan1"), SECOND, &[], ""),
            (text("auto br0", "allow-br0 vlan1").replace("OVSBridge", "OVSPort"), PLAIN, &[], ""),
            (text("allow-ovs br0", "allow-br0 vlan1"), PLAIN, &[], ""),
            (text("allow-ovs br0", "allow-br0 vlan1"), PLAIN, script, port),
            (text("allow-ovs br0", "allow-br0 vlan1"), PLAIN, &[SCRIPT, UNITS[1]], ""),
        ];
        for (text, program, others, expected) in rows {
            assert_eq!(promised(&text, program, others).0, expected, "{program} {others:?}\n{text}");
        }
        let bridge = "allow-ovs br0\niface br0 inet static\n address 192.0.2.1/24\n ovs_type OVSBridge\n";
        let note = "note: /etc/network/interfaces line 2: nothing brings up br0 of allow-ovs at boot: without auto br0 its \
                    addresses are not expected";
        assert_eq!(promised(bridge, PLAIN, &[]), (String::new(), vec![note.to_owned()]));
        assert_eq!(promised(bridge, PLAIN, script), ("192.0.2.1/24@br0".to_owned(), vec![]));
    }
}
