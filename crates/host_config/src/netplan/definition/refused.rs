//! What netplan refuses of a definition as a whole, as all files together say it.

use std::collections::{BTreeMap, HashMap};

use addresses::short;

use super::super::grammar::scalars::{is_name, number};
use super::super::grammar::{FOREIGN, Refusal, Versions};
use super::super::library::Library;
use super::Definition;
use super::of_kind::Others;
use crate::promise::Promises;

/// The keys that a definition of a kind must have.
const REQUIRED: [(&str, &str); 6] = [
    ("vlans", "id"),
    ("vlans", "link"),
    ("vrfs", "table"),
    ("tunnels", "mode"),
    ("wifis", "access-points"),
    ("virtual-ethernets", "peer"),
];

/// The kinds that not every version knows.
const LATER: [&str; 2] = ["dummy-devices", "virtual-ethernets"];

/// For NetworkManager, what a VLAN is on need not be defined where the library has this word.
const UNDEFINED: Versions = Versions::Before("virtual-ethernets");

/// A port is the primary of one bond where the library has this text.
const ONE_PRIMARY: Versions = Versions::With("is already a primary of %s");

/// Where the library lacks this text, it is of a version up to 1.1.2, which knows no more than is known here.
const NEWEST: &str = "The priority setting is mandatory for NetworkManager routing-policy\n";

/// The definitions by their identifiers, and whether Open vSwitch may have more.
#[derive(Clone, Copy)]
pub(in crate::netplan) struct Names<'a> {
    pub(in crate::netplan) of: &'a HashMap<String, Option<String>>,
    pub(in crate::netplan) more: bool,
    /// What netplan refuses outside of them.
    pub(in crate::netplan) refused: &'a [Refusal],
}

/// Adds what netplan refuses of the definitions.
pub(in crate::netplan) fn add(
    definitions: &[Definition],
    names: Names<'_>,
    library: &Library<'_>,
    to: &mut Promises,
) {
    let mut refusals: Vec<Refusal> = shared_ports(definitions);
    refusals.extend(shared_primaries(definitions));
    refusals.extend(names.refused.iter().cloned());
    let others = Others::of(definitions);
    for definition in definitions {
        refusals.extend(definition.refusals.iter().cloned());
        refusals.extend(definition.refused(names));
        refusals.extend(if definition.kind == "tunnels" { definition.refused_tunnel() } else { Vec::new() });
        refusals.extend(definition.refused_switch(&others));
        refusals.extend(definition.refused_peer_of(&others));
        refusals.extend(definition.refused_functions(&others));
        refusals.extend(definition.not_rendered());
        let Some(place) = &definition.place else { continue };
        to.refused.extend(unknown_kind(definition, library).map(|what| place.remark(what)));
    }
    let known = refusals.into_iter().filter(|refusal| is_refused(library, &refusal.by));
    to.refused.extend(known.map(|refusal| refusal.place.remark(refusal.what)));
}

/// Whether the netplan that is here is among the versions. Where that is not known, one that takes it may be.
fn is_refused(library: &Library<'_>, by: &Versions) -> bool {
    match by {
        Versions::Every => true,
        Versions::Without(word) => library.knows(word) != Some(true) || library.knows(NEWEST) == Some(false),
        Versions::WithoutSwitch => library.knows("openvswitch") == Some(true) && !library.has_switch(),
        Versions::Before(text) => library.knows(text) == Some(false),
        Versions::With(text) => library.knows(text) == Some(true),
    }
}

/// Returns that the netplan that is here does not know the kind of a definition.
fn unknown_kind(definition: &Definition, library: &Library<'_>) -> Option<String> {
    let kind = definition.kind.as_str();
    let lacks = LATER.contains(&kind) && library.knows(kind) == Some(false);
    lacks.then(|| format!("the netplan that is here does not know {kind}"))
}

/// Returns the ports that two definitions have: a bond, a bridge and a VRF may each be one of another.
fn shared_ports(definitions: &[Definition]) -> Vec<Refusal> {
    let mut ports: BTreeMap<(bool, &str), &str> = BTreeMap::new();
    let mut found = Vec::new();
    for definition in definitions {
        let Some(place) = &definition.place else { continue };
        for port in definition.port_ids() {
            let of = *ports.entry((definition.kind == "vrfs", port)).or_insert(&definition.id);
            if of != definition.id {
                let what = format!("{port} is a port of both {of} and {}", definition.id);
                found.push(Refusal::new(place.clone(), what));
            }
        }
    }
    found
}

/// Returns the ports that are the primary ones of two bonds.
fn shared_primaries(definitions: &[Definition]) -> Vec<Refusal> {
    let mut bonds: BTreeMap<&str, &str> = BTreeMap::new();
    let mut found = Vec::new();
    for definition in definitions.iter().filter(|definition| definition.kind == "bonds") {
        let Some(primary) = definition.settings.get("parameters.primary") else { continue };
        let of = *bonds.entry(&primary.value).or_insert(&definition.id);
        if of != definition.id {
            let what = format!("{} is the primary of both {of} and {}", primary.value, definition.id);
            found.push(Refusal::new(primary.place.clone(), what).by(ONE_PRIMARY));
        }
    }
    found
}

impl Definition {
    /// Returns what netplan refuses of the definition as a whole.
    fn refused(&self, names: Names<'_>) -> Option<Refusal> {
        let place = self.place.clone()?;
        let (id, kind) = (short(&self.id), self.kind.as_str());
        let what = match () {
            () if self.id.contains(['*', '?', '[', ']']) => {
                format!("the identifier {id} is a pattern: name it otherwise and match by name")
            }
            () if !is_name(&self.id) => format!("{id} is not a valid name"),
            () if self.set_name.is_some() && self.matched.is_none() => {
                format!("{id} has set-name without match")
            }
            () if kind == "wifis" && !self.settings.keys().any(|key| key.starts_with("access-points.")) => {
                format!("{id} has no access-points")
            }
            () => match REQUIRED.iter().find(|(of, key)| *of == kind && !self.settings.contains_key(*key)) {
                Some((_, key)) => format!("{id} has no {key}"),
                None => return self.undefined(names).or_else(|| self.refused_values()),
            },
        };
        Some(Refusal::new(place, what))
    }

    /// Returns that it names a definition that is not there.
    fn undefined(&self, names: Names<'_>) -> Option<Refusal> {
        let is_missing = |other: &str| !names.more && !names.of.contains_key(other);
        let what = |other: &str| format!("{} of {} is not defined", short(other), short(&self.id));
        if let Some(other) = self.others.iter().find(|other| is_missing(&other.value)) {
            let of_manager = self.is_for_manager() && self.kind == "virtual-ethernets";
            return (!of_manager).then(|| Refusal::new(other.place.clone(), what(&other.value)));
        }
        if let Some(port) = self.ports.iter().find(|port| is_missing(port)) {
            return Some(Refusal::new(self.place.clone()?, what(port)));
        }
        let link = self.link.as_ref().filter(|link| is_missing(link))?;
        let refused = Refusal::new(self.settings.get("link")?.place.clone(), what(link));
        Some(if self.is_for_manager() { refused.by(UNDEFINED) } else { refused })
    }

    /// Returns what netplan refuses of values that are not of one key alone.
    fn refused_values(&self) -> Option<Refusal> {
        let setting = |key: &str| self.settings.get(key);
        let number_of = |key: &str| setting(key).and_then(|setting| number(&setting.value));
        let refuse =
            |key: &str, what: String| setting(key).map(|said| Refusal::new(said.place.clone(), what));
        if self.kind == "vlans" && number_of("id").is_some_and(|id| id > 4_094) {
            return refuse("id", format!("{}: the id of a VLAN is 0 to 4094", self.id));
        }
        if setting("ipv6-address-generation").is_some() && setting("ipv6-address-token").is_some() {
            let what = "ipv6-address-generation and ipv6-address-token exclude each other";
            return refuse("ipv6-address-token", what.to_owned());
        }
        if self.kind == "vrfs" {
            return self.refused_tables();
        }
        let of_manager = self.settings.keys().any(|key| key.starts_with("networkmanager."));
        if of_manager && !self.is_for_manager() {
            let what = format!("{}: settings for NetworkManager, which is not the renderer", self.id);
            return refuse("networkmanager", what).map(|refusal| refusal.by(FOREIGN));
        }
        None
    }
}
