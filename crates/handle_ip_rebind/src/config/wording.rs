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

/// Returns the error at this place of a configuration, with the name of the setting.
pub(crate) fn of_toml(message: &str, text: &str, span: Option<Range<usize>>) -> String {
    if let Some(name) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) {
        return format!("unknown setting {name}, see the manual page");
    }
    let Some((found, expected)) =
        message.split_once(", expected ").filter(|_| message.starts_with("invalid "))
    else {
        return message.to_owned();
    };
    let expected = TYPES.iter().find(|(name, _)| *name == expected).map_or(expected, |(_, words)| words);
    let setting = span.and_then(|span| setting(text, span.start));
    setting.map_or_else(String::new, |name| format!("{name}: ")) + &format!("{found}, expected {expected}")
}

/// Returns the setting whose value is at this place, by the nearest line above with `NAME =`.
fn setting(text: &str, place: usize) -> Option<&str> {
    let end = text.get(place..)?.find('\n').map_or(text.len(), |end| place + end);
    let lines = text.get(..end)?.lines().rev();
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
