//! What getent prints: each address that is told stands in it, once, and is of the family that was asked for.

use net::{Family, getent_addresses};

pub(crate) fn run(answer: &[u8]) {
    for family in [Family::Any, Family::V4, Family::V6] {
        if let Ok(addresses) = getent_addresses("example.com", answer, family) {
            assert!(!addresses.is_empty());
            for (number, address) in addresses.iter().enumerate() {
                assert!(family.has(address.ip()) && address.port() == 0, "{address}");
                assert!(!addresses[..number].contains(address), "{address} twice");
                assert!(address.ip().to_canonical() == address.ip(), "{address}");
            }
        }
    }
}
