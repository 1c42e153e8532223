//! The interfaces of `/etc/network/interfaces` as NetworkManager's plugin for that file knows them, which has
//! a parser of its own.

use std::collections::HashSet;

use super::file::{self, FILE};
use super::lines::{first_word, logical_lines};
use crate::tree::Tree;

/// Returns the names that stanzas, mappings and the ports of bridges whose names begin with `br` have.
/// Neither patterns nor what comes up at boot count. A file that cannot be read has none.
pub(crate) fn known_to_networkmanager(tree: &Tree<'_>) -> HashSet<String> {
    let mut names = HashSet::new();
    for content in file::contents(tree, FILE) {
        let mut is_bridge = false;
        for (_, line) in logical_lines(&String::from_utf8_lossy(&content)) {
            let (keyword, rest) = first_word(&line);
            let words: Vec<&str> = rest.split_ascii_whitespace().collect();
            match (keyword, words.as_slice()) {
                ("iface", [name, _, _, ..]) => {
                    is_bridge = name.starts_with("br");
                    names.insert((*name).to_owned());
                }
                ("mapping", [name, ..]) => {
                    is_bridge = false;
                    names.insert((*name).to_owned());
                }
                ("iface", _) => is_bridge = false,
                ("bridge_ports" | "bridge-ports", ports) if is_bridge => {
                    names.extend(ports.iter().map(|port| (*port).to_owned()));
                }
                _ => {}
            }
        }
    }
    names
}
