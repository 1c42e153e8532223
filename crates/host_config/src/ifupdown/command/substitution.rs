//! The words of a command with the values of the variables, and with what other commands print: `$( … )` and
//! backquotes (POSIX.1-2024, XCU 2.6.3).

use std::borrow::Cow;

use super::super::script;
use super::super::shell::{literal, simple_commands};
use super::arguments::is_positional;
use super::variables::{Variables, settled, with};
use super::words::program;
use super::{NESTED, Reader};

/// So many octets of the values of variables count as a command.
const COST: usize = 1 << 10;

/// A part of a word.
enum Part<'a> {
    Text(&'a str),
    Command(Cow<'a, str>),
}

impl Reader<'_> {
    /// Returns a word with the values of the variables, and with what its commands print, as far as these
    /// are known.
    pub(super) fn value(&mut self, word: &str, set: &Variables) -> String {
        if !word.contains("$(") && !word.contains('`') {
            return with(word, set);
        }
        self.substituted(word, set).unwrap_or_else(|| with(word, set))
    }

    /// The same of each of these words.
    pub(super) fn values(&mut self, words: &[String], set: &Variables) -> Vec<String> {
        words.iter().map(|word| self.value(word, set)).collect()
    }

    fn substituted(&mut self, word: &str, set: &Variables) -> Option<String> {
        let mut result = String::new();
        for part in parts(word)? {
            match part {
                Part::Text(text) => result.push_str(&with(text, set)),
                Part::Command(command) => {
                    let text = self.output_of_line(&command, set)?;
                    // No shell expands the braces of what a command prints.
                    result.push_str(&literal(
                        Some(text.trim_end_matches('\n')).filter(|it| !it.contains('{'))?,
                    ));
                }
            }
        }
        Some(result)
    }

    fn output_of_line(&mut self, command: &str, set: &Variables) -> Option<String> {
        let nodes = script::parse(simple_commands(command, |_| None))?;
        // The values of all variables are kept for it.
        self.steps += set.iter().map(|(_, value)| value.len()).sum::<usize>() / COST;
        self.depth += 1;
        let text = if self.depth > NESTED { None } else { self.print_all(&nodes, &mut set.clone()) };
        self.depth -= 1;
        text
    }
}

/// Splits a word into its text and its commands: `None` where a command is within another expansion.
fn parts(word: &str) -> Option<Vec<Part<'_>>> {
    let (mut all, mut text, mut at) = (Vec::new(), 0, 0);
    while let Some(found) = word.get(at..)?.find(['$', '`']) {
        let start = at + found;
        let rest = word.get(start..)?;
        let (command, length) = if let Some(inside) = rest.strip_prefix("$(") {
            let inside = inside.get(..closing(inside)?)?;
            let is_arithmetic = inside.starts_with('(') && inside.ends_with(')');
            if is_arithmetic && (inside.contains("$(") || inside.contains('`')) {
                return None;
            }
            (Some(Cow::Borrowed(inside)).filter(|_| !is_arithmetic), inside.len() + 3)
        } else if let Some(inside) = rest.strip_prefix('`') {
            let inside = inside.get(..backquote(inside)?)?;
            (Some(unescaped(inside)), inside.len() + 2)
        } else if let Some(inside) = rest.strip_prefix("${") {
            let inside = inside.get(..inside.find('}')?)?;
            if inside.contains("$(") || inside.contains('`') {
                return None;
            }
            (None, inside.len() + 3)
        } else {
            (None, 1)
        };
        at = start + length;
        if let Some(command) = command {
            all.push(Part::Text(word.get(text..start)?));
            all.push(Part::Command(command));
            text = at;
        }
    }
    all.push(Part::Text(word.get(text..)?));
    Some(all)
}

/// Where the bracket is that closes what is open before the text.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut quote) = (0_u32, None);
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match (c, quote) {
            ('\\', None | Some('"')) => drop(chars.next()),
            ('\'' | '"', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('(', None) => depth += 1,
            (')', None) if depth == 0 => return Some(at),
            (')', None) => depth -= 1,
            _ => {}
        }
    }
    None
}

/// Where the backquote is that closes what is open before the text.
fn backquote(text: &str) -> Option<usize> {
    let mut chars = text.char_indices();
    while let Some((at, c)) = chars.next() {
        match c {
            '\\' => drop(chars.next()),
            '`' => return Some(at),
            _ => {}
        }
    }
    None
}

/// The command within backquotes: a backslash before these characters is not its own.
fn unescaped(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let (mut result, mut chars) = (String::new(), text.chars().peekable());
    while let Some(c) = chars.next() {
        if c != '\\' || !chars.peek().is_some_and(|next| matches!(next, '$' | '`' | '\\')) {
            result.push(c);
        } else {
            result.extend(chars.next());
        }
    }
    Cow::Owned(result)
}

impl Reader<'_> {
    /// Returns the words of a command with the values of the variables: all arguments are a word each, and
    /// one that is empty is none, but for a test.
    pub(super) fn words(&mut self, words: &[String], set: &Variables) -> Vec<String> {
        let is_test = words.iter().any(|word| matches!(&**word, "[" | "[[" | "test"));
        let mut all = Vec::new();
        for word in words {
            if !word.contains('$') && !word.contains('`') {
                all.push(word.clone());
                continue;
            }
            let value = self.value(&settled(word), set);
            let argument = word
                .strip_prefix('$')
                .map(|name| name.trim_matches(['{', '}']))
                .filter(|name| is_positional(name));
            let is_known = !is_substitution(word) || !value.contains(['$', '`']);
            let is_several = is_known && value.trim_ascii().contains(|c: char| c.is_ascii_whitespace());
            match argument {
                Some("@" | "*") if value != *word => {
                    all.extend(value.split_ascii_whitespace().map(str::to_owned))
                }
                Some(_) if value.is_empty() && !is_test => {}
                _ if is_several && splits(word, &all) => {
                    all.extend(value.split_ascii_whitespace().map(str::to_owned));
                }
                // Whether it is one word or several is not known.
                _ if is_several && is_substitution(word) => all.push(word.clone()),
                _ => all.push(value),
            }
        }
        all
    }
}

/// Whether a word is the output of a command alone.
fn is_substitution(word: &str) -> bool {
    word.starts_with("$(") && !word.starts_with("$((") && word.ends_with(')')
        || word.starts_with('`') && word.ends_with('`')
}

/// Whether the value of a word is split into words again: a variable alone or the output of a command, as the
/// command or an argument of ip(8) or ifconfig(8). Whether it was in quotes is not known; in quotes, these
/// would make nothing of it.
fn splits(word: &str, before: &[String]) -> bool {
    let name = word.strip_prefix('$').map(|name| name.trim_start_matches('{').trim_end_matches('}'));
    let is_variable = name.is_some_and(|name| {
        !name.is_empty() && name.bytes().all(|octet| octet.is_ascii_alphanumeric() || octet == b'_')
    });
    (is_variable || is_substitution(word))
        && before.first().is_none_or(|head| matches!(program(head), "ip" | "ifconfig"))
}
