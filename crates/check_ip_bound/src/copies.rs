//! Addresses that the configuration has on several interfaces at once, as the same router's address on two
//! bridges: each of the interfaces must have it, and one that has it hides no other that lost it.

use std::collections::BTreeSet;
use std::net::IpAddr;

use addresses::HostAddress;
use host_net::{Bound, BoundAddress, Link};

use crate::condition::Condition;
use crate::expected::Expected;
use crate::interfaces::{absence, is_one_of};
use crate::port_fault::PortFault;
use crate::{ListSource, Observations};

/// An interface without one of the addresses that it is configured with, while the address is counted once
/// already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Copy {
    /// The address, as it is expected.
    pub(crate) expected: HostAddress,
    /// The interface that should have it.
    pub(crate) interface: String,
    /// What became of it there.
    pub(crate) condition: Condition,
    /// What is missing, as "192.0.2.1 on br1".
    pub(crate) text: String,
}

impl Expected {
    /// Returns how often addresses are expected beyond the first interface of each, and which of that is
    /// lacking. `faults` are the interfaces that lack ports.
    pub(crate) fn copies(&self, bound: &Bound, faults: &[PortFault]) -> (usize, Vec<Copy>) {
        let (mut count, mut lacking) = (0, Vec::new());
        if self.source == ListSource::Bound {
            return (count, lacking);
        }
        for group in self.on_each.chunk_by(|(first, _), (second, _)| first == second) {
            let devices = self.devices(group, bound);
            let (Some(expected), Some(more)) = (self.only_entry(group), devices.len().checked_sub(1)) else {
                continue;
            };
            count += more;
            lacking.extend(self.lacking(expected, &devices, bound, faults));
        }
        let named = self.unnamed.iter().filter(|unnamed| unnamed.on_each);
        for (unnamed, address) in
            named.flat_map(|named| named.addresses.iter().map(move |each| (named, each)))
        {
            let copies = self.of_names(*address, &unnamed.selectors, bound, faults);
            count += copies.0;
            lacking.extend(copies.1);
        }
        (count, lacking)
    }

    /// Returns how often an address of a list of names is there beyond its first interface or should be, and
    /// which of that is lacking. networkd binds it on each of them that has a carrier; where none has it, its
    /// entry tells it.
    fn of_names(
        &self,
        address: IpAddr,
        names: &[String],
        bound: &Bound,
        faults: &[PortFault],
    ) -> (usize, Vec<Copy>) {
        let group: Vec<(IpAddr, String)> =
            names.iter().filter(|name| is_up(name, bound)).map(|name| (address, name.clone())).collect();
        let devices = self.devices(&group, bound);
        let is_counted = self.on_each.binary_search_by(|(each, _)| each.cmp(&address)).is_ok();
        let Some(expected) = self.only_entry(&group).filter(|_| !is_counted) else { return (0, Vec::new()) };
        let is_there = |device: &&str| self.on_device(expected, device, bound, faults).is_usable();
        if !devices.iter().any(is_there) {
            return (0, Vec::new());
        }
        (devices.len() - 1, self.lacking(expected, &devices, bound, faults))
    }

    /// Returns the interfaces with a carrier that the names of a file give an address to, each once.
    pub(crate) fn each_here(&self, address: IpAddr, bound: &Bound) -> Vec<&str> {
        let named = self.unnamed.iter().filter(|each| each.on_each && each.addresses.contains(&address));
        let names: BTreeSet<&str> = named.flat_map(|each| &each.selectors).map(String::as_str).collect();
        names.into_iter().filter(|name| is_up(name, bound)).collect()
    }

    /// The interfaces that must each have an address: those of --interface among them, and each once whatever
    /// names it has. A list of another host, of whose interfaces there is none here, says nothing.
    fn devices<'a>(&self, group: &'a [(IpAddr, String)], bound: &Bound) -> Vec<&'a str> {
        let foreign = |(address, device): &(IpAddr, String)| {
            bound.by_name(device).is_none() && self.is_only_listed(*address, device)
        };
        if group.iter().all(foreign) {
            return Vec::new();
        }
        let mut indices = BTreeSet::new();
        let new = |device: &&str| bound.by_name(device).is_none_or(|here| indices.insert(here.index));
        let all = group.iter().map(|(_, device)| device.as_str());
        let is_on = |device: &&str| {
            let here = bound.by_name(device);
            self.on.is_empty()
                || here
                    .map_or_else(|| self.on.iter().any(|on| on == device), |here| is_one_of(here, &self.on))
        };
        all.filter(is_on).filter(new).collect()
    }

    /// The entry of an address. Of one that is expected with several prefix lengths, each has an entry of its
    /// own already.
    pub(crate) fn only_entry(&self, group: &[(IpAddr, String)]) -> Option<HostAddress> {
        let (address, _) = group.first()?;
        let first = self.entries.partition_point(|entry| entry.expected.address < *address);
        let mut same =
            self.entries.get(first..)?.iter().take_while(|entry| entry.expected.address == *address);
        same.next().filter(|_| same.next().is_none()).map(|entry| entry.expected)
    }

    /// The interfaces without the address. Where none has it, the entry of the address stands for the one
    /// that is nearest to it.
    fn lacking(
        &self,
        expected: HostAddress,
        devices: &[&str],
        bound: &Bound,
        faults: &[PortFault],
    ) -> Vec<Copy> {
        let found = devices.iter().map(|device| (*device, self.on_device(expected, device, bound, faults)));
        let mut lacking: Vec<(&str, Condition)> =
            found.filter(|(_, condition)| self.counts(*condition, bound)).collect();
        if lacking.len() == devices.len() {
            let best = lacking.iter().map(|(_, condition)| *condition).max();
            let stands = lacking.iter().position(|(_, condition)| Some(*condition) == best);
            lacking.remove(stands.unwrap_or_default());
        }
        let text = |device: &str, condition: Condition| match condition {
            Condition::NotBound if bound.by_name(device).is_none() => {
                format!("{} on {device}, {}", expected.address, absence(device, &self.vlans, bound))
            }
            Condition::NotBound => format!("{} on {device}", expected.address),
            other => format!(
                "{} {}",
                expected.address,
                other.reason(expected, bound, &self.on).unwrap_or_default()
            ),
        };
        let copy = |(device, condition): (&str, Condition)| Copy {
            expected,
            interface: device.to_owned(),
            condition,
            text: text(device, condition),
        };
        lacking.into_iter().map(copy).collect()
    }

    /// What became of an address on this interface.
    fn on_device(
        &self,
        expected: HostAddress,
        device: &str,
        bound: &Bound,
        faults: &[PortFault],
    ) -> Condition {
        let Some(interface) = bound.by_name(device) else { return Condition::NotBound };
        let there = |place: &&BoundAddress| place.interface == interface.index;
        let places: Vec<BoundAddress> =
            bound.places(expected.address).iter().filter(there).copied().collect();
        match Condition::of(expected, &places, bound, &self.on, faults) {
            Condition::Parked(on) => Condition::NoLink(on),
            condition => condition,
        }
    }
}

/// Whether an interface of this name is here and has a carrier.
fn is_up(name: &str, bound: &Bound) -> bool {
    bound.by_name(name).is_some_and(|here| here.link == Link::Up)
}

impl Observations {
    /// Returns how often addresses are expected beyond the first interface of each, and which of that is
    /// lacking.
    pub(crate) fn copies(&self) -> (usize, Vec<Copy>) {
        self.expected.copies(&self.bound, &self.port_faults)
    }
}
