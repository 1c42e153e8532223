//! The variables that the commands of a stanza have.

use super::super::flavour::Flavour;
use super::super::interfaces::{Setting, Stanza};
use super::super::parameter::ALL;

/// The options that are commands, which are no variables.
const PHASES: [&str; 6] = ["pre-up", "up", "post-up", "down", "pre-down", "post-down"];
/// The most variables that are known, the longest value of one that several lines give, in octets, and the
/// variable that an address gives too.
const VARIABLES: usize = 64;
const VALUE: usize = 16 << 10;
const NETMASK: &str = "IF_NETMASK";

/// The variables that ifup sets for the commands of a phase, beside the names of the interface.
pub(super) fn environment(
    phase: &str,
    stanza: &Stanza,
    options: &[&Setting],
    flavour: Flavour,
) -> Vec<(String, String)> {
    if flavour != Flavour::Ifupdown {
        return Vec::new();
    }
    let all = [
        ("MODE", "start"),
        ("PHASE", phase),
        ("METHOD", stanza.method.as_deref().unwrap_or_default()),
        ("ADDRFAM", stanza.family.as_deref().unwrap_or_default()),
    ];
    let known = all.into_iter().filter(|(_, value)| !value.is_empty());
    let known = known.map(|(name, value)| (name.to_owned(), value.to_owned()));
    known.chain(exported(options)).collect()
}

/// The options as variables, where a command asks for one: IF_DNS_SEARCH of `dns-search`, with a line for
/// each time that it is written. Of an address, the prefix length is the netmask.
fn exported(options: &[&Setting]) -> Vec<(String, String)> {
    let (commands, others): (Vec<&Setting>, Vec<&Setting>) =
        options.iter().partition(|option| PHASES.contains(&&*option.name));
    let mut all: Vec<(String, String)> = Vec::new();
    let (mut of_address, mut is_complete) = (None, true);
    if !commands.iter().any(|command| command.value.contains("IF_")) {
        return all;
    }
    for option in others {
        let name = format!("IF_{}", option.name.to_ascii_uppercase().replace('-', "_"));
        let (value, prefix) = match &*option.name {
            "address" => option.value.split_once('/').unwrap_or((&option.value, "")),
            _ => (&*option.value, ""),
        };
        match all.iter().position(|(other, _)| *other == name) {
            // The first address is the one that counts.
            Some(_) if &*option.name == "address" => {}
            Some(at) => {
                if let Some((_, values)) = all.get_mut(at) {
                    let is_known = values.len() + value.len() < VALUE;
                    *values = if is_known { format!("{values}\n{value}") } else { "$".to_owned() };
                }
            }
            None if all.len() >= VARIABLES => {
                is_complete = false;
                break;
            }
            None => {
                all.push((name, value.to_owned()));
                of_address = of_address.or(Some(prefix).filter(|prefix| !prefix.is_empty()));
            }
        }
    }
    if let Some(prefix) = of_address.filter(|_| !all.iter().any(|(name, _)| name == NETMASK)) {
        all.push((NETMASK.to_owned(), prefix.to_owned()));
    }
    // What a shell would expand or is too long is not known, nor a name that no shell takes.
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    all.retain(|(name, _)| name.chars().all(plain));
    for (name, value) in all.iter_mut().filter(|(_, value)| value.contains(['$', '`'])) {
        *value = format!("${{{name}}}");
    }
    all.extend(is_complete.then(|| (ALL.to_owned(), String::new())));
    all
}
