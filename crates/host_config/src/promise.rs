//! What a configuration says: addresses that it promises, each with its place, and what gives no static
//! address.

use std::fmt;

use addresses::{Entry, HostAddress, List, ListError};
use plugin::ReadError;

use crate::source::Source;

/// One address that a configuration promises, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The address, with its prefix length where the configuration gives one.
    pub expected: HostAddress,
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

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.file, self.line)
    }
}

impl Place {
    /// Returns the error that this line is not understood.
    pub(crate) fn error(&self, what: impl fmt::Display) -> ConfigError {
        ConfigError::Line { place: self.clone(), what: what.to_string() }
    }
}

impl Promises {
    /// Returns the promises of a plain list, which names no interfaces.
    pub(crate) fn from_list(list: List) -> Self {
        let place = |line| Place { file: list.source.clone(), line };
        let promise = |entry: &Entry| Promise {
            expected: entry.expected,
            interface: None,
            floating: false,
            place: place(entry.line),
        };
        Self { promises: list.entries.iter().map(promise).collect(), remarks: Vec::new() }
    }
}
