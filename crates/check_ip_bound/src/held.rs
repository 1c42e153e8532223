//! Addresses that move between hosts: those that must not be here, and those that may.

use std::net::IpAddr;

use addresses::HostAddress;
use plugin::{Finding, Metric};

use crate::Observations;
use crate::condition::Condition;
use crate::words::runs;

/// Judges the addresses that must be absent: each that is bound here, on whatever interface, is CRITICAL.
pub(crate) fn judge_absent(observed: &Observations) -> Finding {
    let bound = |address: &IpAddr| !observed.bound.places(*address).is_empty();
    let here: Vec<IpAddr> = observed.expected.absent.iter().copied().filter(bound).collect();
    let on = |address: &IpAddr| {
        let places = observed.bound.places(*address);
        let names: Vec<&str> = places.iter().map(|place| observed.name(place.interface)).collect();
        format!("{address} is bound on {} and must be absent", names.join(", "))
    };
    match here.as_slice() {
        [] => Finding::ok(""),
        [only] => Finding::critical(on(only)),
        _ => {
            let rest = "are bound and must be absent";
            Finding::critical(format!("{} {rest}", runs(&here, rest)))
                .details(here.iter().map(on).collect::<Vec<_>>())
        }
    }
}

/// Reports which floating addresses this host holds: bound here, and usable. Holding one or not is never a
/// fault.
pub(crate) fn report_floating(observed: &Observations) -> Finding {
    let mut finding = Finding::ok("");
    for (address, place) in &observed.expected.floating {
        let (condition, reason) = floating(observed, *address);
        let note = match (condition, reason) {
            (_, None) => format!("note: floating {address} is here"),
            (Condition::NotBound, Some(reason)) => format!("note: floating {address} is not here ({reason})"),
            (_, Some(reason)) => format!("note: floating {address} is not usable here: {reason}"),
        };
        let holds = Metric::count(format!("holds_{address}"), usize::from(condition.is_usable())).max(1.0);
        finding = finding.detail(note).verbose_detail(format!("floating {address} ({place})")).metric(holds);
    }
    finding
}

/// Returns how many of how many floating addresses this host holds: `None` if there are none.
pub(crate) fn floating_in_words(observed: &Observations) -> Option<String> {
    let floating = &observed.expected.floating;
    let is_held = |(address, _): &&(IpAddr, String)| self::floating(observed, *address).0.is_usable();
    let held = floating.iter().filter(is_held).count();
    (!floating.is_empty()).then(|| format!("{held} of {} floating addresses here", floating.len()))
}

/// Returns the condition of a floating address, and why it cannot be used here. The reason is `None` if it
/// can.
pub(crate) fn floating(observed: &Observations, address: IpAddr) -> (Condition, Option<String>) {
    let expected = HostAddress { address, prefix: None };
    let places = observed.bound.places(address);
    let condition = Condition::of(expected, places, &observed.bound, &[], &observed.port_faults);
    (condition, condition.reason(expected, &observed.bound, &[]))
}
