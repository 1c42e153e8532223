//! The interfaces that earlier `.network` files have, and the cards that they leave to a later one.

use std::collections::{HashMap, HashSet};

use super::{Match, is_plain, patterns};
use crate::hardware::Cards;
use crate::selector::selects;

/// The files so far, of which the first that is for an interface is the one that counts.
#[derive(Debug, Default)]
pub(in crate::networkd) struct Claimed {
    /// Interfaces of files that name them plainly, with the first such file.
    plain: HashMap<String, String>,
    /// The other files that match by name only.
    patterns: Vec<(Match, String)>,
    /// Interfaces of files that give them nothing, and these files.
    idle: Vec<String>,
    idle_files: HashSet<String>,
}

impl Claimed {
    /// Returns the earlier file that is for the interface `name` in any case.
    pub(in crate::networkd) fn by(&self, name: &str) -> Option<&str> {
        let by_pattern =
            || self.patterns.iter().find(|(earlier, _)| earlier.certainly(name)).map(|(_, file)| file);
        self.plain.get(name).or_else(by_pattern).map(String::as_str)
    }

    /// Takes a file that gives its interfaces nothing.
    pub(in crate::networkd) fn leave(&mut self, names: Vec<String>, file: &str) {
        self.idle.extend(names);
        self.idle_files.insert(file.to_owned());
    }

    /// Whether a file gives its interfaces nothing.
    pub(in crate::networkd) fn is_idle(&self, file: &str) -> bool {
        self.idle_files.contains(file)
    }

    /// Returns patterns without the interfaces of files that give them nothing.
    pub(in crate::networkd) fn without_idle(&self, patterns: String) -> String {
        let fits = |name: &&String| selects(&patterns, name);
        let idle: String = self.idle.iter().filter(fits).map(|name| format!(" !{name}")).collect();
        patterns + &idle
    }

    /// Takes a file's interfaces.
    pub(in crate::networkd) fn claim(&mut self, by: Match, file: &str) {
        if !by.by_name_alone() {
            return;
        }
        if by.types.is_empty()
            && by.names.iter().all(|(inverted, name)| !inverted && is_plain(name))
            && !by.names.is_empty()
        {
            for (_, name) in by.names {
                self.plain.entry(name).or_insert_with(|| file.to_owned());
            }
        } else {
            self.patterns.push((by, file.to_owned()));
        }
    }

    /// Takes the interfaces that are known to be what the conditions of a file ask for.
    pub(in crate::networkd) fn take(&mut self, here: &[String], file: &str) {
        for name in here {
            self.plain.entry(name.clone()).or_insert_with(|| file.to_owned());
        }
    }
}

impl Match {
    /// Returns that all interfaces that its patterns fit have an earlier file, if there are any here.
    pub(in crate::networkd) fn all_claimed(&self, cards: &Cards<'_>, claimed: &Claimed) -> Option<String> {
        if self.interface().is_some() || self.is_empty() || self.by_hardware_address() {
            return None;
        }
        let patterns = self.described();
        let fitting = cards.names().filter(|name| {
            let fits = self.fits_device(name, cards);
            self.names_fit(name) && (fits == Some(true) || fits.is_none() && self.other.is_empty())
        });
        let files = fitting.map(|name| Some((name, claimed.by(name)?))).collect::<Option<Vec<_>>>()?;
        match files.as_slice() {
            [] => None,
            [(name, file)] => Some(format!("{patterns} fits only {name}, which {file} has")),
            [(name, file), rest @ ..] => Some(format!(
                "{patterns} fits only {name}, which {file} has, and {} more that others have",
                rest.len()
            )),
        }
    }

    /// Returns the cards that the file is for, as a pattern of their names, but for those that `claimed` has:
    /// `None` where that is not known, and where it is for interfaces that are no cards.
    pub(in crate::networkd) fn cards(&self, cards: &Cards<'_>, claimed: &Claimed) -> Option<String> {
        let drivers = self.other.get("Driver").map(|value| patterns(value).collect::<Vec<_>>());
        let inverted = drivers.iter().flatten().any(|(inverted, _)| *inverted);
        let by_driver = self.other.get("Driver").filter(|_| !inverted && self.other.len() == 1);
        let fits = |name: &str| {
            if claimed.by(name).is_some() || !self.names_fit(name) {
                return Some(false);
            }
            self.fits_device(name, cards)
        };
        cards.fitting(fits, by_driver.map(|driver| driver.as_str()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_file_that_is_for_an_interface_claims_it() {
        let of = |assignments: &[(&str, &str)]| {
            let mut result = Match::default();
            assignments.iter().for_each(|(key, value)| result.assign(key, value));
            result
        };
        let claims = [
            (of(&[("Name", "eth0 eth1")]), vec!["eth0", "eth1"]),
            (of(&[("Name", "eth*")]), vec!["eth0", "eth1"]),
            (of(&[("Name", "!eth0 lo")]), vec!["eth1"]),
            (of(&[("Name", "eth* !eth1")]), vec!["eth0"]),
            (of(&[("Name", "eth*"), ("Name", "!eth0")]), vec!["eth1"]),
            (of(&[("Name", "eth0"), ("Name", ""), ("Name", "eth1")]), vec!["eth1"]),
            (of(&[("Name", "eth*"), ("Type", "ether")]), vec!["eth0", "eth1"]),
            (of(&[("Name", "eth0"), ("Type", "wlan")]), vec![]),
            (of(&[("Name", "eth0"), ("Type", "!wlan loopback")]), vec!["eth0"]),
            (of(&[("Name", "eth0"), ("Type", "e*")]), vec!["eth0"]),
            (of(&[("Name", "eth0"), ("Type", "!ether")]), vec![]),
            (of(&[("Type", "!loopback")]), vec!["eth0", "eth1"]),
            (of(&[("Type", "bond")]), vec![]),
            (of(&[("Name", "eth0"), ("Driver", "virtio_net")]), vec![]),
            (of(&[]), vec!["eth0", "eth1"]),
        ];
        for (this, expected) in claims {
            let text = format!("{this:?}");
            let mut claimed = Claimed::default();
            claimed.claim(this, "a.network");
            let all =
                ["eth0", "eth1"].into_iter().filter(|name| claimed.by(name).is_some()).collect::<Vec<_>>();
            assert_eq!(all, expected, "{text}");
        }
        assert_eq!(of(&[("Name", "eth0"), ("MACAddress", "00:00:5e:00:53:01")]).interface(), Some("eth0"));
        assert_eq!(of(&[("Name", "eth0 eth1")]).interface(), None);
    }
}
