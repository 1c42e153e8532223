//! What one `.network` file and its drop-ins say.

mod prefix;
mod promise;

use addresses::{HostAddress, short};

use super::address::{aborting, address_section, asked};
use super::conditions::HostFacts;
use super::matching::Match;
use super::matching::claimed::Claimed;
use super::matching::device::Device;
use super::misspelt;
use super::unit::{Assignment, Section, boolean};
use crate::hardware::Cards;
use crate::located::{Asked, Located};
use crate::promise::{ConfigError, Family, Place, Promises, Remark};

/// The values of `DHCP=` that ask for an address, beside the booleans.
const DHCP: [&str; 5] = ["both", "ipv4", "ipv6", "v4", "v6"];

/// The keys that name what an interface carries, and that networkd makes there alone. It has one list of all.
const CARRIED: [&str; 7] = ["VLAN", "MACVLAN", "MACVTAP", "IPVLAN", "IPVTAP", "MACsec", "IPoIB"];
/// The same of tunnels, which work without a carrier of that interface.
const TUNNELS: [&str; 3] = ["Tunnel", "VXLAN", "Xfrm"];

/// The states of `RequiredForOnline=`, of which two make a range.
const STATES: [&str; 9] = [
    "missing",
    "off",
    "no-carrier",
    "dormant",
    "degraded-carrier",
    "carrier",
    "degraded",
    "enslaved",
    "routable",
];

/// Takes whether something is on, and where that is written; what is no boolean changes nothing.
fn set_place(known: &mut Option<Place>, written: &Located) {
    if let Some(on) = boolean(&written.value) {
        *known = on.then(|| written.place.clone());
    }
}

/// Returns what `RequiredForOnline=` says: `None` where networkd ignores the value.
fn required(value: &str) -> Option<bool> {
    let is_state = |part: &str| STATES.contains(&part);
    let (least, most) = value.split_once(':').unwrap_or((value, value));
    if is_state(least) && is_state(most) { Some(true) } else { boolean(value) }
}

/// Returns whether networkd has a pool for addresses of this prefix length.
pub(crate) fn is_pool(family: Family, length: Option<u8>) -> bool {
    length.is_some_and(|length| length >= if family == Family::V6 { 64 } else { 9 })
}

/// What a file and its drop-ins say.
#[derive(Debug, Default)]
pub(super) struct Network {
    /// The lines on which systemd 252 aborts.
    aborting: Vec<Remark>,
    /// Whether an empty `Address=` resets the list: `None` where the version of systemd is not known.
    resets: Option<bool>,
    /// The addresses that such a line may have taken out, each with its place.
    perhaps_reset: Vec<(Located<Asked>, Place)>,
    /// Whether the file is the distribution's, and not the administrator's.
    shipped: bool,
    pub(super) matches: Match,
    addresses: Vec<Located<Asked>>,
    dhcp: Option<Located>,
    /// `[DHCPServer] ServerAddress=`, which counts where `DHCPServer=` is on.
    server_address: Option<Located<Asked>>,
    serves_dhcp: bool,
    /// `[IPv6Prefix] Assign=yes`: an address of the prefix, which counts where `IPv6SendRA=` is on.
    assigned_prefix: Option<Place>,
    /// The addresses of such sections by `Token=::7`.
    tokens: Vec<Located<Asked>>,
    /// The prefixes of the others.
    prefixes: Vec<Located<HostAddress>>,
    sends_ra: bool,
    /// Where it says that the interface takes what a router advertises, or a part of a delegated prefix.
    accepts_ra: Option<Place>,
    delegated: Option<Place>,
    /// The bridge, bond or VRF that the interface is a port of.
    controller: Option<Located>,
    /// The bridge of a line that networkd does not know, and that is almost `Bridge=`.
    misspelt_bridge: Option<String>,
    /// The VLANs and the like that the interface carries.
    vlans: Vec<String>,
    /// The tunnels that networkd makes for this interface.
    tunnels: Vec<String>,
    /// `RequiredForOnline=no`.
    optional: bool,
    /// An assignment by which networkd does not bring the interface up.
    left_down: Option<Located>,
    /// `ConfigureWithoutCarrier=yes`: networkd does not wait for a carrier to bind the addresses.
    without_carrier: bool,
    unmanaged: Option<Located>,
}

impl Network {
    /// Returns what nothing is said of yet, for whether an empty `Address=` resets the list, and whether the
    /// file is the distribution's.
    pub(super) fn new(resets: Option<bool>, shipped: bool) -> Self {
        Self { resets, shipped, ..Self::default() }
    }

    /// Takes over the sections of one file.
    pub(super) fn take(&mut self, sections: Vec<Section>, to: &mut Promises) -> Result<(), ConfigError> {
        for section in sections {
            misspelt::note_keys(&section, to);
            match section.name.value.as_str() {
                "Match" => section
                    .assignments
                    .iter()
                    .for_each(|each| self.matches.assign(&each.key, &each.value.value)),
                "Network" => self.take_network(section, to),
                "Address" => {
                    let is_alone = !section.assignments.iter().any(|each| each.key == "Address");
                    let asked = address_section(section, self.resets == Some(true), to);
                    self.aborting.extend(asked.as_ref().filter(|_| is_alone).and_then(aborting));
                    self.addresses.extend(asked);
                }
                "DHCPServer" => {
                    let last = section.assignments.iter().rfind(|each| each.key == "ServerAddress");
                    self.server_address =
                        last.and_then(|each| asked(&each.value, to)).or(self.server_address.take());
                }
                "IPv6Prefix" => self.take_prefix(&section, to),
                "Link" => self.take_link(section),
                _ => misspelt::note_section(&section, to),
            }
        }
        Ok(())
    }

    /// Takes an `[IPv6Prefix]` section. With `Token=::7` alone, its address is known.
    fn take_prefix(&mut self, section: &Section, to: &mut Promises) {
        let assigns = |each: &&Assignment| each.key == "Assign" && boolean(&each.value.value) == Some(true);
        let assigned = section.assignments.iter().find(assigns).map(|each| each.value.place.clone());
        let Some(assigned) = assigned else { return };
        if let Some(line) = prefix::refused(section) {
            let what = format!("{}={}: networkd ignores the section", line.key, short(&line.value.value));
            to.notes.push(format!("note: {}: {what}", line.value.place));
            return;
        }
        let prefix = prefix::prefix(section);
        let tokens = prefix.iter().flat_map(|prefix| prefix::static_tokens(section, prefix.value));
        let known = self.tokens.len();
        self.tokens.extend(tokens);
        if self.tokens.len() == known || prefix::has_other_token(section) {
            self.prefixes.extend(prefix);
            self.assigned_prefix = Some(assigned);
        }
    }

    fn take_network(&mut self, section: Section, to: &mut Promises) {
        for each in section.assignments {
            let value = each.value.value.as_str();
            match each.key.as_str() {
                // An empty one resets the whole list, also what came from [Address] sections.
                "Address" if value.is_empty() => self.reset(&each.value.place),
                "Address" => self.addresses.extend(asked(&each.value, to)),
                // networkd ignores an invalid value and an empty DHCP=.
                "DHCPServer" => self.serves_dhcp = boolean(value).unwrap_or(self.serves_dhcp),
                "IPv6SendRA" | "IPv6PrefixDelegation" => {
                    self.sends_ra = boolean(value).unwrap_or(self.sends_ra);
                }
                "IPv6AcceptRA" => set_place(&mut self.accepts_ra, &each.value),
                "DHCPPrefixDelegation" | "DHCPv6PrefixDelegation" => {
                    set_place(&mut self.delegated, &each.value);
                }
                key if (CARRIED.contains(&key) || TUNNELS.contains(&key)) && value.is_empty() => {
                    self.vlans.clear();
                    self.tunnels.clear();
                }
                key if TUNNELS.contains(&key) => self.tunnels.push(value.to_owned()),
                key if CARRIED.contains(&key) => self.vlans.push(value.to_owned()),
                "ConfigureWithoutCarrier" => {
                    self.without_carrier = boolean(value).unwrap_or(self.without_carrier);
                }
                "Bridge" | "Bond" | "VRF" => self.controller = (!value.is_empty()).then_some(each.value),
                "DHCP" => {
                    let off = boolean(value) == Some(false) || value == "none";
                    let on = boolean(value) == Some(true) || DHCP.contains(&value);
                    if off || on {
                        self.dhcp = on.then_some(each.value);
                    } else if !value.is_empty() || self.dhcp.is_some() {
                        let what = format!("DHCP={value} is no value, networkd ignores the line");
                        to.notes.push(format!("note: {}: {what}", each.value.place));
                    }
                }
                key if misspelt::is_almost(key, "Bridge") => self.misspelt_bridge = Some(each.value.value),
                _ => {}
            }
        }
    }

    /// Takes an empty `Address=`.
    fn reset(&mut self, place: &Place) {
        match self.resets {
            Some(true) => self.addresses.clear(),
            Some(false) => {}
            None => {
                let taken = self.addresses.drain(..).map(|each| (each, place.clone()));
                self.perhaps_reset.extend(taken);
            }
        }
    }

    /// networkd passes over a value that it does not know.
    fn take_link(&mut self, section: Section) {
        for each in section.assignments {
            let value = each.value.value.as_str();
            match each.key.as_str() {
                "Unmanaged" => {
                    if let Some(unmanaged) = boolean(value) {
                        self.unmanaged = unmanaged.then_some(each.value);
                    }
                }
                "RequiredForOnline" => {
                    self.optional = required(value).map_or(self.optional, |required| !required);
                }
                "ActivationPolicy" => match value {
                    "manual" | "down" | "always-down" => self.left_down = Some(each.value),
                    "up" | "always-up" | "bound" => self.left_down = None,
                    _ => {}
                },
                _ => {}
            }
        }
    }

    /// Returns the interfaces that it names and that must be there at boot. An `earlier` file for one of them
    /// counts in its place.
    pub(super) fn named_at_boot(&self, facts: &HostFacts<'_>, earlier: &mut Claimed) -> Vec<String> {
        let is_passing =
            self.optional || self.shipped || self.unmanaged.is_some() || self.left_down.is_some();
        let holds = self.matches.holds(facts).0;
        if holds == Some(false) || self.matches.is_empty() {
            return Vec::new();
        }
        let mut names = self.matches.named_beside_patterns().0;
        names.retain(|name| !is_passing && earlier.by(name).is_none());
        // A pattern names no interface, and may give one up.
        if holds == Some(true) && (is_passing || !self.matches.exact().is_empty()) {
            earlier.claim(self.matches.clone(), "");
        }
        names
    }

    /// The VLANs and the like that its interface carries, and its tunnels.
    pub(super) fn carried(&self) -> impl Iterator<Item = &String> {
        self.vlans.iter().chain(&self.tunnels)
    }

    /// Whether the file may be for the interface of this name.
    pub(super) fn may_have(&self, name: &str, facts: &HostFacts<'_>, cards: &Cards<'_>) -> bool {
        self.matches.holds(facts).0 != Some(false)
            && !self.matches.is_empty()
            && self.matches.names_fit(name)
            && self.matches.fits_device(name, cards) != Some(false)
    }

    /// Whether networkd binds the addresses of its interface when that has a carrier, and not before.
    pub(super) fn waits(&self) -> bool {
        !self.without_carrier
    }

    /// The bridge, bond or VRF that should have its interface as a port.
    pub(super) fn controllers(&self) -> impl Iterator<Item = &str> {
        let known = self.controller.iter().map(|controller| controller.value.as_str());
        known.chain(self.misspelt_bridge.as_deref())
    }

    /// Whether it makes its interface a port, or the carrier of VLANs.
    pub(super) fn has_ports(&self) -> bool {
        self.controller.is_some() || !self.vlans.is_empty()
    }

    /// Whether no part of the configuration tells that the file is for its interface.
    fn gives_nothing(&self) -> bool {
        self.statics().next().is_none()
            && self.pools().next().is_none()
            && self.dhcp.is_none()
            && self.controller.is_none()
    }

    /// Returns whether this file is surely for the interface of this name and gives it an address, or makes
    /// it a port.
    pub(super) fn gives_to(&self, name: &str, facts: &HostFacts<'_>, cards: &Cards<'_>) -> bool {
        !self.gives_nothing()
            && !self.shipped
            && self.unmanaged.is_none()
            && self.left_down.is_none()
            && self.matches.holds(facts).0 == Some(true)
            && self.matches.fits_device(name, cards) == Some(true)
    }

    /// Returns what is known of the device that the file is for: nothing of one that does not apply in any
    /// case.
    pub(super) fn device(&self, facts: &HostFacts<'_>, cards: &Cards<'_>, claimed: &Claimed) -> Device {
        let is_for_none = self.unmanaged.is_some() || self.left_down.is_some();
        if is_for_none || self.matches.holds(facts).0 == Some(false) {
            return Device::Fits;
        }
        self.matches.device(cards, claimed)
    }

    /// The families of which networkd takes an address of its pools, each with its place. It ignores a pool
    /// for `ServerAddress=`, has none of IPv4 of 8 bits or fewer, and none of IPv6 of fewer than 64.
    fn pools(&self) -> impl Iterator<Item = (Family, &Place)> {
        self.addresses.iter().filter_map(|each| match each.value {
            Asked::Pool(family, length) if is_pool(family, length) => Some((family, &each.place)),
            _ => None,
        })
    }

    /// The static addresses, each with its place.
    pub(super) fn statics(&self) -> impl Iterator<Item = (HostAddress, Place)> {
        let server = self.server_address.iter().filter(|_| self.serves_dhcp);
        let tokens = self.tokens.iter().filter(|_| self.sends_ra);
        self.addresses
            .iter()
            .chain(server)
            .chain(tokens)
            .filter_map(|each| Some((each.value.address()?, each.place.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As networkd 252 has it in /run/systemd/netif/links.
    #[test]
    fn what_networkd_ignores_leaves_an_interface_required_or_not() {
        let rows = [
            ("", None),
            ("junk", None),
            ("degraded:junk", None),
            ("no", Some(false)),
            ("yes", Some(true)),
            ("degraded", Some(true)),
            ("no-carrier:routable", Some(true)),
        ];
        for (value, expected) in rows {
            assert_eq!(required(value), expected, "{value}");
        }
    }
}
