//! Compares the targets with the controls, the gateways of this machine: most of them worse at once, and
//! their gateways too, are the trouble of this machine's own network.
//!
//! A gateway is worse by the evidence that an alert takes, as long as an alert is held, and excuses only what
//! it has itself: its latency those targets that are slower, its loss those that lose. Its loss in one run is
//! evidence too where it is at least half of what the targets lost in that run: else a lossy uplink would be
//! told of some targets before it is of the gateway. So is its latency in one run, in which a target alerts
//! or is above an absolute limit.

mod beside;
mod family;

use std::net::SocketAddr;

use crate::judged::JudgedTarget;
use crate::rule::Verdict;
use beside::beside;
pub(crate) use beside::{Beside, Bystander, Which};
use family::{compared, family, is_most};

/// The least rise of a gateway's loss in one run that targets share, in percentage points.
const SHARED: f64 = 10.0;
/// The least share of the targets' median rise that this rise is.
const LEAST_SHARE: f64 = 0.5;
/// The targets of a control are as usual beside it where their median rise is less than this share of its
/// own.
const ALONE_SHARE: f64 = 0.25;
/// The greatest probability of that loss by the gateway's own record: that of an alert on a target.
const CHANCE: f64 = 1e-6;
/// The greatest probability where a target alerts in this run anyway, so that the gateway only changes the
/// alert to UNKNOWN.
const CHANCE_TOLD: f64 = 1e-3;

/// What the controls tell of the targets.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Comparison {
    /// The control of IPv4, and of IPv6, by whose trouble its targets are excused.
    excused: [Option<Troubled>; 2],
    /// How many targets of these families are worse by the trouble of their control, and how many there are:
    /// without the controls themselves.
    counted: (usize, usize),
    /// How these controls stand beside their targets.
    standing: Vec<Standing>,
    /// The control that excuses nothing, and is named beside the faults of its targets.
    pub(crate) beside: Option<Bystander>,
}

/// How a run is added to a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addition {
    /// By the rule.
    Plain,
    /// By the rule, of a control that excuses targets.
    Excusing,
    /// As an alert, of a control whose loss the targets share.
    Shared,
}

/// Whether a control was worse alone in this run: `None` where it was not worse, or no target is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// With the interface: routers on two of them may have one link-local address.
    address: SocketAddr,
    /// Whether it lost more, and its targets as usual.
    pub(crate) loss: Option<bool>,
    /// Whether it took longer, and its targets as usual.
    pub(crate) rtt: Option<bool>,
}

/// A control that is worse than usual.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Troubled {
    address: SocketAddr,
    /// Its address in words.
    shown: String,
    trouble: Trouble,
}

/// What of a control is worse than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trouble {
    /// It loses most of the pings of this run, or all.
    silence: bool,
    /// It loses more than usual.
    loss: bool,
    /// It lost in this run what the targets lost.
    shared: bool,
    /// It takes longer than usual.
    latency: bool,
    /// It took longer in this run, as the targets did.
    late: bool,
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

    fn is_any(self) -> bool {
        self.loss || self.latency || self.late
    }
}

impl Troubled {
    /// Returns whether the control's trouble explains all by which a target of its family is worse.
    fn explains(&self, target: &JudgedTarget) -> bool {
        let Trouble { silence, loss, latency, late, .. } = self.trouble;
        match (target.is_silent(), target.loses(), target.is_slower()) {
            (true, ..) => silence,
            (_, true, _) => loss,
            (_, _, true) => latency || late,
            (false, false, false) => true,
        }
    }
}

impl Comparison {
    /// Compares the targets with the controls, of which a family has several where its default route has. All
    /// targets of the families whose control is worse are counted together, so that a family of one target is
    /// excused with the others; if those are not enough, each family is counted by itself.
    pub(crate) fn new(targets: &[JudgedTarget], controls: &[JudgedTarget]) -> Self {
        let known: Vec<&JudgedTarget> =
            controls.iter().filter_map(|control| known(control, targets)).collect();
        let compared = compared(targets, controls);
        let [v4, v6] = [false, true].map(|v6| troubled(&known, &compared, v6));
        let standing: Vec<Standing> = known.iter().map(|control| Standing::of(control, &compared)).collect();
        let families = [[v4.clone(), v6.clone()], [v4, None], [None, v6]].into_iter();
        let mut families = families.map(|excused| {
            let found = Self { excused, standing: standing.clone(), ..Self::default() };
            Self { counted: found.count(&compared), ..found }
        });
        if let Some(found) = families.find(|found| is_most(found.counted)) {
            return found;
        }
        Self { beside: beside(&known, controls.len(), &compared), standing, ..Self::default() }
    }

    /// Returns whether the target is worse only because of the trouble of this machine's own network. A
    /// target that is not worse is not excused: this network does not cause its faults, such as an answer
    /// from another address.
    pub(crate) fn excuses(&self, target: &JudgedTarget) -> bool {
        target.is_worse() && self.spoils(target)
    }

    /// Returns whether this run tells nothing about the target's own path: its family is in trouble, and
    /// nothing shows that the target has more.
    pub(crate) fn spoils(&self, target: &JudgedTarget) -> bool {
        self.of_family(target).is_some_and(|control| control.explains(target))
    }

    /// How this run is added to the record of a target or control: not at all where it tells nothing of its
    /// path. A control in trouble is held by its own record, of which nothing is learned meanwhile, and whose
    /// level is not accepted: it would be blamed on the targets from then on.
    pub(crate) fn addition(&self, target: &JudgedTarget) -> Option<Addition> {
        let address = target.target.address;
        match self.of_family(target).filter(|control| control.address == address) {
            Some(control) if control.trouble.shared => Some(Addition::Shared),
            Some(_) => Some(Addition::Excusing),
            None => (!self.spoils(target)).then_some(Addition::Plain),
        }
    }

    /// How a control stands beside its targets; `None` if this is not one.
    pub(crate) fn standing(&self, control: &JudgedTarget) -> Option<&Standing> {
        let address = control.target.address;
        self.standing.iter().find(|standing| standing.address == address)
    }

    /// Names the network of this monitor beside the faults of targets: with the family, where only one of
    /// both is excused; `None` if none is.
    pub(crate) fn own_network_beside(&self, targets: &[JudgedTarget]) -> Option<&'static str> {
        let both = targets.iter().any(JudgedTarget::is_v6) && !targets.iter().all(JudgedTarget::is_v6);
        match (&self.excused, both) {
            ([None, None], _) => None,
            ([Some(_), None], true) => Some("the network of this monitor by IPv4"),
            ([None, Some(_)], true) => Some("the network of this monitor by IPv6"),
            _ => Some("the network of this monitor"),
        }
    }

    /// Says how many targets are excused, and by which controls; `None` if none is.
    pub(crate) fn own_network(&self) -> Option<String> {
        let addresses: Vec<String> =
            self.excused.iter().flatten().map(|control| control.shown.clone()).collect();
        let gateways = match addresses.as_slice() {
            [] => return None,
            [one] => format!("gateway {one}"),
            several => format!("gateways {}", several.join(" and ")),
        };
        let (worse, all) = self.counted;
        Some(format!(
            "{worse} of {all} targets and the {gateways} are worse at once: the network of this monitor"
        ))
    }

    /// Counts the targets for [`Self::counted`].
    fn count(&self, compared: &[&JudgedTarget]) -> (usize, usize) {
        let all = compared.iter().filter(|target| self.of_family(target).is_some()).count();
        (compared.iter().filter(|target| self.excuses(target)).count(), all)
    }

    /// The control of a target's family, where that is worse.
    fn of_family(&self, target: &JudgedTarget) -> Option<&Troubled> {
        let [v4, v6] = &self.excused;
        if target.is_v6() { v6.as_ref() } else { v4.as_ref() }
    }
}

impl Standing {
    fn of(control: &JudgedTarget, compared: &[&JudgedTarget]) -> Self {
        let is_alone = |rise: fn(&JudgedTarget) -> Option<f64>| {
            let own = rise(control).filter(|own| *own > 0.0)?;
            let others: Vec<f64> = family(control, compared).filter_map(rise).collect();
            (!others.is_empty()).then(|| median(others.into_iter()) < ALONE_SHARE * own)
        };
        let address = control.target.address;
        Self { address, loss: is_alone(JudgedTarget::rise), rtt: is_alone(JudgedTarget::slower) }
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

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or_default()
}

/// The control of a family that is worse: of several the one that explains the most.
fn troubled(known: &[&JudgedTarget], compared: &[&JudgedTarget], v6: bool) -> Option<Troubled> {
    let of_family = known.iter().filter(|control| control.is_v6() == v6);
    let all = of_family.map(|control| Troubled {
        address: control.target.address,
        shown: control.target.address_text(),
        trouble: Trouble::of(control, compared),
    });
    let worse = all.filter(|control| control.trouble.is_any());
    worse.min_by_key(|control| std::cmp::Reverse((control.trouble.silence, control.trouble.loss)))
}

/// Returns the control by the record that knows it well enough: its own, or that of the target at its
/// address. `None` where neither does.
pub(crate) fn known<'a>(control: &'a JudgedTarget, targets: &'a [JudgedTarget]) -> Option<&'a JudgedTarget> {
    let address = control.target.address;
    let of_target = targets.iter().filter(|target| target.target.address == address);
    std::iter::once(control).chain(of_target).find(|judged| !judged.is_learning)
}

#[cfg(test)]
mod tests;
