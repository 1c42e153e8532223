//! Addresses that move between hosts: those that must not be here, and those that may.

use std::net::IpAddr;

use addresses::{HostAddress, all};
use plugin::{Metric, State};

use crate::condition::Condition;
use crate::evaluate::Part;
use crate::{Args, Observations};

/// The addresses of --absent that are bound here, on whatever interface.
pub(crate) fn judge_absent(args: &Args, observed: &Observations) -> Part {
    let bound = |address: &IpAddr| !observed.bound.places(*address).is_empty();
    let here: Vec<IpAddr> = args.absent.iter().map(IpAddr::to_canonical).filter(bound).collect();
    if here.is_empty() {
        return Part::default();
    }
    let on = |address: &IpAddr| {
        let names: Vec<&str> = observed.bound.places(*address).iter().map(|place| observed.name(place.interface)).collect();
        format!("{address} is bound on {} and must be absent", names.join(", "))
    };
    let verb = if here.len() == 1 { "is" } else { "are" };
    Part {
        state: State::Critical,
        text: Some(format!("{} {verb} bound and must be absent", all(&here))),
        details: here.iter().map(on).collect(),
        ..Part::default()
    }
}

/// Which floating addresses this host holds: bound here, and usable.
pub(crate) fn tell_floating(observed: &Observations) -> Part {
    let mut part = Part::default();
    let mut held = 0;
    for (address, place) in &observed.expected.floating {
        let expected = HostAddress { address: *address, prefix: None };
        let condition = Condition::of(expected, observed.bound.places(*address), &observed.bound, &[]);
        let holds = matches!(condition, Condition::Usable | Condition::Deprecated(_));
        held += usize::from(holds);
        part.details.push(match condition.reason(expected, &observed.bound, &[]) {
            None => format!("note: floating {address} is here"),
            Some(reason) if condition == Condition::NotBound => format!("note: floating {address} is not here ({reason})"),
            Some(reason) => format!("note: floating {address} is not usable here: {reason}"),
        });
        part.verbose.push(format!("floating {address} ({place})"));
        part.metrics.push(Metric::count(format!("holds_{address}"), usize::from(holds)).max(1.0));
    }
    let total = observed.expected.floating.len();
    part.text = (total > 0).then(|| format!("{held} of {total} floating addresses here"));
    part
}
