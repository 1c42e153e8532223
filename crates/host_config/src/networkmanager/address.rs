//! The value of an address of a keyfile, as libnm reads it: `ADDRESS[/PREFIX][,GATEWAY]`, where a slash, a
//! comma and a semicolon are the same.

use std::net::IpAddr;

use addresses::{HostAddress, short};

use crate::located::Located;
use crate::promise::ConfigError;

/// The characters of an address, and those that end a field.
const OF_ADDRESSES: &str = "0123456789abcdefABCDEF:.%";
const DIGITS: &str = "0123456789";
const DELIMITERS: [char; 3] = ['/', ';', ','];

/// Returns the address of a value, with 24 or 64 for a prefix length that is missing or too long; or what
/// NetworkManager passes over it for.
///
/// # Errors
/// [`ConfigError::Line`]: the gateway is none, for which NetworkManager ignores the whole profile.
pub(super) fn address(
    family: &str,
    written: &Located,
) -> Result<Result<Located<HostAddress>, String>, ConfigError> {
    let value = written.value.as_str();
    let refuse = || Ok(Err(format!("{} is not an address of [{family}]", short(value))));
    let mut rest = Some(value);
    let Ok(Some(address)) = field(&mut rest, OF_ADDRESSES) else { return refuse() };
    // What is no prefix length may be a gateway.
    let prefix = field(&mut rest, DIGITS).ok().flatten();
    let Ok(gateway) = field(&mut rest, OF_ADDRESSES) else { return refuse() };
    if rest.is_some_and(|rest| !rest.is_empty()) {
        return refuse();
    }
    let (usual, longest) = if family == "ipv4" { (24, 32) } else { (64, 128) };
    let prefix = prefix.and_then(|prefix| prefix.parse().ok()).filter(|prefix: &u8| *prefix <= longest);
    let ipv4 = family == "ipv4";
    let expected: Option<HostAddress> = address.parse().ok();
    // No list has an address of multicast or an IPv4-mapped one, but NetworkManager binds them.
    let is_unlisted = |address: &IpAddr| match address {
        IpAddr::V4(four) => ipv4 && four.is_multicast(),
        IpAddr::V6(six) => !ipv4 && six.to_ipv4_mapped().is_some(),
    };
    let unlisted = address.parse().ok().filter(is_unlisted);
    let address = unlisted.or(expected.map(|expected| expected.address));
    let Some(address) = address.filter(|address| address.is_ipv4() == ipv4) else { return refuse() };
    let is_gateway = |text: &str| text.parse().is_ok_and(|gateway: IpAddr| gateway.is_ipv4() == ipv4);
    if gateway.is_some_and(|gateway| !is_gateway(gateway)) {
        let what =
            format!("the gateway of {} is no address: NetworkManager ignores the profile", short(value));
        return Err(written.place.error(what));
    }
    let value = HostAddress { address, prefix: Some(prefix.unwrap_or(usual)) };
    Ok(Ok(Located { value, place: written.place.clone() }))
}

/// Takes the next field off: `None` at the end, an error at a character that is not allowed in it.
fn field<'a>(rest: &mut Option<&'a str>, allowed: &str) -> Result<Option<&'a str>, ()> {
    let Some(text) = rest.filter(|text| !text.is_empty()) else { return Ok(None) };
    let Some(end) = text.find(|c| !allowed.contains(c)) else {
        *rest = None;
        return Ok(Some(text));
    };
    let (taken, more) = text.split_at(end);
    let more = more.strip_prefix(DELIMITERS).ok_or(())?;
    *rest = Some(more);
    Ok(Some(taken))
}

/// The number of a key `address1`, `addresses1`, `address` or `addresses`: `None` of any other key, an error
/// of a number that NetworkManager does not take.
pub(super) fn number(key: &str) -> Option<Result<u32, String>> {
    let rest = key.strip_prefix("addresses").or_else(|| key.strip_prefix("address"))?;
    if rest.is_empty() {
        return Some(Ok(0));
    }
    if !rest.bytes().all(|octet| octet.is_ascii_digit()) {
        return None;
    }
    let usual = rest == "0" || !rest.starts_with('0');
    let number = rest.parse::<u32>().ok().filter(|_| usual).and_then(|number| number.checked_add(1));
    Some(number.ok_or_else(|| format!("{} is not counted as an address", short(key))))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::Place;

    #[test]
    fn reads_the_values_that_libnm_reads() {
        let rows = [
            ("192.0.2.1/25", Some("192.0.2.1/25")),
            ("192.0.2.1/25,192.0.2.254", Some("192.0.2.1/25")),
            ("192.0.2.1;25;192.0.2.254;", Some("192.0.2.1/25")),
            ("192.0.2.1,192.0.2.254", Some("192.0.2.1/24")),
            ("192.0.2.1/33", Some("192.0.2.1/24")),
            ("192.0.2.1/255.255.255.0", Some("192.0.2.1/24")),
            ("192.0.2.1/255.255.255.0,192.0.2.254", None),
            ("192.0.2.1/24,192.0.2.2/24", None),
            ("192.0.2.1/24 # main", None),
            ("192.0.2.1 /24", None),
            ("192.0.2.01/24", None),
            ("2001:db8::1/64", None),
            // As NetworkManager 1.42.4 binds it.
            ("224.0.0.5/24", Some("224.0.0.5/24")),
            ("foo", None),
        ];
        for (text, expected) in rows {
            let written = Located { value: text.to_owned(), place: Place::new("f", 1) };
            let read = address("ipv4", &written).unwrap().ok().map(|it| it.value.to_string());
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
    /// As NetworkManager 1.42.4 binds them.
    #[test]
    fn a_mapped_address_is_one_of_ipv6() {
        let rows = [
            ("::ffff:192.0.2.1/120", Some("::ffff:192.0.2.1/120")),
            ("2001:DB8::A", Some("2001:db8::a/64")),
            ("192.0.2.1/24", None),
        ];
        for (text, expected) in rows {
            let written = Located { value: text.to_owned(), place: Place::new("f", 1) };
            let read = address("ipv6", &written).unwrap().ok();
            let read = read.map(|it| format!("{}/{}", it.value.address, it.value.prefix.unwrap()));
            assert_eq!(read.as_deref(), expected, "{text}");
        }
    }
}
