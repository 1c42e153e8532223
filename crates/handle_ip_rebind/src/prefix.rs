//! The prefix length that an address is bound with.
//!
//! A guess must never make a route that was not there: with /24 in place of /32 a whole network leaves by the
//! wrong interface. So without a list, a setting or a bound network that knows better, an address is bound
//! alone.

use std::net::IpAddr;

use crate::network::Network;

/// Returns the prefix length of an address: what its list says; else the longest network of the setting
/// `prefix` that it is in; else the longest network that the interface has an address in; else that of the
/// address alone.
pub(crate) fn prefix(address: IpAddr, listed: Option<u8>, set: &[(Network, u8)], bound: &[Network]) -> u8 {
    let set = || {
        let of = set.iter().filter(|(network, _)| network.contains(address));
        of.max_by_key(|(network, _)| network.prefix).map(|(_, prefix)| *prefix)
    };
    let covering =
        || bound.iter().filter(|network| network.contains(address)).map(|network| network.prefix).max();
    listed.or_else(set).or_else(covering).unwrap_or(if address.is_ipv4() { 32 } else { 128 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guess_makes_no_route() {
        let set = [("203.0.113.0/24", 24), ("203.0.113.64/26", 26), ("2001:db8:1::/48", 64)];
        let bound = ["192.0.2.0/24", "192.0.2.0/27", "2001:db8::/64"];
        let rows = [
            // The list's own mask, whatever else is there.
            ("203.0.113.77", Some(32), 32),
            ("192.0.2.9", Some(25), 25),
            ("203.0.113.77", None, 26),
            ("203.0.113.9", None, 24),
            ("192.0.2.9", None, 27),
            ("192.0.2.77", None, 24),
            ("198.51.100.1", None, 32),
            ("2001:db8::77", None, 64),
            ("2001:db8:1::77", None, 64),
            ("2001:db8:2::77", None, 128),
        ];
        let set = set.map(|(network, prefix)| (network.parse().unwrap(), prefix));
        let bound = bound.map(|network| network.parse().unwrap());
        for (address, listed, expected) in rows {
            assert_eq!(
                prefix(address.parse().unwrap(), listed, &set, &bound),
                expected,
                "{address} {listed:?}"
            );
        }
    }
}
