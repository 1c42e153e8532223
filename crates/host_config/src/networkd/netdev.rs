//! The `.netdev` files of networkd, by systemd.netdev(5), as far as they make bridges, and those of which it
//! makes nothing.

use std::collections::{BTreeMap, BTreeSet};

use addresses::short;

use crate::folders;
use crate::hardware::Cards;
use crate::located::Located;
use crate::promise::{ConfigError, Place, Promises};
use crate::tree::Tree;

use super::conditions::{HostFacts, described, is_of_the_host};
use super::drop_in::drop_ins;
use super::unit::{Section, boolean, sections};

/// The kinds that systemd 252 or 257 knows.
const KINDS: [&str; 39] = [
    "bareudp",
    "batadv",
    "bond",
    "bridge",
    "dummy",
    "erspan",
    "fou",
    "geneve",
    "gre",
    "gretap",
    "hsr",
    "ifb",
    "ip6gre",
    "ip6gretap",
    "ip6tnl",
    "ipip",
    "ipoib",
    "ipvlan",
    "ipvtap",
    "l2tp",
    "macsec",
    "macvlan",
    "macvtap",
    "netdevsim",
    "nlmon",
    "sit",
    "tap",
    "tun",
    "vcan",
    "veth",
    "vlan",
    "vrf",
    "vti",
    "vti6",
    "vxcan",
    "vxlan",
    "wireguard",
    "wlan",
    "xfrm",
];

/// The kinds of which networkd makes one where a file has its name by the key alone, unless a tunnel says
/// that it needs no such file.
const STACKED: [(&str, &str); 19] = [
    ("vlan", "VLAN"),
    ("macvlan", "MACVLAN"),
    ("macvtap", "MACVTAP"),
    ("ipvlan", "IPVLAN"),
    ("ipvtap", "IPVTAP"),
    ("macsec", "MACsec"),
    ("ipoib", "IPoIB"),
    ("vxlan", "VXLAN"),
    ("xfrm", "Xfrm"),
    ("erspan", "Tunnel"),
    ("gre", "Tunnel"),
    ("gretap", "Tunnel"),
    ("ip6gre", "Tunnel"),
    ("ip6gretap", "Tunnel"),
    ("ip6tnl", "Tunnel"),
    ("ipip", "Tunnel"),
    ("sit", "Tunnel"),
    ("vti", "Tunnel"),
    ("vti6", "Tunnel"),
];

/// The longest name that the kernel gives an interface, in octets.
const LONGEST_NAME: usize = 15;

/// What a file and its drop-ins say of its interface.
#[derive(Default)]
struct Device {
    /// The conditions on the host, each with its value.
    host: BTreeMap<String, Located>,
    name: Option<String>,
    kind: Option<Located>,
    /// The identifier of a VLAN.
    id: Option<Located>,
    /// The keys by which a tunnel needs no interface that carries it, as far as they are on.
    alone: BTreeSet<String>,
}

fn is_kind(kind: &str) -> bool {
    KINDS.contains(&kind)
}

impl Device {
    /// Takes what a file says, or one of its drop-ins after it.
    fn take(&mut self, sections: Vec<Section>) {
        for section in sections {
            for each in section.assignments {
                match (section.name.value.as_str(), each.key.as_str()) {
                    ("NetDev", "Name") => self.take_name(each.value.value),
                    ("NetDev", "Kind") => self.take_kind(each.value),
                    ("VLAN", "Id") => self.id = Some(each.value),
                    ("Tunnel", "Independent" | "AssignToLoopback") | ("VXLAN" | "Xfrm", "Independent") => {
                        self.take_alone(each.key, &each.value.value);
                    }
                    ("Match", _) => self.take_condition(each.key, each.value),
                    _ => {}
                }
            }
        }
    }

    /// Takes a kind: networkd ignores each after the first one that it knows.
    fn take_kind(&mut self, kind: Located) {
        if !self.kind.as_ref().is_some_and(|known| is_kind(&known.value)) {
            self.kind = Some(kind);
        }
    }

    /// Takes a name: an empty one takes an earlier one back, one that no interface can have is ignored.
    fn take_name(&mut self, name: String) {
        if name.len() <= LONGEST_NAME {
            self.name = Some(name).filter(|name| !name.is_empty());
        }
    }

    /// Takes a key of what needs no carrier: networkd ignores a value that is neither true nor false.
    fn take_alone(&mut self, key: String, value: &str) {
        match boolean(value) {
            Some(true) => drop(self.alone.insert(key)),
            Some(false) => drop(self.alone.remove(&key)),
            None => {}
        }
    }

    /// Takes a condition: the last one of a key counts.
    fn take_condition(&mut self, key: String, value: Located) {
        if value.value.is_empty() {
            self.host.remove(&key);
        } else if is_of_the_host(&key) {
            self.host.insert(key, value);
        }
    }

    /// The first condition that surely does not hold here.
    fn fails(&self, facts: &HostFacts<'_>) -> Option<(String, Place)> {
        let (key, value) =
            self.host.iter().find(|(key, value)| facts.holds(key, &value.value) == Some(false))?;
        Some((format!("not for this host: {}", described(key, &value.value)), value.place.clone()))
    }

    /// Returns why networkd makes nothing of it, and where it is written.
    fn fault(&self, path: &str) -> Option<(String, Place)> {
        let whole = || Place::new(path, 1);
        if self.name.is_none() {
            return Some(("no Name".to_owned(), whole()));
        }
        let Some(kind) = &self.kind else { return Some(("no Kind".to_owned(), whole())) };
        if !is_kind(&kind.value) {
            return Some((format!("no kind {}", short(&kind.value)), kind.place.clone()));
        }
        let is_id = |id: &Located| id.value.parse::<u16>().is_ok_and(|id| id <= 4_094);
        let lacks_id = kind.value == "vlan" && !self.id.as_ref().is_some_and(is_id);
        let place = || self.id.as_ref().map_or_else(whole, |id| id.place.clone());
        lacks_id.then(|| ("a VLAN without an Id of 0 to 4094".to_owned(), place()))
    }
}

/// The interfaces that networkd makes nothing of, with the reasons.
#[derive(Debug, Default)]
pub(super) struct Unmade {
    by_name: BTreeMap<String, String>,
    /// Of the files without a name, which the name of the file may tell.
    nameless: Vec<(String, Place)>,
    /// The names of what networkd makes where it is carried, each with the key that says so.
    stacked: Vec<(String, &'static str)>,
}

impl Unmade {
    /// Takes what `.network` files have their interfaces carry: the rest is not made.
    pub(super) fn carried<'n>(&mut self, names: impl Iterator<Item = &'n String>) {
        let carried: BTreeSet<&String> = names.collect();
        for (name, key) in self.stacked.drain(..).filter(|(name, _)| !carried.contains(name)) {
            let why = format!("networkd makes no {name}: no .network file has {key}={name}");
            self.by_name.entry(name).or_insert(why);
        }
    }

    /// Names the reason for addresses on such interfaces that are not here.
    pub(super) fn explain(&self, cards: &Cards<'_>, to: &mut Promises) {
        let is_of = |name: &str, place: &Place| {
            let file = place.file.rsplit('/').next().unwrap_or_default().trim_end_matches(".netdev");
            file == name || file.ends_with(&format!("-{name}"))
        };
        let nameless = |name: &str| {
            let (what, place) = self.nameless.iter().find(|(_, place)| is_of(name, place))?;
            Some(format!("networkd makes no {name}, {place}: {what}"))
        };
        let known = |name: &str| self.by_name.get(name).cloned().or_else(|| nameless(name));
        let cause = |name: &str| known(name).filter(|_| !cards.has(name));
        let found = to.promises.iter().filter_map(|promise| {
            let why = cause(promise.interface.as_deref()?)?;
            Some(promise.place.remark(why))
        });
        to.unfit.extend(found.collect::<Vec<_>>());
    }
}

/// Adds the bridges that networkd makes by `files`, each without a port yet. Returns what it does not make.
pub(super) fn add(
    tree: &Tree<'_>,
    files: BTreeMap<String, String>,
    facts: &HostFacts<'_>,
    to: &mut Promises,
) -> Result<Unmade, ConfigError> {
    let mut unmade = Unmade::default();
    for (file, path) in files {
        let content = to.readable(folders::content(tree, &path))?.unwrap_or_default();
        // An empty file is a mask: its drop-ins are not read either.
        if content.is_empty() {
            continue;
        }
        let mut device = Device::default();
        device.take(sections(&path, &content, to)?);
        let mut is_whole = true;
        for drop_in in drop_ins(tree, &file, to)? {
            let content = to.readable(folders::content(tree, &drop_in))?;
            is_whole &= content.is_some();
            device.take(sections(&drop_in, &content.unwrap_or_default(), to)?);
        }
        // A drop-in that cannot be read may have what is not in the others.
        let fault = device.fails(facts).or_else(|| device.fault(&path)).filter(|_| is_whole);
        let is_kind = |known: &str| device.kind.as_ref().is_some_and(|kind| kind.value == known);
        let is_bridge = is_kind("bridge");
        let stacked = STACKED.iter().find(|(kind, _)| is_kind(kind) && device.alone.is_empty());
        let stacked = stacked.map(|(_, key)| *key);
        let Some(name) = device.name else {
            let notes = fault
                .iter()
                .map(|(what, place)| format!("note: {}: {what}: networkd ignores it", place.file));
            to.notes.extend(notes);
            unmade.nameless.extend(fault);
            continue;
        };
        if is_bridge && fault.is_none() {
            to.add_port(&name, None, &Place::new(&path, 1));
        }
        if let Some((what, place)) = fault {
            let why = format!("networkd makes no {name}, {place}: {what}");
            unmade.by_name.entry(name).or_insert(why);
        } else {
            unmade.stacked.extend(stacked.map(|key| (name, key)));
        }
    }
    Ok(unmade)
}
