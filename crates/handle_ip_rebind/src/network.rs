//! A network, and which of its addresses no host has.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use addresses::{HostAddress, subnet_ends};
use serde::{Deserialize, Serialize};

/// A network by its first address and its prefix length.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct Network {
    /// Its first address.
    pub(crate) first: IpAddr,
    /// The prefix length, in bits.
    pub(crate) prefix: u8,
}

/// The error of a text that is not a [`Network`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0} is not a network as in 203.0.113.0/24")]
pub(crate) struct InvalidNetwork(String);

impl Network {
    /// Creates the network with this prefix length that an address is in.
    pub(crate) fn of(address: IpAddr, prefix: u8) -> Self {
        let first = match address {
            IpAddr::V4(address) => IpAddr::V4(
                (address.to_bits() & u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)).into(),
            ),
            IpAddr::V6(address) => IpAddr::V6(
                (address.to_bits() & u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0)).into(),
            ),
        };
        Self { first, prefix }
    }

    /// Returns the IPv4 network that this one of IPv6 maps (RFC 4291, section 2.5.5.2). `None` if it maps
    /// none.
    pub(crate) fn mapped(self) -> Option<Self> {
        let IpAddr::V6(first) = self.first else { return None };
        Some(Self::of(first.to_ipv4_mapped()?.into(), self.prefix.checked_sub(96)?))
    }

    /// Returns whether it is one of IPv6.
    pub(crate) fn is_ipv6(self) -> bool {
        self.first.is_ipv6()
    }

    /// Returns whether its addresses are link-local: every interface has that network.
    pub(crate) fn is_link_local(self) -> bool {
        matches!(self.first, IpAddr::V6(first) if first.is_unicast_link_local())
    }

    /// Returns whether an address is in it.
    pub(crate) fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.first.is_ipv4() && Self::of(address, self.prefix) == self
    }

    /// Returns why no host has this address in this network. `None` if one can. A /31 and a /32 have hosts
    /// alone (RFC 3021), and a /127 likewise (RFC 6164).
    pub(crate) fn reserves(self, address: IpAddr) -> Option<String> {
        match (self.first, address) {
            (IpAddr::V4(first), IpAddr::V4(address)) => match subnet_ends(first, self.prefix)? {
                (own, _) if address == own => Some(format!("the network address of {self}")),
                (_, broadcast) if address == broadcast => Some(format!("the broadcast address of {self}")),
                _ => None,
            },
            (IpAddr::V6(first), IpAddr::V6(address)) if self.prefix < 127 && address == first => {
                // RFC 4291, section 2.6.1.
                Some(format!("the anycast address of the routers of {self}"))
            }
            _ => None,
        }
    }
}

/// Returns why no host has this address in any network. `None` if one can.
pub(crate) fn reserved(address: IpAddr) -> Option<&'static str> {
    match address {
        _ if address.is_loopback() => Some("a loopback address"),
        _ if address.is_multicast() => Some("a multicast address"),
        IpAddr::V4(address) if address.is_link_local() => Some("a link-local address"),
        IpAddr::V6(address) if Ipv6Addr::is_unicast_link_local(&address) => Some("a link-local address"),
        IpAddr::V4(address) => reserved_ipv4(address),
        IpAddr::V6(address) => reserved_ipv6(address),
    }
}

/// The registry of IPv4's special purposes (RFC 6890), of it what no interface has.
fn reserved_ipv4(address: Ipv4Addr) -> Option<&'static str> {
    match address.octets() {
        [0, ..] => Some("in 0.0.0.0/8, which no host has"),
        [240..=255, ..] => Some("in 240.0.0.0/4, which no host has"),
        [192, 88, 99, _] => Some("in 192.88.99.0/24, once the relays of 6to4"),
        _ => None,
    }
}

/// The same of IPv6.
fn reserved_ipv6(address: Ipv6Addr) -> Option<&'static str> {
    match address.segments() {
        [0, 0, 0, 0, 0, 0, ..] => Some("in ::/96, which no host has"),
        [0x64, 0xff9b, 0, 0, 0, 0, ..] => Some("in 64:ff9b::/96, which stands for IPv4 addresses"),
        [0x100, 0, 0, 0, ..] => Some("in 100::/64, which routers discard"),
        _ => None,
    }
}

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(addresses::short(text));
        let (first, prefix) = text.split_once('/').ok_or_else(invalid)?;
        // What no host can have, such as 0.0.0.0, begins a network all the same; the rest is checked as a
        // host's address is.
        let first: IpAddr = first.parse().map_err(|_| invalid())?;
        let most = if first.is_ipv4() { 32 } else { 128 };
        let digits = (1..=3).contains(&prefix.len()) && prefix.bytes().all(|octet| octet.is_ascii_digit());
        let prefix = prefix.parse().ok().filter(|prefix| digits && *prefix <= most).ok_or_else(invalid)?;
        Some(Self::of(first, prefix)).filter(|network| network.first == first).ok_or_else(invalid)
    }
}

impl TryFrom<String> for Network {
    type Error = InvalidNetwork;

    fn try_from(text: String) -> Result<Self, InvalidNetwork> {
        text.parse()
    }
}

impl From<Network> for String {
    fn from(network: Network) -> Self {
        network.to_string()
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        HostAddress { address: self.first, prefix: Some(self.prefix) }.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_is_read_and_knows_its_addresses() {
        for text in
            ["203.0.113.0/24", "0.0.0.0/0", "192.0.2.7/32", "2001:db8::/32", "::/0", "2001:db8::1/128"]
        {
            assert_eq!(text.parse::<Network>().map(|network| network.to_string()), Ok(text.to_owned()));
        }
        for text in
            ["203.0.113.1/24", "203.0.113.0", "203.0.113.0/33", "203.0.113.0/+1", "x/24", "", "/", "::1/64"]
        {
            assert!(text.parse::<Network>().is_err(), "{text}");
        }
        let network: Network = "203.0.113.64/26".parse().unwrap();
        let contains = |address: &str| network.contains(address.parse().unwrap());
        assert!(
            contains("203.0.113.64")
                && contains("203.0.113.127")
                && !contains("203.0.113.128")
                && !contains("::1")
        );
        assert!("::/0".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
    }

    #[test]
    fn no_host_has_the_first_and_the_last_address() {
        let rows = [
            ("203.0.113.0", 24, Some("the network address of 203.0.113.0/24")),
            ("203.0.113.255", 24, Some("the broadcast address of 203.0.113.0/24")),
            ("203.0.113.1", 24, None),
            ("203.0.113.3", 30, Some("the broadcast address of 203.0.113.0/30")),
            ("203.0.113.3", 31, None),
            ("203.0.113.0", 32, None),
            ("2001:db8::", 64, Some("the anycast address of the routers of 2001:db8::/64")),
            ("2001:db8::1", 64, None),
            ("2001:db8::", 127, None),
        ];
        for (address, prefix, why) in rows {
            let address = address.parse().unwrap();
            assert_eq!(Network::of(address, prefix).reserves(address).as_deref(), why, "{address}/{prefix}");
        }
        for (address, why) in [
            ("127.0.0.9", Some("a loopback address")),
            ("::1", Some("a loopback address")),
            ("0.1.2.3", Some("in 0.0.0.0/8, which no host has")),
            ("169.254.0.1", Some("a link-local address")),
            ("fe80::1", Some("a link-local address")),
            ("224.0.0.9", Some("a multicast address")),
            ("ff02::9", Some("a multicast address")),
            ("240.0.0.1", Some("in 240.0.0.0/4, which no host has")),
            ("255.255.255.254", Some("in 240.0.0.0/4, which no host has")),
            ("192.88.99.1", Some("in 192.88.99.0/24, once the relays of 6to4")),
            ("::192.0.2.1", Some("in ::/96, which no host has")),
            ("64:ff9b::c000:201", Some("in 64:ff9b::/96, which stands for IPv4 addresses")),
            ("100::1", Some("in 100::/64, which routers discard")),
            ("192.0.2.1", None),
            ("192.88.98.1", None),
            ("100:0:0:1::1", None),
            ("2001:db8::1", None),
        ] {
            assert_eq!(reserved(address.parse().unwrap()), why, "{address}");
        }
    }
}
