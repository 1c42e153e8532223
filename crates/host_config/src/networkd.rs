//! systemd-networkd: `.network` files and their drop-ins, by systemd.network(5).
//!
//! All folders' files are taken in the order of their names, of the same name that of the folder that counts
//! most; an empty one masks the name. The drop-ins of a file are read after it, whichever folder they are in.
//! Each interface gets the first file that matches it; a file without a condition in `[Match]` is ignored.
//! Which file that is, names alone decide here: what a file says that matches by hardware or by the kind of
//! interface may come true, so its addresses are promised, without an interface where it names none.

mod address;
mod conditions;
mod kernel;
mod matching;
mod netdev;
mod unit;
mod version;
mod virtualization;

use std::collections::BTreeMap;

use crate::folders;
use crate::hardware::Cards;
use crate::located::{Asked, Located};
use crate::promise::{ConfigError, Dynamic, Family, Place, Promises, Shadowed};
use crate::tree::Tree;
use address::{address_section, asked};
use addresses::HostAddress;
use conditions::HostFacts;
use matching::{Claimed, Match};
use unit::{Assignment, Section, boolean, sections};

/// The one that counts most first.
const FOLDERS: [&str; 5] = [
    "/etc/systemd/network",
    "/run/systemd/network",
    "/usr/local/lib/systemd/network",
    "/usr/lib/systemd/network",
    "/lib/systemd/network",
];

/// Returns what all the files promise: `None` if there is not one.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let mut promises = Promises::default();
    let folders = FOLDERS.map(str::to_owned);
    let files = folders::by_name(tree, &folders, &mut promises, |name| is_of(name, ".network"))?;
    let mut claimed = Claimed::default();
    let facts = HostFacts::new(tree);
    let cards = Cards::new(tree);
    // Up to version 252 an empty Address= is ignored; later ones reset the list.
    let resets = version::read(tree)?.is_none_or(|version| version > LAST_WITHOUT_RESET);
    let devices = folders::by_name(tree, &folders, &mut promises, |name| is_of(name, ".netdev"))?;
    netdev::add(tree, devices, &mut promises)?;
    for (name, path) in &files {
        // An empty file is a mask, and so is a link to /dev/null; its drop-ins are not read either.
        let content = promises.readable(folders::content(tree, path))?;
        let Some(content) = content.filter(|content| !content.is_empty()) else { continue };
        let shipped = !path.starts_with("/etc/") && !path.starts_with("/run/");
        let mut network = Network { resets, shipped, ..Network::default() };
        let read = read_whole(tree, name, path, &content, &mut network, &mut promises);
        let understood = read.is_ok();
        promises.survive(read)?;
        if understood {
            network.matches.resolve(&cards);
            network.promise(&Place::new(path, 1), &facts, &cards, &mut claimed, &mut promises);
        }
    }
    let read = add_orphans(tree, &files, &mut promises);
    promises.survive(read)?;
    let found = !files.is_empty() || !promises.shadowed.is_empty() || !promises.unreadable.is_empty();
    Ok(found.then_some(promises))
}

/// Adds the addresses of the drop-ins of files that are not there; `files` has those that are, by name.
fn add_orphans(
    tree: &Tree<'_>,
    files: &BTreeMap<String, String>,
    to: &mut Promises,
) -> Result<(), ConfigError> {
    let mut names = Vec::new();
    for folder in FOLDERS {
        let all = tree.names(folder)?.into_iter().filter_map(|name| name.into_string().ok());
        names.extend(all.filter_map(|name| {
            name.strip_suffix(".d").filter(|name| name.ends_with(".network")).map(str::to_owned)
        }));
    }
    names.sort();
    names.dedup();
    for name in names.into_iter().filter(|name| !files.contains_key(name)) {
        let mut network = Network::default();
        for path in drop_ins(tree, &name, to)? {
            let content = to.readable(folders::content(tree, &path))?.unwrap_or_default();
            network.take(sections(&path, &content, to)?, to)?;
        }
        let why = format!("there is no {name}");
        to.shadowed.extend(network.statics().map(|(expected, place)| Shadowed {
            expected,
            why: why.clone(),
            place,
        }));
    }
    Ok(())
}

/// The values of `DHCP=` that ask for an address, beside the booleans.
const DHCP: [&str; 5] = ["both", "ipv4", "ipv6", "v4", "v6"];
/// The last version that ignores an empty `Address=`.
const LAST_WITHOUT_RESET: u32 = 252;

/// Reads a file and its drop-ins.
fn read_whole(
    tree: &Tree<'_>,
    name: &str,
    path: &str,
    content: &[u8],
    network: &mut Network,
    to: &mut Promises,
) -> Result<(), ConfigError> {
    network.take(sections(path, content, to)?, to)?;
    for drop_in in drop_ins(tree, name, to)? {
        let content = to.readable(folders::content(tree, &drop_in))?.unwrap_or_default();
        network.take(sections(&drop_in, &content, to)?, to)?;
    }
    Ok(())
}

fn is_of(name: &str, kind: &str) -> bool {
    name.ends_with(kind) && !name.starts_with('.')
}

/// The paths of a file's drop-ins, in the order in which they are read.
fn drop_ins(
    tree: &Tree<'_>,
    name: &str,
    to: &mut Promises,
) -> Result<impl Iterator<Item = String> + use<>, ConfigError> {
    let folders = FOLDERS.map(|folder| format!("{folder}/{name}.d"));
    Ok(folders::by_name(tree, &folders, to, |name| is_of(name, ".conf"))?.into_values())
}

/// What a file and its drop-ins say.
#[derive(Debug, Default)]
struct Network {
    /// Whether an empty `Address=` resets the list.
    resets: bool,
    /// Whether the file is the distribution's, and not the administrator's.
    shipped: bool,
    matches: Match,
    addresses: Vec<Located<Asked>>,
    dhcp: Option<Located>,
    /// `[DHCPServer] ServerAddress=`, which counts where `DHCPServer=` is on.
    server_address: Option<Located<Asked>>,
    serves_dhcp: bool,
    /// `[IPv6Prefix] Assign=yes`: an address of the prefix, which counts where `IPv6SendRA=` is on.
    assigned_prefix: Option<Place>,
    sends_ra: bool,
    /// The bridge, bond or VRF that the interface is a port of.
    controller: Option<Located>,
    /// The VLANs that the interface carries.
    vlans: Vec<String>,
    /// `RequiredForOnline=no`.
    optional: bool,
    /// An assignment by which networkd does not bring the interface up.
    left_down: Option<Located>,
    unmanaged: Option<Located>,
}

impl Network {
    fn take(&mut self, sections: Vec<Section>, to: &mut Promises) -> Result<(), ConfigError> {
        for section in sections {
            match section.name.value.as_str() {
                "Match" => section
                    .assignments
                    .iter()
                    .for_each(|each| self.matches.assign(&each.key, &each.value.value)),
                "Network" => self.take_network(section, to),
                "Address" => self.addresses.extend(address_section(section, to)),
                "DHCPServer" => {
                    let last = section.assignments.iter().rfind(|each| each.key == "ServerAddress");
                    self.server_address =
                        last.and_then(|each| asked(&each.value, to)).or(self.server_address.take());
                }
                "IPv6Prefix" => {
                    let assigns =
                        |each: &&Assignment| each.key == "Assign" && boolean(&each.value.value) == Some(true);
                    let assigned =
                        section.assignments.iter().find(assigns).map(|each| each.value.place.clone());
                    self.assigned_prefix = assigned.or(self.assigned_prefix.take());
                }
                "Link" => self.take_link(section),
                _ => {}
            }
        }
        Ok(())
    }

    fn take_network(&mut self, section: Section, to: &mut Promises) {
        for each in section.assignments {
            let value = each.value.value.as_str();
            match each.key.as_str() {
                // An empty one resets the whole list, also what came from [Address] sections.
                "Address" if value.is_empty() && self.resets => self.addresses.clear(),
                "Address" if value.is_empty() => {}
                "Address" => self.addresses.extend(asked(&each.value, to)),
                // networkd ignores an invalid value and an empty DHCP=.
                "DHCPServer" => self.serves_dhcp = boolean(value).unwrap_or(self.serves_dhcp),
                "IPv6SendRA" | "IPv6PrefixDelegation" => {
                    self.sends_ra = boolean(value).unwrap_or(self.sends_ra);
                }
                "VLAN" if value.is_empty() => self.vlans.clear(),
                "VLAN" => self.vlans.push(value.to_owned()),
                "Bridge" | "Bond" | "VRF" => self.controller = (!value.is_empty()).then_some(each.value),
                "DHCP" => {
                    let off = boolean(value) == Some(false) || value == "none";
                    let on = boolean(value) == Some(true) || DHCP.contains(&value);
                    if off || on {
                        self.dhcp = on.then_some(each.value);
                    } else if !value.is_empty() || self.dhcp.is_some() {
                        let what = format!("DHCP={value} is no value, networkd ignores the line");
                        to.notes.push(format!("note: {}: {what}", each.value.place));
                    }
                }
                _ => {}
            }
        }
    }

    /// networkd passes over a value that it does not know.
    fn take_link(&mut self, section: Section) {
        for each in section.assignments {
            let value = each.value.value.as_str();
            match each.key.as_str() {
                "Unmanaged" => {
                    if let Some(unmanaged) = boolean(value) {
                        self.unmanaged = unmanaged.then_some(each.value);
                    }
                }
                "RequiredForOnline" => self.optional = boolean(value) == Some(false),
                "ActivationPolicy" => match value {
                    "manual" | "down" | "always-down" => self.left_down = Some(each.value),
                    "up" | "always-up" | "bound" => self.left_down = None,
                    _ => {}
                },
                _ => {}
            }
        }
    }

    /// The static addresses, each with its place.
    fn statics(&self) -> impl Iterator<Item = (HostAddress, Place)> {
        let server = self.server_address.iter().filter(|_| self.serves_dhcp);
        self.addresses.iter().chain(server).filter_map(|each| Some((each.value?, each.place.clone())))
    }

    /// Whether the file is for this host, as far as its conditions tell: one that is not known here is taken
    /// to hold, with doubt.
    fn applies(&mut self, start: &Place, facts: &HostFacts<'_>, to: &mut Promises) -> bool {
        if self.matches.is_empty() {
            to.notes.push(format!("note: {} has no condition in [Match]: networkd ignores it", start.file));
            return false;
        }
        let (holds, condition) = self.matches.holds(facts);
        let condition = condition.unwrap_or_default();
        match holds {
            Some(true) => {}
            Some(false) => to.remarks.push(start.remark(format!("not for this host: {condition}"))),
            None => {
                let what = format!("whether {condition} holds is not known here");
                // What a distribution ships for containers is on every host.
                if self.shipped {
                    to.remarks.push(start.remark(what));
                } else {
                    to.notes.push(format!("note: {}: {what}", start.file));
                }
                self.matches.doubt();
            }
        }
        holds != Some(false)
    }

    /// Adds what this file says, unless earlier ones have its interface.
    fn promise(
        mut self,
        start: &Place,
        facts: &HostFacts<'_>,
        cards: &Cards<'_>,
        claimed: &mut Claimed,
        to: &mut Promises,
    ) {
        if !self.applies(start, facts, to) {
            return;
        }
        let interface = self.matches.interface().map(str::to_owned);
        let name = interface.as_deref().unwrap_or("unnamed interface");
        let left_down = self
            .left_down
            .take()
            .map(|each| each.place.remark(format!("{name}: ActivationPolicy={}", each.value)));
        let unmanaged = self.unmanaged.take().map(|each| each.place.remark(format!("{name}: not managed")));
        let mut exact = self.matches.exact();
        exact.retain(|name| claimed.by(name).is_none());
        let earlier = interface.as_deref().and_then(|name| claimed.by(name)).map(str::to_owned);
        let ports = self.ports(&exact, cards, claimed);
        let file = start.file.rsplit('/').next().unwrap_or_default();
        claimed.claim(self.matches.clone(), file);
        if let Some(earlier) = earlier {
            let why = format!("{earlier} is for {name}");
            to.shadowed.extend(self.statics().map(|(expected, place)| Shadowed {
                expected,
                why: why.clone(),
                place,
            }));
            to.remarks.push(start.remark(format!("{name}: an earlier file is for it, not this one")));
            return;
        }
        if let Some(nothing) = unmanaged.or(left_down) {
            to.remarks.push(nothing);
            return;
        }
        if let Some(controller) = &self.controller {
            match ports {
                Some(ports) => {
                    let of = &controller.value;
                    ports.iter().for_each(|port| to.add_port(of, Some(port), &controller.place));
                }
                None => to.note_unknown_ports(&controller.value, &controller.place),
            }
        }
        self.add(interface.as_deref(), &exact, to);
    }

    /// Adds what it gives its interface; `exact` are those that it names.
    fn add(self, interface: Option<&str>, exact: &[String], to: &mut Promises) {
        let name = interface.unwrap_or("unnamed interface");
        // What a distribution ships for interfaces of some hardware, as for those of containers, says nothing
        // of this host.
        let of_any_host = self.matches.by_name_alone() && !self.matches.depends_on_host();
        if of_any_host || !self.shipped {
            to.dynamic.extend(self.dynamic(exact));
        }
        for vlan in &self.vlans {
            to.add_vlan(Some(vlan), interface);
        }
        to.remarks.extend(self.dhcp.map(|dhcp| dhcp.place.remark(format!("{name}: DHCP={}", dhcp.value))));
        let server = self.server_address.filter(|_| self.serves_dhcp);
        let mut addresses = Vec::new();
        for Located { value, place } in self.addresses.into_iter().chain(server) {
            match value {
                Some(value) => addresses.push(Located { value, place }.promise(interface)),
                None => to.remarks.push(place.remark(format!("{name}: an address of a pool"))),
            }
        }
        to.add_of_interface(addresses.into_iter());
    }

    /// What tells the interfaces that are ports: each name, or the patterns of one file as one. `None` where
    /// that is not known.
    fn ports(&self, exact: &[String], cards: &Cards<'_>, claimed: &Claimed) -> Option<Vec<String>> {
        match (exact, self.matches.patterns()) {
            ([], Some(patterns)) => Some(vec![patterns.join(",")]),
            ([], None) if !self.matches.by_hardware_address() => {
                Some(vec![self.matches.cards(cards, claimed)?])
            }
            (exact, _) => Some(exact.to_vec()),
        }
    }

    /// The families of which the interfaces get an address from outside.
    fn dynamic(&self, exact: &[String]) -> Vec<Dynamic> {
        let named = !exact.is_empty();
        let names = if named { exact.to_vec() } else { vec![self.matches.described()] };
        let required = named && !self.optional && self.controller.is_none() && !self.matches.is_doubtful();
        let dynamic = |family, place: &Place| {
            let each =
                |name: &String| Dynamic { interface: name.clone(), family, required, place: place.clone() };
            names.iter().map(each).collect::<Vec<_>>()
        };
        let by_dhcp = self.dhcp.as_ref().map(|dhcp| {
            let family = match dhcp.value.as_str() {
                "ipv4" | "v4" => Family::V4,
                "ipv6" | "v6" => Family::V6,
                _ => Family::Either,
            };
            dynamic(family, &dhcp.place)
        });
        let by_prefix =
            self.assigned_prefix.as_ref().filter(|_| self.sends_ra).map(|place| dynamic(Family::V6, place));
        by_dhcp.into_iter().chain(by_prefix).flatten().collect()
    }
}
