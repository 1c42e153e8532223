//! How many targets there are, also while that is not known.

/// How many targets there are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Total {
    /// As far as that is known.
    pub(super) known: usize,
    /// How many names are still resolved, whose targets come on top.
    pub(super) names: usize,
}

impl Total {
    /// Returns how many there may be: without a bound while names are resolved.
    pub(super) fn most(self) -> usize {
        if self.names == 0 { self.known } else { usize::MAX }
    }

    /// Says that more may follow.
    pub(super) fn rest(self) -> String {
        match self.names {
            0 => String::new(),
            1 => ", 1 name not resolved yet".to_owned(),
            names => format!(", {names} names not resolved yet"),
        }
    }
}
