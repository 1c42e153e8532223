//! keepalived: `/etc/keepalived/keepalived.conf` and what it includes, by keepalived.conf(5) of version 2.
//! The addresses of `virtual_ipaddress` and `virtual_ipaddress_excluded` are floating: they are bound while
//! this host is the MASTER of their instance. Those of `static_ipaddress` are bound as long as keepalived
//! runs.
//!
//! An address without a prefix is bound as /32 or /128. On an instance with `use_vmac` or `use_ipvlan` the
//! interface is one that keepalived makes, and is not named here.

mod daemon;
mod devices;
mod lines;
mod repeat;
mod words;

use std::net::{IpAddr, Ipv6Addr};

use addresses::{HostAddress, short};

use self::daemon::argument;
use self::devices::Devices;
use crate::hardware::Cards;
use crate::located::Located;
use crate::promise::{ConfigError, Place, Promise, Promises, Shadowed};
use crate::tree::Tree;

const FILE: &str = "/etc/keepalived/keepalived.conf";
/// Where static addresses go that name no interface, unless `default_interface` says so.
const DEFAULT_INTERFACE: &str = "eth0";

/// Returns the virtual and the static addresses.
pub(crate) fn read(tree: &Tree<'_>) -> Result<Option<Promises>, ConfigError> {
    let mut promises = Promises::default();
    let options = daemon::options(tree, &mut promises)?;
    let of_option = |letter, long| {
        options.iter().find_map(|Located { value, place }| {
            argument(value, letter, long)
                .map(|value| Located { value: value.to_owned(), place: place.clone() })
        })
    };
    let mut config = Config { namespace: of_option("s", "--namespace"), ..Config::default() };
    let named = of_option("f", "--use-file");
    let file = named.as_ref().map_or(FILE, |named| named.value.as_str());
    let found = lines::read(tree, file, &mut |words, place| config.line(words, place), &mut promises)?;
    let cards = Cards::new(tree);
    let stops = config.finish(&mut promises).and_then(|devices| devices.lost(&cards));
    if let Some(line) = stops {
        let what = format!("keepalived stops: {}", line.what);
        promises.failing.extend(promises.promises.iter().map(|promise| promise.place.remark(&what)));
        if daemon::is_enabled(tree) {
            promises.stopping.push(line);
        } else {
            promises.notes.push(format!("note: {}: {what}", line.place));
        }
    }
    // keepalived does not start without the file that its options name.
    let lost =
        named.as_ref().filter(|_| !found).map(|named| named.place.remark(format!("there is no {file}")));
    let some = found || lost.is_some();
    promises.unknown.extend(lost);
    Ok(some.then_some(promises))
}

/// A block that is open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Block {
    Globals,
    Instance,
    /// Addresses: floating, or static.
    Addresses(bool),
    /// Floating addresses of the family of their instance.
    Virtual,
    /// The other hosts of an instance.
    Peers,
    /// Interfaces, each on its line.
    Interfaces,
    Routes,
    Other,
}

#[derive(Default)]
struct Config {
    blocks: Vec<(Block, Place)>,
    /// The first words of a line whose block opens on the next one.
    pending: Vec<String>,
    promises: Vec<Promise>,
    default_interface: Option<String>,
    instance: Instance,
    /// Notes on what keepalived skips.
    notes: Vec<String>,
    /// Addresses that keepalived skips.
    shadowed: Vec<Shadowed>,
    /// The interfaces that must be here.
    devices: Devices,
    /// The network namespace that keepalived binds its addresses in, where it is another one.
    namespace: Option<Located>,
}

/// The instance that is open.
#[derive(Default)]
struct Instance {
    name: String,
    interface: Option<String>,
    own_interface: bool,
    /// The first of its promises.
    first: usize,
    place: Option<Place>,
    /// Whether it is of IPv6: what tells it first decides.
    ipv6: Option<bool>,
}

impl Instance {
    /// Takes what tells its family, unless that is known, and returns whether it is this one.
    fn is_of(&mut self, ipv6: bool) -> bool {
        *self.ipv6.get_or_insert(ipv6) == ipv6
    }

    /// An address of the other family.
    fn refused(&self, promise: Promise) -> Shadowed {
        let family = if self.ipv6 == Some(true) { "IPv6" } else { "IPv4" };
        let why = format!("vrrp_instance {} is of {family}", self.name);
        Shadowed { expected: promise.expected, why, place: promise.place }
    }
}

impl Config {
    /// One line, in words; braces are words of their own.
    fn line(&mut self, words: Vec<String>, place: &Place) -> Result<(), ConfigError> {
        let mut statement = Vec::new();
        for word in words {
            match word.as_str() {
                "{" => {
                    let opening = if statement.is_empty() {
                        std::mem::take(&mut self.pending)
                    } else {
                        std::mem::take(&mut statement)
                    };
                    self.open(&opening, place);
                }
                "}" => {
                    self.statement(&std::mem::take(&mut statement), place)?;
                    self.close(place)?;
                }
                _ => statement.push(word),
            }
        }
        self.statement(&statement, place)?;
        if !statement.is_empty() {
            self.pending = statement;
        }
        Ok(())
    }

    fn open(&mut self, opening: &[String], place: &Place) {
        let outer = self.blocks.last().map(|(block, _)| *block);
        let keyword = opening.first().map_or("", String::as_str);
        let block = match (outer, keyword) {
            (None, "global_defs") => Block::Globals,
            (None, "static_ipaddress") => Block::Addresses(false),
            (None, "vrrp_instance") => {
                let name = opening.get(1).map_or("", String::as_str);
                self.instance = Instance {
                    name: short(name),
                    first: self.promises.len(),
                    place: Some(place.clone()),
                    ..Instance::default()
                };
                Block::Instance
            }
            (Some(Block::Instance), "virtual_ipaddress") => Block::Virtual,
            (Some(Block::Instance), "virtual_ipaddress_excluded") => Block::Addresses(true),
            (Some(Block::Instance), "unicast_peer") => Block::Peers,
            (Some(Block::Instance), "track_interface") => Block::Interfaces,
            (Some(Block::Instance), "virtual_routes") | (None, "static_routes") => Block::Routes,
            _ => Block::Other,
        };
        self.blocks.push((block, place.clone()));
    }

    fn close(&mut self, place: &Place) -> Result<(), ConfigError> {
        match self.blocks.pop() {
            None => Err(place.error("a brace closes no block")),
            Some((Block::Instance, _)) => self.instance_ends(),
            Some(_) => Ok(()),
        }
    }

    /// A line of the block that is open.
    fn statement(&mut self, words: &[String], place: &Place) -> Result<(), ConfigError> {
        let Some((keyword, rest)) = words.split_first() else { return Ok(()) };
        let argument = rest.first().cloned();
        match (self.blocks.last().map(|(block, _)| *block), keyword.as_str()) {
            // The one of the options counts.
            (None, "net_namespace") => {
                let named = argument.map(|value| Located { value, place: place.clone() });
                self.namespace = self.namespace.take().or(named);
            }
            (Some(Block::Globals), "default_interface") => self.default_interface = argument,
            (Some(Block::Globals), "dynamic_interfaces") => self.devices.may_come_later(),
            (Some(Block::Instance), "interface") => {
                self.devices.need(argument.as_deref(), place);
                self.instance.interface = argument;
            }
            (Some(Block::Interfaces), name) => self.devices.need(Some(name), place),
            (Some(Block::Routes), _) => {
                let mut words = words.iter().skip_while(|word| *word != "dev").skip(1);
                self.devices.need(words.next().map(String::as_str), place);
            }
            (Some(Block::Instance), "use_vmac") => {
                self.devices.make(argument);
                self.instance.own_interface = true;
            }
            (Some(Block::Instance), "use_ipvlan") => {
                self.devices.make(argument);
                self.instance.own_interface = true;
                let own = rest.iter().find_map(|word| word.parse::<HostAddress>().ok());
                own.map(|own| self.instance.is_of(own.address.is_ipv6()));
            }
            (Some(Block::Instance), "unicast_src_ip" | "mcast_src_ip") => {
                let source: Option<IpAddr> = argument.and_then(|source| source.parse().ok());
                source.map(|source| self.instance.is_of(source.is_ipv6()));
            }
            (Some(Block::Instance), "native_ipv6") => _ = self.instance.is_of(true),
            (Some(Block::Peers), peer) => {
                let peer: Option<IpAddr> = peer.parse().ok();
                peer.map(|peer| self.instance.is_of(peer.is_ipv6()));
            }
            (Some(Block::Virtual), _) => {
                let promise = address(words, true, place, &mut self.notes)?;
                if let Some(promise) = promise {
                    if self.instance.is_of(promise.expected.address.is_ipv6()) {
                        self.promises.push(promise);
                    } else {
                        self.shadowed.push(self.instance.refused(promise));
                    }
                }
            }
            (Some(Block::Addresses(floating)), _) => {
                let promise = address(words, floating, place, &mut self.notes)?;
                self.promises.extend(promise);
            }
            _ => {}
        }
        Ok(())
    }

    /// Its addresses are on its interface where they name none.
    fn instance_ends(&mut self) -> Result<(), ConfigError> {
        let instance = std::mem::take(&mut self.instance);
        let without =
            self.promises.iter_mut().skip(instance.first).filter(|promise| promise.interface.is_none());
        let mut some = false;
        for promise in without {
            some = true;
            promise.interface = instance.interface.clone().filter(|_| !instance.own_interface);
        }
        match instance.place {
            Some(place) if some && instance.interface.is_none() => {
                Err(place.error(format!("vrrp_instance {} has no interface", instance.name)))
            }
            _ => Ok(()),
        }
    }

    /// Adds what it says, and returns the interfaces that must be here.
    fn finish(mut self, to: &mut Promises) -> Option<Devices> {
        if let Some((_, place)) = self.blocks.pop() {
            to.unknown.push(place.remark("a block that is not closed"));
        }
        if let Some(Located { value, place }) = self.namespace {
            let what = "its addresses are not of this one";
            to.notes
                .push(format!("note: {place}: keepalived is in network namespace {}: {what}", short(&value)));
            return None;
        }
        let default = self.default_interface.unwrap_or_else(|| DEFAULT_INTERFACE.to_owned());
        for promise in
            self.promises.iter_mut().filter(|promise| !promise.floating && promise.interface.is_none())
        {
            promise.interface = Some(default.clone());
        }
        for promise in &mut self.promises {
            // The mark of an address on an interface of its own.
            promise.interface = promise.interface.take().filter(|name| !name.is_empty());
            self.devices.need(promise.interface.as_deref(), &promise.place);
        }
        to.promises = self.promises;
        to.shadowed = self.shadowed;
        to.notes.append(&mut self.notes);
        Some(self.devices)
    }
}

/// Reads `ADDRESS[/PREFIX] [dev INTERFACE] [peer ADDRESS] ...`. keepalived logs words that it does not know
/// and goes on. It also skips a line whose first word is not an address.
fn address(
    words: &[String],
    floating: bool,
    place: &Place,
    notes: &mut Vec<String>,
) -> Result<Option<Promise>, ConfigError> {
    let mut words = words.iter().map(String::as_str);
    let first = words.next().unwrap_or_default();
    let Some(mut expected) = with_prefix(first, place, notes) else { return Ok(None) };
    let mut interface = None;
    while let Some(word) = words.next() {
        match word {
            "dev" => {
                let name = words
                    .next()
                    .ok_or_else(|| place.error(format!("{}: dev without an interface", expected.address)))?;
                interface = interface.or_else(|| Some(name.to_owned()));
            }
            // The prefix is the peer's then.
            "peer" => {
                expected.prefix = None;
                words.next();
            }
            "use_vmac" => interface = Some(String::new()),
            "brd" | "broadcast" | "scope" | "label" | "track_group" | "preferred_lft" => drop(words.next()),
            other if other.parse::<HostAddress>().is_ok() => {
                notes.push(format!("note: {place}: {}: keepalived reads one address a line", short(other)));
            }
            _ => {}
        }
    }
    Ok(Some(Promise { expected, interface, floating, place: place.clone() }))
}

/// Returns the address and its prefix length. Without a length, or with one that keepalived refuses, it is
/// that of a single host. `None` if keepalived skips the address as an invalid IP.
fn with_prefix(text: &str, place: &Place, notes: &mut Vec<String>) -> Option<HostAddress> {
    let (plain, length) = text.split_once('/').unwrap_or((text, ""));
    // No list has an IPv4-mapped address, but keepalived binds it.
    let mapped = plain.parse().ok().filter(|six: &Ipv6Addr| six.to_ipv4_mapped().is_some());
    let mapped = mapped.map(|six| HostAddress { address: IpAddr::V6(six), prefix: None });
    let mut expected = match mapped.map_or_else(|| plain.parse(), Ok) {
        Ok(expected) => expected,
        Err(error) => {
            notes.push(format!("note: {place}: {error}: keepalived ignores the line"));
            return None;
        }
    };
    let bits = if expected.address.is_ipv4() { 32 } else { 128 };
    let given = length.parse().ok().filter(|given| *given <= bits);
    if given.is_none() && !length.is_empty() {
        let what = format!("{} has an invalid prefix length: keepalived binds it as /{bits}", short(text));
        notes.push(format!("note: {place}: {what}"));
    }
    expected.prefix = given.or(Some(bits));
    Some(expected)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As keepalived 2.2.7 binds it.
    #[test]
    fn a_mapped_address_is_one_of_ipv6() {
        let place = Place::new("f", 1);
        let read = with_prefix("::ffff:192.0.2.1/120", &place, &mut Vec::new()).unwrap();
        assert!(read.address.is_ipv6() && read.prefix == Some(120));
    }
}
