//! The arguments of a function or of the shell, and the words of a command that has them.

use std::rc::Rc;

use super::super::script::Node;
use super::variables::{Variables, forget, settled, with};
use super::words::program;

/// The arguments that are known each by its number, and the names of all.
const NUMBERED: usize = 9;
const ALL: [&str; 3] = ["@", "*", "#"];
/// A function that is defined, with the names of the variables that it keeps for itself.
#[derive(Clone)]
pub(super) struct Function {
    pub(super) name: String,
    pub(super) body: Rc<Node>,
    pub(super) locals: Rc<[String]>,
}

/// Returns the variables for the arguments of a function or a shell: without `$0`, which is the first of the
/// arguments after `sh -c LINE`.
pub(super) fn positional(arguments: &[String]) -> Variables {
    let (name, arguments) =
        arguments.split_first().map_or((None, arguments), |(name, rest)| (Some(name), rest));
    let all = arguments.join(" ");
    let mut set: Variables = ALL
        .iter()
        .zip([all.clone(), all, arguments.len().to_string()])
        .map(|(name, value)| ((*name).to_owned(), value))
        .collect();
    set.extend(name.map(|name| ("0".to_owned(), name.clone())));
    let numbered = (1..=NUMBERED)
        .map(|number| (number.to_string(), arguments.get(number - 1).cloned().unwrap_or_default()));
    set.extend(numbered);
    set
}

/// Makes all of them unknown.
pub(super) fn forget_all(set: &mut Variables) {
    let numbered = (1..=NUMBERED).map(|number| number.to_string());
    let names = ALL.iter().map(|name| (*name).to_owned()).chain(numbered);
    names.for_each(|name| forget(set, &name));
}

pub(super) fn is_positional(name: &str) -> bool {
    ALL.contains(&name) || !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_digit())
}

/// Returns the words of a command with the values of the variables: all arguments are a word each, and one
/// that is empty is none, but for a test.
pub(super) fn words(words: &[String], set: &Variables) -> Vec<String> {
    let is_test = words.iter().any(|word| matches!(&**word, "[" | "[[" | "test"));
    let mut all = Vec::new();
    for word in words {
        if !word.contains('$') && !word.contains('`') {
            all.push(word.clone());
            continue;
        }
        let value = with(&settled(word), set);
        let argument = word
            .strip_prefix('$')
            .map(|name| name.trim_matches(['{', '}']))
            .filter(|name| is_positional(name));
        match argument {
            Some("@" | "*") if value != *word => {
                all.extend(value.split_ascii_whitespace().map(str::to_owned))
            }
            Some(_) if value.is_empty() && !is_test => {}
            _ if splits(word, &all) && value.trim_ascii().contains([' ', '\t']) => {
                all.extend(value.split_ascii_whitespace().map(str::to_owned));
            }
            _ => all.push(value),
        }
    }
    all
}

/// Whether the value of a word is split into words again: a variable alone, as the command or an argument of
/// ip(8) or ifconfig(8). Whether it was in quotes is not known; in quotes, these would make nothing of it.
fn splits(word: &str, before: &[String]) -> bool {
    let name = word.strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
    let is_variable = name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
    });
    is_variable && before.first().is_none_or(|head| matches!(program(head), "ip" | "ifconfig"))
}
