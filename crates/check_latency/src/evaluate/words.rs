//! How numbers and times are said.

use std::cell::OnceCell;
use std::net::IpAddr;

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// A share, in per cent: with one decimal below ten.
pub(crate) fn percent(share: f64) -> String {
    let value = share * 100.0;
    match value {
        value if value < 0.05 => "0%".to_owned(),
        value if value < 9.95 => format!("{value:.1}%"),
        value => format!("{value:.0}%"),
    }
}

/// A time of a few seconds, in milliseconds.
pub(crate) fn milliseconds(seconds: f64) -> String {
    let value = seconds * 1e3;
    match value {
        value if value < 0.995 => format!("{value:.2} ms"),
        value if value < 9.95 => format!("{value:.1} ms"),
        value => format!("{value:.0} ms"),
    }
}

/// An answer from another address; with another payload if none is given.
pub(crate) fn strange(other: Option<IpAddr>) -> String {
    other.map_or_else(|| "answers with another payload".to_owned(), |other| format!("answers as {other}"))
}

/// Says moments in this machine's time zone.
#[derive(Debug)]
pub(crate) struct Calendar {
    now: u64,
    /// Read when it is needed: where all is well no time is said.
    zone: OnceCell<TimeZone>,
}

impl Calendar {
    pub(crate) fn new(now: u64) -> Self {
        Self { now, zone: OnceCell::new() }
    }

    /// Says since when: `14:05`, with the date if that is not today.
    pub(crate) fn moment(&self, at: u64) -> String {
        let (today, day) = (self.day(self.now), self.day(at));
        let time = self.format(at, "%H:%M");
        if today == day { time } else { format!("{day} {time}") }
    }

    /// Says the date: `2026-11-24`.
    pub(crate) fn day(&self, at: u64) -> String {
        self.format(at, "%Y-%m-%d")
    }

    fn format(&self, at: u64, format: &str) -> String {
        let moment = i64::try_from(at).ok().and_then(|at| Timestamp::from_second(at).ok());
        moment
            .map(|moment| {
                moment.to_zoned(self.zone.get_or_init(TimeZone::system).clone()).strftime(format).to_string()
            })
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_as_many_decimals_as_tell_something() {
        let shares = [
            (0.0, "0%"),
            (0.0004, "0%"),
            (0.004, "0.4%"),
            (0.02, "2.0%"),
            (0.0994, "9.9%"),
            (0.22, "22%"),
            (1.0, "100%"),
        ];
        shares.iter().for_each(|(share, text)| assert_eq!(percent(*share), *text));
        let times =
            [(0.0, "0.00 ms"), (0.000_25, "0.25 ms"), (0.0025, "2.5 ms"), (0.061, "61 ms"), (1.5, "1500 ms")];
        times.iter().for_each(|(seconds, text)| assert_eq!(milliseconds(*seconds), *text));
    }

    #[test]
    fn a_moment_of_another_day_has_its_date() {
        let calendar = Calendar { now: 1_790_000_000, zone: TimeZone::fixed(jiff::tz::offset(2)).into() };
        assert_eq!(calendar.moment(1_790_000_000), "16:13");
        assert_eq!(calendar.moment(1_790_000_000 - 86_400), "2026-09-20 16:13");
        assert_eq!(calendar.day(1_790_000_000), "2026-09-21");
        assert_eq!(calendar.day(u64::MAX), "", "no calendar goes so far");
    }
}
