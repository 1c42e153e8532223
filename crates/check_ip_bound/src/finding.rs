//! What became of each wanted address: usable, or why not.

use addresses::{Entry, Expected};
use host_net::{Bound, BoundAddress, Interface, Link};

use crate::Wanted;

/// What became of a wanted address; the number is the index of the interface that has it. The later a variant stands, the nearer
/// the address is to being usable.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// No interface has it.
    NotBound,
    /// It is on another interface than it should be.
    Elsewhere(u32),
    /// It has this prefix length, which is not the wanted one.
    Prefix(u32, u8),
    /// Its interface cannot carry traffic.
    NoLink(u32),
    /// Another host on the link has it.
    Duplicate(u32),
    /// Whether another host on the link has it is not known yet.
    Tentative(u32),
    /// It is on a bridge without any port, which is nothing wrong where nobody asked for the address.
    EmptyBridge(u32),
    /// Usable, but not for new connections from here.
    Deprecated(u32),
    /// Usable.
    Usable,
}

/// What became of the wanted addresses, in their order, but for those which are simply usable. `interfaces` are the names of those
/// that they must be on: none for any.
pub(crate) fn findings(wanted: &Wanted, bound: &Bound, interfaces: &[String]) -> Vec<(Entry, Finding)> {
    let mut lookup = bound.lookup();
    let mut found = Vec::new();
    // The interface that last bore a usable address: mostly the next one is there too, and nothing has to be asked again.
    let mut good = None;
    for want in &wanted.wants {
        let places = lookup.places(want.expected.address);
        let fits = |place: &BoundAddress| want.expected.prefix.is_none_or(|prefix| prefix == place.prefix);
        if matches!(places, [place] if Some(place.interface) == good && place.flags.plain() && fits(place)) {
            continue;
        }
        match Finding::of(want.expected, places, bound, interfaces) {
            Finding::Usable => good = places.first().filter(|_| places.len() == 1).map(|place| place.interface),
            finding => found.push((*want, finding)),
        }
    }
    found
}

impl Finding {
    /// The best that can be said of `expected`, which is bound in these places.
    pub(crate) fn of(expected: Expected, places: &[BoundAddress], bound: &Bound, interfaces: &[String]) -> Self {
        let judge = |place| Self::at(place, expected.prefix, bound, interfaces);
        places.iter().map(judge).max().unwrap_or(Finding::NotBound)
    }

    fn at(place: &BoundAddress, prefix: Option<u8>, bound: &Bound, interfaces: &[String]) -> Self {
        let index = place.interface;
        let Some(Interface { name, link, empty_bridge, .. }) = bound.interface(index) else {
            // It went between the reading of the interfaces and that of the addresses.
            return Finding::NotBound;
        };
        match place.flags {
            _ if !interfaces.is_empty() && !interfaces.contains(name) => Finding::Elsewhere(index),
            _ if prefix.is_some_and(|prefix| prefix != place.prefix) => Finding::Prefix(index, place.prefix),
            _ if *link == Link::NoCarrier && *empty_bridge => Finding::EmptyBridge(index),
            _ if link.fault().is_some() => Finding::NoLink(index),
            flags if flags.duplicate() => Finding::Duplicate(index),
            flags if flags.tentative() => Finding::Tentative(index),
            flags if flags.deprecated() => Finding::Deprecated(index),
            _ => Finding::Usable,
        }
    }

    /// Why `expected` counts as missing, to follow it and a colon: none if it is usable.
    pub fn reason(self, expected: Expected, bound: &Bound, interfaces: &[String]) -> Option<String> {
        let interface = |index| bound.interface(index);
        let name = |index| interface(index).map_or("an interface that is gone", |interface| interface.name.as_str());
        let reason = match self {
            Finding::Usable | Finding::Deprecated(_) => return None,
            Finding::NotBound => "not bound".to_owned(),
            Finding::Elsewhere(on) => format!("on {}, not on {}", name(on), interfaces.join(" or ")),
            Finding::Prefix(on, prefix) => {
                format!("on {} with prefix {prefix}, not {}", name(on), expected.prefix.unwrap_or_default())
            }
            Finding::NoLink(on) => {
                let fault = interface(on).and_then(|interface| interface.link.fault()).unwrap_or("is not up");
                format!("on {}, which {fault}", name(on))
            }
            Finding::Duplicate(on) => format!("duplicate address detected on {}", name(on)),
            Finding::Tentative(on) => format!("still tentative on {}", name(on)),
            Finding::EmptyBridge(on) => format!("on {}, a bridge without ports", name(on)),
        };
        Some(reason)
    }
}
