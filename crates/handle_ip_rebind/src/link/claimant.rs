//! Another host that claims an address.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use crate::ethernet::Mac;

/// The claimed addresses, each with its claimant.
pub(crate) type Claims = BTreeMap<IpAddr, Claimant>;

/// Another host that claims an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Claimant {
    /// Its hardware address. `None` if the claim does not contain it.
    pub(crate) mac: Option<Mac>,
    /// Whether it has the address. Otherwise it probes for the address in order to take it (RFC 5227, section
    /// 2.1.1).
    pub(crate) has_it: bool,
}

impl Claimant {
    /// Returns why the address is left alone on this interface.
    pub(crate) fn reason(self, interface: &str) -> String {
        if self.has_it {
            format!("{self} has it on {interface}")
        } else {
            format!("{self} is probing for it too")
        }
    }

    /// Notes the claim. The claim of a host that has the address replaces one of a host that probes for it.
    pub(crate) fn note(self, address: IpAddr, claims: &mut Claims) {
        let known = claims.entry(address).or_insert(self);
        if self.has_it {
            *known = self;
        }
    }
}

impl fmt::Display for Claimant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.mac {
            Some(mac) => mac.fmt(f),
            None => f.write_str("another host"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_that_has_an_address_comes_before_one_that_probes_for_it() {
        let (address, mac) = ("192.0.2.31".parse().unwrap(), Some(Mac([2, 0, 0, 0, 0, 1])));
        let mut claims = Claims::new();
        let mut reason = |claimant: Claimant| {
            claimant.note(address, &mut claims);
            claims[&address].reason("eth0")
        };
        let probing = "02:00:00:00:00:01 is probing for it too";
        assert_eq!(reason(Claimant { mac, has_it: false }), probing);
        assert_eq!(reason(Claimant { mac: None, has_it: true }), "another host has it on eth0");
        assert_eq!(reason(Claimant { mac, has_it: false }), "another host has it on eth0");
    }
}
