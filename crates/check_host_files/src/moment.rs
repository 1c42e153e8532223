//! Moments as an administrator reads them, in UTC.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// Within this time, in seconds, the time of day alone tells which moment is meant.
const DAY: i64 = 20 * 3600;

/// Writes a moment in seconds since 1970: `03:12 UTC`, with its date if it is not of the last hours.
pub(crate) fn readable(moment: i64, now: i64) -> String {
    let format = if (0..DAY).contains(&(now - moment)) { "%H:%M UTC" } else { "%Y-%m-%d %H:%M UTC" };
    let moment = Timestamp::from_second(moment).unwrap_or(Timestamp::MAX);
    moment.to_zoned(TimeZone::UTC).strftime(format).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_date_stands_where_it_is_needed() {
        let now = 1_795_651_200;
        let rows = [
            (now, "00:00 UTC"),
            (now - 3600, "23:00 UTC"),
            (now - DAY, "2026-11-25 04:00 UTC"),
            (now + 60, "2026-11-26 00:01 UTC"),
        ];
        for (moment, text) in rows {
            assert_eq!(readable(moment, now), text);
        }
    }
}
