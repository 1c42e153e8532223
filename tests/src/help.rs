//! What a plugin says of itself: the description in its Cargo.toml, and the options of its `--help`.

use std::fs;

use crate::plugins;

/// The description in a plugin's Cargo.toml: empty if there is none.
pub fn description(plugin: &str) -> String {
    manifest_line(plugin, "description")
}

/// What a check needs before it can judge anything, from its Cargo.toml: empty if nothing is said there.
pub fn needs(plugin: &str) -> String {
    manifest_line(plugin, "metadata.readme.needs")
}

/// The command line of a check to try first, from its Cargo.toml: empty if there is none.
pub fn first_command(plugin: &str) -> String {
    manifest_line(plugin, "metadata.readme.first-command")
}

/// The value of `key = "value"` in a plugin's Cargo.toml.
fn manifest_line(plugin: &str, key: &str) -> String {
    let manifest = plugins::folder(plugin).join("Cargo.toml");
    let manifest = fs::read_to_string(manifest).unwrap_or_default();
    let start = format!("{key} = \"");
    let line = manifest.lines().find_map(|line| line.strip_prefix(&start)?.strip_suffix('"'));
    line.unwrap_or_default().to_owned()
}

/// The options of a `--help` by their long names, as in `--ip`, each with its short name and its text.
pub fn options(help: &str) -> Vec<HelpOption> {
    let mut options: Vec<HelpOption> = Vec::new();
    for line in help.lines() {
        let text = line.trim_start();
        let indentation = line.len() - text.len();
        match options.last_mut() {
            _ if text.starts_with('-') && (2..=6).contains(&indentation) => {
                options.extend(HelpOption::parse(text))
            }
            Some(option) if indentation > 6 => {
                option.text = format!("{} {text}", option.text).trim().to_owned()
            }
            _ => {}
        }
    }
    options
}

/// An option as `--help` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HelpOption {
    /// As in `--ip`.
    pub long: String,
    /// As in `-w`.
    pub short: Option<String>,
    /// Whether a value follows.
    pub takes_value: bool,
    /// What it is for.
    pub text: String,
}

impl HelpOption {
    /// Parses `-w, --warning <RANGE>   What it is for`.
    fn parse(line: &str) -> Option<Self> {
        let (names, text) = line.split_once("  ").unwrap_or((line, ""));
        let start = names.find("--")?;
        let (short, rest) = names.split_at_checked(start)?;
        let end = rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '-')).unwrap_or(rest.len());
        let (long, value) = rest.split_at_checked(end)?;
        let short = short.trim().strip_suffix(',').map(str::to_owned);
        Some(Self {
            long: long.to_owned(),
            short,
            takes_value: value.contains('<'),
            text: text.trim().to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_options_in_both_layouts() {
        let help = "What it is\n\nUsage: x [OPTIONS]\n\nOptions:\n      --ip <ADDRESS[/PREFIX]>  An address\n  -h, --help           Print help\n\n\
                    More:\n  -v, --verbose...\n          Show\n          more\n      --extra-opts[=<[SECTION][@FILE]>]\n          From a file --x\n      --bare\n";
        let seen: Vec<_> =
            options(help).into_iter().map(|o| (o.long, o.short, o.takes_value, o.text)).collect();
        let row = |long: &str, short: &str, takes_value: bool, text: &str| {
            (
                long.to_owned(),
                Some(short.to_owned()).filter(|short| !short.is_empty()),
                takes_value,
                text.to_owned(),
            )
        };
        let expected = [
            row("--ip", "", true, "An address"),
            row("--help", "-h", false, "Print help"),
            row("--verbose", "-v", false, "Show more"),
            row("--extra-opts", "", true, "From a file --x"),
            row("--bare", "", false, ""),
        ];
        assert_eq!(seen, expected);
    }
}
