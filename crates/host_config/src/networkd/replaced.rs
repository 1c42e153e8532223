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
        // An administrator may have taken the name although netplan generates nothing.
        let Ok(Some(content)) = folders::content(tree, &path) else { continue };
        let (mut network, mut aside) = (Network::default(), Promises::default());
        let read = sections(&path, &content, &mut aside);
        if read.and_then(|sections| network.take(sections, &mut aside)).is_err() {
            continue;
        }
        network.matches.resolve(cards);
        network.replaced(&Place::new(&path, 1), by, claimed, to);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use crate::Source;
    use crate::tree::Tree;

    #[test]
    fn only_a_file_that_is_there_is_replaced() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let own =
            ("/etc/systemd/network/10-netplan-eth0.network", "[Match]\nName=eth0\n[Network]\nLLDP=yes\n");
        let generated = ("/run/systemd/network/10-netplan-eth0.network", "[Match]\nName=eth0\n");
        for (files, expected) in [(vec![own], 0), (vec![own, generated], 1)] {
            let found = Source::Networkd.read(&Tree::in_memory(files, &deadline)).unwrap().unwrap();
            let told = found.remarks.iter().filter(|remark| remark.what.ends_with(" is read instead"));
            assert_eq!(told.count(), expected);
        }
    }
}
