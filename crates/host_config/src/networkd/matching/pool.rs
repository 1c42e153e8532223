//! The addresses that networkd takes of its pools, for `Address=0.0.0.0/28` and the like, and of the prefixes
//! that it sends.

use addresses::HostAddress;

use super::Match;
use crate::located::Located;
use crate::promise::{Place, Possible};

/// networkd's pools: a network of one that no interface of the host has.
const POOLS: [&str; 4] = ["192.168.0.0/16", "172.16.0.0/12", "10.0.0.0/8", "fd00::/8"];

impl Match {
    /// Returns the addresses that an interface may have by a line of this place: none where names do not tell
    /// the interfaces.
    pub(in crate::networkd) fn pool(&self, place: &Place) -> Vec<Possible> {
        let Some(patterns) = self.patterns() else { return Vec::new() };
        let interface = patterns.join(",");
        let pools = POOLS.iter().filter_map(|pool| pool.parse().ok());
        let possible = |addresses| Possible {
            addresses,
            interface: Some(interface.clone()),
            why: format!("{place}: an address of a pool"),
        };
        pools.map(possible).collect()
    }

    /// Returns the addresses that an interface may have of a router: none where names do not tell it.
    pub(in crate::networkd) fn advertised(&self, place: &Place) -> Vec<Possible> {
        let Some(patterns) = self.patterns() else { return Vec::new() };
        Possible::advertised(Some(&patterns.join(",")), place).collect()
    }

    /// Returns the addresses that an interface may have by `[IPv6Prefix] Assign=yes`: of any interface where
    /// names do not tell it.
    pub(in crate::networkd) fn of_prefix(&self, prefix: &Located<HostAddress>) -> Possible {
        Possible {
            addresses: prefix.value,
            interface: self.patterns().map(|patterns| patterns.join(",")),
            why: format!("{}: an address of the prefix", prefix.place),
        }
    }
}
