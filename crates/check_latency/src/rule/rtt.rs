//! How long a target usually takes to answer, and how much that varies from run to run.

use serde::{Deserialize, Serialize};

use super::loss::MEMORY;

/// The least share of the distance by which a run moves the normal: a target that changes slowly is followed
/// within two days.
const PACE: f64 = 4.0 / MEMORY;
/// The greatest step towards a run, in spreads.
const STEP: f64 = 2.0;
/// The greatest deviation that counts for the spread, in spreads.
const CLIP: f64 = 4.0;
/// What the mean absolute deviation is multiplied by, to be the standard deviation of a normal distribution.
const DEVIATIONS: f64 = 1.25;
/// The least spread: a share of the normal, so that a very steady path does not stand still.
const LEAST: f64 = 0.02;
/// The first spread: a share of the normal, and at least a millisecond.
const FIRST: (f64, f64) = (0.1, 0.001);

/// The learned round-trip time of a target, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "(u32, f64, f64)", into = "(u32, f64, f64)")]
pub(super) struct Rtt {
    /// How many runs were learned.
    runs: u32,
    pub(super) normal: f64,
    pub(super) spread: f64,
}

impl From<(u32, f64, f64)> for Rtt {
    fn from((runs, normal, spread): (u32, f64, f64)) -> Self {
        Self { runs, normal, spread }
    }
}

impl From<Rtt> for (u32, f64, f64) {
    fn from(rtt: Rtt) -> Self {
        // A nanosecond is exact enough, and short.
        let rounded = |seconds: f64| (seconds * 1e9).round() / 1e9;
        (rtt.runs, rounded(rtt.normal), rounded(rtt.spread))
    }
}

impl Rtt {
    /// What is taken for granted before the first run with this median is learned.
    pub(super) fn first(median: f64) -> Self {
        Self { runs: 0, normal: median, spread: (FIRST.0 * median).max(FIRST.1) }
    }

    /// What these runs say of a new level; at least one.
    pub(super) fn level(&self, medians: &[f64]) -> Option<Self> {
        let mut sorted = medians.to_vec();
        sorted.sort_unstable_by(f64::total_cmp);
        let normal = *sorted.get(sorted.len() / 2)?;
        let runs = u32::try_from(medians.len()).unwrap_or(u32::MAX);
        let deviation = medians.iter().map(|median| (median - normal).abs()).sum::<f64>() / f64::from(runs);
        Some(Self { runs, normal, spread: (DEVIATIONS * deviation).max(self.spread) })
    }

    /// Learns the median of a run.
    pub(super) fn learn(&mut self, median: f64) {
        self.runs = self.runs.saturating_add(1);
        let pace = PACE.max(1.0 / (f64::from(self.runs) + 2.0));
        let (deviation, spread) = (median - self.normal, self.spread.max(LEAST * self.normal));
        self.normal += pace * deviation.clamp(-STEP * spread, STEP * spread);
        self.spread += pace * ((DEVIATIONS * deviation.abs()).min(CLIP * spread) - self.spread);
    }

    /// Whether it can have been learned: for what is read from a file.
    pub(super) fn is_possible(&self) -> bool {
        let seconds = 0.0..=1e5;
        seconds.contains(&self.normal) && seconds.contains(&self.spread)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(medians: impl IntoIterator<Item = f64>) -> Rtt {
        let mut medians = medians.into_iter().peekable();
        let mut rtt = Rtt::first(*medians.peek().unwrap());
        medians.for_each(|median| rtt.learn(median));
        rtt
    }

    #[test]
    fn a_steady_path_has_its_time_and_hardly_a_spread() {
        let rtt = learned([0.06; 100]);
        assert!((rtt.normal - 0.06).abs() < 1e-12 && rtt.spread < 1e-3, "{rtt:?}");
    }

    #[test]
    fn the_spread_is_about_the_standard_deviation() {
        let rtt = learned((0..2_000).map(|run| 0.06 + if run % 2 == 0 { 0.002 } else { -0.002 }));
        assert!((rtt.normal - 0.06).abs() < 1e-3 && (rtt.spread - 0.0025).abs() < 1e-3, "{rtt:?}");
    }

    #[test]
    fn one_run_far_off_moves_it_by_little() {
        let mut rtt = learned((0..1_000).map(|run| 0.06 + f64::from(run % 5) * 1e-4));
        let before = rtt;
        rtt.learn(10.0);
        assert!(rtt.normal - before.normal < 1e-4 && rtt.spread - before.spread < 1e-4, "{before:?} {rtt:?}");
    }

    #[test]
    fn a_level_is_the_median_of_its_runs() {
        let rtt = learned([0.06; 100]).level(&[0.091, 0.090, 0.093, 0.092, 4.0]).unwrap();
        assert_eq!((rtt.runs, rtt.normal), (5, 0.092));
        assert!(learned([0.06]).level(&[]).is_none());
    }

    #[test]
    fn what_no_run_can_have_taught_is_refused() {
        assert!(learned([0.06]).is_possible());
        for wrong in
            [(1, -0.1, 0.0), (1, 0.1, -0.1), (1, 1e9, 0.0), (1, f64::NAN, 0.0), (1, 0.1, f64::INFINITY)]
        {
            assert!(!Rtt::from(wrong).is_possible(), "{wrong:?}");
        }
    }
}
