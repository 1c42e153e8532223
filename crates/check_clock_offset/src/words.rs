//! How offsets are put into words: fast or slow, how sure, and what a zone mistake looks like.

use jiff::Timestamp;

use crate::interval::Interval;

/// Offsets within this of whole quarters of an hour look like a mistake of the time zone, in seconds.
const NEAR: f64 = 60.0;
/// A quarter of an hour, which all offsets from UTC are multiples of, in seconds.
const QUARTER: f64 = 900.0;
/// From Baker Island to Kiritimati: no two zones are farther apart, in seconds.
const FARTHEST: f64 = 26.0 * 3600.0;
/// An offset that is known no better than this is told by its certain end, in seconds to both sides.
pub(crate) const WIDE: f64 = 2.0;
/// From here on the date that the clock shows says more than the number, in seconds.
const A_DAY: f64 = 86_400.0;

/// A number of seconds with as many places as are known of it, from one to three: "7.2 s".
pub(crate) fn seconds(value: f64, uncertainty: f64) -> String {
    let places = match uncertainty {
        fine if fine < 0.001_5 => 3,
        medium if medium < 0.05 => 2,
        _ => 1,
    };
    format!("{:.*} s", places, value.abs())
}

/// A bound that holds: rounded up.
pub(crate) fn bound(value: f64) -> String {
    let step = if value < 0.1 { 1000.0 } else { 100.0 };
    // Plus zero: the ceiling of what is just below zero is minus zero.
    format!("{} s", (value * step).ceil() / step + 0.0)
}

/// What an offset makes of a clock: "7.2 s fast", "at least 7.2 s fast" or "right within 0.51 s".
pub(crate) fn offset(offset: Interval) -> String {
    if offset.low <= 0.0 && offset.high >= 0.0 {
        return format!("right within {}", bound(offset.farthest_from_zero()));
    }
    let way = if offset.low > 0.0 { "fast" } else { "slow" };
    if offset.half_width() > WIDE {
        return format!("at least {:.1} s {way}", offset.nearest_to_zero().abs());
    }
    format!("{} {way}", seconds(offset.middle(), offset.half_width()))
}

/// The same with both ends, where they lead to different states: "between 4.7 and 5.7 s fast".
pub(crate) fn offset_and_ends(offset_seen: Interval) -> String {
    let (near, far) = (offset_seen.nearest_to_zero(), offset_seen.farthest_from_zero());
    if near == 0.0 {
        let (slow, fast) = (-offset_seen.low, offset_seen.high);
        return format!("between {} slow and {} fast", bound(slow), bound(fast));
    }
    let way = if near > 0.0 { "fast" } else { "slow" };
    format!("between {:.1} and {far:.1} s {way}", near.abs())
}

/// What such an offset usually comes from, where the number tells: a mistake of the zone, or a clock that was never set. `shown`
/// is what the clock shows, in seconds since the epoch.
pub(crate) fn diagnosis(offset: Interval, shown: Option<f64>) -> Option<String> {
    let size = offset.middle().abs();
    let quarters = (size / QUARTER).round();
    let is_zone = quarters >= 2.0 && (size - quarters * QUARTER).abs() <= NEAR && offset.half_width() <= NEAR;
    if is_zone && size <= FARTHEST + NEAR {
        return Some("time zone or daylight saving, not drift".to_owned());
    }
    let shown = shown.filter(|_| size >= A_DAY)?;
    let date = Timestamp::from_second(shown as i64).ok()?;
    Some(format!("it shows {}", date.strftime("%Y-%m-%d %H:%M:%S UTC")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_read_like_sentences() {
        let rows = [
            (-7.21, 0.51, "7.2 s slow", "between 6.7 and 7.7 s slow"),
            (3600.2, 0.51, "3600.2 s fast", "between 3599.7 and 3600.7 s fast"),
            (-0.2, 0.51, "right within 0.71 s", "between 0.71 s slow and 0.31 s fast"),
            (0.000_02, 0.000_3, "right within 0.001 s", "between 0.001 s slow and 0.001 s fast"),
            (7.000_03, 0.000_3, "7.000 s fast", "between 7.0 and 7.0 s fast"),
            (7.0, 0.01, "7.00 s fast", "between 7.0 and 7.0 s fast"),
            (22.8, 16.0, "at least 6.8 s fast", "between 6.8 and 38.8 s fast"),
            (5.0, 5.0, "right within 10 s", "between 0 s slow and 10 s fast"),
        ];
        for (middle, half, short, long) in rows {
            let interval = Interval::around(middle, half);
            assert_eq!(offset(interval), short);
            assert_eq!(offset_and_ends(interval), long);
        }
    }

    #[test]
    fn zone_mistakes_are_told_from_drift() {
        let zone = Some("time zone or daylight saving, not drift".to_owned());
        let rows = [
            (3600.2, true),
            (-3600.2, true),
            (1800.0, true),
            (19_800.0, true),
            (-12_600.4, true),
            (20_700.0, true),
            (3659.9, true),
            (3660.1, false),
            (1740.1, true),
            (1739.0, false),
            (900.0, false),
            (93_600.0, true),
            (94_500.0, false),
            (-90.0, false),
        ];
        for (middle, expected) in rows {
            let seen = diagnosis(Interval::around(middle, 0.5), None);
            assert_eq!(seen, zone.clone().filter(|_| expected), "{middle}");
        }
        assert_eq!(diagnosis(Interval::around(3600.0, 61.0), None), None, "too unsure to tell");
    }

    #[test]
    fn a_clock_that_was_never_set_tells_its_date() {
        let seen = diagnosis(Interval::around(-1_795_319_402.0, 0.5), Some(5.0));
        assert_eq!(seen.as_deref(), Some("it shows 1970-01-01 00:00:05 UTC"));
        assert_eq!(diagnosis(Interval::around(-50_000.0, 0.5), Some(5.0)), None);
    }
}
