//! The hardware addresses of the network cards of a tree, where it has the kernel's /sys: what `[Match]
//! MACAddress=` of networkd, `match: macaddress:` of netplan and `mac-address=` of NetworkManager are about.

mod files;

use std::cell::OnceCell;
use std::rc::Rc;

use crate::selector::is_of_guest;
use crate::tree::Tree;
use crate::wildcard;
pub(crate) use files::Properties;
use files::{FOLDER, Files};

/// A setting of the bonding driver, among the interfaces.
const NO_INTERFACE: &str = "bonding_masters";

/// It is there on a host that systemd runs on, or its networkd alone.
const SYSTEMD: &str = "/run/systemd";

/// What the kernel's file `type` has of Ethernet.
const ETHERNET: &str = "1";

/// The drivers of interfaces that are no cards, by the type of their connection in NetworkManager.
pub(crate) const DRIVERS: [(&str, &str); 10] = [
    ("bond", "bonding"),
    ("bridge", "bridge"),
    ("dummy", "dummy"),
    ("macvlan", "macvlan"),
    ("team", "team"),
    ("tun", "tun"),
    ("veth", "veth"),
    ("vlan", "802.1Q VLAN Support"),
    ("vxlan", "vxlan"),
    ("wireguard", "wireguard"),
];

/// The cards, read when the first one is asked for: few configurations name any.
#[derive(Debug)]
pub(crate) struct Cards<'a> {
    files: Files<'a>,
    all: OnceCell<Vec<(String, String)>>,
    /// The names of all interfaces.
    interfaces: OnceCell<Vec<String>>,
}

impl<'a> Cards<'a> {
    /// Returns the cards of a tree.
    pub(crate) fn new(tree: &'a Tree<'a>) -> Self {
        Self { files: Files::new(tree), all: OnceCell::new(), interfaces: OnceCell::new() }
    }

    /// Returns the name of the interface with a hardware address: `None` if none has it, or if several do, as
    /// a bridge and its port, of which not just one is hardware.
    pub(crate) fn name(&self, address: &str) -> Option<&str> {
        let wanted = normal(address)?;
        let all = self.all.get_or_init(|| self.read());
        let fitting: Vec<&str> =
            all.iter().filter(|(known, _)| *known == wanted).map(|(_, name)| name.as_str()).collect();
        let hardware = |name: &&str| self.files.has(name, "device");
        // The kernel lists what a bridge, a bond or a VLAN is on: in a container, no interface is a card.
        let on_others = |name: &&str| {
            let entries = self.files.tree.names(&format!("{FOLDER}/{name}")).unwrap_or_default();
            entries.iter().any(|entry| entry.as_encoded_bytes().starts_with(b"lower_"))
        };
        only(fitting.iter().copied())
            .or_else(|| only(fitting.iter().copied().filter(|name| hardware(name))))
            .or_else(|| only(fitting.iter().copied().filter(|name| !on_others(name))))
    }

    /// Returns whether the interface of this name has this hardware address: `None` where that is not known.
    pub(crate) fn fits(&self, address: &str, name: &str) -> Option<bool> {
        let wanted = normal(address)?;
        let all = self.all.get_or_init(|| self.read());
        all.iter().find(|(_, known)| known == name).map(|(known, _)| *known == wanted)
    }

    /// Returns the name of the driver of an interface's card, as the kernel has it: `None` of an interface
    /// without one, as a bridge, and where that is not known.
    pub(crate) fn driver(&self, name: &str) -> Option<String> {
        self.device(name, "DRIVER=")
    }

    /// What the kernel says of the device of a card.
    fn device(&self, name: &str, key: &str) -> Option<String> {
        let text = self.entry(name, "device/uevent")?;
        text.lines().find_map(|line| line.strip_prefix(key)).map(str::to_owned)
    }

    /// Returns the names of the cards that fit a NetworkManager connection of this type: empty where they are
    /// not known, as in a container, whose interfaces are not cards.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<String> {
        let fits = |name: &&String| match kind {
            "ethernet" | "802-3-ethernet" => !self.is_wireless(name),
            "wifi" | "802-11-wireless" => self.is_wireless(name),
            _ => false,
        };
        self.hardware().filter(fits).cloned().collect()
    }

    /// Returns the interfaces that a NetworkManager connection of this type may take: the cards, or in a
    /// container, which has none, the ends of cables that its host made. Empty where they are not known.
    pub(crate) fn to_take(&self, kind: &str) -> Vec<String> {
        let cards = self.of_type(kind);
        let is_ethernet = matches!(kind, "ethernet" | "802-3-ethernet");
        if !cards.is_empty() || !is_ethernet || self.hardware().next().is_some() {
            return cards;
        }
        let all = self.all.get_or_init(|| self.read()).iter().map(|(_, name)| name);
        all.filter(|name| self.is_cable(name)).cloned().collect()
    }

    /// Whether an interface is Ethernet of no kind of its own, as a bridge or a VLAN has, and is no port.
    fn is_cable(&self, name: &str) -> bool {
        !self.is_port(name) && self.is_plain_ethernet(name)
    }

    /// Whether an interface is Ethernet of no kind of its own.
    fn is_plain_ethernet(&self, name: &str) -> bool {
        let has = |entry: &str| self.files.has(name, entry);
        self.entry(name, "type").is_some_and(|number| number.trim_ascii() == ETHERNET)
            && !["bridge", "bonding", "tun_flags"].into_iter().any(has)
            && self.device_type(name).is_none()
    }

    /// Returns whether an interface is a port of a bridge or the like.
    pub(crate) fn is_port(&self, name: &str) -> bool {
        self.files.has(name, "master")
    }

    /// Returns whether an interface is a bridge.
    pub(crate) fn is_bridge(&self, name: &str) -> bool {
        self.files.has(name, "bridge")
    }

    /// Whether an interface is known to be one end of a cable: it is linked to the other, and a tunnel to
    /// none.
    fn is_veth(&self, name: &str) -> bool {
        let number = |entry| self.entry(name, entry).map(|text| text.trim_ascii().to_owned());
        let link = number("iflink").filter(|link| link != "0");
        link.zip(number("ifindex")).is_some_and(|(link, own)| link != own) && self.is_plain_ethernet(name)
    }

    /// Returns the cards that fit, as a pattern of their names: `None` if no card is known or fits, or if it
    /// is not known of one whether it fits. `by_driver`: where no card fits, the one with this driver is
    /// gone.
    pub(crate) fn fitting(
        &self,
        fits: impl Fn(&str) -> Option<bool>,
        by_driver: Option<&str>,
    ) -> Option<String> {
        let mut cards: Vec<&String> = self.hardware().collect();
        let none_known = cards.is_empty();
        // A container has the ends of cables that its host made in their place.
        if none_known {
            let is_uplink = |name: &&String| self.is_veth(name) && !is_of_guest(name);
            cards.extend(self.interfaces().iter().filter(is_uplink));
        }
        let fitting = cards.into_iter().map(|name| fits(name).map(|fits| fits.then_some(name.as_str())));
        let fitting: Vec<Option<&str>> = fitting.collect::<Option<_>>()?;
        let names: Vec<&str> = fitting.into_iter().flatten().collect();
        // What is no card comes and goes, as the interface of a guest.
        let drivers = by_driver.unwrap_or_default().split([' ', ',']).filter(|driver| !driver.is_empty());
        let drivers: Vec<&str> = drivers.collect();
        let is_virtual = |driver: &&str| DRIVERS.iter().any(|(_, known)| wildcard::matches(driver, known));
        let is_of_cards = !drivers.is_empty() && !none_known && !drivers.iter().any(is_virtual);
        let gone = || is_of_cards.then(|| format!("driver={}", drivers.join(",")));
        if names.is_empty() { gone() } else { Some(names.join(",")) }
    }

    /// Returns whether a card has one of these drivers, which are shell patterns: `None` where its driver is
    /// not known.
    pub(crate) fn has_driver<'p>(
        &self,
        name: &str,
        mut patterns: impl Iterator<Item = &'p str>,
    ) -> Option<bool> {
        let driver = self.driver_of_kind(name)?;
        Some(patterns.any(|pattern| wildcard::matches(pattern, &driver)))
    }

    /// Returns whether any interface is known: none is below another root without /sys.
    pub(crate) fn are_known(&self) -> bool {
        self.names().next().is_some()
    }

    /// Returns the names of all interfaces.
    pub(crate) fn interfaces(&self) -> &[String] {
        self.interfaces.get_or_init(|| {
            let names = self.files.tree.names(FOLDER).unwrap_or_default();
            let names = names.into_iter().filter_map(|name| name.into_string().ok());
            names.filter(|name| name != NO_INTERFACE).collect()
        })
    }

    /// Returns whether this host runs without udev, as a container does: no interface has properties then.
    pub(crate) fn lacks_udev(&self) -> bool {
        let has = |path: &str| self.files.tree.has(path);
        has(FOLDER) && has(SYSTEMD) && !has("/run/udev")
    }

    /// Returns what udev says of an interface: `None` where that is not known.
    pub(crate) fn properties(&self, name: &str) -> Option<Rc<Properties>> {
        if self.lacks_udev() {
            return self.has(name).then(Rc::default);
        }
        self.files.properties(name, &self.number(name)?)
    }

    /// Returns the names of the interfaces that have a hardware address.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.all.get_or_init(|| self.read()).iter().map(|(_, name)| name.as_str())
    }

    /// The names of what is a card.
    fn hardware(&self) -> impl Iterator<Item = &String> {
        let all = self.all.get_or_init(|| self.read()).iter().map(|(_, name)| name);
        all.filter(|name| self.files.has(name, "device"))
    }

    /// Returns the name that udev has for the place of a card on the PCI bus, as pci-0000:00:1f.6: `None` of
    /// any other card.
    pub(crate) fn pci_path(&self, name: &str) -> Option<String> {
        Some(format!("pci-{}", self.device(name, "PCI_SLOT_NAME=")?))
    }

    /// Returns whether an interface is here and is no card, as a bridge, or that of a container.
    pub(crate) fn is_virtual(&self, name: &str) -> bool {
        self.has(name) && !self.files.has(name, "device")
    }

    /// Returns the driver of an interface: of what is no card, that of its kind. `None` where it is not
    /// known.
    pub(crate) fn driver_of_kind(&self, name: &str) -> Option<String> {
        let of_kind = || {
            let kind = self.kind(name)??;
            let (_, driver) = DRIVERS.iter().find(|(known, _)| *known == kind)?;
            Some((*driver).to_owned())
        };
        self.driver(name).or_else(of_kind)
    }

    /// Returns the kind of an interface, as `ip -d link` shows it, and none of a card: `None` where it is not
    /// known.
    #[expect(clippy::option_option, reason = "a card is known to have no kind")]
    pub(crate) fn kind(&self, name: &str) -> Option<Option<String>> {
        if !self.has(name) {
            return None;
        }
        if !self.is_virtual(name) {
            return Some(None);
        }
        let tun = self.entry(name, "tun_flags").map(|_| "tun".to_owned());
        let veth = || self.is_veth(name).then(|| "veth".to_owned());
        let kind = self.device_type(name).or(tun).or_else(veth)?;
        Some(Some(kind))
    }

    /// Returns whether an interface is a port of a switch in this machine, of which ethtool(8) has another
    /// driver than /sys.
    pub(crate) fn is_switch_port(&self, name: &str) -> bool {
        self.files.has(name, "dsa")
    }

    /// Returns the type of an interface as networkd calls it: `None` where it is not known.
    pub(crate) fn link_type(&self, name: &str) -> Option<String> {
        let known = match self.entry(name, "type")?.trim_ascii() {
            // By its number alone, networkd takes a bridge for Ethernet.
            ETHERNET if self.lacks_udev() => return Some("ether".to_owned()),
            ETHERNET if self.is_wireless(name) => "wlan",
            ETHERNET => "ether",
            "772" => "loopback",
            _ => return self.device_type(name),
        };
        Some(self.device_type(name).unwrap_or_else(|| known.to_owned()))
    }

    /// Returns the hardware address that an interface was made with, or that it has none, as a veth: `None`
    /// where that is not known.
    #[expect(clippy::option_option, reason = "what is no card is known to have none")]
    pub(crate) fn permanent(&self, name: &str) -> Option<Option<String>> {
        if let Some(address) = self.entry(name, "bonding_slave/perm_hwaddr") {
            return Some(normal(address.trim_ascii()));
        }
        // 0 is a permanent address, 1 a random one, 2 that of another interface, 3 one that was set.
        match self.entry(name, "addr_assign_type")?.trim_ascii() {
            _ if self.is_virtual(name) => Some(None),
            "0" => Some(normal(self.entry(name, "address")?.trim_ascii())),
            "1" | "2" => Some(None),
            _ => None,
        }
    }

    /// The type that a driver gives its interfaces, as bridge or wlan.
    fn device_type(&self, name: &str) -> Option<String> {
        let text = self.entry(name, "uevent")?;
        text.lines().find_map(|line| line.strip_prefix("DEVTYPE=")).map(str::to_owned)
    }

    /// The content of one of the kernel's files on an interface.
    fn entry(&self, name: &str, entry: &str) -> Option<Rc<str>> {
        self.files.content(name, entry)
    }

    /// Returns the kernel's number of an interface, as it writes it.
    pub(crate) fn number(&self, name: &str) -> Option<String> {
        let number = self.entry(name, "ifindex")?.trim_ascii().to_owned();
        Some(number).filter(|number| number.bytes().all(|octet| octet.is_ascii_digit()))
    }

    /// Returns the tree of the cards.
    pub(crate) fn tree(&self) -> &'a Tree<'a> {
        self.files.tree
    }

    /// Returns whether an interface is a wireless card.
    pub(crate) fn is_wireless(&self, name: &str) -> bool {
        ["wireless", "phy80211"].iter().any(|entry| self.files.has(name, entry))
    }

    /// Returns whether the kernel has an interface of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.files.has(name, "")
    }

    /// The hardware address and the name of each interface. One that cannot be read has none: the kernel, and
    /// not the configuration, would be at fault.
    fn read(&self) -> Vec<(String, String)> {
        let names = self.files.tree.names(FOLDER).unwrap_or_default();
        let names = names.into_iter().filter_map(|name| name.into_string().ok());
        let with_address = |name: String| {
            // The port of a bond has the address of the bond.
            let read = |entry: &str| self.files.tree.read(&format!("{FOLDER}/{name}/{entry}")).ok()?;
            let content = read("bonding_slave/perm_hwaddr").or_else(|| read("address"))?;
            Some((normal(String::from_utf8_lossy(&content).trim())?, name))
        };
        names.filter_map(with_address).collect()
    }
}

/// The only one of several names.
fn only<'n>(mut names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    names.next().filter(|_| names.next().is_none())
}

/// Returns a hardware address of Ethernet or InfiniBand as the kernel prints it: `None` if the text is none.
pub(crate) fn normal(text: &str) -> Option<String> {
    let fields: Vec<&str> = text.split([':', '-', '.']).collect();
    let number = |field: &&str| u16::from_str_radix(field, 16).ok().filter(|_| !field.starts_with('+'));
    let numbers: Vec<u16> = fields.iter().map(number).collect::<Option<_>>()?;
    let octets: Vec<u8> = match numbers.len() {
        6 | 20 => numbers.iter().map(|number| u8::try_from(*number).ok()).collect::<Option<_>>()?,
        3 | 10 => numbers.iter().flat_map(|number| number.to_be_bytes()).collect(),
        _ => return None,
    };
    Some(octets.iter().map(|octet| format!("{octet:02x}")).collect::<Vec<_>>().join(":"))
}

#[cfg(test)]
mod tests;
