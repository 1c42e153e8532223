//! The configuration, in TOML: of root alone to write, and strict, since a typo must not change what is done
//! as root.

mod wording;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use check_ip_bound::Expectations;
use clap::parser::ValueSource;
use clap::{CommandFactory as _, FromArgMatches as _};
use host_config::Origin;
use plugin::Deadline;
use serde::Deserialize;
use state::{StateError, Trust, read_trusted};

use crate::event::{Event, When};
use crate::network::Network;
use crate::prefix::{longest, shortest};

/// The most that the file may hold, in octets.
const LARGEST: u64 = 1 << 18;
/// linux/if.h: IFNAMSIZ, less the end of the string.
const LONGEST_NAME: usize = 15;

/// The options of check_ip_bound that only judge or print. They have no effect in the handler.
const NO_EFFECT: [&str; 7] = ["critical", "grace", "list", "misplaced", "shadowed", "unexpected", "warning"];

/// Why the configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read, or others could have written it.
    #[error("configuration: {0}")]
    Trust(StateError),
    /// A line of it is not understood.
    #[error("configuration {} line {line}: {what}", .path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// A setting cannot be.
    #[error("configuration {}: {what}", .path.display())]
    Setting {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// The file as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Written {
    #[serde(default)]
    enabled: bool,
    #[serde(default = "usual_events")]
    on: Vec<When>,
    #[serde(default)]
    check: Vec<String>,
    #[serde(default)]
    from: Vec<String>,
    #[serde(default)]
    files: Vec<PathBuf>,
    interface: String,
    #[serde(default)]
    prefix: BTreeMap<String, u8>,
    /// Settings of the first version, refused with advice.
    prefix_ipv4: Option<toml::Value>,
    prefix_ipv6: Option<toml::Value>,
    command: Option<Vec<String>>,
    #[serde(default)]
    restart: Vec<Vec<String>>,
    #[serde(default = "yes")]
    announce: bool,
    #[serde(default = "three")]
    per_hour: usize,
    #[serde(default = "log")]
    log: PathBuf,
    #[serde(default = "state")]
    state: PathBuf,
}

/// What to do, when, and within which bounds.
#[derive(Debug)]
pub(crate) struct Config {
    /// Whether anything is done at all: else a dry run.
    pub(crate) enabled: bool,
    /// The events on which to act.
    pub(crate) on: Vec<When>,
    /// What check_ip_bound expects by the options in `check`.
    pub(crate) check: Expectations,
    /// The list: the addresses that may be bound, and that are always expected.
    pub(crate) list: Expectations,
    /// Where they may be bound.
    pub(crate) interface: String,
    /// The prefix length of an address of the list that has none, by the network that it is in.
    pub(crate) prefix: Vec<(Network, u8)>,
    /// What binds them: this program itself if none.
    pub(crate) command: Option<Argv>,
    /// What is run when something was bound.
    pub(crate) restart: Vec<Argv>,
    /// Whether the link is told of an address that came back.
    pub(crate) announce: bool,
    /// How often an hour anything is done.
    pub(crate) per_hour: usize,
    /// Where each run is recorded.
    pub(crate) log: PathBuf,
    /// The folder of the lock and of the budget.
    pub(crate) state: PathBuf,
}

/// A program with its fixed arguments: never a line for a shell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Argv {
    /// An absolute path.
    pub(crate) program: PathBuf,
    /// Its arguments, as they are.
    pub(crate) arguments: Vec<String>,
}

fn usual_events() -> Vec<When> {
    ["CRITICAL-SOFT-2", "CRITICAL-HARD", "TIMER"].into_iter().filter_map(|when| when.parse().ok()).collect()
}

fn yes() -> bool {
    true
}

fn three() -> usize {
    3
}

fn log() -> PathBuf {
    PathBuf::from("/var/log/handle_ip_rebind.log")
}

fn state() -> PathBuf {
    PathBuf::from("/var/lib/silent-outage-plugins/handle_ip_rebind")
}

impl Config {
    /// Returns the options of `check` with this host's own configuration as the only source.
    pub(crate) fn own_configuration(&self) -> Expectations {
        let mut own = self.check.clone();
        own.addresses.from = vec![Origin::Auto];
        (own.addresses.file, own.addresses.ip) = (Vec::new(), Vec::new());
        own
    }

    /// Returns whether to act on this event.
    pub(crate) fn acts_on(&self, event: Event) -> bool {
        self.on.iter().any(|when| when.matches(event))
    }

    /// Reads the file.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub(crate) fn read(path: &Path, deadline: &Deadline) -> Result<Self, ConfigError> {
        let content =
            read_trusted(path, LARGEST, &Trust::CONFIGURATION, deadline).map_err(ConfigError::Trust)?;
        Self::parse(path, &content)
    }

    fn parse(path: &Path, content: &[u8]) -> Result<Self, ConfigError> {
        let line_at =
            |offset: usize| 1 + content.iter().take(offset).filter(|octet| **octet == b'\n').count();
        let wrong = |offset, what| ConfigError::Line { path: path.to_owned(), line: line_at(offset), what };
        let text =
            str::from_utf8(content).map_err(|error| wrong(error.valid_up_to(), "not UTF-8".to_owned()))?;
        let written: Written = toml::from_str(text).map_err(|error| {
            let what = wording::of_toml(error.message(), text, error.span());
            match error.span() {
                // What is missing from the whole has no line of its own.
                Some(span) if span.start > 0 || !error.message().starts_with("missing field") => {
                    wrong(span.start, what)
                }
                _ => ConfigError::Setting { path: path.to_owned(), what },
            }
        })?;
        written.checked().map_err(|what| ConfigError::Setting { path: path.to_owned(), what })
    }
}

impl Written {
    /// Refuses settings that cannot be.
    fn check(&self) -> Result<(), String> {
        if self.interface.is_empty()
            || self.interface.len() > LONGEST_NAME
            || self.interface.contains(|c: char| c == '/' || !c.is_ascii_graphic())
        {
            return Err(format!("interface: {:?} is not the name of an interface", self.interface));
        }
        for (name, given) in [("prefix-ipv4", &self.prefix_ipv4), ("prefix-ipv6", &self.prefix_ipv6)] {
            if given.is_some() {
                return Err(format!(
                    "{name} is no longer a setting: name each network in a table [prefix], as 203.0.113.0/24 = 24"
                ));
            }
        }
        for (name, path) in
            self.files.iter().map(|file| ("files", file)).chain([("log", &self.log), ("state", &self.state)])
        {
            if !path.is_absolute() {
                return Err(format!("{name}: {} is not an absolute path", path.display()));
            }
        }
        if self.on.is_empty() {
            return Err("on: no event, so nothing could ever be done".to_owned());
        }
        if self.per_hour == 0 {
            return Err("per-hour must be 1 or more, enabled = false turns it off".to_owned());
        }
        Ok(())
    }

    /// Returns the settings, each of which can be.
    fn checked(self) -> Result<Config, String> {
        self.check()?;
        let Self { enabled, on, check, from, files, interface, prefix, command, restart, .. } = self;
        Ok(Config {
            enabled,
            on,
            check: check_arguments(check)?,
            list: list(&from, files)?,
            interface,
            prefix: networks(prefix)?,
            command: command.map(|argv| argument_vector("command", argv)).transpose()?,
            restart: restart
                .into_iter()
                .map(|argv| argument_vector("restart", argv))
                .collect::<Result<_, _>>()?,
            announce: self.announce,
            per_hour: self.per_hour,
            log: self.log,
            state: self.state,
        })
    }
}

/// Parses the options of check_ip_bound as its own command line does. Refuses those that only judge or print,
/// because they would have no effect.
fn check_arguments(options: Vec<String>) -> Result<Expectations, String> {
    let wrong = |error: clap::Error| {
        let text = error.to_string();
        let first = text.lines().next().unwrap_or_default();
        format!("check: not options of check_ip_bound: {}", first.strip_prefix("error: ").unwrap_or(first))
    };
    let all = ["check_ip_bound".to_owned()].into_iter().chain(options);
    let mut given = check_ip_bound::Args::command().try_get_matches_from(all).map_err(wrong)?;
    let is_given = |name: &&&str| given.value_source(name) == Some(ValueSource::CommandLine);
    if let Some(name) = NO_EFFECT.iter().find(is_given) {
        return Err(format!("check: --{name} has no effect here, remove it"));
    }
    check_ip_bound::Args::from_arg_matches_mut(&mut given).map(|args| args.expectations()).map_err(wrong)
}

/// The addresses that may be bound. They have no default: only an administrator decides what is bound as
/// root.
fn list(from: &[String], file: Vec<PathBuf>) -> Result<Expectations, String> {
    if from.is_empty() && file.is_empty() {
        return Err("neither files nor from: nothing says which addresses may be bound".to_owned());
    }
    let origin = |name: &String| name.parse::<Origin>().map_err(|error| format!("from: {name:?}: {error}"));
    let from = from.iter().map(origin).collect::<Result<_, _>>()?;
    let mut expectations = check_arguments(Vec::new())?;
    (expectations.addresses.from, expectations.addresses.file) = (from, file);
    Ok(expectations)
}

/// Parses the table `prefix`, in which each network is once, in whatever spelling.
fn networks(table: BTreeMap<String, u8>) -> Result<Vec<(Network, u8)>, String> {
    let mut all: Vec<(Network, u8)> = Vec::new();
    for line in table {
        let (network, prefix) = network(line)?;
        if all.iter().any(|(other, _)| *other == network) {
            return Err(format!("prefix: {network} is there twice, in two spellings: remove one of them"));
        }
        all.push((network, prefix));
    }
    Ok(all)
}

/// One line of the table `prefix`.
fn network((network, prefix): (String, u8)) -> Result<(Network, u8), String> {
    if let Some(advice) = wording::in_prefix(&network) {
        return Err(advice);
    }
    let parsed: Network = network.parse().map_err(|error| format!("prefix: {error}"))?;
    let is_ipv4 = !network.contains(':');
    let (least, most) = (shortest(is_ipv4), longest(is_ipv4));
    if let Some(ipv4) = parsed.mapped() {
        return Err(format!("prefix: {network} is an IPv4 network, write {ipv4}"));
    }
    if !(least..=most).contains(&prefix) {
        return Err(format!("prefix: {network} = {prefix}: not a prefix length of {least} to {most}"));
    }
    if prefix < parsed.prefix {
        return Err(format!("prefix: {network} = {prefix}: wider than the network, name the whole subnet"));
    }
    Ok((parsed, prefix))
}

fn argument_vector(name: &str, argv: Vec<String>) -> Result<Argv, String> {
    let mut words = argv.into_iter();
    let program = words.next().map(PathBuf::from).ok_or_else(|| format!("{name}: no program"))?;
    let arguments: Vec<String> = words.collect();
    if !program.is_absolute() {
        return Err(format!(
            "{name}: {} is not an absolute path: programs are not searched for",
            program.display()
        ));
    }
    if arguments.iter().any(|argument| argument.contains('\0')) || program.to_string_lossy().contains('\0') {
        return Err(format!("{name}: a zero octet, which no program can be given"));
    }
    Ok(Argv { program, arguments })
}

/// Returns a configuration for tests of other modules.
#[cfg(test)]
pub(crate) fn example(text: &str) -> Config {
    Config::parse(Path::new("/etc/x.toml"), text.as_bytes()).unwrap()
}

#[cfg(test)]
mod tests;
