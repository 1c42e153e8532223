//! A line of a file, what is remarked on it, and why it cannot be used.

use std::fmt;

use addresses::ListError;
use plugin::ReadError;

use crate::source::Source;

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
    /// Several lists are to be read from the standard input, which is read once.
    #[error("--file=- is given twice: the standard input is one list, see --help")]
    StandardInputTwice,
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

impl From<Remark> for ConfigError {
    fn from(Remark { what, place }: Remark) -> Self {
        ConfigError::Line { place, what }
    }
}
