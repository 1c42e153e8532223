//! The quick look in README.md: what a plugin says when all is well and when not, copied there from a real
//! run and held against one.

use crate::blocks::Block;
use crate::host::Host;
use crate::plugins;
use crate::process::{Outcome, run};

const FENCES: (&str, &str) = ("```console\n", "```\n");

fn block(plugin: &str) -> Block {
    Block::new(&plugins::workspace().join("README.md"), &format!("look {plugin}"))
}

/// What README.md shows of a plugin: empty where only the marks stand, `None` without marks.
pub fn shown(plugin: &str) -> Option<String> {
    let shown = block(plugin).shown()?;
    let inside = shown.strip_prefix(FENCES.0).and_then(|rest| rest.strip_suffix(FENCES.1));
    Some(inside.unwrap_or(&shown).to_owned())
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

/// Asserts that README.md shows these runs, each with its command line, but for what is measured: fractions,
/// and which address is the slowest. No two runs have the same. With UPDATE_DOCS=1 it writes them there.
///
/// # Panics
/// If README.md shows something else.
pub fn hold(plugin: &str, runs: &[(&str, Outcome)]) {
    let runs = runs.iter().map(|(command, outcome)| format!("$ {command}\n{}\n", outcome.stdout.trim_end()));
    block(plugin)
        .hold_alike(&format!("{}{}{}", FENCES.0, runs.collect::<String>(), FENCES.1), measured_as_hash);
}

/// The text with # for each number that has a fraction, and for its sign, for the slowest address, and for
/// the age of a change, and for the greatest delay. Another address is no such number.
fn measured_as_hash(text: &str) -> String {
    // What is measured and may be nothing at all, and then has no fraction.
    const MEASURED: [&str; 3] = [" slowest ", " age_of_change=", " worst_slower="];
    let mut masked = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c: char| !(c.is_ascii_digit() || c == '.')).unwrap_or(number.len());
        let (number, after) = number.split_at(end);
        let is_fraction = number.trim_end_matches('.').matches('.').count() == 1;
        masked += if is_fraction { before.strip_suffix('-').unwrap_or(before) } else { before };
        masked +=
            if is_fraction || MEASURED.iter().any(|label| before.ends_with(label)) { "#" } else { number };
        rest = after;
    }
    masked + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_measured_is_masked() {
        let text = "offset=-3599.5s;-5:5;-60:60, slowest 192.0.2.1 on port 80 in 0.25 s, 2 of 192.0.2.3, age_of_change=7s worst_slower=0s.";
        assert_eq!(
            measured_as_hash(text),
            "offset=#s;-5:5;-60:60, slowest # on port 80 in # s, 2 of 192.0.2.3, age_of_change=#s worst_slower=#s."
        );
    }
}
