//! Offsets in words: fast or slow, how sure, what is allowed, and what a zone mistake looks like.

use jiff::Timestamp;
use plugin::{Range, State, Thresholds};

use crate::interval::Interval;
use crate::judging::{Judging, Possible};

/// A quarter of an hour, which all offsets from UTC are multiples of, in seconds.
const QUARTER: f64 = 900.0;
/// An offset that is known no better than this cannot tell a zone mistake, in seconds to both sides.
const SURE: f64 = 60.0;
/// From Baker Island to Kiritimati: no two zones are farther apart, in seconds.
const FARTHEST: f64 = 26.0 * 3600.0;
/// An offset that is known no better than this is told by its certain end, in seconds to both sides.
pub(crate) const WIDE: f64 = 2.0;
/// How the line about a clock begins that may be outside of what is allowed.
pub(crate) const UNDECIDED: &str = "undecided: ";
/// How the words for a clock begin that may be right.
const RIGHT: &str = "right within ";
/// No end of an interval has as many places.
const FINEST: usize = 7;
/// From here on minutes and hours are easier to read than seconds, in seconds.
const MINUTES: f64 = 600.0;
/// From here on days are, and the date that the clock shows says more than the number, in seconds.
const A_DAY: f64 = 86_400.0;
/// From here on a whole number of days is chance, and the date that the clock shows tells more: ten years.
const NEVER_SET: f64 = 3652.0 * A_DAY;

/// Returns a number of seconds with as many places as are known of it, from one to three: `7.2 s`; from ten
/// minutes on in minutes, hours and days: `1 h 30 min`.
pub(crate) fn seconds(value: f64, uncertainty: f64) -> String {
    let value = value.abs();
    if value.round() >= MINUTES {
        return long(value);
    }
    let places = places(uncertainty);
    format!("{value:.places$} s")
}

/// How many places after the point are known, from one to three.
fn places(uncertainty: f64) -> usize {
    match uncertainty {
        fine if fine < 0.001_5 => 3,
        medium if medium < 0.05 => 2,
        _ => 1,
    }
}

/// The two largest units, rounded to the smaller of them.
fn long(seconds: f64) -> String {
    let units = |large: f64, small: f64, [name, part]: [&str; 2]| {
        let parts = (seconds / small).round();
        let (whole, rest) = ((parts / (large / small)).floor(), parts % (large / small));
        match (whole, rest) {
            (0.0, rest) => format!("{rest} {part}"),
            (whole, 0.0) => format!("{whole} {name}"),
            (whole, rest) => format!("{whole} {name} {rest} {part}"),
        }
    };
    if (seconds / 60.0).round() * 60.0 < A_DAY {
        units(3600.0, 60.0, ["h", "min"])
    } else {
        units(A_DAY, 3600.0, ["d", "h"])
    }
}

/// Returns a bound that holds: rounded up.
pub(crate) fn bound(value: f64) -> String {
    let step = if value < 0.1 { 1000.0 } else { 100.0 };
    // Plus zero: the ceiling of what is just below zero is minus zero.
    format!("{} s", (value * step).ceil() / step + 0.0)
}

/// Returns what an offset makes of a clock: `7.2 s fast`, `at least 7.2 s fast` or `right within 0.51 s`.
pub(crate) fn offset(offset: Interval) -> String {
    if offset.low <= 0.0 && offset.high >= 0.0 {
        return format!("{RIGHT}{}", bound(offset.farthest_from_zero()));
    }
    let way = if offset.low > 0.0 { "fast" } else { "slow" };
    if offset.half_width() > WIDE {
        return format!("at least {} {way}", seconds(offset.nearest_to_zero(), WIDE));
    }
    format!("{} {way}", seconds(offset.middle(), offset.half_width()))
}

/// Returns the same with both ends: `4.7 to 5.7 s fast`.
fn both_ends(offset: Interval, judging: &Judging) -> String {
    let (near, far) = (offset.nearest_to_zero(), offset.farthest_from_zero());
    if near == 0.0 {
        return format!("{} slow to {} fast", bound(-offset.low), bound(offset.high));
    }
    let way = if near > 0.0 { "fast" } else { "slow" };
    let places = places_beside([near.abs(), far.abs()], judging, places(offset.half_width()));
    format!("{:.places$} to {far:.places$} s {way}", near.abs())
}

/// How many places are needed so that no end is rounded onto a limit that it is not at, at least so many.
fn places_beside(ends: [f64; 2], judging: &Judging, least: usize) -> usize {
    let Thresholds { warning, critical } = &judging.thresholds;
    let limits: Vec<f64> =
        [warning, critical].into_iter().flatten().flat_map(Range::ends).map(f64::abs).collect();
    let is_told = |places: usize| {
        let shown = |value: f64| format!("{value:.places$}");
        ends.iter().all(|end| limits.iter().all(|limit| end == limit || shown(*end) != shown(*limit)))
    };
    (least..FINEST).find(|places| is_told(*places)).unwrap_or(least)
}

/// Adds what the clock is compared with: a clock is right of it, and off by it.
pub(crate) fn against(clock: String, reference: &str) -> String {
    match clock.starts_with(RIGHT) {
        _ if reference.is_empty() => clock,
        true => format!("{clock} of {reference}"),
        false => format!("{clock} by {reference}"),
    }
}

/// An offset with what it is judged by.
pub(crate) struct Verdict<'a> {
    pub(crate) offset: Interval,
    /// What the clock shows, in seconds since the epoch, if that is known.
    pub(crate) shown: Option<f64>,
    pub(crate) judging: &'a Judging,
}

impl Verdict<'_> {
    /// Returns the line about the clock of `name`: `reference` is what it is compared with, `rest` follows
    /// the verdict. An OK that is not certain says so; only where a bare number is in doubt it asks about
    /// that.
    pub(crate) fn of(&self, name: &str, reference: &str, rest: &str) -> String {
        let possible = self.judging.possible(self.offset);
        let is_certain = possible.certain == possible.worst;
        let question = self
            .judging
            .one_sided(self.offset)
            .map(|range| format!("{range} alerts on every slow clock: is {} meant?", range.mirrored()));
        let plain = || format!("{name} is {}", against(offset(self.offset), reference));
        let ends = || format!("{name} is {}", against(both_ends(self.offset, self.judging), reference));
        match (possible.certain, question) {
            (State::Ok, _) if is_certain => plain() + rest,
            (State::Ok, Some(question)) => format!("{}{rest}, but {question}", plain()),
            (State::Ok, None) => {
                format!("{UNDECIDED}{}, too coarse for {}{rest}", ends(), self.allowed(possible.limit))
            }
            (_, Some(question)) => format!("{}{rest}, {question}", if is_certain { plain() } else { ends() }),
            (_, None) => self.alarm(&possible, if is_certain { plain() } else { ends() }, ends(), rest),
        }
    }

    /// Returns the text of an alarm with the probable cause of the offset, or else with the allowed offsets.
    fn alarm(&self, possible: &Possible<'_>, text: String, ends: String, rest: &str) -> String {
        let allowed = self.allowed(possible.certain_limit);
        if possible.certain_limit.is_some_and(|(range, _)| range.ends().iter().all(|end| end.is_infinite())) {
            return format!("{text}, but the range alerts on every offset{rest}");
        }
        if possible.certain_limit.is_some_and(|(range, _)| range.alerts(0.0)) {
            let text = if self.offset.nearest_to_zero() == 0.0 { ends } else { text };
            return format!("{text}, allowed {allowed}{rest}");
        }
        if let Some(why) = diagnosis(self.offset, self.shown) {
            return format!("{text}, {why}{rest}");
        }
        format!("{text}, allowed {allowed}{rest}")
    }

    /// The limit in words.
    fn allowed(&self, limit: Option<(&Range, f64)>) -> String {
        let range = limit.map(|(range, _)| range.in_words()).unwrap_or_default();
        match self.judging.absolute {
            true => format!("{} s either way", range.strip_prefix("0 to ").unwrap_or(&range)),
            false => match range.strip_suffix(" or more") {
                Some(least) => format!("{least} s or more"),
                None => format!("{range} s"),
            },
        }
    }
}

/// Returns what such an offset probably comes from, where the number tells: a mistake of the zone, a wrong
/// date, or a clock that was never set. `shown` is what the clock shows, in seconds since the epoch.
fn diagnosis(offset: Interval, shown: Option<f64>) -> Option<String> {
    let size = offset.middle().abs();
    let quarters = (size / QUARTER).round();
    let exact = (quarters * QUARTER - size).abs() <= offset.half_width() && offset.half_width() <= SURE;
    let is_days = (quarters * QUARTER) % A_DAY == 0.0;
    if exact && !is_days && quarters >= 1.0 && quarters * QUARTER <= FARTHEST {
        return Some("perhaps a time zone mistake".to_owned());
    }
    if exact && is_days && (MINUTES..NEVER_SET).contains(&size) {
        return Some("the time of day is right, the date is wrong".to_owned());
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
            (-7.21, 0.51, "7.2 s slow", "6.7 to 7.7 s slow"),
            (599.3, 0.51, "599.3 s fast", "598.8 to 599.8 s fast"),
            (-0.2, 0.51, "right within 0.71 s", "0.71 s slow to 0.31 s fast"),
            (0.000_02, 0.000_3, "right within 0.001 s", "0.001 s slow to 0.001 s fast"),
            (7.000_03, 0.000_3, "7.000 s fast", "7.000 to 7.000 s fast"),
            (7.0, 0.01, "7.00 s fast", "6.99 to 7.01 s fast"),
            (-300.2, 0.000_3, "300.200 s slow", "300.200 to 300.200 s slow"),
            (22.8, 16.0, "at least 6.8 s fast", "6.8 to 38.8 s fast"),
            (5.0, 5.0, "right within 10 s", "0 s slow to 10 s fast"),
        ];
        for (middle, half, short, long) in rows {
            let interval = Interval::around(middle, half);
            assert_eq!(offset(interval), short);
            assert_eq!(both_ends(interval, &unlimited()), long);
        }
    }

    fn unlimited() -> Judging {
        Judging { thresholds: Thresholds::default(), absolute: false, max_uncertainty: None, stratum: None }
    }

    #[test]
    fn no_end_is_rounded_onto_the_limit() {
        let rows = [
            (4.98, 5.31, "4.98 to 5.31 s fast"),
            (-5.31, -4.98, "4.98 to 5.31 s slow"),
            (4.5, 5.02, "4.50 to 5.02 s fast"),
            (4.999_6, 5.3, "4.9996 to 5.3000 s fast"),
            (4.7, 5.7, "4.7 to 5.7 s fast"),
            (5.0, 5.3, "5.0 to 5.3 s fast"),
            (4.999_999_99, 5.3, "5.0 to 5.3 s fast"),
        ];
        let range = |text: &str| Some(text.parse().unwrap());
        let thresholds = Thresholds { warning: range("-5:5"), critical: range("~:60") };
        let judging = Judging { thresholds, ..unlimited() };
        for (low, high, words) in rows {
            assert_eq!(both_ends(Interval { low, high }, &judging), words, "{low} {high}");
        }
    }

    #[test]
    fn long_times_have_long_units() {
        let rows = [
            (599.4, "599.4 s"),
            (599.6, "10 min"),
            (1800.0, "30 min"),
            (3599.0, "1 h"),
            (3600.2, "1 h"),
            (-5400.0, "1 h 30 min"),
            (86_369.0, "23 h 59 min"),
            (86_399.0, "1 d"),
            (90_000.0, "1 d 1 h"),
            (31_536_000.0, "365 d"),
            (1_795_319_402.0, "20779 d 4 h"),
        ];
        for (value, words) in rows {
            assert_eq!(seconds(value, 0.5), words, "{value}");
        }
    }

    #[test]
    fn zone_mistakes_are_told_from_drift() {
        let zone = Some("perhaps a time zone mistake".to_owned());
        let rows = [
            (3600.2, true),
            (-3600.2, true),
            (1800.0, true),
            (19_800.0, true),
            (-12_600.4, true),
            (20_700.0, true),
            (3600.5, true),
            (3600.6, false),
            (3599.5, true),
            (1799.4, false),
            (900.0, true),
            (-900.3, true),
            (899.0, false),
            (0.3, false),
            (400.0, false),
            (3610.0, false),
            (2759.0, false),
            (93_600.0, true),
            (94_500.0, false),
            (-90.0, false),
        ];
        for (middle, expected) in rows {
            let seen = diagnosis(Interval::around(middle, 0.5), None);
            assert_eq!(seen, zone.clone().filter(|_| expected), "{middle}");
        }
        let date = Some("the time of day is right, the date is wrong".to_owned());
        for days in [86_400.0, -86_400.2, 172_800.4, 31_536_000.0] {
            assert_eq!(diagnosis(Interval::around(days, 0.5), Some(5.0)), date, "{days}");
        }
        assert_eq!(diagnosis(Interval::around(86_399.0, 0.5), None), None, "a second off a day");
        assert_eq!(diagnosis(Interval::around(3600.0, 61.0), None), None, "too uncertain to tell");
        assert_eq!(diagnosis(Interval::around(3610.0, 20.0), None), zone, "a quarter within the interval");
    }

    #[test]
    fn a_clock_that_was_never_set_tells_its_date() {
        let seen = diagnosis(Interval::around(-1_795_319_402.0, 0.5), Some(5.0));
        assert_eq!(seen.as_deref(), Some("it shows 1970-01-01 00:00:05 UTC"));
        assert_eq!(diagnosis(Interval::around(-50_000.0, 0.5), Some(5.0)), None);
    }
}
