//! Whether the conditions of a `[Match]` section on the device hold for an interface, as far as the kernel's
//! /sys and its name tell.

use addresses::short;

use super::claimed::Claimed;
use super::{Match, patterns};
use crate::hardware::{Cards, Properties};
use crate::link_type::type_fits;
use crate::wildcard;

/// What is known of the interfaces that the names of a file fit and that no earlier file has.
#[derive(Debug)]
pub(in crate::networkd) enum Device {
    /// One is what the conditions ask for, or none is here, or nothing shows that they are others.
    Fits,
    /// They are of another type or kind, in words: the file never applies.
    Never(String),
    /// They are other cards than the one that the file is for, in words.
    Other(String),
    /// Only udev or the wireless network tells, in words.
    Unknown(String),
}

/// The conditions on what an interface is, beside its type; the others are on which one it is.
const OF_NATURE: [&str; 4] = ["Kind", "SSID", "BSSID", "WLANInterfaceType"];

/// The conditions that the files do not always tell of an interface that is here.
const OF_OTHERS: [&str; 5] = ["Path", "Property", "SSID", "BSSID", "WLANInterfaceType"];

/// The kinds of interfaces of which /sys does not always tell the kind, and their drivers: one end of a cable
/// has by chance the number of the other, which is in another namespace.
const UNTOLD: [&str; 14] = [
    "veth",
    "dummy",
    "ifb",
    "macvlan",
    "macvtap",
    "ipvlan",
    "ipvtap",
    "nlmon",
    "team",
    "gretap",
    "ip6gretap",
    "erspan",
    "netdevsim",
    "batadv",
];

impl Match {
    /// Returns what is known of the interfaces that the file names. `claimed` has those of earlier files.
    pub(in crate::networkd) fn device(&self, cards: &Cards<'_>, claimed: &Claimed) -> Device {
        let is_for = |name: &&str| self.names_fit(name) && claimed.by(name).is_none();
        if self.names.is_empty() || self.other.is_empty() && self.types.is_empty() {
            return Device::Fits;
        }
        // Of a thousand files with one name each, none looks through all interfaces.
        let here: Vec<&str> = match self.interface() {
            Some(name) => Some(name).filter(|name| cards.has(name)).into_iter().filter(is_for).collect(),
            None => cards.interfaces().iter().map(String::as_str).filter(is_for).collect(),
        };
        let fit: Vec<Option<bool>> = here.iter().map(|name| self.fits_device(name, cards)).collect();
        if here.is_empty() || fit.contains(&Some(true)) {
            return Device::Fits;
        }
        let (names, conditions) = (short(&here.join(" or ")), self.device_described());
        if fit.contains(&None) {
            let is_of_others = OF_OTHERS.iter().any(|key| self.other.contains_key(*key));
            let what = format!("whether {conditions} fits {names} is not known here");
            return if is_of_others { Device::Unknown(what) } else { Device::Fits };
        }
        let what = format!("{names} does not fit {conditions}");
        let of_nature = self.of_nature();
        let is_other = |name: &&str| of_nature.fits_device(name, cards) != Some(false);
        if here.iter().any(is_other) { Device::Other(what) } else { Device::Never(what) }
    }

    /// The conditions on what an interface is.
    fn of_nature(&self) -> Self {
        let mut of_nature = Self { types: self.types.clone(), other: self.other.clone(), ..Self::default() };
        of_nature.other.retain(|key, _| OF_NATURE.contains(&key.as_str()));
        of_nature
    }

    /// Returns the interfaces here that the file surely has, where more than a single name tells them.
    pub(in crate::networkd) fn each_here(&self, cards: &Cards<'_>, claimed: &Claimed) -> Vec<String> {
        if self.doubtful || self.is_empty() || self.interface().is_some() {
            return Vec::new();
        }
        let is_for = |name: &&String| {
            self.names_fit(name) && claimed.by(name).is_none() && self.fits_device(name, cards) == Some(true)
        };
        cards.interfaces().iter().filter(is_for).cloned().collect()
    }

    /// Forgets the conditions on the device where they are known to hold for the one interface that the file
    /// names.
    pub(in crate::networkd) fn settle(&mut self, cards: &Cards<'_>) {
        let Some(name) = self.interface() else { return };
        if !self.other.is_empty() && self.fits_device(name, cards) == Some(true) {
            self.other.clear();
            self.types.clear();
        }
    }

    /// Returns whether the device of this name is what the conditions ask for: `None` where that is not
    /// known.
    pub(in crate::networkd) fn fits_device(&self, name: &str, cards: &Cards<'_>) -> Option<bool> {
        let conditions = self.other.iter().map(|(key, value)| self.condition_fits(key, value, name, cards));
        let all: Vec<Option<bool>> = conditions.chain([self.type_of_device_fits(name, cards)]).collect();
        match () {
            () if all.contains(&Some(false)) => Some(false),
            () if all.contains(&None) => None,
            () => Some(true),
        }
    }

    /// Returns the conditions on the device, in words.
    pub(in crate::networkd) fn device_described(&self) -> String {
        let types = (!self.types.is_empty()).then(|| format!("Type={}", self.type_patterns()));
        let others = self.other.iter().map(|(key, value)| format!("{key}={value}"));
        types.into_iter().chain(others).collect::<Vec<_>>().join(" ")
    }

    fn condition_fits(&self, key: &str, value: &str, name: &str, cards: &Cards<'_>) -> Option<bool> {
        // What is no card has no path, and what is not wireless no network.
        let is_wired = || cards.has(name) && !cards.is_wireless(name);
        match key {
            "MACAddress" => {
                let fits = self.hardware.iter().map(|address| cards.fits(address, name));
                fits.reduce(|one, other| Some(one? || other?)).flatten()
            }
            "PermanentMACAddress" => {
                let own = cards.permanent(name)?;
                Some(own.is_some_and(|own| self.permanent.contains(&own)))
            }
            "Driver" | "Kind" if cards.is_virtual(name) && cards.kind(name).is_none() => {
                fits_all(value, &UNTOLD)
            }
            "Driver" => {
                // networkd asks by ethtool(8), and these drivers tell it another name than /sys has.
                let driver = cards.driver_of_kind(name)?;
                let is_other = cards.is_switch_port(name)
                    || ["cpsw", "am65-cpsw", "qeth"].iter().any(|other| driver.starts_with(other));
                (!is_other).then(|| fits(value, Some(&driver)))
            }
            "Kind" => Some(fits(value, cards.kind(name)?.as_deref())),
            "Path" => match cards.properties(name) {
                Some(of_udev) => Some(fits(value, of_udev.get("ID_PATH").map(String::as_str))),
                None if cards.is_virtual(name) => Some(fits(value, None)),
                None => Some(fits(value, Some(&cards.pci_path(name)?))),
            },
            "Property" => properties_fit(value, cards.properties(name)?.as_ref()),
            "SSID" | "BSSID" | "WLANInterfaceType" if is_wired() => Some(false),
            _ => None,
        }
    }

    /// Whether its type fits: by the kernel, by its name, or because a card is wireless or not.
    fn type_of_device_fits(&self, name: &str, cards: &Cards<'_>) -> Option<bool> {
        let types = self.type_patterns();
        if let Some(known) = cards.link_type(name) {
            return Some(fits(&types, Some(&known)));
        }
        let of_its_kind = if cards.is_wireless(name) { "wl0" } else { "eth0" };
        let is_card = cards.has(name) && !cards.is_virtual(name);
        type_fits(&types, name).or_else(|| type_fits(&types, of_its_kind).filter(|_| is_card))
    }
}

/// Whether a list of patterns fits these values: `None` where it fits some of them.
fn fits_all(list: &str, values: &[&str]) -> Option<bool> {
    let mut found = values.iter().map(|value| fits(list, Some(value)));
    let first = found.next()?;
    found.all(|each| each == first).then_some(first)
}

/// Whether all properties of a list are those of udev, or by a mark before the list, none of them. `None` of
/// a list that quotes any.
fn properties_fit(list: &str, of_udev: &Properties) -> Option<bool> {
    if list.contains(['"', '\'']) {
        return None;
    }
    let (inverted, list) = list.strip_prefix('!').map_or((false, list), |list| (true, list));
    let is_set = |pair: &str| {
        let (key, value) = pair.split_once('=')?;
        Some(of_udev.get(key).is_some_and(|known| wildcard::matches(value, known)))
    };
    let all: Option<Vec<bool>> = list.split_ascii_whitespace().map(is_set).collect();
    Some(all?.into_iter().all(|is_set| is_set != inverted))
}

/// Whether a list of patterns fits a value: none of the inverted ones does, and one of the others if there is
/// any.
fn fits(list: &str, value: Option<&str>) -> bool {
    let all: Vec<(bool, String)> = patterns(list).collect();
    let matches = |inverted: bool| {
        let mut these = all.iter().filter(|(this, _)| *this == inverted);
        these.any(|(_, pattern)| value.is_some_and(|value| wildcard::matches(pattern, value)))
    };
    !matches(true) && (all.iter().all(|(inverted, _)| *inverted) || matches(false))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use plugin::Deadline;

    use super::*;
    use crate::tree::Tree;

    /// As networkd 252 matched such files in a namespace, where a veth has no permanent address.
    #[test]
    fn the_kernel_tells_what_a_device_is() {
        let deadline = Deadline::after(Duration::from_secs(60));
        let files = [
            ("/sys/class/net/eth0/address", "00:00:5e:00:53:01\n"),
            ("/sys/class/net/eth0/addr_assign_type", "3\n"),
            ("/sys/class/net/eth0/type", "1\n"),
            ("/sys/class/net/eth0/ifindex", "2\n"),
            ("/sys/class/net/eth0/iflink", "7\n"),
            ("/sys/class/net/eth0/uevent", "INTERFACE=eth0\nIFINDEX=2\n"),
            ("/sys/class/net/lan0/address", "00:00:5e:00:53:02\n"),
            ("/sys/class/net/lan0/addr_assign_type", "0\n"),
            ("/sys/class/net/lan0/type", "1\n"),
            ("/sys/class/net/lan0/ifindex", "3\n"),
            ("/sys/class/net/lan0/iflink", "3\n"),
            ("/sys/class/net/lan0/uevent", "INTERFACE=lan0\nIFINDEX=3\n"),
            ("/sys/class/net/lan0/device/uevent", "DRIVER=e1000e\nPCI_SLOT_NAME=0000:00:1f.6\n"),
            ("/sys/class/net/br0/address", "00:00:5e:00:53:03\n"),
            ("/sys/class/net/br0/type", "1\n"),
            ("/sys/class/net/br0/uevent", "DEVTYPE=bridge\nINTERFACE=br0\nIFINDEX=4\n"),
            ("/sys/class/net/lan1/type", "1\n"),
            ("/sys/class/net/lan1/device/uevent", "DRIVER=mv88e6085\n"),
            ("/sys/class/net/lan1/dsa/tagging", "edsa\n"),
            ("/sys/class/net/gre1/type", "1\n"),
            ("/sys/class/net/gre1/ifindex", "5\n"),
            ("/sys/class/net/gre1/iflink", "0\n"),
            ("/sys/class/net/gre1/uevent", "INTERFACE=gre1\nIFINDEX=5\n"),
        ];
        let udev = [("/run/udev/data/n3", "S:x\nE:ID_MODEL=x 1\nE:ID_BUS=pci\nE:ID_PATH=pci-0000:00:1f.6\n")];
        let tree = Tree::in_memory(files.into_iter().chain(udev), &deadline);
        let cards = Cards::new(&tree);
        let rows = [
            ("Driver", "e1000", "--"),
            ("Driver", "e1000*", "-+"),
            ("Driver", "veth", "+-"),
            ("Driver", "!veth", "-+"),
            ("Kind", "veth", "+-"),
            ("Kind", "!veth", "-+"),
            ("Kind", "bridge", "--"),
            ("Type", "ether", "++"),
            ("Type", "wlan", "--"),
            ("Type", "!wlan", "++"),
            ("SSID", "foo", "--"),
            ("WLANInterfaceType", "ap", "--"),
            ("Property", "ID_MODEL=x", "?-"),
            ("Property", "ID_BUS=pci", "?+"),
            ("Property", "!ID_BUS=pci", "?-"),
            ("Property", "ID_BUS=pci INTERFACE=lan0", "?+"),
            ("Property", "ID_BUS=pci INTERFACE=lan1", "?-"),
            ("Property", "\"ID_MODEL=x 1\"", "??"),
            ("Path", "pci-0000:00:1f.6", "-+"),
            ("Path", "pci-0000:00:1f.7", "--"),
            ("Path", "!pci-*", "+-"),
            ("MACAddress", "00:00:5e:00:53:01", "+-"),
            ("MACAddress", "00:00:5e:00:53:09 00:00:5e:00:53:02", "-+"),
            ("PermanentMACAddress", "00:00:5e:00:53:01", "--"),
            ("PermanentMACAddress", "00:00:5e:00:53:02", "-+"),
        ];
        let port = Match { other: [("Driver".to_owned(), "dsa".to_owned())].into(), ..Match::default() };
        assert_eq!(port.fits_device("lan1", &cards), None, "ethtool calls its driver dsa");
        // A gretap has no type of its own, and is linked to nothing.
        assert_eq!(cards.kind("gre1"), None);
        let untold = [
            ("Kind", "bridge", Some(false)),
            ("Kind", "!bridge", Some(true)),
            ("Kind", "veth", None),
            ("Kind", "!veth", None),
            ("Driver", "e1000*", Some(false)),
            ("Driver", "veth", None),
        ];
        for (key, value, expected) in untold {
            let mut of = Match::default();
            of.assign(key, value);
            assert_eq!(of.fits_device("gre1", &cards), expected, "{key}={value}");
        }
        let mark = |found| match found {
            Some(true) => '+',
            Some(false) => '-',
            None => '?',
        };
        let of = |key: &str, value: &str| {
            let mut of = Match::default();
            of.assign(key, value);
            of
        };
        for (key, value, expected) in rows {
            let marks = ["eth0", "lan0"].map(|name| mark(of(key, value).fits_device(name, &cards)));
            assert_eq!(marks.iter().collect::<String>(), expected, "{key}={value}");
        }
        let rows = [
            ("Kind", "bridge", Some(true)),
            ("Type", "ether", Some(false)),
            ("Driver", "bridge", Some(true)),
        ];
        for (key, value, expected) in rows {
            assert_eq!(of(key, value).fits_device("br0", &cards), expected, "{key}={value}");
        }
        for (key, value) in [("Driver", "e1000"), ("Kind", "!veth"), ("Path", "pci-*"), ("SSID", "foo")] {
            assert_eq!(of(key, value).fits_device("eth9", &cards), None, "{key}: it is not here");
        }
    }
}
