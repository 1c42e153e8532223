//! Addresses that move between hosts: those that must not be here, and those that may.

use std::net::IpAddr;

use addresses::{Expected, all};
use plugin::{Metric, State};

use crate::evaluate::Part;
use crate::finding::Finding;
use crate::{Args, Seen};

/// The addresses of --absent that are bound here, on whatever interface.
pub(crate) fn judge_absent(args: &Args, seen: &Seen) -> Part {
    let bound = |address: &IpAddr| !seen.bound.places(*address).is_empty();
    let here: Vec<IpAddr> = args.absent.iter().map(IpAddr::to_canonical).filter(bound).collect();
    if here.is_empty() {
        return Part::default();
    }
    let on = |address: &IpAddr| {
        let names: Vec<&str> = seen.bound.places(*address).iter().map(|place| seen.name(place.interface)).collect();
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
pub(crate) fn tell_floating(seen: &Seen) -> Part {
    let mut part = Part::default();
    let mut held = 0;
    for (address, place) in &seen.wanted.floating {
        let expected = Expected { address: *address, prefix: None };
        let finding = Finding::of(expected, seen.bound.places(*address), &seen.bound, &[]);
        let holds = matches!(finding, Finding::Usable | Finding::Deprecated(_));
        held += usize::from(holds);
        part.details.push(match finding.reason(expected, &seen.bound, &[]) {
            None => format!("note: floating {address} is here"),
            Some(reason) if finding == Finding::NotBound => format!("note: floating {address} is not here ({reason})"),
            Some(reason) => format!("note: floating {address} is not usable here: {reason}"),
        });
        part.verbose.push(format!("floating {address} ({place})"));
        part.metrics.push(Metric::count(format!("holds_{address}"), usize::from(holds)).max(1.0));
    }
    let total = seen.wanted.floating.len();
    part.text = (total > 0).then(|| format!("{held} of {total} floating addresses here"));
    part
}
