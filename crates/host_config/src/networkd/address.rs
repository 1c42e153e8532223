//! The addresses of `.network` files, by the `[Address]` section of systemd.network(5).

use std::borrow::Cow;
use std::net::IpAddr;

use addresses::{HostAddress, InvalidAddress, short};

use super::unit::{Section, boolean};
use crate::located::{Asked, Located};
use crate::promise::Promises;

/// The longest label that the kernel takes, in octets.
const LONGEST_LABEL: usize = 15;

/// Returns the address of an `[Address]` section. With a peer, the prefix length that the kernel shows is the
/// peer's. networkd ignores a section without an address, and one of which it refuses a value.
pub(super) fn address_section(section: Section, to: &mut Promises) -> Option<Located<Asked>> {
    let mut address = None;
    let mut peer = false;
    for each in &section.assignments {
        let value = each.value.value.as_str();
        match each.key.as_str() {
            "Address" if value.is_empty() => address = None,
            "Address" => address = Some(asked(&each.value, to)?),
            key if !is_taken(key, value) => {
                let what = format!("{key}={value}: networkd ignores the section");
                to.notes.push(format!("note: {}: {what}", each.value.place));
                return None;
            }
            "Peer" => peer = true,
            _ => {}
        }
    }
    let Some(mut address) = address else {
        to.remarks
            .push(section.name.place.remark("an [Address] section without Address=: networkd ignores it"));
        return None;
    };
    if peer && let Asked::Address(expected) = &mut address.value {
        expected.prefix = None;
    }
    Some(address)
}

/// Whether networkd takes the value of a key beside the address.
fn is_taken(key: &str, value: &str) -> bool {
    match key {
        "Label" => value.len() <= LONGEST_LABEL,
        "Peer" => in_decimal(value).is_some_and(|value| value.parse::<HostAddress>().is_ok()),
        "Broadcast" => value.is_empty() || boolean(value).is_some() || value.parse::<IpAddr>().is_ok(),
        "Scope" => matches!(value, "host" | "link" | "global") || value.parse::<u8>().is_ok(),
        "PreferredLifetime" => matches!(value, "" | "forever" | "infinity" | "0"),
        "RouteMetric" => value.parse::<u32>().is_ok(),
        "DuplicateAddressDetection" => {
            matches!(value, "both" | "none" | "ipv4" | "ipv6") || boolean(value).is_some()
        }
        "HomeAddress" | "ManageTemporaryAddress" | "PrefixRoute" | "AddPrefixRoute" | "AutoJoin" => {
            boolean(value).is_some()
        }
        _ => true,
    }
}

/// Returns the address that is written; networkd passes over what is none, with a warning.
pub(super) fn asked(written: &Located, to: &mut Promises) -> Option<Located<Asked>> {
    let text = written.value.as_str();
    let read = match in_decimal(text) {
        Some(decimal) => written.place.address_or_pool(&decimal),
        None => {
            let bits = if text.contains(':') { 128 } else { 32 };
            Err(written.place.error(InvalidAddress::Prefix(short(text), bits)))
        }
    };
    match read {
        Ok(value) => Some(Located { value, place: written.place.clone() }),
        Err(error) => {
            to.notes.push(format!("note: {error}: networkd ignores the line"));
            None
        }
    }
}

/// Returns an address with its prefix length in decimal. systemd reads the length `/024` as octal and `/0x18`
/// as hexadecimal (strtoul(3) with base 0). `None` if the length is not a number.
fn in_decimal(text: &str) -> Option<Cow<'_, str>> {
    let Some((address, length)) = text.split_once('/') else { return Some(Cow::Borrowed(text)) };
    let length = length.trim_ascii_start();
    let length = length.strip_prefix('+').unwrap_or(length);
    let based = |prefixes: [&str; 2], base| {
        let digits = prefixes.iter().find_map(|prefix| length.strip_prefix(prefix))?;
        Some((digits, base))
    };
    let marked =
        based(["0x", "0X"], 16).or_else(|| based(["0b", "0B"], 2)).or_else(|| based(["0o", "0O"], 8));
    let octal = length.strip_prefix('0').filter(|digits| !digits.is_empty()).map(|digits| (digits, 8));
    let (digits, base) = marked.or(octal).unwrap_or((length, 10));
    let number = u8::from_str_radix(digits, base).ok().filter(|_| !digits.starts_with('+'))?;
    Some(Cow::Owned(format!("{address}/{number}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_length_is_read_as_strtoul_does() {
        let rows = [
            ("192.0.2.1", Some("192.0.2.1")),
            ("192.0.2.1/24", Some("192.0.2.1/24")),
            ("192.0.2.1/024", Some("192.0.2.1/20")),
            ("192.0.2.1/0x18", Some("192.0.2.1/24")),
            ("192.0.2.1/0b11000", Some("192.0.2.1/24")),
            ("192.0.2.1/ +24", Some("192.0.2.1/24")),
            ("192.0.2.1/0", Some("192.0.2.1/0")),
            ("2001:db8::1/0100", Some("2001:db8::1/64")),
            ("192.0.2.1/08", None),
            ("192.0.2.1/-1", None),
            ("192.0.2.1/++1", None),
            ("192.0.2.1/256", None),
            ("192.0.2.1/", None),
        ];
        for (text, expected) in rows {
            assert_eq!(in_decimal(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_value_that_networkd_refuses_takes_the_section_along() {
        let rows = [
            ("Label", "eth0:0123456789", true),
            ("Label", "eth0:0123456789a", false),
            ("PreferredLifetime", "600", false),
            ("PreferredLifetime", "infinity", true),
            ("Scope", "77", true),
            ("Scope", "foo", false),
            ("Broadcast", "192.0.2.255", true),
            ("Broadcast", "foo", false),
            ("Peer", "", false),
            ("Peer", "192.0.2.9/32", true),
            ("AddPrefixRoute", "foo", false),
            ("RouteMetric", "foo", false),
            ("Foo", "bar", true),
        ];
        for (key, value, taken) in rows {
            assert_eq!(is_taken(key, value), taken, "{key}={value}");
        }
    }
}
