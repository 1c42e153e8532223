//! MariaDB's @@gtid_binlog_state: the last number of each domain and server, where a position has only one of
//! each domain.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use super::part::InvalidGtid;
use super::position::{Last, each};

/// The last number that each server gave in each domain. Its text is `domain-server-number`, more than one
/// joined by commas.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(BTreeMap<(u32, u32), u64>);

impl History {
    /// Returns the last number of a server in a domain.
    pub fn number(&self, domain: u32, server: u32) -> Option<u64> {
        self.0.get(&(domain, server)).copied()
    }

    /// Returns each domain, server and number.
    pub fn iter(&self) -> impl Iterator<Item = (u32, u32, u64)> {
        self.0.iter().map(|((domain, server), number)| (*domain, *server, *number))
    }

    /// Returns whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what is further here than there.
    #[must_use]
    pub fn ahead_of(&self, other: &Self) -> Self {
        self.only(|domain, server, number| number > other.number(domain, server).unwrap_or_default())
    }

    /// Returns the part of it that `keep` takes by domain, server and number.
    #[must_use]
    pub fn only(&self, keep: impl Fn(u32, u32, u64) -> bool) -> Self {
        let part = self.0.iter().filter(|((domain, server), number)| keep(*domain, *server, **number));
        Self(part.map(|(place, number)| (*place, *number)).collect())
    }

    /// Returns the further of both.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        let mut all = self.clone();
        other.iter().for_each(|(domain, server, number)| all.keep(domain, Last { server, number }));
        all
    }

    /// Returns what is here as far as it is also there.
    #[must_use]
    pub fn within(&self, other: &Self) -> Self {
        let both = |(place, number): (&(u32, u32), &u64)| Some((*place, *other.0.get(place)?.min(number)));
        Self(self.0.iter().filter_map(both).collect())
    }

    /// Number 0 is that of no transaction.
    fn keep(&mut self, domain: u32, Last { server, number }: Last) {
        if number == 0 {
            return;
        }
        let kept = self.0.entry((domain, server)).or_insert(number);
        *kept = number.max(*kept);
    }
}

impl FromStr for History {
    type Err = InvalidGtid;

    fn from_str(text: &str) -> Result<Self, InvalidGtid> {
        let mut history = Self::default();
        each(text, |domain, last| history.keep(domain, last))?;
        Ok(history)
    }
}

impl fmt::Display for History {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, (domain, server, number)) in self.iter().enumerate() {
            let comma = if place > 0 { "," } else { "" };
            write!(f, "{comma}{domain}-{server}-{number}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gtid::part::MOST;

    #[test]
    fn histories_are_compared_by_domain_and_server() {
        let history = |text: &str| text.parse::<History>().unwrap();
        let rows = [
            ("", "0-1-5", "", "0-1-5"),
            ("0-1-5", "", "0-1-5", "0-1-5"),
            ("0-1-5,0-2-4", "0-1-9", "0-2-4", "0-1-9,0-2-4"),
            ("0-1-5,0-1-7", "0-1-6", "0-1-7", "0-1-7"),
            ("0-1-5,1-1-5", "0-1-5,1-1-4", "1-1-5", "0-1-5,1-1-5"),
            ("0-1-5,5-2-0", "", "0-1-5", "0-1-5"),
        ];
        for (one, other, ahead, all) in rows {
            let (own, theirs) = (history(one), history(other));
            let seen = (own.ahead_of(&theirs).to_string(), own.union(&theirs).to_string());
            assert_eq!(seen, (ahead.to_owned(), all.to_owned()), "{one} and {other}");
            let both = own.within(&theirs);
            assert_eq!(
                (both.ahead_of(&own), both.ahead_of(&theirs)),
                Default::default(),
                "{one} and {other}"
            );
            let without = own.iter().filter(|(domain, server, _)| theirs.number(*domain, *server).is_none());
            assert_eq!(both.iter().count() + without.count(), own.iter().count(), "{one} and {other}");
        }
        assert_eq!(" 0-1-2,\n0-2-3 ".parse::<History>().unwrap().to_string(), "0-1-2,0-2-3");
        for text in ["0", "0-1", "0-1-x", "0-1-2-3"] {
            assert_eq!(text.parse::<History>(), Err(InvalidGtid::part(text)), "{text}");
        }
        let many: Vec<String> = (0..=MOST).map(|n| format!("{n}-1-1")).collect();
        assert_eq!(many.join(",").parse::<History>(), Err(InvalidGtid::TooMany));
    }
}
