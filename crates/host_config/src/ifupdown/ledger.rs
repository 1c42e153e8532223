//! The addresses that stanzas bind and take back, in the order in which they come up: a stanza may take away
//! what an earlier one bound, also on another interface.

use std::collections::HashMap;
use std::net::IpAddr;

use addresses::HostAddress;

use crate::promise::{ConfigError, Place, Promise};
use crate::selector::device;

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
    /// All of an interface, or of any, that one of these tells: the family, the network.
    Flush { device: Option<String>, ipv6: Option<bool>, network: Option<HostAddress> },
}

impl Taken {
    /// Returns the same of an interface and not of an alias.
    pub(super) fn without_label(self) -> Self {
        let plain = |name: Option<String>| name.map(|name| device(&name).to_owned());
        match self {
            Taken::Address(address, name) => Taken::Address(address, plain(name)),
            Taken::Flush { device, ipv6, network } => Taken::Flush { device: plain(device), ipv6, network },
        }
    }
}

/// What a stanza does to addresses, one after the other.
#[derive(Debug)]
pub(super) enum Change {
    Bind(Promise),
    TakeBack(Taken, Place),
}

/// What is bound so far, each with the number of its stanza.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    bound: Vec<Option<(usize, Promise)>>,
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
            Change::Bind(promise) => {
                let number = self.bound.len();
                let address = promise.expected.address;
                self.by_address.entry(address).or_default().push(number);
                let key = (promise.interface.clone(), address.is_ipv6());
                self.by_device.entry(key).or_default().push(number);
                self.bound.push(Some((index, promise)));
            }
            Change::TakeBack(Taken::Address(address, device), place) => {
                self.take_address(address, device.as_deref(), &place)?;
            }
            Change::TakeBack(Taken::Flush { device, network: Some(network), .. }, place)
                if network.prefix.is_none_or(|prefix| prefix == bits(network.address)) =>
            {
                self.take_address(network.address, device.as_deref(), &place)?;
            }
            Change::TakeBack(Taken::Flush { device, ipv6, network }, place) => {
                let families =
                    [false, true].into_iter().filter(|family| ipv6.is_none_or(|ipv6| ipv6 == *family));
                for key in
                    families.flat_map(|family| self.keys(device.as_deref(), family)).collect::<Vec<_>>()
                {
                    let numbers = self.by_device.remove(&key).unwrap_or_default();
                    let kept = self.take(numbers, &place, |promise| {
                        network.is_none_or(|network| is_inside(promise.expected.address, network))
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
        let kept = self.take(numbers, place, |promise| {
            let known = promise.interface.as_deref().zip(device);
            known.is_none_or(|(interface, device)| interface == device)
        })?;
        self.by_address.insert(address, kept);
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
        meant: impl Fn(&Promise) -> bool,
    ) -> Result<Vec<usize>, ConfigError> {
        self.compared += numbers.len() + 1;
        if self.compared > COMPARED {
            return Err(place.error("too many addresses are taken back"));
        }
        let mut kept = Vec::new();
        for number in numbers {
            let Some(slot) = self.bound.get_mut(number) else { continue };
            if slot.as_ref().is_some_and(|(_, promise)| meant(promise)) {
                *slot = None;
            } else if slot.is_some() {
                kept.push(number);
            }
        }
        Ok(kept)
    }

    /// Returns what stays bound, each with the number of its stanza, in their order.
    pub(super) fn bound(self) -> Vec<(usize, Promise)> {
        let mut bound: Vec<(usize, Promise)> = self.bound.into_iter().flatten().collect();
        bound.sort_by_key(|(index, _)| *index);
        bound
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
