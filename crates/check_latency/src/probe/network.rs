//! What this machine's own networks tell: addresses that no host has, which are the network's own and the
//! broadcast address, and whether its tables of neighbours are full.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use addresses::subnet_ends;
use host_net::{Bound, BoundAddress, NeighbourTable};
use plugin::Deadline;

use crate::seen::Seen;
use crate::target::{Targets, Unusable};

/// Returns in words what an address is that no host has.
pub(crate) fn kind(bound: &Bound, address: IpAddr) -> Option<&'static str> {
    match address {
        IpAddr::V4(address) => kinds(bound).remove(&address),
        IpAddr::V6(_) => None,
    }
}

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

/// Names a full table of neighbours where it is why nothing could be sent, and returns what to do about it.
pub(crate) fn name_full_tables<'a>(
    seen: impl Iterator<Item = (SocketAddr, &'a mut Seen)>,
    deadline: &Deadline,
) -> Option<String> {
    name_full(seen, || NeighbourTable::read_all(deadline).unwrap_or_default())
}

fn name_full<'a>(
    seen: impl Iterator<Item = (SocketAddr, &'a mut Seen)>,
    read: impl FnOnce() -> Vec<NeighbourTable>,
) -> Option<String> {
    let mut refused = seen.filter(|(_, seen)| seen.sent == 0 && seen.no_room).peekable();
    refused.peek()?;
    let tables = read();
    let of_family = |v6: bool| tables.iter().any(|table| table.v6 == v6 && table.is_full());
    let (v4, v6) = (of_family(false), of_family(true));
    let mut is_any = false;
    for (_, seen) in refused.filter(|(address, _)| if address.is_ipv6() { v6 } else { v4 }) {
        seen.unsent = Some(NeighbourTable::FULL_HERE.to_owned());
        is_any = true;
    }
    is_any.then(|| format!("{}: {}", NeighbourTable::FULL_HERE, NeighbourTable::REMEDY))
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

    #[test]
    fn a_full_table_of_neighbours_is_named_for_its_family() {
        let table = |v6, entries| NeighbourTable { v6, entries, limit: 1_024, ..NeighbourTable::default() };
        let (full, no_room) = ("neighbour table full here", "no buffer space available");
        let advice = "neighbour table full here: raise net.ipv4.neigh.default.gc_thresh3 (and net.ipv6) above the \
                      number of neighbours";
        // (the entries of both tables, how many pings were sent, whether there was a lack of room, what the
        // targets of both families were not sent for)
        let rows = [
            ((1_024, 7), 0, true, [full, no_room]),
            ((7, 973), 0, true, [no_room, full]),
            ((972, 7), 0, true, [no_room; 2]),
            ((1_024, 1_024), 0, true, [full; 2]),
            // One that had room, or was not sent for another reason.
            ((1_024, 1_024), 1, true, [no_room; 2]),
            ((1_024, 1_024), 0, false, [no_room; 2]),
        ];
        for ((v4, v6), sent, is_room_missing, expected) in rows {
            let unsent = Some(no_room.to_owned());
            let seen = Seen { sent, unsent, no_room: is_room_missing, ..Seen::default() };
            let mut both = ["192.0.2.1:0", "[2001:db8::1]:0"]
                .map(|to| (to.parse::<SocketAddr>().unwrap(), seen.clone()));
            let all = both.iter_mut().map(|(address, seen)| (*address, seen));
            let said = name_full(all, || vec![table(false, v4), table(true, v6)]);
            assert_eq!(both.map(|(_, seen)| seen.unsent.unwrap()), expected);
            assert_eq!(said.as_deref(), expected.contains(&full).then_some(advice));
        }
    }
}
