//! The number of targets, also while it is not known.

/// The number of targets.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    /// The number as far as it is known.
    pub(super) known: usize,
    /// The number of names that are still being resolved. Their targets are not in `known`.
    pub(super) names: usize,
}

impl Total {
    /// Returns the largest possible number. There is no bound while names are resolved.
    pub(super) fn most(self) -> usize {
        if self.names == 0 { self.known } else { usize::MAX }
    }

    /// Returns a text that more targets may follow.
    pub(super) fn rest(self) -> String {
        match self.names {
            0 => String::new(),
            1 => ", 1 name not resolved yet".to_owned(),
            names => format!(", {names} names not resolved yet"),
        }
    }
}
