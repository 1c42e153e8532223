//! The option to which a word that stands alone on the command line probably belongs.

use std::net::IpAddr;

use clap::error::ErrorKind;
use clap::{Arg, Command};

/// A text that only options which accept any text accept.
const GIBBERISH: &str = "\u{1}?";

/// The option that a bare word probably belongs to: the first whose type accepts it but not everything, else
/// that of a host for what looks like one, else that of a file for a path.
pub(super) fn owner(command: &Command, word: &str) -> Option<String> {
    if word.is_empty() || (word.starts_with('-') && !is_number(word)) {
        return None;
    }
    let is_host = word.parse::<IpAddr>().is_ok() || (word.contains('.') && !word.contains('/'));
    let takes = |argument: &Arg| {
        let long = argument.get_long().unwrap_or_default();
        accepts(command, long, word)
            && (!accepts(command, long, GIBBERISH) || (is_host && argument.get_short() == Some('H')))
    };
    let is_file = |argument: &Arg| word.contains('/') && value_names(argument).any(|name| name == "FILE");
    let mut options: Vec<&Arg> = command.get_arguments().filter(|argument| is_public(argument)).collect();
    // What names the thing to check comes first; `mut_arg` changes the order of the others.
    options.sort_by_key(|argument| !matches!(argument.get_long(), Some("ip" | "hostname")));
    let found = options
        .iter()
        .copied()
        .find(|argument| takes(argument))
        .or_else(|| options.iter().copied().find(|argument| is_file(argument)));
    found.and_then(Arg::get_long).map(|long| format!("--{long}"))
}

/// Whether the option accepts this value.
fn accepts(command: &Command, long: &str, value: &str) -> bool {
    let parsed = command.clone().try_get_matches_from([command.get_name(), &format!("--{long}={value}")]);
    !parsed.is_err_and(|error| matches!(error.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue))
}

fn value_names(argument: &Arg) -> impl Iterator<Item = &str> {
    argument.get_value_names().into_iter().flatten().map(|name| name.as_str())
}

/// Whether it takes a value that may stand on a command line.
fn is_public(argument: &Arg) -> bool {
    argument.get_action().takes_values()
        && !value_names(argument).any(|name| matches!(name, "SECRET" | "PASSWORD"))
}

/// Whether a word starts as a number below zero.
pub(super) fn is_number(word: &str) -> bool {
    word.strip_prefix('-').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()))
}
