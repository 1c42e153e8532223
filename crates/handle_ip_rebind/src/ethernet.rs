//! What all Ethernet frames share: hardware addresses and the header.

use std::fmt;

/// The length of an Ethernet header, in octets.
pub(crate) const HEADER: usize = 14;

/// A hardware address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mac(pub(crate) [u8; 6]);

impl Mac {
    /// The address of all hosts on a link.
    pub(crate) const BROADCAST: Self = Self([0xff; 6]);

    /// Returns whether several hosts may share the address, of which one answers at a time. That is the
    /// address of a virtual router of VRRP (RFC 9568, section 7.3) or of CARP.
    pub(crate) fn is_shared(self) -> bool {
        matches!(self.0, [0, 0, 0x5e, 0, 1 | 2, _])
    }
}

impl fmt::Display for Mac {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02x}")?;
        rest.iter().try_for_each(|octet| write!(f, ":{octet:02x}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hardware_address_is_printed_as_usual() {
        assert_eq!(Mac([2, 0, 0xab, 0, 0xff, 1]).to_string(), "02:00:ab:00:ff:01");
    }
}
