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
    let word = substituted(word, set);
    let of = |name: &str| {
        let value = set.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        value.filter(|value| !value.contains(['$', '`']))
    };
    let word = parameters(&word, of);
    if !word.contains("$(") && !word.contains('`') {
        return word;
    }
    let word = arithmetic::expanded(&word, of);
    let word = OUTPUTS.iter().fold(word, |word, (command, output)| match word.contains(command) {
        true => word.replace(command, output),
        false => word,
    });
    printed(&word, "$(", ')').or_else(|| printed(&word, "`", '`')).unwrap_or(word)
}

/// A word with the values of `$NAME` and `${NAME}`.
fn substituted(word: &str, set: &Variables) -> String {
    let mut result = String::new();
    let mut rest = word;
    while let Some((before, after)) = rest.split_once('$') {
        result.push_str(before);
        let known = name(after).and_then(|(name, behind)| {
            let (_, value) = set.iter().rev().find(|(known, _)| known == name)?;
            Some((value.as_str(), behind))
        });
        let (value, behind) = known.unwrap_or(("$", after));
        result.push_str(value);
        rest = behind;
    }
    result + rest
}

/// The name of a variable at the start of what follows a dollar sign, and what is behind it. Without braces,
/// `1`, `@` and the like are one character.
fn name(text: &str) -> Option<(&str, &str)> {
    let inside = text.strip_prefix('{');
    let text = inside.unwrap_or(text);
    let is_of_name = |octet: u8| octet.is_ascii_alphanumeric() || octet == b'_';
    let length = match text.bytes().next()? {
        b'@' | b'*' | b'#' => 1,
        first if first.is_ascii_digit() && inside.is_none() => 1,
        _ => text.bytes().take_while(|octet| is_of_name(*octet)).count(),
    };
    let (name, behind) = text.split_at_checked(length).filter(|(name, _)| !name.is_empty())?;
    Some((name, if inside.is_some() { behind.strip_prefix('}')? } else { behind }))
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
        match known {
            true => set.push((name.to_owned(), value.to_owned())),
            false => forget(set, name),
        }
    }
    true
}

/// Takes over what expressions assign: `$((NAME=VALUE))` and `$((NAME+=VALUE))`. One that may not be
/// computed, or is not understood, makes the variable unknown.
pub(super) fn computed(words: &[String], set: &mut Variables, doubt: bool) {
    let words = words.iter().filter(|word| word.contains("$((") && !is_for_another_shell(word));
    for inside in words.flat_map(|word| word.split("$((").skip(1)) {
        let Some((name, operator, value)) = script::assignment(inside) else { continue };
        let of =
            |name: &str| set.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let expression = match operator {
            "" => value.to_owned(),
            operator => format!("({name}){operator}({value})"),
        };
        match arithmetic::value(&expression, &of).filter(|_| !doubt) {
            Some(value) => set.push((name.to_owned(), value.to_string())),
            None => forget(set, name),
        }
    }
}

/// Returns a word with the variables that its expressions assign in the place of these, after [`computed`].
pub(super) fn settled(word: &str) -> String {
    if !word.contains("$((") || is_for_another_shell(word) {
        return word.to_owned();
    }
    let mut parts = word.split("$((");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str("$((");
        match (script::assignment(part), part.split_once("))")) {
            (Some((name, operator, _)), Some((inside, after))) => {
                // Of `++` and `--`, the value before it counts.
                let before = match operator {
                    "+" if inside.trim_ascii_end().ends_with("++") => "-1",
                    "-" if inside.trim_ascii_end().ends_with("--") => "+1",
                    _ => "",
                };
                result.push_str(&format!("{name}{before})){after}"));
            }
            _ => result.push_str(part),
        }
    }
    result
}

/// Whether a word is a command line of its own, as after `sh -c`: it has blanks beside its expressions.
fn is_for_another_shell(word: &str) -> bool {
    let mut parts = word.split("$((");
    let has_blank = |text: &str| text.contains([' ', '\t']);
    parts.next().is_some_and(has_blank)
        || parts.any(|part| part.split_once("))").is_some_and(|(_, after)| has_blank(after)))
}

/// Makes a variable unknown, its earlier values too: it stands for itself, which is not an address.
pub(super) fn forget(set: &mut Variables, name: &str) {
    let unknown = format!("${{{name}}}");
    set.iter_mut().filter(|(known, _)| known == name).for_each(|(_, value)| value.clone_from(&unknown));
    set.push((name.to_owned(), unknown));
}

pub(super) fn is_variable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_is_its_whole_name() {
        let set = [("i", "0"), ("1", "8"), ("@", "9"), ("i", "7")].map(|(a, b)| (a.to_owned(), b.to_owned()));
        for (word, right) in [
            ("192.0.2.$i/${i} $in $i", "192.0.2.7/7 $in 7"),
            ("$${i}${in}${i$$i$", "$7${in}${i$7$"),
            ("$10 $#$ ${1} ${10} $1i", "80 $#$ 8 ${10} 8i"),
            ("$@${@}@ ${} ${", "99@ ${} ${"),
        ] {
            assert_eq!(substituted(word, &set.to_vec()), right, "{word}");
        }
    }
}
