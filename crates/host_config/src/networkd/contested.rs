//! Files that name the same interface and differ by its device, or by what is not known of the host: the
//! first file counts only where its conditions hold, else the next.

use std::collections::{BTreeMap, BTreeSet};

use super::conditions::HostFacts;
use super::matching::claimed::Claimed;
use super::matching::device::Device;
use super::network::Network;
use crate::hardware::Cards;
use crate::promise::{Choice, OneOf, Place, Promises};

/// Where networkd has a file for each interface that has a lease by DHCP for IPv4, by its number.
const LEASES: &str = "/run/systemd/netif/leases";

/// What becomes of a file for which a later one stands in.
enum Fate {
    /// The device is not the one that it is for.
    RuledOut,
    /// Which of the two it is, the files do not tell: the number of the later file.
    Perhaps(usize),
}

/// Adds what the files say, in their order, and returns which of them has which interface.
pub(super) fn promise(
    files: Vec<(Place, Network)>,
    facts: &HostFacts<'_>,
    cards: &Cards<'_>,
    to: &mut Promises,
) -> Claimed {
    let mut claimed = Claimed::default();
    let fates = fates(&files, facts, cards);
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
            let device = network.device(facts, cards, &claimed);
            add(network, &start, device, facts, cards, &mut claimed, to);
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
            to.one_of.push(OneOf {
                why: format!("{name} has one file of networkd"),
                active: 1,
                permanent_leases: has_lease(&name, cards),
                perhaps_none: false,
                profiles,
            });
        }
    }
    claimed
}

/// Adds what a file says for which no other stands in, by what is known of its device.
fn add(
    network: Network,
    start: &Place,
    device: Device,
    facts: &HostFacts<'_>,
    cards: &Cards<'_>,
    claimed: &mut Claimed,
    to: &mut Promises,
) {
    match device {
        Device::Fits => network.promise(start, facts, cards, claimed, to),
        Device::Never(why) => network.never(start, &why, to),
        Device::Other(why) => {
            to.unfit.extend(network.statics().map(|(_, place)| place.remark(why.clone())));
            network.promise(start, facts, cards, claimed, to);
        }
        Device::Unknown(why) => {
            let name = network.matches.interface().unwrap_or_default().to_owned();
            let mut own = Promises::default();
            network.promise(start, facts, cards, claimed, &mut own);
            let choice = Choice {
                promises: std::mem::take(&mut own.promises),
                dynamic: std::mem::take(&mut own.dynamic),
                port: None,
            };
            to.append_rest(own);
            // Each address that is not expected has a note of its own.
            if choice.promises.is_empty() {
                to.notes.push(format!("note: {}: {why}", start.file));
            }
            if !choice.promises.is_empty() || !choice.dynamic.is_empty() {
                to.one_of.push(OneOf {
                    why,
                    active: 1,
                    permanent_leases: has_lease(&name, cards),
                    perhaps_none: true,
                    profiles: vec![choice],
                });
            }
        }
    }
}

/// Returns what becomes of each file that names one interface and is not known to be for its device: nothing
/// where no later file surely is for it.
fn fates(files: &[(Place, Network)], facts: &HostFacts<'_>, cards: &Cards<'_>) -> Vec<Option<Fate>> {
    // The interfaces for which a later file surely is, and the next of these without ports.
    let (mut next, mut plain) = (BTreeSet::new(), BTreeMap::new());
    let mut fates = Vec::with_capacity(files.len());
    for (number, (_, network)) in files.iter().enumerate().rev() {
        let Some(name) = network.matches.interface() else {
            fates.push(None);
            continue;
        };
        let fits = match network.matches.holds(facts).0 {
            // Whether it is for this host, is not known.
            None => network.matches.fits_device(name, cards).filter(|fits| !fits),
            Some(_) => network.matches.fits_device(name, cards),
        };
        let later = match fits {
            Some(true) => None,
            _ if network.has_ports() => None,
            Some(false) => next.contains(name).then_some(Fate::RuledOut),
            None => plain.get(name).copied().map(Fate::Perhaps),
        };
        fates.push(later);
        if fits == Some(true) && network.gives_to(name, facts, cards) {
            next.insert(name);
            if !network.has_ports() {
                plain.insert(name, number);
            }
        }
    }
    fates.reverse();
    fates
}

/// Whether networkd has a lease for an interface. Where it has none, a permanent address was added by hand or
/// by another program.
fn has_lease(name: &str, cards: &Cards<'_>) -> bool {
    cards.number(name).is_some_and(|number| cards.tree().has(&format!("{LEASES}/{number}")))
}

/// Says that the addresses of a file are not expected.
fn note_other_device(start: &Place, network: &Network, to: &mut Promises) {
    let conditions = network.matches.device_described();
    let what = format!("{} does not fit {conditions}", network.matches.described());
    let notes = network
        .statics()
        .map(|(expected, place)| format!("note: {} of {place} is not expected: {what}", expected.address));
    to.notes.extend(notes);
    to.remarks.push(start.remark(what));
}
