//! The time in the value of an SNMP variable: a number of seconds since the epoch, digits, a DateAndTime, or
//! a date as text.

use jiff::tz::TimeZone;

use crate::date_and_time::{self, DateError};
use crate::readings::Shown;
use crate::text_date;

/// The last second of the year 9998: a number beyond is no number of seconds.
const LATEST: f64 = 253_370_764_799.0;
/// The most octets that a string of digits can have.
const LONGEST: usize = 40;

/// The value of a variable, as far as it can be a time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// INTEGER, Counter32, Gauge32 or Counter64.
    Number(i128),
    /// OCTET STRING.
    Octets(Vec<u8>),
    /// TimeTicks, hundredths of a second.
    Ticks(u32),
    /// Another type, by its name.
    Other(&'static str),
}

/// Why a value is not a time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// A string that is neither digits nor a date.
    #[error("not a time: {0}")]
    Text(String),
    /// A string that looks like a date, and is not one that can be read in one way only.
    #[error("{0} is no date of a known form: print it by date +%s")]
    Form(String),
    /// An empty string.
    #[error("empty string, not a time")]
    Empty,
    /// A type that no time has.
    #[error("{0}, not a time")]
    Type(&'static str),
    /// A number below zero.
    #[error("{0} is below zero, perhaps a 32-bit overflow in January 2038")]
    Negative(i128),
    /// A number that is too great.
    #[error("{0} is too large for seconds since the epoch, perhaps milliseconds")]
    Great(String),
    /// A date that is none.
    #[error(transparent)]
    Date(#[from] DateError),
}

impl Value {
    /// The time; a DateAndTime of 8 octets is local time of `zone`.
    ///
    /// # Errors
    /// [`ValueError`]: it is not a time, and what it is.
    pub fn time(&self, zone: Option<&TimeZone>) -> Result<Shown, ValueError> {
        match self {
            Self::Number(number) if *number < 0 => Err(ValueError::Negative(*number)),
            Self::Number(number) => bounded(*number as f64, 1.0, &number.to_string()),
            Self::Octets(octets) => match text(octets) {
                Some("") => Err(ValueError::Empty),
                Some(text) if is_decimal(text) => decimal(text),
                Some(text) => match text_date::read(text, zone) {
                    Some(read) => Ok(read?),
                    None if has_time_of_day(text) => Err(ValueError::Form(excerpt(text))),
                    None => Err(ValueError::Text(excerpt(text))),
                },
                None => Ok(date_and_time::read(octets, zone)?),
            },
            Self::Ticks(_) => Err(ValueError::Type("TimeTicks")),
            Self::Other(name) => Err(ValueError::Type(name)),
        }
    }
}

fn bounded(value: f64, resolution: f64, text: &str) -> Result<Shown, ValueError> {
    if value <= LATEST { Ok(Shown { value, resolution }) } else { Err(ValueError::Great(text.to_owned())) }
}

/// The text that the octets are but for blanks, a line end and the NULs of C around it: `None` if they are
/// something else, as a date of this age of the world is, whose first octet is 7.
fn text(octets: &[u8]) -> Option<&str> {
    let text = str::from_utf8(octets).ok().filter(|_| !date_and_time::is_unset(octets))?;
    let text = text.trim_matches(['\0', ' ', '\t', '\r', '\n']);
    let plain = |c: char| !c.is_control() || matches!(c, '\t' | '\r' | '\n');
    text.chars().all(plain).then_some(text)
}

/// Whether a text is digits, with or without a fraction.
fn is_decimal(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let decimal = |part: &str| !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_digit());
    text.len() <= LONGEST && decimal(whole) && decimal(fraction)
}

fn decimal(text: &str) -> Result<Shown, ValueError> {
    let places = text.split_once('.').map_or(0, |(_, fraction)| fraction.len().min(9));
    let value: f64 = text.parse().map_err(|_| ValueError::Text(text.to_owned()))?;
    bounded(value, 10_f64.powi(-i32::try_from(places).unwrap_or(9)), text)
}

/// Whether a text has something like 03:50.
fn has_time_of_day(text: &str) -> bool {
    let is_colon = |part: &[u8]| matches!(part, [a, b':', b] if a.is_ascii_digit() && b.is_ascii_digit());
    text.as_bytes().windows(3).any(is_colon)
}

fn excerpt(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", text.get(..end).unwrap_or_default().trim_end()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(value: &Value) -> Result<(f64, f64), String> {
        value.time(None).map(|shown| (shown.value, shown.resolution)).map_err(|error| error.to_string())
    }

    fn text(text: &str) -> Value {
        Value::Octets(text.as_bytes().to_vec())
    }

    #[test]
    fn numbers_and_digits_are_seconds() {
        let rows = [
            (Value::Number(1_795_319_407), (1_795_319_407.0, 1.0)),
            (Value::Number(4_102_444_800), (4_102_444_800.0, 1.0)),
            (Value::Number(0), (0.0, 1.0)),
            (text("1795319407"), (1_795_319_407.0, 1.0)),
            (text("1795319407\n"), (1_795_319_407.0, 1.0)),
            (text(" 1795319407 \r\n"), (1_795_319_407.0, 1.0)),
            (text("1795319407\0"), (1_795_319_407.0, 1.0)),
            (text("1795319407\n\0\0"), (1_795_319_407.0, 1.0)),
            (text("17953194\0\0\0"), (17_953_194.0, 1.0)),
            (text("1795319407.5"), (1_795_319_407.5, 0.1)),
            (text("2026-11-22T03:50:07Z\n"), (1_795_319_407.0, 1.0)),
            (text("Sun Nov 22 03:50:07 UTC 2026\0"), (1_795_319_407.0, 1.0)),
            (text("1795319407.737586723"), (1_795_319_407.737_586_7, 1e-9)),
        ];
        for (value, expected) in rows {
            assert_eq!(time(&value), Ok(expected), "{value:?}");
        }
    }

    #[test]
    fn dates_are_told_from_text_of_the_same_length() {
        let date = [7, 234, 11, 22, 3, 50, 7, 0, b'+', 0, 0];
        assert_eq!(time(&Value::Octets(date.to_vec())), Ok((1_795_319_407.0, 1.0)));
        let local = time(&Value::Octets(date[..8].to_vec()));
        assert_eq!(local, Err("local time without a zone: name the zone by --timezone".to_owned()));
        assert_eq!(time(&text("17953194")), Ok((17_953_194.0, 1.0)));
        assert_eq!(time(&text("no clock")), Err("not a time: no clock".to_owned()));
        assert_eq!(time(&text("not a clock")), Err("not a time: not a clock".to_owned()));
    }

    const ZEROS: &str = "a date of zeros: the agent does not know its time";

    #[test]
    fn what_is_no_time_is_refused() {
        let rows = [
            (text(""), "empty string, not a time"),
            (text("\n"), "empty string, not a time"),
            (text("\0"), "empty string, not a time"),
            (text("no\0"), "not a time: no"),
            (text("Mär 7"), "not a time: Mär 7"),
            (text("a\0b"), "3 octets, neither text nor a date, which has 8 or 11"),
            (
                Value::Octets(vec![7, 234, 11, 22, 3, 50, 7, 0, b'+']),
                "9 octets, neither text nor a date, which has 8 or 11",
            ),
            (
                Value::Octets(vec![7, 234, 11, 22, 3, 50, 7, 0, b'+', 1]),
                "10 octets, neither text nor a date, which has 8 or 11",
            ),
            (text("2026-11-22 03:50:11"), "local time without a zone: name the zone by --timezone"),
            (
                text("11/22/2026 03:50:11"),
                "11/22/2026 03:50:11 is no date of a known form: print it by date +%s",
            ),
            (
                text("So 22. Nov 03:50:11 CET 2026\n"),
                "So 22. Nov 03:50:11 CET 2026 is no date of a known form: print it by date +%s",
            ),
            (
                text("/nonexistent/cmd: No such file or directory"),
                "not a time: /nonexistent/cmd: No such file or direct...",
            ),
            (Value::Octets(vec![0; 11]), ZEROS),
            (Value::Octets(vec![0, 0, 0, 0, 0, 0, 0, 0, b'+', 0, 0]), ZEROS),
            (Value::Octets(vec![0, 0, 0, 0, 0, 0, 0, 0, b'-', 1, 0, 0]), ZEROS),
            (text("\0\0\0\0\0\0\0\0\0"), ZEROS),
            (text("1795319407 s"), "not a time: 1795319407 s"),
            (text("-1795319407"), "not a time: -1795319407"),
            (text("1.795e9"), "not a time: 1.795e9"),
            (text("1795319407."), "not a time: 1795319407."),
            (text("inf"), "not a time: inf"),
            (
                text("1795319407737"),
                "1795319407737 is too large for seconds since the epoch, perhaps milliseconds",
            ),
            (
                Value::Number(1_795_319_407_737),
                "1795319407737 is too large for seconds since the epoch, perhaps milliseconds",
            ),
            (
                Value::Number(-2_147_483_648),
                "-2147483648 is below zero, perhaps a 32-bit overflow in January 2038",
            ),
            (Value::Ticks(5), "TimeTicks, not a time"),
        ];
        for (value, message) in rows {
            assert_eq!(time(&value), Err(message.to_owned()), "{value:?}");
        }
    }
}
