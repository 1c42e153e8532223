//! What became of the expected addresses, and what of that makes one a missing one.

use addresses::Entry;
use host_net::Bound;

use super::{Expected, ListSource};
use crate::condition::{Condition, conditions};
use crate::port_fault::PortFault;
use crate::ports::is_portless;

impl Expected {
    /// Returns what became of the entries that are not simply usable. `faults` are the interfaces that lack
    /// ports.
    pub(crate) fn conditions(&self, bound: &Bound, faults: &[PortFault]) -> Vec<(Entry, Condition)> {
        let mut found = conditions(&self.entries, bound, &self.on, faults);
        // An interface that is down on purpose excuses what was found on it, and not what must be usable.
        for (_, condition) in &mut found {
            if let (Condition::Parked(on), false) = (*condition, self.source == ListSource::Bound) {
                *condition = Condition::NoLink(on);
            }
        }
        found
    }

    /// Returns whether a condition makes its address a missing one. A bridge without ports is no fault where
    /// it is configured so, nor where its address is not expected by name; nor is an interface that only
    /// holds the addresses that were found on it and is switched off on purpose.
    pub(crate) fn counts(&self, condition: Condition, bound: &Bound) -> bool {
        match condition {
            Condition::EmptyBridge(index) => {
                let is_meant = bound.interface(index).is_some_and(|bridge| is_portless(bridge, &self.ports));
                self.source != ListSource::Bound && !is_meant
            }
            Condition::Parked(_) => false,
            condition => !condition.is_usable(),
        }
    }
}
