//! What a shell offers for the value of an option: the values that the help lists, files and folders where
//! the value is one, and nothing where it is anything else, in place of the files that shells offer by
//! default.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ValueHint};

/// The argument with what completes its value.
pub(crate) fn hinted(argument: Arg) -> Arg {
    if !argument.get_action().takes_values() || !argument.get_possible_values().is_empty() {
        return argument;
    }
    let listed = argument.get_help().map(|help| listed(&help.to_string())).unwrap_or_default();
    if !listed.is_empty() {
        // For clap a value lives as long as the process, and so these do.
        let listed = listed.into_iter().map(|value| &*value.leak());
        return argument.value_parser(PossibleValuesParser::new(listed.collect::<Vec<&'static str>>()));
    }
    let hint = match argument.get_value_names().and_then(|names| names.first()).map(|name| name.as_str()) {
        Some("FILE" | "PATH") => ValueHint::FilePath,
        Some("DIR" | "FOLDER") => ValueHint::DirPath,
        Some("USER") => ValueHint::Username,
        Some("HOST" | "HOST[:PORT]" | "HOST:PORT") => ValueHint::Hostname,
        _ => ValueHint::Other,
    };
    argument.value_hint(hint)
}

/// The values after the first colon of a help, as in `State to report: warning, critical or unknown`: empty
/// where that is no list of lower-case words.
fn listed(help: &str) -> Vec<String> {
    let Some((_, rest)) = help.split_once(": ") else { return Vec::new() };
    let list = rest.split(['.', '(']).next().unwrap_or_default();
    let Some((start, last)) = list.rsplit_once(" or ") else { return Vec::new() };
    let values: Vec<&str> = start.split(", ").chain([last]).map(str::trim).collect();
    let is_word = |value: &&str| {
        !value.is_empty() && value.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
    };
    if values.iter().all(is_word) { values.into_iter().map(str::to_owned).collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_in_the_help_is_what_is_offered() {
        let rows: [(&str, &[&str]); 6] = [
            (
                "State to report for an address: warning, critical or unknown. Default: a note",
                &["warning", "critical", "unknown"],
            ),
            (
                "Read a configuration: auto, ifupdown or networkd. Repeatable",
                &["auto", "ifupdown", "networkd"],
            ),
            ("State, $X$: OK, WARNING or UP", &[]),
            ("File with one address a line", &[]),
            ("An address: bound here, or not", &[]),
            ("Version of the protocol: 1, 2c or 3", &["1", "2c", "3"]),
        ];
        for (help, expected) in rows {
            assert_eq!(listed(help), expected, "{help}");
        }
    }

    #[test]
    fn a_value_that_is_no_file_offers_none() {
        let hint = |name: &'static str| hinted(Arg::new("x").long("x").value_name(name)).get_value_hint();
        assert_eq!(hint("FILE"), ValueHint::FilePath);
        assert_eq!(hint("FOLDER"), ValueHint::DirPath);
        assert_eq!(hint("NAME"), ValueHint::Other);
        let flag = Arg::new("x").long("x").action(clap::ArgAction::SetTrue);
        assert_eq!(hinted(flag.clone()), flag);
    }
}
