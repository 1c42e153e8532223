//! A limit on how many of several things may fail: as a number, or as their share.

use std::str::FromStr;

use crate::{InvalidRange, Range, Thresholds};

/// A range on a number of failures or, with a `%` after it, on their share in per cent: `2`, `5%`, `@1:3`.
#[derive(Clone, Debug, PartialEq)]
pub struct Limit {
    /// The range.
    pub range: Range,
    /// Whether it judges the share.
    pub share: bool,
}

impl Limit {
    /// Returns the thresholds of the number, and those of the share if one of the limits is one.
    pub fn split(warning: Option<&Limit>, critical: Option<&Limit>) -> (Thresholds, Option<Thresholds>) {
        let given = |share: bool| {
            let range = |limit: Option<&Limit>| {
                limit.filter(|limit| limit.share == share).map(|limit| limit.range.clone())
            };
            Thresholds { warning: range(warning), critical: range(critical) }
        };
        (given(false), Some(given(true)).filter(|share| *share != Thresholds::default()))
    }
}

impl FromStr for Limit {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, InvalidRange> {
        let (range, share) = text.strip_suffix('%').map_or((text, false), |range| (range, true));
        Ok(Self { range: range.parse()?, share })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_may_be_a_share() {
        let read = |text: &str| text.parse::<Limit>().map(|limit| (limit.range.to_string(), limit.share));
        assert_eq!(read("5"), Ok(("5".to_owned(), false)));
        assert_eq!(read("5%"), Ok(("5".to_owned(), true)));
        assert_eq!(read("@10:20%"), Ok(("@10:20".to_owned(), true)));
        for text in ["", "%", "5%%", "5 %", "x%", "20:10%"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn numbers_and_shares_are_judged_apart() {
        let limit = |text: &str| text.parse::<Limit>().unwrap();
        let (number, share) = Limit::split(Some(&limit("1")), Some(&limit("50%")));
        assert_eq!((number.warning, number.critical), (Some(limit("1").range), None));
        assert_eq!(share, Some(Thresholds { warning: None, critical: Some(limit("50").range) }));
        assert_eq!(Limit::split(None, Some(&limit("1"))).1, None);
    }
}
