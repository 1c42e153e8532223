//! Global transaction identifiers: what one server has and another has not.
//!
//! MySQL keeps sets of intervals per server and, from 8.3 on, tag (`uuid:1-5:7:tag:1-3`); MariaDB the last number of each domain
//! (`domain-server-number`). Both are only taken apart and compared here; what a difference means is for others to say.

mod position;
mod set;

pub use position::{Last, Position};
pub use set::GtidSet;

/// The most intervals of a set, or domains of a position: real ones have a few, and an answer that has more is not believed.
const MOST: usize = 100_000;

/// Why a text is no set, or no position.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidGtid {
    /// This part of it means nothing.
    #[error("not a GTID: {0:?}")]
    Part(String),
    /// There are too many parts.
    #[error("more than {MOST} GTIDs or intervals")]
    TooMany,
}

impl InvalidGtid {
    fn part(text: &str) -> Self {
        Self::Part(text.chars().take(80).collect())
    }
}

/// Digits only: the standard library would take a plus.
fn number(text: &str) -> Option<u64> {
    let text = text.trim();
    if text.bytes().all(|octet| octet.is_ascii_digit()) { text.parse().ok() } else { None }
}
