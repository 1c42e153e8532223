//! How the controls are beside faults of their targets that they do not excuse.

use std::net::IpAddr;

use super::family::{family, is_most};
use crate::judged::JudgedTarget;
use crate::rule::Verdict;

/// A control that excuses nothing while two thirds of its targets are worse, or while something is reported
/// of one and it has a fault itself.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Bystander {
    /// The control.
    pub(crate) which: Which,
    /// Its state in this run.
    pub(crate) how: Beside,
}

/// The control that is meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The only one.
    Only,
    /// One of several, by its address in words.
    One(String),
    /// So many of so many, which are as usual. Of the others this run tells nothing.
    Several(usize, usize),
}

/// How a control is in this run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Beside {
    /// As usual.
    Usual,
    /// It does not answer.
    Silent,
    /// It answers as this address, or with another payload.
    Strange(Option<IpAddr>),
    /// It loses more than usual: the shares.
    Loses { now: f64, usual: f64 },
    /// It takes longer than usual: the medians in seconds.
    Takes { now: f64, usual: f64 },
}

impl Beside {
    /// How a control is in this run, by what is told of it and by this run alone; `None` where it was not
    /// pinged.
    fn of(control: &JudgedTarget) -> Option<Self> {
        let strange = (control.seen.strange > 0).then_some(Self::Strange(control.seen.other_address));
        let Some(verdict) = control.verdict else { return strange };
        let loses = control.loss().filter(|_| control.seen.lost() > 0 && control.loses());
        let slower = control.rtt().zip(verdict.usual_rtt).filter(|_| control.is_slower());
        Some(match (loses, slower) {
            _ if control.is_silent() => Self::Silent,
            (Some(now), _) => Self::Loses { now, usual: verdict.usual_loss },
            (None, Some((now, usual))) => strange.unwrap_or(Self::Takes { now, usual }),
            (None, None) => strange.unwrap_or(Self::Usual),
        })
    }

    /// Whether it would be reported of a target: one ping lost, or one late run, is none of it.
    fn is_told(self, control: &JudgedTarget) -> bool {
        let is_alert = |is: fn(&Verdict) -> bool| control.verdict.as_ref().is_some_and(is);
        match self {
            Self::Usual => false,
            Self::Silent | Self::Strange(_) => true,
            Self::Loses { .. } => is_alert(|verdict| verdict.loss.is_some()),
            Self::Takes { .. } => is_alert(|verdict| verdict.rtt.is_some()),
        }
    }
}

/// How the known ones of so many controls are, of which none excuses its targets: one that is not as usual
/// before others.
pub(super) fn beside(
    known: &[&JudgedTarget],
    controls: usize,
    compared: &[&JudgedTarget],
) -> Option<Bystander> {
    let told = known.iter().filter_map(|control| {
        let family = || family(control, compared);
        let worse = family().filter(|target| target.is_worse()).count();
        let how = Beside::of(control)?;
        let is_faulty = || family().any(JudgedTarget::is_faulty);
        let is_said = is_most((worse, family().count())) || (how.is_told(control) && is_faulty());
        is_said.then(|| (control.target.address_text(), how))
    });
    let told: Vec<(String, Beside)> = told.collect();
    let unusual = told.iter().find(|(_, how)| *how != Beside::Usual);
    unusual.or(told.first()).map(|(address, how)| {
        let which = match (controls, unusual, told.len()) {
            (..=1, ..) => Which::Only,
            (_, None, count @ 2..) => Which::Several(count, controls),
            _ => Which::One(address.clone()),
        };
        Bystander { which, how: *how }
    })
}
