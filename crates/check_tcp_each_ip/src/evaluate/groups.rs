//! Failed targets grouped by what is said about them, so that a thousand of them print as a few runs.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::{all, brief_with_noun};
use net::zone_name;
use plugin::{fits, room_after};

use crate::{Cause, Target};

/// How many causes the first line names where it only counts.
const NAMED: usize = 3;
/// Of how many failed targets the first ones are named, whatever their causes.
const FEW: usize = 5;

/// Addresses of which the same is said.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Group {
    /// The port, where several are checked.
    port: Option<u16>,
    /// The number of the interface of link-local addresses; 0 for others.
    scope: u32,
    /// What is said.
    words: String,
    /// At least one.
    addresses: Vec<IpAddr>,
}

/// The groups of failed targets, by their first addresses.
pub(crate) fn groups(
    failed: &[(Target, &Cause)],
    ports: bool,
    words: impl Fn(&Cause) -> String,
) -> Vec<Group> {
    // By cause first, so that its words are made once and not for each target.
    let mut causes: BTreeMap<(Option<u16>, u32, &Cause), Vec<IpAddr>> = BTreeMap::new();
    for (target, cause) in failed {
        causes.entry((ports.then_some(target.port), target.scope, cause)).or_default().push(target.address);
    }
    let mut said: BTreeMap<(Option<u16>, u32, String), Vec<IpAddr>> = BTreeMap::new();
    for ((port, scope, cause), addresses) in causes {
        said.entry((port, scope, words(cause))).or_default().extend(addresses);
    }
    let group = |((port, scope, words), addresses)| Group { port, scope, words, addresses };
    let mut groups: Vec<Group> = said.into_iter().map(group).collect();
    groups.sort_by_key(|group| group.addresses.iter().min().copied());
    groups
}

impl Group {
    /// The whole group in one line.
    pub(crate) fn line(&self) -> String {
        format!("{}{}: {}", all(&self.addresses), self.port(), self.words)
    }

    /// Whether another group has the same words about the same port.
    pub(crate) fn says_as(&self, other: &Self) -> bool {
        (self.port, self.scope, &self.words) == (other.port, other.scope, &other.words)
    }

    fn port(&self) -> String {
        let zone = if self.scope == 0 { String::new() } else { format!(" on {}", zone_name(self.scope)) };
        self.port.map_or_else(|| zone.clone(), |port| format!("{zone} port {port}"))
    }

    /// With as many addresses as fit into `room` characters.
    fn brief(&self, room: usize) -> String {
        format!("{}{} {}", brief_with_noun(&self.addresses, room), self.port(), self.words)
    }
}

/// All groups with all their addresses, for a line that starts with `head`: none where that is too long.
pub(crate) fn whole(groups: &[Group], head: &str) -> Option<String> {
    let text = groups.iter().map(|group| group.brief(usize::MAX)).collect::<Vec<_>>().join(", ");
    fits(&format!("{head}{text}")).then_some(text)
}

/// The groups as far as there is room in a line that starts with `head`: the first addresses of a single one,
/// the first groups where few targets fail or each for a reason of its own, else how many addresses each
/// cause has.
pub(crate) fn shortened(groups: &[Group], head: &str) -> String {
    if let [only] = groups {
        return only.brief(room_after(&format!("{head}{} {}", only.port(), only.words)));
    }
    if let Some(text) = by_address(groups) {
        return text;
    }
    let failed: usize = groups.iter().map(|group| group.addresses.len()).sum();
    if failed <= FEW || failed == groups.len() { named(groups, head) } else { counted(groups) }
}

/// On how many ports the same is said of the same address: `None` where that is more than a few words.
fn by_address(groups: &[Group]) -> Option<String> {
    let mut ports: BTreeMap<(IpAddr, u32, &str), usize> = BTreeMap::new();
    for group in groups {
        group.port?;
        for address in &group.addresses {
            *ports.entry((*address, group.scope, &group.words)).or_default() += 1;
        }
        if ports.len() > NAMED {
            return None;
        }
    }
    let text = |((address, scope, words), ports): ((IpAddr, u32, &str), usize)| {
        let zone = if scope == 0 { String::new() } else { format!(" on {}", zone_name(scope)) };
        let noun = if ports == 1 { "port" } else { "ports" };
        format!("{address}{zone} {words} on {ports} {noun}")
    };
    (ports.len() < groups.len()).then(|| ports.into_iter().map(text).collect::<Vec<_>>().join(", "))
}

/// The first groups, two of them whatever the room, and the number of other addresses.
fn named(groups: &[Group], head: &str) -> String {
    let mut shown = Vec::new();
    for group in groups {
        shown.push(group.brief(room_after(head)));
        if shown.len() > 2 && !fits(&format!("{head}{}", shown.join(", "))) {
            shown.pop();
            break;
        }
    }
    let other: usize = groups.iter().skip(shown.len()).map(|group| group.addresses.len()).sum();
    shown.into_iter().chain((other > 0).then(|| format!("{other} other"))).collect::<Vec<_>>().join(", ")
}

/// How many addresses each cause has.
fn counted(groups: &[Group]) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for group in groups {
        *counts.entry(&group.words).or_default() += group.addresses.len();
    }
    let mut counts: Vec<(&str, usize)> = counts.into_iter().collect();
    counts.sort_by_key(|(_, count)| Reverse(*count));
    let (named, rest) = counts.split_at_checked(NAMED).unwrap_or((&counts, &[]));
    let other: usize = rest.iter().map(|(_, count)| count).sum();
    let named = named.iter().map(|(words, count)| format!("{count} {words}"));
    named.chain((other > 0).then(|| format!("{other} other"))).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_ports_of_one_address_are_counted() {
        // The last number of the address, and the ports of it that refuse.
        type Row<'a> = (&'a [(u8, std::ops::Range<u16>)], &'a str);
        let rows: [Row<'_>; 4] = [
            (&[(1, 81..104)], "192.0.2.1 refused on 23 ports"),
            (&[(1, 81..104), (2, 81..82)], "192.0.2.1 refused on 23 ports, 192.0.2.2 refused on 1 port"),
            (&[(1, 81..104), (2, 81..90), (3, 85..86), (4, 85..86)], "34 refused"),
            (&[(1, 81..82)], "192.0.2.1 port 81 refused"),
        ];
        for (refused, text) in rows {
            let each = refused.iter().flat_map(|(last, ports)| {
                ports.clone().map(move |port| Target {
                    address: [192, 0, 2, *last].into(),
                    scope: 0,
                    port,
                    name: None,
                })
            });
            let failed: Vec<(Target, &Cause)> = each.map(|target| (target, &Cause::Refused)).collect();
            let head = format!("{} of 99 targets fail: ", failed.len());
            assert_eq!(shortened(&groups(&failed, true, Cause::brief), &head), text);
        }
    }
}
