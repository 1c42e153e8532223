//! Whether a command of a line runs, and how its exit status decides over what follows it.

use std::net::IpAddr;

use super::test::{Status, holds_word};

/// Whether a command runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) enum Doubt {
    /// It runs in any case.
    #[default]
    None,
    /// It runs unless an address that this text looks for is bound.
    UnlessFound(String),
    /// It runs only if an address that this text looks for is bound.
    IfFound(String),
    /// It cannot be known.
    Yes,
}

impl Doubt {
    /// Returns whether the command may not run.
    pub(super) fn any(&self) -> bool {
        *self != Self::None
    }

    /// Returns whether an address is bound in any case after a command that adds it: by this command, or
    /// already before it.
    pub(super) fn leaves(&self, address: IpAddr) -> bool {
        match self {
            Self::None => true,
            Self::UnlessFound(text) => holds_word(text, &address.to_string()),
            Self::IfFound(_) | Self::Yes => false,
        }
    }

    /// Returns the doubt of what runs if both allow it.
    pub(super) fn and(&self, other: &Self) -> Self {
        match (self, other) {
            (Self::None, only) | (only, Self::None) => only.clone(),
            (found @ Self::IfFound(_), _) | (_, found @ Self::IfFound(_)) => found.clone(),
            (one, other) if one == other => one.clone(),
            _ => Self::Yes,
        }
    }

    /// Returns the doubt of what runs only where this one does not.
    pub(super) fn converse(&self) -> Self {
        match self {
            Self::IfFound(text) => Self::UnlessFound(text.clone()),
            Self::UnlessFound(text) => Self::IfFound(text.clone()),
            Self::None | Self::Yes => Self::Yes,
        }
    }
}

/// What runs after `&&` or `then`, where `status` is that of the condition: `None` if it never runs.
pub(super) fn after_success(status: &Status) -> Option<Doubt> {
    match status {
        Status::Known(succeeds) => succeeds.then_some(Doubt::None),
        Status::Found(text) => Some(Doubt::IfFound(text.clone())),
        Status::Lacking(text) => Some(Doubt::UnlessFound(text.clone())),
        Status::Likely | Status::Unknown => Some(Doubt::Yes),
    }
}

/// What runs after `||` or `else`: `None` if it never runs.
pub(super) fn after_failure(status: &Status) -> Option<Doubt> {
    after_success(&status.negated())
}

/// Returns the status of `first && second`, where both may run.
pub(super) fn both(first: Status, second: Status) -> Status {
    match (first, second) {
        (_, Status::Known(false)) => Status::Known(false),
        (Status::Known(_), second) => second,
        (Status::Likely, Status::Known(true)) => Status::Likely,
        (Status::Likely, second) => second,
        (found @ Status::Found(_), _) | (_, found @ Status::Found(_)) => found,
        (lacking @ Status::Lacking(_), Status::Known(true) | Status::Likely) => lacking,
        _ => Status::Unknown,
    }
}

/// Returns the status of `first || second`, where both may run.
pub(super) fn either(first: Status, second: Status) -> Status {
    match (first, second) {
        (_, Status::Known(true)) => Status::Known(true),
        (Status::Known(_), second) => second,
        (_, Status::Likely) => Status::Likely,
        (first, Status::Known(false)) => first,
        (lacking @ Status::Lacking(_), _) | (_, lacking @ Status::Lacking(_)) => lacking,
        _ => Status::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_was_found_is_bound_in_any_case() {
        let text = || "ip a | grep 192.0.2.9".to_owned();
        let (found, lacking) = (|| Status::Found(text()), || Status::Lacking(text()));
        let rows = [
            (both(found(), Status::Unknown), found()),
            (both(Status::Unknown, found()), found()),
            (both(lacking(), Status::Likely), lacking()),
            (both(lacking(), Status::Unknown), Status::Unknown),
            (both(Status::Unknown, Status::Known(true)), Status::Unknown),
            (both(Status::Likely, Status::Known(true)), Status::Likely),
            (either(lacking(), Status::Unknown), lacking()),
            (either(found(), Status::Unknown), Status::Unknown),
            (either(found(), Status::Known(false)), found()),
            (either(Status::Unknown, Status::Known(true)), Status::Known(true)),
        ];
        for (status, expected) in rows {
            assert_eq!(status, expected);
        }
        let unless = Doubt::UnlessFound(text());
        assert_eq!(after_failure(&found()), Some(unless.clone()));
        assert_eq!(after_success(&lacking()), Some(unless.clone()));
        assert_eq!(after_success(&found()).unwrap_or_default().converse(), unless);
        assert_eq!(unless.and(&Doubt::Yes), Doubt::Yes);
        assert_eq!(unless.and(&unless), unless);
        let leaves = |address: &str| unless.leaves(address.parse().unwrap());
        assert!(leaves("192.0.2.9") && !leaves("192.0.2.99"));
    }
}
