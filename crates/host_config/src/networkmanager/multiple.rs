//! Profiles with `multi-connect=3`, which NetworkManager activates on each card that it has for them.

use super::contender::Contender;
use super::devices::Fit;
use super::matching;
use super::rivals::Claim;
use crate::hardware::Cards;

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

/// Whether a profile may have a card of this type.
fn may_have(claim: &Claim, card: &str, kind: &str) -> bool {
    claim.devices.as_ref().map_or(claim.kind == kind, |devices| devices.contains(card))
}
