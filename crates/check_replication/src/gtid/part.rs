//! What sets and positions share: the parts of a text, and what is wrong with one.

/// The most intervals of a set, or domains of a position: real ones have a few, and an answer that has more
/// is not believed.
pub(super) const MOST: usize = 100_000;

/// Why a text is not a set, or not a position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGtid {
    /// This part of it means nothing.
    #[error("not a GTID: {0}")]
    Part(String),
    /// There are too many parts.
    #[error("more than {MOST} GTIDs or intervals")]
    TooMany,
}

impl InvalidGtid {
    pub(super) fn part(text: &str) -> Self {
        Self::Part(text.chars().take(80).collect())
    }
}

/// Digits only: the standard library would take a plus.
pub(super) fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.bytes().all(|octet| octet.is_ascii_digit()) { text.parse().ok() } else { None }
}
