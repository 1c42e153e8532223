//! systemd-networkd: `.network` files and their drop-ins, by systemd.network(5).
//!
//! All folders' files are taken in the order of their names, of the same name that of the folder that counts
//! most; an empty one masks the name. The drop-ins of a file are read after it, whichever folder they are in.
//! Each interface gets the first file that matches it. Which file that is, names alone decide here: what a
//! file says that matches by hardware or by the kind of interface may come true, so its addresses are
//! promised, without an interface where it names none.

mod matching;
mod unit;

use crate::folders;
use crate::located::{Asked, Located};
use crate::promise::{ConfigError, Place, Promises};
use crate::tree::Tree;
use matching::{Claimed, Match};
use unit::{Section, boolean, sections};

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
    let files = folders::by_name(tree, &FOLDERS.map(str::to_owned), |name| is_of(name, ".network"))?;
    let mut promises = Promises::default();
    let mut claimed = Claimed::default();
    let found = !files.is_empty();
    for (name, path) in files {
        // An empty file is a mask, and so is a link to /dev/null; its drop-ins are not read either.
        let Some(content) = folders::content(tree, &path)?.filter(|content| !content.is_empty()) else {
            continue;
        };
        let mut network = Network::default();
        network.take(sections(&path, &content)?)?;
        for drop_in in drop_ins(tree, &name)? {
            let content = folders::content(tree, &drop_in)?.unwrap_or_default();
            network.take(sections(&drop_in, &content)?)?;
        }
        network.promise(&Place::new(&path, 1), &mut claimed, &mut promises);
    }
    Ok(found.then_some(promises))
}

fn is_of(name: &str, kind: &str) -> bool {
    name.ends_with(kind) && !name.starts_with('.')
}

/// The paths of a file's drop-ins, in the order in which they are read.
fn drop_ins(tree: &Tree<'_>, name: &str) -> Result<impl Iterator<Item = String>, ConfigError> {
    let folders = FOLDERS.map(|folder| format!("{folder}/{name}.d"));
    Ok(folders::by_name(tree, &folders, |name| is_of(name, ".conf"))?.into_values())
}

/// What a file and its drop-ins say.
#[derive(Debug, Default)]
struct Network {
    matches: Match,
    addresses: Vec<Located<Asked>>,
    dhcp: Option<Located>,
    /// An assignment by which networkd does not bring the interface up.
    left_down: Option<Located>,
    unmanaged: Option<Located>,
}

impl Network {
    fn take(&mut self, sections: Vec<Section>) -> Result<(), ConfigError> {
        for section in sections {
            match section.name.value.as_str() {
                "Match" => section
                    .assignments
                    .iter()
                    .for_each(|each| self.matches.assign(&each.key, &each.value.value)),
                "Network" => self.take_network(section)?,
                "Address" => self.addresses.push(address_section(section)?),
                "Link" => self.take_link(section)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn take_network(&mut self, section: Section) -> Result<(), ConfigError> {
        for each in section.assignments {
            match each.key.as_str() {
                // An empty one resets the whole list, also what came from [Address] sections.
                "Address" if each.value.value.is_empty() => self.addresses.clear(),
                "Address" => self.addresses.push(asked(&each.value)?),
                "DHCP" => {
                    let off = boolean(&each.value.value) == Some(false)
                        || matches!(each.value.value.as_str(), "none" | "");
                    self.dhcp = (!off).then_some(each.value);
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn take_link(&mut self, section: Section) -> Result<(), ConfigError> {
        for each in section.assignments {
            match each.key.as_str() {
                "Unmanaged" => {
                    let refuse =
                        || each.value.place.error(format!("Unmanaged={} is no boolean", each.value.value));
                    let unmanaged = boolean(&each.value.value).ok_or_else(refuse)?;
                    self.unmanaged = unmanaged.then_some(each.value);
                }
                "ActivationPolicy" => {
                    let down = matches!(each.value.value.as_str(), "manual" | "down" | "always-down");
                    self.left_down = down.then_some(each.value);
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// Adds what this file says, unless earlier ones have its interface.
    fn promise(self, start: &Place, claimed: &mut Claimed, to: &mut Promises) {
        let interface = self.matches.interface().map(str::to_owned);
        let name = interface.as_deref().unwrap_or("unnamed interface");
        let left_down =
            self.left_down.map(|each| each.place.remark(format!("{name}: ActivationPolicy={}", each.value)));
        let unmanaged = self.unmanaged.map(|each| each.place.remark(format!("{name}: not managed")));
        let taken = interface.as_deref().is_some_and(|name| claimed.has(name));
        let taken = taken.then(|| start.remark(format!("{name}: an earlier file is for it, not this one")));
        claimed.claim(self.matches);
        if let Some(nothing) = taken.or(unmanaged).or(left_down) {
            to.remarks.push(nothing);
            return;
        }
        to.remarks.extend(self.dhcp.map(|dhcp| dhcp.place.remark(format!("{name}: DHCP={}", dhcp.value))));
        for Located { value, place } in self.addresses {
            match value {
                Some(value) => to.promises.push(Located { value, place }.promise(interface.as_deref())),
                None => to.remarks.push(place.remark(format!("{name}: an address of a pool"))),
            }
        }
    }
}

/// The address of an `[Address]` section. With a peer, the prefix length that the kernel shows is the peer's.
fn address_section(section: Section) -> Result<Located<Asked>, ConfigError> {
    let mut address = None;
    let mut peer = false;
    for each in &section.assignments {
        match each.key.as_str() {
            "Address" => address = Some(asked(&each.value)?),
            "Peer" => peer = !each.value.value.is_empty(),
            _ => {}
        }
    }
    let mut address =
        address.ok_or_else(|| section.name.place.error("an [Address] section without Address="))?;
    if peer && let Some(expected) = &mut address.value {
        expected.prefix = None;
    }
    Ok(address)
}

fn asked(written: &Located) -> Result<Located<Asked>, ConfigError> {
    Ok(Located { value: written.place.address_or_pool(&written.value)?, place: written.place.clone() })
}
