//! The record of one target, and its judgement by it.

use serde::{Deserialize, Serialize};

use super::alert::{Accepted, Level, LossAlert, RttAlert};
use super::loss::Loss;
use super::rtt::Rtt;
use super::run::{LONGEST, Run, Window, share};
use super::settings::Settings;
use super::tail::at_most;

/// So improbable is what is told, by the target's own record.
const CHANCE: f64 = 1e-6;
/// An alert ends when the last runs are so good that they would be so improbable at the loss that was told.
const CLEAR_CHANCE: f64 = 1e-3;
/// The rise of the last run alone that is told, as a share. It is also what is told of a target that is not
/// known yet.
const SUDDEN: f64 = 0.5;
/// The greatest probability of loss in that comparison: that of 1 can lose nothing less.
const NEARLY_ALL: f64 = 0.999;
/// The rise of the round-trip time that is told, in spreads.
const SPREADS: f64 = 6.0;
/// So many medians in a row must be too long.
const CONFIRMED: usize = 2;
/// An alert of latency ends below this share of the rise that is told.
const BACK: f64 = 0.7;
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
    /// The pause before its newest run, in seconds: 0 if it is not known.
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
    accepted: Option<Accepted>,
}

/// What is told of a target after a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// More loss than usual, or no answer.
    pub loss: Option<LossAlert>,
    /// The share that is lost now, by the window that shows the most.
    pub lost: f64,
    /// A longer round-trip time than usual.
    pub rtt: Option<RttAlert>,
    /// A new normal, for a day.
    pub accepted: Option<Accepted>,
    /// Whether it is not known well enough to be judged in full.
    pub learning: bool,
    /// Whether this run alone lost more than usual, which is no alert yet.
    pub loses: bool,
    /// Whether this run alone took longer than usual, which is no alert yet.
    pub slower: bool,
    /// The probability that so much or more is lost in one run by chance, by the record before this run: 1
    /// where this run lost no more than usual.
    pub chance: f64,
    /// The share that is usually lost.
    pub usual_loss: f64,
    /// The usual round-trip time in seconds: `None` if it never answered.
    pub usual_rtt: Option<f64>,
}

impl Path {
    /// Judges a run and adds it to the record.
    pub fn judge(&mut self, run: Run, settings: &Settings) -> Verdict {
        self.begin(run.at);
        let learning = self.runs < settings.learn_runs;
        let expected = self.loss.expected(run.sent);
        let limit = self.rtt_limit(settings);
        let (usual_loss, usual_rtt) = (self.loss.usual(), self.rtt.map(|rtt| rtt.normal));
        let leaving = self.last.push(run);
        let shown = self.shown_loss(&run, expected, learning, settings);
        if let Some(told) = shown {
            self.loss_alert = Some(LossAlert::shown(self.loss_alert, run.at, told, run.is_silent()));
        } else {
            self.clear_loss(expected, learning, settings);
        }
        let lost = shown.unwrap_or_else(|| if learning { run.loss() } else { self.greatest_loss(settings) });
        let slower = !learning && run.rtt().zip(limit).is_some_and(|(rtt, limit)| rtt > limit.told);
        self.judge_rtt(&run, limit.filter(|_| !learning));
        let loses = run.is_silent() || (!learning && run.loss() - expected >= settings.loss_rise);
        let chance = if loses { self.loss.chance((run.sent, run.lost), run.sent) } else { 1.0 };
        let (loss, rtt) = (self.loss_alert, self.rtt_alert);
        self.learn(run, leaving, shown.is_some(), learning);
        self.accept(run.at, expected, settings);
        let accepted = self.accepted;
        Verdict { loss, lost, rtt, accepted, learning, loses, slower, chance, usual_loss, usual_rtt }
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
        let window = runs.len() <= LONGEST && runs.iter().all(Run::is_possible);
        told && window && self.loss.is_possible() && self.rtt.is_none_or(|rtt| rtt.is_possible())
    }

    /// What the time of a new run does to the record: after a gap, or when the clock was set back, the last
    /// runs tell nothing of now.
    fn begin(&mut self, at: u64) {
        if self.last.is_broken_off(at, self.pause) {
            self.last.keep(0);
            self.loss_alert =
                self.loss_alert.map(|alert| LossAlert { since: alert.since.min(at), held: at, ..alert });
            self.rtt_alert = self.rtt_alert.map(|alert| RttAlert { since: alert.since.min(at), held: at });
        }
        self.accepted =
            self.accepted.filter(|accepted| at.checked_sub(accepted.at).is_some_and(|ago| ago <= SAID));
        self.pause = at.checked_sub(self.seen).filter(|_| self.seen > 0).unwrap_or(0);
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
        let windows = windows(settings);
        let shows = |&(count, rise): &(usize, f64)| {
            let sum = self.last.sum(count);
            // One bad run is no trend.
            let trend = || share(self.last.sum_without_worst(count)) - expected >= rise / 2.0;
            share(sum) - expected >= rise
                && (count == 1 || trend())
                && self.loss.chance(sum, run.sent) < CHANCE
        };
        if !windows.iter().any(shows) {
            return None;
        }
        Some(self.greatest_loss(settings))
    }

    /// The loss of the window that shows the most.
    fn greatest_loss(&self, settings: &Settings) -> f64 {
        windows(settings).iter().map(|(count, _)| share(self.last.sum(*count))).fold(0.0, f64::max)
    }

    /// Ends an alert when the last runs are too good for it, and forgets what was before them.
    fn clear_loss(&mut self, expected: f64, learning: bool, settings: &Settings) {
        let Some(alert) = self.loss_alert else { return };
        let is_over = |count: &usize| {
            let (sent, lost) = self.last.sum(*count);
            // However few pings a run has: nothing is lost where nothing was.
            let is_clean = lost == 0 && (learning || *count == LONGEST);
            let improbable = is_clean || at_most(lost, sent, alert.told.min(1.0) * NEARLY_ALL) < CLEAR_CHANCE;
            improbable && share((sent, lost)) - expected < settings.loss_rise
        };
        // An answer ends silence, whatever else is lost: that is told by itself, or not at all.
        let over = if alert.silent { Some(1) } else { (1..=self.last.runs().len()).find(is_over) };
        if let Some(count) = over {
            self.loss_alert = None;
            self.last.keep(count);
        }
    }

    fn rtt_limit(&self, settings: &Settings) -> Option<Limit> {
        let Rtt { normal, spread, .. } = self.rtt?;
        let rise = (SPREADS * spread).max(settings.rtt_rise * normal).max(settings.rtt_floor);
        Some(Limit { told: normal + rise, back: normal + BACK * rise })
    }

    fn judge_rtt(&mut self, run: &Run, limit: Option<Limit>) {
        let Some(limit) = limit else { return };
        let last: Vec<f64> = self.last.medians().take(CONFIRMED).collect();
        let told =
            run.rtt().is_some() && last.len() == CONFIRMED && last.iter().all(|median| *median > limit.told);
        if told {
            self.rtt_alert = Some(self.rtt_alert.unwrap_or(RttAlert { since: run.at, held: run.at }));
        } else if run.rtt().is_some_and(|rtt| rtt <= limit.back) {
            self.rtt_alert = None;
        }
    }

    /// Learns this run's time if nothing is told, and the loss of the run that leaves the window; while the
    /// target is new, that of this run at once.
    fn learn(&mut self, run: Run, leaving: Option<Run>, shown: bool, learning: bool) {
        let early = learning && !run.is_silent();
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
        if early || !quiet {
            self.last.taint_newest();
        }
        if let Some(median) = run.rtt().filter(|_| quiet) {
            self.rtt.get_or_insert_with(|| Rtt::first(median)).learn(median);
        }
        if !run.is_silent() {
            self.runs = self.runs.saturating_add(1);
        }
    }

    /// Makes a changed level that held long enough the normal one: the level of the runs since the alert
    /// began, since older ones among the last twelve were as before.
    fn accept(&mut self, at: u64, expected: f64, settings: &Settings) {
        let long = |held: u64| at.checked_sub(held).is_some_and(|held| held >= settings.accept);
        let silent = self.last.runs().iter().any(Run::is_silent);
        match (self.loss_alert, self.rtt_alert) {
            (Some(alert), _) if long(alert.held) && !silent => {
                let now = Loss::of(self.last.since(alert.held));
                if alert.told.max(now.usual()) - expected >= settings.critical_loss {
                    return;
                }
                let (was, is) = (Level::Loss(self.loss.usual()), Level::Loss(now.usual()));
                self.accepted = Some(Accepted { at, since: alert.since, was, is });
                (self.loss, self.loss_alert) = (now, None);
            }
            (None, Some(alert)) if long(alert.held) => {
                let medians: Vec<f64> = self.last.since(alert.held).iter().filter_map(Run::rtt).collect();
                let Some((old, new)) = self.rtt.and_then(|old| Some((old, old.level(&medians)?))) else {
                    return;
                };
                let (was, is) = (Level::Rtt(old.normal), Level::Rtt(new.normal));
                self.accepted = Some(Accepted { at, since: alert.since, was, is });
                (self.rtt, self.rtt_alert) = (Some(new), None);
            }
            _ => {}
        }
    }
}

/// How many runs are judged together, with the rise of their loss that is told.
fn windows(settings: &Settings) -> [(usize, f64); 3] {
    [(1, SUDDEN), (3, 2.0 * settings.loss_rise), (LONGEST, settings.loss_rise)]
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
