//! What ifupdown2 leaves of addresses on ports: it binds none of a port of a bridge or a bond, also where
//! that stays down, and flushes a port when it joins a bridge. Commands of the files bind some all the same.

use std::collections::{HashMap, HashSet};

use super::flavour::Flavour;
use super::interfaces::{Interfaces, Setting};
use super::ledger::Change;
use super::{lower, ports};
use crate::promise::{Place, Ports, Promise, Promises, Shadowed};
use crate::selector::{is_pattern, selects};

/// The options that give a bond its ports.
const OF_BONDS: [&str; 2] = ["bond-slaves", "bond-ports"];

/// Adds the addresses of stanzas, each with the number of its stanza, except those on ports.
pub(super) fn flush(interfaces: &Interfaces, bound: Vec<(usize, Promise)>, all: &mut Promises) {
    let mut configured = Promises::default();
    let mut bonds = Vec::new();
    for (index, stanza) in interfaces.stanzas.iter().enumerate() {
        ports::add(interfaces, index, Some(&stanza.name), Flavour::Ifupdown2, &mut configured);
        let is_list = |option: &&Setting| OF_BONDS.iter().any(|known| lower::is_named(&option.name, known));
        for list in stanza.options.iter().filter(is_list) {
            let of = |ports| Ports {
                interface: stanza.name.clone(),
                ports,
                uplinks: Vec::new(),
                waits: false,
                place: list.place.clone(),
            };
            bonds.extend([of(Vec::new()), of(ports::expressions(list).unwrap_or_default())]);
        }
    }
    let up: HashSet<String> = all.ports.iter().map(|of| of.interface.clone()).collect();
    let bridges: Vec<Ports> = all.ports.iter().cloned().chain(configured.ports).collect();
    let (bridge_of, bond_of) = (controller_of_port(&bridges), controller_of_port(&bonds));
    let controller = |port: &str| {
        let bridge = bridge_of(port).filter(|bridge| *bridge != port);
        bridge.or_else(|| bond_of(port).filter(|bond| *bond != port))
    };
    let (leased, refused): (Vec<_>, Vec<_>) = std::mem::take(&mut all.dynamic)
        .into_iter()
        .partition(|dynamic| controller(dynamic.device()).is_none());
    all.dynamic = leased;
    all.notes.extend(refused.into_iter().filter_map(|dynamic| {
        let name = dynamic.device();
        let of = controller(name)?;
        Some(format!("note: {}: ifupdown2 asks for no address on {name}, a port of {of}", dynamic.place))
    }));
    let order = Order::new(interfaces);
    for (index, promise) in bound {
        let port = promise.interface.as_deref().unwrap_or_default();
        let bridge = bridge_of(port).filter(|bridge| *bridge != port);
        let why = controller(port).and_then(|name| match (order.command(&promise.place), bridge) {
            (None, Some(_)) => Some(format!("ifupdown2 takes it off a port of {name}")),
            (None, None) => Some(format!("ifupdown2 binds none on a port of {name}")),
            (Some(phase), Some(_)) if up.contains(name) && !order.is_after(index, phase, port, name) => {
                Some(format!("ifupdown2 takes it off a port of {name}"))
            }
            _ => None,
        });
        match why {
            Some(why) => {
                all.shadowed.push(Shadowed { expected: promise.expected, why, place: promise.place });
            }
            None => all.promises.push(promise),
        }
    }
}

/// Whether ifupdown2 takes away addresses that the stanza does not name.
pub(super) fn purges(options: &[&Setting]) -> bool {
    let option = options.iter().find(|option| lower::is_named(&option.name, "address-purge"));
    option.is_none_or(|option| !matches!(&*option.value.to_ascii_lowercase(), "no" | "off" | "0" | "false"))
}

/// Takes back what is bound on an interface before its addresses, and returns it: ifupdown2 does so in
/// `ifreload` and not at boot.
pub(super) fn purge(changes: &mut Vec<Change>, interface: Option<&str>) -> Vec<Promise> {
    let mut purged = Vec::new();
    for change in std::mem::take(changes) {
        match change {
            Change::Bind(promise, _) if promise.interface.as_deref() == interface => purged.push(promise),
            change => changes.push(change),
        }
    }
    purged
}

/// When a phase of commands runs.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    After,
}

/// The commands of stanzas, and in which order the stanzas stand.
struct Order<'a> {
    interfaces: &'a Interfaces,
    commands: HashMap<(&'a str, u32), Phase>,
    /// The last stanza of each name.
    last: HashMap<&'a str, usize>,
}

impl<'a> Order<'a> {
    fn new(interfaces: &'a Interfaces) -> Self {
        let (mut commands, mut last) = (HashMap::new(), HashMap::new());
        for (index, stanza) in interfaces.stanzas.iter().enumerate() {
            last.insert(stanza.name.as_str(), index);
            for option in &stanza.options {
                let phase = match &*option.name {
                    "pre-up" => Phase::Before,
                    "up" | "post-up" => Phase::After,
                    _ => continue,
                };
                commands.insert((option.place.file.as_str(), option.place.line), phase);
            }
        }
        Self { interfaces, commands, last }
    }

    /// Returns the phase of the command that stands there, if one does.
    fn command(&self, place: &Place) -> Option<Phase> {
        self.commands.get(&(place.file.as_str(), place.line)).copied()
    }

    /// Whether a command of stanza `index` runs after the port joined the bridge. A port comes up before it.
    fn is_after(&self, index: usize, phase: Phase, port: &str, bridge: &str) -> bool {
        let own = self.interfaces.stanzas.get(index).map(|stanza| stanza.name.as_str());
        if own == Some(bridge) {
            return phase == Phase::After;
        }
        own != Some(port) && self.last.get(bridge).is_some_and(|of_bridge| index > *of_bridge)
    }
}

/// Returns what tells the bridge of a port, or the bond: the first that names it, by a name or by a pattern.
/// Of thousands of bridges, no port looks through the names of all.
fn controller_of_port<'a>(all: &'a [Ports]) -> impl Fn(&str) -> Option<&'a str> {
    let bridges: HashSet<&str> =
        all.iter().filter(|of| of.ports.is_empty()).map(|of| of.interface.as_str()).collect();
    let (mut named, mut patterns) = (HashMap::new(), Vec::new());
    for (index, of) in all.iter().enumerate().filter(|(_, of)| bridges.contains(of.interface.as_str())) {
        for port in of.ports.iter().map(String::as_str) {
            match is_pattern(port) {
                true => patterns.push((index, port)),
                false => _ = named.entry(port).or_insert(index),
            }
        }
    }
    move |port| {
        let by_pattern = patterns.iter().find(|(_, pattern)| selects(pattern, port)).map(|(index, _)| *index);
        let first = named.get(port).copied().into_iter().chain(by_pattern).min()?;
        all.get(first).map(|of| of.interface.as_str())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::super::{FILE, read};
    use super::*;
    use crate::tree::Tree;

    /// Returns the last numbers of the addresses that stay, and of those that do not.
    fn outcome(text: &str) -> [String; 2] {
        let deadline = Deadline::after(Duration::from_secs(60));
        let files = [(FILE, text), ("/etc/network/ifupdown2/ifupdown2.conf", "")];
        let found = read(&Tree::in_memory(files, &deadline)).unwrap().unwrap();
        let last = |all: &mut dyn Iterator<Item = String>| {
            let numbers =
                all.filter_map(|address| Some(address.split_once('/')?.0.rsplit_once('.')?.1.to_owned()));
            let mut numbers: Vec<String> = numbers.collect();
            numbers.sort();
            numbers.join(" ")
        };
        [
            last(&mut found.promises.iter().map(|each| each.expected.to_string())),
            last(&mut found.shadowed.iter().map(|each| each.expected.to_string())),
        ]
    }

    #[test]
    fn a_port_is_of_the_first_bridge_that_names_it() {
        let of = |interface: &str, port: &str| Ports {
            interface: interface.to_owned(),
            ports: (!port.is_empty()).then(|| port.to_owned()).into_iter().collect(),
            uplinks: Vec::new(),
            waits: false,
            place: Place::new("f", 1),
        };
        let all = [
            of("bond0", "eth5"),
            of("br0", ""),
            of("br0", "eth0"),
            of("br1", ""),
            of("br1", "eth[01],!eth9"),
            of("br2", ""),
            of("br2", "eth1"),
            of("br2", "eth0"),
        ];
        let bridge_of = controller_of_port(&all);
        let rows = [("eth0", Some("br0")), ("eth1", Some("br1")), ("eth2", None), ("eth5", None)];
        for (port, expected) in rows {
            assert_eq!(bridge_of(port), expected, "{port}");
        }
    }

    /// As ifupdown2 3.0.0 left them in a namespace. There, 2 is bound at boot, and taken away by `ifreload`.
    #[test]
    fn commands_bind_addresses_on_ports() {
        let add = |last: u8| format!("ip addr add 192.0.2.{last}/24 dev eth0");
        let port = format!("iface eth0\n address 192.0.2.1/24\n pre-up {}\n up {}\n", add(2), add(3));
        let bridge = |list: &str| format!("iface br0\n {list} eth0\n pre-up {}\n up {}\n", add(4), add(5));
        let others = format!("auto lo eth1\niface lo\n up {}\n", add(6));
        let later = format!("iface eth1\n up {}\n", add(7));
        let text = |auto: &str, list: &str| format!("{others}auto {auto}\n{port}{}{later}", bridge(list));
        let rows = [
            (text("eth0 br0", "bridge-ports"), "5 7", "1 3 4 6"),
            (text("br0", "bridge_ports"), "5 7", "1 3 4 6"),
            (text("eth0 br0", "bridge-ports regex"), "5 7", "1 3 4 6"),
            (text("eth0", "bridge-ports"), "3 6 7", "1"),
            (text("eth0", "bond-slaves"), "3 6 7", "1"),
            (text("br0", "bond_slaves"), "3 4 5 6 7", "1"),
            (text("br0", "bond-ports"), "3 4 5 6 7", "1"),
            (text("eth0", "mtu"), "1 3 6 7", ""),
            // What binds none of its own addresses takes none away.
            (
                "auto eth1\niface eth1 inet dhcp\n pre-up ip addr add 192.0.2.8/24 dev eth1\n".to_owned(),
                "8",
                "",
            ),
            (
                "auto eth1\niface eth1\n address-purge no\n pre-up ip addr add 192.0.2.8/24 dev eth1\n"
                    .to_owned(),
                "8",
                "",
            ),
            (format!("auto eth1\niface eth1\n address 192.0.2.9/24\n pre-up {}\n", add(8)), "8 9", ""),
        ];
        for (text, kept, taken) in rows {
            assert_eq!(outcome(&text), [kept, taken], "{text}");
        }
    }

    #[test]
    fn a_bridge_that_names_itself_keeps_its_address() {
        let place = Place { file: "f".to_owned(), line: 1 };
        let promise = |name: &str| crate::Promise {
            expected: "192.0.2.1/24".parse().unwrap(),
            interface: Some(name.to_owned()),
            floating: false,
            place: place.clone(),
        };
        let mut all = Promises::default();
        [None, Some("br0"), Some("eth0")].into_iter().for_each(|port| all.add_port("br0", port, &place));
        let bound = vec![(0, promise("br0")), (0, promise("eth0"))];
        flush(&Interfaces::default(), bound, &mut all);
        let names: Vec<&str> =
            all.promises.iter().filter_map(|promise| promise.interface.as_deref()).collect();
        assert_eq!(names, ["br0"]);
    }
}
