//! Reads what the kernel has, in order: by rtnetlink on Linux, the addresses by getifaddrs(3) elsewhere and
//! where netlink is refused.

use std::path::Path;

use plugin::Deadline;

use crate::bound::{Bound, BoundAddress};
use crate::portable;
use crate::routes::{DefaultRoute, TableRoute};
#[cfg(target_os = "linux")]
use crate::{rtnetlink, rtroute};

/// The kernel's module of the table broute, while it is loaded.
const BROUTE: &str = "/sys/module/ebtable_broute";

/// Why the bound addresses cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadBoundError {
    /// The kernel refused or answered something else than addresses, and getifaddrs(3) did no better.
    #[error("reading the bound addresses: {netlink}; by getifaddrs: {getifaddrs}")]
    Refused {
        /// What became of netlink.
        netlink: String,
        /// What became of getifaddrs(3).
        getifaddrs: String,
    },
    /// The routes cannot be read.
    #[error("reading the routes: {0}")]
    Routes(String),
    /// The deadline came first.
    #[error("reading the bound addresses: no complete answer within {0} s")]
    TooSlow(f64),
}

impl Bound {
    /// Reads what is bound here: by rtnetlink on Linux, by getifaddrs(3) elsewhere and where netlink is
    /// refused.
    ///
    /// # Errors
    /// [`ReadBoundError`].
    pub fn read(deadline: &Deadline) -> Result<Self, ReadBoundError> {
        // Each wait for the kernel's answer has a limit; what waits inside the kernel, no thread of ours
        // could end.
        let _step = deadline.bounded_step("reading the bound addresses");
        let mut bound = read_by_any_means(deadline)?;
        bound.interfaces.sort_by_key(|interface| interface.index);
        sort(&mut bound.addresses);
        bound.routes_from_ports =
            bound.interfaces.iter().any(|each| each.controller.is_some()) && Path::new(BROUTE).exists();
        Ok(bound)
    }
}

impl TableRoute {
    /// Returns the routes of one address family, of whatever table, that are to be kept.
    ///
    /// # Errors
    /// [`ReadBoundError`]: netlink is refused, or there is none on this system.
    #[cfg(target_os = "linux")]
    pub fn read(
        ipv6: bool,
        keeps: impl Fn(&Self) -> bool,
        deadline: &Deadline,
    ) -> Result<Vec<Self>, ReadBoundError> {
        let _step = deadline.bounded_step("reading the routes");
        rtroute::read_all(ipv6, keeps, deadline).map_err(|error| ReadBoundError::Routes(error.to_string()))
    }

    /// Returns the routes of one address family, of whatever table, that are to be kept.
    ///
    /// # Errors
    /// Always, on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn read(
        _ipv6: bool,
        _keeps: impl Fn(&Self) -> bool,
        _deadline: &Deadline,
    ) -> Result<Vec<Self>, ReadBoundError> {
        Err(ReadBoundError::Routes("this system has no netlink".to_owned()))
    }
}

impl TableRoute {
    /// Returns the routes of one address family in the main table that are to be kept. `reads` tells which
    /// are looked at, by their prefix length and their origin, as in linux/rtnetlink.h's RTPROT_: the others
    /// cost next to nothing.
    ///
    /// # Errors
    /// [`ReadBoundError`]: netlink is refused, or there is none on this system.
    #[cfg(target_os = "linux")]
    pub fn read_main(
        ipv6: bool,
        reads: impl Fn(u8, u8) -> bool,
        keeps: impl Fn(&Self) -> bool,
        deadline: &Deadline,
    ) -> Result<Vec<Self>, ReadBoundError> {
        let _step = deadline.bounded_step("reading the routes");
        let read = rtroute::read_main(ipv6, reads, keeps, deadline);
        read.map_err(|error| ReadBoundError::Routes(error.to_string()))
    }

    /// Returns the routes of one address family in the main table that are to be kept.
    ///
    /// # Errors
    /// Always, on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn read_main(
        _ipv6: bool,
        _reads: impl Fn(u8, u8) -> bool,
        _keeps: impl Fn(&Self) -> bool,
        _deadline: &Deadline,
    ) -> Result<Vec<Self>, ReadBoundError> {
        Err(ReadBoundError::Routes("this system has no netlink".to_owned()))
    }
}

impl DefaultRoute {
    /// Returns the default routes of one address family in the main table, the best first.
    ///
    /// # Errors
    /// [`ReadBoundError`]: netlink is refused, or there is none on this system.
    #[cfg(target_os = "linux")]
    pub fn read(ipv6: bool, deadline: &Deadline) -> Result<Vec<Self>, ReadBoundError> {
        let _step = deadline.bounded_step("reading the default routes");
        let mut routes =
            rtroute::read(ipv6, deadline).map_err(|error| ReadBoundError::Routes(error.to_string()))?;
        routes.sort();
        Ok(routes)
    }

    /// Returns the default routes of one address family in the main table, the best first.
    ///
    /// # Errors
    /// Always, on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn read(_ipv6: bool, _deadline: &Deadline) -> Result<Vec<Self>, ReadBoundError> {
        Err(ReadBoundError::Routes("this system has no netlink".to_owned()))
    }
}

/// Sorts the addresses. The kernel lists them mostly in order, but for loopback's, which come first: taken
/// out and put in again where they belong, they spare a merge of all the others.
fn sort(addresses: &mut Vec<BoundAddress>) {
    let first = addresses
        .windows(2)
        .position(|pair| pair.first() > pair.last())
        .map_or(addresses.len(), |last| last + 1);
    let few: Vec<BoundAddress> = addresses.drain(..if first <= 4 { first } else { 0 }).collect();
    addresses.sort();
    for address in few {
        addresses.insert(addresses.partition_point(|other| *other < address), address);
    }
}

#[cfg(target_os = "linux")]
fn read_by_any_means(deadline: &Deadline) -> Result<Bound, ReadBoundError> {
    let netlink = match rtnetlink::read(deadline) {
        Ok(bound) => return Ok(bound),
        Err(_) if deadline.is_over() => return Err(ReadBoundError::TooSlow(deadline.limit().as_secs_f64())),
        Err(error) => error.to_string(),
    };
    let _step = deadline.step("reading the bound addresses by getifaddrs");
    portable::read().map_err(|error| ReadBoundError::Refused { netlink, getifaddrs: plugin::reason(&error) })
}

#[cfg(not(target_os = "linux"))]
fn read_by_any_means(deadline: &Deadline) -> Result<Bound, ReadBoundError> {
    let _step = deadline.step("reading the bound addresses by getifaddrs");
    let netlink = "this system has no netlink".to_owned();
    portable::read().map_err(|error| ReadBoundError::Refused { netlink, getifaddrs: plugin::reason(&error) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bound::Flags;

    fn bound(address: &str, interface: u32) -> BoundAddress {
        BoundAddress { address: address.parse().unwrap(), prefix: 24, interface, flags: Flags(0x80) }
    }

    #[test]
    fn sorts_whatever_the_order() {
        let orders = [
            "127.0.0.1 10.0.0.1 10.0.0.2 ::1",
            "10.0.0.1 10.0.0.2",
            "10.0.0.9 10.0.0.1 10.0.0.5 ::2 ::1",
            "10.0.0.1",
            "",
        ];
        for order in orders {
            let mut sorted: Vec<_> = order.split_whitespace().map(|address| bound(address, 2)).collect();
            let mut expected = sorted.clone();
            expected.sort();
            sort(&mut sorted);
            assert_eq!(sorted, expected, "{order}");
        }
    }

    /// The two readings of the very machine that runs the test.
    #[test]
    #[cfg(target_os = "linux")]
    fn netlink_and_getifaddrs_agree() {
        let seen = |bound: Bound| {
            let name = |index| bound.interface(index).map(|interface| interface.name.clone());
            let mut seen: Vec<_> = bound
                .addresses
                .iter()
                .map(|bound| (bound.address, bound.prefix, name(bound.interface)))
                .collect();
            seen.sort();
            seen
        };
        let by_netlink = Bound::read(&Deadline::after(std::time::Duration::from_secs(8))).unwrap();
        let by_getifaddrs = seen(portable::read().unwrap());
        assert!(by_getifaddrs.iter().any(|(address, ..)| address.is_loopback()), "{by_getifaddrs:?}");
        assert_eq!(seen(by_netlink), by_getifaddrs);
    }
}
