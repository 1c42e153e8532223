//! What became of the expected addresses, and what of that makes one a missing one.

use addresses::Entry;
use host_config::selects;
use host_net::{Bound, Interface, Link};

use super::{Expected, ListSource};
use crate::condition::{Condition, conditions};
use crate::port_fault::PortFault;
use crate::ports::is_portless;

impl Expected {
    /// Returns what became of the entries that are not simply usable. `faults` are the interfaces that lack
    /// ports.
    pub(crate) fn conditions(&self, bound: &Bound, faults: &[PortFault]) -> Vec<(Entry, Condition)> {
        let mut found = conditions(&self.entries, bound, &self.on, faults);
        let some_wait = self.ports.iter().any(|ports| ports.waits);
        // An interface that is down on purpose excuses what was found on it, and not what must be usable.
        for (entry, condition) in &mut found {
            if *condition == Condition::NotBound && some_wait {
                *condition = self.waits_on(entry, bound).map_or(Condition::NotBound, Condition::Waiting);
            }
            if let (Condition::Parked(on), false) = (*condition, self.source == ListSource::Bound) {
                *condition = Condition::NoLink(on);
            }
        }
        found
    }

    /// Returns the bridge without ports whose first port an address waits for.
    fn waits_on(&self, entry: &Entry, bound: &Bound) -> Option<u32> {
        let address = entry.expected.address;
        let named: Vec<&str> = self.interfaces_of(address).collect();
        let of_patterns = self.unnamed.iter().filter(|each| each.addresses.contains(&address));
        let patterns: Vec<&String> = of_patterns.flat_map(|each| &each.selectors).collect();
        if patterns.iter().any(|pattern| pattern.contains(['=', ':'])) {
            return None;
        }
        let is_one = |each: &&Interface| {
            named.iter().any(|name| bound.by_name(name).is_some_and(|here| here.index == each.index))
                || !each.loopback && patterns.iter().any(|pattern| selects(pattern, &each.name))
        };
        let all: Vec<&Interface> = bound.interfaces.iter().filter(is_one).collect();
        let is_here = |name: &&str| bound.by_name(name).is_some();
        let waits = |bridge: &&Interface| {
            let waits = self.ports.iter().any(|ports| ports.interface == bridge.name && ports.waits);
            let is_empty = bridge.link == Link::NoCarrier && bridge.empty_bridge;
            waits && is_empty && is_portless(bridge, &self.ports)
        };
        let all_wait = named.iter().all(is_here) && all.iter().all(waits);
        all.first().filter(|_| all_wait).map(|bridge| bridge.index)
    }

    /// Returns whether a condition makes its address a missing one. A bridge without ports is no fault where
    /// it is configured so, nor where its address is not expected by name, nor where networkd waits for its
    /// first port; nor is an interface that only holds the addresses that were found on it and is switched
    /// off on purpose.
    pub(crate) fn counts(&self, condition: Condition, bound: &Bound) -> bool {
        match condition {
            Condition::EmptyBridge(index) => {
                let is_meant = bound.interface(index).is_some_and(|bridge| is_portless(bridge, &self.ports));
                self.source != ListSource::Bound && !is_meant
            }
            Condition::Parked(_) | Condition::Waiting(_) => false,
            condition => !condition.is_usable(),
        }
    }
}
