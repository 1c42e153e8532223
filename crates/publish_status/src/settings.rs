//! The errors of the TOML parsers on a setting, in words that name the setting and the right value.

use plugin::clean;

/// Returns the words for an error at this octet of the configuration.
pub(crate) fn in_words(message: &str, text: &str, octet: Option<usize>) -> String {
    let message = clean(message).replace('`', "");
    if let Some(rest) = message.strip_prefix("unknown field ") {
        // The list of all settings would fill the line, so only the unknown setting is named.
        let name = rest.split(", expected ").next().unwrap_or(rest);
        return format!("unknown setting {name}, see the README");
    }
    // What is missing is no fault of the setting where its place was looked for.
    if message.starts_with("missing field ") {
        return message;
    }
    let Some(key) = octet.and_then(|octet| key_at(text, octet)) else { return message };
    let expected = |prefix: &str| message.strip_prefix(prefix)?.split_once(", expected ");
    if let Some((given, right)) = expected("unknown variant ") {
        let right = right.trim_start_matches("one of ").replace(" or ", ", ");
        let given = if given.is_empty() { "an empty text" } else { given };
        return format!("{key}: {given} is not one of {right}");
    }
    if message == "duplicate key" {
        return format!("{key} is given twice");
    }
    if let Some(right) = message.strip_prefix("wanted ") {
        return format!("{key}: write {}", kind(right));
    }
    match expected("invalid type: ").or_else(|| expected("invalid value: ")) {
        // The size of the number does not matter to the reader.
        Some((given, right)) => {
            format!("{key}: write {}, not {}", kind(right), given.trim_end_matches(" as i128"))
        }
        None => format!("{key}: {message}"),
    }
}

/// Returns the key of the setting at this octet, which is in its value or in the key: `rule` of `rule = "x"`.
fn key_at(text: &str, octet: usize) -> Option<&str> {
    let (before, after) = text.split_at_checked(octet)?;
    let start = before.rfind('\n').map_or(0, |end| end + 1);
    let end = after.find('\n').map_or(text.len(), |end| octet + end);
    let key = text.get(start..end)?.split_once('=')?.0.trim();
    (!key.is_empty()).then_some(key)
}

/// Returns the name that an administrator knows for the type of a setting.
fn kind(expected: &str) -> &str {
    match expected {
        "u64" => "a whole number from 0 on without quotation marks",
        "a string" | "string or table" | "path string" => "a text in quotation marks",
        "a boolean" => "true or false without quotation marks",
        "a sequence" => "a list, as [\"a\", \"b\"]",
        other => other,
    }
}
