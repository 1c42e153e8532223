//! Files that name the same interface and differ by its device: the first file counts only where its
//! conditions on the device hold, else the next.

use std::collections::BTreeMap;

use super::conditions::HostFacts;
use super::matching::claimed::Claimed;
use super::network::Network;
use crate::hardware::Cards;
use crate::promise::{Choice, OneOf, Place, Promises};

/// What becomes of a file for which a later one stands in.
enum Fate {
    /// The device is not the one that it is for.
    RuledOut,
    /// Which of the two it is, the files do not tell: the number of the later file.
    Perhaps(usize),
}

/// Adds what the files say, in their order.
pub(super) fn promise(
    files: Vec<(Place, Network)>,
    facts: &HostFacts<'_>,
    cards: &Cards<'_>,
    to: &mut Promises,
) {
    let mut claimed = Claimed::default();
    let fates: Vec<Option<Fate>> =
        (0..files.len()).map(|number| fate(number, &files, facts, cards)).collect();
    let mut groups: BTreeMap<usize, Vec<Choice>> = BTreeMap::new();
    for fate in &fates {
        if let Some(Fate::Perhaps(later)) = fate {
            groups.insert(*later, Vec::new());
        }
    }
    for (number, ((start, network), fate)) in files.into_iter().zip(fates).enumerate() {
        let later = match fate {
            Some(Fate::RuledOut) => {
                note_other_device(&start, &network, to);
                continue;
            }
            Some(Fate::Perhaps(later)) => later,
            None => number,
        };
        let Some(choices) = groups.get_mut(&later) else {
            network.promise(&start, facts, cards, &mut claimed, to);
            continue;
        };
        let name = network.matches.interface().unwrap_or_default().to_owned();
        let mut own = Promises::default();
        network.promise(&start, facts, cards, &mut claimed, &mut own);
        choices.push(Choice {
            promises: std::mem::take(&mut own.promises),
            dynamic: std::mem::take(&mut own.dynamic),
            port: None,
        });
        to.append_rest(own);
        if later == number {
            let profiles = std::mem::take(choices);
            // An earlier file may have the interface.
            if profiles.iter().all(|profile| profile.promises.is_empty() && profile.dynamic.is_empty()) {
                continue;
            }
            to.one_of.push(OneOf { why: format!("{name} has one file of networkd"), active: 1, profiles });
        }
    }
}

/// Returns what becomes of a file that names one interface and is not known to be for its device: nothing
/// where no later file surely is for it.
fn fate(number: usize, files: &[(Place, Network)], facts: &HostFacts<'_>, cards: &Cards<'_>) -> Option<Fate> {
    let (_, network) = files.get(number)?;
    let name = network.matches.interface()?;
    let fits = network.matches.fits_device(name, cards);
    if fits == Some(true) || network.has_ports() {
        return None;
    }
    let surely = |other: &Network| {
        other.matches.interface() == Some(name)
            && other.gives_to(name, facts, cards)
            && (fits.is_some() || !other.has_ports())
    };
    let later = files.iter().enumerate().skip(number + 1).find(|(_, (_, other))| surely(other));
    let (later, _) = later?;
    Some(if fits.is_some() { Fate::RuledOut } else { Fate::Perhaps(later) })
}

/// Says that the addresses of a file are not expected.
fn note_other_device(start: &Place, network: &Network, to: &mut Promises) {
    let conditions = network.matches.device_described();
    let what = format!("{} is no {conditions}", network.matches.described());
    let notes = network
        .statics()
        .map(|(expected, place)| format!("note: {} of {place} is not expected: {what}", expected.address));
    to.notes.extend(notes);
    to.remarks.push(start.remark(what));
}
