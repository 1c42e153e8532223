//! The programs that bind addresses: ip(8) and ifconfig(8).

use std::net::IpAddr;

use addresses::{HostAddress, short};

use super::super::ledger::{Taken, Which};
use super::batch::Run;
use super::ip_address::{added, deleted, expires, flush, is_known, known, parse};
use super::words::{bindings, binds, is_address, is_batch, is_link, takes_argument};
use super::{Effect, Reader, local_route};
use crate::{mask, selector};

/// What stands for the free alias that `ifconfig INTERFACE add` takes for an IPv4 address: no command names
/// it.
const FREE_ALIAS: &str = ":+";

impl Reader<'_> {
    /// `ip [OPTIONS] address add ...`; other objects bind nothing.
    pub(super) fn ip(&mut self, mut words: &[&str]) -> Result<(), String> {
        let (mut elsewhere, mut forced, mut ipv6) = (false, false, None);
        while let [option, rest @ ..] = words
            && option.starts_with('-')
        {
            if is_batch(option) {
                return self.batch(option, rest, Run { elsewhere, forced });
            }
            elsewhere |= matches!(*option, "-n" | "-netns");
            forced |= "-force".starts_with(*option) && option.len() > 2;
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
                let (expected, label) = added(rest)?;
                self.understood += 1;
                self.effects.push(match expires(rest) {
                    true => Effect::Expires(expected),
                    false => Effect::Bind(expected, label),
                });
            }
            [object, verb, rest @ ..] if is_address(object) && verb.starts_with('f') && !elsewhere => {
                self.effects.extend(flush(rest, ipv6).map(Effect::TakeBack));
            }
            [object, verb, rest @ ..] if is_address(object) && verb.starts_with('d') && !elsewhere => {
                self.effects.extend(deleted(rest).map(Effect::TakeBack));
            }
            [object, verb, rest @ ..] if is_link(object) && verb.starts_with('s') && !elsewhere => {
                self.effects.extend(port(rest).into_iter().chain(moved(rest)));
                self.effects.extend(moved_away(rest));
            }
            _ if !elsewhere => {
                self.effects.extend(local_route::added(words).map(|network| Effect::Local(short(network))));
            }
            _ => {}
        }
        Ok(())
    }

    /// `brctl addif BRIDGE PORT...` and `ifenslave BOND PORT...`.
    pub(super) fn ports(&mut self, program: &str, words: &[&str]) {
        let words = match (program, words) {
            ("brctl", ["addif", rest @ ..]) => rest,
            ("brctl", _) => return,
            (_, rest) => rest,
        };
        // An option of ifenslave takes ports away, or asks for something else.
        let [controller, ports @ ..] = words else { return };
        if !controller.starts_with('-') {
            self.effects.extend(ports.iter().filter_map(|port| as_port(controller, port)));
        }
    }

    /// `ifconfig INTERFACE [inet] ADDRESS [netmask MASK] ...` and `ifconfig INTERFACE [inet6] add
    /// ADDRESS/LENGTH`.
    pub(super) fn ifconfig(&mut self, words: &[&str]) -> Result<(), String> {
        self.understood += 1;
        let mut words = words.iter().copied().skip_while(|word| matches!(*word, "-a" | "-s" | "-v"));
        let Some(interface) = words.next() else { return Ok(()) };
        // The label may have a variable, and is then like no other.
        let label = is_known(selector::device(interface)).then_some(interface);
        let with_alias = |label: &str| format!("{}{FREE_ALIAS}", selector::device(label));
        let mut found: Vec<(HostAddress, Option<String>)> = Vec::new();
        let (mut netmask, mut cleared, mut next) = (None, false, None);
        while let Some(word) = words.next() {
            match word {
                "netmask" => netmask = words.next(),
                "add" => {
                    let address = parse(words.next().unwrap_or_default())?;
                    found.push((address, label.map(with_alias)));
                }
                "0" | "0.0.0.0" => cleared = true,
                "down" => cleared |= interface.contains(':'),
                "pointopoint" | "dstaddr" | "broadcast" | "mtu" | "metric" | "txqueuelen" | "irq"
                | "io_addr" | "mem_start" | "media" | "name" | "tunnel" | "keepalive" | "outfill" | "del" => {
                    let _value = words.next();
                }
                "hw" => drop(words.nth(1)),
                "up" | "inet" | "inet6" | "ether" | "alias" | "promisc" | "allmulti" | "multicast"
                | "arp" | "dynamic" | "trailers" => {}
                _ if word.starts_with('-') => {}
                _ => {
                    let address = parse(word)?;
                    next = next.or(Some(address.address).filter(IpAddr::is_ipv4));
                    found.push((address, label.map(str::to_owned)));
                }
            }
        }
        // An IPv4 address takes the place of the one that has the label.
        if let Some(label) = known(interface).filter(|_| cleared || next.is_some()) {
            self.effects.push(Effect::TakeBack(Taken::Label { label, next }));
        }
        for (mut expected, label) in found {
            if let Some(mask) = netmask.filter(|_| expected.address.is_ipv4()) {
                expected.prefix = Some(
                    mask::length(mask, expected.address)
                        .ok_or_else(|| format!("{} is no netmask", short(mask)))?,
                );
            }
            self.effects.push(Effect::Bind(expected, label));
        }
        Ok(())
    }
}

/// The word after another one.
fn after<'a>(words: &[&'a str], keyword: &str) -> Option<&'a str> {
    words.iter().skip_while(|word| **word != keyword).nth(1).copied()
}

/// `ip link set [dev] PORT ... master BRIDGE ...`.
fn port(words: &[&str]) -> Option<Effect> {
    let port = after(words, "dev").or_else(|| words.first().copied())?;
    as_port(after(words, "master")?, port)
}

/// `ip link set [dev] INTERFACE ... netns NAME ...`. The namespace of process 1 is mostly this one.
fn moved_away(words: &[&str]) -> Option<Effect> {
    let _elsewhere = after(words, "netns").filter(|namespace| *namespace != "1")?;
    known(after(words, "dev").or_else(|| words.first().copied())?).map(Effect::Away)
}

/// The same: the kernel takes the addresses of the interface away.
fn moved(words: &[&str]) -> Option<Effect> {
    let Some(Effect::Away(device)) = moved_away(words) else { return None };
    Some(Effect::TakeBack(Taken::Flush { device: Some(device), ipv6: None, which: Which::default() }))
}

/// The effect that `port` becomes a port of `controller`, where both names are known.
pub(super) fn as_port(controller: &str, port: &str) -> Option<Effect> {
    known(controller).zip(known(port)).map(|(controller, port)| Effect::Port(controller, port))
}
