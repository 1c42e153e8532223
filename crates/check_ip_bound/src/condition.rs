//! What became of each expected address: usable, or why not.

use addresses::{Entry, HostAddress};
use host_net::{Bound, BoundAddress, Interface, Link};

use crate::bridged::{bridge, is_lost};
use crate::interfaces::{is_one_of, is_parked};
use crate::port_fault::PortFault;

/// What became of an expected address; the number is the index of the interface that has it. The later a
/// variant stands, the nearer the address is to being usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Condition {
    /// No interface has it.
    NotBound,
    /// No interface has it yet: it is bound when this bridge, which is configured without ports, has one.
    Waiting(u32),
    /// It is on another interface than it should be.
    Elsewhere(u32),
    /// It has this prefix length, which is not the expected one.
    Prefix(u32, u8),
    /// Its interface cannot carry traffic.
    NoLink(u32),
    /// Another host on the link has it.
    Duplicate(u32),
    /// Whether another host on the link has it is not known yet.
    Tentative(u32),
    /// Its interface is a port of a bridge, which takes all that is sent to it.
    Bridged(u32),
    /// Its interface has none of its configured ports.
    NoPorts(u32),
    /// It is on a bridge without any port, which is nothing wrong where the bridge is configured so.
    EmptyBridge(u32),
    /// Its interface only holds addresses, and is switched off on purpose.
    Parked(u32),
    /// Usable, but not for new connections from here.
    Deprecated(u32),
    /// Usable.
    Usable,
}

/// Returns what became of the entries, in their order, but for those which are simply usable. `interfaces`
/// are the names of those that they must be on: none for any; `faults` are the interfaces that lack ports.
pub(crate) fn conditions(
    entries: &[Entry],
    bound: &Bound,
    interfaces: &[String],
    faults: &[PortFault],
) -> Vec<(Entry, Condition)> {
    let mut lookup = bound.lookup();
    let mut found = Vec::new();
    let sound = Sound::of(bound, interfaces, faults);
    for entry in entries {
        let places = lookup.places(entry.expected.address);
        let fits = |place: &BoundAddress| entry.expected.prefix.is_none_or(|prefix| prefix == place.prefix);
        if matches!(places, [place] if place.flags.plain() && fits(place) && sound.has(place.interface)) {
            continue;
        }
        match Condition::of(entry.expected, places, bound, interfaces, faults) {
            Condition::Usable => {}
            condition => found.push((*entry, condition)),
        }
    }
    found
}

/// The interfaces on which an address is usable if nothing is wrong with the address itself: found once for
/// an interface, and not for each of its addresses.
struct Sound {
    /// Their indices, in ascending order.
    indices: Vec<u32>,
    /// Whether an interface is one of them, by the index, which rarely is large.
    low: Vec<bool>,
}

impl Sound {
    /// The indices of which a table is made.
    const LOW: u32 = 4096;

    fn of(bound: &Bound, interfaces: &[String], faults: &[PortFault]) -> Self {
        let usable = |interface: &&Interface| {
            Condition::of_interface(interface, interfaces, faults).is_none()
                && bridge(interface, bound).is_none()
        };
        let indices: Vec<u32> =
            bound.interfaces.iter().filter(usable).map(|interface| interface.index).collect();
        let highest = indices.last().map_or(0, |index| (*index).min(Self::LOW));
        let low = (0..=highest).map(|index| indices.binary_search(&index).is_ok()).collect();
        Self { indices, low }
    }

    fn has(&self, index: u32) -> bool {
        let low = usize::try_from(index).ok().and_then(|index| self.low.get(index));
        low.copied().unwrap_or_else(|| self.indices.binary_search(&index).is_ok())
    }
}

impl Condition {
    /// Returns the best that can be said of `expected`, which is bound in these places.
    pub(crate) fn of(
        expected: HostAddress,
        places: &[BoundAddress],
        bound: &Bound,
        interfaces: &[String],
        faults: &[PortFault],
    ) -> Self {
        let judge = |place| Self::at(place, expected.prefix, bound, interfaces, faults);
        places.iter().map(judge).max().unwrap_or(Condition::NotBound)
    }

    fn at(
        place: &BoundAddress,
        prefix: Option<u8>,
        bound: &Bound,
        interfaces: &[String],
        faults: &[PortFault],
    ) -> Self {
        let index = place.interface;
        let Some(interface) = bound.interface(index) else {
            // It went between the reading of the interfaces and that of the addresses.
            return Condition::NotBound;
        };
        match (Self::of_interface(interface, interfaces, faults), place.flags) {
            (Some(elsewhere @ Condition::Elsewhere(_)), _) => elsewhere,
            _ if prefix.is_some_and(|prefix| prefix != place.prefix) => {
                Condition::Prefix(index, place.prefix)
            }
            (Some(fault), _) => fault,
            (None, _) if is_lost(place, interface, bound) => Condition::Bridged(index),
            (None, flags) if flags.duplicate() => Condition::Duplicate(index),
            (None, flags) if flags.tentative() => Condition::Tentative(index),
            (None, flags) if flags.deprecated() => Condition::Deprecated(index),
            (None, _) => Condition::Usable,
        }
    }

    /// Returns the fault of every address on an interface, by the state of the interface. `None` if an
    /// address can be used there.
    fn of_interface(interface: &Interface, interfaces: &[String], faults: &[PortFault]) -> Option<Self> {
        let Interface { index, link, empty_bridge, .. } = *interface;
        match () {
            () if !interfaces.is_empty() && !is_one_of(interface, interfaces) => {
                Some(Condition::Elsewhere(index))
            }
            () if faults.iter().any(|fault| fault.none && fault.interface == index) => {
                Some(Condition::NoPorts(index))
            }
            () if link == Link::NoCarrier && empty_bridge => Some(Condition::EmptyBridge(index)),
            () if is_parked(interface) => Some(Condition::Parked(index)),
            () => link.fault().map(|_| Condition::NoLink(index)),
        }
    }

    /// Returns whether the address can be used.
    pub fn is_usable(self) -> bool {
        matches!(self, Condition::Usable | Condition::Deprecated(_))
    }

    /// Returns why `expected` cannot be used here, to follow it and a colon: `None` if it can.
    pub fn reason(self, expected: HostAddress, bound: &Bound, interfaces: &[String]) -> Option<String> {
        let name = |index| name(bound, index);
        let reason = match self {
            Condition::Usable | Condition::Deprecated(_) => return None,
            Condition::NotBound => "not bound".to_owned(),
            Condition::Waiting(on) => format!("not bound while {} has no port", name(on)),
            Condition::Elsewhere(on) => format!("on {}, not on {}", name(on), interfaces.join(" or ")),
            Condition::Prefix(on, prefix) => {
                format!("on {} with prefix {prefix}, not {}", name(on), expected.prefix.unwrap_or_default())
            }
            Condition::NoLink(on) => format!("on {}, which {}", name(on), fault(bound, on)),
            Condition::Duplicate(on) => format!("duplicate address detected on {}", name(on)),
            Condition::Tentative(on) => format!("still tentative on {}", name(on)),
            Condition::Bridged(on) => {
                let bridge = bound.interface(on).and_then(|port| bridge(port, bound));
                let name = bridge.map_or("that is gone", |bridge| bridge.name.as_str());
                format!("on {}, a port of the bridge {name}", self::name(bound, on))
            }
            Condition::NoPorts(on) => format!("on {}, which has none of its ports", name(on)),
            Condition::Parked(on) => format!("on {}, which is down on purpose", name(on)),
            Condition::EmptyBridge(on) => format!("on {}, a bridge without ports", name(on)),
        };
        Some(reason)
    }

    /// Returns the same in a few words for the first line, where the addresses stand beside it.
    pub(crate) fn in_brief(self, expected: HostAddress, bound: &Bound, interfaces: &[String]) -> String {
        match self {
            Condition::NoLink(on) => format!("{} {}", name(bound, on), fault(bound, on)),
            Condition::Duplicate(on) => format!("duplicate on {}", name(bound, on)),
            other => other.reason(expected, bound, interfaces).unwrap_or_default(),
        }
    }
}

fn name(bound: &Bound, index: u32) -> &str {
    bound.interface(index).map_or("an interface that is gone", |interface| interface.name.as_str())
}

/// Returns what is wrong with the link of an interface.
fn fault(bound: &Bound, index: u32) -> &'static str {
    bound.interface(index).and_then(|interface| interface.link.fault()).unwrap_or("is not up")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::bound;

    /// A wrong interface comes before the prefix length, and a fault of the right interface comes after it.
    #[test]
    fn of_several_faults_the_first_is_told() {
        let rows: [(&str, &str, &[&str], Condition); 10] = [
            ("192.0.2.1/24", "192.0.2.1/24@eth0", &[], Condition::Usable),
            ("192.0.2.1/24", "192.0.2.1/24@eth1", &["eth0"], Condition::Elsewhere(3)),
            ("192.0.2.1/24", "192.0.2.1/25@eth1", &["eth0"], Condition::Elsewhere(3)),
            ("192.0.2.1/24", "192.0.2.1/25@eth1", &["eth1"], Condition::Prefix(3, 25)),
            ("192.0.2.1/24", "192.0.2.1/25@docker0", &[], Condition::Prefix(5, 25)),
            ("192.0.2.1/24", "192.0.2.1/24@eth1", &[], Condition::NoLink(3)),
            ("192.0.2.1/24", "192.0.2.1/24@docker0", &[], Condition::EmptyBridge(5)),
            ("192.0.2.1/24", "192.0.2.1/25@eth3", &[], Condition::Prefix(6, 25)),
            ("192.0.2.1/24", "192.0.2.1/24@eth3", &[], Condition::NoPorts(6)),
            ("2001:db8::1", "2001:db8::1/64@eth1+88", &[], Condition::NoLink(3)),
        ];
        let fault = PortFault { interface: 6, none: true, text: String::new() };
        for (expected, present, on, condition) in rows {
            let (expected, bound) = (expected.parse().unwrap(), bound(present));
            let on: Vec<String> = on.iter().map(|name| (*name).to_owned()).collect();
            let found = Condition::of(expected, &bound.addresses, &bound, &on, std::slice::from_ref(&fault));
            assert_eq!(found, condition, "{present}");
        }
    }
}
