//! The interfaces that come up with another one: what carries it, and its ports.

use addresses::short;

use super::flavour::Flavour;
use super::interfaces::{Interfaces, Setting, Stanza};
use super::ports;
use crate::tree::Tree;

/// The options by which ifupdown2 brings up others before an interface.
const OF_IFUPDOWN2: [&str; 5] =
    ["vlan-raw-device", "vxlan-physdev", "tunnel-physdev", "bridge-ports", "bridge_ports"];

/// The same of ifupdown-ng, whose executors print them (`depend`), beside its own option `requires`.
const OF_IFUPDOWN_NG: [&str; 9] = [
    "vlan-raw-device",
    "vxlan-physdev",
    "bridge-ports",
    "bond-members",
    "bond-slaves",
    "gre-dev",
    "tunnel-dev",
    "tunnel-local-dev",
    "vrf-member",
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
    let all = OF_IFUPDOWN2.iter().chain(&OF_IFUPDOWN_NG).chain(&SWITCHED).chain(&SWITCH);
    option == "requires" || all.into_iter().any(|known| *known == option)
}

/// Returns the interface that carries one of this name, where the name alone tells it: ifupdown makes it,
/// and does not bring it up.
pub(super) fn parent(name: &str, flavour: Flavour) -> Option<&str> {
    let (parent, number) = name.rsplit_once('.')?;
    match flavour {
        Flavour::Ifupdown => None,
        Flavour::Ifupdown2 => Some(parent).filter(|_| number.parse::<u16>().is_ok()),
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
    let switched: Vec<&Setting> = named(&SWITCHED).into_iter().filter(|_| is_switch).collect();
    let words = |options: Vec<&Setting>| {
        let words = options.into_iter().flat_map(|option| option.value.split_ascii_whitespace());
        words.map(str::to_owned).collect::<Vec<_>>()
    };
    match flavour {
        // The script of Open vSwitch runs `ifup --allow=BRIDGE PORT...`.
        Flavour::Ifupdown => {
            let is_allowed = |port: &String| all.allowed.contains(&(interface.to_owned(), port.clone()));
            words(switched).into_iter().filter(is_allowed).collect()
        }
        Flavour::Ifupdown2 => {
            let lists = named(&OF_IFUPDOWN2).into_iter().chain(switched);
            lists.filter_map(ports::expressions).flatten().collect()
        }
        Flavour::IfupdownNg => {
            let required = named(&["requires"]).into_iter().take(1).collect();
            let required = words(required).into_iter().take_while(|word| !word.starts_with('#'));
            required.chain(words(named(&OF_IFUPDOWN_NG))).collect()
        }
    }
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
            (format!("{upper}{lower}").replace("eth0.5", "eth0.x"), SECOND, "192.0.2.5/24@eth0.x"),
            (named("vlan-raw-device"), SECOND, port),
            (named("vlan-raw-device"), NG, port),
            (named("vxlan-physdev"), SECOND, port),
            (named("vxlan-physdev"), NG, port),
            (named("mtu"), SECOND, ""),
            (bridge("eth0.7"), SECOND, port),
            (bridge("eth0.7"), NG, port),
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
            (text("auto br0", ""), SECOND, &[], port),
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
