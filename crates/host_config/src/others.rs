//! Files that are known to configure addresses and are not read: to be named, so that their addresses are not
//! taken for nothing.

use std::io::ErrorKind;

use plugin::ReadError;

use crate::promise::ConfigError;
use crate::tree::Tree;

mod content;
mod run;
mod table;

use content::What::{self, Adds, Kernel, OfCloud, Starts, Unit, Words};
use content::line;
use run::place;
use table::{OF_SUSE, OTHERS, PACEMAKER, UNITS};

/// A larger file that a command runs is no script, in octets.
const LARGEST_SCRIPT: u64 = 1 << 20;

/// The folders of the drop-ins of an administrator's units, and those of what is enabled.
const DROP_INS: [&str; 1] = [".service.d"];
const ENABLED: [&str; 2] = [".wants", ".requires"];
/// The folders of System V's init with what starts at boot. Mostly that is a link to a script of
/// /etc/init.d.
const STARTED: [&str; 6] =
    ["/etc/rcS.d", "/etc/rc2.d", "/etc/rc3.d", "/etc/rc5.d", "/etc/rc.d/rc3.d", "/etc/rc.d/rc5.d"];
/// Where packages have units.
const OF_PACKAGES: &str = "/usr/lib/systemd/system";

/// Returns the files of other programs here that configure addresses, each with its line, in the order of a
/// fixed table. `alone`
/// says that no source gives an address: the parameters of the kernel and what cloud-init renders count only
/// then, since a source takes their interface over.
///
/// # Errors
/// [`ConfigError::Read`]: a file is there and cannot be read.
pub fn unread(tree: &Tree<'_>, alone: bool) -> Result<Vec<String>, ConfigError> {
    let mut found = Vec::new();
    for (path, suffix, what) in OTHERS {
        if matches!(what, Kernel | OfCloud) && !alone {
            continue;
        }
        files(tree, path, suffix).iter().for_each(|path| add(tree, path, what, &mut found));
    }
    for path in inside(tree, &DROP_INS, ".conf") {
        add(tree, &path, Unit, &mut found);
    }
    for path in STARTED.iter().flat_map(|folder| files(tree, folder, "")).filter(|path| starts(tree, path)) {
        add(tree, &path, Starts, &mut found);
    }
    // The scripts of packages may be for anything: of their units, the commands alone tell.
    for path in of_packages(tree) {
        add(tree, &path, Adds, &mut found);
    }
    Ok(found)
}

/// The file, or those of the folder whose names end so.
fn files(tree: &Tree<'_>, path: &str, suffix: &str) -> Vec<String> {
    if let Some((folder, start)) = path.strip_suffix('*').and_then(|path| path.rsplit_once('/')) {
        let names = tree.names(folder).unwrap_or_default();
        let names = names.iter().filter_map(|name| name.to_str()).filter(|name| name.starts_with(start));
        return names.map(|name| format!("{folder}/{name}")).collect();
    }
    // Most are not here, which one call tells.
    if !tree.has(path) {
        return Vec::new();
    }
    let names = tree.names(path).unwrap_or_default();
    if names.is_empty() {
        return vec![path.to_owned()];
    }
    let is_folder = suffix.starts_with('/');
    let end = if is_folder { suffix } else { "" };
    let inside = names.iter().filter_map(|name| name.to_str());
    let is_other =
        |name: &str| path == OF_SUSE && ["if", "functions"].iter().any(|own| name.starts_with(own));
    let inside = inside.filter(|name| (is_folder || name.ends_with(suffix)) && !is_other(name));
    inside.map(|name| format!("{path}/{name}{end}")).collect()
}

/// Whether a file of System V's init starts something that is not in /etc/init.d, where it is found anyway.
fn starts(tree: &Tree<'_>, path: &str) -> bool {
    let is_start = path.rsplit('/').next().is_some_and(|name| name.starts_with('S'));
    is_start && !tree.link(path).is_some_and(|target| target.contains("init.d/"))
}

/// The files in folders of an administrator's units: both with one of these endings.
fn inside(tree: &Tree<'_>, endings: &[&str], suffix: &str) -> Vec<String> {
    let folders = tree.names(UNITS).unwrap_or_default();
    let is_one = |name: &&str| endings.iter().any(|end| name.ends_with(end));
    let folders = folders.iter().filter_map(|name| name.to_str()).filter(is_one);
    folders.flat_map(|name| files(tree, &format!("{UNITS}/{name}"), suffix)).collect()
}

/// The units of packages that an administrator has enabled: an own file of the same name counts in their
/// place.
fn of_packages(tree: &Tree<'_>) -> Vec<String> {
    let enabled = inside(tree, &ENABLED, ".service");
    let names = enabled.iter().filter_map(|path| path.rsplit_once('/')).map(|(_, name)| name);
    let template = |name: &str| name.split_once('@').map(|(name, _)| format!("{name}@.service"));
    let mut units: Vec<String> =
        names.map(|name| template(name).unwrap_or_else(|| name.to_owned())).collect();
    units.sort_unstable();
    units.dedup();
    units.retain(|name| !tree.has(&format!("{UNITS}/{name}")));
    units.into_iter().map(|name| format!("{OF_PACKAGES}/{name}")).collect()
}

/// Adds a file that configures addresses, or else the scripts that it runs and that do.
fn add(tree: &Tree<'_>, path: &str, what: What, found: &mut Vec<String>) {
    // No program waits for a pipe that someone left in such a folder.
    if tree.is_plain(path, u64::MAX) == Some(false) {
        return;
    }
    // One that others may not read is no error: it is not read in any case.
    let mut new = match tree.read(path) {
        Ok(Some(content)) => {
            let text = String::from_utf8_lossy(&content);
            let line = line(&text, what);
            line.map_or_else(|| run::scripts(tree, &text, what), |line| vec![place(path, line)])
        }
        Err(ConfigError::Read(error)) if path == PACEMAKER && is_forbidden(&error) => vec![path.to_owned()],
        _ => Vec::new(),
    };
    let file = |place: &str| place.split(" line ").next().unwrap_or_default().to_owned();
    new.retain(|place| !found.iter().any(|known| file(known) == file(place)));
    found.append(&mut new);
}

/// Returns the place in a file that a command runs which adds addresses: in a script, or in a tunnel of
/// wg-quick(8), whose file others may not read. `None` if it adds none.
pub(crate) fn unread_script(tree: &Tree<'_>, path: &str) -> Option<String> {
    let is_tunnel = path.ends_with(".conf");
    if tree.is_plain(path, LARGEST_SCRIPT) == Some(false) {
        return None;
    }
    match tree.read(path) {
        Ok(Some(content)) => {
            let text = String::from_utf8_lossy(&content);
            let line = line(&text, if is_tunnel { Words(&["Address"]) } else { Adds });
            line.map(|line| place(path, line))
        }
        Err(ConfigError::Read(error)) => (is_tunnel && is_forbidden(&error)).then(|| path.to_owned()),
        _ => None,
    }
}

fn is_forbidden(error: &ReadError) -> bool {
    matches!(error, ReadError::Refused { why, .. } if why.kind() == ErrorKind::PermissionDenied)
}

#[cfg(test)]
mod tests;
