//! Red Hat's network scripts: `/etc/sysconfig/network-scripts/ifcfg-*`, by the sysconfig.txt of initscripts
//! and nm-settings-ifcfg-rh(5). SUSE's files of the same name are of another format, in
//! `/etc/sysconfig/network`, and are not read.
//!
//! An alias file (`ifcfg-eth0:1`) and a range file (`ifcfg-eth0-range0`) come up with the interface that they
//! belong to. NetworkManager binds static addresses beside DHCP, and the scripts do not: the program that
//! [`programs`] finds decides whether they are expected.

mod addresses;
mod alias;
mod assignments;
mod interface;
mod programs;
mod rivals;
mod vlan;

use std::collections::HashMap;

use crate::promise::{ConfigError, Promises, Remark};
use crate::tree::Tree;
pub(crate) use assignments::{Assignments, Value};
use interface::{File, Parent};
use programs::Programs;
use rivals::Rivals;

const FOLDER: &str = "/etc/sysconfig/network-scripts";
/// What package managers and editors leave behind, and the scripts ignore.
const IGNORED: [&str; 11] =
    ["~", ".bak", ".old", ".orig", ".rpmnew", ".rpmorig", ".rpmsave", ".augnew", ".augtmp", ".swp", ".tmp"];

/// Returns the promises of all files, in the order of their names.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let mut files = Vec::new();
    let mut all = Promises::default();
    for name in tree.names(FOLDER)? {
        let Some(name) = name.to_str().and_then(|name| name.strip_prefix("ifcfg-")) else { continue };
        if IGNORED.iter().any(|suffix| name.ends_with(suffix)) {
            continue;
        }
        let path = format!("{FOLDER}/ifcfg-{name}");
        if let Some(content) = all.readable(tree.read(&path))? {
            let settings = Assignments::parse(&path, &content);
            all.unknown.extend(settings.bad());
            let has_returns = content.windows(2).any(|pair| pair == b"\r\n");
            files.push(File { name: name.to_owned(), settings, has_returns });
        }
    }
    if files.is_empty() && all.unreadable.is_empty() {
        return Ok(None);
    }
    let programs = Programs::read(tree, &mut all)?;
    promises(&files, &programs, all).map(Some)
}

fn promises(files: &[File], programs: &Programs<'_>, mut all: Promises) -> Result<Promises, ConfigError> {
    // `None` where it is not known whether the interface comes up.
    let mut parents: HashMap<String, Option<Parent<'_>>> = HashMap::new();
    let mut rivals = Rivals::default();
    for file in files.iter().filter(|file| belongs_to(&file.name).is_none()) {
        let (promised, dynamic) = (all.promises.len(), all.dynamic.len());
        let parent = match interface::main(file, programs, &mut all) {
            Ok(parent) => parent,
            Err(error) => {
                all.survive(Err(error))?;
                parents.entry(file.name.clone()).or_insert(None);
                continue;
            }
        };
        if file.has_returns && !parent.managed {
            // What it promises, the network scripts do not bind.
            let what = format!(
                "ifcfg-{} ends its lines with CR LF, which bash takes for more of each value",
                file.name
            );
            let lines = all.promises.get(promised..).unwrap_or_default().iter();
            all.failing.extend(lines.map(|promise| promise.place.remark(&what)));
        }
        rivals.take(&parent, promised, dynamic, &mut all);
        let named = parent.device.clone().unwrap_or_else(|| file.name.clone());
        // NetworkManager goes by the names of files.
        if parent.managed && named != file.name {
            parents.insert(file.name.clone(), Some(parent.clone()));
        }
        // Of two files for a device, the one that comes up is the one that counts.
        if parent.up || !parents.contains_key(&named) {
            parents.insert(named, Some(parent));
        }
    }
    rivals.promise(&mut all);
    aliases(files, &parents, &mut all)?;
    all.promises.sort_by(|one, other| one.place.cmp(&other.place));
    all.dynamic.sort_by(|one, other| one.place.cmp(&other.place));
    all.remarks.sort_by(|one, other| one.place.cmp(&other.place));
    Ok(all)
}

/// Adds what the files of aliases and ranges promise.
fn aliases(
    files: &[File],
    parents: &HashMap<String, Option<Parent<'_>>>,
    all: &mut Promises,
) -> Result<(), ConfigError> {
    for file in files {
        let Some((name, range)) = belongs_to(&file.name) else { continue };
        match parents.get(name) {
            Some(None) => all.unknown.push(
                file.settings.place(1).remark(format!("{}: ifcfg-{name} is not understood", file.name)),
            ),
            Some(Some(parent)) if !parent.up => {
                all.remarks.push(Remark {
                    what: format!("{}: {name} is not brought up at boot", file.name),
                    place: file.settings.place(1),
                });
            }
            Some(Some(parent)) => {
                if let Some(why) = alias::ignored(file, name, parent, range) {
                    let path = file.settings.place(1).file;
                    all.notes.push(format!("note: {path}: NetworkManager does not read it: {why}"));
                    continue;
                }
                let device = parent.device.as_deref().filter(|_| parent.managed).unwrap_or(name);
                let read = alias::read(file, device, parent, range, all);
                all.survive(read)?;
            }
            None => all.remarks.push(Remark {
                what: format!("{}: there is no ifcfg-{name}", file.name),
                place: file.settings.place(1),
            }),
        }
    }
    Ok(())
}

/// The interface that an alias file or a range file belongs to, and whether it is a range.
fn belongs_to(name: &str) -> Option<(&str, bool)> {
    match (name.split_once("-range"), name.split_once(':')) {
        (Some((parent, _)), _) => Some((parent, true)),
        (None, Some((parent, _))) => Some((parent, false)),
        (None, None) => None,
    }
}
