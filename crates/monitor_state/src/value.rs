//! The numbers of status.dat, from octets.

/// Parses a whole number of 0 and more. A fraction is cut off, since Icinga 2 writes times with one; `None`
/// if anything else is there.
pub(crate) fn whole(text: &[u8]) -> Option<u64> {
    let digits = memchr::memchr(b'.', text).map_or(Some(text), |point| {
        let fraction = text.get(point + 1..)?;
        fraction.iter().all(u8::is_ascii_digit).then(|| text.get(..point)).flatten()
    })?;
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, octet| {
        let digit = octet.checked_sub(b'0').filter(|digit| *digit <= 9)?;
        number.checked_mul(10)?.checked_add(digit.into())
    })
}

/// Parses a plain decimal number of 0 and more; `None` if it is anything else.
pub(crate) fn decimal(text: &[u8]) -> Option<f64> {
    let is_plain = text.iter().all(|octet| octet.is_ascii_digit() || *octet == b'.');
    str::from_utf8(text).ok().filter(|_| is_plain)?.parse().ok().filter(|number: &f64| number.is_finite())
}

/// Returns a state in JSON as its number. A number that is not a state, such as -1, must not become 0, which
/// is OK or UP.
pub(crate) fn state(number: f64) -> u64 {
    if number >= 0.0 && number.fract() == 0.0 { number as u64 } else { u64::MAX }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_numbers_are_numbers() {
        let rows: [(&[u8], Option<u64>); 14] = [
            (b"0", Some(0)),
            (b"1795640914", Some(1_795_640_914)),
            (b"1795640914.123456", Some(1_795_640_914)),
            (b"5.", Some(5)),
            (b"18446744073709551615", Some(u64::MAX)),
            (b"18446744073709551616", None),
            (b"", None),
            (b".5", None),
            (b"-1", None),
            (b"+1", None),
            (b" 1", None),
            (b"1e3", None),
            (b"1.2.3", None),
            (b"\xff", None),
        ];
        for (text, number) in rows {
            assert_eq!(whole(text), number, "{}", text.escape_ascii());
        }
        let rows: [(&[u8], Option<f64>); 7] = [
            (b"5.000000", Some(5.0)),
            (b"0", Some(0.0)),
            (b"", None),
            (b".", None),
            (b"1e3", None),
            (b"nan", None),
            (b"-1", None),
        ];
        for (text, number) in rows {
            assert_eq!(decimal(text), number, "{}", text.escape_ascii());
        }
        assert_eq!(decimal(&[b'9'; 400]), None, "beyond all numbers");
    }
}
