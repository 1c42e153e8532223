//! The ports that stanzas give bridges, bonds, teams and VRFs, and what carries VLANs:
//! bridge-utils-interfaces(5), ifenslave's and ifupdown2's options.

use crate::promise::Promises;
use crate::wildcard;

use super::flavour::Flavour;
use super::interfaces::{Interfaces, Setting};
use super::{range, regex};

/// Adds the ports and the VLANs of stanza `index`, which comes up as `physical`.
pub(super) fn add(
    all: &Interfaces,
    index: usize,
    physical: Option<&str>,
    flavour: Flavour,
    to: &mut Promises,
) {
    let (Some(stanza), Some(physical)) = (all.stanzas.get(index), physical) else { return };
    for option in &stanza.options {
        match &*option.name {
            "bridge_ports" | "bridge-ports" | "bond-slaves" | "bond_slaves" | "slaves" | "team-ports"
            | "bond-ports" | "bond_ports" => {
                let bridge = option.name.starts_with("bridge");
                let names = if flavour == Flavour::Ifupdown2 {
                    expressions(option)
                } else {
                    names(&option.value, all)
                };
                let Some(names) = names else {
                    to.note_unknown_ports(physical, &option.place);
                    continue;
                };
                if bridge {
                    to.add_port(physical, None, &option.place);
                }
                names.iter().for_each(|name| to.add_port(physical, Some(name), &option.place));
            }
            "vlan-raw-device" | "vlan_raw_device" => to.add_vlan(Some(physical), Some(&option.value)),
            "bond-master" | "bond_master" | "vrf" | "vrf-slave" if &*option.value != "none" => {
                to.add_port(&option.value, Some(physical), &option.place);
            }
            _ => {}
        }
    }
}

/// What `all` stands for, as regular expressions (bridge-utils-interfaces(5)).
const ALL: [&str; 4] = ["eth.*", "em.*", "en.*", "p[0-9].*"];

/// The names of a list of ports, and as one of them the patterns that any interface may fit: `None` where the
/// files do not tell them.
fn names(list: &str, all: &Interfaces) -> Option<Vec<String>> {
    let mut names = Vec::new();
    let mut patterns: Vec<String> = Vec::new();
    let mut expressions = false;
    let mut words = list.split_ascii_whitespace();
    while let Some(word) = words.next() {
        match word {
            "none" => {}
            "all" => patterns.extend(ALL.into_iter().filter_map(regex::patterns).flatten()),
            "regex" => expressions = true,
            "noregex" => expressions = false,
            "glob" => {
                let pattern = words.next()?;
                let known = all.stanzas.iter().map(|stanza| stanza.name.clone());
                names.extend(known.filter(|name| wildcard::matches(pattern, name)));
            }
            "waitport" => drop(words.next()),
            word if expressions => patterns.extend(regex::patterns(word)?),
            word if word.contains(['[', '*', '/', '$']) => return None,
            word => names.push(word.to_owned()),
        }
    }
    names.extend((!patterns.is_empty()).then(|| patterns.join(",")));
    Some(names)
}

/// Returns the names in a list of ports as ifupdown2 reads it (ifupdown-addons-interfaces(5)). `glob` makes
/// the next name a range, `regex` makes it an expression that may begin anywhere in a name. `noglob` and
/// `noregex` end that.
pub(super) fn expressions(list: &Setting) -> Option<Vec<String>> {
    let mut all = Vec::new();
    let (mut glob, mut regex) = (false, false);
    for word in list.value.split_ascii_whitespace() {
        match word {
            "none" => {}
            "glob" | "noglob" => glob = word == "glob",
            "regex" | "noregex" => regex = word == "regex",
            word if regex => {
                all.push(expression(word)?);
                regex = false;
            }
            word if glob => {
                all.extend(range::ports(word, &list.place)?);
                glob = false;
            }
            word if word.contains(['[', '*', '/', '$']) => return None,
            word => all.push(word.to_owned()),
        }
    }
    (!glob && !regex).then_some(all)
}

/// Returns the patterns of an expression. ifupdown2 searches it in names, and it must match up to the end of
/// a name.
fn expression(word: &str) -> Option<String> {
    // Without a group, `^` and the end belong to a single alternative.
    if regex::has_bare_alternatives(word) {
        return None;
    }
    let anywhere = |pattern: String| if word.starts_with('^') { pattern } else { format!("*{pattern}") };
    Some(regex::patterns(word)?.into_iter().map(anywhere).collect::<Vec<_>>().join(","))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::Place;

    #[test]
    fn ifupdown2_takes_ranges_and_expressions_of_ports() {
        let rows = [
            ("none", Some("")),
            ("eth0 eth1", Some("eth0 eth1")),
            ("glob eth[0-1]", Some("eth0 eth1")),
            ("eth0 glob swp[1-3].100 swp9", Some("eth0 swp1.100 swp2.100 swp3.100 swp9")),
            ("glob eth[0-1] glob swp[10-11]", Some("eth0 eth1 swp10 swp11")),
            ("glob eth7", Some("eth7")),
            ("regex swp[12]", Some("*swp[12]")),
            ("regex ^swp[12]$ eth0", Some("swp[12] eth0")),
            ("regex (swp1|swp2).100", Some("*swp1?100,*swp2?100")),
            ("regex (swp1|swp2)", Some("*swp1,*swp2")),
            ("glob eth*", None),
            ("glob", None),
            ("regex", None),
            ("glob eth[0-99999]", None),
            ("eth[0-1]", None),
            ("glob swp1-4", Some("swp1 swp2 swp3 swp4")),
            ("glob swp1-2.100 eth0", Some("swp1.100 swp2.100 eth0")),
            ("glob swp[1-2],x", None),
            ("glob swp1-2,x", None),
            ("glob swp0-99999", None),
            ("regex eth.* noregex veth0", Some("*eth* veth0")),
            ("glob swp[1-2] noglob eth0", Some("swp1 swp2 eth0")),
            ("regex noregex eth0 glob noglob eth1", Some("eth0 eth1")),
            ("regex glob eth.* swp1-2", Some("*eth* swp1 swp2")),
            ("regex eth|veth", None),
            ("regex ^eth0|eth1$", None),
            ("regex (eth|veth)", Some("*eth,*veth")),
        ];
        for (list, expected) in rows {
            let place = Place { file: "f".to_owned(), line: 1 };
            let option = Setting { name: "bridge-ports".into(), value: list.into(), place };
            let found = expressions(&option).map(|names| names.join(" "));
            assert_eq!(found.as_deref(), expected, "{list}");
        }
    }
}
