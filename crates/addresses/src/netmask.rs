//! The netmasks that panels write after an address, and what else may follow it on its line: not another
//! address, which would never be looked for.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::address::{HostAddress, short};
use crate::subnet::subnet_ends;

/// Parses `address:netmask` or `address:netmask:broadcast`, all of them IPv4: a file of another shape is no
/// `/etc/ips`. The netmask is not demanded of the bound address, no more than H-Sphere's: the panels bind
/// aliases with other masks than they list.
pub(crate) fn parse_cpanel(field: &str) -> Option<(HostAddress, u8)> {
    let mut parts = field.split(':');
    let address = parts.next()?.parse().ok()?;
    let length = dotted(parts.next()?)?;
    let is_whole = parts.next().is_none_or(|broadcast| broadcast.parse::<Ipv4Addr>().is_ok());
    (is_whole && parts.next().is_none()).then_some((address, length))
}

/// Returns the prefix length of `address:netmask` or `address:netmask:broadcast` as [`parse_cpanel`] does.
/// `None` if the field has another shape. A field that contradicts itself is an error.
pub(crate) fn cpanel_netmask(field: &str) -> Option<Result<(HostAddress, u8), String>> {
    let Some((host, netmask)) = parse_cpanel(field) else { return wrong_netmask(field).map(Err) };
    let broadcast = field.split(':').nth(2).and_then(|broadcast| broadcast.parse::<Ipv4Addr>().ok());
    let checked =
        agree(host.prefix, Some(netmask)).and_then(|_| check_broadcast(host.address, netmask, broadcast));
    Some(checked.map(|()| (host, netmask)))
}

/// Returns the fault of a field that has in place of the netmask an address that is not one.
fn wrong_netmask(field: &str) -> Option<String> {
    let (address, rest) = field.split_once(':')?;
    let mask: Ipv4Addr = rest.split(':').next()?.parse().ok()?;
    let is_address = address.parse::<HostAddress>().is_ok_and(|host| host.address.is_ipv4());
    (is_address && dotted(&mask.to_string()).is_none()).then(|| format!("{mask} is not a netmask"))
}

/// Refuses a broadcast address of another network. Ignores the broadcast address of a single address or of a
/// pair (RFC 3021), and 255.255.255.255, which is that of any network.
fn check_broadcast(address: IpAddr, netmask: u8, broadcast: Option<Ipv4Addr>) -> Result<(), String> {
    let (IpAddr::V4(host), Some(broadcast)) = (address, broadcast) else { return Ok(()) };
    let Some((first, last)) = subnet_ends(host, netmask) else { return Ok(()) };
    if broadcast.is_broadcast() || broadcast.is_unspecified() || [first, last].contains(&broadcast) {
        return Ok(());
    }
    Err(format!("{broadcast} is not the broadcast address of {address}/{netmask}"))
}

/// Returns the prefix length of an address that has one or two. Refuses two that differ.
pub(crate) fn agree(first: Option<u8>, second: Option<u8>) -> Result<Option<u8>, String> {
    match (first, second) {
        (Some(first), Some(second)) if first != second => {
            Err(format!("prefix lengths {first} and {second} of one address: correct one of them"))
        }
        _ => Ok(first.or(second)),
    }
}

/// Returns the prefix length of the netmask after `address` on its line. Refuses a second address, an invalid
/// netmask, and a netmask that contradicts another. The addresses that a panel writes after a netmask are its
/// broadcast address and its router.
pub(crate) fn check_rest(address: IpAddr, rest: &str) -> Result<Option<u8>, String> {
    let rest = rest.split('#').next().unwrap_or_default();
    let ends = |c: char| c.is_ascii_whitespace() || c == ',';
    let mut fields = rest.split(ends).filter(|field| !field.is_empty()).peekable();
    let netmask = fields.peek().and_then(|field| length(field, address)).transpose()?;
    if netmask.is_some() {
        fields.next();
        // A panel may write 255.255.255.255 there.
        let another = fields.peek().filter(|field| **field != "255.255.255.255");
        let another = another.and_then(|field| length(field, address)).and_then(Result::ok);
        agree(netmask, another)?;
    }
    while let Some(field) = fields.next() {
        let Some(other) = other_address(field).filter(|other| *other != address) else { continue };
        let mut has_its_own = || fields.peek().is_some_and(|next| matches!(length(next, other), Some(Ok(_))));
        if netmask.is_none() || has_its_own() {
            return Err(format!(
                "a second address, {}: write one address a line, notes after #",
                short(&other.to_string())
            ));
        }
    }
    Ok(netmask)
}

/// The address that a field is, in a form that a list has, also between quotes or signs: `None` if it is none
/// that a host can have.
fn other_address(field: &str) -> Option<IpAddr> {
    let field = field.trim_matches([';', '.', '"', '\'', '|', '&']);
    let parsed = field.parse().ok().or_else(|| parse_cpanel(field).map(|(parsed, _)| parsed));
    parsed.map(|HostAddress { address, .. }| address)
}

/// Returns the prefix length of a netmask after `address`, written as `255.255.255.0`, `0xffffff00`, `/24` or
/// `ffff:ffff:ffff:ffff::`, or the fault of the netmask. `None` if the field is not meant as a netmask.
fn length(field: &str, address: IpAddr) -> Option<Result<u8, String>> {
    let wrong = || Err(format!("{} is not a netmask", short(field)));
    let bits = if address.is_ipv4() { 32 } else { 128 };
    let bare = field.strip_prefix('/').unwrap_or(field);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
    if bare.len() < field.len() && is_number(bare) {
        let length = bare.parse().ok().filter(|length| (1..=bits).contains(length));
        return Some(length.map_or_else(wrong, Ok));
    }
    let hexadecimal =
        bare.strip_prefix("0x").filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
    if let Some(mask) = hexadecimal.and_then(|digits| u32::from_str_radix(digits, 16).ok()) {
        return Some(contiguous(mask).filter(|_| address.is_ipv4()).map_or_else(wrong, Ok));
    }
    // No host has an address that begins with ffff: it is a multicast address.
    if let Some(mask) = bare.parse::<Ipv6Addr>().ok().filter(|mask| mask.segments().starts_with(&[0xffff])) {
        let ones = mask.to_bits().leading_ones();
        let is_mask = address.is_ipv6() && mask.to_bits().count_ones() == ones;
        return Some(u8::try_from(ones).ok().filter(|_| is_mask).map_or_else(wrong, Ok));
    }
    let parts = bare.split('.').count();
    if !(2..=4).contains(&parts) || !bare.split('.').all(is_number) {
        return None;
    }
    match (dotted(bare), bare.parse::<Ipv4Addr>()) {
        (Some(length), _) if address.is_ipv4() => Some(Ok(length)),
        (None, Ok(other)) if !matches!(other.octets(), [0 | 255, ..]) => None,
        // A label may be 1.2, but not the start of a mask, and not an address that is none.
        (None, Err(_)) if parts < 4 && !bare.starts_with("255.") => None,
        _ => Some(wrong()),
    }
}

/// The prefix length of a netmask as `255.255.255.0`.
fn dotted(mask: &str) -> Option<u8> {
    contiguous(mask.parse::<Ipv4Addr>().ok()?.to_bits())
}

/// The number of ones, where they stand at the start, and there is one at least.
fn contiguous(mask: u32) -> Option<u8> {
    let ones = u8::try_from(mask.leading_ones()).ok()?;
    (ones > 0 && mask.count_ones() == u32::from(ones)).then_some(ones)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_second_address_follows() {
        let second = "a second address, 192.0.2.2: write one address a line, notes after #";
        let rows = [
            ("", Ok(())),
            (" eth0 web", Ok(())),
            (" 192.0.2.1", Ok(())),
            (" # 192.0.2.2", Ok(())),
            (" 80,443 www.example.com", Ok(())),
            (" 1.2", Ok(())),
            ("\t255.255.255.0\tshared", Ok(())),
            (" 255.255.255.0 192.0.2.254", Ok(())),
            (" 255.255.255.0 192.0.2.255 192.0.2.254 eth0", Ok(())),
            (" ffff:ffff::/32", Ok(())),
            (" 192.0.2.2", Err(second)),
            (",192.0.2.2", Err(second)),
            (", 192.0.2.2/24 web", Err(second)),
            (" - 192.0.2.2", Err(second)),
            (" 80 192.0.2.2 80", Err(second)),
            (" 192.0.2.2;", Err(second)),
            (" and \"192.0.2.2\".", Err(second)),
            (" (behind 192.0.2.2)", Ok(())),
            (" ip-192.0.2.2", Ok(())),
            (" and 192.0.2.2:255.255.255.0", Err(second)),
            (" 255.255.255.0 192.0.2.2 255.255.255.0", Err(second)),
            (" [2001:db8::1]", Err("a second address, 2001:db8::1: write one address a line, notes after #")),
            (" 255.0.255.0", Err("255.0.255.0 is not a netmask")),
            (" 255.255.255.256", Err("255.255.255.256 is not a netmask")),
            (" 255.255.255", Err("255.255.255 is not a netmask")),
            (" 0.0.0.0", Err("0.0.0.0 is not a netmask")),
            (" 0.0.0.255", Err("0.0.0.255 is not a netmask")),
            (" 192.0.2.300", Err("192.0.2.300 is not a netmask")),
            (" /33", Err("/33 is not a netmask")),
            (" /0", Err("/0 is not a netmask")),
            (" 0xff00ff00", Err("0xff00ff00 is not a netmask")),
            (" ffff:ff00::", Err("ffff:ff00:: is not a netmask")),
            (" 255.255.255.0 255.255.255.0 192.0.2.254", Ok(())),
            (" 255.255.255.0 /24", Ok(())),
            (" 255.255.255.0 255.255.255.255", Ok(())),
            (
                " 255.255.255.0 255.255.0.0",
                Err("prefix lengths 24 and 16 of one address: correct one of them"),
            ),
            (" /24 0xffff0000", Err("prefix lengths 24 and 16 of one address: correct one of them")),
        ];
        for (rest, expected) in rows {
            let found = check_rest("192.0.2.1".parse().unwrap(), rest).map(|_| ());
            assert_eq!(found, expected.map_err(str::to_owned), "{rest:?}");
        }
        let v6 = "2001:db8::1".parse().unwrap();
        assert_eq!(check_rest(v6, " /64 eth0"), Ok(Some(64)));
        assert_eq!(check_rest(v6, " ffff:ffff:ffff:ffff::"), Ok(Some(64)));
        assert!(check_rest(v6, " ffff:0:ffff::").is_err());
        assert!(check_rest(v6, " /129").is_err() && check_rest(v6, " 255.255.255.0").is_err());
    }
}
