//! Moments in seconds since 1970, and how they are written: always in UTC.

use std::time::{SystemTime, UNIX_EPOCH};

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Seconds in a day; days are those of UTC.
pub(crate) const DAY: u64 = 86_400;

/// Returns the current time in seconds since 1970.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// Writes a moment as `2026-11-25T21:08:34Z`.
pub(crate) fn rfc3339(seconds: u64) -> String {
    format(seconds, "%Y-%m-%dT%H:%M:%SZ")
}

/// Writes a moment for a reader, as `25 Nov 2026 21:08 UTC`.
pub(crate) fn readable(seconds: u64) -> String {
    format(seconds, "%-d %b %Y %H:%M UTC")
}

/// Writes the time of day alone, as `21:08 UTC`.
pub(crate) fn clock(seconds: u64) -> String {
    format(seconds, "%H:%M UTC")
}

/// Writes the day of this number since 1970 as `2026-11-25`.
pub(crate) fn date(day: u64) -> String {
    format(day.saturating_mul(DAY), "%Y-%m-%d")
}

/// Writes a length of time as `45 s`, `12 min`, `3 h 5 min` or `2 d 3 h`.
pub(crate) fn length(seconds: u64) -> String {
    let two = |large: u64, large_unit: &str, small: u64, small_unit: &str| match small {
        0 => format!("{large} {large_unit}"),
        _ => format!("{large} {large_unit} {small} {small_unit}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        3_600..DAY => two(seconds / 3_600, "h", seconds % 3_600 / 60, "min"),
        _ => two(seconds / DAY, "d", seconds % DAY / 3_600, "h"),
    }
}

/// A moment outside of the years that can be written is written as the first or the last of them.
fn format(seconds: u64, format: &str) -> String {
    let stamp = i64::try_from(seconds).ok().and_then(|seconds| Timestamp::from_second(seconds).ok());
    stamp.unwrap_or(Timestamp::MAX).to_zoned(TimeZone::UTC).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_written_in_utc() {
        let moment = 1_795_640_914;
        assert_eq!(rfc3339(moment), "2026-11-25T21:08:34Z");
        assert_eq!(readable(moment), "25 Nov 2026 21:08 UTC");
        assert_eq!(clock(moment), "21:08 UTC");
        assert_eq!(date(moment / DAY), "2026-11-25");
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00Z");
        for far in [u64::MAX, i64::MAX as u64] {
            assert!(rfc3339(far).starts_with("9999-12-3"), "{}", rfc3339(far));
        }
    }

    #[test]
    fn lengths_have_two_units_at_most() {
        let rows = [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min"),
            (3_599, "59 min"),
            (3_600, "1 h"),
            (7_500, "2 h 5 min"),
            (86_400, "1 d"),
            (183_600, "2 d 3 h"),
        ];
        for (seconds, text) in rows {
            assert_eq!(length(seconds), text);
        }
    }
}
