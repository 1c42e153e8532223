//! Networks given as addresses: refused, or taken apart into the addresses of their hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::ops::RangeInclusive;

use addresses::HostAddress;

/// The prefixes of single addresses.
const SINGLE: [u8; 2] = [32, 128];
/// The prefixes of links of two hosts, whose networks have no address but theirs (RFC 3021, RFC 6164).
const PAIR: [u8; 2] = [31, 127];
/// The shortest prefixes that are expanded: 4,096 addresses.
const SHORTEST: [u8; 2] = [20, 116];

/// Why an address with a prefix length cannot be checked.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAHost {
    /// All of its host bits are zero.
    #[error("{0} is a network: name its addresses, or say --expand")]
    Network(HostAddress),
    /// All of its host bits are one.
    #[error("{0} is a broadcast address")]
    Broadcast(HostAddress),
    /// It has too many addresses.
    #[error(
        "{0} is too large to expand: IPv4 networks of /20 to /31 and IPv6 ones of /116 to /127 are possible"
    )]
    TooLarge(HostAddress),
    /// Networks are to be expanded, and it may be meant as one: its address and its network.
    #[error(
        "{0} is one address of a network: with --expand write {1} for all of them, or {address} alone",
        address = .0.address
    )]
    HostBits(HostAddress, HostAddress),
}

/// Returns the addresses that `given` stands for: itself, whatever prefix length it has, or the hosts of the
/// network that it is, if networks are to be expanded.
///
/// # Errors
/// [`NotAHost`]: it is a network that is not expanded, or a broadcast address; or networks are to be
/// expanded, and it is an address within one.
pub(crate) fn hosts(given: HostAddress, expand: bool) -> Result<Vec<IpAddr>, NotAHost> {
    let v6 = given.address.is_ipv6();
    let of = |[v4, other]: [u8; 2]| if v6 { other } else { v4 };
    let Some(prefix) = given.prefix.filter(|prefix| *prefix < of(SINGLE)) else {
        return Ok(vec![given.address]);
    };
    let bits = match given.address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    };
    let mask = u128::MAX >> (128 - u32::from(of(SINGLE) - prefix));
    let (network, last) = (bits & !mask, bits | mask);
    let is_pair = prefix == of(PAIR);
    match (bits == network, expand) {
        _ if bits == last && !v6 && !is_pair => Err(NotAHost::Broadcast(given)),
        (true, false) if !is_pair => Err(NotAHost::Network(given)),
        (_, false) => Ok(vec![given.address]),
        (true, true) if prefix < of(SHORTEST) => Err(NotAHost::TooLarge(given)),
        (true, true) if is_pair => Ok(addresses(network..=last, v6)),
        // Neither the network itself, which in IPv6 is every router (RFC 4291), nor IPv4's broadcast address.
        (true, true) => Ok(addresses(network + 1..=last - u128::from(!v6), v6)),
        (false, true) => {
            let address = addresses(network..=network, v6).pop().unwrap_or(given.address);
            Err(NotAHost::HostBits(given, HostAddress { address, ..given }))
        }
    }
}

fn addresses(bits: RangeInclusive<u128>, v6: bool) -> Vec<IpAddr> {
    bits.filter_map(|bits| address(bits, v6)).collect()
}

fn address(bits: u128, v6: bool) -> Option<IpAddr> {
    if v6 {
        return Some(Ipv6Addr::from_bits(bits).into());
    }
    u32::try_from(bits).ok().map(|bits| Ipv4Addr::from_bits(bits).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_refused_or_expanded() {
        let hosts = |text: &str, expand| {
            let found = hosts(text.parse().unwrap(), expand).map_err(|error| error.to_string())?;
            Ok((found.len(), found.first().unwrap().to_string(), found.last().unwrap().to_string()))
        };
        let found = |count, first: &str, last: &str| Ok((count, first.to_owned(), last.to_owned()));
        let one = |address: &str| found(1, address, address);
        let network = |text: &str| Err(format!("{text} is a network: name its addresses, or say --expand"));
        let large = |text: &str| {
            let range = "IPv4 networks of /20 to /31 and IPv6 ones of /116 to /127 are possible";
            Err(format!("{text} is too large to expand: {range}"))
        };
        // Whether the one address is meant or its network, is for the administrator to say.
        let within = |text: &str, network: &str| {
            let address = text.split('/').next().unwrap();
            let what = "is one address of a network: with --expand write";
            Err(format!("{text} {what} {network} for all of them, or {address} alone"))
        };
        let rows = [
            ("198.51.100.7", one("198.51.100.7"), one("198.51.100.7")),
            ("198.51.100.7/24", one("198.51.100.7"), within("198.51.100.7/24", "198.51.100.0/24")),
            ("10.0.0.1/8", one("10.0.0.1"), within("10.0.0.1/8", "10.0.0.0/8")),
            ("192.0.2.1/0", one("192.0.2.1"), within("192.0.2.1/0", "0.0.0.0/0")),
            ("198.51.100.0", one("198.51.100.0"), one("198.51.100.0")),
            ("198.51.100.0/32", one("198.51.100.0"), one("198.51.100.0")),
            ("198.51.100.0/31", one("198.51.100.0"), found(2, "198.51.100.0", "198.51.100.1")),
            ("198.51.100.254/31", one("198.51.100.254"), found(2, "198.51.100.254", "198.51.100.255")),
            ("198.51.100.1/31", one("198.51.100.1"), within("198.51.100.1/31", "198.51.100.0/31")),
            ("198.51.100.0/24", network("198.51.100.0/24"), found(254, "198.51.100.1", "198.51.100.254")),
            ("198.51.100.4/30", network("198.51.100.4/30"), found(2, "198.51.100.5", "198.51.100.6")),
            ("10.0.16.0/20", network("10.0.16.0/20"), found(4094, "10.0.16.1", "10.0.31.254")),
            ("10.0.0.0/8", network("10.0.0.0/8"), large("10.0.0.0/8")),
            ("2001:db8::/64", network("2001:db8::/64"), large("2001:db8::/64")),
            ("2001:db8::/127", one("2001:db8::"), found(2, "2001:db8::", "2001:db8::1")),
            ("2001:db8::1/127", one("2001:db8::1"), within("2001:db8::1/127", "2001:db8::/127")),
            ("2001:db8::1/128", one("2001:db8::1"), one("2001:db8::1")),
            ("2001:db8::1/0", one("2001:db8::1"), within("2001:db8::1/0", "::/0")),
            ("2001:db8::10/64", one("2001:db8::10"), within("2001:db8::10/64", "2001:db8::/64")),
            ("2001:db8::/126", network("2001:db8::/126"), found(3, "2001:db8::1", "2001:db8::3")),
            ("2001:db8::/116", network("2001:db8::/116"), found(4095, "2001:db8::1", "2001:db8::fff")),
            ("2001:db8::fff/116", one("2001:db8::fff"), within("2001:db8::fff/116", "2001:db8::/116")),
        ];
        for (text, refused, expanded) in rows {
            assert_eq!(hosts(text, false), refused, "{text}");
            assert_eq!(hosts(text, true), expanded, "{text}");
        }
        let broadcast = Err("192.0.2.255/24 is a broadcast address".to_owned());
        assert_eq!(hosts("192.0.2.255/24", true), broadcast);
    }
}
