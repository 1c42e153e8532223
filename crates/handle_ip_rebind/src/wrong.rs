//! Where addresses of a list are bound wrongly: on another interface than the configured one, or with a
//! prefix length that diverts traffic. The programs that a run starts choose both by themselves. Such an
//! address is not missing, so that nothing else would find it.

use std::collections::BTreeMap;
use std::net::IpAddr;

use check_ip_bound::staying;
use host_net::{Bound, BoundAddress};
use plugin::Deadline;
use serde::{Deserialize, Serialize};

use crate::case::{Case, Fate, MOST};
use crate::config::Config;
use crate::probe::{ObserveError, Rules, Seen};
use crate::surroundings::subnets::Subnets;

/// A place at which an address is bound wrongly.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Wrong {
    /// The interface that it is on.
    pub(crate) interface: String,
    pub(crate) prefix: u8,
    /// What is wrong with it.
    pub(crate) why: String,
    /// By what it came, in words.
    pub(crate) by: String,
}

/// The addresses that are bound wrongly, each with all such places.
pub(crate) type Wrongs = BTreeMap<IpAddr, Vec<Wrong>>;

impl Wrong {
    /// Returns that of a place where `why` is wrong, `by` something in words.
    pub(crate) fn at(bound: &Bound, place: &BoundAddress, why: String, by: &str) -> Self {
        let (interface, prefix) = spot(bound, place);
        Self { interface, prefix, why, by: by.to_owned() }
    }

    /// Returns whether two are one place.
    pub(crate) fn is_at(&self, other: &Self) -> bool {
        (&self.interface, self.prefix) == (&other.interface, other.prefix)
    }

    /// Returns whether an address is bound there.
    pub(crate) fn is_bound(&self, bound: &Bound, address: IpAddr) -> bool {
        bound.places(address).iter().any(|place| spot(bound, place) == (self.interface.clone(), self.prefix))
    }
}

/// Returns what is wrong with an address at these places, in words.
pub(crate) fn words(places: &[Wrong]) -> String {
    let by = places.first().map_or("", |first| first.by.as_str());
    if places.iter().all(|place| place.by == by) {
        let all: Vec<&str> = places.iter().map(|place| place.why.as_str()).collect();
        return format!("{}, {by}", all.join(", and "));
    }
    places.iter().map(|place| format!("{}, {}", place.why, place.by)).collect::<Vec<_>>().join(", and ")
}

/// Returns the interface and the prefix length of a place.
fn spot(bound: &Bound, place: &BoundAddress) -> (String, u8) {
    (bound.interface(place.interface).map_or_else(String::new, |on| on.name.clone()), place.prefix)
}

/// Where the addresses were, or are right, that the programs of a run may bind or move: those that are
/// missing, also those that the run does not try, and those of a list on the configured interface.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub(crate) struct Before(BTreeMap<IpAddr, Vec<(String, u8)>>);

impl Before {
    /// Notes where they are when a run begins, and where that run itself binds those of the `cases` that it
    /// tries.
    pub(crate) fn of(config: &Config, seen: &Seen, cases: &[Case]) -> Self {
        let bound = seen.bound();
        let is_here = |place: &&BoundAddress| {
            bound.interface(place.interface).is_some_and(|on| on.name == config.interface)
                && seen.names(place.address)
        };
        let own = |case: &Case| match config.command {
            Some(_) => Vec::new(),
            None => vec![(config.interface.clone(), case.prefix)],
        };
        let spots = |address| bound.places(address).iter().map(|place| spot(bound, place)).collect();
        let missing = cases.iter().filter(|case| case.fate != Fate::Outside);
        let missing = missing.map(|case| match case.fate {
            Fate::Bindable => (case.address, own(case)),
            _ => (case.address, spots(case.address)),
        });
        let here = bound.addresses.iter().filter(is_here).map(|place| (place.address, spots(place.address)));
        Self(missing.chain(here).take(MOST).collect())
    }

    /// Returns whether an address is known, and was not at this place.
    fn is_new(&self, bound: &Bound, place: &BoundAddress) -> bool {
        self.0.get(&place.address).is_some_and(|was| !was.contains(&spot(bound, place)))
    }
}

/// Returns where addresses of a list are `bound` wrongly now and were not so `before`, by something in words
/// and by the `subnets` that earlier runs found.
///
/// # Errors
/// [`ObserveError`]: the list or the routes cannot be read.
pub(crate) fn found(
    config: &Config,
    (seen, subnets): (&Seen, &Subnets),
    (before, bound): (&Before, &Bound),
    by: &str,
    deadline: &Deadline,
) -> Result<Wrongs, ObserveError> {
    let is_new = |place: &BoundAddress| before.is_new(bound, place) && seen.names(place.address);
    if !bound.addresses.iter().any(is_new) {
        return Ok(Wrongs::new());
    }
    let floating = seen.floating(config, deadline);
    let staying = staying(bound, &config.check.ignore, &floating);
    let new: Vec<&BoundAddress> = staying.filter(|place| is_new(place)).collect();
    let rules = seen.rules(config, subnets, &new, deadline)?;
    let mut all = Wrongs::new();
    for place in new {
        if let Some(why) = fault(config, seen, &rules, (bound, place)) {
            all.entry(place.address).or_default().push(Wrong::at(bound, place, why, by));
        }
    }
    Ok(all)
}

/// Returns what is wrong with an address of a list at this place. `None` if nothing, also where the list
/// names that other interface.
pub(crate) fn fault(
    config: &Config,
    seen: &Seen,
    rules: &Rules,
    (bound, place): (&Bound, &BoundAddress),
) -> Option<String> {
    let on = bound.interface(place.interface)?;
    if on.name == config.interface {
        return rules.fault(config, place.address, place.prefix);
    }
    let is_named = seen.configured_on(place.address).any(|name| bound.by_name(name) == Some(on));
    (!is_named).then(|| format!("on {}, not on {}", on.name, config.interface))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_places_are_named_and_one_cause_once() {
        let wrong = |why: &str, by: &str| Wrong {
            interface: "eth0".to_owned(),
            prefix: 8,
            why: why.to_owned(),
            by: by.to_owned(),
        };
        let (prefix, other) = ("with /8, not with /24", "on eth1, not on eth0");
        let rows: [(&[Wrong], &str); 3] = [
            (&[wrong(prefix, "by the command")], "with /8, not with /24, by the command"),
            (
                &[wrong(prefix, "by the command"), wrong(other, "by the command")],
                "with /8, not with /24, and on eth1, not on eth0, by the command",
            ),
            (
                &[wrong(prefix, "by the command"), wrong(other, "after the restart")],
                "with /8, not with /24, by the command, and on eth1, not on eth0, after the restart",
            ),
        ];
        for (places, expected) in rows {
            assert_eq!(words(places), expected);
        }
    }
}
