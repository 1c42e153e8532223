//! That no permanent address of an interface is its lease.

use host_net::BoundAddress;

/// Where no permanent address is a lease.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoLease {
    /// The index of the interface.
    pub interface: u32,
    /// Whether it is about IPv6.
    pub ipv6: bool,
    /// What shows it, to follow "192.0.2.77 is no lease".
    pub why: &'static str,
}

impl NoLease {
    /// Returns whether it is about this address.
    pub(crate) fn is_about(&self, each: &BoundAddress) -> bool {
        each.flags.permanent() && self.interface == each.interface && self.ipv6 == each.address.is_ipv6()
    }
}
