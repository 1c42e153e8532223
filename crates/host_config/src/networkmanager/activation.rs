//! The profiles that others activate: a port takes its bridge, bond or team along, also one that does not
//! come up by itself, and a bridge with `autoconnect-ports=1` takes its ports along.

use std::collections::HashSet;

use super::profile::Profile;

/// Returns the numbers of the profiles that a port or a controller activates; `managed` says whether
/// NetworkManager manages the interface of a profile.
pub(super) fn by_others(profiles: &[Profile], managed: impl Fn(&Profile) -> bool) -> HashSet<usize> {
    let mut activated: HashSet<usize> = HashSet::new();
    let controllers: Vec<Option<usize>> = profiles
        .iter()
        .map(|profile| profile.master().and_then(|written| controller(&written.value, profiles)))
        .collect();
    // A bond may be the port of a bridge.
    loop {
        let comes_up = |number: usize| {
            let profile = profiles.get(number);
            profile.is_some_and(|profile| profile.comes_up(activated.contains(&number)) && managed(profile))
        };
        let takes_ports_along =
            |number: usize| profiles.get(number).is_some_and(Profile::activates_ports) && comes_up(number);
        let pairs = controllers.iter().enumerate().filter_map(|(port, of)| Some((port, (*of)?)));
        let found: Vec<usize> = pairs
            .flat_map(|(port, of)| {
                [comes_up(port).then_some(of), takes_ports_along(of).then_some(port)].into_iter().flatten()
            })
            .collect();
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
