//! A time in seconds on the command line: one grammar for every option of every program.

use std::fmt;
use std::ops::RangeInclusive;
use std::time::Duration;

/// A time in seconds: digits, optionally a point and digits, as in `5` or `2.5`. No sign, exponent, blank or
/// unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(Duration);

/// The longest number that a message writes in another way, in octets.
const LONGEST: usize = 20;

/// Why a text is not a time within the limits of its option.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("not a time in seconds from {} to {}{}", .limits.start(), .limits.end(), in_full(.instead.as_ref()))]
pub struct InvalidSeconds {
    limits: RangeInclusive<f64>,
    /// The same number with a digit on both sides of its point, if only that was missing.
    instead: Option<String>,
}

fn in_full(instead: Option<&String>) -> String {
    instead.map(|number| format!(", write {number}")).unwrap_or_default()
}

impl Seconds {
    /// Returns the `value_parser` of an option whose times lie within `limits`, both of them allowed.
    pub fn within(
        limits: RangeInclusive<f64>,
    ) -> impl Fn(&str) -> Result<Self, InvalidSeconds> + Clone + Send + Sync + 'static {
        move |text| Self::parse(text, limits.clone())
    }

    /// Parses a time within `limits`, both of them allowed. Fractions below a nanosecond are dropped.
    ///
    /// # Errors
    /// [`InvalidSeconds`]: another grammar, or outside of the limits.
    pub fn parse(text: &str, limits: RangeInclusive<f64>) -> Result<Self, InvalidSeconds> {
        let read = |text: &str| -> Option<Self> {
            let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
            let digits = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
            let number = text.parse().ok().filter(|_| digits(whole) && digits(fraction));
            let seconds = number.filter(|seconds| limits.contains(seconds))?;
            Duration::try_from_secs_f64(seconds).ok().map(Self)
        };
        read(text).ok_or_else(|| {
            let instead = match (text.strip_prefix('.'), text.strip_suffix('.')) {
                (Some(fraction), _) => Some(format!("0.{fraction}")),
                (_, Some(whole)) => Some(whole.to_owned()),
                _ => None,
            };
            let instead = instead.filter(|number| text.len() <= LONGEST && read(number).is_some());
            InvalidSeconds { limits: limits.clone(), instead }
        })
    }

    /// Returns the time.
    pub fn duration(self) -> Duration {
        self.0
    }

    /// Returns the time in seconds.
    pub fn as_f64(self) -> f64 {
        self.0.as_secs_f64()
    }
}

impl From<Duration> for Seconds {
    fn from(time: Duration) -> Self {
        Self(time)
    }
}

/// Prints the number of seconds alone, which parses back.
impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_f64().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_digits_or_digits_with_a_point() {
        let read =
            |text: &str| Seconds::parse(text, 0.01..=600.0).map(|seconds| seconds.duration().as_millis());
        let rows = [
            ("0.01", 10),
            ("3.5", 3_500),
            ("600", 600_000),
            ("600.0", 600_000),
            ("007", 7_000),
            ("1.50", 1_500),
        ];
        for (text, milliseconds) in rows {
            assert_eq!(read(text), Ok(milliseconds), "{text}");
        }
        let refused = [
            "", "0", "0.009", "600.001", "700.", ".001", ".", "..5", "5..", "1.2.3", "+1", "-1", "-0", "1e2",
            "1_000", "1,5", " 1", "1 ", "1s", "inf", "nan", "0x10", "٣", "1\n",
        ];
        for text in refused {
            let error = read(text).expect_err(text);
            assert_eq!(error.to_string(), "not a time in seconds from 0.01 to 600", "{text:?}");
        }
        for (text, instead) in [(".5", "0.5"), (".02", "0.02"), ("5.", "5"), ("007.", "007")] {
            let expected = format!("not a time in seconds from 0.01 to 600, write {instead}");
            assert_eq!(read(text).expect_err(text).to_string(), expected, "{text:?}");
        }
        assert!(read(&"9".repeat(400)).is_err(), "more than a finite number holds");
    }

    #[test]
    fn prints_as_a_number_that_parses_back() {
        for text in ["0", "5", "2.5", "0.000001", "86400"] {
            let time = Seconds::parse(text, 0.0..=86_400.0).unwrap();
            assert_eq!(time.to_string(), text);
        }
        assert_eq!(Seconds::from(Duration::from_millis(1_500)).to_string(), "1.5");
    }

    #[test]
    fn a_limit_that_no_duration_holds_is_refused_and_no_panic() {
        assert!(Seconds::parse(&"9".repeat(30), 0.0..=f64::MAX).is_err());
    }
}
