//! What netplan refuses because networkd or NetworkManager cannot do it.

use super::super::grammar::scalars::number;
use super::super::grammar::{Refusal, Versions};
use super::Definition;
use crate::located::Located;

/// The keys that DHCP of both families must have alike for networkd.
const ALIKE: [&str; 9] = [
    "hostname",
    "route-metric",
    "send-hostname",
    "use-dns",
    "use-domains",
    "use-hostname",
    "use-mtu",
    "use-ntp",
    "use-routes",
];

const NO_PRIVACY: Versions = Versions::With("ipv6-address-generation mode is not supported by networkd\n");

impl Definition {
    /// Returns what its renderer does not take.
    pub(super) fn not_rendered(&self) -> Vec<Refusal> {
        let [by_networkd, by_manager, of_four, of_six] = &self.not_rendered;
        if self.openvswitch {
            return Vec::new();
        }
        let (known, found) = if self.is_for_manager() {
            (by_manager, self.not_by_manager())
        } else {
            (by_networkd, self.not_by_networkd())
        };
        let has = |is_four: bool| {
            let own = self.addresses.iter().any(|address| address.value.address.is_ipv4() == is_four);
            let [four, six] = &self.dhcp;
            self.is_for_manager()
                && (own || self.kind == "vrfs" || if is_four { four } else { six }.is_some())
        };
        let routes = [(true, of_four), (false, of_six)].into_iter().filter(|(is_four, _)| has(*is_four));
        let routes = routes.flat_map(|(_, refusals)| refusals);
        known.iter().chain(routes).cloned().chain(found).collect()
    }

    fn not_by_manager(&self) -> Option<Refusal> {
        let setting = |key: &str| self.settings.get(key);
        let mode = setting("activation-mode").filter(|mode| mode.value == "off");
        let mtu = setting("ipv6-mtu").filter(|mtu| number(&mtu.value).is_some_and(|mtu| mtu > 0));
        let (key, setting) =
            mode.map(|mode| ("activation-mode off", mode)).or(mtu.map(|mtu| ("ipv6-mtu", mtu)))?;
        Some(Refusal::new(setting.place.clone(), format!("{}: NetworkManager knows no {key}", self.id)))
    }

    fn not_by_networkd(&self) -> Option<Refusal> {
        let place = self.place.clone()?;
        let refuse = |what: &str| Some(Refusal::new(place.clone(), format!("{}: {what}", self.id)));
        if self.kind == "modems" {
            return refuse("networkd knows no modems");
        }
        if self.kind == "wifis" && self.matched.is_some() {
            return refuse("networkd takes wireless cards by name, not by match");
        }
        let hardware = self.settings.get("macaddress");
        let only_manager =
            |said: &&Located| matches!(said.value.as_str(), "preserve" | "stable" | "stable-ssid");
        if let Some(word) = hardware.filter(only_manager) {
            return Some(Refusal::new(
                word.place.clone(),
                format!("{}: networkd knows no macaddress {}", self.id, word.value),
            ));
        }
        let generation = self.settings.get("ipv6-address-generation");
        if let Some(said) = generation.filter(|said| said.value == "stable-privacy") {
            let what = format!("{}: networkd knows no ipv6-address-generation {}", self.id, said.value);
            return Some(Refusal::new(said.place.clone(), what).by(NO_PRIVACY));
        }
        self.unlike()
    }

    /// Returns that DHCP of both families has different overrides.
    fn unlike(&self) -> Option<Refusal> {
        let [Some(_), Some(_)] = &self.dhcp else { return None };
        let of = |family: u8, key: &str| self.settings.get(&format!("dhcp{family}-overrides.{key}"));
        let meaning = |family: u8, key: &str| {
            let said = of(family, key).map(|said| said.value.to_ascii_lowercase());
            said.map(|said| match said.as_str() {
                _ if key == "hostname" || key == "use-domains" => said.clone(),
                "true" | "on" | "yes" | "y" => "true".to_owned(),
                "false" | "off" | "no" | "n" => "false".to_owned(),
                other => number(other).map_or_else(|| other.to_owned(), |number| number.to_string()),
            })
        };
        let is_default = |key: &str, said: &Option<String>| {
            said.as_deref() == Some("true") && !matches!(key, "hostname" | "use-domains")
        };
        let same = |key: &str| {
            let [four, six] = [4, 6]
                .map(|family| meaning(family, key).filter(|said| !is_default(key, &Some(said.clone()))));
            four == six
        };
        let key = ALIKE.into_iter().find(|key| !same(key))?;
        let said = of(6, key).or_else(|| of(4, key))?;
        let what = format!("{}: networkd takes {key} for both families alone", self.id);
        Some(Refusal::new(said.place.clone(), what))
    }
}
