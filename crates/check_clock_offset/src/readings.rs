//! What several readings of one clock say together, when each may come from a cache.
//!
//! A reading asks at `sent`, gets its answer at `received`, both by this machine's clock, and is shown
//! `value`, cut off to `resolution`. The host took the value somewhere between, or earlier, if it answers
//! from a cache. So the host's clock is ahead of ours by at least `value - received`, however old the value
//! is: a stale value can only look slow. It is ahead by at most `value + resolution - taken`, and `taken` is
//! `sent` less the greatest age that the cache allows, or the moment at which a value was seen that this one
//! has replaced since.

use crate::interval::Interval;

/// A time that a host has shown.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Shown {
    /// Seconds since the epoch.
    pub value: f64,
    /// What was cut off is less than this, in seconds.
    pub resolution: f64,
}

/// One question and its answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reading {
    /// When it was asked, in seconds since the epoch by this machine's clock.
    pub sent: f64,
    /// When the answer came.
    pub received: f64,
    /// The answer.
    pub shown: Shown,
}

/// The readings of one host's clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Readings {
    /// How old an answer can be, in seconds: 0 for a source that is read fresh each time.
    pub greatest_age: f64,
    /// In the order in which they were taken; at least one.
    readings: Vec<Reading>,
}

impl Readings {
    /// The first reading.
    pub fn new(greatest_age: f64, first: Reading) -> Self {
        Self { greatest_age, readings: vec![first] }
    }

    /// One more.
    pub fn add(&mut self, reading: Reading) {
        self.readings.push(reading);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.readings.len()
    }

    /// The round trip of the last one, in seconds.
    pub fn round_trip(&self) -> f64 {
        self.readings.last().map_or(0.0, |reading| reading.received - reading.sent)
    }

    /// The value shown last.
    pub fn latest(&self) -> Option<Shown> {
        self.readings.last().map(|reading| reading.shown)
    }

    /// By how much the host's clock is ahead of this machine's, in seconds. Where readings contradict each
    /// other, because a clock was stepped between them, the last one counts.
    pub fn offset(&self) -> Interval {
        let mut all: Option<Interval> = None;
        for (place, reading) in self.readings.iter().enumerate() {
            let this = self.offset_of(place, reading);
            all = Some(all.and_then(|all| all.intersection(this)).unwrap_or(this));
        }
        all.unwrap_or(Interval { low: f64::NEG_INFINITY, high: f64::INFINITY })
    }

    fn offset_of(&self, place: usize, reading: &Reading) -> Interval {
        let earlier = self.readings.get(..place).unwrap_or_default();
        let replaced = earlier.iter().rev().find(|earlier| earlier.shown.value != reading.shown.value);
        let oldest = reading.sent - self.greatest_age;
        let taken = replaced.map_or(oldest, |replaced| oldest.max(replaced.sent));
        Interval {
            low: reading.shown.value - reading.received,
            high: reading.shown.value + reading.shown.resolution - taken,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Readings at these times of a host that is ahead by `offset` and answers from a cache that it renews at
    /// these times.
    fn read(offset: f64, greatest_age: f64, at: &[f64], renewed: &[f64]) -> Readings {
        let reading = |&sent: &f64| {
            let taken = renewed.iter().copied().filter(|&time| time <= sent).fold(f64::MIN, f64::max);
            let taken = if renewed.is_empty() { sent + 0.005 } else { taken };
            Reading {
                sent,
                received: sent + 0.01,
                shown: Shown { value: (taken + offset).floor(), resolution: 1.0 },
            }
        };
        let mut readings = at.iter().map(reading);
        let mut all = Readings::new(greatest_age, readings.next().unwrap());
        readings.for_each(|reading| all.add(reading));
        all
    }

    #[test]
    fn a_fresh_value_is_known_to_its_resolution_and_half_the_round_trip() {
        let readings = read(-7.0, 0.0, &[1000.3], &[]);
        let offset = readings.offset();
        assert!((offset.low + 7.31).abs() < 1e-9 && (offset.high + 6.3).abs() < 1e-9, "{offset:?}");
        assert!((offset.half_width() - 0.505).abs() < 1e-9);
        assert!((readings.round_trip() - 0.01).abs() < 1e-9);
    }

    #[test]
    fn a_stale_value_never_makes_a_right_clock_certainly_slow() {
        for tenths in 0..310 {
            let at = 1000.0 + f64::from(tenths) / 10.0;
            let offset = read(0.0, 31.0, &[at], &[1000.0]).offset();
            assert!(offset.low <= 0.0 && offset.high >= 0.0, "{at}: {offset:?}");
        }
    }

    #[test]
    fn a_value_that_moved_is_younger_than_the_one_before() {
        let fresh = read(-90.0, 31.0, &[1000.5, 1001.7], &[]).offset();
        assert!(fresh.high < -87.0 && fresh.low <= -90.0 && fresh.high >= -90.0, "{fresh:?}");
        let same = read(-90.0, 31.0, &[1000.5, 1007.5], &[1000.0]).offset();
        assert!(same.high < -65.0 && same.low > -92.0, "{same:?}");
        let renewed = read(20.0, 31.0, &[1000.0, 1001.0, 1002.0, 1003.0], &[980.0, 1002.5]).offset();
        assert!(renewed.low > 18.0 && renewed.high < 22.0, "{renewed:?}");
    }

    #[test]
    fn several_readings_within_a_second_narrow_it() {
        let offset = read(5.2, 0.0, &[1000.05, 1000.3, 1000.55, 1000.79], &[]).offset();
        assert!(offset.low <= 5.2 && 5.2 <= offset.high && offset.half_width() < 0.15, "{offset:?}");
    }

    #[test]
    fn after_a_step_the_last_reading_counts() {
        let mut readings = read(0.0, 0.0, &[1000.5], &[]);
        readings.add(Reading {
            sent: 1002.5,
            received: 1002.51,
            shown: Shown { value: 1102.0, resolution: 1.0 },
        });
        let offset = readings.offset();
        assert!((offset.middle() - 99.995).abs() < 1e-9, "{offset:?}");
    }
}
