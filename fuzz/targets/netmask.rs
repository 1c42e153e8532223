//! The netmask that a panel writes after an address: a prefix length of an IPv4 netmask, of the address that
//! the list has there.
#![no_main]

use addresses::{List, netmask};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    let Some((address, length)) = netmask(line) else { return };
    assert!((1..=32).contains(&length), "{length}");
    let bits = u32::MAX << (32 - u32::from(length));
    assert!(
        line.contains(&std::net::Ipv4Addr::from_bits(bits).to_string()),
        "{line:?} has no netmask of /{length}"
    );
    if let Ok(list) = List::parse("list", 0, line.as_bytes()) {
        assert_eq!(list.entries[0].expected.address, address, "{line:?}");
    }
});
