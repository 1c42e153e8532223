//! The addresses at the ends of a subnet.

use std::net::Ipv4Addr;

/// The longest prefix of a subnet with two addresses that no host has. RFC 3021 gives both addresses of a /31
/// to hosts.
const LONGEST: u8 = 30;

/// Returns the first and the last address of the subnet of an IPv4 address with a prefix length in bits: the
/// subnet's own address, and its broadcast address. `None` if the subnet is too small to have them.
pub fn subnet_ends(address: Ipv4Addr, prefix: u8) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let host = u32::MAX.checked_shr(prefix.into()).filter(|_| prefix <= LONGEST)?;
    let address = address.to_bits();
    Some((Ipv4Addr::from_bits(address & !host), Ipv4Addr::from_bits(address | host)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_ends_of_a_subnet_are_its_own_address_and_its_broadcast_address() {
        let rows = [
            (24, Some(("192.0.2.0", "192.0.2.255"))),
            (29, Some(("192.0.2.8", "192.0.2.15"))),
            (30, Some(("192.0.2.8", "192.0.2.11"))),
            (31, None),
            (32, None),
            (255, None),
            (0, Some(("0.0.0.0", "255.255.255.255"))),
        ];
        for (prefix, expected) in rows {
            let ends = subnet_ends("192.0.2.10".parse().unwrap(), prefix);
            let expected = expected.map(|(first, last)| (first.parse().unwrap(), last.parse().unwrap()));
            assert_eq!(ends, expected, "{prefix}");
        }
    }
}
