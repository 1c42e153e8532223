//! One line of a list: its address, and the netmask that may stand with it.

use std::net::IpAddr;

use crate::address::{InvalidAddress, ZonedAddress};
use crate::netmask::{agree, check_rest, cpanel_netmask};

/// The mark that some editors write before a text in UTF-8.
pub(super) const MARK: char = '\u{feff}';

/// What a line is: its address, the prefix length of a netmask in it, and what follows the address.
pub(super) type Line<'a> = (ZonedAddress, Option<u8>, &'a str);

/// Parses a line: `None` if the line is blank or a comment.
pub(super) fn parse_line(
    line: &str,
    address: impl Fn(&str) -> Result<ZonedAddress, InvalidAddress>,
) -> Result<Option<Line<'_>>, String> {
    let line = line.trim_ascii();
    let ends = |octet: u8| octet.is_ascii_whitespace() || matches!(octet, b',' | b'#');
    let end = line.bytes().position(ends).unwrap_or(line.len());
    let (field, rest) = line.split_at_checked(end).unwrap_or((line, ""));
    // A carriage return inside a line was meant as the end of a line: what follows must not get lost.
    if rest.bytes().any(|octet| octet == b'\r') {
        return Err(InvalidAddress::CarriageReturn.to_string());
    }
    if field.is_empty() && !line.starts_with(',') {
        return Ok(None);
    }
    let of_cpanel = |error: InvalidAddress| {
        let (host, netmask) = cpanel_netmask(field).unwrap_or_else(|| Err(error.to_string()))?;
        Ok::<_, String>((ZonedAddress { host, zone: None }, Some(netmask)))
    };
    let (parsed, own) = address(field).map(|parsed| (parsed, None)).or_else(of_cpanel)?;
    let netmask = check_rest(parsed.host.address, rest)?;
    agree(own.or(parsed.host.prefix), netmask)?;
    Ok(Some((parsed, own.or(netmask), rest)))
}

/// Returns the address of a line and the prefix length of the netmask that a panel writes after it. cPanel
/// writes `address:netmask` or `address:netmask:broadcast`, H-Sphere the netmask in the next field. `None`
/// without a netmask. A [`List`](crate::List) does not demand that the bound address has this length.
pub fn netmask(line: &str) -> Option<(IpAddr, u8)> {
    let host = |field: &str| Ok(ZonedAddress { host: field.parse()?, zone: None });
    let (ZonedAddress { host, .. }, netmask, _) = parse_line(line.trim_start_matches(MARK), host).ok()??;
    Some((host.address, netmask?))
}

/// Returns the first line of a text, and the lines after it if there are any. `str::split_once` would look
/// for the line end with a search made for long lines, which takes twice as long here.
pub(super) fn split_line(text: &str) -> (&str, Option<&str>) {
    let end = text.bytes().position(|octet| octet == b'\n');
    let line = end.and_then(|end| text.get(..end)).unwrap_or(text);
    (line, end.and_then(|end| text.get(end + 1..)))
}

/// Whether all bits of an address that the prefix leaves to hosts are zero.
pub(super) fn is_network(address: IpAddr, prefix: u8) -> bool {
    let used = match address {
        IpAddr::V4(address) => 32_u32.saturating_sub(address.to_bits().trailing_zeros()),
        IpAddr::V6(address) => 128_u32.saturating_sub(address.to_bits().trailing_zeros()),
    };
    used <= u32::from(prefix)
}
