//! Netmasks as configurations write them.

use std::net::{IpAddr, Ipv4Addr};

use addresses::{HostAddress, InvalidAddress, short};

/// Returns the prefix length that a netmask stands for, as bits (`24`) or dotted (`255.255.255.0`): `None` if
/// it is neither.
pub(crate) fn length(mask: &str, address: IpAddr) -> Option<u8> {
    let bits = if address.is_ipv4() { 32 } else { 128 };
    if !mask.is_empty() && mask.bytes().all(|octet| octet.is_ascii_digit()) {
        return mask.parse().ok().filter(|length| *length <= bits);
    }
    let dotted = mask.parse::<Ipv4Addr>().ok().filter(|_| address.is_ipv4())?.to_bits();
    let ones = dotted.leading_ones();
    (ones + dotted.trailing_zeros() >= 32).then(|| u8::try_from(ones).ok()).flatten()
}

/// Returns the prefix length of an IPv4 address' class, for files older than prefixes (RFC 791).
pub(crate) fn class(address: Ipv4Addr) -> u8 {
    match address.octets() {
        [0..128, ..] => 8,
        [128..192, ..] => 16,
        [192..224, ..] => 24,
        _ => 32,
    }
}

/// Returns whether this is `0.0.0.0`, with a prefix length or without: iproute2 takes it and binds nothing.
pub(crate) fn is_none(text: &str) -> bool {
    text.split('/').next() == Some("0.0.0.0")
}

/// `text` with a netmask of either form behind a slash, or none.
pub(crate) fn parse(text: &str) -> Result<HostAddress, InvalidAddress> {
    let Some((address, mask)) = text.split_once('/') else { return text.parse() };
    match address.parse::<HostAddress>() {
        Ok(plain) if mask.contains('.') && plain.prefix.is_none() => {
            let prefix =
                length(mask, plain.address).ok_or_else(|| InvalidAddress::Prefix(short(text), 32))?;
            Ok(HostAddress { prefix: Some(prefix), ..plain })
        }
        _ => text.parse(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms() {
        let (v4, v6) = ("192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap());
        let rows = [
            ("24", v4, Some(24)),
            ("0", v4, Some(0)),
            ("33", v4, None),
            ("255.255.255.0", v4, Some(24)),
            ("255.255.255.255", v4, Some(32)),
            ("0.0.0.0", v4, Some(0)),
            ("255.0.255.0", v4, None),
            ("", v4, None),
            ("+24", v4, None),
            ("64", v6, Some(64)),
            ("129", v6, None),
            ("255.255.255.0", v6, None),
        ];
        for (mask, address, prefix) in rows {
            assert_eq!(length(mask, address), prefix, "{mask}");
        }
        let rows = [
            ("192.0.2.1/255.255.255.128", "192.0.2.1/25"),
            ("192.0.2.1/25", "192.0.2.1/25"),
            ("192.0.2.1", "192.0.2.1"),
            ("2001:db8::1/64", "2001:db8::1/64"),
        ];
        for (text, printed) in rows {
            assert_eq!(parse(text).map(|expected| expected.to_string()), Ok(printed.to_owned()));
        }
        assert!(parse("192.0.2.1/255.0.255.0").is_err());
        assert_eq!(
            [class([10, 1, 1, 1].into()), class([172, 16, 0, 1].into()), class([192, 0, 2, 1].into())],
            [8, 16, 24]
        );
    }
}
