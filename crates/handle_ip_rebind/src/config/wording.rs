//! The errors of the TOML parser in words of this configuration.

use std::ops::Range;

use state::{toml_error, toml_setting};

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
    let start = span.map(|span| span.start);
    let setting = start.and_then(|start| toml_setting(text, start));
    let is_of_value = message.starts_with("invalid ") && is_below_prefix(text, start);
    if let Some(advice) = setting.filter(|_| is_of_value).and_then(in_prefix) {
        return advice;
    }
    let what = toml_error(message, text, start);
    if message.starts_with("missing field") { what + ": name one in quotes" } else { what }
}

/// Returns whether a place is in the table `[prefix]`.
fn is_below_prefix(text: &str, start: Option<usize>) -> bool {
    let before = start.and_then(|start| text.get(..start)).unwrap_or_default();
    before.lines().any(|line| line.split('#').next().is_some_and(|line| line.trim() == "[prefix]"))
}
