//! Reads what netplan's files say about one interface, one file after the other: lists grow, plain values are
//! replaced.

use addresses::{HostAddress, short};

use super::super::grammar::{self, Refusal};
use super::super::yaml::{Value, boolean, drivers, renderer};
use super::{Definition, Pool};
use crate::hardware;
use crate::located::{Asked, Located};
use crate::promise::ConfigError;

impl Definition {
    /// Takes over what one file says. What comes after a value that is not understood counts all the same: an
    /// address that is known must not be missing in silence.
    pub(in crate::netplan) fn take(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        self.place.get_or_insert_with(|| said.place());
        first_error(said.entries(&self.id)?, |(key, value)| {
            let taken = self.take_key(key, value);
            self.take_setting(key.text("a key")?, value);
            if taken.is_ok() {
                self.refusals.extend(grammar::refusals(&self.kind, key, value));
            }
            taken
        })
    }

    fn take_key(&mut self, key: Value<'_>, value: Value<'_>) -> Result<(), ConfigError> {
        match key.text("a key")? {
            "addresses" => self.take_addresses(value)?,
            "dhcp4" => self.dhcp[0] = boolean(value)?.then(|| value.place()),
            "dhcp6" => self.dhcp[1] = boolean(value)?.then(|| value.place()),
            "accept-ra" => {
                self.accepts_ra = boolean(value).is_ok_and(|on| on).then(|| value.place());
            }
            "match" => self.take_match(value)?,
            "access-points" => self.take_networks(value),
            "optional" => self.optional = boolean(value)?,
            "openvswitch" => self.openvswitch = true,
            "renderer" => self.take_renderer(value)?,
            "interfaces" if matches!(self.kind.as_str(), "bonds" | "bridges" | "vrfs") => {
                self.take_ports(value)?
            }
            "link" if self.kind == "vlans" => self.link = Some(value.text("link")?.to_owned()),
            "set-name" => self.set_name = Some(value.text("set-name")?.to_owned()),
            "activation-mode" => {
                let mode = value.text("activation-mode")?.to_owned();
                if !matches!(mode.as_str(), "off" | "manual") {
                    return Err(value.place().error("activation-mode is neither manual nor off"));
                }
                self.mode = Some(Located { value: mode, place: value.place() });
            }
            "networkmanager" => self.take_passthrough(value)?,
            "<<" => return Err(key.place().error("netplan knows no merge keys")),
            _ => {}
        }
        Ok(())
    }

    fn take_renderer(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        self.renderer = renderer(said)?;
        if self.renderer == "sriov" && self.kind != "vlans" {
            self.refusals.push(Refusal::new(said.place(), "renderer sriov is for VLANs alone"));
        }
        Ok(())
    }

    fn take_match(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        let matched = self.matched.get_or_insert_default();
        for (key, value) in said.entries("match")? {
            self.refusals.extend(grammar::matched(key, value));
            match key.text("a key")? {
                "name" => matched.name = Some(value.text("name")?.to_owned()),
                "macaddress" => {
                    let address = value.text("macaddress")?;
                    matched.hardware = hardware::normal(address);
                }
                name => {
                    if name == "driver" {
                        matched.drivers = drivers(value);
                    }
                    let several = || drivers(value).join(",");
                    let value = value.text("a value").map_or_else(|_| several(), str::to_owned);
                    matched.other.push(short(&format!("{name}={value}")));
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
        first_error(said.items("addresses")?, |item| {
            if !item.is_mapping() {
                return self.take_address(item);
            }
            // With a label or a lifetime, the address is the key of a mapping: netplan takes the first.
            for (address, options) in item.entries("an address")?.take(1) {
                _ = options.entries("the options of an address")?;
                self.refusals.extend(grammar::options(options));
                self.not_rendered[1]
                    .push(Refusal::new(options.place(), "NetworkManager takes no options of an address"));
                self.take_address(address)?;
            }
            Ok(())
        })
    }

    fn take_address(&mut self, said: Value<'_>) -> Result<(), ConfigError> {
        let (text, place) = (said.text("an address")?, said.place());
        // Neither netplan nor networkd minds blanks around the prefix length, or a plus.
        let plain = text.split_once('/').map(|(address, length)| {
            let length = length.trim_ascii();
            format!("{address}/{}", length.strip_prefix('+').unwrap_or(length))
        });
        let asked = place.address_or_pool(plain.as_deref().unwrap_or(text))?;
        let length = match asked {
            Asked::Address(value) => value.prefix,
            Asked::Pool(_, length) => length,
        };
        match length {
            None => return Err(place.error(format!("{text} has no prefix length"))),
            Some(0) => return Err(place.error(format!("{text}: netplan refuses a prefix length of 0"))),
            Some(_) => {}
        }
        let value = match asked {
            Asked::Address(value) => value,
            Asked::Pool(family, length) => {
                self.pools.push(Pool { family, length, written: Located { value: text.to_owned(), place } });
                return Ok(());
            }
        };
        self.add(Located { value, place });
        Ok(())
    }

    /// Takes whether all the wireless networks are this host's own.
    fn take_networks(&mut self, said: Value<'_>) {
        let Ok(networks) = said.entries("access-points") else { return };
        for (_, network) in networks {
            let is_mode = |key: &Value<'_>| key.text("a key").is_ok_and(|key| key == "mode");
            let mut settings = network.entries("an access point").into_iter().flatten();
            let mode = settings.find(|(key, _)| is_mode(key)).and_then(|(_, mode)| mode.text("mode").ok());
            self.shares = Some(mode == Some("ap") && self.shares != Some(false));
        }
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
}

/// Takes each, and returns the first error: there may be as many as there are aliases.
fn first_error<T>(
    all: impl Iterator<Item = T>,
    mut take: impl FnMut(T) -> Result<(), ConfigError>,
) -> Result<(), ConfigError> {
    let mut first = Ok(());
    for each in all {
        let taken = take(each);
        first = first.and(taken);
    }
    first
}
