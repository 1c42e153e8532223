//! NetworkManager: connection profiles in keyfiles, by nm-settings-keyfile(5).
//!
//! A profile is known by its UUID: the one in the folder that counts most is it, and an empty `UUID.nmmeta`
//! (a link to /dev/null) hides those of its own folder and of the ones that count less. Only profiles that
//! are activated at boot, by themselves, by a port or by a controller, promise addresses. On this host, files
//! that others than root may read or write replace no other, as NetworkManager skips them.

mod activation;
mod address;
mod claims;
mod contender;
mod contenders;
mod devices;
mod enabled;
mod files;
mod kept;
mod keyfile;
mod lost_ports;
mod matching;
mod multiple;
mod of_ifupdown;
mod profile;
mod refusal;
mod rivals;
mod settings;
mod shared;
mod unmanaged;

use std::collections::HashMap;

use crate::hardware::Cards;
use crate::located::Located;
use crate::promise::{ConfigError, Place, Promises};
use crate::tree::Tree;
use contender::Contender;
use devices::Fit;
pub(crate) use files::is_of_netplan;
pub(crate) use keyfile::Keyfile;
use lost_ports::interface_of;
use profile::Profile;
use settings::Settings;
pub(crate) use shared::shared;
pub(crate) use unmanaged::Unmanaged;

/// Returns what all profiles promise: `None` if there is not one.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let mut of_settings = Promises::default();
    let settings = Settings::read(tree, &mut of_settings)?;
    let mut promises = Promises::default();
    let profiles = files::profiles(tree, settings.profiles(), &mut promises)?;
    let mut profiles = match profiles {
        // Settings that cannot be read may name another folder of profiles.
        None if of_settings.unreadable.is_empty() => return Ok(None),
        profiles => profiles.unwrap_or_default(),
    };
    promises.append_faults(of_settings);
    let cards = Cards::new(tree);
    profiles.iter_mut().for_each(|profile| profile.resolve(&cards));
    let unmanaged = Unmanaged::of(&settings);
    let of_ifupdown = of_ifupdown::names(&settings, tree);
    let left_alone = |name: &str, kind: &str| match of_ifupdown.contains(name) {
        true => Fit::Yes,
        false => unmanaged.leaves_alone(name, kind, &cards),
    };
    promise(profiles, &cards, left_alone, &mut promises)?;
    Ok(Some(promises))
}

/// Adds what the profiles say.
fn promise(
    profiles: Vec<Profile>,
    cards: &Cards<'_>,
    left_alone: impl Fn(&str, &str) -> Fit,
    to: &mut Promises,
) -> Result<(), ConfigError> {
    let mut contenders = Vec::new();
    let named = |profile: &Profile| Some((profile.uuid()?.value.clone(), profile.interface()?.to_owned()));
    let by_uuid: HashMap<String, String> = profiles.iter().filter_map(named).collect();
    let managed = |profile: &Profile| {
        profile.interface().is_none_or(|name| left_alone(name, profile.kind()) != Fit::Yes)
            && matching::unmet(profile, cards).is_none_or(|(fit, _)| fit != Fit::No)
    };
    let by_others = activation::by_others(&profiles, managed);
    let served = lost_ports::served(&profiles, &by_others, managed);
    for (number, profile) in profiles.into_iter().enumerate() {
        let alone = profile.interface().map_or(Fit::No, |name| left_alone(name, profile.kind()));
        if let Some(name) = profile.interface().filter(|_| alone == Fit::Yes) {
            to.remarks.push(Place::new(&profile.path, 1).remark(format!("{name}: not managed")));
            lost_ports::add(&profile, &by_uuid, &served, to);
            continue;
        }
        let name = profile.interface().unwrap_or("unnamed interface");
        let by_driver = || format!("NetworkManager leaves {name} alone by its driver");
        let mut doubt = (alone == Fit::Unknown).then(by_driver);
        if !is_matched(&profile, name, cards, &mut doubt, to) {
            lost_ports::add(&profile, &by_uuid, &served, to);
            continue;
        }
        to.unknown.extend(profile.bad.clone());
        let by_other = by_others.contains(&number);
        let idle = profile.idle(by_other);
        let promises = match profile.promises() {
            Ok(promises) => promises,
            Err(error) => {
                to.survive(Err(error))?;
                continue;
            }
        };
        to.failing.extend(profile.refused(&promises));
        add_ports(&profile, &by_uuid, idle.as_ref(), to);
        let is_port = idle.is_some();
        to.remarks.extend(idle.map(|idle| idle.place.remark(format!("{name}: {}", idle.value))));
        if profile.comes_up(by_other) {
            let may_deny = || profile.interface().and_then(|interface| profile.may_deny(interface, cards));
            let doubt = doubt.or_else(may_deny);
            // One that NetworkManager made for itself goes with its interface.
            let lasting = profile.written_name().filter(|_| !profile.is_generated());
            lasting.into_iter().for_each(|name| to.add_name(&name));
            let controller = profile.master().map(|written| interface_of(written, &by_uuid).to_owned());
            contenders.push(Contender { profile, promises, controller, is_port, doubt });
        }
    }
    contenders::promise(contenders, cards, left_alone, to);
    Ok(())
}

/// Whether the conditions of a profile hold, as far as that is known; `doubt` takes why they may not.
fn is_matched(
    profile: &Profile,
    name: &str,
    cards: &Cards<'_>,
    doubt: &mut Option<String>,
    to: &mut Promises,
) -> bool {
    match matching::unmet(profile, cards) {
        Some((Fit::No, Located { value, place })) => {
            to.remarks.push(place.remark(format!("{name}: no {value}")));
            return false;
        }
        // Which cards it fits is known.
        Some(_) if profile.interface().is_none() && !cards.of_type(profile.kind()).is_empty() => {}
        // A card that is gone may have failed.
        Some((_, Located { value, .. })) if cards.is_virtual(name) => {
            *doubt = Some(format!("{value} fits {name}"));
        }
        Some((_, Located { value, place })) => {
            to.notes.push(format!("note: {place}: whether {value} fits {name} is not known here"));
        }
        None => {}
    }
    true
}

/// Adds the profile as a port of its controller, or as a bridge that may have ports.
fn add_ports(
    profile: &Profile,
    by_uuid: &HashMap<String, String>,
    idle: Option<&Located>,
    to: &mut Promises,
) {
    let off = idle.is_some_and(|idle| idle.value.starts_with("autoconnect"));
    if off {
        return;
    }
    if let Some(written) = profile.controller() {
        let controller = interface_of(written, by_uuid);
        match profile.selector() {
            Some((port, _)) => to.add_port(controller, Some(&port), &written.place),
            None => to.note_unknown_ports(controller, &written.place),
        }
    }
    let Some(interface) = profile.interface() else { return };
    if let Some(written) = profile.carrier() {
        to.add_vlan(Some(interface), Some(interface_of(written, by_uuid)));
    }
    if let Some(written) = profile.bridge() {
        to.add_port(interface, None, &written.place);
    }
}

/// Adds what the profiles say that netplan makes for NetworkManager, each with the file of its settings.
pub(crate) fn promise_generated(
    settings: Vec<(String, Keyfile)>,
    cards: &Cards<'_>,
    to: &mut Promises,
) -> Result<(), ConfigError> {
    let mut profiles: Vec<Profile> =
        settings.into_iter().map(|(path, file)| Profile::new(path, file)).collect();
    profiles.iter_mut().for_each(|profile| profile.resolve(cards));
    // netplan has NetworkManager manage their interfaces.
    promise(profiles, cards, |_, _| Fit::No, to)
}
