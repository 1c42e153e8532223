//! Which interfaces a `.network` file is for, as far as its `[Match]` section says so by name.

pub(super) mod claimed;
pub(super) mod device;
mod pool;

use std::collections::{BTreeMap, HashSet};

use addresses::short;

use super::conditions::{HostFacts, described, is_of_the_host};
use crate::hardware::{self, Cards};
use crate::link_type::type_fits;
use crate::wildcard;

/// The conditions of a `[Match]` section.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Match {
    /// Shell patterns, each with whether it is inverted.
    names: Vec<(bool, String)>,
    /// Shell patterns of the types of interface, each with whether it is inverted.
    types: Vec<(bool, String)>,
    /// The conditions on the host, each with its value.
    host: Vec<(String, String)>,
    /// The hardware addresses of `MACAddress=`, of which one must be the interface's.
    hardware: Vec<String>,
    /// Those of `PermanentMACAddress=`, of which one must be the address that the card was made with.
    permanent: Vec<String>,
    /// The conditions on something else, which only the running host can tell: each key with its last value.
    other: BTreeMap<String, String>,
    /// A condition on the host is not known to hold.
    doubtful: bool,
}

/// The most comparisons of a name with an inverted pattern in one list.
const COMPARED: usize = 1 << 22;

/// The keys whose conditions only the running host can tell.
const HARDWARE: [&str; 9] = [
    "MACAddress",
    "PermanentMACAddress",
    "Path",
    "Driver",
    "Kind",
    "WLANInterfaceType",
    "SSID",
    "BSSID",
    "Property",
];

impl Match {
    /// Takes an assignment of the section over. Lists of the same key add up; an empty one starts anew.
    pub(super) fn assign(&mut self, key: &str, value: &str) {
        match key {
            "Name" => {}
            "Type" if value.is_empty() => return self.types.clear(),
            "Type" => return self.types.extend(patterns(value)),
            key if is_of_the_host(key) => return self.assign_host(key, value),
            key if HARDWARE.contains(&key) => return self.assign_hardware(key, value),
            // networkd knows no such key, and passes over it.
            _ => return,
        }
        if value.is_empty() {
            self.names.clear();
        }
        let valid = |(_, name): &(bool, String)| is_interface_name(name.trim_start_matches('!'));
        self.names.extend(patterns(value).filter(valid));
    }

    fn assign_host(&mut self, key: &str, value: &str) {
        // The last one of a key counts.
        self.host.retain(|(known, _)| known != key);
        if !value.is_empty() {
            self.host.push((key.to_owned(), value.to_owned()));
        }
    }

    /// Takes a condition on hardware over; of hardware addresses, networkd passes over what is none.
    fn assign_hardware(&mut self, key: &str, value: &str) {
        let some = |value: &str| !key.ends_with("MACAddress") && key != "BSSID" || is_hardware_address(value);
        let addresses = match key {
            "MACAddress" => Some(&mut self.hardware),
            "PermanentMACAddress" => Some(&mut self.permanent),
            _ => None,
        };
        if value.is_empty() {
            self.other.remove(key);
            addresses.map(Vec::clear);
            return;
        }
        if value.split_ascii_whitespace().any(some) {
            self.other.insert(key.to_owned(), value.to_owned());
        }
        if let Some(addresses) = addresses {
            addresses.extend(value.split_ascii_whitespace().filter_map(hardware::normal));
        }
    }

    /// Replaces hardware addresses by the names of the interfaces that have them, where `cards` tells and the
    /// other conditions fit.
    pub(super) fn resolve(&mut self, cards: &Cards<'_>) {
        let addresses = self.hardware.iter().chain(&self.permanent);
        let mut found: Vec<&str> = addresses.filter_map(|address| cards.name(address)).collect();
        found.sort_unstable();
        found.dedup();
        let all = found.len();
        found.retain(|name| self.names_fit(name));
        if found.is_empty() || found.len() < all {
            return;
        }
        // An address that was set later, as that of a veth, is not the permanent one.
        let was_set = |name: &&str| {
            let own = cards.permanent(name);
            own.is_some_and(|own| own.is_none_or(|own| !self.permanent.contains(&own)))
        };
        let was_set = !self.permanent.is_empty() && found.iter().any(was_set);
        self.names = found.into_iter().map(|name| (false, name.to_owned())).collect();
        self.other.retain(|key, _| !key.ends_with("MACAddress") || was_set && key.starts_with("Permanent"));
    }

    /// Returns the interfaces that the file names, and those that it tells by their hardware address: empty
    /// if it tells any by patterns or by other hardware alone.
    pub(super) fn exact(&self) -> Vec<String> {
        match self.names.as_slice() {
            [] => self.hardware.iter().chain(&self.permanent).cloned().collect(),
            names if names.iter().all(|(inverted, name)| !inverted && is_plain(name)) => {
                names.iter().map(|(_, name)| name.clone()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Whether the file is for each interface of a list of names, whatever else these are.
    pub(super) fn names_each(&self) -> bool {
        let is_list =
            self.names.len() > 1 && self.names.iter().all(|(inverted, name)| !inverted && is_plain(name));
        is_list && self.by_name_alone() && self.hardware.is_empty() && self.permanent.is_empty()
    }

    /// Returns the names of a list that has patterns too, and the rest of the list, where it fits more.
    pub(super) fn named_beside_patterns(&self) -> (Vec<String>, Option<String>) {
        let out: HashSet<&str> = self.names.iter().filter(|(out, _)| *out).map(|(_, name)| &**name).collect();
        let patterns: Vec<&str> = out.iter().copied().filter(|name| !is_plain(name)).collect();
        let is_out =
            |name: &str| out.contains(name) || patterns.iter().any(|out| wildcard::matches(out, name));
        let is_name = |(inverted, name): &&(bool, String)| {
            !inverted && is_plain(name) && wildcard::matches(name, name) && !is_out(name)
        };
        let (names, rest): (Vec<_>, Vec<_>) = self.names.iter().partition(is_name);
        let fits_more = rest.iter().any(|(inverted, _)| !inverted);
        let rest = rest.into_iter().map(marked).collect::<Vec<_>>().join(" ");
        (names.into_iter().map(|(_, name)| name.clone()).collect(), fits_more.then_some(rest))
    }

    /// Whether there are more names and inverted patterns than are compared, each with each.
    pub(super) fn is_too_long(&self) -> bool {
        let out = self.names.iter().filter(|(inverted, _)| *inverted).count();
        out.saturating_mul(self.names.len() - out) > COMPARED
    }

    /// Whether names or patterns of them tell the interfaces, and not only which they are not.
    pub(super) fn has_names(&self) -> bool {
        self.names.iter().any(|(inverted, _)| !inverted)
    }

    /// Whether hardware addresses tell the interfaces.
    pub(super) fn by_hardware_address(&self) -> bool {
        !self.hardware.is_empty() || !self.permanent.is_empty()
    }

    /// Whether a condition on the host is not known to hold.
    pub(super) fn is_doubtful(&self) -> bool {
        self.doubtful
    }

    /// Returns the interface, where the file can be for one only.
    pub(super) fn interface(&self) -> Option<&str> {
        match self.names.as_slice() {
            [(false, name)] if is_plain(name) => Some(name),
            _ => None,
        }
    }

    /// Returns the patterns of names, inverted ones with a mark: `None` if there is none.
    pub(super) fn patterns(&self) -> Option<Vec<String>> {
        (!self.names.is_empty()).then(|| self.names.iter().map(marked).collect())
    }

    /// Returns the patterns of names, or else the conditions on the interface, or else those on the host.
    pub(super) fn described(&self) -> String {
        if let Some(patterns) = self.patterns() {
            return patterns.join(" ");
        }
        let types = (!self.types.is_empty()).then(|| format!("Type={}", self.type_patterns()));
        let text = |(key, value): (&String, &String)| format!("{key}={value}");
        let conditions: Vec<String> = types.into_iter().chain(self.other.iter().map(text)).collect();
        let of_the_host = || self.host.iter().map(|(key, value)| described(key, value)).collect();
        short(&if conditions.is_empty() { of_the_host() } else { conditions }.join(" "))
    }

    /// Whether the file has no condition: networkd ignores it.
    pub(super) fn is_empty(&self) -> bool {
        self.names.is_empty() && self.types.is_empty() && self.host.is_empty() && self.other.is_empty()
    }

    /// Returns whether the conditions on the host hold: `None` if the files do not tell, and with it the
    /// first such condition.
    pub(super) fn holds(&self, facts: &HostFacts<'_>) -> (Option<bool>, Option<String>) {
        let mut unknown = None;
        for (key, value) in &self.host {
            match facts.holds(key, value) {
                Some(false) => return (Some(false), Some(described(key, value))),
                Some(true) => {}
                None => unknown = unknown.or_else(|| Some(described(key, value))),
            }
        }
        (unknown.is_none().then_some(true), unknown)
    }

    /// Whether nothing but names and types decides, which the files tell.
    pub(super) fn by_name_alone(&self) -> bool {
        self.other.is_empty() && !self.doubtful
    }

    /// Returns whether the file applies only to some hosts.
    pub(super) fn depends_on_host(&self) -> bool {
        !self.host.is_empty()
    }

    /// Leaves what the file is for to the running host.
    pub(super) fn doubt(&mut self) {
        self.doubtful = true;
    }

    fn type_patterns(&self) -> String {
        self.types.iter().map(marked).collect::<Vec<_>>().join(" ")
    }

    /// Whether the name of the interface shows that its type fits.
    fn type_fits(&self, name: &str) -> bool {
        self.types.is_empty() || type_fits(&self.type_patterns(), name) == Some(true)
    }

    /// Whether the file is for the interface `name` and whatever the host is, it says so.
    fn certainly(&self, name: &str) -> bool {
        self.by_name_alone() && self.type_fits(name) && self.names_fit(name)
    }

    /// Whether the conditions on the name hold for it.
    pub(super) fn names_fit(&self, name: &str) -> bool {
        let matches = |inverted| {
            self.names.iter().any(|(this, pattern)| *this == inverted && wildcard::matches(pattern, name))
        };
        let positive = self.names.iter().any(|(inverted, _)| !inverted);
        !matches(true) && (!positive || matches(false))
    }
}

/// The patterns of a list, each with whether it is inverted: all are by a mark before the list. By its
/// manual, only a list as a whole is inverted; in fact, systemd inverts a single pattern too.
fn patterns(value: &str) -> impl Iterator<Item = (bool, String)> {
    let (all_inverted, list) = value.strip_prefix('!').map_or((false, value), |list| (true, list));
    list.split_ascii_whitespace().map(move |pattern| match pattern.strip_prefix('!') {
        Some(pattern) if !all_inverted => (true, pattern.to_owned()),
        _ => (all_inverted, pattern.to_owned()),
    })
}

/// A pattern, an inverted one with a mark.
fn marked((inverted, pattern): &(bool, String)) -> String {
    format!("{}{pattern}", if *inverted { "!" } else { "" })
}

/// Whether networkd takes this as the name of an interface or a pattern of names: fewer than 128 octets, no
/// colon, no slash, no percent sign.
fn is_interface_name(name: &str) -> bool {
    !name.is_empty()
        && name.len() < 128
        && name.bytes().all(|octet| octet.is_ascii_graphic())
        && !name.contains([':', '/', '%'])
}

/// Whether this is a hardware address of Ethernet or InfiniBand, in one of the ways to write one.
fn is_hardware_address(text: &str) -> bool {
    let digits = text.bytes().filter(u8::is_ascii_hexdigit).count();
    let fields = text.split([':', '-', '.']).collect::<Vec<_>>();
    let hexadecimal =
        fields.iter().all(|field| !field.is_empty() && field.bytes().all(|octet| octet.is_ascii_hexdigit()));
    let all =
        |length: usize, most: usize| fields.len() == length && fields.iter().all(|field| field.len() <= most);
    hexadecimal
        && digits > 0
        && (all(6, 2) || all(3, 4) || all(20, 2) || all(10, 4) || text.parse::<std::net::IpAddr>().is_ok())
}

fn is_plain(name: &str) -> bool {
    !name.contains(['*', '?', '[', '\\'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_networkd_passes_over_is_no_condition() {
        let rows: [(&[(&str, &str)], bool); 12] = [
            (&[("Interface", "eth0")], true),
            (&[("name", "eth0")], true),
            (&[("Name", "eth0"), ("Name", "")], true),
            (&[("Name", "eth0/1")], true),
            (&[("Type", "wlan"), ("Type", "")], true),
            (&[("MACAddress", "zz")], true),
            (&[("MACAddress", "00:00:5e:00:53:01"), ("MACAddress", "")], true),
            (&[("MACAddress", "00-00-5e-00-53-01")], false),
            (&[("PermanentMACAddress", "0000.5e00.5301")], false),
            (&[("Path", "pci-*")], false),
            (&[("Host", "web1")], false),
            (&[("Name", "eth0,eth1")], false),
        ];
        for (assignments, empty) in rows {
            let mut of = Match::default();
            assignments.iter().for_each(|(key, value)| of.assign(key, value));
            assert_eq!(of.is_empty(), empty, "{assignments:?}");
        }
    }
}
