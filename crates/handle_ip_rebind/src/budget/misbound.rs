//! Addresses of a list that a program bound on another interface than the configured one, or with a prefix
//! length that diverts traffic. The next run would find them bound, and nothing wrong. They are told as long
//! as they are bound so.

use std::collections::BTreeMap;
use std::net::IpAddr;

use host_net::Bound;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Fate, MOST, kept};
use crate::wrong::{Wrong, Wrongs, words};

/// The addresses that are bound wrongly.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Misbound(BTreeMap<IpAddr, Vec<Place>>);

#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Place {
    wrong: Wrong,
    /// The interface that was configured then.
    configured: String,
}

impl Misbound {
    /// Forgets the places at which they are not bound any more, the addresses that no list names, and those
    /// that another interface is configured for now. Returns whether there was one.
    pub(crate) fn forget(
        &mut self,
        bound: &Bound,
        configured: &str,
        listed: impl Fn(IpAddr) -> bool,
    ) -> bool {
        let count = |all: &Self| all.0.values().map(Vec::len).sum::<usize>();
        let before = count(self);
        self.0.retain(|address, places| {
            places.retain(|place| place.wrong.is_bound(bound, *address) && place.configured == configured);
            !places.is_empty() && listed(*address)
        });
        count(self) < before
    }

    /// Forgets those that are on the interface that is `configured` now.
    pub(crate) fn accept(&mut self, configured: &str) {
        for places in self.0.values_mut() {
            places.retain(|place| place.wrong.interface != configured);
        }
        self.0.retain(|_, places| !places.is_empty());
    }

    /// Returns them as cases.
    pub(crate) fn cases(&self) -> impl Iterator<Item = Case> {
        let case = |(address, places): (&IpAddr, &Vec<Place>)| {
            let wrong: Vec<Wrong> = places.iter().map(|place| place.wrong.clone()).collect();
            let case = Case::unlisted(*address, "bound".to_owned(), Fate::Misbound, Some(words(&wrong)));
            Case { prefix: wrong.first().map_or(case.prefix, |first| first.prefix), ..case }
        };
        self.0.iter().map(case)
    }

    /// Notes the places that are new of those that are `bound` wrongly so now.
    pub(crate) fn learn(&mut self, wrongs: &Wrongs, bound: &Bound, configured: &str) {
        for (address, places) in wrongs.iter().take(MOST.saturating_sub(self.0.len())) {
            let known = self.0.get(address).map_or(&[][..], Vec::as_slice);
            let is_known = |wrong: &Wrong| known.iter().any(|place| place.wrong.is_at(wrong));
            let new = places.iter().filter(|wrong| !is_known(wrong) && wrong.is_bound(bound, *address));
            let new: Vec<Place> = new.map(|wrong| Place::new(wrong, configured)).collect();
            if !new.is_empty() {
                self.0.entry(*address).or_default().extend(new);
            }
        }
    }

    /// Returns whether an address is bound wrongly.
    pub(crate) fn has(&self, address: IpAddr) -> bool {
        self.0.contains_key(&address)
    }

    /// Returns whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Place {
    fn new(wrong: &Wrong, configured: &str) -> Self {
        Self { wrong: Wrong { why: kept(&wrong.why), ..wrong.clone() }, configured: configured.to_owned() }
    }
}
