//! How much a target usually loses, and how much that varies from run to run.

use serde::{Deserialize, Serialize};

use super::run::Run;
use super::tail::at_least;

/// How many runs are remembered: a week of one in five minutes.
pub(super) const MEMORY: f64 = 2_016.0;
/// What is known of a target before the first ping: as if half of one in 50 pings had been lost.
const PRIOR: (f64, f64) = (50.0, 0.5);
/// The least dispersion, which is also what is taken for granted before anything is known: the number of
/// pings lost varies 1.2 times as much as if each were lost by itself.
const DISPERSION: f64 = 1.2;
/// As many runs are needed before the observed dispersion weighs as much as [`DISPERSION`].
const DISPERSION_RUNS: f64 = 50.0;
/// A run counts for at most so many standard deviations above the mean.
const CAP: f64 = 3.0;
/// The mean for that deviation is at least this, so that the first losses of a perfect path are learned at
/// all.
const CAP_MEAN: f64 = 0.02;

/// The learned loss of a target, by exponential weights.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(from = "(f64, f64, f64)", into = "(f64, f64, f64)")]
pub(super) struct Loss {
    /// How many runs it is made of, old ones counting less.
    weight: f64,
    /// The share of pings lost.
    mean: f64,
    /// The variance of the number lost in a run, for each ping of it: mean × (1 - mean) if each ping is lost
    /// by itself.
    variance: f64,
}

impl From<(f64, f64, f64)> for Loss {
    fn from((weight, mean, variance): (f64, f64, f64)) -> Self {
        Self { weight, mean, variance }
    }
}

impl From<Loss> for (f64, f64, f64) {
    fn from(loss: Loss) -> Self {
        // A billionth is exact enough, and short.
        let rounded = |value: f64| (value * 1e9).round() / 1e9;
        (rounded(loss.weight), rounded(loss.mean), rounded(loss.variance))
    }
}

impl Loss {
    /// What these runs say, and nothing else.
    pub(super) fn of(runs: &[Run]) -> Self {
        runs.iter().fold(Self::default(), |mut loss, run| {
            loss.learn(run.sent, f64::from(run.lost));
            loss
        })
    }

    /// The share of pings lost so far: what is printed as usual.
    pub(super) fn usual(&self) -> f64 {
        self.mean
    }

    /// The share of pings that is expected to be lost, where a run has so many.
    pub(super) fn expected(&self, pings: u32) -> f64 {
        let known = self.weight * f64::from(pings);
        (self.mean * known + PRIOR.1) / (known + PRIOR.0)
    }

    /// How many times as much as a binomial one the number lost varies.
    fn dispersion(&self, pings: u32) -> f64 {
        let mean = self.mean.clamp(1e-6, 0.99);
        let observed = self.variance / (mean * (1.0 - mean));
        let weighed =
            (observed * self.weight + DISPERSION_RUNS * DISPERSION) / (self.weight + DISPERSION_RUNS);
        weighed.clamp(DISPERSION, f64::from(pings).max(DISPERSION))
    }

    /// Returns the probability that so many or more of the pings sent are lost by chance; `pings` are those
    /// of a run.
    pub(super) fn chance(&self, (sent, lost): (u32, u32), pings: u32) -> f64 {
        at_least(lost, sent, self.expected(pings), self.dispersion(pings))
    }

    /// Learns a run; a very bad one counts as a bad one.
    pub(super) fn learn_capped(&mut self, run: &Run) {
        let (pings, mean) = (f64::from(run.sent), self.expected(run.sent));
        let deviation = (pings * mean.max(CAP_MEAN) * self.dispersion(run.sent)).sqrt();
        let cap = (pings * mean + CAP * deviation).ceil();
        self.learn(run.sent, f64::from(run.lost).min(cap));
    }

    /// Learns a run in full.
    pub(super) fn learn(&mut self, sent: u32, lost: f64) {
        let pings = f64::from(sent.max(1));
        let old = self.weight * (1.0 - 1.0 / MEMORY);
        self.weight = old + 1.0;
        let (before, share) = (self.mean, lost / pings);
        self.mean += (share - before) / self.weight;
        self.variance = (old * self.variance + pings * (share - before) * (share - self.mean)) / self.weight;
    }

    /// Whether it can have been learned: for what is read from a file.
    pub(super) fn is_possible(&self) -> bool {
        let Self { weight, mean, variance } = self;
        (0.0..=MEMORY + 1.0).contains(weight) && (0.0..=1.0).contains(mean) && (0.0..=1e6).contains(variance)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn learned(rows: impl IntoIterator<Item = u32>) -> Loss {
        Loss::of(&rows.into_iter().map(|lost| Run::new(0, 20, lost, Some(1))).collect::<Vec<_>>())
    }

    #[test]
    fn mean_and_variance_are_those_of_the_runs() {
        let loss = learned([0, 2, 0, 2]);
        assert!((loss.weight - 4.0).abs() < 0.01, "{loss:?}");
        assert!((loss.mean - 0.05).abs() < 1e-4, "{loss:?}");
        // The number lost has the variance 1, which is 0.05 for each of the 20 pings.
        assert!((loss.variance - 0.05).abs() < 1e-4, "{loss:?}");
    }

    #[test]
    fn nothing_known_is_one_per_cent_of_fifty_pings() {
        assert_eq!(Loss::default().expected(20), 0.01);
        let hundred = learned([0; 100]);
        assert!(hundred.expected(20) < 0.5 / 1_900.0, "{}", hundred.expected(20));
        assert_eq!(Loss::default().dispersion(20), DISPERSION);
        assert_eq!(Loss::default().dispersion(1), DISPERSION);
    }

    #[test]
    fn a_bursty_path_varies_more_and_so_alerts_later() {
        let steady = learned([1; 400]);
        let bursty = learned((0..400).map(|run| if run % 10 == 0 { 10 } else { 0 }));
        assert!((steady.mean - bursty.mean).abs() < 0.01);
        assert!(bursty.dispersion(20) > 5.0 && steady.dispersion(20) == DISPERSION);
        assert!(bursty.chance((60, 15), 20) > 1e3 * steady.chance((60, 15), 20));
    }

    #[test]
    fn one_terrible_run_teaches_little() {
        let mut loss = learned([0; 50]);
        loss.learn_capped(&Run::new(0, 20, 19, Some(1)));
        assert!(loss.mean < 0.01, "{loss:?}");
        let mut whole = learned([0; 50]);
        whole.learn(20, 19.0);
        assert!(whole.mean > 0.018, "{whole:?}");
    }

    #[test]
    fn the_weight_never_exceeds_a_week() {
        let loss = learned((0..20_000).map(|_| 1));
        assert!(loss.weight < MEMORY && loss.weight > 2_000.0 && loss.is_possible(), "{loss:?}");
        for wrong in
            [(-1.0, 0.0, 0.0), (1.0, 1.5, 0.0), (1.0, 0.5, -0.1), (3_000.0, 0.0, 0.0), (f64::NAN, 0.0, 0.0)]
        {
            assert!(!Loss::from(wrong).is_possible(), "{wrong:?}");
        }
    }
}
