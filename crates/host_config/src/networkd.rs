//! systemd-networkd: `.network` files and their drop-ins, by systemd.network(5).
//!
//! All folders' files are taken in the order of their names, of the same name that of the folder that counts
//! most; an empty one masks the name. The drop-ins of a file are read after it, whichever folder they are in.
//! Each interface gets the first file that matches it; a file without a condition in `[Match]` is ignored.
//! Which file that is, names decide here, and what the kernel tells of the device where a file names one:
//! what a file says that matches by other hardware may come true, so its addresses are promised, without an
//! interface where it names none.

mod address;
mod conditions;
mod contested;
mod drop_in;
mod kernel;
mod matching;
mod misspelt;
mod netdev;
mod network;
mod replaced;
mod unit;
mod version;
mod virtualization;
mod waiting;

use std::collections::{BTreeMap, BTreeSet};

use crate::folders;
use crate::hardware::Cards;
use crate::promise::{ConfigError, Place, Promises, Shadowed};
use crate::tree::Tree;
use conditions::HostFacts;
use drop_in::{FOLDERS, drop_ins, is_of};
use matching::claimed::Claimed;
use network::Network;
pub(crate) use network::is_pool;
use unit::sections;

/// Returns what all the files promise: `None` if there is not one.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let mut promises = Promises::default();
    let folders = FOLDERS.map(str::to_owned);
    let files = folders::by_name(tree, &folders, &mut promises, |name| is_of(name, ".network"))?;
    let facts = HostFacts::new(tree);
    let cards = Cards::new(tree);
    // Up to version 252 an empty Address= is ignored; later ones reset the list.
    let resets = version::read(tree)?.map(|version| version > LAST_WITHOUT_RESET);
    let devices = folders::by_name(tree, &folders, &mut promises, |name| is_of(name, ".netdev"))?;
    let mut unmade = netdev::add(tree, devices, &facts, &mut promises)?;
    let (mut all, mut named) = (Vec::new(), Claimed::default());
    for (name, path) in &files {
        // An empty file is a mask, and so is a link to /dev/null; its drop-ins are not read either.
        let content = promises.readable(folders::content(tree, path))?;
        let Some(content) = content.filter(|content| !content.is_empty()) else { continue };
        let shipped = !path.starts_with("/etc/") && !path.starts_with("/run/");
        let mut network = Network::new(resets, shipped);
        let read = read_whole(tree, name, path, &content, &mut network, &mut promises);
        let understood = read.is_ok();
        promises.survive(read)?;
        if understood {
            // A hardware address tells nothing when the card is gone.
            network.named_at_boot(&facts, &mut named).iter().for_each(|name| promises.add_name(name));
            network.matches.resolve(&cards);
            network.matches.settle(&cards);
            all.push((Place::new(path, 1), network));
        }
    }
    if promises.unreadable.is_empty() && promises.unknown.is_empty() {
        unmade.carried(all.iter().flat_map(|(_, network): &(Place, Network)| network.carried()));
    }
    let mut meant = waiting::mark(&all, &facts, &cards, &mut promises);
    let claimed = contested::promise(all, &facts, &cards, &mut promises);
    replaced::add(tree, &files, &cards, &claimed, &mut promises);
    unmade.explain(&cards, &mut promises);
    if let Some(line) = promises.aborting.first() {
        let what = format!("networkd aborts on {}", line.place);
        promises.failing.extend(promises.promises.iter().map(|promise| promise.place.remark(&what)));
    }
    let read = add_orphans(tree, &files, &mut meant, &mut promises);
    promises.survive(read)?;
    waiting::unmark(&meant, &mut promises);
    let found = !files.is_empty() || !promises.shadowed.is_empty() || !promises.unreadable.is_empty();
    Ok(found.then_some(promises))
}

/// Adds the addresses of the drop-ins of files that are not there, and to `meant` the bridges that they name;
/// `files` has those that are, by name.
fn add_orphans(
    tree: &Tree<'_>,
    files: &BTreeMap<String, String>,
    meant: &mut BTreeSet<String>,
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
        meant.extend(network.controllers().map(str::to_owned));
        let why = format!("there is no {name}");
        to.shadowed.extend(network.statics().map(|(expected, place)| Shadowed {
            expected,
            why: why.clone(),
            place,
        }));
    }
    Ok(())
}

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
    if network.matches.is_too_long() {
        return Err(Place::new(path, 1).error("Name= has too many names and inverted patterns"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;

    /// As networkd 252, which takes the first file that fits.
    #[test]
    fn an_interface_is_named_by_the_first_file_that_is_for_it() {
        let rows = [
            ("", "eth1"),
            ("[Match]\nName=eth1\n[Link]\nRequiredForOnline=no\n", ""),
            ("[Match]\nName=eth1\n[Link]\nUnmanaged=yes\n", ""),
            ("[Match]\nName=eth0 eth1\n[Link]\nActivationPolicy=manual\n", ""),
            ("[Match]\nName=eth*\n[Link]\nUnmanaged=yes\n", ""),
            ("[Match]\nName=eth1\n[Network]\nLLDP=yes\n", "eth1"),
            ("[Match]\nName=eth[1]\n[Network]\nLLDP=yes\n", "eth1"),
            ("[Match]\nName=eth0\n[Link]\nUnmanaged=yes\n", "eth1"),
            // It is ignored, is for another host, or may be for another card.
            ("[Link]\nUnmanaged=yes\n", "eth1"),
            ("[Match]\nName=eth1\nHost=other\n[Link]\nUnmanaged=yes\n", "eth1"),
            ("[Match]\nName=eth1\nKernelCommandLine=x\n[Link]\nUnmanaged=yes\n", "eth1"),
            ("[Match]\nName=eth1\nMACAddress=02:00:00:00:11:01\n[Link]\nUnmanaged=yes\n", "eth1"),
        ];
        let deadline = Deadline::after(Duration::from_secs(60));
        for (first, expected) in rows {
            let files = [
                ("/etc/hostname", "web1\n"),
                ("/etc/systemd/network/10-a.network", first),
                ("/etc/systemd/network/20-b.network", "[Match]\nName=eth1\n[Network]\nLLDP=yes\n"),
            ];
            let found = read(&Tree::in_memory(files, &deadline)).unwrap().unwrap();
            assert_eq!(Vec::from_iter(found.named).join(" "), expected, "{first}");
        }
    }
}
