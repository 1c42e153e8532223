//! What each profile asks for: the devices of which it takes one.

use std::collections::{BTreeMap, BTreeSet};

use super::contender::Contender;
use super::devices::Fit;
use super::matching;
use super::profile::Profile;
use super::rivals::Claim;
use crate::hardware::Cards;

/// How many profiles have each list of names.
#[derive(Debug, Default)]
struct Lists(BTreeMap<BTreeSet<String>, usize>);

/// Returns what each profile asks for.
pub(super) fn of(
    contenders: &[Contender],
    cards: &Cards<'_>,
    left_alone: impl Fn(&str, &str) -> Fit,
) -> Vec<Claim> {
    let mut of_types: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let lists = Lists::of(contenders);
    let mut all = Vec::new();
    for Contender { profile, doubt, .. } in contenders {
        let kind = profile.kind();
        let of_type = of_types.entry(kind).or_insert_with(|| cards.to_take(kind));
        let is_any = profile.selector().is_none() && is_of_cards(kind);
        all.push(Claim {
            devices: lists.devices(profile, of_type, cards, &left_alone),
            any: is_any.then(|| kind.to_owned()),
            kind: kind.to_owned(),
            priority: profile.priority(),
            certain: doubt.is_none(),
            takes_all: profile.is_multiple(),
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

impl Lists {
    fn of(contenders: &[Contender]) -> Self {
        let mut lists = Self::default();
        let all = contenders.iter().map(|contender| &contender.profile);
        let all = all.filter(|profile| is_of_cards(profile.kind()) && profile.interface().is_none());
        for profile in all.filter(|profile| profile.hardware().is_none()) {
            *lists.0.entry(list(profile)).or_default() += 1;
        }
        lists
    }

    /// Returns the devices of which a profile takes one: an interface that it names, or else the cards of its
    /// type that it fits. A card that it names, by one of several names or by its hardware address, is one
    /// also if it is gone. Where none of these is known, what tells them stands for one; `None` if nothing
    /// does.
    fn devices(
        &self,
        profile: &Profile,
        of_type: &[String],
        cards: &Cards<'_>,
        left_alone: impl Fn(&str, &str) -> Fit,
    ) -> Option<BTreeSet<String>> {
        if let Some(name) = profile.interface() {
            return Some(BTreeSet::from([name.to_owned()]));
        }
        let kind = profile.kind();
        let fits =
            |card: &&str| profile.fits(card, cards) && matching::of_card(profile, card, cards) != Fit::No;
        let mut fitting: BTreeSet<&str> = of_type.iter().map(String::as_str).filter(fits).collect();
        let names = if profile.hardware().is_none() { list(profile) } else { BTreeSet::new() };
        let is_shared = self.0.get(&names).is_some_and(|count| *count > 1);
        // Several profiles with the same list may be for one card, which has one of its names.
        let are_alternatives = is_shared && (!fitting.is_empty() || !cards.are_known());
        if !are_alternatives {
            fitting.extend(names.iter().map(String::as_str).filter(|name| !cards.has(name)));
        }
        if fitting.is_empty() {
            return what_tells(profile).map(|told| BTreeSet::from([told]));
        }
        fitting.retain(|card| left_alone(card, kind) != Fit::Yes);
        Some(fitting.into_iter().map(str::to_owned).collect())
    }
}

/// The names of a profile that has several.
fn list(profile: &Profile) -> BTreeSet<String> {
    profile.names().into_iter().collect()
}

/// What tells the card of a profile: `None` if nothing does.
fn what_tells(profile: &Profile) -> Option<String> {
    let told = profile.hardware().or_else(|| profile.selector().map(|(selector, _)| selector));
    let condition = |key: &str| profile.condition(key).map(|written| format!("{key}={}", written.value));
    let told = told.or_else(|| condition("driver")).or_else(|| condition("path"));
    // A host has one wireless card, if any.
    told.or_else(|| is_wireless(profile.kind()).then(|| format!("type={}", profile.kind())))
}
