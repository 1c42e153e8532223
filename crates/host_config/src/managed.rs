//! Profiles of NetworkManager that other files give it: ifcfg files and netplan's definitions. They compete
//! with its own profiles for their interface.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::net::IpAddr;

use addresses::short;

use crate::networkmanager;
use crate::promise::{Choice, Dynamic, Family, OneOf, Promise, Promises};
use crate::selector::device;
use crate::source::Source;

/// Moves what competes with NetworkManager's own profiles to these, as one of several.
pub(crate) fn let_compete(found: &mut [(Source, Promises)]) {
    let Some(own) = found.iter().position(|(source, _)| *source == Source::NetworkManager) else { return };
    let Some(mut manager) = found.get_mut(own).map(|(_, promises)| std::mem::take(promises)) else { return };
    for (_, promises) in found.iter_mut().filter(|(_, promises)| !promises.managed.is_empty()) {
        compete(promises, &mut manager);
        let mut index = Index::default();
        manager.one_of.iter().enumerate().for_each(|(number, group)| index.add(number, group));
        let (known, others): (Vec<OneOf>, Vec<OneOf>) = std::mem::take(&mut promises.one_of)
            .into_iter()
            .partition(|group| index.sharing(group, &manager.one_of).is_some());
        promises.one_of = others;
        known.into_iter().for_each(|group| extend(group, &mut manager.one_of, &mut index));
    }
    if let Some((_, promises)) = found.get_mut(own) {
        *promises = manager;
    }
}

/// Moves what is for interfaces that NetworkManager has other profiles for.
fn compete(of: &mut Promises, manager: &mut Promises) {
    let mut managed = std::mem::take(&mut of.managed);
    let mut groups: HashMap<String, usize> = HashMap::new();
    for (number, group) in manager.one_of.iter().enumerate() {
        let names = group.profiles.iter().flat_map(interfaces);
        groups.extend(names.map(|name| (name.to_owned(), number)));
    }
    let has: HashSet<&str> = promised(&manager.promises).chain(dynamic(&manager.dynamic)).collect();
    managed.retain(|name| groups.contains_key(name) || has.contains(name.as_str()));
    if managed.is_empty() {
        return;
    }
    let mut own = take(&managed, manager);
    for (interface, other) in take(&managed, of) {
        if let Some(group) = groups.get(&interface).and_then(|number| manager.one_of.get_mut(*number)) {
            join(other, &mut group.profiles);
            continue;
        }
        match own.remove(&interface) {
            Some(own) if !is_same(&own, &other) && !is_of_netplan(&own) => {
                let why = format!("{} has one profile at a time", short(&interface));
                manager.one_of.push(OneOf {
                    why,
                    active: 1,
                    permanent_leases: true,
                    perhaps_none: false,
                    profiles: vec![other, own],
                });
            }
            own => {
                own.into_iter().for_each(|own| put(own, manager));
                put(other, of);
            }
        }
    }
    own.into_values().for_each(|own| put(own, manager));
}

/// Takes out what is for each of these interfaces.
fn take(interfaces: &BTreeSet<String>, from: &mut Promises) -> BTreeMap<String, Choice> {
    let mut all: BTreeMap<String, Choice> = BTreeMap::new();
    let is_its = |promise: &Promise| {
        !promise.floating
            && promise.interface.as_deref().is_some_and(|name| interfaces.contains(device(name)))
    };
    for promise in from.promises.extract_if(.., |promise| is_its(promise)) {
        let name = promise.interface.as_deref().map(device).unwrap_or_default().to_owned();
        all.entry(name).or_default().promises.push(promise);
    }
    for dynamic in from.dynamic.extract_if(.., |dynamic| interfaces.contains(dynamic.device())) {
        all.entry(dynamic.device().to_owned()).or_default().dynamic.push(dynamic);
    }
    all
}

fn put(choice: Choice, to: &mut Promises) {
    to.promises.extend(choice.promises);
    to.dynamic.extend(choice.dynamic);
}

/// The interfaces that a profile is for.
fn interfaces(profile: &Choice) -> impl Iterator<Item = &str> {
    let port = profile.port.iter().map(|(port, _)| port.as_str());
    promised(&profile.promises).chain(dynamic(&profile.dynamic)).chain(port)
}

fn promised(promises: &[Promise]) -> impl Iterator<Item = &str> {
    promises.iter().filter_map(|promise| promise.interface.as_deref()).map(device)
}

fn dynamic(all: &[Dynamic]) -> impl Iterator<Item = &str> {
    all.iter().map(Dynamic::device)
}

/// Whether two say the same of the same interfaces.
fn is_same(one: &Choice, other: &Choice) -> bool {
    let addresses = |choice: &Choice| {
        choice.promises.iter().map(|promise| promise.expected.address).collect::<BTreeSet<IpAddr>>()
    };
    let families =
        |choice: &Choice| choice.dynamic.iter().map(|dynamic| dynamic.family).collect::<BTreeSet<Family>>();
    addresses(one) == addresses(other)
        && families(one) == families(other)
        && one.port == other.port
        && are_for_the_same(one, other)
}

fn are_for_the_same(one: &Choice, other: &Choice) -> bool {
    let interfaces = |choice| interfaces(choice).collect::<BTreeSet<&str>>();
    interfaces(one) == interfaces(other)
}

/// Whether netplan made it of one of its definitions.
fn is_of_netplan(profile: &Choice) -> bool {
    let places = profile.promises.iter().map(|promise| &promise.place);
    let mut places = places.chain(profile.dynamic.iter().map(|dynamic| &dynamic.place));
    places.any(|place| networkmanager::is_of_netplan(&place.file))
}

/// Whether netplan made `made` of `definition`, which may have changed since. A pattern of names does not
/// stand with its addresses: one of these tells it then.
fn is_made_of(made: &Choice, definition: &Choice) -> bool {
    let address = |promise: &Promise| promise.expected.address;
    let shares = || {
        definition
            .promises
            .iter()
            .any(|of_it| made.promises.iter().map(address).any(|one| one == address(of_it)))
    };
    let is_named = interfaces(made).next().is_some();
    is_of_netplan(made) && are_for_the_same(made, definition) && (is_named || shares())
}

/// Adds a profile to its rivals. A definition of netplan is no rival of what netplan made of it: each of
/// these profiles gets what it lacks.
fn join(profile: Choice, rivals: &mut Vec<Choice>) {
    let mut is_known = rivals.iter().any(|of_it| is_same(of_it, &profile));
    for made in rivals.iter_mut().filter(|made| is_made_of(made, &profile)) {
        is_known = true;
        complete(made, &profile);
    }
    if !is_known {
        rivals.push(profile);
    }
}

/// Adds what a definition says more than the profile that was made of it.
fn complete(made: &mut Choice, definition: &Choice) {
    let known: BTreeSet<IpAddr> = made.promises.iter().map(|promise| promise.expected.address).collect();
    let new = definition.promises.iter().filter(|promise| !known.contains(&promise.expected.address));
    made.promises.extend(new.cloned());
    let known: BTreeSet<Family> = made.dynamic.iter().map(|dynamic| dynamic.family).collect();
    let new = definition.dynamic.iter().filter(|dynamic| !known.contains(&dynamic.family));
    made.dynamic.extend(new.cloned());
}

fn share_a_profile(one: &OneOf, other: &OneOf) -> bool {
    let are_one = |one: &Choice, other: &Choice| is_same(one, other) || is_made_of(other, one);
    one.profiles.iter().any(|profile| other.profiles.iter().any(|of_it| are_one(profile, of_it)))
}

/// The numbers of the groups with a profile for these interfaces, of which there may be thousands: profiles
/// for others are never the same.
#[derive(Default)]
struct Index(HashMap<Vec<String>, Vec<usize>>);

impl Index {
    fn add(&mut self, number: usize, group: &OneOf) {
        for profile in &group.profiles {
            let numbers = self.0.entry(key(profile)).or_default();
            if numbers.last() != Some(&number) {
                numbers.push(number);
            }
        }
    }

    /// Returns the number of the first group that shares a profile with this one.
    fn sharing(&self, group: &OneOf, groups: &[OneOf]) -> Option<usize> {
        let numbers = group.profiles.iter().filter_map(|profile| self.0.get(&key(profile))).flatten();
        let numbers: BTreeSet<usize> = numbers.copied().collect();
        let shares = |number: &usize| groups.get(*number).is_some_and(|known| share_a_profile(group, known));
        numbers.into_iter().find(shares)
    }
}

/// The interfaces that a profile is for, each once.
fn key(profile: &Choice) -> Vec<String> {
    interfaces(profile).collect::<BTreeSet<&str>>().into_iter().map(str::to_owned).collect()
}

/// Adds the profiles of a group to that which has some of them.
fn extend(group: OneOf, groups: &mut [OneOf], index: &mut Index) {
    let Some(number) = index.sharing(&group, groups) else { return };
    index.add(number, &group);
    let Some(known) = groups.get_mut(number) else { return };
    group.profiles.into_iter().for_each(|profile| join(profile, &mut known.profiles));
}
