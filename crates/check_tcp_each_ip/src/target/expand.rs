//! Networks given as addresses: refused, or taken apart into the addresses of their hosts.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use addresses::HostAddress;

/// The longest prefixes of networks that have host addresses of their own: /31 and /127 are links of two
/// hosts (RFC 3021, RFC 6164), and longer ones are single addresses.
const LONGEST: [u8; 2] = [30, 126];
/// The shortest prefixes that are expanded: 4,096 addresses.
const SHORTEST: [u8; 2] = [20, 116];

/// Why an address with a prefix length is no address to check.
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
        "{0} is too large to expand: IPv4 networks of /20 to /30 and IPv6 ones of /116 to /126 are possible"
    )]
    TooLarge(HostAddress),
}

/// Returns the addresses that `given` stands for: itself, whatever prefix length it has, or the hosts of the
/// network that it is, if networks are to be expanded.
///
/// # Errors
/// [`NotAHost`]: it is a network that is not expanded, or a broadcast address.
pub(crate) fn hosts(given: HostAddress, expand: bool) -> Result<Vec<IpAddr>, NotAHost> {
    let v6 = given.address.is_ipv6();
    let of = |[v4, other]: [u8; 2]| if v6 { other } else { v4 };
    let Some(prefix) = given.prefix.filter(|prefix| (1..=of(LONGEST)).contains(prefix)) else {
        return Ok(vec![given.address]);
    };
    let (bits, width) = match given.address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    let mask = (1_u128 << (width - u32::from(prefix))) - 1;
    match bits & mask {
        host if host == mask && !v6 => Err(NotAHost::Broadcast(given)),
        0 if !expand => Err(NotAHost::Network(given)),
        0 if prefix < of(SHORTEST) => Err(NotAHost::TooLarge(given)),
        // Neither the network itself, which in IPv6 is every router (RFC 4291), nor IPv4's broadcast address.
        0 => Ok((bits + 1..=bits + mask - u128::from(!v6)).filter_map(|bits| address(bits, v6)).collect()),
        _ => Ok(vec![given.address]),
    }
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
            let range = "IPv4 networks of /20 to /30 and IPv6 ones of /116 to /126 are possible";
            Err(format!("{text} is too large to expand: {range}"))
        };
        let rows = [
            ("198.51.100.7", one("198.51.100.7"), one("198.51.100.7")),
            ("198.51.100.7/24", one("198.51.100.7"), one("198.51.100.7")),
            ("198.51.100.0", one("198.51.100.0"), one("198.51.100.0")),
            ("198.51.100.0/32", one("198.51.100.0"), one("198.51.100.0")),
            ("198.51.100.0/31", one("198.51.100.0"), one("198.51.100.0")),
            ("198.51.100.0/24", network("198.51.100.0/24"), found(254, "198.51.100.1", "198.51.100.254")),
            ("198.51.100.4/30", network("198.51.100.4/30"), found(2, "198.51.100.5", "198.51.100.6")),
            ("10.0.16.0/20", network("10.0.16.0/20"), found(4094, "10.0.16.1", "10.0.31.254")),
            ("10.0.0.0/8", network("10.0.0.0/8"), large("10.0.0.0/8")),
            ("2001:db8::/64", network("2001:db8::/64"), large("2001:db8::/64")),
            ("2001:db8::/127", one("2001:db8::"), one("2001:db8::")),
            ("2001:db8::10/64", one("2001:db8::10"), one("2001:db8::10")),
            ("2001:db8::/126", network("2001:db8::/126"), found(3, "2001:db8::1", "2001:db8::3")),
            ("2001:db8::/116", network("2001:db8::/116"), found(4095, "2001:db8::1", "2001:db8::fff")),
            ("2001:db8::fff/116", one("2001:db8::fff"), one("2001:db8::fff")),
        ];
        for (text, refused, expanded) in rows {
            assert_eq!(hosts(text, false), refused, "{text}");
            assert_eq!(hosts(text, true), expanded, "{text}");
        }
        let broadcast = Err("192.0.2.255/24 is a broadcast address".to_owned());
        assert_eq!(hosts("192.0.2.255/24", true), broadcast);
    }
}
