//! The addresses that stanzas bind and take back, in the order in which they come up: a stanza may take away
//! what an earlier one bound, also on another interface.

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;

use addresses::HostAddress;

use crate::promise::{ConfigError, Place, Promise};
use crate::{selector, wildcard};

/// The most addresses that one configuration may promise: several interfaces may come up as one stanza, and a
/// loop may bind many.
pub(super) const MOST: usize = 1 << 18;
/// How many addresses may be looked at and kept, to take others back.
const KEPT: usize = 1 << 24;

/// What is taken back.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// One address, of an interface or of any: with this prefix length, or any, and with this label, or any.
    Address { address: HostAddress, device: Option<String>, label: Option<String> },
    /// All of an interface, or of any, that all of these tell.
    Flush { device: Option<String>, ipv6: Option<bool>, which: Which },
    /// The first IPv4 address with a label, as eth0 or eth0:1, or `next` if it has the label: it makes room
    /// for that.
    Label { label: String, next: Option<IpAddr> },
}

/// Which addresses are taken back.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Which {
    pub(super) network: Option<HostAddress>,
    /// A shell pattern of labels.
    pub(super) label: Option<String>,
    /// Those that are secondary to another address of their network, or those that are not.
    pub(super) secondary: Option<bool>,
}

impl Taken {
    /// Returns the same of an interface and not of an alias.
    pub(super) fn without_label(self) -> Self {
        let plain = |name: Option<String>| name.map(|name| selector::device(&name).to_owned());
        match self {
            Taken::Address { address, device, label } => {
                Taken::Address { address, device: plain(device), label }
            }
            Taken::Flush { device, ipv6, which } => Taken::Flush { device: plain(device), ipv6, which },
            label => label,
        }
    }
}

/// What a stanza does to addresses, one after the other.
#[derive(Debug)]
pub(super) enum Change {
    /// With the label of the address, where it is not the interface's name.
    Bind(Promise, Option<String>),
    /// An IPv4 address from outside, with the interface's name as its label.
    Lease(String),
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

/// What is bound so far. The maps may still have the numbers of addresses that are taken back.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    bound: Vec<Option<Entry>>,
    by_address: HashMap<IpAddr, Vec<usize>>,
    /// By interface and family.
    by_device: HashMap<(Option<String>, bool), Vec<usize>>,
    /// Those of IPv4.
    by_label: HashMap<String, VecDeque<usize>>,
    /// The interfaces that have an IPv4 address from outside, with how many addresses were bound before it.
    leased: HashMap<String, usize>,
    /// How many were looked at and kept.
    kept: usize,
}

impl Ledger {
    /// Takes a change over that stanza `index` makes.
    ///
    /// # Errors
    /// [`ConfigError::Line`], once: too much is to be compared. From then on, nothing is taken back.
    pub(super) fn apply(&mut self, index: usize, change: Change) -> Result<(), ConfigError> {
        let (taken, place) = match change {
            Change::Bind(promise, label) => {
                self.bind(index, promise, label);
                return Ok(());
            }
            Change::Lease(interface) => {
                self.leased.entry(interface).or_insert(self.bound.len());
                return Ok(());
            }
            Change::TakeBack(taken, place) => (taken, place),
        };
        if self.kept > KEPT {
            return Ok(());
        }
        match taken {
            Taken::Address { address, device, label } => {
                self.take_address(address, device.as_deref(), label.as_deref());
            }
            Taken::Flush {
                device,
                which: Which { network: Some(network), label: None, secondary: None },
                ..
            } if network.prefix.is_none_or(|prefix| prefix == bits(network.address)) => {
                self.take_address(HostAddress { prefix: None, ..network }, device.as_deref(), None);
            }
            Taken::Label { label, next } => self.take_label(&label, next),
            Taken::Flush { device, ipv6, which } => self.flush(device.as_deref(), ipv6, &which),
        }
        if self.kept > KEPT { Err(place.error("too many addresses are taken back")) } else { Ok(()) }
    }

    fn bind(&mut self, index: usize, promise: Promise, label: Option<String>) {
        let number = self.bound.len();
        let address = promise.expected.address;
        self.by_address.entry(address).or_default().push(number);
        let key = (promise.interface.clone(), address.is_ipv6());
        self.by_device.entry(key).or_default().push(number);
        let label = label.filter(|_| address.is_ipv4()).or_else(|| promise.interface.clone());
        if let Some(label) = label.clone().filter(|_| address.is_ipv4()) {
            self.by_label.entry(label).or_default().push_back(number);
        }
        self.bound.push(Some(Entry { stanza: index, promise, label }));
    }

    /// Takes one address back: of an interface, or of any.
    fn take_address(&mut self, address: HostAddress, device: Option<&str>, label: Option<&str>) {
        let Some(mut numbers) = self.by_address.remove(&address.address) else { return };
        self.take(&mut numbers, |entry| {
            let has = |own: Option<&str>, asked| own.zip(asked).is_none_or(|(own, asked)| own == asked);
            let prefixes = entry.promise.expected.prefix.zip(address.prefix);
            has(entry.promise.interface.as_deref(), device)
                && (address.address.is_ipv6() || has(entry.label.as_deref(), label))
                && prefixes.is_none_or(|(own, asked)| own == asked)
        });
        if !numbers.is_empty() {
            self.by_address.insert(address.address, numbers);
        }
    }

    /// Takes the first address with this label back, as `ifconfig` does for `next`.
    fn take_label(&mut self, label: &str, next: Option<IpAddr>) {
        let mut numbers = self.by_label.remove(label).unwrap_or_default();
        while numbers.front().is_some_and(|number| self.entry(*number).is_none()) {
            numbers.pop_front();
        }
        let same = next.and_then(|next| self.by_address.get_mut(&next));
        if let Some(same) = same {
            same.retain(|number| self.bound.get(*number).is_some_and(Option::is_some));
            self.kept += same.len();
        }
        let same = next.and_then(|next| self.by_address.get(&next)).into_iter().flatten().copied();
        let labelled =
            |number: &usize| self.entry(*number).is_some_and(|it| it.label.as_deref() == Some(label));
        // What was bound before a lease makes room before it.
        let lease = self.leased.get(label);
        let first = numbers.front().copied().filter(|first| lease.is_none_or(|lease| first < lease));
        match { same }.find(labelled).or(first) {
            Some(number) => self.bound.get_mut(number).into_iter().for_each(|slot| *slot = None),
            None => drop(self.leased.remove(label)),
        }
        if !numbers.is_empty() {
            self.by_label.insert(label.to_owned(), numbers);
        }
    }

    /// Takes all back that these tell.
    fn flush(&mut self, device: Option<&str>, ipv6: Option<bool>, which: &Which) {
        let (network, label) = (which.network, which.label.as_deref());
        let secondaries = which.secondary.map(|_| self.secondaries(device)).unwrap_or_default();
        // A lease may be either.
        if ipv6 != Some(true) && network.is_none() && which.secondary != Some(true) {
            let is_other = |name: &str| {
                device.is_some_and(|device| device != name)
                    || label.is_some_and(|label| !wildcard::matches(label, name))
            };
            self.kept += self.leased.len();
            self.leased.retain(|name, _| is_other(name));
        }
        let is_meant = |entry: &Entry| {
            let has_device = device.is_none() || entry.promise.interface.as_deref() == device;
            has_device
                && network.is_none_or(|network| is_inside(entry.promise.expected.address, network))
                && label.is_none_or(|label| entry.fits(label))
                && which.secondary.is_none_or(|asked| secondaries.contains(&entry.key()) == asked)
        };
        let exact = label.filter(|label| !wildcard::is_pattern(label));
        let of_label = label.map(selector::device).filter(|device| !wildcard::is_pattern(device));
        for family in [false, true].into_iter().filter(|family| ipv6.is_none_or(|ipv6| ipv6 == *family)) {
            if let Some(label) = exact.filter(|_| !family) {
                let Some((label, numbers)) = self.by_label.remove_entry(label) else { continue };
                let mut numbers = Vec::from(numbers);
                self.take(&mut numbers, is_meant);
                if !numbers.is_empty() {
                    self.by_label.insert(label, numbers.into());
                }
                continue;
            }
            // The interface of an IPv6 address is its label.
            for key in self.keys(exact.or(device).or(of_label), family) {
                let mut numbers = self.by_device.remove(&key).unwrap_or_default();
                self.take(&mut numbers, is_meant);
                if !numbers.is_empty() {
                    self.by_device.insert(key, numbers);
                }
                if self.kept > KEPT {
                    return;
                }
            }
        }
    }

    /// The IPv4 addresses that are secondary: an earlier one of the interface has their network and prefix
    /// length. An IPv6 address of a file is never secondary.
    fn secondaries(&mut self, device: Option<&str>) -> HashSet<(Option<String>, HostAddress)> {
        let mut secondaries = HashSet::new();
        for key in self.keys(device, false) {
            let numbers = self.by_device.get(&key).map_or(&[][..], Vec::as_slice);
            self.kept += numbers.len();
            let mut primary = HashSet::new();
            for entry in numbers.iter().filter_map(|number| self.entry(*number)) {
                let HostAddress { address: IpAddr::V4(four), prefix: Some(prefix) } = entry.promise.expected
                else {
                    continue;
                };
                let network = four.to_bits().checked_shr(32_u32.saturating_sub(prefix.into())).unwrap_or(0);
                if !primary.insert((network, prefix)) {
                    secondaries.insert(entry.key());
                }
            }
        }
        secondaries
    }

    /// The keys of an interface, or of all.
    fn keys(&mut self, device: Option<&str>, ipv6: bool) -> Vec<(Option<String>, bool)> {
        if let Some(name) = device {
            return vec![(Some(name.to_owned()), ipv6)];
        }
        self.kept += self.by_device.len();
        self.by_device.keys().filter(|(_, family)| *family == ipv6).cloned().collect()
    }

    fn entry(&self, number: usize) -> Option<&Entry> {
        self.bound.get(number).and_then(Option::as_ref)
    }

    /// Takes those of these addresses back that are meant: the numbers of the others are left.
    fn take(&mut self, numbers: &mut Vec<usize>, is_meant: impl Fn(&Entry) -> bool) {
        numbers.retain(|number| {
            let Some(slot) = self.bound.get_mut(*number) else { return false };
            if slot.as_ref().is_some_and(&is_meant) {
                *slot = None;
            }
            slot.is_some()
        });
        self.kept += numbers.len();
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
    /// The interface and the address.
    fn key(&self) -> (Option<String>, HostAddress) {
        (self.promise.interface.clone(), self.promise.expected)
    }

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
