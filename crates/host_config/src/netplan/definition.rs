//! What netplan's files say about one interface, one file after the other: lists grow, plain values are
//! replaced.

use std::collections::{BTreeMap, HashMap, HashSet};

use addresses::{HostAddress, short};

use super::passthrough::{self, Profiles};
use super::yaml::{Value, boolean, drivers};
use crate::hardware::{self, Cards};
use crate::located::Located;
use crate::networkmanager::Keyfile;
use crate::promise::{ConfigError, Dynamic, Family, Place, Ports, Promises};
use crate::wildcard;

/// One network definition.
#[derive(Debug)]
pub(super) struct Definition {
    /// The key it stands under, which is the interface's name unless it says otherwise.
    id: String,
    /// The kind of device, as `ethernets`.
    pub(super) kind: String,
    matched: Option<Matched>,
    set_name: Option<String>,
    addresses: Vec<Located<HostAddress>>,
    seen: HashSet<HostAddress>,
    /// `dhcp4` and `dhcp6`.
    dhcp: [Option<Place>; 2],
    /// The interface may be without an address when the host is up.
    optional: bool,
    /// `interfaces`: the identifiers of its ports.
    ports: Vec<String>,
    /// What carries a VLAN, by its identifier.
    link: Option<String>,
    /// Where it is mentioned first.
    place: Option<Place>,
    /// Open vSwitch has the ports, which the kernel does not show as such.
    openvswitch: bool,
    /// `renderer`: empty if it is that of its kind.
    renderer: String,
    /// `networkmanager: passthrough`, by its keys, where NetworkManager is the renderer.
    passthrough: BTreeMap<String, Located>,
    /// `activation-mode`, by which the interface does not come up by itself.
    mode: Option<Located>,
}

/// A `match`.
#[derive(Debug, Default)]
struct Matched {
    name: Option<String>,
    hardware: Option<String>,
    /// The drivers, of which one must be the card's.
    drivers: Vec<String>,
    /// The cards that have one of the drivers, or what tells that none does.
    of_driver: Option<String>,
    /// The other conditions, each as `driver=virtio_net`.
    other: Vec<String>,
}

impl Definition {
    pub(super) fn new(id: &str, kind: &str) -> Self {
        Self {
            id: id.to_owned(),
            kind: kind.to_owned(),
            matched: None,
            set_name: None,
            addresses: Vec::new(),
            seen: HashSet::new(),
            dhcp: [None, None],
            optional: false,
            ports: Vec::new(),
            link: None,
            place: None,
            openvswitch: false,
            renderer: String::new(),
            passthrough: BTreeMap::new(),
            mode: None,
        }
    }

    /// Takes over what one file says.
    pub(super) fn take(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        self.place.get_or_insert_with(|| said.place());
        for (key, value) in said.entries(&self.id)? {
            match key.text("a key")? {
                "addresses" => self.take_addresses(value)?,
                "dhcp4" => self.dhcp[0] = boolean(value)?.then(|| value.place()),
                "dhcp6" => self.dhcp[1] = boolean(value)?.then(|| value.place()),
                "match" => self.take_match(value)?,
                "optional" => self.optional = boolean(value)?,
                "openvswitch" => self.openvswitch = true,
                "renderer" => self.renderer = value.text("renderer")?.to_owned(),
                "interfaces" if matches!(self.kind.as_str(), "bonds" | "bridges" | "vrfs") => {
                    self.take_ports(value)?
                }
                "link" if self.kind == "vlans" => self.link = Some(value.text("link")?.to_owned()),
                "set-name" => self.set_name = Some(value.text("set-name")?.to_owned()),
                "activation-mode" => {
                    let mode = value.text("activation-mode")?.to_owned();
                    self.mode = Some(Located { value: mode, place: value.place() });
                }
                "networkmanager" => self.take_passthrough(value)?,
                "<<" => return Err(key.place().error("netplan knows no merge keys")),
                _ => {}
            }
        }
        Ok(())
    }

    fn take_match(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        let matched = self.matched.get_or_insert_default();
        for (key, value) in said.entries("match")? {
            match key.text("a key")? {
                "name" => matched.name = Some(value.text("name")?.to_owned()),
                "macaddress" => matched.hardware = hardware::normal(value.text("macaddress")?),
                key => {
                    if key == "driver" {
                        matched.drivers = drivers(value);
                    }
                    let value = value.text("a value").unwrap_or("one of several");
                    matched.other.push(short(&format!("{key}={value}")));
                }
            }
        }
        Ok(())
    }

    fn take_ports(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        for item in said.items("interfaces")? {
            let port = item.text("an interface")?.to_owned();
            if !self.ports.contains(&port) {
                self.ports.push(port);
            }
        }
        Ok(())
    }

    fn take_addresses(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        for item in said.items("addresses")? {
            if !item.is_mapping() {
                self.take_address(item)?;
                continue;
            }
            // With a label or a lifetime, the address is the key of a mapping.
            for (address, options) in item.entries("an address")? {
                _ = options.entries("the options of an address")?;
                self.take_address(address)?;
            }
        }
        Ok(())
    }

    fn take_address(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        let (text, place) = (said.text("an address")?, said.place());
        let value = place.address(text)?;
        if value.prefix.is_none() {
            return Err(place.error(format!("{text} has no prefix length")));
        }
        self.add(Located { value, place });
        Ok(())
    }

    fn add(&mut self, address: Located<HostAddress>) {
        if self.seen.insert(address.value) {
            self.addresses.push(address);
        }
    }

    /// Takes the settings of a NetworkManager profile that netplan hands on as they are.
    fn take_passthrough(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        let settings = said
            .entries("networkmanager")?
            .filter(|(key, _)| key.text("a key").is_ok_and(|key| key == "passthrough"));
        for (_, settings) in settings {
            for (key, value) in settings.entries("passthrough")? {
                let written = Located { value: value.text("a setting")?.to_owned(), place: value.place() };
                self.passthrough.insert(key.text("a key")?.to_owned(), written);
            }
        }
        Ok(())
    }

    /// Takes the renderer of its kind where it has none of its own: others than NetworkManager have no use
    /// for settings of it, and `nm-devices` know no other.
    pub(super) fn inherit_renderer(&mut self, of_kind: &str) {
        if self.renderer.is_empty() {
            of_kind.clone_into(&mut self.renderer);
        }
        if !self.is_for_manager() {
            self.passthrough.clear();
        }
    }

    /// Whether netplan makes a profile of NetworkManager of it.
    pub(super) fn is_for_manager(&self) -> bool {
        self.renderer == "NetworkManager" || self.kind == "nm-devices"
    }

    /// Returns whether it is for any of several cards.
    pub(super) fn is_pattern(&self) -> bool {
        self.matched.is_some() && self.interface().is_none()
    }

    /// Takes the name of the interface with the hardware address that is matched.
    pub(super) fn resolve(&mut self, cards: &Cards<'_>) {
        let Some(matched) = self.matched.as_mut() else { return };
        if !matched.drivers.is_empty() {
            let drivers = || matched.drivers.iter().map(String::as_str);
            let joined = matched.drivers.join(",");
            matched.of_driver = cards.fitting(|name| cards.has_driver(name, drivers()), Some(&joined));
        }
        let name = matched.hardware.as_deref().and_then(|address| cards.name(address));
        let pattern = matched.name.as_deref();
        if let Some(name) = name.filter(|name| pattern.is_none_or(|pattern| wildcard::matches(pattern, name)))
        {
            matched.name = Some(name.to_owned());
        }
    }

    /// The interface, where it can be but one.
    pub(super) fn interface(&self) -> Option<&str> {
        let handed_on = self.passthrough.get(passthrough::INTERFACE).map(|written| &written.value);
        if let Some(name) = handed_on.or(self.set_name.as_ref()) {
            return Some(name);
        }
        // Profiles for NetworkManager are named freely.
        if self.kind == "nm-devices" {
            return None;
        }
        let Some(matched) = &self.matched else { return Some(&self.id) };
        matched.name.as_deref().filter(|name| !name.contains(['*', '?', '[']))
    }

    /// What tells it as a port: its name, the pattern of names, the hardware address or the driver that is
    /// matched.
    pub(super) fn as_port(&self) -> Option<&str> {
        let matched = self.matched.as_ref();
        let pattern = || matched?.name.as_deref();
        let card = || matched?.hardware.as_deref();
        let driver = || matched?.of_driver.as_deref();
        self.interface().or_else(pattern).or_else(card).or_else(driver)
    }

    /// The identifiers of its ports.
    pub(super) fn port_ids(&self) -> &[String] {
        &self.ports
    }

    /// The key it stands under.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What tells its interfaces where no name and no pattern of names does.
    fn conditions(&self) -> String {
        let kind = match self.kind.as_str() {
            "ethernets" => "type=ethernet",
            "wifis" => "type=wifi",
            _ => return self.id.clone(),
        };
        let others = self.matched.iter().flat_map(|matched| &matched.other).map(String::as_str);
        std::iter::once(kind).chain(others).collect::<Vec<_>>().join(" ")
    }

    /// The family of the address that it gets by DHCP.
    fn dynamic(&self, is_port: bool) -> Option<Dynamic> {
        let (family, place) = match &self.dhcp {
            [None, None] => return None,
            [Some(place), None] => (Family::V4, place),
            [None, Some(place)] => (Family::V6, place),
            [Some(place), Some(_)] => (Family::Either, place),
        };
        let pattern = self.matched.as_ref().and_then(|matched| matched.name.as_deref());
        // A hardware address is that of one card, here or not.
        let card = self.matched.as_ref().and_then(|matched| matched.hardware.as_deref());
        let exact = self.interface().or(card.filter(|_| pattern.is_none()));
        let interface = exact.or(pattern).map(str::to_owned).unwrap_or_else(|| self.conditions());
        let required = exact.is_some() && !self.optional && !is_port;
        Some(Dynamic { interface, family, required, place: place.clone() })
    }

    /// Makes the profile of NetworkManager that netplan makes of it, to be found at `place`: the settings
    /// that are handed on replace those that follow from the other keys.
    fn into_profile(self, place: &Place) -> Keyfile {
        let mut profile = Keyfile::default();
        let mut set = |key: &str, value: &str, place: &Place| {
            let (group, key) = key.rsplit_once('.').unwrap_or_default();
            profile.set(group, key, Located { value: value.to_owned(), place: place.clone() });
        };
        if self.kind != "nm-devices" {
            set(passthrough::TYPE, self.kind.trim_end_matches("-devices").trim_end_matches('s'), place);
        }
        let matched = self.matched.as_ref();
        match (self.interface(), matched.and_then(|matched| matched.name.as_deref())) {
            (Some(name), _) => set(passthrough::INTERFACE, name, place),
            (None, Some(pattern)) => set("match.interface-name", pattern, place),
            (None, None) => {}
        }
        if let Some(address) = matched.and_then(|matched| matched.hardware.as_deref()) {
            set("ethernet.mac-address", address, place);
        }
        for (family, dhcp) in ["ipv4", "ipv6"].into_iter().zip(&self.dhcp) {
            let is_of_family =
                |address: &&Located<HostAddress>| address.value.address.is_ipv4() == (family == "ipv4");
            let addresses = self.addresses.iter().filter(is_of_family);
            for (number, address) in (1..).zip(addresses) {
                set(&format!("{family}.address{number}"), &address.value.to_string(), &address.place);
                set(&format!("{family}.method"), "manual", &address.place);
            }
            let method = if family == "ipv4" { "auto" } else { "dhcp" };
            dhcp.iter().for_each(|place| set(&format!("{family}.method"), method, place));
        }
        // What has no group is no setting, and a port activates what it is a port of.
        let is_setting =
            |key: &str| key.contains('.') && (key != passthrough::START || self.ports.is_empty());
        for (key, written) in self.passthrough.iter().filter(|(key, _)| is_setting(key)) {
            set(key, &written.value, &written.place);
        }
        profile
    }

    /// Adds what follows from its renderer.
    fn add_renderer(&self, name: &str, to: &mut Promises) {
        if !self.is_for_manager() {
            return;
        }
        to.managed.extend(self.interface().map(str::to_owned));
        let drivers = self.matched.as_ref().is_some_and(|matched| !matched.drivers.is_empty());
        // netplan writes nothing at all then.
        if let Some(place) = self.place.as_ref().filter(|_| drivers && self.set_name.is_none()) {
            let what = format!("{name}: netplan does not match by driver for NetworkManager");
            to.unknown.push(place.remark(what));
        }
    }

    /// Adds what all files together say. `names` has the interfaces of the definitions by their identifiers,
    /// where they are known; `is_port` says that this one is a port of another, `competes` that another profile
    /// of NetworkManager may take its card.
    pub(super) fn promise(
        self,
        names: &HashMap<String, Option<String>>,
        (is_port, competes): (bool, bool),
        profiles: &mut Profiles,
        to: &mut Promises,
    ) {
        let interface = self.interface().map(str::to_owned);
        let name = interface.as_deref().unwrap_or(&self.id);
        if let Some(mode) = self.mode.as_ref().filter(|mode| matches!(mode.value.as_str(), "off" | "manual"))
        {
            to.remarks.push(mode.place.remark(format!("{name}: activation-mode {}", mode.value)));
            return;
        }
        if let Some(place) = self.place.as_ref().filter(|_| self.renderer == "sriov") {
            to.remarks.push(place.remark(format!("{name}: renderer sriov")));
            return;
        }
        let holds_ports = matches!(self.kind.as_str(), "bonds" | "bridges" | "vrfs") && !self.openvswitch;
        // A port that is told by something that is not known hides the others.
        let ports: Option<Vec<String>> =
            self.ports.iter().map(|id| names.get(id).cloned().unwrap_or(Some(id.clone()))).collect();
        if let (true, Some(interface), Some(place)) = (holds_ports, &interface, &self.place) {
            match ports {
                Some(ports) if self.kind == "bridges" || !ports.is_empty() => {
                    to.ports.push(Ports { interface: interface.clone(), ports, place: place.clone() });
                }
                Some(_) => {}
                None => to.note_unknown_ports(interface, place),
            }
        }
        let link = self.link.as_ref().and_then(|id| names.get(id).cloned().unwrap_or(Some(id.clone())));
        to.add_vlan(interface.as_deref(), link.as_deref());
        let is_typeless = self.kind == "nm-devices" && !self.passthrough.contains_key(passthrough::TYPE);
        if let Some(place) = self.place.as_ref().filter(|_| is_typeless) {
            to.unknown.push(place.remark(format!("{name}: no {} in passthrough", passthrough::TYPE)));
        }
        self.add_renderer(name, to);
        let competes = competes && !is_port && self.dhcp.contains(&None);
        if let Some(place) = self.place.clone().filter(|_| !self.passthrough.is_empty() || competes) {
            let optional = interface.filter(|_| self.optional || is_port);
            return profiles.add(&place.file, self.into_profile(&place), optional);
        }
        to.dynamic.extend(self.dynamic(is_port));
        for (dhcp, place) in ["dhcp4", "dhcp6"].into_iter().zip(self.dhcp) {
            to.remarks.extend(place.map(|place| place.remark(format!("{name}: {dhcp}"))));
        }
        to.add_of_interface(self.addresses.into_iter().map(|address| address.promise(interface.as_deref())));
    }
}
