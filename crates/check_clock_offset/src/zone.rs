//! The zone of a host that reports its local time alone: a name of IANA, or an offset from UTC.

use std::path::Path;

use jiff::tz::{Offset, TimeZone};
use plugin::{Deadline, read_file};

/// Where systems keep their time zones.
const ZONES: &str = "/usr/share/zoneinfo";
/// The most octets of a zone: those of IANA have less than 4 KiB.
const LARGEST: u64 = 1 << 16;
/// The greatest offset from UTC, in minutes: that of Kiritimati.
const FARTHEST: i32 = 14 * 60;

/// The text is not a time zone.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown time zone {0}: give an IANA name or an offset from UTC, as in Asia/Kolkata or +0530")]
pub struct InvalidZone(String);

/// Returns the zone of this name: the system's own, which its packages keep up to date, else the one that was
/// built in.
///
/// # Errors
/// [`InvalidZone`].
pub(crate) fn zone(name: &str, deadline: &Deadline) -> Result<TimeZone, InvalidZone> {
    let invalid = || InvalidZone(name.to_owned());
    if name.starts_with(['+', '-']) {
        return offset(name).map(TimeZone::fixed).ok_or_else(invalid);
    }
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"_+-".contains(&octet))
    };
    let path = name.split('/').all(is_name).then(|| Path::new(ZONES).join(name));
    // Read here, since to find a name regardless of its case `TimeZone::get` walks through all of them, which
    // takes 1.5 ms.
    let own = path.and_then(|path| read_file(&path, LARGEST, deadline).ok());
    let own = own.and_then(|octets| TimeZone::tzif(name, &octets).ok());
    own.map_or_else(|| TimeZone::get(name), Ok).map_err(|_| invalid())
}

/// The offset from UTC that `+0530`, `+05:30` or `-03` tells.
pub(crate) fn offset(text: &str) -> Option<Offset> {
    let (sign, rest) = match text.as_bytes() {
        [b'+', rest @ ..] => (1, rest),
        [b'-', rest @ ..] => (-1, rest),
        _ => return None,
    };
    let (hours, minutes) = match *rest {
        [h, i] => ([h, i], *b"00"),
        [h, i, m, n] | [h, i, b':', m, n] => ([h, i], [m, n]),
        _ => return None,
    };
    let number = |digits: [u8; 2]| {
        let [tens, ones] = digits.map(|digit| char::from(digit).to_digit(10));
        i32::try_from(tens? * 10 + ones?).ok()
    };
    let minutes = number(hours)? * 60 + number(minutes).filter(|minutes| *minutes < 60)?;
    let seconds = (minutes <= FARTHEST).then_some(sign * minutes * 60)?;
    Offset::from_seconds(seconds).ok()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_offset_from_utc_is_a_zone() {
        let rows = [
            ("+0100", Some(3600)),
            ("+05:30", Some(19_800)),
            ("-0330", Some(-12_600)),
            ("+14", Some(50_400)),
            ("-00:00", Some(0)),
            ("+1401", None),
            ("+0060", None),
            ("0100", None),
            ("+1", None),
            ("+100", None),
            ("+01000", None),
            ("+ 1", None),
            ("+0x10", None),
            ("+\u{661}0", None),
            ("+", None),
            ("", None),
        ];
        for (text, seconds) in rows {
            assert_eq!(offset(text).map(Offset::seconds), seconds, "{text}");
        }
    }

    #[test]
    fn a_zone_has_a_name_or_an_offset() {
        let deadline = Deadline::after(Duration::from_secs(8));
        for good in ["Asia/Kolkata", "UTC", "+0530", "-03"] {
            assert!(zone(good, &deadline).is_ok(), "{good}");
        }
        for bad in ["Mars/Olympus", "", "+25", "../../etc/passwd", "+01:000"] {
            assert_eq!(zone(bad, &deadline), Err(InvalidZone(bad.to_owned())));
        }
    }
}
