//! What netplan takes for a number, an address or a key.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns a number as strtoull(3) reads it, to the end of the text: an empty text is 0.
pub(in crate::netplan) fn number(text: &str) -> Option<u32> {
    if text.is_empty() {
        return Some(0);
    }
    let text = text.trim_start_matches(|each: char| each.is_ascii_whitespace() || each == '\u{b}');
    let (digits, is_negative) = match text.strip_prefix('-') {
        Some(digits) => (digits, true),
        None => (text.strip_prefix('+').unwrap_or(text), false),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    let value = is_number.then(|| digits.parse::<u32>().ok()).flatten()?;
    (!is_negative || value == 0).then_some(value)
}

pub(super) fn is_number(text: &str) -> bool {
    number(text).is_some()
}

pub(super) fn is_octet(text: &str) -> bool {
    number(text).is_some_and(|number| number <= 255)
}

pub(super) fn is_port_priority(text: &str) -> bool {
    number(text).is_some_and(|number| number <= 63)
}

pub(super) fn is_four(text: &str) -> bool {
    text.parse::<Ipv4Addr>().is_ok()
}

pub(super) fn is_six(text: &str) -> bool {
    text.parse::<Ipv6Addr>().is_ok()
}

pub(super) fn is_address(text: &str) -> bool {
    text.parse::<IpAddr>().is_ok()
}

/// Returns the address of a network, whatever stands after its slash.
pub(super) fn network(text: &str) -> Option<IpAddr> {
    text.rsplit_once('/').map_or(text, |(address, _)| address).parse().ok()
}

pub(super) fn is_network(text: &str) -> bool {
    network(text).is_some()
}

/// Whether it is a network of `allowed-ips`, whose prefix length is the number that it begins with.
pub(super) fn is_allowed(text: &str) -> bool {
    let Some((address, length)) = text.rsplit_once('/') else { return false };
    let length = length.trim_start();
    let digits = length.strip_prefix('+').unwrap_or(length);
    let end = digits.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(digits.len());
    let number = digits.get(..end).filter(|number| !number.is_empty());
    let length = number.map_or(Ok(0), str::parse::<u8>);
    let most = address.parse().ok().map(|address: IpAddr| if address.is_ipv4() { 32 } else { 128 });
    most.is_some_and(|most| length.is_ok_and(|length| length <= most))
}

/// Whether it is `HOST:PORT` or empty.
pub(super) fn is_endpoint(text: &str) -> bool {
    if text.is_empty() {
        return true;
    }
    let bracketed = text.strip_prefix('[').map(|rest| rest.rsplit_once(']'));
    let parts = match bracketed {
        Some(parts) => parts.and_then(|(host, rest)| Some((host, rest.rsplit_once(':')?.1))),
        None => text.rsplit_once(':'),
    };
    let Some((host, port)) = parts.filter(|_| text.len() >= 3) else { return false };
    let end = port.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(port.len());
    let is_port = port.get(..end).is_none_or(|port| port.is_empty() || port.parse::<u16>().is_ok());
    is_port && (is_address(host) || is_host(host))
}

fn is_host(text: &str) -> bool {
    let is_alnum = |octet: Option<&u8>| octet.is_some_and(u8::is_ascii_alphanumeric);
    text.split('.').map(str::as_bytes).all(|label| {
        is_alnum(label.first())
            && is_alnum(label.last())
            && label.iter().all(|octet| octet.is_ascii_alphanumeric() || *octet == b'-')
    })
}

/// Whether it is a key of WireGuard: 32 octets in base 64.
pub(in crate::netplan) fn is_wireguard_key(text: &str) -> bool {
    let is_base64 = |octet: u8| octet.is_ascii_alphanumeric() || matches!(octet, b'+' | b'/');
    text.len() == 44 && text.strip_suffix('=').is_some_and(|digits| digits.bytes().all(is_base64))
}

/// Whether it is the name of a driver, in which there are no blanks.
pub(super) fn is_driver(text: &str) -> bool {
    !text.contains(' ')
}

/// Whether it is a name for netplan.
pub(in crate::netplan) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_graphic())
}

/// Whether netplan takes this as a hardware address to set: of Ethernet or InfiniBand, or a word of
/// NetworkManager, which its later versions know.
pub(super) fn is_hardware_to_set(text: &str) -> bool {
    is_hardware(text) || matches!(text, "permanent" | "preserve" | "random" | "stable" | "stable-ssid")
}

/// Whether this is a hardware address for netplan: octets of two digits with colons.
pub(in crate::netplan) fn is_hardware(text: &str) -> bool {
    let is_octet = |field: &str| field.len() == 2 && field.bytes().all(|digit| digit.is_ascii_hexdigit());
    matches!(text.split(':').count(), 6 | 20) && text.split(':').all(is_octet)
}
