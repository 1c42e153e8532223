//! The profiles that may be activated, and what they say: as promised, or as one of several that compete for
//! the same devices.

use std::collections::{BTreeMap, BTreeSet};

use addresses::short;

use super::claims;
use super::contender::Contender;
use super::devices::Fit;
use super::multiple::{self, Instead};
use super::rivals::{self, Claim, Group, Standing};
use crate::hardware::Cards;
use crate::promise::{Choice, Dynamic, Family, Giver, OneOf, Place, Promises};

/// Adds what the profiles say; of rivals, of which not all can be active, what each of them says.
/// `left_alone` says whether NetworkManager leaves an interface alone, by its name and the type of its
/// profile.
pub(super) fn promise(
    mut contenders: Vec<Contender>,
    cards: &Cards<'_>,
    left_alone: impl Fn(&str, &str) -> Fit,
    to: &mut Promises,
) {
    // Of rivals of which nothing is bound, the first counts: one that surely can be active.
    contenders.sort_by_key(|contender| contender.doubt.is_some());
    let claims = claims::of(&contenders, cards, &left_alone);
    let on_each = multiple::cards_of_each(&contenders, &claims, cards, left_alone);
    let (standings, groups) = rivals::judge(&claims);
    let unnamed = of_unnamed(&contenders, &claims);
    let one_of = |group: &Group| OneOf {
        why: why_not_all(group),
        active: group.active,
        permanent_leases: true,
        perhaps_none: false,
        profiles: Vec::new(),
    };
    let mut groups: Vec<OneOf> = groups.iter().map(one_of).collect();
    add_gone(&mut groups, &contenders, &claims, &standings, cards);
    let instead = multiple::instead(&contenders, &claims);
    to.one_of.extend(instead.iter().map(|it| it.one_of(&contenders)));
    let all = contenders.into_iter().zip(standings).zip(on_each);
    for (number, ((mut contender, standing), each)) in all.enumerate() {
        let is_shared = instead.iter().any(|it| it.competes(number));
        if Instead::has_all(&instead, number, &claims) {
            contender.promises.promises.clear();
        }
        let name = contender.profile.interface().map_or("unnamed interface", |name| name).to_owned();
        let doubt = contender.doubt.clone();
        let overtaken = || format!("a profile with a higher priority takes {}", short(&name));
        let doubt = doubt.or_else(|| (standing == Standing::Overtaken).then(overtaken));
        match standing {
            Standing::Preceded => {
                pass_over(&contender, &name, &unnamed, cards, to);
            }
            Standing::OneOf(group) => {
                // One of them is active, whichever it is.
                let choice = Contender { doubt: None, ..contender }.choice(to);
                groups.get_mut(group).into_iter().for_each(|group| group.profiles.push(choice.clone()));
            }
            Standing::Active | Standing::Overtaken => {
                let choice = Contender { doubt, ..contender }.choice(to);
                if each.len() > 1 || is_shared && !each.is_empty() {
                    to.add_on_each(&choice.promises, each);
                }
                to.promises.extend(choice.promises);
                to.dynamic.extend(choice.dynamic);
            }
        }
    }
    let dynamic_alone = |one_of: &OneOf| {
        one_of.profiles.iter().all(|profile| profile.promises.is_empty() && profile.port.is_none())
    };
    let (dynamic, others): (Vec<OneOf>, Vec<OneOf>) = groups.into_iter().partition(dynamic_alone);
    to.one_of.extend(others);
    to.dynamic.extend(dynamic.into_iter().flat_map(|one_of| any_active(one_of.profiles)));
}

/// Remarks that another profile has priority. How many of them are active depends on the cards that are here.
fn pass_over(
    contender: &Contender,
    name: &str,
    unnamed: &BTreeSet<String>,
    cards: &Cards<'_>,
    to: &mut Promises,
) {
    let by_cards = contender.profile.interface().is_none_or(|name| unnamed.contains(name));
    if by_cards && !contender.is_port {
        let why = if cards.are_known() {
            "a profile with a higher priority takes the only card for it here"
        } else {
            "a profile with a higher priority may take the card for it"
        };
        contender.promises.promises.iter().for_each(|promise| to.add_possible(promise, why));
    }
    let what = format!("{name}: another profile has priority");
    to.remarks.push(Place::new(&contender.profile.path, 1).remark(what));
}

/// The devices of the profiles that do not name theirs.
fn of_unnamed(contenders: &[Contender], claims: &[Claim]) -> BTreeSet<String> {
    let all = contenders.iter().zip(claims);
    let unnamed = all.filter(|(contender, _)| contender.profile.interface().is_none());
    unnamed.flat_map(|(_, claim)| claim.devices.iter().flatten()).cloned().collect()
}

/// Why not all profiles of a group can be active.
fn why_not_all(group: &Group) -> String {
    let devices: Vec<&str> = group.devices.iter().map(String::as_str).collect();
    match (devices.as_slice(), group.active) {
        (_, 0) => "no network card is left for it".to_owned(),
        ([only], _) => format!("{} has one profile at a time", short(only)),
        (all, active) => format!("of the profiles for {}, {active} can be active", short(&all.join(", "))),
    }
}

/// Says in which groups a list has names that no card has.
fn add_gone(
    groups: &mut [OneOf],
    contenders: &[Contender],
    claims: &[Claim],
    standings: &[Standing],
    cards: &Cards<'_>,
) {
    let mut gone: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
    for ((contender, claim), standing) in contenders.iter().zip(claims).zip(standings) {
        let Standing::OneOf(group) = standing else { continue };
        let is_gone = |name: &String| {
            cards.are_known()
                && !cards.has(name)
                && !claim.devices.as_ref().is_some_and(|devices| devices.contains(name))
        };
        gone.entry(*group).or_default().extend(contender.profile.names().into_iter().filter(is_gone));
    }
    for (group, names) in gone.into_iter().filter(|(_, names)| !names.is_empty()) {
        let names: Vec<String> = names.into_iter().collect();
        let text = format!(", and there is no {} here", short(&names.join(", ")));
        groups.get_mut(group).into_iter().for_each(|group| group.why.push_str(&text));
    }
}

/// Returns what profiles get from outside: required where each of them gets an address of that family, so
/// that it does not matter which of them is active.
fn any_active(profiles: Vec<Choice>) -> Vec<Dynamic> {
    let in_each = |family: Family| {
        profiles.iter().all(|profile| profile.dynamic.iter().any(|dynamic| dynamic.family == family))
    };
    let all = profiles.iter().flat_map(|profile| &profile.dynamic);
    // An interface that one of them shares has one address, too.
    let leased: BTreeSet<(&str, Family)> = all
        .clone()
        .filter(|dynamic| dynamic.giver == Giver::Network)
        .map(|dynamic| (dynamic.interface.as_str(), dynamic.family))
        .collect();
    let is_first = |dynamic: &&Dynamic| {
        dynamic.giver == Giver::Network || !leased.contains(&(dynamic.interface.as_str(), dynamic.family))
    };
    all.filter(is_first)
        .map(|dynamic| {
            let in_each = in_each(dynamic.family);
            Dynamic {
                required: dynamic.required && in_each,
                spare: dynamic.spare && in_each,
                ..dynamic.clone()
            }
        })
        .collect()
}
