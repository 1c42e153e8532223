//! Dates in words and numbers, as `date` and agents print them: ISO 8601 and RFC 3339, the display of a
//! DateAndTime (RFC 2579), RFC 5322, and the default of `date` in English. What could be read in two ways, as
//! 11/12/2026, is none.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::date_and_time::{DateError, in_zone, moment, seconds};
use crate::readings::Shown;
use crate::zone;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// The parts of a date, each once.
#[derive(Debug, Default)]
struct Parts<'a> {
    year: Option<i16>,
    month: Option<u8>,
    day: Option<u8>,
    weekday: Option<usize>,
    time: Option<Time<'a>>,
    /// `Some(true)` after noon, of a clock of twelve hours.
    afternoon: Option<bool>,
    zone: Option<&'a str>,
}

/// A time of day.
#[derive(Clone, Copy, Debug)]
struct Time<'a> {
    parts: [u8; 3],
    /// Its digits.
    fraction: &'a str,
}

/// Returns the moment that a text tells: local time of `given` if it names no zone itself. `None` if it is no
/// date in a form that can be read in one way only.
pub(crate) fn read(text: &str, given: Option<&TimeZone>) -> Option<Result<Shown, DateError>> {
    let parts = numeric(text).or_else(|| worded(text)).filter(|parts| parts.zone.is_none_or(is_zone))?;
    let time = parts.time?;
    let [hour, minute, second] = time.parts;
    let hour = match parts.afternoon {
        None => hour,
        Some(afternoon) if (1..=12).contains(&hour) => hour % 12 + if afternoon { 12 } else { 0 },
        Some(_) => return None,
    };
    let (year, month, day) = (parts.year?, parts.month?, parts.day?);
    let is_other_day = |date: DateTime| {
        let shown = usize::try_from(date.weekday().to_monday_zero_offset()).ok();
        parts.weekday.is_some_and(|weekday| Some(weekday) != shown)
    };
    let mut is_wrong_day = false;
    let utc = moment(year, [month, day, hour, minute, second], |local| {
        is_wrong_day = is_other_day(local);
        in_utc(local, parts.zone, given)
    });
    if is_wrong_day {
        return None;
    }
    Some(utc.map(|(utc, leap)| shown(utc, time.fraction, leap)))
}

/// A fraction of zeros alone is that of a clock that does not count them.
fn shown(utc: i64, fraction: &str, leap: f64) -> Shown {
    let digits = fraction.get(..9).unwrap_or(fraction);
    let value: f64 = format!("0.{digits}").parse().unwrap_or_default();
    let places = i32::try_from(digits.len()).unwrap_or_default();
    let resolution = if value == 0.0 { 1.0 } else { 10_f64.powi(-places) };
    Shown { value: utc as f64 + value, resolution: resolution + leap }
}

/// Seconds since the epoch of a local time. Abbreviations are those of several zones, but for UTC and GMT:
/// one is right if the `given` zone has it then, and tells which of two equal times is meant.
fn in_utc(local: DateTime, name: Option<&str>, given: Option<&TimeZone>) -> Result<i64, DateError> {
    let Some(name) = name else { return in_zone(local, given.ok_or(DateError::NoZone)?) };
    if matches!(name, "UTC" | "GMT" | "Z") {
        return Ok(seconds(local));
    }
    if let Some(offset) = offset(name) {
        return Ok(seconds(local) - i64::from(offset));
    }
    let zone = given.ok_or_else(|| DateError::Abbreviation(name.to_owned()))?;
    let offsets = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => [offset; 2],
        AmbiguousOffset::Fold { before, after } => [before, after],
        AmbiguousOffset::Gap { .. } => return in_zone(local, zone),
    };
    let of_name = offsets.into_iter().find(|offset| {
        let moment = offset.to_timestamp(local);
        moment.is_ok_and(|moment| zone.to_offset_info(moment).abbreviation() == name)
    });
    let offset = of_name.ok_or_else(|| DateError::OtherZone(name.to_owned()))?;
    Ok(seconds(local) - i64::from(offset.seconds()))
}

/// Whether a text is an offset from UTC or, as CEST, the abbreviation of a zone.
fn is_zone(text: &str) -> bool {
    let is_abbreviation =
        (1..=5).contains(&text.len()) && text.bytes().all(|octet| octet.is_ascii_uppercase());
    is_abbreviation || offset(text).is_some()
}

/// The seconds from UTC of `+0100`, `+01:00`, `+01` or, as a DateAndTime is displayed, `+1:0`.
fn offset(text: &str) -> Option<i32> {
    let padded = text.split_once(':').and_then(|(hours, minutes)| {
        let (sign, hours) = hours.split_at_checked(1)?;
        Some(format!("{sign}{hours:0>2}:{minutes:0>2}"))
    });
    zone::offset(padded.as_deref().unwrap_or(text)).map(jiff::tz::Offset::seconds)
}

/// A date of numbers alone, its year first: `2026-11-22T03:50:07+01:00`, `2026-11-22 03:50:07.123 +0100`,
/// `2026-11-22,3:50:7.0,+1:0`.
fn numeric(text: &str) -> Option<Parts<'_>> {
    let (date, rest) = text.split_at_checked(text.find(['T', 't', ' ', ','])?)?;
    let separator = if date.contains('/') { '/' } else { '-' };
    let mut fields = date.split(separator);
    let (year, month, day) = (fields.next()?, fields.next()?, fields.next()?);
    let (time, zone) = time(rest.get(1..)?.trim_start())?;
    let zone = zone.trim_start_matches([' ', ',']);
    Some(Parts {
        year: Some(year.parse().ok().filter(|_| year.len() == 4 && is_digits(year))?),
        month: Some(number(month)?),
        day: Some(number(day).filter(|_| fields.next().is_none())?),
        time: Some(time),
        zone: Some(zone).filter(|zone| !zone.is_empty()).map(|zone| if zone == "z" { "Z" } else { zone }),
        ..Parts::default()
    })
}

/// A date whose month is a name: `Sun, 22 Nov 2026 03:50:07 +0100`, `Sun Nov 22 03:50:07 AM UTC 2026`.
fn worded(text: &str) -> Option<Parts<'_>> {
    let mut parts = Parts::default();
    for word in text.split([' ', ',']).filter(|word| !word.is_empty()) {
        let is_new = if let Some(month) = name(word, &MONTHS) {
            u8::try_from(month + 1).is_ok_and(|month| parts.month.replace(month).is_none())
        } else if let Some(day) = name(word, &DAYS) {
            parts.weekday.replace(day).is_none()
        } else if matches!(word, "AM" | "PM") {
            parts.afternoon.replace(word == "PM").is_none()
        } else if let Some(day) = number(word) {
            parts.day.replace(day).is_none()
        } else if word.len() == 4 && is_digits(word) {
            parts.year.replace(word.parse().ok()?).is_none()
        } else if let Some((time, "")) = time(word) {
            parts.time.replace(time).is_none()
        } else {
            parts.zone.replace(word).is_none()
        };
        if !is_new {
            return None;
        }
    }
    parts.month.map(|_| parts)
}

/// The time of day at the beginning of a text, and the rest.
fn time(text: &str) -> Option<(Time<'_>, &str)> {
    let mut fields = text.splitn(3, ':');
    let (hour, minute, rest) = (fields.next()?, fields.next()?, fields.next()?);
    let (second, rest) = digits(rest);
    let parts = [number(hour)?, number(minute)?, number(second)?];
    let fraction = rest.strip_prefix(['.', ',']).map(digits).filter(|(fraction, _)| !fraction.is_empty());
    let (fraction, rest) = fraction.unwrap_or(("", rest));
    Some((Time { parts, fraction }, rest))
}

fn digits(text: &str) -> (&str, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}

/// A number of one or two digits.
fn number(text: &str) -> Option<u8> {
    text.parse().ok().filter(|_| text.len() <= 2 && is_digits(text))
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|octet| octet.is_ascii_digit())
}

/// Which of these names a word is, in full or its first three letters.
fn name(word: &str, names: &[&str]) -> Option<usize> {
    names.iter().position(|name| *name == word || name.get(..3) == Some(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOMENT: f64 = 1_795_319_407.0;

    fn told(text: &str, zone: Option<&str>) -> Option<Result<(f64, f64), String>> {
        let zone = zone.map(|name| TimeZone::get(name).unwrap());
        let read = read(text, zone.as_ref())?;
        Some(read.map(|shown| (shown.value, shown.resolution)).map_err(|error| error.to_string()))
    }

    #[test]
    fn dates_are_read_as_they_are_printed() {
        let rows = [
            ("2026-11-22T03:50:07Z", MOMENT, 1.0),
            ("2026-11-22t03:50:07z", MOMENT, 1.0),
            ("2026-11-22 03:50:07 UTC", MOMENT, 1.0),
            ("2026-11-22T04:50:07+01:00", MOMENT, 1.0),
            ("2026-11-22 04:50:07+01", MOMENT, 1.0),
            ("2026-11-22 09:20:07.250 +0530", MOMENT + 0.25, 1e-3),
            ("2026-11-22T00:20:07,5-03:30", MOMENT + 0.5, 0.1),
            ("2026/11/22 03:50:07 GMT", MOMENT, 1.0),
            ("2026-11-22T03:50:07.000000000Z", MOMENT, 1.0),
            ("2026-11-22T03:50:07.123456789123Z", MOMENT + 0.123_456_789, 1e-9),
            // As net-snmp displays a DateAndTime.
            ("2026-11-22,3:50:7.0,+0:0", MOMENT, 1.0),
            ("2026-11-22,9:20:7.4,+5:30", MOMENT + 0.4, 0.1),
            // date -R, date, date in en_US and in en_GB.
            ("Sun, 22 Nov 2026 04:50:07 +0100", MOMENT, 1.0),
            ("22 Nov 2026 03:50:07 GMT", MOMENT, 1.0),
            ("Sun Nov 22 03:50:07 UTC 2026", MOMENT, 1.0),
            ("Sun Nov 22 03:50:07 AM UTC 2026", MOMENT, 1.0),
            ("Sun 22 Nov 03:50:07 UTC 2026", MOMENT, 1.0),
            ("Sunday, November 22, 2026 03:50:07 UTC", MOMENT, 1.0),
            ("Sun Nov  1 12:00:00 AM UTC 2026", 1_793_491_200.0, 1.0),
            ("Sun Nov  1 12:00:00 PM UTC 2026", 1_793_534_400.0, 1.0),
            ("2016-12-31T23:59:60Z", 1_483_228_799.0, 2.0),
        ];
        for (text, value, resolution) in rows {
            assert_eq!(told(text, None), Some(Ok((value, resolution))), "{text}");
            assert_eq!(told(text, Some("Asia/Kolkata")), told(text, None), "{text}");
        }
    }

    #[test]
    fn a_local_time_takes_the_zone_that_is_given() {
        let rows = [
            ("2026-11-22 04:50:07", Some("Europe/Berlin"), Ok(MOMENT)),
            ("Sun Nov 22 04:50:07 2026", Some("Europe/Berlin"), Ok(MOMENT)),
            ("Sun Nov 22 04:50:07 CET 2026", Some("Europe/Berlin"), Ok(MOMENT)),
            ("Sun Oct 25 02:30:00 CEST 2026", Some("Europe/Berlin"), Ok(1_792_888_200.0)),
            ("Sun Oct 25 02:30:00 CET 2026", Some("Europe/Berlin"), Ok(1_792_891_800.0)),
            ("2026-11-22 04:50:07", None, Err("local time without a zone: name the zone by --timezone")),
            ("Sun Nov 22 04:50:07 CET 2026", None, Err("CET is no unique zone: name the zone by --timezone")),
            (
                "Sun Nov 22 04:50:07 EST 2026",
                Some("Europe/Berlin"),
                Err("EST is not of the zone of --timezone"),
            ),
            (
                "2026-10-25 02:30:00",
                Some("Europe/Berlin"),
                Err("2026-10-25T02:30:00 came twice in Europe/Berlin, when clocks went back: ambiguous"),
            ),
            (
                "Sun Mar 29 02:30:00 CET 2026",
                Some("Europe/Berlin"),
                Err("2026-03-29T02:30:00 never came in Europe/Berlin, when clocks went forward"),
            ),
            ("2026-13-22T03:50:07Z", None, Err("not a date: month is 13")),
            ("2026-02-30T03:50:07Z", None, Err("not a date: day is 30")),
            ("2026-11-22T24:00:00Z", None, Err("not a date: hour is 24")),
        ];
        for (text, zone, expected) in rows {
            let seen = told(text, zone).map(|read| read.map(|(value, _)| value));
            assert_eq!(seen, Some(expected.map_err(str::to_owned)), "{text}");
        }
    }

    #[test]
    fn what_could_be_another_moment_is_no_date() {
        for text in [
            "",
            "11/12/2026 03:50:07",
            "22.11.2026 03:50:07",
            "26-11-22 03:50:07",
            "2026-11-22",
            "2026-11-22 03:50",
            "2026-11-22 03:50:07 +01:00 UTC",
            "2026-11-22-01 03:50:07",
            "So 22. Nov 03:50:07 UTC 2026",
            "dim. 22 nov. 2026 03:50:07 UTC",
            "mar 22 nov 2026 03:50:07 UTC",
            "Mon Nov 22 03:50:07 UTC 2026",
            "Sun Nov 22 13:50:07 PM UTC 2026",
            "Sun Nov 22 00:50:07 AM UTC 2026",
            "Sun Nov 22 22 03:50:07 UTC 2026",
            "Nov 22 03:50:07",
            "03:50:07 up 5 days",
        ] {
            assert_eq!(told(text, Some("UTC")), None, "{text}");
        }
    }
}
