//! Addresses of this machine's own networks that no host has: the network's own and the broadcast address.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use addresses::subnet_ends;
use host_net::{Bound, BoundAddress};

use crate::target::{Targets, Unusable};

/// Takes such addresses out of the targets: a ping to them is refused, or answered by other hosts.
pub(crate) fn refuse(targets: &mut Targets, bound: &Bound) {
    let kinds = kinds(bound);
    let kind = |address: SocketAddr| match address {
        SocketAddr::V4(v4) => kinds.get(v4.ip()).copied(),
        SocketAddr::V6(_) => None,
    };
    targets.all.retain(|target| {
        let Some(kind) = kind(target.address) else { return true };
        let why = format!("{} not pinged: {kind}", target.name());
        targets.unusable.push(Unusable::new(why));
        false
    });
}

/// What these addresses are, in words.
fn kinds(bound: &Bound) -> HashMap<Ipv4Addr, &'static str> {
    let networks = bound.addresses.iter().filter_map(|BoundAddress { address, prefix, .. }| match address {
        IpAddr::V4(address) => subnet_ends(*address, *prefix),
        IpAddr::V6(_) => None,
    });
    let mut kinds = HashMap::new();
    for (first, last) in networks {
        kinds.insert(first, "the address of a network");
        kinds.insert(last, "a broadcast address");
    }
    // With a point-to-point link, this machine may have such an address itself.
    kinds.retain(|address, _| bound.places(IpAddr::V4(*address)).is_empty());
    kinds
}

#[cfg(test)]
mod tests {
    use host_net::Flags;

    use super::*;
    use crate::target::Target;

    #[test]
    fn only_own_networks_have_them() {
        let own = [("10.18.0.1", 16), ("192.0.2.8", 29), ("198.51.100.1", 31), ("203.0.113.7", 32)];
        let addresses = own.map(|(address, prefix)| BoundAddress {
            address: address.parse().unwrap(),
            interface: 1,
            prefix,
            flags: Flags(0x80),
        });
        let bound = Bound { addresses: addresses.to_vec(), ..Bound::default() };
        let all = [
            "10.18.0.0",
            "10.18.255.255",
            "10.18.1.255",
            "10.18.1.0",
            "192.0.2.8",
            "192.0.2.15",
            "192.0.2.255",
            "198.51.100.0",
            "198.51.100.1",
            "203.0.113.7",
            "203.0.113.255",
        ];
        let target = |address: &str| Target::new(SocketAddr::new(address.parse().unwrap(), 0), "");
        let mut targets = Targets { all: all.map(target).to_vec(), ..Targets::default() };
        targets.all.push(Target::new("[2001:db8::]:0".parse().unwrap(), ""));
        refuse(&mut targets, &bound);
        let refused: Vec<&str> = targets.unusable.iter().map(|unusable| &*unusable.why).collect();
        let expected = [
            "10.18.0.0 not pinged: the address of a network",
            "10.18.255.255 not pinged: a broadcast address",
            "192.0.2.15 not pinged: a broadcast address",
        ];
        assert_eq!(refused, expected);
        assert_eq!(targets.all.len(), all.len() + 1 - expected.len());
    }
}
