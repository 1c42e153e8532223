//! Numbers as the C library reads them: inet_aton(3), strtoul(3) with base 0, and atoi(3).

use std::net::Ipv4Addr;

/// Reads an IPv4 address of one to four numbers, decimal, octal or hexadecimal, of which the last one fills
/// what is left (inet_aton(3)). Nothing may follow it.
pub(super) fn inet_aton(text: &str) -> Option<Ipv4Addr> {
    let parts: Vec<u32> = text.splitn(5, '.').map(number).collect::<Option<_>>()?;
    let (last, firsts) = parts.split_last()?;
    let bits_left = 32_u32.checked_sub(8 * u32::try_from(firsts.len()).ok()?).filter(|bits| *bits > 0)?;
    if firsts.iter().any(|part| *part > 255) || (bits_left < 32 && *last >> bits_left != 0) {
        return None;
    }
    let high = firsts.iter().fold(0_u32, |high, part| high << 8 | part);
    Some(Ipv4Addr::from(high.checked_shl(bits_left).unwrap_or(0) | last))
}

/// Reads a number as strtoul(3) with base 0 does; nothing may follow it.
fn number(text: &str) -> Option<u32> {
    let hexadecimal = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X"));
    let (digits, radix) = match hexadecimal {
        Some(digits) => (digits, 16),
        None if text.len() > 1 && text.starts_with('0') => (text, 8),
        None => (text, 10),
    };
    let all_digits = !digits.is_empty() && digits.chars().all(|c| c.is_digit(radix));
    if all_digits { u32::from_str_radix(digits, radix).ok() } else { None }
}

/// Reads the number at the start of a text, 0 without one (atoi(3)). One beyond its range is the nearest that
/// fits.
pub(super) fn atoi(text: &str) -> i32 {
    let text = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text.strip_prefix('+').unwrap_or(text)),
    };
    let value = digits.bytes().take_while(u8::is_ascii_digit).fold(0_i64, |value, digit| {
        value.saturating_mul(10).saturating_add(i64::from(digit - b'0')).min(i64::from(i32::MAX))
    });
    i32::try_from(sign * value).unwrap_or(i32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_addresses_have_their_limits() {
        let rows = [
            ("255.255.255.255", Some("255.255.255.255")),
            ("4294967295", Some("255.255.255.255")),
            ("4294967296", None),
            ("00000000000000000000001", Some("0.0.0.1")),
            ("0377.0xFF.1", Some("255.255.0.1")),
            ("0400.1", None),
            ("127.16777215", Some("127.255.255.255")),
            ("127.16777216", None),
            ("256.1", None),
            ("1.2.3.4.5", None),
            ("08.0.0.1", None),
            ("1..2", None),
            ("0x", None),
            ("-1", None),
            ("+1", None),
            ("1.2.3.", None),
            ("", None),
        ];
        for (text, address) in rows {
            assert_eq!(inet_aton(text).map(|address| address.to_string()).as_deref(), address, "{text}");
        }
    }

    #[test]
    fn a_number_ends_where_its_digits_end() {
        let rows =
            [("1", 1), ("01", 1), ("1x", 1), ("x", 0), ("", 0), ("-1", -1), ("+2", 2), ("-", 0), ("\r", 0)];
        for (text, number) in rows {
            assert_eq!(atoi(text), number, "{text:?}");
        }
        assert_eq!((atoi(&"9".repeat(50)), atoi(&format!("-{}", "9".repeat(50)))), (i32::MAX, -i32::MAX));
    }
}
