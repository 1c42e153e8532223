//! Which of several servers tell the truth: the largest group whose intervals have a point in common, after
//! the selection of RFC 5905, section 11.2.1, if it is more than half of those that answered. The others are
//! falsetickers.

use super::sample::{Sample, voters};
use crate::interval::Interval;

/// Servers agree within this beyond their own uncertainty, in seconds: routes are longer one way than the
/// other, and some servers smear leap seconds.
const TOLERANCE: f64 = 0.1;

/// What the servers say together.
#[derive(Clone, Debug, PartialEq)]
pub struct Consensus {
    /// By how much the time is ahead of our clock, in seconds.
    pub offset: Interval,
    /// What became of each server, in the order in which they were asked.
    pub verdicts: Vec<Verdict>,
    /// The shortest round trip of those that agree, in seconds.
    pub round_trip: f64,
}

impl Consensus {
    /// Returns how many servers agree.
    pub fn agreeing(&self) -> usize {
        self.verdicts.iter().filter(|verdict| **verdict == Verdict::Agrees).count()
    }
}

/// What became of one server.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Verdict {
    /// It agrees with the majority.
    Agrees,
    /// It is ahead of the majority by so many seconds.
    Falseticker(f64),
    /// It gave no answer that can be used.
    Unusable,
}

/// Why there is no consensus.
#[derive(Clone, Debug, PartialEq)]
pub enum Disagreement {
    /// No server gave an answer that can be used.
    NoneUsable,
    /// No group is a majority; the two farthest are so many seconds apart.
    NoMajority(f64),
}

/// Returns how many servers gave a time and how many were asked for one, where that is fewer than half of
/// them.
pub fn minority(samples: &[Sample]) -> Option<(usize, usize)> {
    let samples = voters(samples);
    let usable = samples.iter().filter(|sample| sample.result.is_ok()).count();
    let asked = samples.iter().filter(|sample| !sample.is_replaced).count();
    (usable * 2 < asked).then_some((usable, asked))
}

/// What the majority of the usable servers says.
///
/// # Errors
/// [`Disagreement`]: there is no majority.
pub fn agree(samples: &[Sample]) -> Result<Consensus, Disagreement> {
    let offsets: Vec<Interval> =
        samples.iter().filter_map(|sample| sample.result.as_ref().ok()).map(|good| good.offset).collect();
    if offsets.is_empty() {
        return Err(Disagreement::NoneUsable);
    }
    // The point that most intervals hold is the low end of one of them.
    let supporters = |point: f64| offsets.iter().filter(|offset| holds(offset, point)).count();
    let points = offsets.iter().map(|offset| offset.widened(TOLERANCE / 2.0).low);
    let best = points.max_by_key(|point| supporters(*point)).unwrap_or(f64::NAN);
    if supporters(best) * 2 <= offsets.len() {
        return Err(Disagreement::NoMajority(spread(&offsets)));
    }
    let agreeing: Vec<Interval> = offsets.into_iter().filter(|offset| holds(offset, best)).collect();
    let offset = combine(&agreeing);
    let verdict = |sample: &Sample| match &sample.result {
        Ok(good) if holds(&good.offset, best) => Verdict::Agrees,
        Ok(good) => Verdict::Falseticker(good.offset.middle() - offset.middle()),
        Err(_) => Verdict::Unusable,
    };
    let verdicts: Vec<Verdict> = samples.iter().map(verdict).collect();
    let round_trips = samples.iter().zip(&verdicts).filter(|(_, verdict)| **verdict == Verdict::Agrees);
    let round_trips =
        round_trips.filter_map(|(sample, _)| sample.result.as_ref().ok()).map(|good| good.round_trip);
    let round_trip = round_trips.fold(f64::INFINITY, f64::min);
    Ok(Consensus { offset, verdicts, round_trip })
}

fn holds(offset: &Interval, point: f64) -> bool {
    let wide = offset.widened(TOLERANCE / 2.0);
    wide.low <= point && point <= wide.high
}

/// What all hold, or, where they agree only within the tolerance, what any holds.
fn combine(agreeing: &[Interval]) -> Interval {
    let all = |join: fn(Interval, Interval) -> Option<Interval>| {
        let mut offsets = agreeing.iter().copied();
        offsets.next().and_then(|first| offsets.try_fold(first, join))
    };
    let common = all(Interval::intersection).or_else(|| all(|one, other| Some(one.hull(other))));
    common.unwrap_or(Interval { low: f64::NEG_INFINITY, high: f64::INFINITY })
}

fn spread(offsets: &[Interval]) -> f64 {
    let middles = offsets.iter().map(|offset| offset.middle());
    let (low, high) = middles
        .fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), middle| (low.min(middle), high.max(middle)));
    high - low
}

#[cfg(test)]
mod tests {
    use super::super::packet::{Measured, NtpError};
    use super::*;

    fn samples(rows: &[(f64, f64)]) -> Vec<Sample> {
        let good = |&(middle, half): &(f64, f64)| Measured {
            offset: Interval::around(middle, half),
            round_trip: half,
            stratum: 2,
            never_set: false,
            is_free_running: false,
        };
        let result = |row: &(f64, f64)| if row.1 > 0.0 { Ok(good(row)) } else { Err(NtpError::Silent) };
        (0..)
            .zip(rows)
            .map(|(number, row)| Sample {
                name: format!("192.0.2.{number}"),
                is_own: false,
                is_replaced: false,
                result: result(row),
            })
            .collect()
    }

    #[test]
    fn the_majority_decides_and_the_falseticker_is_known() {
        let seen = agree(&samples(&[(7.0, 0.01), (0.002, 0.01), (0.0, -1.0), (-0.001, 0.02)])).unwrap();
        assert!(
            (seen.offset.low + 0.008).abs() < 1e-9 && (seen.offset.high - 0.012).abs() < 1e-9,
            "{seen:?}"
        );
        assert!(matches!(
            seen.verdicts[..],
            [Verdict::Falseticker(_), Verdict::Agrees, Verdict::Unusable, Verdict::Agrees]
        ));
        let Verdict::Falseticker(by) = seen.verdicts[0] else { panic!() };
        assert!((by - 6.998).abs() < 1e-9, "{by}");
        assert_eq!(seen.round_trip, 0.01);
    }

    #[test]
    fn one_server_is_believed_and_two_that_differ_are_not() {
        assert_eq!(agree(&samples(&[(7.0, 0.01)])).unwrap().offset, Interval::around(7.0, 0.01));
        let Err(Disagreement::NoMajority(apart)) = agree(&samples(&[(7.0, 0.01), (0.0, 0.01)])) else {
            panic!()
        };
        assert!((apart - 7.0).abs() < 1e-9);
        assert!(
            agree(&samples(&[(7.0, 0.01), (0.0, 0.01), (3.0, 0.01), (3.01, 0.01)])).is_err(),
            "two of four are no majority"
        );
        assert_eq!(agree(&samples(&[(0.0, -1.0), (0.0, -1.0)])), Err(Disagreement::NoneUsable));
        assert_eq!(agree(&[]), Err(Disagreement::NoneUsable));
    }

    #[test]
    fn servers_within_the_tolerance_agree_and_their_difference_is_uncertain() {
        let seen = agree(&samples(&[(0.0, 0.001), (0.05, 0.001)])).unwrap();
        assert!(
            (seen.offset.low + 0.001).abs() < 1e-9 && (seen.offset.high - 0.051).abs() < 1e-9,
            "{seen:?}"
        );
        assert_eq!(seen.verdicts, [Verdict::Agrees; 2]);
    }
}
