//! Which of the sources are read.

use std::fmt;
use std::str::FromStr;

use crate::source::{Source, UnknownSource};

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
            assert!(
                unknown
                    .parse::<Origin>()
                    .unwrap_err()
                    .to_string()
                    .ends_with(", keepalived, and auto for all of them")
            );
        }
    }
}
