//! The profiles that others activate: a port takes its bridge, bond or team along, also one that does not
//! come up by itself.

use std::collections::HashSet;

use super::profile::Profile;

/// Returns the numbers of the profiles that a port activates; `managed` says whether NetworkManager manages
/// the interface of a profile.
pub(super) fn by_ports(profiles: &[Profile], managed: impl Fn(&Profile) -> bool) -> HashSet<usize> {
    let mut activated: HashSet<usize> = HashSet::new();
    // A bond may be the port of a bridge.
    loop {
        let comes_up = |(number, profile): &(usize, &Profile)| {
            profile.comes_up(activated.contains(number)) && managed(profile)
        };
        let ports = profiles.iter().enumerate().filter(comes_up);
        let controllers = ports.filter_map(|(_, port)| controller(&port.master()?.value, profiles));
        let found: Vec<usize> = controllers.collect();
        let known = activated.len();
        activated.extend(found);
        if activated.len() == known {
            return activated;
        }
    }
}

/// The profile with this UUID, or for a bridge or the like of this name.
fn controller(written: &str, profiles: &[Profile]) -> Option<usize> {
    let by_uuid = |profile: &Profile| profile.uuid().is_some_and(|uuid| uuid.value == written);
    let by_name = |profile: &Profile| profile.interface() == Some(written) && profile.takes_ports();
    profiles.iter().position(by_uuid).or_else(|| profiles.iter().position(by_name))
}
