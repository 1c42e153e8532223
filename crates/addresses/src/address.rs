//! One expected address, as a person or a list writes it: hostile until parsed.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

/// The longest name of an interface (linux/if.h, IFNAMSIZ less its end), in octets.
const LONGEST_ZONE: usize = 15;

/// An address that should be bound, and its prefix length where one was asked for.
///
/// IPv6 is read in any spelling, also in brackets; an IPv4-mapped IPv6 address is the IPv4 address that it
/// stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostAddress {
    /// The address.
    pub address: IpAddr,
    /// The prefix length, in bits.
    pub prefix: Option<u8>,
}

/// An address to connect to: a [`HostAddress`], and of a link-local one also the zone (RFC 4007), as in
/// `fe80::1%eth0`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZonedAddress {
    /// The address.
    pub host: HostAddress,
    /// The name or number of the interface; `None` unless the address is link-local.
    pub zone: Option<String>,
}

/// Why a text is not an [`HostAddress`] address. Each message names the text, shortened where it is long.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidAddress {
    /// Not an IP address at all.
    #[error("{0} is not an IP address")]
    Syntax(String),
    /// Several of them in one text.
    #[error("{0} is not one address but several: write each by itself")]
    Several(String),
    /// A part of an IPv4 address starts with a zero: octal to some programs, decimal to others.
    #[error("{0} is not an IP address: leading zero")]
    LeadingZero(String),
    /// A comment as other files have it.
    #[error("a semicolon does not start a comment: write notes after #")]
    Semicolon,
    /// An IPv6 address with a zone, which names an interface.
    #[error("{0} has a zone: give the address without it, and the interface by --interface")]
    Zone(String),
    /// A zone with an address that is not link-local.
    #[error("{0}: only link-local addresses (fe80::/10) have a zone")]
    NotLinkLocal(String),
    /// Nothing that an interface is called stands after the percent sign.
    #[error("{0}: the zone after % is the name or number of an interface, as in fe80::1%eth0")]
    NoZone(String),
    /// The prefix length is not a number or too great.
    #[error("{0} has no prefix length of 0 to {1} behind its slash")]
    Prefix(String, u8),
    /// The same of an IPv4-mapped address, whose first 96 bits are fixed.
    #[error("{0} has no prefix length of 96 to 128 behind its slash, as an IPv4-mapped address has")]
    MappedPrefix(String),
    /// The line of a list ends in the middle, by the rules of another system.
    #[error("a carriage return inside the line: lines end with a line feed")]
    CarriageReturn,
    /// An address that no interface can have: unspecified, multicast or the limited broadcast.
    #[error("{0} is not an address that a host can have")]
    NoHost(String),
}

impl FromStr for HostAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        match text.parse() {
            Ok(address) => checked(text, address, None),
            Err(_) => parse_in_full(text),
        }
    }
}

/// Reads what a [`HostAddress`] is, and `fe80::1%eth0` with or without a prefix length after the zone (RFC
/// 4007, section 11.7).
impl FromStr for ZonedAddress {
    type Err = InvalidAddress;

    fn from_str(text: &str) -> Result<Self, InvalidAddress> {
        let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
        let Some((address, rest)) = bare.split_once('%') else {
            return Ok(Self { host: text.parse()?, zone: None });
        };
        let (zone, prefix) = rest.split_once('/').map_or((rest, None), |(zone, prefix)| (zone, Some(prefix)));
        let host = prefix.map_or_else(|| address.to_owned(), |prefix| format!("{address}/{prefix}"));
        let host: HostAddress = host.parse().map_err(|_| InvalidAddress::Syntax(short(text)))?;
        match host.address {
            IpAddr::V6(address) if address.is_unicast_link_local() => {}
            _ => return Err(InvalidAddress::NotLinkLocal(short(text))),
        }
        // The kernel allows more (dev_valid_name), but not what would end the field of a list.
        let is_name = |c: char| c.is_ascii_graphic() && !matches!(c, '%' | '[' | ']' | ':' | ',' | '#');
        let is_zero = zone.bytes().all(|octet| octet == b'0');
        if is_zero || zone.len() > LONGEST_ZONE || !zone.chars().all(is_name) {
            return Err(InvalidAddress::NoZone(short(text)));
        }
        Ok(Self { host, zone: Some(zone.to_owned()) })
    }
}

/// The address and its prefix length, unless no host can have it.
fn checked(text: &str, written: IpAddr, prefix: Option<u8>) -> Result<HostAddress, InvalidAddress> {
    let address = written.to_canonical();
    if address.is_unspecified() || address.is_multicast() || address == Ipv4Addr::BROADCAST {
        return Err(InvalidAddress::NoHost(short(text)));
    }
    Ok(HostAddress { address, prefix })
}

/// Parses the first line of a text that is only the IPv4 address of a host, and returns the address and the
/// text after that line; `None` if the line is anything else. A fast path for the most common kind of line.
pub(crate) fn plain_line(text: &str) -> Option<(HostAddress, Option<&str>)> {
    let (address, rest) = dotted_quad(text.as_bytes())?;
    let behind = match rest {
        [] => None,
        [b'\n', behind @ ..] => Some(text.get(text.len() - behind.len()..)?),
        _ => return None,
    };
    Some((checked("", address.into(), None).ok()?, behind))
}

/// Reads the address at the start of a text as `Ipv4Addr` does, in a third of the time, and returns what
/// follows it.
fn dotted_quad(text: &[u8]) -> Option<(Ipv4Addr, &[u8])> {
    let (first, rest) = decimal_octet(text)?;
    let (second, rest) = decimal_octet(rest.strip_prefix(b".")?)?;
    let (third, rest) = decimal_octet(rest.strip_prefix(b".")?)?;
    let (fourth, rest) = decimal_octet(rest.strip_prefix(b".")?)?;
    Some((Ipv4Addr::new(first, second, third, fourth), rest))
}

/// Reads the number of at most 255 at the start of a text, without a leading zero, and returns what follows.
fn decimal_octet(text: &[u8]) -> Option<(u8, &[u8])> {
    match text {
        [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9', rest @ ..] => {
            let number = u16::from(a - b'0') * 100 + u16::from(b - b'0') * 10 + u16::from(c - b'0');
            Some((u8::try_from(number).ok()?, rest))
        }
        [a @ b'1'..=b'9', b @ b'0'..=b'9', rest @ ..] => Some(((a - b'0') * 10 + (b - b'0'), rest)),
        [a @ b'0'..=b'9', rest @ ..] => Some((a - b'0', rest)),
        _ => None,
    }
}

/// With a prefix length or in brackets; or what is wrong.
fn parse_in_full(text: &str) -> Result<HostAddress, InvalidAddress> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let bare = address.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(address);
    let written: IpAddr = bare.parse().map_err(|_| invalid(text, bare))?;
    let bits = if written.is_ipv4() { 32 } else { 128 };
    // The prefix of a mapped address counts from the start of the IPv6 address.
    let skipped = if written.is_ipv6() && written.to_canonical().is_ipv4() { 96 } else { 0 };
    let length = |prefix: &str| parse_prefix(prefix).filter(|length| *length <= bits)?.checked_sub(skipped);
    let wrong_prefix = || match skipped {
        _ if are_several(text) => InvalidAddress::Several(short(text)),
        0 => InvalidAddress::Prefix(short(text), bits),
        _ => InvalidAddress::MappedPrefix(short(text)),
    };
    let prefix = prefix.map(|prefix| length(prefix).ok_or_else(wrong_prefix)).transpose()?;
    checked(text, written, prefix)
}

impl fmt::Display for HostAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.prefix {
            Some(prefix) => write!(f, "{}/{prefix}", self.address),
            None => self.address.fmt(f),
        }
    }
}

fn parse_prefix(text: &str) -> Option<u8> {
    text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn invalid(text: &str, address: &str) -> InvalidAddress {
    let leading_zero = |part: &str| {
        part.len() > 1 && part.starts_with('0') && part.bytes().all(|octet| octet.is_ascii_digit())
    };
    let quad = address.split('.').count() == 4;
    match address.split_once('%') {
        Some((address, _)) if address.parse::<Ipv6Addr>().is_ok() => InvalidAddress::Zone(short(text)),
        _ if text.starts_with(';') => InvalidAddress::Semicolon,
        _ if are_several(text) => InvalidAddress::Several(short(text)),
        _ if quad && address.split('.').any(leading_zero) => InvalidAddress::LeadingZero(short(text)),
        _ => InvalidAddress::Syntax(short(text)),
    }
}

/// Whether these are addresses with commas or blanks between them.
fn are_several(text: &str) -> bool {
    let mut parts = text.split([',', ' ']).filter(|part| !part.is_empty());
    let is_address = |part: &str| part.split('/').next().unwrap_or(part).parse::<IpAddr>().is_ok();
    parts.clone().count() > 1 && parts.all(is_address)
}

/// Enough of a text to find it again: 60 characters.
pub fn short(text: &str) -> String {
    if text.is_empty() {
        return "an empty field".to_owned();
    }
    let mut chars = text.chars();
    let start: String = chars.by_ref().take(60).collect();
    if chars.next().is_some() { format!("{start}...") } else { start }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_any_spelling() {
        let rows = [
            ("192.0.2.1", "192.0.2.1"),
            ("192.0.2.1/24", "192.0.2.1/24"),
            ("192.0.2.1/0", "192.0.2.1/0"),
            ("2001:DB8:0:0:0::1", "2001:db8::1"),
            ("2001:0db8:0000:0000:0000:0000:0000:0001/64", "2001:db8::1/64"),
            ("[2001:db8::1]", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::ffff:c000:201/120", "192.0.2.1/24"),
            ("fe80::1", "fe80::1"),
            ("2001:db8::192.0.2.1", "2001:db8::c000:201"),
        ];
        for (text, printed) in rows {
            assert_eq!(
                text.parse::<HostAddress>().map(|expected| expected.to_string()),
                Ok(printed.to_owned()),
                "{text}"
            );
        }
    }

    #[test]
    fn reads_a_dotted_quad_as_the_standard_library_does() {
        let parts =
            ["0", "00", "1", "01", "9", "10", "99", "100", "199", "249", "255", "256", "300", "999", "1000"];
        let more = ["", "a", "-1", "+1", " 1", "1 ", "\u{661}"];
        let parts: Vec<&str> = parts.into_iter().chain(more).collect();
        for (number, part) in parts.iter().enumerate() {
            let other = parts[(number * 7 + 3) % parts.len()];
            for text in [
                format!("{part}.{other}.0.255"),
                format!("{other}.0.255.{part}"),
                format!("192.0.{part}.{other}"),
                format!("192.0.2.1{part}"),
                format!("192.0.2.1.{part}"),
                format!("192.0.{part}"),
                (*part).to_owned(),
            ] {
                let read = dotted_quad(text.as_bytes()).filter(|(_, rest)| rest.is_empty());
                assert_eq!(read.map(|(address, _)| address), text.parse().ok(), "{text}");
            }
        }
    }

    #[test]
    fn link_local_addresses_have_zones() {
        let read = |text: &str| {
            let read: ZonedAddress = text.parse().map_err(|error: InvalidAddress| error.to_string())?;
            Ok::<_, String>((read.host.to_string(), read.zone.unwrap_or_default()))
        };
        let rows = [
            ("fe80::1%eth0", "fe80::1", "eth0"),
            ("[fe80::1%2]", "fe80::1", "2"),
            ("FE80::1%br-lan.7/64", "fe80::1/64", "br-lan.7"),
            ("fe80::1", "fe80::1", ""),
            ("192.0.2.1/24", "192.0.2.1/24", ""),
            ("[2001:db8::1]", "2001:db8::1", ""),
        ];
        for (text, host, zone) in rows {
            assert_eq!(read(text), Ok((host.to_owned(), zone.to_owned())), "{text}");
        }
        let zone = "the zone after % is the name or number of an interface, as in fe80::1%eth0";
        let rows = [
            ("fe80::1%", format!("fe80::1%: {zone}")),
            ("fe80::1%0", format!("fe80::1%0: {zone}")),
            ("fe80::1%a%b", format!("fe80::1%a%b: {zone}")),
            ("fe80::1%0123456789abcdef", format!("fe80::1%0123456789abcdef: {zone}")),
            (
                "2001:db8::1%eth0",
                "2001:db8::1%eth0: only link-local addresses (fe80::/10) have a zone".to_owned(),
            ),
            (
                "192.0.2.1%eth0",
                "192.0.2.1%eth0: only link-local addresses (fe80::/10) have a zone".to_owned(),
            ),
            ("web%eth0", "web%eth0 is not an IP address".to_owned()),
            ("fe80::1%eth0/200", "fe80::1%eth0/200 is not an IP address".to_owned()),
        ];
        for (text, why) in rows {
            assert_eq!(read(text), Err(why), "{text}");
        }
    }

    #[test]
    fn names_what_is_wrong() {
        let rows = [
            ("010.1.1.1", "010.1.1.1 is not an IP address: leading zero"),
            ("192.0.2.09/24", "192.0.2.09/24 is not an IP address: leading zero"),
            (
                "fe80::1%eth0",
                "fe80::1%eth0 has a zone: give the address without it, and the interface by --interface",
            ),
            ("192.0.2.1%eth0", "192.0.2.1%eth0 is not an IP address"),
            ("192.0.2.256", "192.0.2.256 is not an IP address"),
            (
                "192.0.2.1,192.0.2.2",
                "192.0.2.1,192.0.2.2 is not one address but several: write each by itself",
            ),
            ("::1/128, ::2", "::1/128, ::2 is not one address but several: write each by itself"),
            ("192.0.2.1,web", "192.0.2.1,web is not an IP address"),
            (";192.0.2.1", "a semicolon does not start a comment: write notes after #"),
            (";", "a semicolon does not start a comment: write notes after #"),
            ("192.0.2", "192.0.2 is not an IP address"),
            ("3221225985", "3221225985 is not an IP address"),
            ("example.com", "example.com is not an IP address"),
            ("", "an empty field is not an IP address"),
            ("192.0.2.1/33", "192.0.2.1/33 has no prefix length of 0 to 32 behind its slash"),
            ("192.0.2.1/", "192.0.2.1/ has no prefix length of 0 to 32 behind its slash"),
            ("192.0.2.1/+24", "192.0.2.1/+24 has no prefix length of 0 to 32 behind its slash"),
            ("192.0.2.1/24/24", "192.0.2.1/24/24 has no prefix length of 0 to 32 behind its slash"),
            ("2001:db8::1/129", "2001:db8::1/129 has no prefix length of 0 to 128 behind its slash"),
            (
                "::ffff:192.0.2.1/24",
                "::ffff:192.0.2.1/24 has no prefix length of 96 to 128 behind its slash, as an IPv4-mapped address has",
            ),
            ("0.0.0.0", "0.0.0.0 is not an address that a host can have"),
            ("::", ":: is not an address that a host can have"),
            ("224.0.0.1", "224.0.0.1 is not an address that a host can have"),
            ("255.255.255.255", "255.255.255.255 is not an address that a host can have"),
        ];
        for (text, message) in rows {
            assert_eq!(text.parse::<HostAddress>().unwrap_err().to_string(), message);
        }
        let long = "x".repeat(1000).parse::<HostAddress>().unwrap_err().to_string();
        assert_eq!(long, format!("{}... is not an IP address", "x".repeat(60)));
    }
}
