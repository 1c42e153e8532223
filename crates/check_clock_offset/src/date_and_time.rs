//! DateAndTime of SNMPv2-TC (RFC 2579): 8 octets of local time, or 11 with the offset from UTC. Exact, or
//! refused by name.

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::readings::Shown;

/// Why a DateAndTime is not a moment.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Neither 8 nor 11 octets.
    #[error("{0} octets, neither text nor a date, which has 8 or 11")]
    Length(usize),
    /// All octets are zero: the agent does not know.
    #[error("a date of zeros: the agent does not know its time")]
    Zeros,
    /// A field outside its span.
    #[error("not a date: {field} is {value}")]
    Field {
        /// Which field.
        field: &'static str,
        /// What it holds.
        value: i64,
    },
    /// 8 octets, and no zone is given.
    #[error("local time without a zone: name the zone by --timezone")]
    NoZone,
    /// A text with an abbreviation of a zone, and no zone is given.
    #[error("{0} is no unique zone: name the zone by --timezone")]
    Abbreviation(String),
    /// A text with an abbreviation that the given zone does not have then.
    #[error("{0} is not of the zone of --timezone")]
    OtherZone(String),
    /// The clock was set back over this time, so that it came twice.
    #[error("{0} came twice in {1}, when clocks went back: ambiguous")]
    Twice(DateTime, String),
    /// The clock was set forward over this time, so that it never came.
    #[error("{0} never came in {1}, when clocks went forward")]
    Never(DateTime, String),
}

/// The moment that `octets` tell; 8 octets are local time of `zone`.
///
/// # Errors
/// [`DateError`]: the octets are not a date, or not of one moment.
pub fn read(octets: &[u8], zone: Option<&TimeZone>) -> Result<Shown, DateError> {
    // Some agents also send the NUL that ends a string in C.
    let octets = match octets {
        [date @ .., 0] if matches!(date.len(), 8 | 11) => date,
        all => all,
    };
    let (&[high, low, month, day, hour, minute, second, decisecond], offset) =
        octets.split_first_chunk::<8>().ok_or(DateError::Length(octets.len()))?;
    if !matches!(octets.len(), 8 | 11) {
        return Err(DateError::Length(octets.len()));
    }
    if is_unset(octets) {
        return Err(DateError::Zeros);
    }
    let year = i16::from_be_bytes([high, low]);
    let (utc, leap) = moment(year, [month, day, hour, minute, second], |local| {
        within("decisecond", decisecond, 9)?;
        match offset {
            [] => in_zone(local, zone.ok_or(DateError::NoZone)?),
            &[sign, hours, minutes] => Ok(seconds(local) - utc_offset(sign, hours, minutes)?),
            _ => Err(DateError::Length(octets.len())),
        }
    })?;
    // Many agents always say zero deciseconds, so that only another number says that they count them.
    let resolution = if decisecond == 0 { 1.0 } else { 0.1 };
    Ok(Shown { value: utc as f64 + f64::from(decisecond) / 10.0, resolution: resolution + leap })
}

/// Whether octets are a date of zeros. It may have an offset from UTC, and a NUL at its end.
pub(crate) fn is_unset(octets: &[u8]) -> bool {
    octets.starts_with(&[0; 8]) && matches!(octets.len(), 8 | 9 | 11 | 12)
}

/// Returns the seconds since the epoch of a date and time of day, which `utc` converts from local time, and
/// the uncertainty by a leap second in seconds.
pub(crate) fn moment(
    year: i16,
    parts: [u8; 5],
    utc: impl FnOnce(DateTime) -> Result<i64, DateError>,
) -> Result<(i64, f64), DateError> {
    let utc = utc(civil(year, parts)?)?;
    let [.., second] = parts;
    if second == 60 { Ok((leap_second(utc)?, 1.0)) } else { Ok((utc, 0.0)) }
}

/// The date and the time of day. A second of 60 is read as 59.
fn civil(year: i16, [month, day, hour, minute, second]: [u8; 5]) -> Result<DateTime, DateError> {
    within("hour", hour, 23)?;
    within("minute", minute, 59)?;
    within("second", second, 60)?;
    if !(1..=9998).contains(&year) {
        return Err(DateError::Field { field: "year", value: u16::from_be_bytes(year.to_be_bytes()).into() });
    }
    if !(1..=12).contains(&month) {
        return Err(DateError::Field { field: "month", value: month.into() });
    }
    let part = |octet: u8| i8::try_from(octet).unwrap_or(i8::MAX);
    DateTime::new(year, part(month), part(day), part(hour), part(minute), part(second.min(59)), 0)
        .map_err(|_| DateError::Field { field: "day", value: day.into() })
}

fn within(field: &'static str, value: u8, most: u8) -> Result<(), DateError> {
    if value <= most { Ok(()) } else { Err(DateError::Field { field, value: value.into() }) }
}

/// The offset from UTC, in seconds: '+' or '-', hours and minutes. RFC 2579 allows up to 13 hours; Kiritimati
/// has 14.
fn utc_offset(sign: u8, hours: u8, minutes: u8) -> Result<i64, DateError> {
    within("hours from UTC", hours, 14)?;
    within("minutes from UTC", minutes, 59)?;
    let offset = i64::from(hours) * 3600 + i64::from(minutes) * 60;
    match sign {
        b'+' => Ok(offset),
        b'-' => Ok(-offset),
        _ => Err(DateError::Field { field: "direction from UTC", value: sign.into() }),
    }
}

/// Seconds since the epoch if this were UTC.
pub(crate) fn seconds(date: DateTime) -> i64 {
    TimeZone::UTC.to_timestamp(date).map_or(i64::MAX, |moment| moment.as_second())
}

pub(crate) fn in_zone(local: DateTime, zone: &TimeZone) -> Result<i64, DateError> {
    let name = || zone.iana_name().unwrap_or("its zone").to_owned();
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => Ok(seconds(local) - i64::from(offset.seconds())),
        AmbiguousOffset::Fold { .. } => Err(DateError::Twice(local, name())),
        AmbiguousOffset::Gap { .. } => Err(DateError::Never(local, name())),
    }
}

/// The second after 23:59:59 UTC, which is the only one that can be the 60th. POSIX counts it like the one
/// that follows.
fn leap_second(utc: i64) -> Result<i64, DateError> {
    if utc.rem_euclid(86_400) == 86_399 {
        Ok(utc)
    } else {
        Err(DateError::Field { field: "second", value: 60 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn zone(name: &str) -> TimeZone {
        TimeZone::get(name).unwrap()
    }

    fn date(year: u16, rest: [u8; 6]) -> Vec<u8> {
        [&year.to_be_bytes()[..], &rest].concat()
    }

    fn full(year: u16, rest: [u8; 6], zone: [u8; 3]) -> Vec<u8> {
        [&date(year, rest)[..], &zone].concat()
    }

    #[test]
    fn eleven_octets_are_exact_in_every_zone() {
        let rows = [
            (full(2026, [11, 22, 3, 50, 7, 0], [b'+', 0, 0]), 1_795_319_407_u32),
            // Asia/Kolkata and America/St_Johns as net-snmp sends them.
            (full(2026, [11, 22, 9, 20, 7, 0], [b'+', 5, 30]), 1_795_319_407),
            (full(2026, [11, 22, 0, 20, 7, 0], [b'-', 3, 30]), 1_795_319_407),
            (full(2026, [11, 22, 17, 50, 7, 0], [b'+', 14, 0]), 1_795_319_407),
            (full(2026, [11, 21, 16, 50, 7, 0], [b'-', 11, 0]), 1_795_319_407),
            // The next eras of NTP and of 32 bits, and the first one of UNIX.
            (full(2036, [2, 7, 6, 28, 16, 0], [b'+', 0, 0]), 2_085_978_496),
            (full(2038, [1, 19, 3, 14, 8, 0], [b'+', 0, 0]), 2_147_483_648),
            (full(1970, [1, 1, 0, 0, 5, 0], [b'+', 0, 0]), 5),
            (full(2028, [2, 29, 12, 0, 0, 0], [b'+', 0, 0]), 1_835_438_400),
        ];
        for (octets, value) in rows {
            assert_eq!(
                read(&octets, None),
                Ok(Shown { value: f64::from(value), resolution: 1.0 }),
                "{octets:?}"
            );
        }
        let tenths = read(&full(2026, [11, 22, 3, 50, 7, 4], [b'+', 0, 0]), None);
        assert_eq!(tenths, Ok(Shown { value: 1_795_319_407.4, resolution: 0.1 }));
    }

    #[test]
    fn eight_octets_take_a_zone_and_its_summer_time() {
        let winter = date(2026, [11, 22, 9, 20, 7, 0]);
        assert_eq!(read(&winter, None), Err(DateError::NoZone));
        assert_eq!(read(&winter, Some(&zone("Asia/Kolkata"))).unwrap().value, 1_795_319_407.0);
        let rows = [
            ("America/St_Johns", [11, 22, 0, 20, 7, 0], 1_795_319_407.0),
            ("America/St_Johns", [7, 1, 1, 20, 7, 0], 1_782_877_807.0),
            ("Europe/Berlin", [7, 1, 5, 50, 7, 0], 1_782_877_807.0),
            ("Europe/Berlin", [11, 22, 4, 50, 7, 0], 1_795_319_407.0),
        ];
        for (name, rest, value) in rows {
            assert_eq!(read(&date(2026, rest), Some(&zone(name))).unwrap().value, value, "{name} {rest:?}");
        }
    }

    #[test]
    fn an_hour_that_came_twice_or_never_is_refused() {
        let berlin = zone("Europe/Berlin");
        let twice = read(&date(2026, [10, 25, 2, 30, 0, 0]), Some(&berlin)).unwrap_err().to_string();
        assert_eq!(
            twice,
            "2026-10-25T02:30:00 came twice in Europe/Berlin, when clocks went back: ambiguous"
        );
        let never = read(&date(2026, [3, 29, 2, 30, 0, 0]), Some(&berlin)).unwrap_err().to_string();
        assert_eq!(never, "2026-03-29T02:30:00 never came in Europe/Berlin, when clocks went forward");
    }

    #[test]
    fn the_sixtieth_second_is_one_only_at_the_end_of_a_day() {
        let leap = read(&full(2016, [12, 31, 23, 59, 60, 0], [b'+', 0, 0]), None);
        assert_eq!(leap, Ok(Shown { value: 1_483_228_799.0, resolution: 2.0 }));
        let kolkata = read(&full(2017, [1, 1, 5, 29, 60, 0], [b'+', 5, 30]), None);
        assert_eq!(kolkata, leap);
        let never = read(&full(2026, [11, 22, 12, 13, 60, 0], [b'+', 0, 0]), None);
        assert_eq!(never, Err(DateError::Field { field: "second", value: 60 }));
    }

    #[test]
    fn what_is_no_date_is_refused_by_its_field() {
        let rows = [
            (date(2026, [13, 1, 0, 0, 0, 0]), "not a date: month is 13"),
            (date(2026, [0, 1, 0, 0, 0, 0]), "not a date: month is 0"),
            (date(2026, [2, 30, 0, 0, 0, 0]), "not a date: day is 30"),
            (date(2026, [1, 255, 0, 0, 0, 0]), "not a date: day is 255"),
            (date(2026, [1, 1, 24, 0, 0, 0]), "not a date: hour is 24"),
            (date(2026, [1, 1, 0, 60, 0, 0]), "not a date: minute is 60"),
            (date(2026, [1, 1, 0, 0, 61, 0]), "not a date: second is 61"),
            (date(0, [1, 1, 0, 0, 0, 0]), "not a date: year is 0"),
            (date(65535, [1, 1, 0, 0, 0, 0]), "not a date: year is 65535"),
            (full(2026, [1, 1, 0, 0, 0, 0], [b'*', 0, 0]), "not a date: direction from UTC is 42"),
            (full(2026, [1, 1, 0, 0, 0, 0], [b'+', 15, 0]), "not a date: hours from UTC is 15"),
            (full(2026, [1, 1, 0, 0, 0, 0], [b'+', 0, 60]), "not a date: minutes from UTC is 60"),
            (vec![0; 8], "a date of zeros: the agent does not know its time"),
            (vec![0; 11], "a date of zeros: the agent does not know its time"),
            (vec![7, 234, 1], "3 octets, neither text nor a date, which has 8 or 11"),
            (vec![255; 20], "20 octets, neither text nor a date, which has 8 or 11"),
            (vec![0; 12], "a date of zeros: the agent does not know its time"),
            (vec![255; 256], "256 octets, neither text nor a date, which has 8 or 11"),
            (vec![7; 9], ""),
        ];
        for (octets, message) in rows {
            let seen = read(&octets, Some(&TimeZone::UTC));
            if octets.len() == 9 {
                assert_eq!(seen, Err(DateError::Length(9)));
            } else {
                assert_eq!(seen.unwrap_err().to_string(), message, "{octets:?}");
            }
        }
    }

    #[test]
    fn every_octet_string_of_eight_or_eleven_is_a_date_or_refused() {
        // A small generator: what matters is that nothing panics and no moment is out of bounds.
        let mut state = 1_u64;
        for round in 0..200_000_u32 {
            let octets: Vec<u8> = (0..if round % 2 == 0 { 8 } else { 11 })
                .map(|_| {
                    state =
                        state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let octet = (state >> 33) as u8;
                    if round % 3 == 0 { octet } else { octet % 24 }
                })
                .collect();
            if let Ok(shown) = read(&octets, Some(&TimeZone::UTC)) {
                assert!(shown.value.abs() < 3e11, "{octets:?}");
            }
        }
    }

    #[test]
    fn a_nul_at_the_end_is_no_part_of_a_date() {
        let date = [0x07, 0xea, 11, 26, 17, 3, 9, 0, b'+', 1, 0];
        for length in [8, 11] {
            let date = &date[..length];
            let utc = Some(&TimeZone::UTC);
            assert!(read(date, utc).is_ok());
            assert_eq!(read(&[date, &[0]].concat(), utc), read(date, utc), "{length}");
            assert_eq!(read(&[date, &[0, 0, 0, 0, 0]].concat(), utc), Err(DateError::Length(length + 5)));
            assert_eq!(read(&[date, &[7]].concat(), utc), Err(DateError::Length(length + 1)));
        }
    }
}
