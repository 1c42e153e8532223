//! What netplan refuses of a definition as a whole, as all files together say it: then it generates nothing
//! at the next boot.

use std::collections::{BTreeMap, HashMap};

use addresses::short;

use super::super::grammar::{self, Refusal};
use super::super::library;
use super::Definition;
use crate::promise::Promises;
use crate::tree::Tree;

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

/// Adds what netplan refuses of the definitions; `names` has them by their identifiers. `defines_more`: there
/// are ports of Open vSwitch beside them.
pub(in crate::netplan) fn add(
    definitions: &[Definition],
    names: &HashMap<String, Option<String>>,
    defines_more: bool,
    tree: &Tree<'_>,
    to: &mut Promises,
) {
    let mut ports: BTreeMap<(&str, &str), &str> = BTreeMap::new();
    for definition in definitions {
        for Refusal { place, what, word } in &definition.refusals {
            let is_new = word.as_deref().is_some_and(|word| is_taken(tree, word));
            to.refused.extend((!is_new).then(|| place.remark(what.clone())));
        }
        let Some(place) = &definition.place else { continue };
        let whole = definition.refused(names, defines_more);
        to.refused.extend(whole.map(|what| place.remark(what)));
        to.refused.extend(unknown_kind(definition, tree).map(|what| place.remark(what)));
        for port in definition.port_ids() {
            let of = *ports.entry((&definition.kind, port)).or_insert(&definition.id);
            if of != definition.id && definition.kind != "vrfs" {
                to.refused.push(place.remark(format!("{port} is a port of both {of} and {}", definition.id)));
            }
        }
    }
}

/// Whether the netplan that is here may take a key: it does not where its library lacks the word.
fn is_taken(tree: &Tree<'_>, word: &str) -> bool {
    library::knows(tree, word).unwrap_or_else(|| grammar::is_known(word))
}

/// Returns that the netplan that is here does not know the kind of a definition.
fn unknown_kind(definition: &Definition, tree: &Tree<'_>) -> Option<String> {
    let kind = definition.kind.as_str();
    let lacks = LATER.contains(&kind) && library::knows(tree, kind) == Some(false);
    lacks.then(|| format!("the netplan that is here does not know {kind}"))
}

impl Definition {
    /// Returns what netplan refuses of the definition as a whole.
    fn refused(&self, names: &HashMap<String, Option<String>>, defines_more: bool) -> Option<String> {
        let (id, kind) = (short(&self.id), self.kind.as_str());
        if kind == "nm-devices" {
            return None;
        }
        if self.id.contains(['*', '?', '[', ']']) {
            return Some(format!("the identifier {id} is a pattern: name it otherwise and match by name"));
        }
        if !self.id.bytes().all(|octet| octet.is_ascii_graphic()) {
            return Some(format!("{id} is not a valid name"));
        }
        if self.set_name.is_some() && self.matched.is_none() {
            return Some(format!("{id} has set-name without match"));
        }
        let lacking = REQUIRED.iter().find(|(of, key)| *of == kind && !self.keys.contains(*key));
        if let Some((_, key)) = lacking {
            return Some(format!("{id} has no {key}"));
        }
        let mut others = self.ports.iter().chain(&self.link);
        let undefined = others.find(|other| !defines_more && !names.contains_key(*other))?;
        Some(format!("{} of {id} is not defined", short(undefined)))
    }
}
