//! What goes with an address that is removed: the kernel removes the secondary IPv4 addresses of a subnet
//! with their primary, unless promote_secondaries is on.

use std::collections::BTreeSet;
use std::fs;
use std::net::IpAddr;

use addresses::brief;
use host_net::{Bound, BoundAddress};

use crate::link::Claims;
use crate::network::Network;

/// How many characters of a cause go to the addresses.
const ROOM: usize = 40;
/// The setting that holds on all interfaces, whatever that of one is.
const ALL: &str = "/proc/sys/net/ipv4/conf/all/promote_secondaries";

/// Returns the other addresses that would go with this one, in words. `None` if there are none. Those that
/// another host has too, by `claims`, go anyway.
pub(super) fn kept_for(bound: &Bound, place: &BoundAddress, claims: &Claims) -> Option<String> {
    let interface = bound.interface(place.interface)?;
    if place.address.is_ipv6() || place.flags.secondary() || interface.promotes_secondaries == Some(true) {
        return None;
    }
    let network = Network::of(place.address, place.prefix);
    let is_secondary = |other: &&BoundAddress| {
        other.interface == place.interface
            && other.flags.secondary()
            && other.prefix == place.prefix
            && network.contains(other.address)
    };
    let others = bound.addresses.iter().filter(is_secondary).map(|other| other.address);
    let others: BTreeSet<IpAddr> = others.filter(|address| !claims.contains_key(address)).collect();
    let promotes = || fs::read_to_string(ALL).is_ok_and(|setting| setting.trim() == "1");
    if others.is_empty() || promotes() {
        return None;
    }
    let others: Vec<IpAddr> = others.into_iter().collect();
    Some(format!("{} would go with it", brief(&others, ROOM)))
}
