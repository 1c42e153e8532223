//! The threshold range of the Monitoring Plugins Development Guidelines, read strictly.

use std::fmt;
use std::str::FromStr;

/// A range of numbers that are fine; [`Range::alerts`] says whether a number is not.
///
/// | range | alerts when the value is |
/// | --- | --- |
/// | `10`, `:10` | < 0 or > 10 |
/// | `10:` | < 10 |
/// | `~:10` | > 10 |
/// | `10:20` | < 10 or > 20 |
/// | `@10:20` | >= 10 and <= 20 |
///
/// It prints exactly as it was given, so that performance data shows the very range that judged the value.
/// Only `:10` prints as `0:10`: the guidelines let the start be left out together with the colon, and readers
/// of performance data keep to that.
#[derive(Clone, Debug, PartialEq)]
pub struct Range {
    start: f64,
    end: f64,
    inside: bool,
    text: String,
}

/// Why a text is not a range.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidRange {
    /// The text, or the text after an `@`, is empty.
    #[error("the range is empty")]
    Empty,
    /// An end of the range is not a plain, finite decimal number.
    #[error("{0} is not a plain decimal number, write a range as in 0:10")]
    Number(String),
    /// A tilde anywhere else than before the colon. It is not repeated: a first line has none.
    #[error("a tilde (no lower limit) stands only before the colon of a range")]
    Tilde,
    /// A single number below zero.
    #[error("{0} alone is not a range: write -{number}:{number} for both directions, {0}: for {0} or more", number = .0.trim_start_matches('-'))]
    Negative(String),
    /// A colon without a number.
    #[error("the range has no number, write it as in 0:10")]
    NoNumber,
    /// The start is greater than the end.
    #[error("the start of the range is greater than its end")]
    Order,
}

impl Range {
    /// The range that alerts below zero and above `end`, as the text `end` would.
    pub fn up_to(end: f64) -> Self {
        Self { start: 0.0, end, inside: false, text: end.to_string() }
    }

    /// The range that alerts outside of `start` to `end`; the two ends may be given in either order.
    pub fn between(start: f64, end: f64) -> Self {
        let (start, end) = (start.min(end), start.max(end));
        Self { start, end, inside: false, text: format!("{start}:{end}") }
    }

    /// Whether `value` is to be alerted on. Not a number always is.
    pub fn alerts(&self, value: f64) -> bool {
        let within = self.start <= value && value <= self.end;
        value.is_nan() || within == self.inside
    }

    /// Whether this is a bare number above zero, which allows as much above zero and nothing below.
    pub fn is_bare(&self) -> bool {
        self.end > 0.0 && !self.inside && !self.text.contains(':')
    }

    /// Returns the range to both sides of zero for a bare number, as -60:60 for 60: what most who write it
    /// mean of a value that has a sign. Any other range stays as it is.
    #[must_use]
    pub fn mirrored(&self) -> Self {
        match self.is_bare() {
            true => Self { start: -self.end, text: format!("-{0}:{0}", self.text), ..self.clone() },
            false => self.clone(),
        }
    }

    /// The two numbers at which it begins and ends.
    pub fn ends(&self) -> [f64; 2] {
        [self.start, self.end]
    }

    /// Returns what is allowed, in words: `0 to 10`, `10 or more`, `up to 10`, `outside 10 to 20`, and `2` or
    /// `not 2` for a single number.
    pub fn in_words(&self) -> String {
        self.words((self.start, self.end), "")
    }

    /// Returns the allowed numbers or shares in words, with this unit. Neither is ever below zero, so that a
    /// range from zero has no lower end, as in `up to 10%`.
    pub fn in_words_of_count(&self, unit: &str) -> String {
        let start = if self.start > 0.0 || self.inside { self.start } else { f64::NEG_INFINITY };
        self.words((start, self.end), unit)
    }

    fn words(&self, (start, end): (f64, f64), unit: &str) -> String {
        match (start.is_finite(), end.is_finite(), self.inside) {
            (true, true, false) if start == end => format!("{end}{unit}"),
            (true, true, true) if start == end => format!("not {end}{unit}"),
            (true, true, false) => format!("{start} to {end}{unit}"),
            (true, true, true) => format!("outside {start} to {end}{unit}"),
            (true, false, false) => format!("{start}{unit} or more"),
            (true, false, true) => format!("below {start}{unit}"),
            (false, true, false) => format!("up to {end}{unit}"),
            (false, true, true) => format!("above {end}{unit}"),
            (false, false, false) => "any number".to_owned(),
            (false, false, true) => "nothing".to_owned(),
        }
    }

    /// Returns whether the other range allows each number from zero on that this range allows.
    pub(crate) fn is_within(&self, other: &Self) -> bool {
        let (start, other_start) = (self.start.max(0.0), other.start.max(0.0));
        match (self.inside, other.inside) {
            (false, false) => other_start <= start && self.end <= other.end,
            (true, true) => start <= other_start && other.end <= self.end,
            (false, true) => self.end < other_start || other.end < start,
            (true, false) => {
                let is_low_part_within = start == 0.0 || (other_start == 0.0 && start <= other.end);
                let is_high_part_within =
                    self.end.is_infinite() || (other.end.is_infinite() && other_start <= self.end);
                is_low_part_within && is_high_part_within
            }
        }
    }
}

impl FromStr for Range {
    type Err = InvalidRange;

    fn from_str(text: &str) -> Result<Self, InvalidRange> {
        let (inside, span) = match text.strip_prefix('@') {
            Some(span) => (true, span),
            None => (false, text),
        };
        if span.is_empty() {
            return Err(InvalidRange::Empty);
        }
        let read = |part: &str| match number(part) {
            Some(number) => Ok(number),
            None if part.contains('~') => Err(InvalidRange::Tilde),
            None => Err(InvalidRange::Number(part.to_owned())),
        };
        let (start, end) = match span.split_once(':') {
            None if read(span)? < 0.0 => return Err(InvalidRange::Negative(span.to_owned())),
            None => (0.0, read(span)?),
            Some(("", "")) => return Err(InvalidRange::NoNumber),
            Some(("", end)) => (0.0, read(end)?),
            Some(("~", "")) => (f64::NEG_INFINITY, f64::INFINITY),
            Some(("~", end)) => (f64::NEG_INFINITY, read(end)?),
            Some((start, "")) => (read(start)?, f64::INFINITY),
            Some((start, end)) => (read(start)?, read(end)?),
        };
        if start > end {
            return Err(InvalidRange::Order);
        }
        let text = match span.strip_prefix(':') {
            Some(end) => format!("{}0:{end}", if inside { "@" } else { "" }),
            None => text.to_owned(),
        };
        Ok(Self { start, end, inside, text })
    }
}

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A finite number in plain decimal: an optional minus, digits, and an optional fraction. No plus, no
/// exponent, no blank, no `inf` and no `nan`, all of which [`f64::from_str`] would take.
fn number(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let decimal = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !decimal(whole) || !decimal(fraction) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alerts(range: &str, value: f64) -> bool {
        range.parse::<Range>().unwrap().alerts(value)
    }

    /// Compares all ranges with these ends, by numbers on both sides of each end.
    #[test]
    fn is_within_what_allows_all_that_it_allows() {
        let mut ranges = Vec::new();
        for (inside, start) in
            ["", "@"].into_iter().flat_map(|inside| ["~", "0", "1", "2", "3"].map(|start| (inside, start)))
        {
            let texts = ["", "0", "1", "2", "3"].map(|end| format!("{inside}{start}:{end}"));
            ranges.extend(texts.iter().filter_map(|text| text.parse::<Range>().ok()));
        }
        assert_eq!(ranges.len(), 38);
        let numbers: Vec<f64> = (0..16).map(|quarters| f64::from(quarters) / 4.0).collect();
        for (range, other) in ranges.iter().flat_map(|range| ranges.iter().map(move |other| (range, other))) {
            let is_within = numbers.iter().all(|number| range.alerts(*number) || !other.alerts(*number));
            assert_eq!(range.is_within(other), is_within, "{range} within {other}");
        }
    }

    #[test]
    fn says_what_it_allows() {
        let rows = [
            ("10", "0 to 10"),
            ("-5:5.5", "-5 to 5.5"),
            ("10:", "10 or more"),
            ("~:10", "up to 10"),
            ("~:", "any number"),
            ("@10:20", "outside 10 to 20"),
            ("2:2", "2"),
            ("@2:2", "not 2"),
            ("0", "0"),
            ("@0", "not 0"),
            ("-1.5:-1.5", "-1.5"),
            ("@10:", "below 10"),
            ("@~:10", "above 10"),
            ("@~:", "nothing"),
        ];
        for (range, words) in rows {
            assert_eq!(range.parse::<Range>().unwrap().in_words(), words);
        }
    }

    #[test]
    fn alerts_as_the_guidelines_say() {
        let rows: &[(&str, &[f64], &[f64])] = &[
            ("10", &[-0.001, 10.001, -5.0], &[0.0, -0.0, 5.0, 10.0]),
            ("10:", &[9.999, -1.0], &[10.0, 1e300]),
            ("~:10", &[10.001], &[10.0, -1e300]),
            ("10:20", &[9.999, 20.001], &[10.0, 15.0, 20.0]),
            ("@10:20", &[10.0, 15.0, 20.0], &[9.999, 20.001]),
            ("-5:5", &[-5.001, 5.001], &[-5.0, 0.0, 5.0]),
            ("@10", &[0.0, 10.0], &[-0.1, 10.1]),
            (":10", &[-0.001, 10.001], &[0.0, 10.0]),
            ("@:10", &[0.0, 10.0], &[-0.1, 10.1]),
            ("0", &[1.0, -1.0], &[0.0]),
            ("-20:-10.5", &[-10.4, -20.1], &[-10.5, -20.0]),
            ("~:", &[], &[f64::MAX, f64::MIN]),
            ("@~:", &[f64::MAX, 0.0], &[]),
        ];
        for (range, bad, good) in rows {
            for value in *bad {
                assert!(alerts(range, *value), "{range} must alert on {value}");
            }
            for value in *good {
                assert!(!alerts(range, *value), "{range} must not alert on {value}");
            }
            assert!(alerts(range, f64::NAN), "{range} must alert on NaN");
        }
    }

    #[test]
    fn a_bare_number_is_told_from_a_range() {
        for (text, bare) in [("60", true), ("0.5", true), ("0", false), ("0:60", false), ("@60", false)] {
            assert_eq!(text.parse::<Range>().unwrap().is_bare(), bare, "{text}");
        }
    }

    #[test]
    fn a_bare_number_is_mirrored_and_nothing_else() {
        for (text, both) in
            [("60", "-60:60"), ("0.50", "-0.50:0.50"), ("0:60", "0:60"), ("@60", "@60"), ("~:5", "~:5")]
        {
            let mirrored = text.parse::<Range>().unwrap().mirrored();
            assert_eq!(mirrored.to_string(), both);
            assert_eq!(mirrored, both.parse().unwrap());
        }
    }

    #[test]
    fn refuses_what_is_not_a_range() {
        let no_number = [
            "abc", "10:abc", "nan", "inf", "-inf", "10:20:30", "10 ", " 10", "1 0", "10: 20", "+5", "1e3",
            "1e30", "0x10", "5.", ".5", "--5", "-", "@@1", "1,5", "٣", "infinity", "10\n", "10;", "1_000",
        ];
        for text in no_number {
            let error = text.parse::<Range>().expect_err(text);
            assert!(matches!(error, InvalidRange::Number(_)), "{text:?}: {error}");
        }
        assert!("9".repeat(400).parse::<Range>().is_err(), "more than a finite number holds");
        let why = |text: &str| text.parse::<Range>().unwrap_err().to_string();
        assert_eq!(why("10:abc"), "abc is not a plain decimal number, write a range as in 0:10");
        for text in [":", "@:"] {
            assert_eq!(why(text), "the range has no number, write it as in 0:10");
        }
        for text in ["~", "~:~", "10:~", "~5:10", "@~"] {
            assert_eq!(
                why(text),
                "a tilde (no lower limit) stands only before the colon of a range",
                "{text}"
            );
        }
        let negative = "-5 alone is not a range: write -5:5 for both directions, -5: for -5 or more";
        for text in ["-5", "@-5"] {
            assert_eq!(why(text), negative, "{text}");
        }
        assert_eq!("-0".parse::<Range>().map(|range| range.alerts(0.0)), Ok(false));
        assert_eq!("".parse::<Range>(), Err(InvalidRange::Empty));
        assert_eq!("@".parse::<Range>(), Err(InvalidRange::Empty));
        assert_eq!("20:10".parse::<Range>(), Err(InvalidRange::Order));
        assert_eq!("5:-5".parse::<Range>(), Err(InvalidRange::Order));
    }

    #[test]
    fn prints_as_it_was_given_and_reads_back() {
        for text in ["10", "10:", "~:10", "10:20", "@10:20", "0:10", "-5:5", "~:", "@0.50:1.0", "0.000001"] {
            let range: Range = text.parse().unwrap();
            assert_eq!(range.to_string(), text);
            assert_eq!(range.to_string().parse::<Range>().unwrap(), range);
        }
        for (given, printed) in [(":10", "0:10"), ("@:10", "@0:10")] {
            assert_eq!(given.parse::<Range>().unwrap().to_string(), printed);
        }
        assert_eq!(Range::up_to(0.0).to_string(), "0");
        assert_eq!(Range::between(5.0, -5.0).to_string(), "-5:5");
        assert_eq!("-5:5".parse::<Range>().unwrap(), Range::between(-5.0, 5.0));
    }
}
