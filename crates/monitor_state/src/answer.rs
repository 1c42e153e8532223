//! Why reading an answer in JSON ended: the connection, the end of it, or what stands in it.

use std::io;

use serde_json::error::Category;

/// How an answer that is read as JSON fails.
pub(crate) enum Failure {
    /// Reading failed.
    Broken(io::Error),
    /// It ends before the JSON does.
    Cut,
    /// It is no JSON, or not that of the query: in words.
    Other(String),
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        match error.classify() {
            Category::Eof => Self::Cut,
            Category::Io => io::Error::from(error).into(),
            Category::Syntax | Category::Data => Self::Other(error.to_string()),
        }
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        if error.kind() == io::ErrorKind::UnexpectedEof { Self::Cut } else { Self::Broken(error) }
    }
}
