//! The arguments of a function or of the shell.

use std::rc::Rc;

use super::super::script::Node;
use super::variables::{Variables, forget};

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
