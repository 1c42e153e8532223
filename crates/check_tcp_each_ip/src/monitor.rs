//! The faults of the machine that checks. Whatever could not be reached because of them is no outage.

use std::net::IpAddr;

use host_net::{Bound, BoundAddress, Diagnosis, Explanation, RouteLookup, Silence};
use plugin::Deadline;

use crate::cause::{Cause, Local};
use crate::target::Target;

/// Descriptors that are not for connections: standard ones, those inherited, of the threads' epoll, netlink,
/// ping.
const RESERVED: u64 = 40;

/// Returns how many of the `wanted` connections the limit on open files allows beside `beside` others, and
/// raises the limit. The number is at least one: it waits until a descriptor is free.
pub(crate) fn room(wanted: usize, beside: usize) -> usize {
    let beside = u64::try_from(beside).unwrap_or(u64::MAX);
    plugin::open_files(wanted, RESERVED.saturating_add(beside))
}

/// Takes back the verdict on targets whose silence is this machine's fault.
pub(crate) fn excuse(
    diagnosis: &Diagnosis,
    targets: &[Target],
    failed: &mut [(u32, Cause)],
    deadline: &Deadline,
) {
    let address = |place: u32| {
        let target = usize::try_from(place).ok().and_then(|place| targets.get(place));
        target.map(|target| target.address)
    };
    let silent: Vec<(&mut Cause, (IpAddr, Silence))> = failed
        .iter_mut()
        .filter_map(|(place, cause)| {
            let silence = silence(cause)?;
            Some((cause, (address(*place)?, silence)))
        })
        .collect();
    let silences: Vec<(IpAddr, Silence)> = silent.iter().map(|(_, silence)| *silence).collect();
    for ((cause, _), better) in silent.into_iter().zip(diagnosis.explain(&silences, deadline)) {
        if let Some(better) = better {
            *cause = explained(better);
        }
    }
}

/// Takes back the verdict on targets to which the interface cannot lead: lo leads to this machine alone, and
/// no other one to the addresses of loopback, unless it has such addresses itself.
pub(crate) fn excuse_interface(
    interface: &str,
    targets: &[Target],
    failed: &mut [(u32, Cause)],
    deadline: &Deadline,
) {
    let is_cause = |cause: &Cause| silence(cause).is_some() || *cause == Cause::Refused;
    let mut ways = None;
    for (place, cause) in failed.iter_mut().filter(|(_, cause)| is_cause(cause)) {
        let target = usize::try_from(*place).ok().and_then(|place| targets.get(place));
        let ways = ways.get_or_insert_with(|| Ways::read(interface, deadline));
        let (Some(Target { address, .. }), Some(ways)) = (target, ways) else { return };
        if !ways.lead_to(*address, deadline) {
            *cause = Cause::Local(Local::Interface);
        }
    }
}

/// Where an interface may lead to.
enum Ways {
    /// lo: to what this machine takes for its own.
    Loopback(Bound, RouteLookup),
    /// Any other: to all but loopback, of which it has addresses of these families.
    Other { has_v4: bool, has_v6: bool },
}

impl Ways {
    /// Reads what the kernel has: `None` if it does not tell.
    fn read(interface: &str, deadline: &Deadline) -> Option<Self> {
        let bound = Bound::read(deadline).ok()?;
        if interface == "lo" {
            return Some(Self::Loopback(bound, RouteLookup::open().ok()?));
        }
        let index = bound.by_name(interface)?.index;
        let is_its_own = |one: &&BoundAddress| one.interface == index && one.address.is_loopback();
        let own: Vec<IpAddr> = bound.addresses.iter().filter(is_its_own).map(|one| one.address).collect();
        let (has_v4, has_v6) = (own.iter().any(IpAddr::is_ipv4), own.iter().any(IpAddr::is_ipv6));
        Some(Self::Other { has_v4, has_v6 })
    }

    /// Whether a packet to this address may reach a host that has it.
    fn lead_to(&mut self, address: IpAddr, deadline: &Deadline) -> bool {
        match self {
            Self::Loopback(bound, routes) => {
                let is_bound = !bound.places(address).is_empty();
                // Also a network that is local as a whole, of which no address is bound.
                let mut is_local = || match routes.to(address, deadline) {
                    Ok(route) => route.is_local,
                    Err(_) => deadline.remaining().is_zero(),
                };
                address.is_loopback() || is_bound || is_local()
            }
            Self::Other { has_v4, has_v6 } => match address {
                IpAddr::V4(address) => !address.is_loopback() || *has_v4,
                IpAddr::V6(address) => !address.is_loopback() || *has_v6,
            },
        }
    }
}

/// Returns how a target is silent, if this machine may be to blame for it.
fn silence(cause: &Cause) -> Option<Silence> {
    match cause {
        Cause::NoAnswer(_) => Some(Silence::NoAnswer),
        Cause::NoNeighbour => Some(Silence::NoNeighbour),
        Cause::Local(Local::NoRoute) => Some(Silence::NoRoute),
        Cause::Local(Local::Unconfirmed) => Some(Silence::Unconfirmed),
        _ => None,
    }
}

fn explained(by: Explanation) -> Cause {
    Cause::Local(match by {
        Explanation::Broadcast => Local::Broadcast,
        Explanation::LinkDown => Local::LinkDown,
        Explanation::NeighbourTable => Local::NeighbourTable,
        Explanation::Gateway => Local::Gateway,
        Explanation::Rejected => Local::Prohibited,
        Explanation::Conntrack => Local::Conntrack,
        Explanation::NoNeighbour => return Cause::NoNeighbour,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_takes_of_the_same_limit() {
        let all = room(usize::MAX >> 1, 0);
        let rows = [
            ((2, 1), 2),
            ((1, 0), 1),
            ((0, 1), 0),
            ((0, 0), 0),
            ((usize::MAX >> 1, 3), all - 3),
            ((5, usize::MAX >> 1), 1),
        ];
        for ((wanted, beside), expected) in rows {
            assert_eq!(room(wanted, beside), expected, "{wanted} beside {beside}");
        }
    }
}
