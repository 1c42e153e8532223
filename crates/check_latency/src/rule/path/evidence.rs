//! What is told of a target after a run, and what that rests on.

use super::{LONGEST, Path, SUDDEN, TREND, share, windows};
use crate::rule::run::Run;
use crate::rule::settings::Settings;
use crate::rule::verdict::{Evidence, Quiet, Verdict, WindowLoss};

impl Path {
    /// What is told after a run, by the record before it is learned.
    pub(super) fn verdict(&self, run: &Run, lost: f64, learning: bool, settings: &Settings) -> Verdict {
        let (expected, limit) = (self.expected_loss(run, learning), self.rtt_limit(settings));
        let loses = run.is_silent() || (!learning && run.loss() - expected >= settings.loss_rise);
        Verdict {
            loss: self.loss_alert,
            lost,
            during: self
                .loss_alert
                .map_or(0.0, |alert| share(self.last.sum_since(alert.held)).max(alert.told)),
            rtt: self.rtt_alert,
            accepted: self.accepted.as_deref().copied(),
            learning,
            loses,
            slower: !learning && run.rtt().zip(limit).is_some_and(|(rtt, limit)| rtt > limit.told),
            chance: if loses { self.loss.chance((run.sent, run.lost), run.sent) } else { 1.0 },
            usual_loss: self.loss.usual(),
            usual_rtt: self.rtt.map(|rtt| rtt.normal),
            evidence: Evidence {
                windows: [TREND, LONGEST].map(|count| self.window(count, expected, settings)),
                rtt_spread: self.rtt.map(|rtt| rtt.spread),
                rtt_limit: limit.map(|limit| limit.told),
                runs: self.runs,
                quiet: self.quiet(run, expected, learning, settings),
            },
        }
    }

    /// The loss of the last `count` runs, and from where on it is told: a share of those that there are. One
    /// that is missing counts as one without loss for the limit alone.
    fn window(&self, count: usize, expected: f64, settings: &Settings) -> WindowLoss {
        let rise =
            windows(settings).iter().find(|(runs, _)| *runs == count).map_or(SUDDEN, |(_, rise)| *rise);
        let (known, sent) = (self.last.known_sum(count), self.last.sum(count).0);
        let limit = (expected + rise) * f64::from(sent) / f64::from(known.0.max(1));
        WindowLoss { runs: self.last.known(count), share: share(known), limit }
    }

    /// Why a run that lost more than usual is no alert.
    fn quiet(&self, run: &Run, expected: f64, learning: bool, settings: &Settings) -> Option<Quiet> {
        if self.loss_alert.is_some() || run.loss() - expected < settings.loss_rise {
            return None;
        }
        let all = windows(settings);
        let mut rising = all.iter().filter(|(count, rise)| self.rises(*count, *rise, expected)).peekable();
        Some(match (learning, rising.peek().is_some()) {
            (true, _) => Quiet::Learning,
            (_, false) => Quiet::BelowLimits,
            _ if rising.any(|(count, rise)| self.is_trend(*count, *rise, expected)) => Quiet::ByChance,
            _ => Quiet::OneRun,
        })
    }
}
