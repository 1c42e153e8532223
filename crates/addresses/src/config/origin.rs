//! Which of the sources are read.

use std::fmt;
use std::str::FromStr;

use super::{ConfigError, Promises, Source, Tree, UnknownSource};

/// Which sources to read: the value of an option `--from`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Every source that has a file here.
    Auto,
    /// This source, which must have one.
    One(Source),
}

impl FromStr for Origin {
    type Err = UnknownSource;

    fn from_str(text: &str) -> Result<Self, UnknownSource> {
        match text {
            "auto" => Ok(Origin::Auto),
            name => name.parse().map(Origin::One),
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Auto => f.write_str("auto"),
            Origin::One(source) => source.fmt(f),
        }
    }
}

/// What the sources promise, each once, in their own order: those that have no file here are left out, unless they are named.
///
/// # Errors
/// [`ConfigError`]: a file cannot be read, a line is not understood, or a source that is named has no file here.
pub fn read(from: &[Origin], tree: &Tree<'_>) -> Result<Vec<(Source, Promises)>, ConfigError> {
    tree.check()?;
    let mut found = Vec::new();
    for source in Source::ALL {
        let named = from.contains(&Origin::One(source));
        if !named && !from.contains(&Origin::Auto) {
            continue;
        }
        match source.read(tree)? {
            Some(promises) => found.push((source, promises)),
            None if named => return Err(ConfigError::Absent(source)),
            None => {}
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_goes_by_its_name() {
        assert_eq!("auto".parse(), Ok(Origin::Auto));
        for source in Source::ALL {
            assert_eq!(source.name().parse(), Ok(Origin::One(source)));
            assert_eq!(Origin::One(source).to_string(), source.name());
        }
        for unknown in ["", "Cpanel", "netplam", "auto "] {
            assert!(unknown.parse::<Origin>().unwrap_err().to_string().ends_with(", keepalived, and auto for all of them"));
        }
    }
}
