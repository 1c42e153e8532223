//! One run's pings to a target, and the last runs of it.

use std::num::NonZeroU32;

use serde::{Deserialize, Deserializer, Serialize};

/// The most runs that are judged together.
pub(super) const LONGEST: usize = 12;
/// A pause between two runs of more than this, in seconds, and of more than [`PAUSE_RATIO`] times the usual
/// one is a gap. Where no usual one is known, none is.
const GAP: u64 = 3_600;
/// See [`GAP`].
const PAUSE_RATIO: u64 = 3;

/// What came of the pings of one run to a target.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub struct Run {
    /// When it ended, in seconds since 1970.
    pub at: u64,
    /// How many pings were sent: at least one.
    pub sent: u32,
    /// How many of them nothing answered in time.
    pub lost: u32,
    /// The median of the round-trip times, in microseconds: `None` if no ping was answered by the target. All
    /// are lost then, unless others answered some. Not zero, which makes a run smaller: there are twelve of
    /// each target.
    median: Option<NonZeroU32>,
    /// Whether it is not learned when it leaves the window.
    pub(super) tainted: bool,
}

/// A run as it stands in the file.
type Row = (u64, u32, u32, Option<u32>, u8);

impl From<Row> for Run {
    fn from((at, sent, lost, median, tainted): Row) -> Self {
        Self { tainted: tainted != 0, ..Self::new(at, sent, lost, median) }
    }
}

impl From<Run> for Row {
    fn from(run: Run) -> Self {
        (run.at, run.sent, run.lost, run.median.map(NonZeroU32::get), run.tainted.into())
    }
}

impl Run {
    /// A run that is not judged yet. A median of 0 microseconds counts as 1.
    pub fn new(at: u64, sent: u32, lost: u32, median: Option<u32>) -> Self {
        let median = median.map(|median| NonZeroU32::new(median).unwrap_or(NonZeroU32::MIN));
        Self { at, sent, lost, median, tainted: false }
    }

    /// Returns the share of its pings that were lost.
    pub fn loss(&self) -> f64 {
        f64::from(self.lost) / f64::from(self.sent.max(1))
    }

    /// Returns whether nothing was answered.
    pub fn is_silent(&self) -> bool {
        self.lost >= self.sent
    }

    /// Returns the median of the round-trip times in seconds.
    pub fn rtt(&self) -> Option<f64> {
        self.median.map(|median| f64::from(median.get()) / 1e6)
    }

    /// Returns whether it can have been: for what is read from a file.
    pub(super) fn is_possible(&self) -> bool {
        self.sent > 0 && self.lost <= self.sent && (self.lost > 0 || self.median.is_some())
    }
}

/// The last runs, the newest at the end.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(super) struct Window(Vec<Run>);

impl<'de> Deserialize<'de> for Window {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let mut runs = Vec::deserialize(from)?;
        // It grew by doubling, and there may be thousands of these.
        runs.shrink_to(LONGEST);
        Ok(Self(runs))
    }
}

impl Window {
    /// The runs, the oldest first.
    pub(super) fn runs(&self) -> &[Run] {
        &self.0
    }

    /// The time of the newest run.
    pub(super) fn newest(&self) -> Option<u64> {
        self.0.last().map(|run| run.at)
    }

    /// Adds a run and returns the one that leaves.
    pub(super) fn push(&mut self, run: Run) -> Option<Run> {
        let leaving = (self.0.len() >= LONGEST).then(|| self.0.remove(0));
        // No room for more than will ever be there.
        self.0.reserve_exact(LONGEST.saturating_sub(self.0.len()));
        self.0.push(run);
        leaving
    }

    /// Forgets all but the last `count` runs.
    pub(super) fn keep(&mut self, count: usize) {
        self.0.drain(..self.0.len().saturating_sub(count));
    }

    /// Has none of its runs learned.
    pub(super) fn taint(&mut self) {
        self.0.iter_mut().for_each(|run| run.tainted = true);
    }

    /// Has the newest run not learned.
    pub(super) fn taint_newest(&mut self) {
        self.0.iter_mut().rev().take(1).for_each(|run| run.tainted = true);
    }

    /// The sum of the last `count` runs: pings sent and pings lost. A run that is missing counts as one
    /// without loss, of as many pings as the newest.
    pub(super) fn sum(&self, count: usize) -> (u32, u32) {
        let (sent, lost) = self.known_sum(count);
        let missing = u32::try_from(count.saturating_sub(self.0.len())).unwrap_or(0);
        let newest = self.0.last().map_or(0, |run| run.sent);
        (sent.saturating_add(missing.saturating_mul(newest)), lost)
    }

    /// The sum of those of the last `count` runs that there are.
    pub(super) fn known_sum(&self, count: usize) -> (u32, u32) {
        sum(self.0.iter().rev().take(count))
    }

    /// How many of the last `count` runs there are.
    pub(super) fn known(&self, count: usize) -> usize {
        self.0.len().min(count)
    }

    /// Returns the sums without the run that lost most.
    pub(super) fn sum_without_worst(&self, count: usize) -> (u32, u32) {
        let (sent, lost) = self.sum(count);
        let worst = self.0.iter().rev().take(count).max_by_key(|run| run.lost).copied();
        worst.map_or((sent, lost), |worst| (sent - worst.sent, lost - worst.lost))
    }

    /// The sum of the runs at or after a moment: pings sent and pings lost.
    pub(super) fn sum_since(&self, at: u64) -> (u32, u32) {
        sum(self.since(at).iter())
    }

    /// The runs at or after a moment, the oldest first.
    pub(super) fn since(&self, at: u64) -> &[Run] {
        let before = self.0.iter().take_while(|run| run.at < at).count();
        self.0.get(before..).unwrap_or_default()
    }

    /// The medians of the runs that were answered, in seconds, the newest first.
    pub(super) fn medians(&self) -> impl Iterator<Item = f64> + '_ {
        self.0.iter().rev().filter_map(Run::rtt)
    }

    /// Whether the pause until `at` is so long that what was before tells nothing of now, or the clock was
    /// set back. The usual pause is the median of those between the runs, or the one known from `before`, 0
    /// for none, where that is longer: a service that runs once in two hours, or unevenly, has no gaps.
    pub(super) fn is_broken_off(&self, at: u64, before: u64) -> bool {
        let Some(newest) = self.newest() else { return false };
        let mut pauses: Vec<u64> = self
            .0
            .iter()
            .zip(self.0.iter().skip(1))
            .map(|(before, after)| after.at.saturating_sub(before.at))
            .collect();
        pauses.sort_unstable();
        let usual = pauses.get(pauses.len() / 2).copied().max(Some(before).filter(|before| *before > 0));
        at < newest || usual.is_some_and(|usual| is_gap(newest, at, usual))
    }
}

/// Whether the pause between two moments is a gap where this one is usual, or the clock was set back.
pub(super) fn is_gap(before: u64, at: u64, usual: u64) -> bool {
    at.checked_sub(before).is_none_or(|pause| pause > GAP.max(usual.saturating_mul(PAUSE_RATIO)))
}

/// The sum of runs: pings sent and pings lost.
fn sum<'a>(runs: impl Iterator<Item = &'a Run>) -> (u32, u32) {
    runs.fold((0, 0), |(sent, lost), run| (sent.saturating_add(run.sent), lost.saturating_add(run.lost)))
}

/// The share that was lost of (sent, lost).
pub(super) fn share((sent, lost): (u32, u32)) -> f64 {
    f64::from(lost) / f64::from(sent.max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn window(rows: &[(u64, u32)]) -> Window {
        Window(rows.iter().map(|&(at, lost)| Run::new(at, 20, lost, (lost < 20).then_some(1_000))).collect())
    }

    #[test]
    fn missing_runs_count_as_runs_without_loss() {
        let window = window(&[(0, 5), (300, 1)]);
        assert_eq!([1, 3, 12].map(|count| window.sum(count)), [(20, 1), (60, 6), (240, 6)]);
        assert_eq!([1, 3].map(|count| window.sum_without_worst(count)), [(0, 0), (40, 1)]);
        assert_eq!(Window::default().sum(3), (0, 0));
    }

    #[test]
    fn the_thirteenth_run_pushes_the_first_out() {
        let mut window = Window::default();
        let leaving: Vec<Option<u64>> =
            (0..14).map(|at| window.push(Run::new(at, 20, 0, Some(1))).map(|run| run.at)).collect();
        assert_eq!(leaving.iter().flatten().copied().collect::<Vec<_>>(), [0, 1]);
        assert_eq!(leaving[11], None);
        window.keep(2);
        assert_eq!(window.runs().iter().map(|run| run.at).collect::<Vec<_>>(), [12, 13]);
    }

    #[test]
    fn a_long_pause_and_a_clock_that_was_set_back_break_off() {
        let often = window(&[(0, 0), (300, 0), (600, 0), (900, 0)]);
        let is_broken_off = |at| often.is_broken_off(at, 300);
        assert_eq!([900, 1_200, 4_500, 4_501].map(is_broken_off), [false, false, false, true]);
        assert!(often.is_broken_off(899, 300));
        let seldom = window(&[(0, 0), (7_200, 0), (14_400, 0)]);
        assert_eq!([36_000, 36_001].map(|at| seldom.is_broken_off(at, 0)), [false, true]);
        assert!(!Window::default().is_broken_off(u64::MAX, 0));
        // The only run that is left, by the pause before it: not known, 5 minutes, 2 hours.
        let one = window(&[(0, 0)]);
        let pauses = [(u64::MAX, 0), (3_600, 300), (3_601, 300), (21_600, 7_200), (21_601, 7_200)];
        assert_eq!(
            pauses.map(|(at, before)| one.is_broken_off(at, before)),
            [false, false, true, false, true]
        );
    }

    /// A file may hold 20,000 of these windows.
    #[test]
    fn a_window_that_was_read_takes_no_room_that_it_never_needs() {
        assert_eq!(size_of::<Run>(), 24);
        let rows = format!("[{}]", ["[7,20,0,9,0]"; LONGEST].join(","));
        let mut window: Window = serde_json::from_str(&rows).unwrap();
        assert_eq!((window.0.len(), window.0.capacity()), (LONGEST, LONGEST));
        window.push(Run::new(8, 20, 0, Some(9)));
        assert_eq!((window.0.len(), window.0.capacity()), (LONGEST, LONGEST));
    }

    #[test]
    fn a_run_is_a_row_of_the_file() {
        let run = Run { tainted: true, ..Run::new(1_790_000_000, 20, 20, None) };
        assert_eq!(serde_json::to_string(&run).unwrap(), "[1790000000,20,20,null,1]");
        assert_eq!(serde_json::from_str::<Run>("[1790000000,20,20,null,1]").unwrap(), run);
        assert!(serde_json::from_str::<Run>("[1790000000,20,20,null]").is_err());
        let at_once = serde_json::from_str::<Run>("[7,20,0,0,0]").unwrap();
        assert_eq!(at_once.rtt(), Some(1e-6), "less than a microsecond");
        assert!(run.is_possible());
        assert!(!Run::new(0, 0, 0, None).is_possible());
        assert!(!Run::new(0, 5, 6, None).is_possible());
        assert!(Run::new(0, 5, 4, None).is_possible(), "another address answered one");
        assert!(!Run::new(0, 5, 0, None).is_possible());
    }
}
