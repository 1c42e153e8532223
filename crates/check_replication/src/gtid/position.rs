//! MariaDB's positions, domain by domain.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::part::{InvalidGtid, MOST, number};

/// MariaDB's position: the last transaction of each domain. Its text is `domain-server-number`, more than one
/// joined by commas. Numbers of different domains have nothing to do with each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Position(BTreeMap<u32, Last>);

/// The last transaction of a domain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Last {
    /// The server that wrote it first.
    pub server: u32,
    /// Its number in the domain.
    pub number: u64,
}

impl Position {
    /// The last transaction of a domain.
    pub fn last(&self, domain: u32) -> Option<Last> {
        self.0.get(&domain).copied()
    }

    /// How far this is ahead of the other: for each domain where it is, by how many numbers. A domain that
    /// the other does not know is ahead by its whole number.
    pub fn ahead_of(&self, other: &Self) -> BTreeMap<u32, u64> {
        let ahead = |(domain, own): (&u32, &Last)| {
            let theirs = other.last(*domain).map_or(0, |last| last.number);
            (*domain, own.number.saturating_sub(theirs))
        };
        self.0.iter().map(ahead).filter(|(_, by)| *by > 0).collect()
    }

    /// The further of both in each domain.
    #[must_use]
    pub fn furthest(&self, other: &Self) -> Self {
        let mut all = self.clone();
        for (domain, last) in &other.0 {
            all.keep(*domain, *last);
        }
        all
    }

    fn keep(&mut self, domain: u32, last: Last) {
        let kept = self.0.entry(domain).or_insert(last);
        if last.number > kept.number {
            *kept = last;
        }
    }
}

impl FromIterator<(u32, Last)> for Position {
    fn from_iter<T: IntoIterator<Item = (u32, Last)>>(transactions: T) -> Self {
        let mut position = Self::default();
        transactions.into_iter().for_each(|(domain, last)| position.keep(domain, last));
        position
    }
}

impl FromStr for Position {
    type Err = InvalidGtid;

    fn from_str(text: &str) -> Result<Self, InvalidGtid> {
        let mut position = Self::default();
        each(text, |domain, last| position.keep(domain, last))?;
        Ok(position)
    }
}

/// Parses a list with commas, and passes each of its GTIDs on.
pub(super) fn each(text: &str, mut pass: impl FnMut(u32, Last)) -> Result<(), InvalidGtid> {
    for (place, part) in text.split(',').map(str::trim).filter(|part| !part.is_empty()).enumerate() {
        if place >= MOST {
            return Err(InvalidGtid::TooMany);
        }
        let (domain, last) = last(part).ok_or_else(|| InvalidGtid::part(part))?;
        pass(domain, last);
    }
    Ok(())
}

/// Parses `domain-server-number`.
fn last(text: &str) -> Option<(u32, Last)> {
    let (domain, rest) = text.split_once('-')?;
    let (server, sequence) = rest.split_once('-')?;
    let small = |text: &str| number(text).and_then(|number| u32::try_from(number).ok());
    Some((small(domain)?, Last { server: small(server)?, number: number(sequence)? }))
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (domain, Last { server, number })) in self.0.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{domain}-{server}-{number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_sizes_are_bounded() {
        let domains: Vec<String> = (0..=MOST).map(|n| format!("{n}-1-1")).collect();
        assert_eq!(domains.join(",").parse::<Position>(), Err(InvalidGtid::TooMany));
    }

    #[test]
    fn positions_are_compared_domain_by_domain() {
        let position = |text: &str| text.parse::<Position>().unwrap();
        let rows = [
            ("", "", ""),
            ("0-1-5", "", "0+5"),
            ("", "0-1-5", ""),
            ("0-1-5", "0-1-5", ""),
            ("0-1-5", "0-1-7", ""),
            ("0-1-7", "0-2-5", "0+2"),
            ("0-1-7", "0-2-7", ""),
            ("0-1-7,1-2-3", "0-1-7", "1+3"),
            ("0-1-7,1-2-3,9-1-100", "0-1-9,1-2-1,9-2-100", "1+2"),
            ("0-1-3,0-2-9,0-3-5", "0-2-8", "0+1"),
            (
                "4294967295-4294967295-18446744073709551615",
                "4294967295-1-1",
                "4294967295+18446744073709551614",
            ),
        ];
        for (one, other, ahead) in rows {
            let (own, theirs) = (position(one), position(other));
            let by: Vec<String> =
                own.ahead_of(&theirs).iter().map(|(domain, by)| format!("{domain}+{by}")).collect();
            assert_eq!(by.join(","), ahead, "{one} and {other}");
            assert!(own.furthest(&theirs).ahead_of(&own) == theirs.ahead_of(&own), "{one} and {other}");
        }
        assert_eq!(position("0-1-5,0-2-5").to_string(), "0-1-5", "the one that stands first");
        assert_eq!(position(" 1-2-3,\n0-1-5 ").to_string(), "0-1-5,1-2-3");
        for text in [
            "0",
            "0-1",
            "0-1-",
            "-1-1",
            "0-1-2-3",
            "0-1-x",
            "4294967296-1-1",
            "0-4294967296-1",
            "0-1-18446744073709551616",
            "A:1",
        ] {
            assert_eq!(text.parse::<Position>(), Err(InvalidGtid::part(text)), "{text}");
        }
    }
}
