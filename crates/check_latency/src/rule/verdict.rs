//! What is told of a target after a run, and what that rests on.

use super::alert::{Accepted, LossAlert, RttAlert};

/// What is told of a target after a run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Verdict {
    /// More loss than usual, or no answer.
    pub loss: Option<LossAlert>,
    /// The share that is lost now, by the window that tells it.
    pub lost: f64,
    /// The share that was lost in the runs since that began, or the one told of it where that is more.
    pub during: f64,
    /// A longer round-trip time than usual.
    pub rtt: Option<RttAlert>,
    /// A new normal, for a day.
    pub accepted: Option<Accepted>,
    /// Whether it is not known well enough to be judged in full.
    pub learning: bool,
    /// Whether this run alone lost more than usual, which does not alert yet.
    pub loses: bool,
    /// Whether this run alone took longer than usual, which does not alert yet.
    pub slower: bool,
    /// The probability that so much or more is lost in one run by chance, by the record before this run: 1
    /// where this run lost no more than usual.
    pub chance: f64,
    /// The share that is usually lost.
    pub usual_loss: f64,
    /// The usual round-trip time in seconds: `None` if it never answered.
    pub usual_rtt: Option<f64>,
    /// What the judgement rests on.
    pub evidence: Evidence,
}

/// What a judgement rests on.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// The loss of the last 3 runs, and of the last 12, or of as many as there are.
    pub windows: [WindowLoss; 2],
    /// How much the round-trip time varies, in seconds.
    pub rtt_spread: Option<f64>,
    /// From where on it is told if two runs in a row exceed it, in seconds.
    pub rtt_limit: Option<f64>,
    /// How many runs were answered before this one.
    pub runs: u32,
    /// Why a run that lost more than usual is no alert: `None` if it lost no more, or is one.
    pub quiet: Option<Quiet>,
}

/// The loss of several runs together.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WindowLoss {
    /// How many runs: fewer after a gap, or after an alert.
    pub runs: usize,
    /// The share of their pings that was lost.
    pub share: f64,
    /// The share from which on it is told; it is above 1 where so few runs cannot lose so much.
    pub limit: f64,
}

/// Why a run that lost more than usual does not alert.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quiet {
    /// The target is still learned.
    Learning,
    /// Neither this run nor several together lose enough.
    BelowLimits,
    /// Several runs together lose enough only by one of them.
    OneRun,
    /// So much comes by chance more often than is told, by the target's own record.
    ByChance,
}
