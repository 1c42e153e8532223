//! What netplan's files say about one interface, one file after the other: lists grow, plain values are
//! replaced.

use std::collections::HashSet;

use addresses::{HostAddress, short};

use super::yaml::Value;
use crate::located::Located;
use crate::networkmanager;
use crate::promise::{ConfigError, Place, Promises};

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
    /// `activation-mode`, by which the interface does not come up by itself.
    mode: Option<Located>,
}

/// A `match`.
#[derive(Debug, Default)]
struct Matched {
    name: Option<String>,
    other: bool,
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
            mode: None,
        }
    }

    /// Takes over what one file says.
    pub(super) fn take(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        for (key, value) in said.entries(&self.id)? {
            match key.text("a key")? {
                "addresses" => self.take_addresses(value)?,
                "dhcp4" => self.dhcp[0] = boolean(value)?.then(|| value.place()),
                "dhcp6" => self.dhcp[1] = boolean(value)?.then(|| value.place()),
                "match" => self.take_match(value)?,
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
                _ => matched.other = true,
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

    /// Settings of a NetworkManager profile that netplan hands on as they are.
    fn take_passthrough(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        let settings = said
            .entries("networkmanager")?
            .filter(|(key, _)| key.text("a key").is_ok_and(|key| key == "passthrough"));
        for (_, settings) in settings {
            for (key, value) in settings.entries("passthrough")? {
                let (family, key) = key.text("a key")?.split_once('.').unwrap_or_default();
                if matches!(family, "ipv4" | "ipv6") && key.starts_with("address") && !key.contains('-') {
                    let written =
                        Located { value: value.text("an address")?.to_owned(), place: value.place() };
                    self.add(networkmanager::address(family, &written)?);
                }
            }
        }
        Ok(())
    }

    /// The interface, where it can be but one.
    fn interface(&self) -> Option<&str> {
        if self.set_name.is_some() {
            return self.set_name.as_deref();
        }
        // Profiles for NetworkManager are named freely.
        if self.kind == "nm-devices" {
            return None;
        }
        let Some(matched) = &self.matched else { return Some(&self.id) };
        matched.name.as_deref().filter(|name| !name.contains(['*', '?', '[']))
    }

    /// Adds what all files together say.
    pub(super) fn promise(self, to: &mut Promises) {
        let interface = self.interface().map(str::to_owned);
        let name = interface.as_deref().unwrap_or(&self.id);
        if let Some(mode) = self.mode.filter(|mode| matches!(mode.value.as_str(), "off" | "manual")) {
            to.remarks.push(mode.place.remark(format!("{name}: activation-mode {}", mode.value)));
            return;
        }
        for (dhcp, place) in ["dhcp4", "dhcp6"].into_iter().zip(self.dhcp) {
            to.remarks.extend(place.map(|place| place.remark(format!("{name}: {dhcp}"))));
        }
        to.promises.extend(self.addresses.into_iter().map(|address| address.promise(interface.as_deref())));
    }
}

/// A boolean as netplan reads it.
fn boolean(value: Value<'_>) -> Result<bool, ConfigError> {
    let text = value.text("a boolean")?;
    let is = |words: [&str; 4]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    match () {
        () if is(["true", "on", "yes", "y"]) => Ok(true),
        () if is(["false", "off", "no", "n"]) => Ok(false),
        () => Err(value.place().error(format!("{} is neither true nor false", short(text)))),
    }
}
