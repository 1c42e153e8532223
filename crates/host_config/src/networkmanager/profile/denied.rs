//! The hardware addresses of the cards that a profile is not for.

use super::Profile;
use crate::hardware::{self, Cards};
use crate::located::Located;

/// The key that all releases of NetworkManager know.
const OLD: &str = "mac-address-blacklist";
/// The key that newer releases know as well.
const NEW: &str = "mac-address-denylist";

impl Profile {
    /// Returns the line by which it is for no card with the hardware address of this interface.
    pub(in crate::networkmanager) fn denies(&self, interface: &str, cards: &Cards<'_>) -> Option<Located> {
        let list = self.denying(OLD, interface, cards)?;
        let value = "card of this profile, which denies its hardware address".to_owned();
        Some(Located { value, place: list.place.clone() })
    }

    /// Returns why NetworkManager may not activate it on this interface, to follow "whether": newer releases
    /// do not, and they alone write this key.
    pub(in crate::networkmanager) fn may_deny(&self, interface: &str, cards: &Cards<'_>) -> Option<String> {
        let place = &self.denying(NEW, interface, cards)?.place;
        Some(format!("NetworkManager leaves {interface} alone by {NEW} ({place})"))
    }

    /// The list of this key, where it has the hardware address of an interface. NetworkManager compares it
    /// for Ethernet and wireless cards, and for no bridge, bond or VLAN.
    fn denying(&self, key: &str, interface: &str, cards: &Cards<'_>) -> Option<&Located> {
        let groups = match self.kind() {
            "ethernet" | "802-3-ethernet" => ["ethernet", "802-3-ethernet"],
            "wifi" | "802-11-wireless" => ["wifi", "802-11-wireless"],
            _ => return None,
        };
        // NetworkManager takes the present address where a device has none of its own.
        let has = |address: &str| match cards.permanent(interface).flatten() {
            Some(own) => hardware::normal(address) == Some(own),
            None => cards.fits(address, interface) == Some(true),
        };
        let denies = |list: &&Located| list.value.split([';', ',']).any(|address| has(address.trim_ascii()));
        groups.into_iter().filter_map(|group| self.file.value(group, key)).find(denies)
    }
}
