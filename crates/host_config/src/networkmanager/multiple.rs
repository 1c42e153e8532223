//! Profiles with `multi-connect=3`, which NetworkManager activates on each card that it has for them.

use std::collections::BTreeSet;

use addresses::short;

use super::contender::Contender;
use super::devices::Fit;
use super::matching;
use super::rivals::Claim;
use crate::hardware::Cards;
use crate::promise::{Choice, OneOf, Promise};

/// Returns, for each profile, the cards here of which each surely gets its addresses: none of one that is for
/// a single card, and none that another profile may have instead. `left_alone` says whether NetworkManager
/// leaves an interface alone, by its name and the type of its profile.
pub(super) fn cards_of_each(
    contenders: &[Contender],
    claims: &[Claim],
    cards: &Cards<'_>,
    left_alone: impl Fn(&str, &str) -> Fit,
) -> Vec<Vec<String>> {
    let surely = |Contender { profile, .. }: &Contender, card: &str| {
        cards.has(card)
            && left_alone(card, profile.kind()) == Fit::No
            && matching::of_card(profile, card, cards) == Fit::Yes
    };
    let of = |(number, (contender, claim)): (usize, (&Contender, &Claim))| {
        if !claim.takes_all || !claim.certain || contender.profile.interface().is_some() {
            return Vec::new();
        }
        let others = claims.iter().enumerate().filter(|(other, _)| *other != number);
        let rivals: Vec<&Claim> =
            others.map(|(_, other)| other).filter(|other| other.priority >= claim.priority).collect();
        let is_wanted = |card: &String| rivals.iter().any(|rival| may_have(rival, card, &claim.kind));
        let devices = claim.devices.iter().flatten();
        devices.filter(|card| surely(contender, card) && !is_wanted(card)).cloned().collect()
    };
    contenders.iter().zip(claims).enumerate().map(of).collect()
}

/// Returns the profiles of one card that a profile for each card may have instead, with that profile and the
/// card: both have the same priority, and NetworkManager takes the one that it used last. None where a third
/// profile may have the card.
pub(super) fn instead(contenders: &[Contender], claims: &[Claim]) -> Vec<Instead> {
    let pair = |own: usize, claim: &Claim| {
        let card = claim.devices.as_ref().filter(|devices| devices.len() == 1)?.first()?;
        let mut others = claims.iter().enumerate().filter(|(other, _)| *other != own);
        let mut others = others.by_ref().filter(|(_, other)| may_have(other, card, &claim.kind));
        let (of_each, each) = others.next().filter(|_| claim.certain && !claim.takes_all)?;
        let competes = each.takes_all && each.certain && each.priority == claim.priority;
        let is_one = each.devices.as_ref().is_some_and(|devices| devices.len() == 1);
        let promises = !contenders.get(of_each)?.promises.promises.is_empty()
            && !contenders.get(own)?.promises.promises.is_empty();
        (competes && !is_one && promises && others.next().is_none()).then(|| Instead {
            own,
            of_each,
            card: card.clone(),
        })
    };
    claims.iter().enumerate().filter_map(|(own, claim)| pair(own, claim)).collect()
}

/// A profile of one card, and that for each card which the card may have instead, by their numbers.
#[derive(Debug)]
pub(super) struct Instead {
    own: usize,
    of_each: usize,
    card: String,
}

impl Instead {
    /// Returns the group of the two: the addresses of either are right on the card.
    pub(super) fn one_of(&self, contenders: &[Contender]) -> OneOf {
        let of = |number: usize| {
            let all = contenders.get(number).map(|contender| &contender.promises.promises);
            let on_card =
                |promise: &Promise| Promise { interface: Some(self.card.clone()), ..promise.clone() };
            Choice { promises: all.into_iter().flatten().map(on_card).collect(), ..Choice::default() }
        };
        OneOf {
            why: format!("{} has one profile at a time", short(&self.card)),
            active: 1,
            permanent_leases: true,
            perhaps_none: false,
            profiles: vec![of(self.own), of(self.of_each)],
        }
    }

    /// Whether the addresses of the profile with this number are those of the group alone: it is the one of
    /// the card, or each card of the other is such a card.
    pub(super) fn has_all(all: &[Self], number: usize, claims: &[Claim]) -> bool {
        let cards = all.iter().filter(|it| it.of_each == number).map(|it| &it.card);
        let cards: BTreeSet<&String> = cards.collect();
        let devices = claims.get(number).and_then(|claim| claim.devices.as_ref());
        let is_covered =
            !cards.is_empty() && devices.is_some_and(|own| own.iter().all(|it| cards.contains(it)));
        is_covered || all.iter().any(|it| it.own == number)
    }

    /// Whether the profile with this number is one for each card that competes for one of them.
    pub(super) fn competes(&self, number: usize) -> bool {
        self.of_each == number
    }
}

/// Whether a profile may have a card of this type.
fn may_have(claim: &Claim, card: &str, kind: &str) -> bool {
    claim.devices.as_ref().map_or(claim.kind == kind, |devices| devices.contains(card))
}
