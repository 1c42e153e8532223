//! The record of one target, and its judgement by it.

mod evidence;

use serde::{Deserialize, Serialize};

use super::alert::{Accepted, Level, LossAlert, RttAlert, standing};
use super::loss::Loss;
use super::rtt::Rtt;
use super::run::{LONGEST, Run, Window, is_gap, share};
use super::settings::Settings;
use super::tail::at_most;
use super::verdict::Verdict;

/// So improbable is what is told, by the target's own record.
const CHANCE: f64 = 1e-6;
/// An alert ends when the last runs are so good that they would be so improbable at the loss that was told.
const CLEAR_CHANCE: f64 = 1e-3;
/// The rise of the last run alone that is told, as a share. It is also what is told of a target that is not
/// known yet.
const SUDDEN: f64 = 0.5;
/// The greatest probability of loss in that comparison: that of 1 can lose nothing less.
const NEARLY_ALL: f64 = 0.999;
/// So many runs are judged together beside [`LONGEST`].
const TREND: usize = 3;
/// The rise of the round-trip time that is told, in spreads.
const SPREADS: f64 = 6.0;
/// So many medians in a row must be too long.
const CONFIRMED: usize = 2;
/// An alert of latency ends below this share of the rise that is told.
const BACK: f64 = 0.7;
/// The least rise that is told at once after a run that was spoiled, as a share, and the least share of the
/// rise of that run.
const AS_BAD: (f64, f64) = (0.1, 0.5);
/// The greatest probability of such a loss, by the target's own record.
const AS_BAD_CHANCE: f64 = 1e-3;
/// A level that was accepted is said for so long, in seconds.
const SAID: u64 = 86_400;

/// What is known of one target.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Path {
    /// When its newest run ended, in seconds since 1970.
    seen: u64,
    /// When a run was last learned, in seconds since 1970.
    learned: u64,
    /// The longest of the pauses before its newest runs, in seconds, of which each one before counts half:
    /// 0 if none is known. It outlives the runs, so that uneven pauses are no gaps for ever.
    #[serde(skip_serializing_if = "is_zero")]
    pause: u64,
    /// How many runs were answered.
    runs: u32,
    loss: Loss,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt: Option<Rtt>,
    last: Window,
    #[serde(skip_serializing_if = "Option::is_none")]
    loss_alert: Option<LossAlert>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rtt_alert: Option<RttAlert>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<Box<Accepted>>,
    /// The run before this one, where it was spoiled.
    #[serde(skip_serializing_if = "Option::is_none")]
    spoiled: Option<Box<Run>>,
    /// When it last explained what others lost or how slow they were, in seconds since 1970: 0 if never.
    #[serde(skip_serializing_if = "is_zero")]
    excused: u64,
}

impl Path {
    /// Judges a run and adds it to the record.
    pub fn judge(&mut self, run: Run, settings: &Settings) -> Verdict {
        self.add(run, false, settings)
    }

    /// Judges a run whose loss is an alert whatever this record says of it, since others lost as much at
    /// once, and adds it to the record.
    pub fn judge_shared(&mut self, run: Run, settings: &Settings) -> Verdict {
        self.add(run, run.lost > 0, settings)
    }

    /// Keeps a run that is not judged, as the trouble of a control explains it: it teaches nothing, and a
    /// next run without that trouble that is as bad is told at once. `None` where it was not bad.
    pub fn spoil(&mut self, run: Option<Run>) {
        self.spoiled = run.map(Box::new);
    }

    /// Notes for the alerts of a control whether its targets lost as usual in the run that was added last,
    /// and whether they took as long as usual: `None` where that run of the control tells nothing.
    pub fn stand(&mut self, loss: Option<bool>, rtt: Option<bool>) {
        if let Some((alert, alone)) = self.loss_alert.as_mut().zip(loss) {
            alert.alone = standing(alert.alone, alone, alert.silent);
        }
        if let Some((alert, alone)) = self.rtt_alert.as_mut().zip(rtt) {
            alert.alone = standing(alert.alone, alone, false);
        }
    }

    /// Notes that the run that was added last explains what others lost, or how slow they were: no level is
    /// accepted until that is long ago.
    pub fn excuse(&mut self) {
        self.excused = self.seen;
    }

    fn add(&mut self, run: Run, shared: bool, settings: &Settings) -> Verdict {
        let spoiled = self.spoiled.take().map(|before| *before);
        let spoiled = spoiled.filter(|before| !is_gap(before.at, run.at, self.pause));
        self.begin(run.at);
        let learning = self.runs < settings.learn_runs;
        let expected = self.expected_loss(&run, learning);
        let limit = self.rtt_limit(settings);
        let leaving = self.last.push(run);
        let shared =
            shared || spoiled.is_some_and(|before| self.is_as_bad(&run, &before, expected, learning));
        let shown = self.shown_loss(&run, expected, learning, settings).or(shared.then(|| run.loss()));
        if let Some(told) = shown {
            self.loss_alert = Some(LossAlert::shown(self.loss_alert, &run, told, learning));
        } else {
            self.clear_loss(expected, learning, settings);
        }
        self.judge_severity(shown, learning, settings);
        self.judge_rtt(&run, spoiled.and_then(|before| before.rtt()), limit.filter(|_| !learning));
        let lost = shown.unwrap_or_else(|| if learning { run.loss() } else { self.held_loss() });
        let verdict = self.verdict(&run, lost, learning, settings);
        self.learn(run, leaving, shown.is_some(), learning);
        if self.accept(run.at, expected, settings) {
            // Nothing is wrong by the new normal.
            let quiet = self.verdict(&run, run.loss(), learning, settings);
            return Verdict { loses: false, slower: false, chance: 1.0, ..quiet };
        }
        verdict
    }

    /// The share that a rise is above. What is taken for granted of a new target counts beside what was
    /// learned of it for some hundred pings, and makes no loss a rise that it always had.
    fn expected_loss(&self, run: &Run, learning: bool) -> f64 {
        self.loss.expected(run.sent).max(if learning { 0.0 } else { self.loss.usual() })
    }

    /// When its newest run ended, in seconds since 1970.
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// How many runs were answered.
    pub fn answered_runs(&self) -> u32 {
        self.runs
    }

    /// Whether it can have been learned: for what is read from a file.
    pub fn is_possible(&self) -> bool {
        let told = self.loss_alert.is_none_or(|alert| (0.0..=1.0).contains(&alert.told));
        let runs = self.last.runs();
        let window =
            runs.len() <= LONGEST && runs.iter().chain(self.spoiled.as_deref()).all(Run::is_possible);
        told && window && self.loss.is_possible() && self.rtt.is_none_or(|rtt| rtt.is_possible())
    }

    /// What the time of a new run does to the record: after a gap, or when the clock was set back, the last
    /// runs tell nothing of now.
    fn begin(&mut self, at: u64) {
        if self.last.is_broken_off(at, self.pause) {
            self.last.keep(0);
            self.loss_alert =
                self.loss_alert.map(|alert| LossAlert { since: alert.since.min(at), held: at, ..alert });
            self.rtt_alert =
                self.rtt_alert.map(|alert| RttAlert { since: alert.since.min(at), held: at, ..alert });
            self.excused = self.excused.min(at);
        }
        let is_said = |accepted: &Accepted| at.checked_sub(accepted.at).is_some_and(|ago| ago <= SAID);
        self.accepted = self.accepted.take().filter(|accepted| is_said(accepted));
        let pause = at.checked_sub(self.seen).filter(|_| self.seen > 0).unwrap_or(0);
        self.pause = pause.max(self.pause / 2);
        self.seen = at;
    }

    /// The loss that is to be told, by the window that shows the most: `None` if there is nothing to tell.
    fn shown_loss(&self, run: &Run, expected: f64, learning: bool, settings: &Settings) -> Option<f64> {
        if run.is_silent() {
            return Some(1.0);
        }
        if learning {
            return (run.loss() - expected >= SUDDEN).then(|| run.loss());
        }
        if run.loss() <= expected {
            return None;
        }
        let shows = |&(count, rise): &(usize, f64)| {
            self.rises(count, rise, expected)
                && self.is_trend(count, rise, expected)
                && self.loss.chance(self.last.sum(count), run.sent) < CHANCE
        };
        let shown = windows(settings).into_iter().filter(shows);
        shown.map(|(count, _)| share(self.last.known_sum(count))).reduce(f64::max)
    }

    /// Whether a run lost about as much as the spoiled one before it, and hardly by chance.
    fn is_as_bad(&self, run: &Run, before: &Run, expected: f64, learning: bool) -> bool {
        let (rise, least) = (run.loss() - expected, AS_BAD.1 * (before.loss() - expected));
        !learning
            && rise >= AS_BAD.0.max(least)
            && self.loss.chance((run.sent, run.lost), run.sent) < AS_BAD_CHANCE
    }

    /// Whether the last `count` runs lost so much more than is expected.
    fn rises(&self, count: usize, rise: f64, expected: f64) -> bool {
        share(self.last.sum(count)) - expected >= rise
    }

    /// Whether that is more than one bad run among several.
    fn is_trend(&self, count: usize, rise: f64, expected: f64) -> bool {
        count == 1 || share(self.last.sum_without_worst(count)) - expected >= rise / 2.0
    }

    /// The loss of an alert that is held: one run alone tells nothing of it, unless it is the only one.
    fn held_loss(&self) -> f64 {
        [TREND, LONGEST].map(|count| share(self.last.known_sum(count))).into_iter().fold(0.0, f64::max)
    }

    /// Ends an alert when the runs since it began are too good for it, and forgets what was before them; or
    /// when its loss is usual by the record that was learned meanwhile.
    fn clear_loss(&mut self, expected: f64, learning: bool, settings: &Settings) {
        let Some(alert) = self.loss_alert else { return };
        let is_usual = |loss: f64| !learning && loss - expected < settings.loss_rise;
        let is_over = |count: &usize| {
            let (sent, lost) = self.last.sum(*count);
            // However few pings a run has: nothing is lost where nothing was.
            let is_clean = lost == 0 && (learning || *count == LONGEST);
            (is_clean || self.is_better(*count, alert.told))
                && share((sent, lost)) - expected < settings.loss_rise
        };
        let is_learned = is_usual(alert.told) || (alert.early && is_usual(share(self.last.sum(LONGEST))));
        // An answer ends silence, whatever else is lost: that is told by itself, or not at all.
        let over = match (alert.silent, is_learned) {
            (true, _) => Some(1),
            (_, true) => Some(LONGEST),
            _ => (1..=self.last.since(alert.held).len()).find(is_over),
        };
        if let Some(count) = over {
            self.loss_alert = None;
            self.last.keep(count);
        }
    }

    /// Whether so little loss in the last `count` runs is improbable at this share.
    fn is_better(&self, count: usize, told: f64) -> bool {
        let (sent, lost) = self.last.sum(count);
        at_most(lost, sent, told.min(1.0) * NEARLY_ALL) < CLEAR_CHANCE
    }

    /// Makes an alert CRITICAL where the loss that is told reaches that, and holds it so until the runs since
    /// then are too good for it. While a target is learned, nothing is usual: what a bad run teaches excuses
    /// no later one.
    fn judge_severity(&mut self, shown: Option<f64>, learning: bool, settings: &Settings) {
        let Some(alert) = self.loss_alert else { return };
        let usual = if learning { 0.0 } else { self.loss.usual() };
        let reaches = shown.is_some_and(|told| told - usual >= settings.critical_loss);
        let mut runs = 1..=self.last.since(alert.held).len();
        let held = alert.critical && !runs.any(|count| self.is_better(count, usual + settings.critical_loss));
        self.loss_alert = Some(LossAlert { critical: alert.silent || reaches || held, ..alert });
    }

    fn rtt_limit(&self, settings: &Settings) -> Option<Limit> {
        let Rtt { normal, spread, .. } = self.rtt?;
        let rise = (SPREADS * spread).max(settings.rtt_rise * normal).max(settings.rtt_floor);
        Some(Limit { told: normal + rise, back: normal + BACK * rise })
    }

    /// Judges the medians of the last two runs, of which the one `before` may be spoiled.
    fn judge_rtt(&mut self, run: &Run, before: Option<f64>, limit: Option<Limit>) {
        let Some(limit) = limit else { return };
        let medians = self.last.medians();
        let last: Vec<f64> = match before {
            Some(before) => medians.take(1).chain([before]).collect(),
            None => medians.take(CONFIRMED).collect(),
        };
        let told =
            run.rtt().is_some() && last.len() == CONFIRMED && last.iter().all(|median| *median > limit.told);
        if told {
            self.rtt_alert =
                Some(self.rtt_alert.unwrap_or(RttAlert { since: run.at, held: run.at, alone: 0 }));
        } else if run.rtt().is_some_and(|rtt| rtt <= limit.back) {
            self.rtt_alert = None;
        }
    }

    /// Learns this run's time if nothing is told, and the loss of the run that leaves the window; while the
    /// target is new, that of this run at once.
    fn learn(&mut self, run: Run, leaving: Option<Run>, shown: bool, learning: bool) {
        // Where others answered for the target, nothing is learned of it.
        let is_answered = run.rtt().is_some();
        let early = learning && is_answered;
        let quiet = self.loss_alert.is_none() && self.rtt_alert.is_none();
        if shown {
            self.last.taint();
        } else if leaving.is_some_and(|leaving| !leaving.tainted) {
            leaving.iter().for_each(|leaving| self.loss.learn_capped(leaving));
            self.learned = run.at;
        }
        if early {
            self.loss.learn(run.sent, f64::from(run.lost));
            self.learned = run.at;
        }
        if early || !quiet || !is_answered {
            self.last.taint_newest();
        }
        if let Some(median) = run.rtt().filter(|_| quiet) {
            self.rtt.get_or_insert_with(|| Rtt::first(median)).learn(median);
        }
        if is_answered {
            self.runs = self.runs.saturating_add(1);
        }
    }

    /// Makes a changed level that held long enough the normal one: the level of the runs since the alert
    /// began, since older ones among the last twelve were as before. Returns whether it did.
    fn accept(&mut self, at: u64, expected: f64, settings: &Settings) -> bool {
        let excused = self.excused;
        let long = |held: u64| at.checked_sub(held.max(excused)).is_some_and(|held| held >= settings.accept);
        let silent = self.last.runs().iter().any(Run::is_silent);
        match (self.loss_alert, self.rtt_alert) {
            (Some(alert), _) if long(alert.held) && !silent => {
                let now = Loss::of(self.last.since(alert.held));
                if alert.told.max(now.usual()) - expected >= settings.critical_loss {
                    return false;
                }
                let (was, is) = (Level::Loss(self.loss.usual()), Level::Loss(now.usual()));
                self.accepted = Some(Box::new(Accepted { at, since: alert.since, was, is }));
                (self.loss, self.loss_alert) = (now, None);
            }
            (None, Some(alert)) if long(alert.held) => {
                let medians: Vec<f64> = self.last.since(alert.held).iter().filter_map(Run::rtt).collect();
                let Some((old, new)) = self.rtt.and_then(|old| Some((old, old.level(&medians)?))) else {
                    return false;
                };
                let (was, is) = (Level::Rtt(old.normal), Level::Rtt(new.normal));
                self.accepted = Some(Box::new(Accepted { at, since: alert.since, was, is }));
                (self.rtt, self.rtt_alert) = (Some(new), None);
            }
            _ => return false,
        }
        true
    }
}

/// How many runs are judged together, with the rise of their loss that is told.
fn windows(settings: &Settings) -> [(usize, f64); 3] {
    [(1, SUDDEN), (TREND, 2.0 * settings.loss_rise), (LONGEST, settings.loss_rise)]
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}

/// From where on a round-trip time is told, and below which it is fine again, in seconds.
#[derive(Clone, Copy)]
struct Limit {
    told: f64,
    back: f64,
}

#[cfg(test)]
mod tests;
