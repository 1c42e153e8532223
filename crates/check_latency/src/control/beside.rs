//! How the controls are beside faults of their targets that they do not excuse.

use std::net::IpAddr;

use super::family::{family, is_most};
use crate::judged::JudgedTarget;

/// A control that excuses nothing while two thirds of its targets are worse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Bystander {
    /// The control.
    pub(crate) which: Which,
    /// Its state in this run.
    pub(crate) how: Beside,
}

/// The control that is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Which {
    /// The only one.
    Only,
    /// One of two, by its address.
    One(IpAddr),
    /// All of so many: they are as usual.
    All(usize),
}

/// How a control is in this run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Beside {
    /// As usual.
    Usual,
    /// It does not answer.
    Silent,
    /// It loses more than usual: the shares.
    Loses { now: f64, usual: f64 },
    /// It takes longer than usual: the medians in seconds.
    Takes { now: f64, usual: f64 },
}

impl Beside {
    /// How a control is in this run, by what is told of it and by this run alone.
    fn of(control: &JudgedTarget) -> Option<Self> {
        let verdict = control.verdict?;
        let loses = control.seen.lost() > 0 && control.loses();
        let slower = control.rtt().zip(verdict.usual_rtt).filter(|_| control.is_slower());
        Some(match (control.loss(), slower) {
            _ if control.is_silent() => Self::Silent,
            (Some(now), _) if loses => Self::Loses { now, usual: verdict.usual_loss },
            (_, Some((now, usual))) => Self::Takes { now, usual },
            _ => Self::Usual,
        })
    }
}

/// How the known ones of so many controls are, of which none excuses its targets: one that is not as usual
/// before others.
pub(super) fn beside(
    known: &[&JudgedTarget],
    controls: usize,
    targets: &[JudgedTarget],
) -> Option<Bystander> {
    let told = known.iter().filter_map(|control| {
        let family = || family(control, targets);
        let worse = family().filter(|target| target.is_worse()).count();
        is_most((worse, family().count())).then_some((control.target.address.ip(), Beside::of(control)?))
    });
    let told: Vec<(IpAddr, Beside)> = told.collect();
    let unusual = told.iter().find(|(_, how)| *how != Beside::Usual);
    unusual.or(told.first()).map(|(address, how)| {
        let which = match (controls, unusual, told.len()) {
            (..=1, ..) => Which::Only,
            (_, None, count @ 2..) => Which::All(count),
            _ => Which::One(*address),
        };
        Bystander { which, how: *how }
    })
}
