//! The addresses that this host's own configuration promises: what it should come up with after a boot.
//!
//! Each file format has a module that reads it by its documented rules, search path and precedence, and yields [`Promises`]. What
//! is understood but gives no static address is a [`Remark`]; what is not understood is an error that names file and line, never
//! a shorter list. A new format is a module and its lines in [`Source`].

mod cpanel;
mod folders;
mod glob;
mod hsphere;
mod ifcfg;
mod ifupdown;
mod keepalived;
mod mask;
mod netplan;
mod networkd;
mod networkmanager;
mod origin;
mod tree;
mod written;

use std::fmt;
use std::str::FromStr;

use plugin::ReadError;

use crate::{Expected, ListError};

pub use origin::{Origin, read};
pub use tree::Tree;

/// A kind of configuration that promises addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Source {
    /// H-Sphere's list of a box' addresses.
    Hsphere,
    /// cPanel's list of additional addresses, and the main one.
    Cpanel,
    /// Debian's ifupdown, and ifupdown2 and ifupdown-ng, which read the same file.
    Ifupdown,
    /// Red Hat's network scripts.
    Ifcfg,
    /// systemd-networkd's `.network` files.
    Networkd,
    /// NetworkManager's keyfiles.
    NetworkManager,
    /// netplan's YAML files.
    Netplan,
    /// The virtual addresses of keepalived, and its static ones.
    Keepalived,
}

/// One address that a configuration promises, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The address, with its prefix length where the configuration gives one.
    pub expected: Expected,
    /// The interface, where the configuration names one.
    pub interface: Option<String>,
    /// Bound only while this host is the one of several that holds it.
    pub floating: bool,
    /// Where it is written.
    pub place: Place,
}

/// Something that was understood and gives no static address, as "eth0: inet dhcp".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What it is.
    pub what: String,
    /// Where it is written.
    pub place: Place,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as seen from inside its tree.
    pub file: String,
    /// The number of the line, from 1.
    pub line: u32,
}

/// What one source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// The promised addresses, in the order of the files.
    pub promises: Vec<Promise>,
    /// What gives no static address.
    pub remarks: Vec<Remark>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A plain list cannot be used.
    #[error(transparent)]
    List(#[from] ListError),
    /// A line is not understood.
    #[error("{place}: {what}")]
    Line {
        /// The line.
        place: Place,
        /// What is wrong with it.
        what: String,
    },
    /// None of the files of a source that was asked for is there.
    #[error("no configuration of {0} here")]
    Absent(Source),
}

impl Source {
    /// All of them, in the order in which they are read and named.
    pub const ALL: [Source; 8] = [
        Source::Hsphere,
        Source::Cpanel,
        Source::Ifupdown,
        Source::Ifcfg,
        Source::Networkd,
        Source::NetworkManager,
        Source::Netplan,
        Source::Keepalived,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Source::Hsphere => "hsphere",
            Source::Cpanel => "cpanel",
            Source::Ifupdown => "ifupdown",
            Source::Ifcfg => "ifcfg",
            Source::Networkd => "networkd",
            Source::NetworkManager => "networkmanager",
            Source::Netplan => "netplan",
            Source::Keepalived => "keepalived",
        }
    }

    /// What this source promises in `tree`: none if it has no file there.
    ///
    /// # Errors
    /// [`ConfigError`]: a file cannot be read, or a line is not understood.
    pub fn read(self, tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
        match self {
            Source::Hsphere => hsphere::read(tree),
            Source::Cpanel => cpanel::read(tree),
            Source::Ifupdown => ifupdown::read(tree),
            Source::Ifcfg => ifcfg::read(tree),
            Source::Networkd => networkd::read(tree),
            Source::NetworkManager => networkmanager::read(tree),
            Source::Netplan => netplan::read(tree),
            Source::Keepalived => keepalived::read(tree),
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The error of a text that names no source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sources are {}, and auto for all of them", Source::ALL.map(Source::name).join(", "))]
pub struct UnknownSource;

impl FromStr for Source {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        Source::ALL.into_iter().find(|source| source.name() == text).ok_or(UnknownSource)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.file, self.line)
    }
}

impl Place {
    /// The error that this line is not understood.
    fn error(&self, what: impl fmt::Display) -> ConfigError {
        ConfigError::Line { place: self.clone(), what: what.to_string() }
    }
}

impl Promises {
    /// The promises of a plain list, which names no interfaces.
    fn from_list(list: crate::List) -> Self {
        let place = |line| Place { file: list.source.clone(), line };
        let promise = |entry: &crate::Entry| Promise {
            expected: entry.expected,
            interface: None,
            floating: false,
            place: place(entry.line),
        };
        Self { promises: list.entries.iter().map(promise).collect(), remarks: Vec::new() }
    }
}
