//! The faults of the machine that checks. A target not reached because of them is untested, and did not fail.

use std::net::SocketAddr;

use host_net::{Diagnosis, Explanation, Silence};
use plugin::Deadline;

use crate::cause::{Cause, Local};
use crate::target::Target;

/// Descriptors that are not for connections: standard ones, those inherited, of the threads' epoll, netlink,
/// ping.
const RESERVED: u64 = 40;

/// Returns how many of the `wanted` connections the limit on open files allows beside `beside` others, and
/// raises the limit. The number is at least one: it waits until a descriptor is free.
pub(crate) fn room(wanted: usize, beside: usize) -> usize {
    let beside = u64::try_from(beside).unwrap_or(u64::MAX);
    plugin::open_files(wanted, RESERVED.saturating_add(beside))
}

/// Takes back the verdict on targets whose silence is this machine's fault.
pub(crate) fn excuse(
    diagnosis: &Diagnosis,
    targets: &[Target],
    failed: &mut [(u32, Cause)],
    deadline: &Deadline,
) {
    let address = |place: u32| {
        let target = usize::try_from(place).ok().and_then(|place| targets.get(place));
        target.copied().map(SocketAddr::from)
    };
    let silent: Vec<(&mut Cause, (SocketAddr, Silence))> = failed
        .iter_mut()
        .filter_map(|(place, cause)| {
            let silence = silence(cause)?;
            Some((cause, (address(*place)?, silence)))
        })
        .collect();
    let silences: Vec<(SocketAddr, Silence)> = silent.iter().map(|(_, silence)| *silence).collect();
    for ((cause, _), better) in silent.into_iter().zip(diagnosis.explain(&silences, deadline)) {
        if let Some(better) = better {
            *cause = explained(better);
        }
    }
}

/// Returns how a target is silent, if this machine may be to blame for it.
pub(crate) fn silence(cause: &Cause) -> Option<Silence> {
    match cause {
        Cause::NoAnswer(_) => Some(Silence::NoAnswer),
        Cause::NoNeighbour => Some(Silence::NoNeighbour),
        Cause::Local(Local::NoRoute) => Some(Silence::NoRoute),
        Cause::Local(Local::Unconfirmed) => Some(Silence::Unconfirmed),
        _ => None,
    }
}

fn explained(by: Explanation) -> Cause {
    Cause::Local(match by {
        Explanation::Broadcast => Local::Broadcast,
        Explanation::LinkDown => Local::LinkDown,
        Explanation::NeighbourTable => Local::NeighbourTable,
        Explanation::Gateway => Local::Gateway,
        Explanation::Rejected => Local::Prohibited,
        Explanation::Conntrack => Local::Conntrack,
        Explanation::NoNeighbour => return Cause::NoNeighbour,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_beside_takes_of_the_same_limit() {
        let all = room(usize::MAX >> 1, 0);
        let rows = [
            ((2, 1), 2),
            ((1, 0), 1),
            ((0, 1), 0),
            ((0, 0), 0),
            ((usize::MAX >> 1, 3), all - 3),
            ((5, usize::MAX >> 1), 1),
        ];
        for ((wanted, beside), expected) in rows {
            assert_eq!(room(wanted, beside), expected, "{wanted} beside {beside}");
        }
    }
}
