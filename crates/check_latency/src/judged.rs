//! One target after its judgement, and what can be asked of it.

use crate::rule::{Run, Verdict};
use crate::seen::Seen;
use crate::target::Target;

/// A target after its judgement.
#[derive(Clone, Debug)]
pub(crate) struct JudgedTarget {
    pub(crate) target: Box<Target>,
    pub(crate) seen: Box<Seen>,
    /// `None` where no ping tells anything of the path.
    pub(crate) verdict: Option<Verdict>,
    /// Whether it is not known well enough to be judged in full.
    pub(crate) is_learning: bool,
    /// Whether it took longer in this run than an absolute limit allows.
    pub(crate) is_over_limit: bool,
    /// Whether it lost more in this run than an absolute limit allows.
    pub(crate) is_over_loss: bool,
}

impl JudgedTarget {
    /// Whether it is worse than usual in this run, or something is told of it.
    pub(crate) fn is_worse(&self) -> bool {
        self.loses() || self.is_slower()
    }

    /// Whether it lost more than usual in this run, or that is told of it.
    pub(crate) fn loses(&self) -> bool {
        self.verdict.is_some_and(|verdict| verdict.loses || verdict.loss.is_some())
    }

    /// Whether it took longer than usual in this run, or that is told of it.
    pub(crate) fn is_slower(&self) -> bool {
        self.verdict.is_some_and(|verdict| verdict.slower || verdict.rtt.is_some())
    }

    /// Whether something is reported of it: an alert, strange answers, or an absolute limit.
    pub(crate) fn is_faulty(&self) -> bool {
        let is_told = self.verdict.is_some_and(|verdict| verdict.loss.is_some() || verdict.rtt.is_some());
        is_told || self.seen.is_strange() || self.is_over_limit || self.is_over_loss
    }

    /// Whether no ping of this run was answered in time.
    pub(crate) fn is_silent(&self) -> bool {
        self.run().is_some_and(|run| run.is_silent())
    }

    /// Whether its address is of IPv6.
    pub(crate) fn is_v6(&self) -> bool {
        self.target.address.is_ipv6()
    }

    /// This run, where its pings tell something of the path; its time is left out.
    pub(crate) fn run(&self) -> Option<Run> {
        self.seen.run(0)
    }

    /// The share of pings lost in this run.
    pub(crate) fn loss(&self) -> Option<f64> {
        self.run().map(|run| run.loss())
    }

    /// The median of the round-trip times of this run, in seconds.
    pub(crate) fn rtt(&self) -> Option<f64> {
        self.run().and_then(|run| run.rtt())
    }

    /// How much more was lost in this run than usual, in percentage points.
    pub(crate) fn rise(&self) -> Option<f64> {
        let known = self.verdict.filter(|verdict| !verdict.learning)?;
        Some(((self.loss()? - known.usual_loss) * 100.0).max(0.0))
    }

    /// How much more was lost than usual since its alert of loss began, in percentage points.
    pub(crate) fn held_rise(&self) -> Option<f64> {
        let known = self.verdict.filter(|verdict| !verdict.learning && verdict.loss.is_some())?;
        Some(((known.during - known.usual_loss) * 100.0).max(0.0))
    }

    /// How much later than usual this run was answered, in seconds.
    pub(crate) fn slower(&self) -> Option<f64> {
        let known = self.verdict.filter(|verdict| !verdict.learning)?;
        Some((self.rtt()? - known.usual_rtt?).max(0.0))
    }
}
