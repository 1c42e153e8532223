//! The netmask that a panel writes after an address, such as `255.255.255.0`, `0xffffff00`, `/24` or
//! `ffff:ffff::`. It gives a prefix length of the address's family, for the address that the list has there.

use std::net::{Ipv4Addr, Ipv6Addr};

use addresses::{List, netmask};

pub(crate) fn run(line: &str) {
    let Some((address, length)) = netmask(line) else { return };
    let most = if address.is_ipv4() { 32 } else { 128 };
    assert!((1..=most).contains(&length), "{length}");
    assert!(has(line, length), "{line:?} has no netmask of /{length}");
    if let Ok(list) = List::parse("list", 0, line.as_bytes()) {
        assert_eq!(list.entries[0].expected.address, address, "{line:?}");
    }
}

/// Returns whether a line has a netmask of that length in one of the four spellings.
fn has(line: &str, length: u8) -> bool {
    let number = length.to_string();
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(u32::from(length)));
    let is_hexadecimal = |word: &str| {
        let digits =
            word.strip_prefix("0x").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        digits.is_some_and(|digits| u32::from_str_radix(digits, 16).ok() == mask)
    };
    let long = |word: &str| {
        let mask = word.trim_start_matches('/').parse::<Ipv6Addr>();
        mask.is_ok_and(|mask| mask.to_bits().leading_ones() == u32::from(length))
    };
    if line.split([' ', '\t', ',', '\x0b', '\x0c', '\r', '#']).any(long) {
        return true;
    }
    let mut words = line.split(|c: char| !c.is_ascii_alphanumeric());
    mask.is_some_and(|mask| line.contains(&Ipv4Addr::from_bits(mask).to_string()))
        || words.any(|word| word.trim_start_matches('0') == number || is_hexadecimal(word))
}
