//! netplan: `*.yaml` in /run/netplan, /etc/netplan and /lib/netplan, by netplan(5) and netplan-generate(8).
//!
//! All folders' files are read in the order of their names, of the same name that of the folder that counts
//! most. A later file adds to lists and replaces plain values. Keys that have nothing to do with addresses
//! are not looked into.

mod definition;
mod flow;
mod grammar;
mod library;
mod libyaml;
mod passthrough;
#[cfg(test)]
mod refusals;
mod tabs;
mod yaml;

use std::collections::{HashMap, HashSet};

use addresses::short;

use crate::folders;
use crate::hardware::Cards;
use crate::promise::{ConfigError, Place, Promises, Remark};
use crate::tree::Tree;
use definition::Definition;
use definition::refused::Names;
use grammar::Refusal;
use library::Library;
use passthrough::Profiles;
use yaml::{Document, Value, renderer};

/// The one that counts most first.
const FOLDERS: [&str; 3] = ["/run/netplan", "/etc/netplan", "/lib/netplan"];
/// The kinds of device.
const KINDS: [&str; 11] = [
    "ethernets",
    "wifis",
    "modems",
    "bonds",
    "bridges",
    "vlans",
    "vrfs",
    "tunnels",
    "dummy-devices",
    "virtual-ethernets",
    "nm-devices",
];
/// How the words end on a key that is not known here.
const NOT_KNOWN: &str = "is not known";
/// Other keys of `network`.
const OTHER: [&str; 2] = ["version", "openvswitch"];

/// Returns what all the files promise: `None` if there is not one.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let mut promises = Promises::default();
    let files = folders::by_name(tree, &FOLDERS.map(str::to_owned), &mut promises, |name| {
        name.ends_with(".yaml") && !name.starts_with('.')
    })?;
    let found = !files.is_empty() || !promises.unreadable.is_empty();
    let mut merged = Merged::default();
    for path in files.into_values() {
        let (known, masked) = (promises.unreadable.len(), tree.link(&path).as_deref() == Some("/dev/null"));
        let read = match promises.readable(folders::content(tree, &path))? {
            Some(content) => file(&path, &content, &mut merged, &mut promises),
            None if masked || promises.unreadable.len() > known => continue,
            None => Err(Place::new(&path, 1).error("a folder or a link to nothing, which netplan refuses")),
        };
        promises.survive(read)?;
    }
    // What is wrong with a value, netplan refuses too: but a text that only this reader does not take, and a
    // key that a later version may know.
    let is_refused =
        |remark: &&Remark| !remark.what.starts_with(yaml::NOT_YAML) && !remark.what.ends_with(NOT_KNOWN);
    promises.refused.extend(promises.unknown.iter().filter(is_refused).cloned());
    let named = merged.definitions.iter().filter_map(Definition::named_at_boot);
    named.for_each(|name| promises.add_name(name));
    let cards = Cards::new(tree);
    merged.definitions.iter_mut().for_each(|definition| definition.resolve(&cards));
    merged.promise(&cards, &mut promises)?;
    Ok(found.then_some(promises))
}

/// Reads one file. netplan stops at what it does not understand; what is understood is promised all the same.
fn file(path: &str, content: &[u8], merged: &mut Merged, to: &mut Promises) -> Result<(), ConfigError> {
    let wide = from_utf16(content);
    let text = wide.as_deref().map_or_else(|| str::from_utf8(content), Ok).map_err(|error| {
        let before = content.get(..error.valid_up_to()).unwrap_or_default();
        let line = before.iter().filter(|&&octet| octet == b'\n').count() + 1;
        Place::new(path, u32::try_from(line).unwrap_or(u32::MAX)).error("not UTF-8")
    })?;
    let tab = tabs::misplaced(text)
        .map(|line| Place::new(path, line).remark("a tab before a token, or alone on a line"));
    let document = Document::parse(path, text)?;
    to.refused.extend(tab);
    let directive = libyaml::directive(text);
    to.refused.extend(directive.map(|(line, what)| Place::new(path, line).remark(what)));
    let again = document.anchored_again.as_ref();
    to.refused.extend(again.map(|place| place.remark("an anchor of the name of an earlier one")));
    if let Some(root) = document.root() {
        merged.take(root, to)?;
    }
    let second = document.second.as_ref();
    to.remarks.extend(second.map(|place| place.remark("another document, which netplan does not read")));
    Ok(())
}

/// Returns the text of a file of UTF-16, which begins with a mark: libyaml reads that too.
fn from_utf16(content: &[u8]) -> Option<String> {
    let (pairs, _) = content.as_chunks::<2>();
    let (first, rest) = pairs.split_first()?;
    let unit = match first {
        [0xff, 0xfe] => u16::from_le_bytes,
        [0xfe, 0xff] => u16::from_be_bytes,
        _ => return None,
    };
    let units: Vec<u16> = rest.iter().map(|pair| unit(*pair)).collect();
    String::from_utf16(&units).ok()
}

/// The definitions of all files so far, in the order of their first mention.
#[derive(Debug, Default)]
struct Merged {
    definitions: Vec<Definition>,
    by_id: HashMap<String, usize>,
    /// The `renderer` of all definitions.
    renderer: String,
    /// What netplan refuses outside of the definitions.
    refusals: Vec<Refusal>,
    /// Whether `openvswitch` may define interfaces too.
    has_switch_ports: bool,
    /// The `renderer` of a kind of device.
    of_kind: HashMap<String, String>,
}

impl Merged {
    /// Adds what the definitions say.
    fn promise(mut self, cards: &Cards<'_>, to: &mut Promises) -> Result<(), ConfigError> {
        for definition in &mut self.definitions {
            let of_kind = self.of_kind.get(&definition.kind).unwrap_or(&self.renderer);
            definition.inherit_renderer(of_kind);
        }
        let named =
            |definition: &Definition| (definition.id().to_owned(), definition.as_port().map(str::to_owned));
        let names: HashMap<String, Option<String>> = self.definitions.iter().map(named).collect();
        let ports: HashSet<String> =
            self.definitions.iter().flat_map(|definition| definition.port_ids().to_vec()).collect();
        let known = Names { of: &names, more: self.has_switch_ports, refused: &self.refusals };
        definition::refused::add(&self.definitions, known, &Library::new(cards.tree()), to);
        let competing = self.competing();
        let mut profiles = Profiles::default();
        for definition in self.definitions {
            let is_port = ports.contains(definition.id());
            let competes = definition.is_for_manager() && competing.contains(&definition.kind);
            definition.promise(&names, (is_port, competes), &mut profiles, to);
        }
        profiles.promise(cards, to)
    }

    /// Returns the kinds of device of which NetworkManager has several definitions, one of them for any of
    /// several cards.
    fn competing(&self) -> HashSet<String> {
        let of_manager = || self.definitions.iter().filter(|each| each.is_for_manager());
        let several = |kind: &str| of_manager().filter(|each| each.kind == kind).nth(1).is_some();
        let patterns = of_manager().filter(|each| each.is_pattern());
        let kinds: HashSet<&str> = patterns.map(|each| each.kind.as_str()).collect();
        kinds.into_iter().filter(|kind| several(kind)).map(str::to_owned).collect()
    }

    fn take(&mut self, root: Value<'_>, to: &mut Promises) -> Result<(), ConfigError> {
        for (key, network) in root.entries("the document")? {
            match key.text("a key")? {
                "network" => self.take_network(network, to)?,
                other => return Err(key.place().error(format!("the key {} {NOT_KNOWN}", short(other)))),
            }
        }
        Ok(())
    }

    fn take_network(&mut self, network: Value<'_>, to: &mut Promises) -> Result<(), ConfigError> {
        for (key, value) in network.entries("network")? {
            match key.text("a key")? {
                "version" if !is_known(value.text("version")?) => {
                    return Err(value.place().error("version 2 is the one known"));
                }
                "renderer" => {
                    let taken = renderer(value).map(|known| self.renderer = known);
                    to.survive(taken)?;
                }
                kind if KINDS.contains(&kind) => {
                    let taken = self.take_kind(kind, value, to);
                    to.survive(taken)?;
                }
                other if OTHER.contains(&other) => {
                    self.has_switch_ports |= other == "openvswitch";
                    self.refusals.extend(grammar::of_switch(other, value));
                }
                other => {
                    let unknown = key.place().remark(format!("the key {} {NOT_KNOWN}", short(other)));
                    to.unknown.push(unknown);
                }
            }
        }
        Ok(())
    }

    fn take_kind(
        &mut self,
        kind: &str,
        definitions: Value<'_>,
        to: &mut Promises,
    ) -> Result<(), ConfigError> {
        for (key, value) in definitions.entries(kind)? {
            let id = key.text("a key")?;
            if id == "renderer" && !value.is_mapping() {
                let taken = renderer(value).map(|known| _ = self.of_kind.insert(kind.to_owned(), known));
                to.survive(taken)?;
                continue;
            }
            let next = self.definitions.len();
            let place = *self.by_id.entry(id.to_owned()).or_insert(next);
            if place == next {
                self.definitions.push(Definition::new(id, kind));
            }
            let Some(definition) = self.definitions.get_mut(place) else { continue };
            if definition.kind != kind {
                return Err(key
                    .place()
                    .error(format!("{id} is of {kind} here and of {} before", definition.kind)));
            }
            let taken = definition.take(value);
            to.survive(taken)?;
        }
        Ok(())
    }
}

/// Whether it is version 2 to netplan, which takes the number that it begins with.
fn is_known(version: &str) -> bool {
    let number = version.trim_ascii_start();
    let number = number.strip_prefix('+').unwrap_or(number);
    let end = number.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(number.len());
    number.split_at(end).0.trim_start_matches('0') == "2"
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    #[test]
    fn only_version_2_is_known() {
        let rows = [
            ("2", true),
            ("02", true),
            ("+2", true),
            ("2.5", true),
            ("3", false),
            ("22", false),
            ("", false),
            ("x", false),
        ];
        for (version, expected) in rows {
            assert_eq!(is_known(version), expected, "{version}");
        }
    }

    /// netplan 0.106 then generates nothing at all, but of a link to /dev/null.
    #[test]
    fn a_file_that_is_not_there_is_not_understood() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("etc/netplan");
        std::fs::create_dir_all(folder.join("c.yaml")).unwrap();
        std::fs::write(folder.join("a.yaml"), "network: {ethernets: {eth0: {addresses: [192.0.2.1/24]}}}\n")
            .unwrap();
        std::os::unix::fs::symlink("/srv/gone.yaml", folder.join("b.yaml")).unwrap();
        std::os::unix::fs::symlink("/dev/null", folder.join("d.yaml")).unwrap();
        let deadline = Deadline::after(Duration::from_secs(60));
        let found = read(&Tree::new(root.path(), &deadline)).unwrap().unwrap();
        let unknown: Vec<&str> = found.unknown.iter().map(|remark| remark.place.file.as_str()).collect();
        assert_eq!(unknown, ["/etc/netplan/b.yaml", "/etc/netplan/c.yaml"]);
        assert_eq!(found.promises.len(), 1);
    }
}
