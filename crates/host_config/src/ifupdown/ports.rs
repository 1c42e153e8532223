//! The ports that stanzas give bridges, bonds, teams and VRFs, and what carries VLANs: bridge-utils-interfaces(5), ifenslave's and
//! ifupdown2's options.

use crate::promise::Promises;
use crate::wildcard;

use super::file::Interfaces;
use super::regex;

/// Adds the ports and the VLANs of stanza `index`, which comes up as `physical`.
pub(super) fn add(all: &Interfaces, index: usize, physical: Option<&str>, to: &mut Promises) {
    let (Some(stanza), Some(physical)) = (all.stanzas.get(index), physical) else { return };
    for option in &stanza.options {
        match &*option.name {
            "bridge_ports" | "bridge-ports" | "bond-slaves" | "bond_slaves" | "slaves" | "team-ports" => {
                let bridge = option.name.starts_with("bridge");
                let Some(names) = names(&option.value, all) else { continue };
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
