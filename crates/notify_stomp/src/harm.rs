//! What can become of events beside being confirmed, and how many it happened to.

pub(crate) mod journal;

use std::time::Duration;

/// What can become of an event beside being confirmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Harm {
    /// Neither spooled nor confirmed.
    Lost,
    /// Removed from the spool unsent: too many or too old.
    Dropped,
    /// Refused by a broker and set aside.
    Refused,
}

impl Harm {
    /// All of them.
    pub(crate) const ALL: [Self; 3] = [Self::Lost, Self::Dropped, Self::Refused];

    /// Its word, as `lost`.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Lost => "lost",
            Self::Dropped => "dropped",
            Self::Refused => "refused",
        }
    }

    /// The name of the file that counts so many.
    pub(crate) fn name(self, number: u64) -> String {
        format!("{}-{number:020}", self.word())
    }

    /// Returns how many the file of this name counts. `None` if it is not a name of [`Harm::name`].
    pub(crate) fn number(self, name: &str) -> Option<u64> {
        let number = name.strip_prefix(self.word())?.strip_prefix('-')?.parse().ok()?;
        (self.name(number) == name).then_some(number)
    }
}

/// How many events came to harm.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Counts {
    /// Neither spooled nor confirmed.
    pub lost: u64,
    /// Removed from the spool unsent.
    pub dropped: u64,
    /// Refused by a broker and set aside.
    pub refused: u64,
    /// How long ago the last one was.
    pub last: Option<Duration>,
}

impl Counts {
    /// Returns whether an event came to harm.
    pub fn is_harm(&self) -> bool {
        self.lost > 0 || self.dropped > 0 || self.refused > 0
    }
}
