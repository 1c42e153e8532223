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
mod trouble;

use std::net::SocketAddr;

use crate::judged::JudgedTarget;
use beside::beside;
pub(crate) use beside::{Beside, Bystander, Which};
use family::{compared, family, is_most};
use trouble::{Troubled, median, troubled};

/// The targets of a control are as usual beside it where their median rise is less than this share of its
/// own.
const ALONE_SHARE: f64 = 0.25;
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

/// Returns the control by the record that knows it well enough: its own, or that of the target at its
/// address. `None` where neither does.
pub(crate) fn known<'a>(control: &'a JudgedTarget, targets: &'a [JudgedTarget]) -> Option<&'a JudgedTarget> {
    let address = control.target.address;
    let of_target = targets.iter().filter(|target| target.target.address == address);
    std::iter::once(control).chain(of_target).find(|judged| !judged.is_learning)
}

#[cfg(test)]
mod tests;
