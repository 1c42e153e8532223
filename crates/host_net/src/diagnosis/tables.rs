//! The tables of neighbours, and whether a further one fits into them.

use plugin::Deadline;

use super::ways::Way;
use crate::NeighbourTable;

/// Whether neighbours fit into a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    /// They do, as far as is known.
    All,
    /// No further one does.
    NoMore,
    /// One did not.
    Overflowed,
}

impl Fit {
    /// Whether a hop may be silent because it did not fit. One that answers is in the table; one that does
    /// not answer can have been thrown out and put in again, but only of a table that overflowed.
    pub(super) fn explains(self, way: Way) -> bool {
        match (self, way.is_silent) {
            _ if way.shares_entry => false,
            (Self::All, _) | (_, Some(false)) => false,
            (Self::NoMore | Self::Overflowed, None) => true,
            (Self::NoMore, Some(true)) => false,
            (Self::Overflowed, Some(true)) => way.on_link,
        }
    }
}

/// The tables of neighbours at one moment.
#[derive(Clone, Debug, Default)]
pub(super) struct Tables(Vec<NeighbourTable>);

impl Tables {
    /// Reads them: none where the kernel does not show them.
    pub(super) fn read(deadline: &Deadline) -> Self {
        Self(NeighbourTable::read_all(deadline).unwrap_or_default())
    }

    /// Whether a further neighbour fits.
    pub(super) fn fit(&self, v6: bool) -> Fit {
        let is_full = self.0.iter().any(|table| table.v6 == v6 && table.is_full());
        if is_full { Fit::NoMore } else { Fit::All }
    }

    /// Whether a neighbour did not fit between then and `now`.
    pub(super) fn overflowed(&self, now: &Tables, v6: bool) -> bool {
        let overflows =
            |tables: &Tables| tables.0.iter().find(|table| table.v6 == v6).map(|table| table.overflows);
        matches!((overflows(self), overflows(now)), (Some(then), Some(now)) if now > then)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_overflow_is_one_that_happened_since() {
        let table = |v6, overflows| NeighbourTable { v6, entries: 1024, limit: 1024, overflows };
        let before = Tables(vec![table(false, 5), table(true, 7)]);
        let now = Tables(vec![table(false, 6), table(true, 7)]);
        assert!(before.overflowed(&now, false));
        assert!(!before.overflowed(&now, true));
        assert!(!Tables::default().overflowed(&now, false));
    }
}
