//! Ports that NetworkManager never makes ports: it leaves their interface alone, or their conditions do not
//! hold. A bridge without its only port has no uplink.

use std::collections::{HashMap, HashSet};

use super::profile::Profile;
use crate::located::Located;
use crate::promise::Promises;

/// Returns the bridges, bonds, teams and VRFs that NetworkManager brings up.
pub(super) fn served(
    profiles: &[Profile],
    by_others: &HashSet<usize>,
    managed: impl Fn(&Profile) -> bool,
) -> HashSet<String> {
    let all = profiles.iter().enumerate();
    let up = all.filter(|(number, profile)| profile.comes_up(by_others.contains(number)) && managed(profile));
    let controllers = up.map(|(_, profile)| profile).filter(|profile| profile.takes_ports());
    controllers.filter_map(|profile| profile.interface().map(str::to_owned)).collect()
}

/// Adds a port that NetworkManager leaves alone, where it brings up what that is a port of: this lacks it.
pub(super) fn add(
    profile: &Profile,
    by_uuid: &HashMap<String, String>,
    served: &HashSet<String>,
    to: &mut Promises,
) {
    let (Some(written), Some(port)) = (profile.controller(), profile.interface()) else { return };
    let controller = interface_of(written, by_uuid);
    if profile.comes_up(false) && served.contains(controller) {
        let what = format!("NetworkManager leaves {port} alone and makes it no port of {controller}");
        to.notes.push(format!("note: {}: {what}", written.place));
        to.add_port(controller, Some(port), &written.place);
    }
}

/// Returns the interface that a key tells by its name or by the UUID of its profile.
pub(super) fn interface_of<'a>(written: &'a Located, by_uuid: &'a HashMap<String, String>) -> &'a str {
    by_uuid.get(&written.value).unwrap_or(&written.value)
}
