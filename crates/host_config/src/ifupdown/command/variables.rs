//! The variables of a command line: those of loops, those that it sets, and those that are set for it.

use super::super::{arithmetic, parameter, script};

/// The variables that are known, the latest value last.
pub(super) type Variables = Vec<(String, String)>;

/// What commands print for root on Linux.
const OUTPUTS: [(&str, &str); 8] = [
    ("$(id -u)", "0"),
    ("`id -u`", "0"),
    ("$(uname)", "Linux"),
    ("`uname`", "Linux"),
    ("$(uname -s)", "Linux"),
    ("`uname -s`", "Linux"),
    ("$(whoami)", "root"),
    ("`whoami`", "root"),
];

/// Returns a word with the values of the variables and the output of the commands that are known.
pub(super) fn with(word: &str, set: &Variables) -> String {
    if !word.contains(['$', '`']) {
        return word.to_owned();
    }
    let word =
        set.iter().rev().fold(word.to_owned(), |word, (name, value)| script::substitute(&word, name, value));
    let of = |name: &str| {
        let value = set.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        value.filter(|value| !value.contains(['$', '`']))
    };
    let word = parameters(&word, of);
    if !word.contains("$(") && !word.contains('`') {
        return word;
    }
    let word = arithmetic::expanded(&word, of);
    let word = OUTPUTS.iter().fold(word, |word, (command, output)| word.replace(command, output));
    printed(&word, "$(", ')').or_else(|| printed(&word, "`", '`')).unwrap_or(word)
}

/// A word with the values of `${NAME#PATTERN}` and the like, as far as they are known.
fn parameters(word: &str, of: impl Fn(&str) -> Option<String>) -> String {
    let mut result = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once("${") {
        result.push_str(before);
        let value =
            after.split_once('}').and_then(|(inside, end)| Some((parameter::value(inside, &of)?, end)));
        match value {
            Some((value, end)) => {
                result.push_str(&value);
                rest = end;
            }
            None => {
                result.push_str("${");
                rest = after;
            }
        }
    }
    result + rest
}

/// Keeps the latest value of each variable that was set after the first `known` ones.
pub(super) fn latest(set: &mut Variables, known: usize) {
    let mut new = set.split_off(known.min(set.len()));
    for at in (0..new.len()).rev() {
        let is_old =
            new.get(at).is_some_and(|(name, _)| new.iter().skip(at + 1).any(|(later, _)| later == name));
        if is_old {
            new.remove(at);
        }
    }
    set.append(&mut new);
}

/// A word with what its one command prints, between `open` and `close`: `None` where that is not known.
fn printed(word: &str, open: &str, close: char) -> Option<String> {
    let (before, rest) = word.split_once(open)?;
    let (command, after) = rest.split_once(close)?;
    Some(format!("{before}{}{after}", script::printed(command)?.join(" ")))
}

/// The longest value of a variable, in octets: a longer one is not known.
const LONGEST: usize = 16 << 10;

/// Takes `NAME=value ...` over, with or without `export`: whether the command is no more than that. One that
/// may not be run makes the variable unknown.
pub(super) fn assign(words: &[String], set: &mut Variables, doubt: bool) -> bool {
    let assignments = match words {
        [first, rest @ ..] if matches!(first.as_str(), "export" | "local" | "readonly") => rest,
        all => all,
    };
    let parsed: Option<Vec<(&str, &str)>> =
        assignments.iter().map(|word| word.split_once('=').filter(|(name, _)| is_variable(name))).collect();
    let Some(parsed) = parsed.filter(|parsed| !parsed.is_empty()) else { return false };
    for (name, value) in parsed {
        // One that doubles itself in each assignment would need all memory.
        let known = !doubt && !value.contains(['$', '`']) && value.len() <= LONGEST;
        // What is not known stands for itself: no address.
        let value = if known { value.to_owned() } else { format!("${{{name}}}") };
        set.push((name.to_owned(), value));
    }
    true
}

fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}
