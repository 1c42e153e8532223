//! The programs that bind addresses: ip(8) and ifconfig(8).

use addresses::{HostAddress, short};

use super::ip_address::{ip_address, known, parse};
use super::words::{bindings, binds, is_address, is_batch, takes_argument};
use super::{Effect, Reader};
use crate::mask;

impl Reader<'_> {
    /// `ip [OPTIONS] address add ...`; other objects bind nothing.
    pub(super) fn ip(&mut self, mut words: &[&str]) -> Result<(), String> {
        let mut elsewhere = false;
        let mut ipv6 = None;
        while let [option, rest @ ..] = words
            && option.starts_with('-')
        {
            if is_batch(option) {
                return Err(format!("ip {option}: a batch of commands is not read"));
            }
            elsewhere |= matches!(*option, "-n" | "-netns");
            ipv6 = match (*option, rest.first()) {
                ("-4", _) | ("-f" | "-family", Some(&"inet")) => Some(false),
                ("-6", _) | ("-f" | "-family", Some(&"inet6")) => Some(true),
                _ => ipv6,
            };
            words = rest.get(usize::from(takes_argument(option))..).unwrap_or_default();
        }
        match words {
            // In another network namespace.
            ["netns", "exec", _, rest @ ..] => self.understood += bindings(&rest.join(" ")),
            [object, verb, ..] if is_address(object) && binds(verb) && elsewhere => self.understood += 1,
            [object, verb, rest @ ..] if is_address(object) && binds(verb) => {
                let (expected, device) = ip_address(rest)?;
                self.understood += 1;
                self.effects.push(Effect::Bind(expected, device));
            }
            [object, verb, rest @ ..] if is_address(object) && verb.starts_with('f') && !elsewhere => {
                let device = rest.iter().skip_while(|word| **word != "dev").nth(1);
                // A flush that names no interface alone takes away what cannot be told.
                let other = rest.iter().any(|word| {
                    matches!(*word, "to" | "label" | "scope" | "secondary" | "temporary" | "dynamic")
                });
                self.effects.extend(device.filter(|_| !other).map(|name| Effect::Flush(known(name), ipv6)));
            }
            [object, verb, rest @ ..] if is_address(object) && verb.starts_with('d') && !elsewhere => {
                self.effects.extend(
                    ip_address(rest).ok().map(|(expected, name)| Effect::Unbind(expected.address, name)),
                );
            }
            _ => {}
        }
        Ok(())
    }

    /// `ifconfig INTERFACE [inet] ADDRESS [netmask MASK] ...` and `ifconfig INTERFACE [inet6] add
    /// ADDRESS/LENGTH`.
    pub(super) fn ifconfig(&mut self, words: &[&str]) -> Result<(), String> {
        self.understood += 1;
        let mut words = words.iter().copied().skip_while(|word| matches!(*word, "-a" | "-s" | "-v"));
        let Some(interface) = words.next() else { return Ok(()) };
        let mut found: Vec<HostAddress> = Vec::new();
        let mut netmask = None;
        while let Some(word) = words.next() {
            match word {
                "netmask" => netmask = words.next(),
                "add" => found.push(parse(words.next().unwrap_or_default())?),
                "pointopoint" | "dstaddr" | "broadcast" | "mtu" | "metric" | "txqueuelen" | "irq"
                | "io_addr" | "mem_start" | "media" | "name" | "tunnel" | "keepalive" | "outfill" | "del" => {
                    let _value = words.next();
                }
                "hw" => drop(words.nth(1)),
                "up" | "down" | "inet" | "inet6" | "ether" | "alias" | "promisc" | "allmulti"
                | "multicast" | "arp" | "dynamic" | "trailers" | "0" | "0.0.0.0" => {}
                _ if word.starts_with('-') => {}
                _ => found.push(parse(word)?),
            }
        }
        let interface = known(interface);
        for mut expected in found {
            if let Some(mask) = netmask.filter(|_| expected.address.is_ipv4()) {
                expected.prefix = Some(
                    mask::length(mask, expected.address)
                        .ok_or_else(|| format!("{} is no netmask", short(mask)))?,
                );
            }
            self.effects.push(Effect::Bind(expected, interface.clone()));
        }
        Ok(())
    }
}
