//! Which files are profiles, and which of these count: neither hidden nor replaced by one of the same UUID.

use std::collections::{HashMap, HashSet};

use super::profile::Profile;
use crate::folders;
use crate::located::Located;
use crate::promise::{ConfigError, Place, Promises};
use crate::tree::Tree;

/// The folders before and after that of the administrator, which is between them in rank.
const RUN: &str = "/run/NetworkManager/system-connections";
const SHIPPED: &str = "/usr/lib/NetworkManager/system-connections";
/// The rank of the administrator's own folder.
const OWN: usize = 1;
const SUFFIX: &str = ".nmconnection";
const HIDES: &str = ".nmmeta";

/// Reads the profiles that count, the administrator's in the folder `own`: `None` if there is no file of one.
pub(super) fn profiles(
    tree: &Tree<'_>,
    own: Option<&str>,
    to: &mut Promises,
) -> Result<Option<Vec<Profile>>, ConfigError> {
    let mut profiles = Vec::new();
    let mut hidden = HashMap::new();
    let folders = [Some(RUN), own, Some(SHIPPED)].into_iter().enumerate();
    for (rank, folder) in folders.filter_map(|(rank, folder)| Some((rank, folder?.to_owned()))) {
        let wanted = |name: &str| is_profile(rank, name) || is_hiding(name);
        for (name, path) in folders::by_name(tree, &[folder], to, wanted)? {
            let unreadable = to.unreadable.len();
            let content = to.readable(folders::content(tree, &path))?.unwrap_or_default();
            if to.unreadable.len() > unreadable {
                continue;
            }
            match name.strip_suffix(HIDES) {
                Some(uuid) if content.is_empty() => _ = hidden.entry(uuid.to_owned()).or_insert(rank),
                Some(_) => {}
                None if content.is_empty() => {
                    to.remarks.push(Place::new(&path, 1).remark("an empty profile"))
                }
                None => match Profile::parse(rank, path, &content) {
                    Ok(profile) => profiles.push(profile),
                    Err(error) => to.survive(Err(error))?,
                },
            }
        }
    }
    let found = !profiles.is_empty() || !to.remarks.is_empty() || !to.unknown.is_empty();
    let found = found || !to.unreadable.is_empty();
    let counting = that_count(profiles, &hidden, to)?;
    Ok(found.then_some(counting))
}

/// Returns whether a file is a profile that netplan made of one of its definitions.
pub(crate) fn is_of_netplan(path: &str) -> bool {
    path.strip_prefix(RUN).is_some_and(|name| name.starts_with("/netplan-"))
}

/// Whether a file of this name is read as a profile. In the administrator's folder alone, where names were
/// free once, the suffix may be missing; backups, certificates and temporary files are skipped there.
fn is_profile(rank: usize, name: &str) -> bool {
    if name.starts_with('.') || is_hiding(name) {
        return false;
    }
    let temporary = name.rsplit_once('.').is_some_and(|(stem, rest)| {
        !stem.is_empty() && rest.len() == 6 && rest.bytes().all(|octet| octet.is_ascii_alphanumeric())
    });
    let other = name.ends_with('~') || [".pem", ".der"].iter().any(|suffix| name.ends_with(suffix));
    let named = name.len() > SUFFIX.len() && name.ends_with(SUFFIX);
    named || (rank == OWN && !temporary && !other)
}

fn is_hiding(name: &str) -> bool {
    name.ends_with(HIDES) && !name.starts_with('.')
}

/// The profiles that are neither hidden nor replaced; the others are remarked on. Of two with one UUID in a
/// folder, NetworkManager takes the one that was written last, which is not known here.
fn that_count(
    profiles: Vec<Profile>,
    hidden: &HashMap<String, usize>,
    promises: &mut Promises,
) -> Result<Vec<Profile>, ConfigError> {
    let mut by_uuid: HashMap<String, (usize, String)> = HashMap::new();
    let mut kept: Vec<Profile> = Vec::new();
    let mut twice: HashSet<String> = HashSet::new();
    for profile in profiles {
        let Some(Located { value: uuid, place }) = profile.uuid().cloned() else {
            kept.push(profile);
            continue;
        };
        match by_uuid.get(&uuid) {
            _ if hidden.get(&uuid).is_some_and(|rank| *rank <= profile.rank) => {
                promises.remarks.push(place.remark("a profile that is hidden"));
            }
            Some((rank, first)) if *rank == profile.rank => {
                promises.survive(Err(place.error(format!("the UUID of {first} again"))))?;
                twice.insert(uuid);
            }
            Some((_, first)) => {
                promises.remarks.push(place.remark(format!("a profile that {first} replaces")))
            }
            None => {
                by_uuid.insert(uuid, (profile.rank, profile.path.clone()));
                kept.push(profile);
            }
        }
    }
    kept.retain(|profile| profile.uuid().is_none_or(|uuid| !twice.contains(&uuid.value)));
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn skips_the_files_that_networkmanager_skips() {
        for name in ["eth0.nmconnection", "a b.nmconnection"] {
            assert!((0..3).all(|rank| is_profile(rank, name)), "{name}");
        }
        for name in ["eth0", "Wired connection 1", "eth0.old", "eth0.swp"] {
            assert!(is_profile(1, name) && !is_profile(0, name) && !is_profile(2, name), "{name}");
        }
        for name in [
            ".eth0.nmconnection",
            "eth0~",
            "eth0.nmconnection~",
            "eth0.Ab12Cd",
            "ca.pem",
            "ca.der",
            "u.nmmeta",
        ] {
            assert!((0..3).all(|rank| !is_profile(rank, name)), "{name}");
        }
    }
}
