//! Usage errors in our words: the option first, what is wrong with it, and where help is.

mod near;
mod owner;

use std::error::Error as _;
use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue, Error, ErrorKind};
use clap::{Arg, Command};

use crate::failure::{WHERE_HELP_IS, unknown};
use crate::{Report, clean, masked};
pub(crate) use near::near;
use owner::{is_number, owner};

/// How many characters of an argument a message shows.
const SHOWN: usize = 120;

/// An argument out of a file.
#[derive(Debug)]
pub(crate) struct Given {
    pub(crate) argument: OsString,
    pub(crate) option: String,
    /// As in "reading /etc/plugins.ini: line 3".
    pub(crate) place: String,
}

/// Returns the report of a command line that clap refused.
pub(crate) fn report(error: &Error, command: &Command, arguments: &[OsString], given: &[Given]) -> Report {
    let option = text(error, ContextKind::InvalidArg).map(|argument| name(&argument));
    let value = text(error, ContextKind::InvalidValue).unwrap_or_default();
    let of_file = given.iter().find(|given| {
        let is_option = option.as_ref() == Some(&given.option);
        is_option
            && (given.argument == *format!("{}={value}", given.option) || given.argument == *given.option)
    });
    let place = of_file.map(|given| format!("{}: ", given.place)).unwrap_or_default();
    let words = masked(&words(error, command, arguments));
    unknown(&format!("{place}{words}, {WHERE_HELP_IS}"))
}

/// What is wrong, without where help is.
fn words(error: &Error, command: &Command, arguments: &[OsString]) -> String {
    let argument = text(error, ContextKind::InvalidArg).unwrap_or_default();
    let (option, value) = (name(&argument), text(error, ContextKind::InvalidValue).unwrap_or_default());
    match error.kind() {
        ErrorKind::UnknownArgument => {
            unknown_argument(command, &whole_number(&argument, arguments).unwrap_or(argument))
        }
        ErrorKind::InvalidValue if value.is_empty() => format!("{option} needs a value{}", one_of(error)),
        ErrorKind::InvalidValue => {
            let of = one_of(error);
            format!("{option}={}{}: not{}", short(&value), mark(&value), of.trim_start_matches(','))
        }
        ErrorKind::ValueValidation => refused_value(error, &option, &value),
        ErrorKind::TooManyValues => format!("{option} takes no value, but {} was given", short(&value)),
        ErrorKind::ArgumentConflict => match text(error, ContextKind::PriorArg).map(|prior| name(&prior)) {
            Some(prior) if prior == option => format!("{option} is given twice"),
            Some(prior) => format!("{option} and {prior} cannot be used together"),
            None => format!("{option} cannot be used with other options"),
        },
        ErrorKind::MissingRequiredArgument => match needs(command, arguments, &argument) {
            Some((given, needed)) => format!("{given} needs {needed}"),
            None => format!("{option} is missing"),
        },
        ErrorKind::InvalidUtf8 => {
            let argument = arguments.iter().find(|argument| argument.to_str().is_none());
            format!(
                "an argument is not UTF-8: {}",
                short(&argument.map(|argument| argument.to_string_lossy()).unwrap_or_default())
            )
        }
        _ => rendered(error),
    }
}

/// An option that does not exist, or a word that belongs to none.
fn unknown_argument(command: &Command, argument: &str) -> String {
    let shown = short(argument);
    match near(command, argument).or_else(|| owner(command, argument).map(|options| short(&options))) {
        _ if clean(argument).is_empty() => "an empty argument belongs to no option".to_owned(),
        Some(suggestion) if argument.starts_with('-') => {
            format!("{shown} is not an option, did you mean {suggestion}")
        }
        Some(suggestion) => format!("{shown} belongs to no option, did you mean {suggestion}"),
        None if argument.starts_with('-') => format!("{shown} is not an option"),
        None => format!("{shown} belongs to no option"),
    }
}

/// The argument that starts with this unknown option where that is a digit: a number below zero or a range,
/// of which clap shows the first digit.
fn whole_number(argument: &str, arguments: &[OsString]) -> Option<String> {
    let mut words = arguments.iter().filter_map(|word| word.to_str());
    let whole = words.find(|word| is_number(argument) && word.starts_with(argument))?;
    Some(whole.to_owned())
}

/// The option on the command line that needs `missing` ones which are not needed otherwise, and those.
fn needs(command: &Command, arguments: &[OsString], missing: &str) -> Option<(String, String)> {
    let lacking = |words: &[OsString]| {
        let given = [&[command.get_name().into()], words].concat();
        let error = command.clone().try_get_matches_from(given).err();
        let error = error.filter(|error| error.kind() == ErrorKind::MissingRequiredArgument);
        error.and_then(|error| text(&error, ContextKind::InvalidArg)).unwrap_or_default()
    };
    let anyhow = lacking(&[]);
    let needed: Vec<&str> =
        missing.split(", ").filter(|one| anyhow.split(", ").all(|name| name != *one)).collect();
    if needed.is_empty() {
        return None;
    }
    let lacks = |words: &[OsString]| {
        let names = lacking(words);
        needed.iter().all(|one| names.split(", ").any(|name| name == *one))
    };
    let alone = |(place, word): (usize, &OsString)| {
        let (word, rest) = (word.to_str()?, arguments.get(place..)?);
        let is_it = |argument: &&Arg| {
            let long =
                argument.get_long().is_some_and(|long| word.split('=').next() == Some(&format!("--{long}")));
            long || argument.get_short().is_some_and(|short| word.starts_with(&format!("-{short}")))
        };
        let option = command.get_arguments().find(is_it)?.get_long()?;
        let value =
            rest.get(1).filter(|value| !word.contains('=') && !value.to_string_lossy().starts_with('-'));
        let lengths = if value.is_some() { 1..=2 } else { 1..=1 };
        let needs = lengths.filter_map(|length| rest.get(..length)).any(lacks);
        needs.then(|| format!("--{option}"))
    };
    let needing = arguments.iter().enumerate().skip(1).find_map(alone)?;
    Some((needing, needed.iter().map(|one| name(one)).collect::<Vec<_>>().join(" and ")))
}

/// A value that the option's own type refuses. Where the reason has the value in it, it is not said twice.
fn refused_value(error: &Error, option: &str, value: &str) -> String {
    let reason = clean(&error.source().map(ToString::to_string).unwrap_or_default());
    let mark = mark(value);
    let names_value = reason.starts_with(value) || reason.split([' ', '"', '\'']).any(|word| word == value);
    match value {
        "" => format!("{option} with an empty value: {reason}"),
        _ if value.len() > SHOWN => format!("{option}: {}", short(&reason)),
        // A first line has no tilde: it would show as another character.
        _ if names_value || value.contains('~') => format!("{option}{mark}: {reason}"),
        _ => format!("{option}={}{mark}: {reason}", short(value)),
    }
}

/// What a first line does not show of a value: quotes and blanks around it.
fn mark(value: &str) -> &'static str {
    let is_quote = |c| matches!(c, '"' | '\'');
    match (value.starts_with(is_quote), value.ends_with(is_quote)) {
        (true, true) => " (in quotes)",
        (true, false) | (false, true) => " (with a quote)",
        (false, false) if value.trim() != value => " (with a blank)",
        (false, false) => "",
    }
}

/// ", one of a, b" where the option has a list of values.
fn one_of(error: &Error) -> String {
    let values = text(error, ContextKind::ValidValue).filter(|values| !values.is_empty());
    values.map(|values| format!(", one of {values}")).unwrap_or_default()
}

/// `--timeout` of `--timeout <SECONDS[:STATE]>`.
fn name(argument: &str) -> String {
    argument.split([' ', '=', '[']).next().unwrap_or_default().to_owned()
}

/// A part of the error: several joined by commas.
fn text(error: &Error, kind: ContextKind) -> Option<String> {
    match error.get(kind)? {
        ContextValue::String(text) => Some(text.clone()),
        ContextValue::Strings(texts) => Some(texts.join(", ")),
        _ => None,
    }
}

/// The start of a text that may be of any length, as one line.
fn short(text: &str) -> String {
    let text = clean(&masked(text));
    match text.char_indices().nth(SHOWN) {
        None => text,
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default()),
    }
}

/// What clap says, in one line.
fn rendered(error: &Error) -> String {
    let text = error.render().to_string();
    let text = text.strip_prefix("error: ").unwrap_or(&text);
    let lines = text.lines().map(str::trim).take_while(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" ")
}
