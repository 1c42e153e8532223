//! Errant transactions that are known and accepted: those of a server, or a set of them.

use std::str::FromStr;

use super::history::History;
use super::set::{GtidSet, read_uuid};

/// What is accepted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Accepted {
    /// MariaDB: every transaction of the server with this id.
    Server(u32),
    /// MySQL: every transaction of the server with this uuid.
    Uuid(String),
    /// MySQL: these transactions.
    Set(GtidSet),
    /// MariaDB: those of a domain and server up to this number.
    UpTo(History),
}

/// A text that names neither servers nor transactions.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("give a server id, a server uuid, or transactions as in 0-2-7 or UUID:1-5")]
pub struct InvalidAccepted;

impl FromStr for Accepted {
    type Err = InvalidAccepted;

    fn from_str(text: &str) -> Result<Self, InvalidAccepted> {
        if !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit()) {
            return text.parse().map(Self::Server).map_err(|_| InvalidAccepted);
        }
        if read_uuid(text).is_some() {
            return Ok(Self::Uuid(text.to_owned()));
        }
        let set = text.parse().ok().filter(|set: &GtidSet| !set.is_empty()).map(Self::Set);
        let history = || text.parse().ok().filter(|history: &History| !history.is_empty()).map(Self::UpTo);
        set.or_else(history).ok_or(InvalidAccepted)
    }
}

impl Accepted {
    /// Returns what is left of a set without it.
    pub(crate) fn outside_of_set(&self, rest: &GtidSet) -> GtidSet {
        match self {
            Self::Uuid(uuid) => rest.without([uuid.as_str()]),
            Self::Set(set) => rest.subtract(set),
            Self::Server(_) | Self::UpTo(_) => rest.clone(),
        }
    }

    /// Returns what is left of a history without it.
    pub(crate) fn outside_of_history(&self, rest: &History) -> History {
        match self {
            Self::Server(id) => rest.only(|_, server, _| server != *id),
            Self::UpTo(history) => rest.ahead_of(history),
            Self::Uuid(_) | Self::Set(_) => rest.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UUID: &str = "669f0c7c-e626-11f1-a9f9-02fc00000001";

    #[test]
    fn servers_and_transactions_are_accepted() {
        let set = |text: &str| text.replace("U", UUID).parse::<GtidSet>().unwrap();
        let rows = [("U", ""), ("U:1-5", "U:6-7"), ("7", "U:1-7"), ("0-2-7", "U:1-7")];
        for (text, left) in rows {
            let accepted: Accepted = text.replace("U", UUID).parse().unwrap();
            assert_eq!(accepted.outside_of_set(&set("U:1-7")), set(left), "{text}");
        }
        let history = |text: &str| text.parse::<History>().unwrap();
        for (text, left) in
            [("2", "0-3-1"), ("0-2-6", "0-2-7,0-3-1"), ("0-2-7", "0-3-1"), (UUID, "0-2-7,0-3-1")]
        {
            let accepted: Accepted = text.parse().unwrap();
            assert_eq!(accepted.outside_of_history(&history("0-2-7,0-3-1")), history(left), "{text}");
        }
        for text in ["", "x", "4294967296", "0-1", "669f0c7c:1", "+1"] {
            assert_eq!(text.parse::<Accepted>(), Err(InvalidAccepted), "{text}");
        }
    }
}
