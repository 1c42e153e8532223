//! Compares the targets with the controls, the gateways of this machine: most of them worse at once, and their
//! gateways too, are the trouble of this machine's own network.
//!
//! A gateway is worse by the evidence that an alert takes, and excuses only what it has itself: its latency those
//! targets that are slower, its loss those that lose.

use std::net::{IpAddr, SocketAddr};

use crate::judged::JudgedTarget;

/// Of so many targets at least, two thirds worse at once point to this machine's own network.
const TOGETHER: usize = 3;

/// What the controls tell of the targets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    /// The control of IPv4, and of IPv6, by whose trouble its targets are excused.
    excused: [Option<Troubled>; 2],
    /// Whether a control answers as usual while two thirds of its targets are worse.
    pub(crate) control_is_usual: bool,
}

/// A control that is worse than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Troubled {
    address: IpAddr,
    trouble: Trouble,
}

/// What of a control is worse than usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Trouble {
    /// It loses most of the pings of this run, or all.
    silence: bool,
    /// It loses more than usual.
    loss: bool,
    /// It takes longer than usual.
    latency: bool,
}

impl Trouble {
    /// By what is told of a control. A control that answers all pings of this run has no loss to share.
    fn of(control: &JudgedTarget) -> Self {
        let told = |is: fn(&crate::rule::Verdict) -> bool| control.verdict.as_ref().is_some_and(is);
        let (lost, counted) = (control.seen.lost(), control.seen.counted());
        let loss = lost > 0 && told(|verdict| verdict.loss.is_some());
        Self { silence: loss && lost * 2 >= counted, loss, latency: told(|verdict| verdict.rtt.is_some()) }
    }

    fn is_any(self) -> bool {
        self.loss || self.latency
    }
}

impl Troubled {
    /// Whether the control's trouble is all that is wrong with a target of its family.
    fn explains(&self, target: &JudgedTarget) -> bool {
        let Trouble { silence, loss, latency } = self.trouble;
        match (target.is_silent(), target.loses(), target.is_slower()) {
            (true, ..) => silence,
            (_, true, _) => loss,
            (_, _, true) => latency,
            (false, false, false) => true,
        }
    }
}

impl Comparison {
    /// Compares the targets with the controls, which are among the targets or the `extra` ones. All targets of
    /// the families whose control is worse are counted together, so that a family of one target is excused with
    /// the others; if those are not enough, each family is counted by itself.
    pub(crate) fn new(targets: &[JudgedTarget], extra: &[JudgedTarget], controls: &[SocketAddr]) -> Self {
        let known = [false, true].map(|v6| control(targets.iter().chain(extra), controls, v6));
        let troubled = known.map(|known| {
            let (address, trouble) = known?;
            Some(Troubled { address, trouble }).filter(|_| trouble.is_any())
        });
        let [v4, v6] = troubled;
        let families = [troubled, [v4, None], [None, v6]].into_iter();
        let mut families = families.map(|excused| Self { excused, control_is_usual: false });
        if let Some(found) = families.find(|found| is_most(found.count(targets))) {
            return found;
        }
        let is_usual = |known: Option<(_, Trouble)>| known.is_some_and(|(_, trouble)| !trouble.is_any());
        let mut usual = known.into_iter().zip([false, true]).filter(|(known, _)| is_usual(*known));
        let control_is_usual = usual.any(|(_, v6)| {
            let family = || targets.iter().filter(|target| target.is_v6() == v6);
            is_most((family().filter(|target| target.is_worse()).count(), family().count()))
        });
        Self { control_is_usual, ..Self::default() }
    }

    /// Whether the target is excused by this machine's own network.
    pub(crate) fn excuses(&self, target: &JudgedTarget) -> bool {
        self.of_family(target).is_some_and(|control| control.explains(target))
    }

    /// Says how many targets are excused, and by which controls; `None` if none is.
    pub(crate) fn own_network(&self, targets: &[JudgedTarget]) -> Option<String> {
        let addresses: Vec<String> =
            self.excused.iter().flatten().map(|control| control.address.to_string()).collect();
        let gateways = match addresses.as_slice() {
            [] => return None,
            [one] => format!("gateway {one}"),
            several => format!("gateways {}", several.join(" and ")),
        };
        let (worse, all) = self.count(targets);
        Some(format!(
            "{worse} of {all} targets and the {gateways} are worse at once: the network of this monitor"
        ))
    }

    /// How many targets of these families are worse by the trouble of their control, and how many there are.
    fn count(&self, targets: &[JudgedTarget]) -> (usize, usize) {
        let all = targets.iter().filter(|target| self.of_family(target).is_some()).count();
        (targets.iter().filter(|target| target.is_worse() && self.excuses(target)).count(), all)
    }

    /// The control of a target's family, where that is worse.
    fn of_family(&self, target: &JudgedTarget) -> Option<&Troubled> {
        let [v4, v6] = &self.excused;
        if target.is_v6() { v6.as_ref() } else { v4.as_ref() }
    }
}

/// Whether so many of all are two thirds at least, of enough.
fn is_most((worse, all): (usize, usize)) -> bool {
    all >= TOGETHER && worse * 3 >= all * 2
}

/// The control of a family, once it is known well enough.
fn control<'a>(
    mut all: impl Iterator<Item = &'a JudgedTarget>,
    controls: &[SocketAddr],
    v6: bool,
) -> Option<(IpAddr, Trouble)> {
    let address = controls.iter().find(|control| control.is_ipv6() == v6)?;
    let control = all.find(|judged| judged.target.address == *address)?;
    let is_known = control.verdict.is_some_and(|verdict| !verdict.learning);
    is_known.then(|| (address.ip(), Trouble::of(control)))
}

#[cfg(test)]
mod tests;
