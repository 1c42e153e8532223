//! Failed targets grouped by what is said about them, so that a thousand of them print as a few runs.

use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::{all, brief};

use crate::{Cause, Target};

/// How many groups the first line names.
const NAMED: usize = 3;

/// Addresses of which the same is said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// The port, where several are checked.
    port: Option<u16>,
    /// What is said.
    words: String,
    /// At least one.
    addresses: Vec<IpAddr>,
}

/// The groups of failed targets, by their first addresses.
pub(crate) fn groups(failed: &[(Target, &Cause)], ports: bool, words: impl Fn(&Cause) -> String) -> Vec<Group> {
    // By cause first, so that its words are made once and not for each target.
    let mut causes: BTreeMap<(Option<u16>, &Cause), Vec<IpAddr>> = BTreeMap::new();
    for (target, cause) in failed {
        causes.entry((ports.then_some(target.port), cause)).or_default().push(target.address);
    }
    let mut said: BTreeMap<(Option<u16>, String), Vec<IpAddr>> = BTreeMap::new();
    for ((port, cause), addresses) in causes {
        said.entry((port, words(cause))).or_default().extend(addresses);
    }
    let mut groups: Vec<Group> = said.into_iter().map(|((port, words), addresses)| Group { port, words, addresses }).collect();
    groups.sort_by_key(|group| group.addresses.iter().min().copied());
    groups
}

impl Group {
    /// The whole group in one line.
    pub(crate) fn line(&self) -> String {
        format!("{}{}: {}", all(&self.addresses), self.behind(), self.words)
    }

    fn behind(&self) -> String {
        self.port.map(|port| format!(" port {port}")).unwrap_or_default()
    }
}

/// The first groups in about `room` characters, and how many targets the others have.
pub(crate) fn print(groups: &[Group], room: usize) -> String {
    let (named, rest) = groups.split_at_checked(NAMED).unwrap_or((groups, &[]));
    let words: usize = named.iter().map(|group| group.words.len() + group.behind().len() + ", ".len() + 1).sum();
    let each = room.saturating_sub(words) / named.len().max(1);
    let print = |group: &Group| format!("{}{} {}", brief(&group.addresses, each), group.behind(), group.words);
    let text = named.iter().map(print).collect::<Vec<_>>().join(", ");
    match rest.iter().map(|group| group.addresses.len()).sum::<usize>() {
        0 => text,
        more => format!("{text}, and {more} with other causes"),
    }
}
