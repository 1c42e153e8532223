//! The addresses that stanzas bind and take back, in the order in which they come up: a stanza may take away
//! what an earlier one bound, also on another interface.

use std::collections::HashMap;
use std::net::IpAddr;

use addresses::HostAddress;

use crate::promise::{ConfigError, Place, Promise};
use crate::selector::device;
use crate::wildcard;

/// The most addresses that one configuration may promise: several interfaces may come up as one stanza, and a
/// loop may bind many.
pub(super) const MOST: usize = 1 << 18;
/// How many addresses may be looked at to take some of them back.
const COMPARED: usize = 1 << 24;

/// What is taken back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// One address, of an interface or of any.
    Address(IpAddr, Option<String>),
    /// All of an interface, or of any, that all of these tell: the family, the network, a shell pattern of
    /// labels.
    Flush { device: Option<String>, ipv6: Option<bool>, network: Option<HostAddress>, label: Option<String> },
    /// The first IPv4 address with a label, as eth0 or eth0:1, or `next` if it has the label: it makes room
    /// for that.
    Label { label: String, next: Option<IpAddr> },
}

impl Taken {
    /// Returns the same of an interface and not of an alias.
    pub(super) fn without_label(self) -> Self {
        let plain = |name: Option<String>| name.map(|name| device(&name).to_owned());
        match self {
            Taken::Address(address, name) => Taken::Address(address, plain(name)),
            Taken::Flush { device, ipv6, network, label } => {
                Taken::Flush { device: plain(device), ipv6, network, label }
            }
            label => label,
        }
    }
}

/// What a stanza does to addresses, one after the other.
#[derive(Debug)]
pub(super) enum Change {
    /// With the label of the address, where it is not the interface's name.
    Bind(Promise, Option<String>),
    TakeBack(Taken, Place),
}

/// An address that is bound, with the number of its stanza and its label. An IPv6 address has none: its
/// interface stands for it.
#[derive(Debug)]
struct Entry {
    stanza: usize,
    promise: Promise,
    label: Option<String>,
}

/// What is bound so far.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    bound: Vec<Option<Entry>>,
    by_address: HashMap<IpAddr, Vec<usize>>,
    /// By interface and family.
    by_device: HashMap<(Option<String>, bool), Vec<usize>>,
    compared: usize,
}

impl Ledger {
    /// Takes a change over that stanza `index` makes.
    ///
    /// # Errors
    /// [`ConfigError::Line`]: too much is to be compared.
    pub(super) fn apply(&mut self, index: usize, change: Change) -> Result<(), ConfigError> {
        match change {
            Change::Bind(promise, label) => {
                let number = self.bound.len();
                let address = promise.expected.address;
                self.by_address.entry(address).or_default().push(number);
                let key = (promise.interface.clone(), address.is_ipv6());
                self.by_device.entry(key).or_default().push(number);
                let label = label.filter(|_| address.is_ipv4()).or_else(|| promise.interface.clone());
                self.bound.push(Some(Entry { stanza: index, promise, label }));
            }
            Change::TakeBack(Taken::Address(address, device), place) => {
                self.take_address(address, device.as_deref(), &place)?;
            }
            Change::TakeBack(Taken::Flush { device, network: Some(network), label: None, .. }, place)
                if network.prefix.is_none_or(|prefix| prefix == bits(network.address)) =>
            {
                self.take_address(network.address, device.as_deref(), &place)?;
            }
            Change::TakeBack(Taken::Label { label, next }, place) => self.take_label(&label, next, &place)?,
            Change::TakeBack(Taken::Flush { device, ipv6, network, label }, place) => {
                let families =
                    [false, true].into_iter().filter(|family| ipv6.is_none_or(|ipv6| ipv6 == *family));
                for key in
                    families.flat_map(|family| self.keys(device.as_deref(), family)).collect::<Vec<_>>()
                {
                    let numbers = self.by_device.remove(&key).unwrap_or_default();
                    let kept = self.take(numbers, &place, |entry| {
                        network.is_none_or(|network| is_inside(entry.promise.expected.address, network))
                            && label.as_deref().is_none_or(|label| entry.fits(label))
                    })?;
                    self.by_device.insert(key, kept);
                }
            }
        }
        Ok(())
    }

    /// Takes one address back: of an interface, or of any.
    fn take_address(
        &mut self,
        address: IpAddr,
        device: Option<&str>,
        place: &Place,
    ) -> Result<(), ConfigError> {
        let numbers = self.by_address.remove(&address).unwrap_or_default();
        let kept = self.take(numbers, place, |entry| {
            let known = entry.promise.interface.as_deref().zip(device);
            known.is_none_or(|(interface, device)| interface == device)
        })?;
        self.by_address.insert(address, kept);
        Ok(())
    }

    /// Takes the first address with this label back, as `ifconfig` does for `next`.
    fn take_label(&mut self, label: &str, next: Option<IpAddr>, place: &Place) -> Result<(), ConfigError> {
        let key = (Some(device(label).to_owned()), false);
        let Some(numbers) = self.by_device.get(&key) else { return Ok(()) };
        self.compared += numbers.len() + 1;
        if self.compared > COMPARED {
            return Err(place.error("too many addresses are taken back"));
        }
        let entry = |number: &usize| self.bound.get(*number).and_then(Option::as_ref);
        let with_label = || {
            let labelled =
                |number: &&usize| entry(number).is_some_and(|it| it.label.as_deref() == Some(label));
            numbers.iter().filter(labelled)
        };
        let is_next = |number: &&usize| entry(number).map(|it| it.promise.expected.address) == next;
        let first = with_label().find(is_next).or_else(|| with_label().next()).copied();
        if let Some(slot) = first.and_then(|number| self.bound.get_mut(number)) {
            *slot = None;
        }
        Ok(())
    }

    /// The keys of an interface, or of all.
    fn keys(&self, device: Option<&str>, ipv6: bool) -> Vec<(Option<String>, bool)> {
        match device {
            Some(name) => vec![(Some(name.to_owned()), ipv6)],
            None => self.by_device.keys().filter(|(_, family)| *family == ipv6).cloned().collect(),
        }
    }

    /// Takes those of these addresses back that are meant, and returns the numbers of the others.
    fn take(
        &mut self,
        numbers: Vec<usize>,
        place: &Place,
        meant: impl Fn(&Entry) -> bool,
    ) -> Result<Vec<usize>, ConfigError> {
        self.compared += numbers.len() + 1;
        if self.compared > COMPARED {
            return Err(place.error("too many addresses are taken back"));
        }
        let mut kept = Vec::new();
        for number in numbers {
            let Some(slot) = self.bound.get_mut(number) else { continue };
            if slot.as_ref().is_some_and(&meant) {
                *slot = None;
            } else if slot.is_some() {
                kept.push(number);
            }
        }
        Ok(kept)
    }

    /// Returns what stays bound, each with the number of its stanza, in their order.
    pub(super) fn bound(self) -> Vec<(usize, Promise)> {
        let entries = self.bound.into_iter().flatten();
        let mut bound: Vec<(usize, Promise)> = entries.map(|entry| (entry.stanza, entry.promise)).collect();
        bound.sort_by_key(|(index, _)| *index);
        bound
    }
}

impl Entry {
    /// Whether its label fits a shell pattern.
    fn fits(&self, pattern: &str) -> bool {
        self.label.as_deref().is_some_and(|label| wildcard::matches(pattern, label))
    }
}

/// Whether an address begins with the bits of a network; one without a prefix length is a single address.
fn is_inside(address: IpAddr, network: HostAddress) -> bool {
    let differing = match (address, network.address) {
        (IpAddr::V4(one), IpAddr::V4(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        (IpAddr::V6(one), IpAddr::V6(other)) => (one.to_bits() ^ other.to_bits()).leading_zeros(),
        _ => return false,
    };
    differing >= u32::from(network.prefix.unwrap_or(bits(network.address)))
}

/// How many bits an address has.
fn bits(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}
