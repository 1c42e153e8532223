//! What is told of a target: alerts that are held from run to run, and levels that became the new normal.

use serde::{Deserialize, Serialize};

use super::run::Run;

/// A control that stood alone in so many runs in a row is none.
const ALONE: u8 = 2;
/// What marks an alert that began together with trouble of the targets.
const TOGETHER: u8 = 3;

/// More loss than usual, or no answer.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LossAlert {
    /// Since when, in seconds since 1970.
    pub since: u64,
    /// Since when without a gap between the runs, in seconds since 1970.
    pub(super) held: u64,
    /// The share that is lost, by the window that told it.
    pub told: f64,
    /// Whether nothing is answered.
    pub silent: bool,
    /// Whether the rise is one that is CRITICAL, which is held like the alert.
    #[serde(default, skip_serializing_if = "is_false")]
    pub critical: bool,
    /// Whether it was told without a record: the target was still learned.
    #[serde(default, skip_serializing_if = "is_false")]
    pub(super) early: bool,
    /// See [`standing`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) alone: u8,
}

/// A longer round-trip time than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RttAlert {
    /// Since when, in seconds since 1970.
    pub since: u64,
    /// Since when without a gap between the runs, in seconds since 1970.
    pub(super) held: u64,
    /// See [`standing`].
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) alone: u8,
}

/// A changed level that became the new normal.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// When, in seconds since 1970.
    pub at: u64,
    /// Since when the path is so, in seconds since 1970.
    pub since: u64,
    /// What was usual before.
    pub was: Level,
    /// What is usual now.
    pub is: Level,
}

/// A level of one of the two quantities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// A share of pings lost.
    Loss(f64),
    /// A round-trip time in seconds.
    Rtt(f64),
}

impl LossAlert {
    /// The alert after a run that shows this loss: since when, and whether it is CRITICAL, is kept while it
    /// is of the same kind. `early` is whether the target is still learned.
    pub(super) fn shown(before: Option<Self>, run: &Run, told: f64, early: bool) -> Self {
        let silent = run.is_silent();
        let same = before.filter(|before| before.silent == silent);
        let (since, held) = same.map_or((run.at, run.at), |before| (before.since, before.held));
        let critical = same.is_some_and(|before| before.critical);
        let alone = before.map_or(0, |before| before.alone);
        Self { since, held, told, silent, critical, early, alone }
    }

    /// Whether it is that of a control whose targets were as usual meanwhile.
    pub fn is_alone(&self) -> bool {
        self.alone == ALONE
    }
}

impl RttAlert {
    /// Whether it is that of a control whose targets were as usual meanwhile.
    pub fn is_alone(&self) -> bool {
        self.alone == ALONE
    }
}

/// How the alert of a control stands after one more run, in which it was alone or not: the number of runs in
/// a row that it was alone from its first one on, at most [`ALONE`], which it keeps until it ends. An alert
/// that began together with trouble of the targets is not alone later; but one of silence is, which never
/// ends by being accepted.
pub(super) fn standing(before: u8, is_alone: bool, is_silent: bool) -> u8 {
    match (before, is_alone) {
        (ALONE, _) => ALONE,
        (_, false) => TOGETHER,
        (TOGETHER, true) if is_silent => 1,
        (TOGETHER, true) => TOGETHER,
        (runs, true) => runs + 1,
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(value: &u8) -> bool {
    *value == 0
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_false(value: &bool) -> bool {
    !value
}
