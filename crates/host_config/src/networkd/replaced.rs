//! What netplan generates for networkd and an administrator's file of the same name replaces: networkd never
//! reads it.

use std::collections::BTreeMap;

use super::matching::claimed::Claimed;
use super::network::Network;
use super::unit::sections;
use crate::folders;
use crate::hardware::Cards;
use crate::promise::{Place, Promises};
use crate::tree::Tree;

/// How the names of the files begin that netplan generates, and where they are.
const PREFIX: &str = "10-netplan-";
const GENERATED: &str = "/run/systemd/network";

/// Adds the addresses of the generated files that one of the `files`, which are those that count by their
/// names, replaces. What cannot be read or understood of them tells nothing.
pub(super) fn add(
    tree: &Tree<'_>,
    files: &BTreeMap<String, String>,
    cards: &Cards<'_>,
    claimed: &Claimed,
    to: &mut Promises,
) {
    let replaced = |(name, by): &(&String, &String)| name.starts_with(PREFIX) && !by.starts_with(GENERATED);
    for (name, by) in files.iter().filter(replaced) {
        let path = format!("{GENERATED}/{name}");
        let content = folders::content(tree, &path).ok().flatten().unwrap_or_default();
        let (mut network, mut aside) = (Network::default(), Promises::default());
        let read = sections(&path, &content, &mut aside);
        if read.and_then(|sections| network.take(sections, &mut aside)).is_err() {
            continue;
        }
        network.matches.resolve(cards);
        network.replaced(&Place::new(&path, 1), by, claimed, to);
    }
}
