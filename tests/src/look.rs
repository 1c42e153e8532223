//! The quick look in README.md: what a plugin says when all is well and when not, copied there from a real run and held against one.

use std::env;
use std::fs;

use crate::host::Host;
use crate::plugins;
use crate::process::{Outcome, run};

/// The start and the end of a plugin's part.
fn marks(plugin: &str) -> (String, String) {
    (format!("<!-- look {plugin} -->\n```console\n"), format!("```\n<!-- /look {plugin} -->"))
}

/// What README.md shows of a plugin: none if there is no such part.
pub fn shown(plugin: &str) -> Option<String> {
    let readme = fs::read_to_string(plugins::workspace().join("README.md")).ok()?;
    let (start, end) = marks(plugin);
    let (_, rest) = readme.split_once(&start)?;
    rest.split_once(&end).map(|(shown, _)| shown.to_owned())
}

/// Runs a command line of README.md in a host, and returns it with what came of it.
///
/// # Panics
/// If the program is not there or hangs.
pub fn run_line<'a>(host: &Host, line: &'a str) -> (&'a str, Outcome) {
    let mut words = line.split(' ');
    let plugin = plugins::binary(words.next().unwrap_or_default());
    (line, run(host.command(plugin).args(words)))
}

/// Asserts that README.md shows these runs, each with its command line, but for what is measured: fractions, and which address is the
/// slowest. No two runs have the same.
/// With UPDATE_DOCS=1 it writes them there.
///
/// # Panics
/// If README.md shows something else.
pub fn hold(plugin: &str, runs: &[(&str, Outcome)]) {
    let runs = runs.iter().map(|(command, outcome)| format!("$ {command}\n{}\n", outcome.stdout.trim_end()));
    let (seen, expected) = (shown(plugin).unwrap_or_default(), runs.collect::<String>());
    let is_same = measured_as_hash(&seen) == measured_as_hash(&expected);
    if !is_same && env::var_os("UPDATE_DOCS").is_some_and(|value| value == "1") {
        let path = plugins::workspace().join("README.md");
        let readme = fs::read_to_string(&path).unwrap_or_default();
        let (start, end) = marks(plugin);
        let (old, new) = (format!("{start}{seen}{end}"), format!("{start}{expected}{end}"));
        assert!(readme.contains(&old), "{}: no {start}", path.display());
        let written = fs::write(&path, readme.replacen(&old, &new, 1));
        assert!(written.is_ok(), "writing {}: {written:?}", path.display());
        return;
    }
    assert!(is_same, "README.md shows of {plugin}:\n{seen}\nand it says now:\n{expected}\nUPDATE_DOCS=1 writes it anew");
}

/// The text with # for each number that has a fraction, and for its sign, and for the slowest address. Another address is no such
/// number.
fn measured_as_hash(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(number.len());
        let (number, after) = number.split_at(end);
        let is_fraction = number.trim_end_matches('.').matches('.').count() == 1;
        masked += if is_fraction { before.strip_suffix('-').unwrap_or(before) } else { before };
        masked += if is_fraction || before.ends_with(" slowest ") { "#" } else { number };
        rest = after;
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_measured_is_masked() {
        let text = "offset=-3599.5s;-5:5;-60:60, slowest 192.0.2.1 on port 80 in 0.25 s, 2 of 192.0.2.3.";
        assert_eq!(measured_as_hash(text), "offset=#s;-5:5;-60:60, slowest # on port 80 in # s, 2 of 192.0.2.3.");
    }
}
