//! The profiles that others activate: a port takes its bridge, bond or team along, also one that does not
//! come up by itself, and a bridge with `autoconnect-ports=1` takes its ports along.

use std::collections::{HashMap, HashSet};

use super::profile::Profile;

/// Returns the numbers of the profiles that a port or a controller activates; `managed` says whether
/// NetworkManager manages the interface of a profile.
pub(super) fn by_others(profiles: &[Profile], managed: impl Fn(&Profile) -> bool) -> HashSet<usize> {
    let mut activated: HashSet<usize> = HashSet::new();
    let known = Controllers::among(profiles);
    let controllers: Vec<&[usize]> = profiles.iter().map(|profile| known.of(profile)).collect();
    // A bond may be the port of a bridge.
    loop {
        let comes_up = |number: usize| {
            let profile = profiles.get(number);
            profile.is_some_and(|profile| profile.comes_up(activated.contains(&number)) && managed(profile))
        };
        let takes_ports_along =
            |number: usize| profiles.get(number).is_some_and(Profile::activates_ports) && comes_up(number);
        let pairs = controllers.iter().enumerate().flat_map(|(port, of)| {
            of.iter().copied().filter(move |of| *of != port).map(move |of| (port, of))
        });
        let found: HashSet<usize> = pairs
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

/// The numbers of the profiles that others may be ports of.
struct Controllers<'a> {
    by_uuid: HashMap<&'a str, Vec<usize>>,
    by_name: HashMap<&'a str, Vec<usize>>,
}

impl<'a> Controllers<'a> {
    fn among(profiles: &'a [Profile]) -> Self {
        let mut all = Self { by_uuid: HashMap::new(), by_name: HashMap::new() };
        for (number, profile) in profiles.iter().enumerate() {
            if let Some(uuid) = profile.uuid() {
                all.by_uuid.entry(&uuid.value).or_default().push(number);
            }
            if let Some(name) = profile.interface().filter(|_| profile.takes_ports()) {
                all.by_name.entry(name).or_default().push(number);
            }
        }
        all
    }

    /// Returns what a profile is a port of: the profile with the UUID that it names, or all those for a
    /// bridge or the like of that name.
    fn of(&self, profile: &Profile) -> &[usize] {
        let Some(written) = profile.master().map(|written| written.value.as_str()) else { return &[] };
        let found = self.by_uuid.get(written).or_else(|| self.by_name.get(written));
        found.map(Vec::as_slice).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As NetworkManager 1.42.4, which takes one of the profiles for br0.
    #[test]
    fn a_port_activates_any_profile_with_the_name_that_it_has() {
        let bridge = |number: u8| {
            format!("[connection]\nuuid={number}\ntype=bridge\ninterface-name=br0\nautoconnect=false\n")
        };
        let port =
            |of: &str| format!("[connection]\nuuid=9\ntype=ethernet\ninterface-name=eth0\nmaster={of}\n");
        for (of, expected) in [("br0", vec![0, 1]), ("2", vec![1]), ("br1", vec![])] {
            let texts = [bridge(1), bridge(2), port(of)];
            let parsed = |text: &String| Profile::parse(0, "f".to_owned(), text.as_bytes());
            let profiles: Vec<Profile> = texts.iter().map(parsed).collect();
            let mut found: Vec<usize> = by_others(&profiles, |_| true).into_iter().collect();
            found.sort_unstable();
            assert_eq!(found, expected, "{of}");
        }
    }
}
