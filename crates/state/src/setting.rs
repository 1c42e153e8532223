//! The errors of the TOML parser on a configuration, in words that name the setting and what to write:
//! without Rust types and without a list of all settings.

use plugin::clean;

/// The parser's names of a type, and the words for what an administrator writes there.
const TYPES: [(&str, &str); 9] = [
    ("a boolean", "true or false without quotes"),
    ("a sequence", "a list in square brackets"),
    ("a map", "a table"),
    ("a string", "a text in quotes"),
    ("string or table", "a text in quotes"),
    ("path string", "a path in quotes"),
    ("usize", "a whole number of 0 or more without quotes"),
    ("u64", "a whole number of 0 or more without quotes"),
    ("u8", "a number of 0 to 255 without quotes"),
];

/// Returns the words for an error of the crate `toml` at this octet of the `text` of a configuration.
pub fn toml_error(message: &str, text: &str, place: Option<usize>) -> String {
    let message = clean(message).replace('`', "");
    let after = |start: &str| message.strip_prefix(start).map(|rest| rest.split(',').next().unwrap_or(rest));
    if let Some(name) = after("missing field ") {
        return format!("{name} is not set");
    }
    if let Some(name) = after("unknown field ") {
        return format!("unknown setting {name}, see the manual page");
    }
    if let Some(what) = of_list(&message) {
        let list = place.and_then(|place| text.get(..place)?.lines().rev().find_map(list_name));
        return list.map_or_else(|| what.to_owned(), |name| format!("{name}: {what}"));
    }
    let setting = place.and_then(|place| toml_setting(text, place));
    if message == "duplicate key" {
        return setting.map_or_else(|| message.clone(), |name| format!("{name} is given twice"));
    }
    let rest = place.and_then(|place| text.get(place..)).unwrap_or_default();
    if message == "invalid type: map, expected a sequence" && rest.starts_with('[') {
        let name = setting.unwrap_or_default();
        return format!("{name}: write {name} = [...], or [[{name}]] with two brackets, not [{name}]");
    }
    if let Some(what) = in_words(&message, rest) {
        return setting.map_or_else(|| what.clone(), |name| format!("{name}: {what}"));
    }
    // Any other is of this very line.
    match place.and_then(|place| line(text, place)).and_then(name) {
        Some(name) => format!("{name}: {message}"),
        None => message,
    }
}

/// What is wrong with a list that is written. `None` for any other error.
fn of_list(message: &str) -> Option<&'static str> {
    if message.starts_with("missing comma between array elements") {
        return Some("a comma is missing in its list, or the ] at its end");
    }
    message.starts_with("unclosed array,").then_some("a list without the ] at its end")
}

/// What to write in place of a wrong value, at the start of the `rest`. `None` for any other error.
fn in_words(message: &str, rest: &str) -> Option<String> {
    if message.starts_with("invalid unquoted key") {
        return Some("write it in quotes, it is not a plain name".to_owned());
    }
    if message.starts_with("invalid basic string") || message.starts_with("invalid literal string") {
        return Some("a text without the quote at its end".to_owned());
    }
    if let Some(right) = message.strip_prefix("wanted ") {
        return Some(format!("write {}", kind(right)));
    }
    let expected = |start: &str| message.strip_prefix(start)?.split_once(", expected ");
    if let Some((given, right)) = expected("unknown variant ") {
        let right = right.trim_start_matches("one of ").replace(" or ", ", ");
        let given = if given.is_empty() { "an empty text" } else { given };
        return Some(format!("{given} is not one of {right}"));
    }
    let (given, right) = expected("invalid type: ").or_else(|| expected("invalid value: "))?;
    let given = match given {
        "map" if rest.starts_with(|first: char| first.is_ascii_digit()) => "a date".to_owned(),
        "map" => "a table".to_owned(),
        "sequence" => "a list".to_owned(),
        // The size of the number does not matter to the reader.
        given => given.trim_end_matches(" as i128").replace("floating point ", "the number "),
    };
    Some(format!("write {}, not {given}", kind(right)))
}

/// The words for a type; its name where there are none.
fn kind(right: &str) -> &str {
    TYPES.iter().find(|(name, _)| *name == right).map_or(right, |(_, words)| words)
}

/// The name of a line that begins a list.
fn list_name(line: &str) -> Option<&str> {
    let is_list = line.split_once('=')?.1.trim_start().starts_with('[');
    name(line).filter(|_| is_list)
}

/// Returns the setting whose value is at this octet, or which stands there itself: by the nearest line above
/// with `NAME =`.
pub fn toml_setting(text: &str, place: usize) -> Option<&str> {
    let own = line(text, place)?;
    // A table by its header, which is no list in a list.
    let header = own.trim().strip_prefix('[').and_then(|header| header.split_once(']'));
    let header = header.map(|(name, _)| name.trim_start_matches('[').trim());
    if let Some(name) = header.filter(|name| !name.contains([',', '"', '\''])) {
        return Some(name);
    }
    name(own).or_else(|| text.get(..place)?.lines().rev().find_map(name))
}

/// The line that this octet is in.
fn line(text: &str, place: usize) -> Option<&str> {
    let (before, after) = text.split_at_checked(place)?;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let end = after.find('\n').map_or(text.len(), |end| place + end);
    text.get(start..end)
}

/// The name before `=` in a line. `None` if that is in a value of a list, such as "--ip=192.0.2.1".
fn name(line: &str) -> Option<&str> {
    let written = line.split_once('=')?.0.trim();
    let name = match written.chars().next().filter(|first| ['"', '\''].contains(first)) {
        Some(quote) => written.strip_prefix(quote)?.strip_suffix(quote)?,
        None => written,
    };
    (!name.is_empty() && !name.contains([' ', '#', '[', ',', '"', '\''])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_of_the_setting_above_it() {
        let text =
            "a = 1 # x = 2\n[b]\n\"c.d\" = 3\nc = [\n  [\"--e=4\", 5],\n  '--f=6',\n  7\n]\n[[g.h]]\ni\n";
        let rows = [
            ("a =", Some("a")),
            ("1 #", Some("a")),
            ("[b]", Some("b")),
            ("3\n", Some("c.d")),
            ("[\n", Some("c")),
            ("5]", Some("c")),
            ("7\n", Some("c")),
            ("[[g", Some("g.h")),
        ];
        for (at, expected) in rows {
            let place = text.find(at).unwrap();
            assert_eq!(toml_setting(text, place), expected, "{at}");
        }
        assert_eq!(toml_setting("7\n", 0), None);
        assert_eq!(toml_setting("a = 1", 99), None);
    }

    /// A line that is no setting at all is not said to be of the one above it.
    #[test]
    fn an_error_of_the_line_names_no_setting_above() {
        let text = "a = 1\ngarbage\nb = \n";
        let rows = [
            ("key with no value", Some(6), "key with no value"),
            ("string values must be quoted", Some(18), "b: string values must be quoted"),
            (
                "invalid type: map, expected a boolean",
                Some(0),
                "a: write true or false without quotes, not a table",
            ),
            (
                "missing comma between array elements, expected `,`",
                Some(17),
                "a comma is missing in its list, or the ] at its end",
            ),
            ("duplicate key", None, "duplicate key"),
            ("missing field `a b`", Some(0), "a b is not set"),
            (
                "unknown field `c`, expected one of `a`, `b`",
                Some(0),
                "unknown setting c, see the manual page",
            ),
        ];
        for (message, place, expected) in rows {
            assert_eq!(toml_error(message, text, place), expected);
        }
    }
}
