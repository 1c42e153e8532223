//! The options to which a word that stands alone on the command line probably belongs.

use std::net::{IpAddr, Ipv4Addr};

use clap::error::ErrorKind;
use clap::{Arg, Command};

/// A text that only options which accept any text accept.
const GIBBERISH: &str = "\u{1}?";

/// Returns the options that a bare word probably belongs to, with their values: `--ip=192.0.2.1 --port=80`.
///
/// A URL belongs to an option of URLs, else only its host and port do. A host with a port belongs to an
/// option of both, else to one of each. Anything else belongs to the first option whose type accepts it but
/// not everything, else that of a host for what looks like one, else for a path that of the file that is
/// read.
pub(super) fn owner(command: &Command, word: &str) -> Option<String> {
    if word.is_empty() || (word.starts_with('-') && !is_number(word)) {
        return None;
    }
    let options = options(command, word);
    let Some(rest) = word.split_once("://").map(|(_, rest)| rest) else {
        return host_and_port(&options, word).or_else(|| named(options.accepting(word), word)).or_else(
            || {
                let path = is_path(word).then_some(word)?;
                named(options.of_a_file(), path)
            },
        );
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let authority = authority.rsplit('@').next().unwrap_or_default();
    named(options.of_value("URL"), word)
        .or_else(|| host_and_port(&options, authority))
        .or_else(|| named(options.accepting(authority), authority))
}

/// `HOST:PORT` as one option that takes both, else as an option of the host and one of the port, if there is
/// one.
fn host_and_port(options: &Options<'_>, word: &str) -> Option<String> {
    let (host, port) = split(word)?;
    let takes_port = |argument: &&Arg| value_names(argument).any(|name| name.contains("PORT"));
    let both = options.iter().find(|argument| takes_port(argument) && options.takes(argument, word, true));
    // What may not be reached is not what is checked.
    if let Some(both) = both.filter(|argument| argument.get_long() != Some("forbid")) {
        return named(Some(both), word);
    }
    let host = named(options.accepting(host), host)?;
    let is_port = |argument: &&Arg| argument.get_long() == Some("port");
    let of_port = options.iter().find(|argument| is_port(argument) && accepts(options.command, "port", port));
    Some(of_port.map_or_else(|| host.clone(), |_| format!("{host} --port={port}")))
}

/// The host and the port of `192.0.2.1:80`, `[2001:db8::1]:80` or `www.example.com:80`.
fn split(word: &str) -> Option<(&str, &str)> {
    let (host, port) = word.rsplit_once(':')?;
    let is_port = !port.is_empty() && port.bytes().all(|octet| octet.is_ascii_digit());
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let is_name = host.contains(|c: char| c.is_ascii_alphabetic()) && !host.contains([':', '/']);
    let is_host = bare.is_some() || host.parse::<Ipv4Addr>().is_ok() || is_name;
    (is_port && is_host).then(|| (bare.unwrap_or(host), port))
}

/// The options whose values may stand on a command line, what names the thing to check first.
struct Options<'a> {
    command: &'a Command,
    all: Vec<&'a Arg>,
}

fn options<'a>(command: &'a Command, word: &str) -> Options<'a> {
    let mut all: Vec<&Arg> = command.get_arguments().filter(|argument| is_public(argument)).collect();
    let is_address = is_address(split(word).map_or(word, |(host, _)| host));
    let is_of_address =
        |argument: &Arg| is_address && value_names(argument).any(|name| name.contains("ADDRESS"));
    // `mut_arg` changes the order of the others.
    all.sort_by_key(|argument| match argument.get_long() {
        Some("ip") => 0,
        Some("hostname" | "file" | "config") => 1,
        _ if is_of_address(argument) => 2,
        _ => 3,
    });
    Options { command, all }
}

impl<'a> Options<'a> {
    fn iter(&self) -> impl Iterator<Item = &'a Arg> {
        self.all.iter().copied()
    }

    /// The first option that accepts this word.
    fn accepting(&self, word: &str) -> Option<&'a Arg> {
        let is_host = is_address(word) || (word.contains('.') && !word.contains('/'));
        self.iter().find(|argument| self.takes(argument, word, is_host))
    }

    /// Whether an option accepts this word, and not everything else too unless it is one of a host.
    fn takes(&self, argument: &Arg, word: &str, is_host: bool) -> bool {
        let long = argument.get_long().unwrap_or_default();
        let is_of_host = || value_names(argument).any(|name| name.starts_with("HOST"));
        accepts(self.command, long, word)
            && (!accepts(self.command, long, GIBBERISH) || (is_host && is_of_host()))
    }

    /// The option of the file that is read first: not one of a log, or of what only the monitor writes.
    fn of_a_file(&self) -> Option<&'a Arg> {
        let is_read_first = |argument: &&Arg| {
            matches!(argument.get_long(), Some("file" | "config" | "defaults-file" | "resolv-conf"))
                && value_names(argument).any(|name| name.starts_with("FILE"))
        };
        self.iter().find(is_read_first)
    }

    /// The first option whose value is called so.
    fn of_value(&self, name: &str) -> Option<&'a Arg> {
        self.iter().find(|argument| value_names(argument).any(|known| known == name))
    }
}

/// `--option=value`
fn named(argument: Option<&Arg>, value: &str) -> Option<String> {
    argument?.get_long().map(|long| format!("--{long}={value}"))
}

fn is_address(word: &str) -> bool {
    word.parse::<IpAddr>().is_ok()
}

/// Whether a word is the path of a file: a network has a slash too.
fn is_path(word: &str) -> bool {
    word.split_once('/').is_some_and(|(start, _)| !is_address(start))
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
