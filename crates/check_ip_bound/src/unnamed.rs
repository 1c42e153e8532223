//! The interfaces that the configuration tells by something else than a name, where an address of theirs is
//! missing: which of them is not here.

use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::short;
use host_config::{selects, type_fits, types};
use host_net::Bound;

use crate::Observations;
use crate::interfaces::absence;

/// The conditions that tell a card, in lower case.
const OF_CARDS: [&str; 6] = ["macaddress=", "path=", "driver=", "property=", "kind=", "ssid="];

/// Returns the addresses whose interface is not here, with words that say so.
pub(crate) fn absent(observed: &Observations) -> Vec<(IpAddr, String)> {
    let bound = &observed.bound;
    each(observed, |selectors| match selectors {
        // Only a shell can tell the interface.
        [] => None,
        [only] if lacks_type(only, bound) => Some(format!("there is no interface of {only} here")),
        _ if selectors.iter().any(|selector| may_be_here(selector, bound)) => None,
        [only] if only.contains(':') => Some(absence(only, &[], bound)),
        _ => {
            let names = selectors.iter().flat_map(|selector| selector.split([' ', ',']));
            let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
            Some(format!("there is no {} here", short(&names.join(" or "))))
        }
    })
}

/// Returns the addresses of cards that only conditions tell, with words for them. Whether a card fits, is not
/// known here.
pub(crate) fn with_conditions(observed: &Observations) -> Vec<(IpAddr, String)> {
    each(observed, |selectors| match selectors {
        [only] if OF_CARDS.iter().any(|key| only.to_ascii_lowercase().contains(key)) => {
            let words = only.split(' ').skip_while(|word| !is_condition(word));
            Some(format!("on no interface with {}", words.collect::<Vec<_>>().join(" ")))
        }
        _ => None,
    })
}

/// Whether a word is a condition, on something else than the type.
fn is_condition(word: &str) -> bool {
    word.split_once('=').is_some_and(|(key, _)| !key.eq_ignore_ascii_case("type"))
}

/// Whether a type alone tells the interface, and the name of each one here shows another type.
fn lacks_type(selector: &str, bound: &Bound) -> bool {
    let only = selector.matches('=').count() == 1;
    let Some(types) = types(selector).filter(|_| only) else { return false };
    let others = bound.interfaces.iter().filter(|interface| !interface.loopback);
    others.into_iter().all(|interface| type_fits(&types, &interface.name) == Some(false))
}

/// Whether an interface here is one that the selector tells, or may be one.
fn may_be_here(selector: &str, bound: &Bound) -> bool {
    selector.contains('=')
        || bound.interfaces.iter().any(|interface| {
            let own = [&interface.hardware, &interface.permanent];
            own.iter().any(|own| own.eq_ignore_ascii_case(selector))
                || selects(selector, &interface.name)
                || interface.altnames.iter().any(|name| selects(selector, name))
        })
}

/// Returns what `words` makes of the selectors of each address of an interface without a name.
fn each(observed: &Observations, words: impl Fn(&[&str]) -> Option<String>) -> Vec<(IpAddr, String)> {
    let mut told: BTreeMap<IpAddr, Vec<&str>> = BTreeMap::new();
    for unnamed in &observed.expected.unnamed {
        for address in &unnamed.addresses {
            told.entry(*address).or_default().extend(unnamed.selectors.iter().map(String::as_str));
        }
    }
    told.into_iter().filter_map(|(address, selectors)| Some((address, words(&selectors)?))).collect()
}
