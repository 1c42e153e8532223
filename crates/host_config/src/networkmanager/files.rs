//! Which files are profiles, and which of these count: neither hidden nor replaced by one of the same UUID.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use super::kept::Kept;
use super::keyfile::Keyfile;
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
                Some(uuid) if is_taken(tree, &path) && hides(uuid, &path, &content) => {
                    _ = hidden.entry(uuid.to_owned()).or_insert(rank);
                }
                Some(_) => {}
                None if content.is_empty() => {
                    to.remarks.push(Place::new(&path, 1).remark("an empty profile"))
                }
                None => {
                    let mut profile = Profile::parse(rank, path, &content);
                    profile.kept = Kept::of(tree, &profile.path).or_refused(profile.refusal());
                    profiles.push(profile);
                }
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

/// Whether NetworkManager reads a file that may hide a profile: a link, or a file that root alone may read.
fn is_taken(tree: &Tree<'_>, path: &str) -> bool {
    tree.link(path).is_some() || Kept::of(tree, path).refused.is_none()
}

/// Whether a file hides the profile with the UUID of its name: NetworkManager makes a link to /dev/null, or a
/// file that says the same.
fn hides(uuid: &str, path: &str, content: &[u8]) -> bool {
    let says = |file: &Keyfile, key: &str, value: &str| {
        file.value("nmmeta", key).is_some_and(|written| written.value == value)
    };
    content.is_empty()
        || Keyfile::parse(path, content)
            .is_ok_and(|file| says(&file, "uuid", uuid) && says(&file, "loaded-path", "/dev/null"))
}

/// The profiles that are neither hidden nor replaced; the others are remarked on. Of two with one UUID in a
/// folder, NetworkManager takes the one that was written last, which is not known of a copy of its files.
fn that_count(
    mut profiles: Vec<Profile>,
    hidden: &HashMap<String, usize>,
    promises: &mut Promises,
) -> Result<Vec<Profile>, ConfigError> {
    let mut by_uuid: HashMap<String, (usize, String)> = HashMap::new();
    let mut kept: Vec<Profile> = Vec::new();
    let mut twice: HashSet<String> = HashSet::new();
    // What NetworkManager ignores replaces nothing.
    profiles.sort_by_key(|profile| {
        let written = profile.kept.written.map(|time| (time, profile.path.clone()));
        (profile.kept.refused.is_some(), profile.rank, Reverse(written))
    });
    for profile in profiles {
        let Some(Located { value: uuid, place }) = profile.uuid().cloned() else {
            kept.push(profile);
            continue;
        };
        match by_uuid.get(&uuid) {
            _ if hidden.get(&uuid).is_some_and(|rank| *rank <= profile.rank) => {
                promises.remarks.push(place.remark("a profile that is hidden"));
            }
            Some((rank, first)) if is_as_good(*rank, &profile) && profile.kept.written.is_none() => {
                promises.survive(Err(place.error(format!("the UUID of {first} again"))))?;
                twice.insert(uuid);
            }
            Some((rank, first)) if is_as_good(*rank, &profile) => {
                let again = format!("the UUID of {first} again, which was written later and counts");
                promises.notes.push(format!("note: {place}: {again}"));
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
    kept.sort_by(|one, other| (one.rank, &one.path).cmp(&(other.rank, &other.path)));
    Ok(without_refused(kept, promises))
}

/// Whether a profile may count in place of another one of this rank.
fn is_as_good(rank: usize, profile: &Profile) -> bool {
    rank == profile.rank && profile.kept.refused.is_none()
}

/// The profiles without those that NetworkManager ignores where files give it another one for the
/// interface. The others stay: their addresses are missing, and a note tells why.
fn without_refused(profiles: Vec<Profile>, promises: &mut Promises) -> Vec<Profile> {
    let is_taken = |profile: &&Profile| profile.kept.refused.is_none() && !profile.is_generated();
    let taken = profiles.iter().filter(is_taken);
    let taken: HashSet<String> = taken.filter_map(Profile::written_name).collect();
    let stays = |profile: &Profile| {
        let Some(why) = &profile.kept.refused else { return true };
        let stays = profile.written_name().is_none_or(|name| !taken.contains(&name));
        // What is not understood is told as such.
        if !stays || profile.is_understood() {
            let what = format!("note: {}: NetworkManager ignores this profile: {why}", profile.path);
            promises.notes.push(what);
        }
        stays
    };
    profiles.into_iter().filter(stays).collect()
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_file_hides_the_profile_of_its_name() {
        let rows = [
            ("", true),
            ("[nmmeta]\nuuid=u1\nloaded-path=/dev/null\n", true),
            ("[nmmeta]\nuuid=u2\nloaded-path=/dev/null\n", false),
            ("[nmmeta]\nuuid=u1\nloaded-path=/run/u1.nmconnection\n", false),
            ("[nmmeta]\nloaded-path=/dev/null\n", false),
            ("junk", false),
        ];
        for (content, expected) in rows {
            assert_eq!(hides("u1", "u1.nmmeta", content.as_bytes()), expected, "{content:?}");
        }
    }

    /// As NetworkManager 1.42.4 takes them: what is insecure last, then by folder, the time and the name.
    #[test]
    fn of_two_files_with_one_uuid_one_counts() {
        type File<'a> = (usize, &'a str, &'a str, Option<&'a str>, Option<u64>);
        type Row<'a> = (&'a [File<'a>], &'a [&'a str], usize);
        let bad = Some("its mode is 0644, not 0600");
        let rows: [Row<'_>; 9] = [
            (&[(0, "g", "generated", None, Some(6)), (1, "a", "u", bad, Some(5))], &["g", "a"], 1),
            (&[(1, "a", "u", None, Some(5)), (1, "b", "u", None, Some(6))], &["b"], 1),
            (&[(1, "a", "u", None, Some(6)), (1, "b", "u", None, Some(5))], &["a"], 1),
            (&[(1, "a", "u", None, Some(5)), (1, "b", "u", None, Some(5))], &["b"], 1),
            (&[(1, "a", "u", None, Some(5)), (1, "b", "u", bad, Some(6))], &["a"], 0),
            (&[(1, "a", "u", bad, Some(5)), (2, "b", "u", None, Some(4))], &["b"], 0),
            (&[(1, "a", "u", None, Some(5)), (1, "b", "v", bad, Some(6))], &["a"], 1),
            (&[(1, "a", "u", bad, Some(5))], &["a"], 1),
            (&[(1, "a", "u", None, None), (1, "b", "u", None, None)], &[], 0),
        ];
        for (files, expected, notes) in rows {
            let profile = |(rank, path, uuid, refused, written): &File<'_>| {
                let mark = if *uuid == "generated" { "[.nmmeta]\nnm-generated=true\n" } else { "" };
                let text = format!("[connection]\nuuid={uuid}\ninterface-name=eth0\n{mark}");
                let written = written.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
                let mut profile = Profile::parse(*rank, (*path).to_owned(), text.as_bytes());
                profile.kept = Kept { refused: refused.map(str::to_owned), written };
                profile
            };
            let mut promises = Promises::default();
            let kept = that_count(files.iter().map(profile).collect(), &HashMap::new(), &mut promises);
            let paths: Vec<String> = kept.unwrap().into_iter().map(|profile| profile.path).collect();
            assert_eq!(
                (paths, promises.notes.len()),
                (expected.iter().map(|&it| it.to_owned()).collect(), notes),
                "{files:?}"
            );
        }
    }

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
