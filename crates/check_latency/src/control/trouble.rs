//! What of a control is worse than usual, and what of its targets that explains.

use std::net::SocketAddr;

use super::family::family;
use crate::judged::JudgedTarget;
use crate::rule::Verdict;

/// The least rise of a gateway's loss in one run that targets share, in percentage points.
const SHARED: f64 = 10.0;
/// The least share of the targets' median rise that this rise is.
const LEAST_SHARE: f64 = 0.5;
/// The greatest probability of that loss by the gateway's own record: that of an alert on a target.
const CHANCE: f64 = 1e-6;
/// The greatest probability where a target alerts in this run anyway, so that the gateway only changes the
/// alert to UNKNOWN.
const CHANCE_TOLD: f64 = 1e-3;

/// A control that is worse than usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Troubled {
    pub(super) address: SocketAddr,
    /// Its address in words.
    pub(super) shown: String,
    pub(super) trouble: Trouble,
}

/// What of a control is worse than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Trouble {
    /// It loses most of the pings of this run, or all.
    pub(super) silence: bool,
    /// It loses more than usual.
    pub(super) loss: bool,
    /// It lost in this run what the targets lost.
    pub(super) shared: bool,
    /// It takes longer than usual.
    pub(super) latency: bool,
    /// It took longer in this run, as the targets did.
    pub(super) late: bool,
}

impl Trouble {
    /// By what is told of a control, and what it has in this run together with its targets. An alert is held
    /// until runs are too good for it: one good run of a lossy uplink makes its loss no fault of the targets.
    /// Its loss since then is at least half of theirs: less explains no more.
    fn of(control: &JudgedTarget, compared: &[&JudgedTarget]) -> Self {
        let told = |is: fn(&Verdict) -> bool| control.verdict.as_ref().is_some_and(is);
        // What a control had while its targets were as usual explains nothing of them.
        let alone_loss = told(|verdict| verdict.loss.is_some_and(|alert| alert.is_alone()));
        let alone_rtt = told(|verdict| verdict.rtt.is_some_and(|alert| alert.is_alone()));
        let (lost, sent) = (control.seen.lost(), control.seen.sent);
        let least = LEAST_SHARE * median_rise(control, compared);
        let told_loss = !alone_loss && control.held_rise().is_some_and(|rise| rise >= least);
        let shared = !alone_loss && lost > 0 && shares_loss(control, compared);
        Self {
            silence: told_loss && lost * 2 >= sent,
            loss: told_loss || shared,
            shared,
            latency: !alone_rtt && told(|verdict| verdict.rtt.is_some()),
            late: !alone_rtt && shares_latency(control, compared),
        }
    }

    pub(super) fn is_any(self) -> bool {
        self.loss || self.latency || self.late
    }
}

impl Troubled {
    /// Returns whether the control's trouble explains all by which a target of its family is worse.
    pub(super) fn explains(&self, target: &JudgedTarget) -> bool {
        let Trouble { silence, loss, latency, late, .. } = self.trouble;
        match (target.is_silent(), target.loses(), target.is_slower()) {
            (true, ..) => silence,
            (_, true, _) => loss,
            (_, _, true) => latency || late,
            (false, false, false) => true,
        }
    }
}

/// Whether a control lost so much in this run alone, together with the targets of its family, that what they
/// lost is the control's.
fn shares_loss(control: &JudgedTarget, compared: &[&JudgedTarget]) -> bool {
    let losing = || family(control, compared).filter(|target| target.loses());
    let least = LEAST_SHARE * median_rise(control, compared);
    let is_told = |target: &JudgedTarget| target.verdict.is_some_and(|verdict| verdict.loss.is_some());
    let is_told = losing().any(|target| !target.is_silent() && is_told(target));
    let chance = if is_told { CHANCE_TOLD } else { CHANCE };
    control.rise().is_some_and(|rise| rise >= SHARED.max(least))
        && control.verdict.is_some_and(|verdict| verdict.chance < chance)
}

/// How much more the targets of a control's family that lose lost in this run, in percentage points: the
/// median.
fn median_rise(control: &JudgedTarget, compared: &[&JudgedTarget]) -> f64 {
    median(family(control, compared).filter(|target| target.loses()).filter_map(JudgedTarget::rise))
}

/// Whether a control took longer in this run by at least half of what its targets did, of which one alerts or
/// is above an absolute limit. Else nothing is told of this run, and nothing is to be excused.
fn shares_latency(control: &JudgedTarget, compared: &[&JudgedTarget]) -> bool {
    let slower = || family(control, compared).filter(|target| target.is_slower());
    let median = median(slower().filter_map(JudgedTarget::slower));
    let is_told = |target: &JudgedTarget| target.verdict.is_some_and(|verdict| verdict.rtt.is_some());
    slower().any(|target| target.is_over_limit || is_told(target))
        && control.verdict.is_some_and(|verdict| verdict.slower)
        && control.slower().is_some_and(|slower| slower >= LEAST_SHARE * median)
}

pub(super) fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The control of a family that is worse: of several the one that explains the most.
pub(super) fn troubled(known: &[&JudgedTarget], compared: &[&JudgedTarget], v6: bool) -> Option<Troubled> {
    let of_family = known.iter().filter(|control| control.is_v6() == v6);
    let all = of_family.map(|control| Troubled {
        address: control.target.address,
        shown: control.target.address_text(),
        trouble: Trouble::of(control, compared),
    });
    let worse = all.filter(|control| control.trouble.is_any());
    worse.min_by_key(|control| std::cmp::Reverse((control.trouble.silence, control.trouble.loss)))
}
