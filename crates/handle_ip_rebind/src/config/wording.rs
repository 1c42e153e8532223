//! The errors of the TOML parser in words of the configuration, without Rust types and without a list of all
//! settings.

use std::ops::Range;

/// The parser's name of a type, and the words for what an administrator writes there.
const TYPES: [(&str, &str); 7] = [
    ("a boolean", "true or false"),
    ("a sequence", "a list"),
    ("a map", "a table"),
    ("a string", "a text in quotes"),
    ("path string", "a path in quotes"),
    ("usize", "a whole number of 0 or more"),
    ("u8", "a number of 0 to 255"),
];

/// All settings but the table at the end.
const SETTINGS: [&str; 12] = [
    "enabled",
    "on",
    "check",
    "from",
    "files",
    "interface",
    "command",
    "restart",
    "announce",
    "per-hour",
    "log",
    "state",
];

/// Returns what to do with a setting that is in the table `[prefix]`. `None` if the name is not a setting's.
pub(crate) fn in_prefix(name: &str) -> Option<String> {
    SETTINGS.contains(&name).then(|| format!("{name} is below [prefix], move it above that line"))
}

/// Returns the error at this place of a configuration, with the name of the setting.
pub(crate) fn of_toml(message: &str, text: &str, span: Option<Range<usize>>) -> String {
    if let Some(name) = message.strip_prefix("missing field `").and_then(|rest| rest.split('`').next()) {
        return format!("{name} is not set: name one in quotes");
    }
    if message.starts_with("invalid unquoted key") {
        let start = span.map(|span| span.start);
        let name = start.and_then(|start| setting(text, start));
        return named(name, "write it in quotes, it is not a plain name");
    }
    if let Some(name) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) {
        return format!("unknown setting {name}, see the manual page");
    }
    let Some((found, expected)) =
        message.split_once(", expected ").filter(|_| message.starts_with("invalid "))
    else {
        return message.to_owned();
    };
    let start = span.map(|span| span.start);
    let setting = start.and_then(|start| setting(text, start));
    if let Some(advice) = setting.filter(|_| is_below_prefix(text, start)).and_then(in_prefix) {
        return advice;
    }
    if found.starts_with("invalid basic string") || found.starts_with("invalid literal string") {
        return named(setting, "a text without the quote at its end");
    }
    let found = found.replace("invalid type: map", "invalid type: table").replace(" as i128", "");
    let expected = TYPES.iter().find(|(name, _)| *name == expected).map_or(expected, |(_, words)| words);
    named(setting, &format!("{found}, expected {expected}"))
}

/// Returns a text with the name of its setting before it.
fn named(setting: Option<&str>, text: &str) -> String {
    setting.map_or_else(|| text.to_owned(), |name| format!("{name}: {text}"))
}

/// Returns whether a place is in the table `[prefix]`.
fn is_below_prefix(text: &str, start: Option<usize>) -> bool {
    let before = start.and_then(|start| text.get(..start)).unwrap_or_default();
    before.lines().any(|line| line.split('#').next().is_some_and(|line| line.trim() == "[prefix]"))
}

/// Returns the setting whose value is at this place, by the nearest line above with `NAME =`.
fn setting(text: &str, place: usize) -> Option<&str> {
    let end = text.get(place..)?.find('\n').map_or(text.len(), |end| place + end);
    let mut lines = text.get(..end)?.lines().rev().peekable();
    // A table by its header.
    let table = lines.peek().and_then(|line| line.trim().trim_start_matches('[').split_once(']'));
    if let Some((name, _)) = table.filter(|_| lines.peek().is_some_and(|line| line.trim().starts_with('['))) {
        return Some(name.trim());
    }
    let mut names = lines.filter_map(|line| bare(line.split_once('=')?.0.trim()));
    names.find(|name| !name.is_empty() && !name.contains([' ', '#', '[', ',', '"', '\'']))
}

/// Returns a name without the quotes around it. `None` if it is only the beginning of a quoted text: that is
/// a value of a list, such as "--ip=192.0.2.1".
fn bare(name: &str) -> Option<&str> {
    match name.chars().next().filter(|first| ['"', '\''].contains(first)) {
        Some(quote) => name.strip_prefix(quote)?.strip_suffix(quote),
        None => Some(name),
    }
}
