//! A whole number on the command line: one grammar for every option of every program.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// Why a text is not a whole number within the limits of its option.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a whole number from {} to {}", .limits.start(), .limits.end())]
pub struct InvalidNumber {
    limits: RangeInclusive<u64>,
}

/// Returns the `value_parser` of an option whose numbers lie within `limits`, both of them allowed: digits,
/// without a sign, exponent, blank or unit. Zeros in front change nothing.
pub fn whole<T: FromStr>(
    limits: RangeInclusive<u64>,
) -> impl Fn(&str) -> Result<T, InvalidNumber> + Clone + Send + Sync + 'static {
    move |text| {
        let digits = text.bytes().all(|octet| octet.is_ascii_digit());
        let is_within = digits && text.parse().is_ok_and(|number: u64| limits.contains(&number));
        let number = if is_within { text.parse().ok() } else { None };
        number.ok_or_else(|| InvalidNumber { limits: limits.clone() })
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use super::*;

    #[test]
    fn a_number_is_digits_within_the_limits() {
        let read = whole::<u16>(1..=65_535);
        for (text, number) in
            [("1", 1), ("01", 1), ("080", 80), ("65535", 65_535), ("000000000065535", 65_535)]
        {
            assert_eq!(read(text), Ok(number), "{text}");
        }
        let refused = [
            "",
            "0",
            "00",
            "65536",
            "99999999999",
            "99999999999999999999999",
            "+1",
            "-1",
            " 1",
            "1 ",
            "1.",
            "1.0",
            "1e3",
            "0x10",
            "1_0",
            "1,0",
            "٣",
            "1\n",
            "\"1\"",
            "80-82",
        ];
        for text in refused {
            let error = read(text).expect_err(text);
            assert_eq!(error.to_string(), "not a whole number from 1 to 65535", "{text:?}");
        }
    }

    #[test]
    fn limits_wider_than_the_type_are_no_panic() {
        assert!(whole::<u8>(0..=300)("256").is_err());
        assert!(whole::<NonZeroU32>(0..=9)("0").is_err());
        assert_eq!(whole::<NonZeroU32>(1..=9)("9"), Ok(NonZeroU32::new(9).unwrap()));
        assert_eq!(whole::<u64>(0..=u64::MAX)("18446744073709551615"), Ok(u64::MAX));
    }
}
