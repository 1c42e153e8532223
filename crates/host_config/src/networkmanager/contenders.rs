//! The profiles that may be activated, and what they say: as promised, or as one of several that compete for
//! the same devices.

use std::collections::{BTreeMap, BTreeSet};

use addresses::short;

use super::devices::Fit;
use super::matching;
use super::profile::Profile;
use super::rivals::{self, Claim, Group, Standing};
use crate::hardware::Cards;
use crate::promise::{Choice, Dynamic, Family, OneOf, Place, Promise, Promises};

/// A profile that may be activated.
#[derive(Debug)]
pub(super) struct Contender {
    pub(super) profile: Profile,
    /// The addresses that it promises; not counted where it is a port.
    pub(super) promises: Promises,
    /// The bridge or the like that its interface is a port of.
    pub(super) controller: Option<String>,
    /// Whether it has no addresses of its own, as a port of its controller.
    pub(super) is_port: bool,
    /// Why NetworkManager may not activate it, to follow "whether".
    pub(super) doubt: Option<String>,
}

/// Adds what the profiles say; of rivals, of which not all can be active, what each of them says.
/// `left_alone` says whether NetworkManager leaves an interface alone, by its name and the type of its
/// profile.
pub(super) fn promise(
    contenders: Vec<Contender>,
    cards: &Cards<'_>,
    left_alone: impl Fn(&str, &str) -> Fit,
    to: &mut Promises,
) {
    let claims = claims(&contenders, cards, left_alone);
    let (standings, groups) = rivals::judge(&claims);
    let unnamed = of_unnamed(&contenders, &claims);
    let one_of =
        |group: &Group| OneOf { why: why_not_all(group), active: group.active, profiles: Vec::new() };
    let mut groups: Vec<OneOf> = groups.iter().map(one_of).collect();
    for (contender, standing) in contenders.into_iter().zip(standings) {
        let name = contender.profile.interface().map_or("unnamed interface", |name| name).to_owned();
        let doubt = contender.doubt.clone();
        let overtaken = || format!("a profile with a higher priority takes {}", short(&name));
        let doubt = doubt.or_else(|| (standing == Standing::Overtaken).then(overtaken));
        match standing {
            Standing::Preceded => {
                // How many of them are active depends on the cards that are here.
                let by_cards = contender.profile.interface().is_none_or(|name| unnamed.contains(name));
                if by_cards && !contender.is_port {
                    let why = "a profile with a higher priority takes the only card for it here";
                    contender.promises.promises.iter().for_each(|promise| to.add_possible(promise, why));
                }
                let what = format!("{name}: another profile has priority");
                to.remarks.push(Place::new(&contender.profile.path, 1).remark(what));
            }
            Standing::OneOf(group) => {
                // One of them is active, whichever it is.
                let choice = Contender { doubt: None, ..contender }.choice(to);
                groups.get_mut(group).into_iter().for_each(|group| group.profiles.push(choice.clone()));
            }
            Standing::Active | Standing::Overtaken => {
                let choice = Contender { doubt, ..contender }.choice(to);
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

/// What each profile asks for.
fn claims(contenders: &[Contender], cards: &Cards<'_>, left_alone: impl Fn(&str, &str) -> Fit) -> Vec<Claim> {
    let mut of_types: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut all = Vec::new();
    for Contender { profile, doubt, .. } in contenders {
        let kind = profile.kind();
        let of_type = of_types.entry(kind).or_insert_with(|| cards.to_take(kind));
        let is_any = profile.selector().is_none() && is_of_cards(kind);
        all.push(Claim {
            devices: devices(profile, of_type, cards, &left_alone),
            any: is_any.then(|| kind.to_owned()),
            kind: kind.to_owned(),
            priority: profile.priority(),
            certain: doubt.is_none(),
        });
    }
    all
}

/// Whether a card is there before the profile is activated, which makes any other device.
fn is_of_cards(kind: &str) -> bool {
    matches!(kind, "ethernet" | "802-3-ethernet") || is_wireless(kind)
}

fn is_wireless(kind: &str) -> bool {
    matches!(kind, "wifi" | "802-11-wireless")
}

/// The devices of which a profile takes one: an interface that it names, or else the cards of its type that
/// it fits. A card that it names, by one of several names or by its hardware address, is one also if it is
/// gone. Where none of these is known, what tells them stands for one; `None` if nothing does.
fn devices(
    profile: &Profile,
    of_type: &[String],
    cards: &Cards<'_>,
    left_alone: impl Fn(&str, &str) -> Fit,
) -> Option<BTreeSet<String>> {
    if let Some(name) = profile.interface() {
        return Some(BTreeSet::from([name.to_owned()]));
    }
    let fits =
        |card: &&String| profile.fits(card, cards) && matching::of_card(profile, card, cards) != Fit::No;
    let mut fitting: BTreeSet<String> = of_type.iter().filter(fits).cloned().collect();
    let kind = profile.kind();
    if profile.hardware().is_none() {
        fitting.extend(profile.names().into_iter().filter(|name| !cards.has(name)));
    }
    if !fitting.is_empty() {
        fitting.retain(|card| left_alone(card, kind) != Fit::Yes);
        return Some(fitting);
    }
    // A host has one wireless card, if any.
    let told = profile.hardware().or_else(|| profile.selector().map(|(selector, _)| selector));
    let condition = |key: &str| profile.condition(key).map(|written| format!("{key}={}", written.value));
    let told = told.or_else(|| condition("driver")).or_else(|| condition("path"));
    let told = told.or_else(|| is_wireless(kind).then(|| format!("type={kind}")));
    told.map(|told| BTreeSet::from([told]))
}

/// Returns what profiles get from outside: required where each of them gets an address of that family, so
/// that it does not matter which of them is active.
fn any_active(profiles: Vec<Choice>) -> Vec<Dynamic> {
    let in_each = |family: Family| {
        profiles.iter().all(|profile| profile.dynamic.iter().any(|dynamic| dynamic.family == family))
    };
    let all = profiles.iter().flat_map(|profile| &profile.dynamic);
    all.map(|dynamic| {
        let in_each = in_each(dynamic.family);
        Dynamic { required: dynamic.required && in_each, spare: dynamic.spare && in_each, ..dynamic.clone() }
    })
    .collect()
}

impl Contender {
    /// Returns what the profile gives, and adds its remarks and notes.
    fn choice(self, to: &mut Promises) -> Choice {
        let Self { profile, mut promises, controller, is_port, doubt } = self;
        let port = profile.interface().map(str::to_owned).zip(controller).filter(|_| is_port);
        if is_port {
            return Choice { port, ..Choice::default() };
        }
        if let Some(doubt) = &doubt {
            let why = format!("whether {doubt} is not known here");
            promises.promises.drain(..).for_each(|promise: Promise| to.add_possible(&promise, &why));
        }
        to.remarks.append(&mut promises.remarks);
        to.notes.append(&mut promises.notes);
        to.possible.append(&mut promises.possible);
        let any_of_its_type = || (format!("type={}", short(profile.kind())), false);
        let (interface, required) = profile.selector().unwrap_or_else(any_of_its_type);
        let required = required && doubt.is_none();
        // A card without any other profile may have a cable and no DHCP server.
        let spare = required && profile.is_generated();
        let dynamic = |(family, place)| {
            let interface = interface.clone();
            Dynamic { interface, family, required: required && !spare, spare, place }
        };
        let dynamic = profile.dynamic().into_iter().map(dynamic).collect();
        Choice { promises: promises.promises, dynamic, port }
    }
}
