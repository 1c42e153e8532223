//! Which interfaces a `.network` file is for, as far as its `[Match]` section says so by name.

use std::collections::HashSet;

use crate::glob;

/// The conditions of a `[Match]` section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Match {
    /// Shell patterns, each with whether it is inverted.
    names: Vec<(bool, String)>,
    /// There are conditions on something else, which only the running host can tell.
    other: bool,
}

impl Match {
    /// Takes an assignment of the section over. Lists of the same key add up; an empty one starts anew.
    pub(super) fn assign(&mut self, key: &str, value: &str) {
        if key != "Name" {
            self.other |= !value.is_empty();
            return;
        }
        if value.is_empty() {
            self.names.clear();
        }
        let (all_inverted, list) = value.strip_prefix('!').map_or((false, value), |list| (true, list));
        // By its manual, only a list as a whole is inverted; in fact, systemd inverts a single pattern too.
        let pattern = |name: &str| match name.strip_prefix('!') {
            Some(name) if !all_inverted => (true, name.to_owned()),
            _ => (all_inverted, name.to_owned()),
        };
        self.names.extend(list.split_ascii_whitespace().map(pattern));
    }

    /// Returns the interface, where the file can be for one only.
    pub(super) fn interface(&self) -> Option<&str> {
        match self.names.as_slice() {
            [(false, name)] if is_plain(name) => Some(name),
            _ => None,
        }
    }

    /// Whether the file is for the interface `name` and whatever the host is, it says so.
    fn certainly(&self, name: &str) -> bool {
        let matches = |inverted| {
            self.names.iter().any(|(this, pattern)| *this == inverted && glob::matches(pattern, name))
        };
        let positive = self.names.iter().any(|(inverted, _)| !inverted);
        !self.other && !matches(true) && (!positive || matches(false))
    }
}

/// The files so far, of which the first that is for an interface is the one that counts.
#[derive(Debug, Default)]
pub(super) struct Claimed {
    /// Interfaces of files that name them plainly.
    plain: HashSet<String>,
    /// The other files that match by name only.
    patterns: Vec<Match>,
}

impl Claimed {
    /// Returns whether an earlier file is for the interface `name` in any case.
    pub(super) fn has(&self, name: &str) -> bool {
        self.plain.contains(name) || self.patterns.iter().any(|earlier| earlier.certainly(name))
    }

    /// Takes a file's interfaces.
    pub(super) fn claim(&mut self, by: Match) {
        if by.other {
            return;
        }
        if by.names.iter().all(|(inverted, name)| !inverted && is_plain(name)) && !by.names.is_empty() {
            self.plain.extend(by.names.into_iter().map(|(_, name)| name));
        } else {
            self.patterns.push(by);
        }
    }
}

fn is_plain(name: &str) -> bool {
    !name.contains(['*', '?', '[', '\\'])
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
            (of(&[("Name", "eth*"), ("Type", "ether")]), vec![]),
            (of(&[]), vec!["eth0", "eth1"]),
        ];
        for (this, expected) in claims {
            let text = format!("{this:?}");
            let mut claimed = Claimed::default();
            claimed.claim(this);
            let all = ["eth0", "eth1"].into_iter().filter(|name| claimed.has(name)).collect::<Vec<_>>();
            assert_eq!(all, expected, "{text}");
        }
        assert_eq!(of(&[("Name", "eth0"), ("MACAddress", "00:00:5e:00:53:01")]).interface(), Some("eth0"));
        assert_eq!(of(&[("Name", "eth0 eth1")]).interface(), None);
    }
}
