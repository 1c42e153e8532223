//! What a shell offers for the value of an option: the values that the help lists, files and folders where
//! the value is one, and nothing where it is anything else, in place of the files that shells offer by
//! default.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ValueHint};
use clap_complete::Shell;

/// Stands in a script for the interfaces of the host, until `with_interfaces`.
const INTERFACES: &str = "INTERFACES-OF-THIS-HOST";

/// The script with what lists the interfaces of the host on which it runs.
pub(crate) fn with_interfaces(script: &str, shell: Shell) -> String {
    let list = "$(command ls /sys/class/net 2>/dev/null)";
    match shell {
        Shell::Zsh => script.replace(&format!("({INTERFACES})"), "_net_interfaces"),
        Shell::Fish => script.replace(&format!("{INTERFACES}\\t''"), "(__fish_print_interfaces)"),
        _ => script.replace(INTERFACES, list),
    }
}

/// The argument with what completes its value in `shell`.
pub(crate) fn hinted(argument: Arg, shell: Shell) -> Arg {
    if !argument.get_action().takes_values() || !argument.get_possible_values().is_empty() {
        return argument;
    }
    let mut listed = argument.get_help().map(|help| listed(&help.to_string())).unwrap_or_default();
    match argument.get_id().as_str() {
        "format" => listed = ["text", "json", "prometheus"].map(str::to_owned).to_vec(),
        "interface" => listed = vec![INTERFACES.to_owned()],
        _ => {}
    }
    if !listed.is_empty() {
        // For clap a value lives as long as the process, and so these do.
        let listed = listed.into_iter().map(|value| &*value.leak());
        return argument.value_parser(PossibleValuesParser::new(listed.collect::<Vec<&'static str>>()));
    }
    // For bash, clap makes files of hosts and users.
    let knows_hosts = shell != Shell::Bash;
    let hint = match argument.get_value_names().and_then(|names| names.first()).map(|name| name.as_str()) {
        Some("FILE" | "PATH" | "SOCKET") => ValueHint::FilePath,
        Some("DIR" | "FOLDER") => ValueHint::DirPath,
        Some("USER") if knows_hosts => ValueHint::Username,
        Some("HOST" | "HOST[:PORT]" | "HOST:PORT") if knows_hosts => ValueHint::Hostname,
        _ => ValueHint::Other,
    };
    argument.value_hint(hint)
}

/// The values after the first colon of a help, as in `State to report: warning, critical or unknown`: empty
/// where that is no list of words.
fn listed(help: &str) -> Vec<String> {
    let Some((_, rest)) = help.split_once(": ") else { return Vec::new() };
    let list = rest.split(['.', '(', ';']).next().unwrap_or_default();
    let Some((start, last)) = list.rsplit_once(" or ") else { return Vec::new() };
    let values: Vec<&str> = start.split(", ").chain([last]).map(str::trim).collect();
    let is_word =
        |value: &&str| !value.is_empty() && value.chars().all(|c| c.is_ascii_alphanumeric() || c == '-');
    if values.iter().all(is_word) { values.into_iter().map(str::to_owned).collect() } else { Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_in_the_help_is_what_is_offered() {
        let rows: [(&str, &[&str]); 9] = [
            (
                "State to report for an address: warning, critical or unknown. Default: a note",
                &["warning", "critical", "unknown"],
            ),
            (
                "Read a configuration: auto, ifupdown or networkd. Repeatable",
                &["auto", "ifupdown", "networkd"],
            ),
            ("State, $X$: OK, WARNING or UP", &["OK", "WARNING", "UP"]),
            ("Protocol: DES, AES-192 or AES-256; AES-192-C extends a key", &["DES", "AES-192", "AES-256"]),
            ("Whether it is so: 1, 2 or true, 0 or false", &[]),
            ("Ports: 80, https, 80,443 or 8000-8010", &[]),
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
        let of = |name: &'static str, shell| {
            hinted(Arg::new("x").long("x").value_name(name), shell).get_value_hint()
        };
        let hint = |name| of(name, Shell::Zsh);
        assert_eq!(hint("FILE"), ValueHint::FilePath);
        assert_eq!(hint("SOCKET"), ValueHint::FilePath);
        assert_eq!(hint("FOLDER"), ValueHint::DirPath);
        assert_eq!(hint("NAME"), ValueHint::Other);
        assert_eq!(hint("HOST"), ValueHint::Hostname);
        assert_eq!(of("HOST", Shell::Bash), ValueHint::Other);
        let flag = Arg::new("x").long("x").action(clap::ArgAction::SetTrue);
        assert_eq!(hinted(flag.clone(), Shell::Bash), flag);
    }
}
