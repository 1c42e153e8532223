//! Addresses of a list that a command bound on another interface than the configured one, or with a prefix
//! length that diverts traffic. The next run would find them bound, and nothing wrong. They are told as long
//! as they are bound so.

use std::collections::BTreeMap;
use std::net::IpAddr;

use host_net::Bound;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Fate, MOST};

/// The addresses that are bound wrongly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Misbound(BTreeMap<IpAddr, Place>);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Place {
    /// What is wrong with it.
    why: String,
    /// The interface that it is on.
    interface: String,
    prefix: u8,
    /// The interface that was configured then.
    configured: String,
}

impl Misbound {
    /// Forgets those that are not bound so any more, that no list names, or that another interface is
    /// configured for now. Returns whether there was one.
    pub(crate) fn forget(
        &mut self,
        bound: &Bound,
        configured: &str,
        listed: impl Fn(IpAddr) -> bool,
    ) -> bool {
        let before = self.0.len();
        self.0.retain(|address, place| {
            is_on(bound, *address, &place.interface, place.prefix)
                && place.configured == configured
                && listed(*address)
        });
        self.0.len() < before
    }

    /// Returns them as cases.
    pub(crate) fn cases(&self) -> impl Iterator<Item = Case> {
        let case = |(address, place): (&IpAddr, &Place)| {
            let why = Some(place.why.clone());
            Case { prefix: place.prefix, ..Case::unlisted(*address, "bound".to_owned(), Fate::Misbound, why) }
        };
        self.0.iter().map(case)
    }

    /// Notes the `listed` addresses that a command bound wrongly, each at the place that is wrong, and that
    /// are `bound` so now.
    pub(crate) fn learn(
        &mut self,
        cases: &[Case],
        places: &BTreeMap<IpAddr, (String, u8)>,
        bound: &Bound,
        configured: &str,
        listed: impl Fn(IpAddr) -> bool,
    ) {
        let wrong = cases.iter().filter(|case| case.fate == Fate::Misbound && listed(case.address));
        for case in wrong.take(MOST.saturating_sub(self.0.len())) {
            let Some((interface, prefix)) = places.get(&case.address).cloned() else { continue };
            if is_on(bound, case.address, &interface, prefix) {
                self.0.insert(
                    case.address,
                    Place { why: case.cause(), interface, prefix, configured: configured.to_owned() },
                );
            }
        }
    }

    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// Returns whether an address is on this interface with this prefix length.
fn is_on(bound: &Bound, address: IpAddr, interface: &str, prefix: u8) -> bool {
    let name = |index| bound.interface(index).map(|known| known.name.as_str());
    let mut places = bound.places(address).iter();
    places.any(|place| place.prefix == prefix && name(place.interface) == Some(interface))
}
