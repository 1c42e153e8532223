//! The netmasks that panels write after an address, and what else may follow it on its line: not another
//! address, which would never be looked for.

use std::net::{IpAddr, Ipv4Addr};

use crate::address::{HostAddress, short};

/// Returns the address of a line and the prefix length of the netmask that a panel writes after it:
/// `address:netmask` or `address:netmask:broadcast` as cPanel, or the netmask in the next field as H-Sphere. A
/// [`crate::List`] does not demand it of the bound address. `None` without one.
pub fn netmask(line: &str) -> Option<(IpAddr, u8)> {
    let mut fields = line.split('#').next()?.split_ascii_whitespace();
    let first = fields.next()?;
    if let Some((parsed, length)) = parse_cpanel(first) {
        return Some((parsed.address, length));
    }
    let HostAddress { address, .. } = first.parse().ok()?;
    Some((address, length(fields.next()?, address)?.ok()?))
}

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

/// Refuses what must not follow `address` on its line: another address, since one line has one, and a netmask
/// that is none. The addresses that a panel writes after a netmask are its broadcast address and its router.
/// Returns the prefix length of the netmask.
pub(crate) fn check_rest(address: IpAddr, rest: &str) -> Result<Option<u8>, String> {
    let rest = rest.split('#').next().unwrap_or_default();
    let ends = |c: char| c.is_ascii_whitespace() || c == ',';
    let mut fields = rest.split(ends).filter(|field| !field.is_empty()).peekable();
    let netmask = fields.peek().and_then(|field| length(field, address)).transpose()?;
    if netmask.is_some() {
        fields.next();
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

/// Returns the prefix length of a netmask after `address`, as `255.255.255.0`, `0xffffff00` or `/24`, or what
/// is wrong with it. `None` if the field is not meant as a netmask.
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
    fn a_panels_netmask_follows_its_address() {
        let rows = [
            ("192.0.2.1:255.255.255.0:192.0.2.255", Some(("192.0.2.1", 24))),
            ("192.0.2.1:255.255.255.255:192.0.2.1", Some(("192.0.2.1", 32))),
            ("192.0.2.1:255.255.255.255", Some(("192.0.2.1", 32))),
            ("192.0.2.1:0.0.0.0", None),
            ("192.0.2.1\t255.255.255.192\teth0", Some(("192.0.2.1", 26))),
            ("192.0.2.1 0xffffff00", Some(("192.0.2.1", 24))),
            ("192.0.2.1 0x+ffffff00", None),
            ("192.0.2.1 /28", Some(("192.0.2.1", 28))),
            ("192.0.2.1 /255.255.255.240", Some(("192.0.2.1", 28))),
            ("2001:db8::1 /64", Some(("2001:db8::1", 64))),
            ("2001:db8::1 255.255.255.0", None),
            ("192.0.2.1 255.0.255.0", None),
            ("192.0.2.1 0.0.0.0", None),
            ("192.0.2.1 192.0.2.2", None),
            ("192.0.2.1 # 255.255.255.0", None),
            ("192.0.2.1", None),
            ("# 192.0.2.1 255.255.255.0", None),
            ("", None),
        ];
        for (line, expected) in rows {
            let expected = expected.map(|(address, length)| (address.parse().unwrap(), length));
            assert_eq!(netmask(line), expected, "{line:?}");
        }
    }

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
        ];
        for (rest, expected) in rows {
            let found = check_rest("192.0.2.1".parse().unwrap(), rest).map(|_| ());
            assert_eq!(found, expected.map_err(str::to_owned), "{rest:?}");
        }
        let v6 = "2001:db8::1".parse().unwrap();
        assert_eq!(check_rest(v6, " /64 eth0"), Ok(Some(64)));
        assert!(check_rest(v6, " /129").is_err() && check_rest(v6, " 255.255.255.0").is_err());
    }
}
