//! The option that an unknown one was probably meant to be.

use clap::Command;

/// An option longer than this resembles none.
const LONGEST: usize = 40;

/// Returns the option that `argument`, as in `--ports=80`, resembles most.
///
/// `None` if it resembles none: a wrong guess costs more than no guess. Most of the similar words that clap
/// would name have another meaning: --in-flight for --config, --format for --port.
pub(crate) fn near(command: &Command, argument: &str) -> Option<String> {
    let typed = argument.strip_prefix("--")?.split('=').next().filter(|typed| typed.len() <= LONGEST)?;
    let longs = command.get_arguments().filter_map(|argument| argument.get_long());
    let alike = longs.filter(|long| contains(long, typed) || contains(typed, long) || resembles(typed, long));
    let nearest = alike.min_by_key(|long| strsim::osa_distance(typed, long))?;
    Some(format!("--{nearest}"))
}

/// Whether a word of `long` starts with the whole of `short`: `api-password` does with `password`.
fn contains(long: &str, short: &str) -> bool {
    let words = long.match_indices('-').filter_map(|(at, _)| long.get(at + 1..));
    short.len() > 2 && std::iter::once(long).chain(words).any(|word| word.starts_with(short))
}

/// Whether one is the other with a letter in four mistyped, or abbreviated as in `iface`.
fn resembles(typed: &str, long: &str) -> bool {
    let mistyped = typed.len().max(long.len()) / 4;
    let mut rest = long.chars();
    let is_abbreviated = typed.len() * 2 >= long.len()
        && typed.chars().next() == long.chars().next()
        && typed.chars().all(|letter| rest.any(|other| other == letter));
    is_abbreviated || strsim::osa_distance(typed, long) <= mistyped
}
