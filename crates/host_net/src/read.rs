//! Reads what the kernel has, in order: by rtnetlink on Linux, the addresses by getifaddrs(3) elsewhere and
//! where netlink is refused.

use std::net::IpAddr;
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

/// Sorts the addresses. The kernel lists them by interface, so that those of several are merged many times:
/// first as numbers, which is far cheaper, and then only what is the same as a number is left to sort.
fn sort(addresses: &mut [BoundAddress]) {
    let key = |(place, bound): (u32, &BoundAddress)| match bound.address {
        IpAddr::V4(address) => u64::from(address.to_bits()) << 32 | u64::from(place),
        IpAddr::V6(_) => u64::from(u32::MAX) << 32 | u64::from(place),
    };
    let mut keys: Vec<u64> = (0..).zip(&*addresses).map(key).collect();
    keys.sort();
    let mut equal = Vec::new();
    let mut end = 0;
    for same in keys.chunk_by(|one, next| one >> 32 == next >> 32) {
        end += same.len();
        if same.len() > 1 {
            equal.push(end - same.len()..end);
        }
    }
    arrange(addresses, &mut keys);
    for same in equal {
        addresses.get_mut(same).unwrap_or_default().sort();
    }
}

/// Puts the addresses into the order of the keys, whose lower halves are the places where they stand. It
/// needs no second list of them: memory that was never touched costs more than the moves.
fn arrange(addresses: &mut [BoundAddress], keys: &mut [u64]) {
    for start in 0..addresses.len() {
        // Each place takes over from another, and that one from a third, until the first is reached.
        let mut place = start;
        while let Some(key) = keys.get_mut(place) {
            let source = std::mem::replace(key, place as u64) as u32 as usize;
            if source == start {
                break;
            }
            addresses.swap(place, source);
            place = source;
        }
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
            "10.0.0.1 10.0.0.4 10.0.0.7 10.0.0.2 10.0.0.5 10.0.0.8 10.0.0.3 10.0.0.6 10.0.0.9 2001:db8::2 2001:db8::1 ::1",
            "10.0.0.5 10.0.0.1 10.0.0.2 10.0.0.3 10.0.0.4 10.0.0.9 10.0.0.8 10.0.0.7 10.0.0.6",
            "2001:db8::2 10.0.0.2 2001:db8::1 10.0.0.1",
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

    #[test]
    fn the_places_of_an_address_are_sorted_too() {
        let places =
            [("10.0.0.1", 9), ("10.0.0.2", 7), ("10.0.0.1", 3), ("10.0.0.1", 5), ("::1", 4), ("::1", 2)];
        let mut sorted = places.map(|(address, interface)| bound(address, interface));
        sort(&mut sorted);
        assert_eq!(sorted.map(|bound| bound.interface), [3, 5, 9, 7, 2, 4]);
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
