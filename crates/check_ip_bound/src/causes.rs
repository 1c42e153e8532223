//! One cause behind many missing addresses, said once: the primary address of a subnet that took its secondaries along.
//!
//! Linux keeps the addresses of one subnet on one interface as a primary and its secondaries. While promote_secondaries is off,
//! the kernel's default, deleting the primary deletes them all, and putting it back does not bring them back.

use std::collections::BTreeSet;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use addresses::{Bound, BoundAddress};

use crate::Seen;
use crate::finding::Finding;

/// A subnet of which several wanted addresses are missing for what looks like one cause.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct LostSubnet {
    addresses: Vec<IpAddr>,
    reason: String,
}

impl LostSubnet {
    /// Each missing address and why it is missing, to follow it and a colon.
    pub(crate) fn each(&self) -> impl Iterator<Item = (IpAddr, &str)> {
        self.addresses.iter().map(|address| (*address, self.reason.as_str()))
    }
}

/// The subnets that lost all their secondaries on a host where they go with their primary: none where that cannot be known.
pub(crate) fn lost_subnets(seen: &Seen) -> Vec<LostSubnet> {
    if seen.promotes_all != Some(false) {
        return Vec::new();
    }
    let known = known_subnets(&seen.bound);
    let mut lost: Vec<(Subnet, Vec<IpAddr>)> = Vec::new();
    for (want, finding) in &seen.findings {
        let (IpAddr::V4(address), Finding::NotBound) = (want.expected.address, finding) else { continue };
        let prefix = want.expected.prefix.or_else(|| neighbourhood(address, &known));
        let subnet = Subnet::of(address, prefix.unwrap_or(24));
        match lost.last_mut() {
            Some((last, addresses)) if *last == subnet => addresses.push(address.into()),
            _ => lost.push((subnet, vec![address.into()])),
        }
    }
    let several = lost.into_iter().filter(|(_, addresses)| addresses.len() > 1);
    several.filter_map(|(subnet, addresses)| explain(subnet, addresses, &seen.bound)).collect()
}

fn explain(subnet: Subnet, addresses: Vec<IpAddr>, bound: &Bound) -> Option<LostSubnet> {
    let off = |index| bound.interface(index).is_some_and(|interface| interface.promotes_secondaries == Some(false));
    let any_off = || bound.interfaces.iter().any(|interface| !interface.loopback && off(interface.index));
    let left = match subnet.members(bound) {
        [] if any_off() => format!("nor is any other of the same /{}", subnet.prefix),
        [primary] if !primary.flags.secondary() && off(primary.interface) => format!("only {} of {subnet} is", primary.address),
        _ => return None,
    };
    let reason = format!("not bound, {left}; with promote_secondaries off, secondaries go with their primary");
    Some(LostSubnet { addresses, reason })
}

/// An IPv4 network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Subnet {
    prefix: u8,
    network: Ipv4Addr,
}

impl Subnet {
    fn of(address: Ipv4Addr, prefix: u8) -> Self {
        Self { prefix, network: Ipv4Addr::from_bits(address.to_bits() & !Self::host_bits(prefix)) }
    }

    fn host_bits(prefix: u8) -> u32 {
        u32::MAX.checked_shr(prefix.into()).unwrap_or(0)
    }

    /// The bound addresses in this network.
    fn members(self, bound: &Bound) -> &[BoundAddress] {
        let last = Ipv4Addr::from_bits(self.network.to_bits() | Self::host_bits(self.prefix));
        let start = bound.addresses.partition_point(|bound| bound.address < IpAddr::V4(self.network));
        let end = bound.addresses.partition_point(|bound| bound.address <= IpAddr::V4(last));
        bound.addresses.get(start..end).unwrap_or_default()
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

/// The networks that bound addresses are in.
fn known_subnets(bound: &Bound) -> BTreeSet<Subnet> {
    let subnet = |bound: &BoundAddress| match bound.address {
        IpAddr::V4(address) if bound.prefix < 32 => Some(Subnet::of(address, bound.prefix)),
        _ => None,
    };
    bound.addresses.iter().filter_map(subnet).collect()
}

/// The prefix length of the smallest known network that has the address.
fn neighbourhood(address: Ipv4Addr, known: &BTreeSet<Subnet>) -> Option<u8> {
    (0..32).rev().find(|&prefix| known.contains(&Subnet::of(address, prefix)))
}
