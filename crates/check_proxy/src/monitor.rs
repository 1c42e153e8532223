//! The faults of the machine that checks: a proxy that is silent because of them is untested, and did not
//! fail.

use std::collections::HashMap;
use std::net::{IpAddr, SocketAddr};

use host_net::{Diagnosis, Explanation, Silence, Sockets};
use plugin::Deadline;

use crate::fault::Fault;
use crate::observation::Observation;
use crate::target::Target;

/// Returns what tells whose fault a silence is towards connections that come from `sources`.
pub(crate) fn diagnosis(sources: &[IpAddr]) -> Diagnosis {
    Diagnosis::of(Sockets { sources: sources.to_vec(), ..Sockets::default() })
}

/// Asks what there is to ask about a proxy that is silent, while others are still asked.
pub(crate) fn note(diagnosis: &Diagnosis, target: &Target, seen: &Observation, deadline: &Deadline) {
    if seen.faults().any(|fault| silence(fault).is_some()) {
        diagnosis.add(target.address, deadline);
    }
}

/// Names the fault of this machine in place of each silence that it explains.
pub(crate) fn excuse(
    diagnosis: &Diagnosis,
    proxies: &mut [(Target, Option<Observation>)],
    deadline: &Deadline,
) {
    let silences: Vec<(SocketAddr, Silence)> = proxies
        .iter()
        .filter_map(|(target, seen)| {
            let mut silences: Vec<Silence> = seen.as_ref()?.faults().filter_map(silence).collect();
            silences.sort_by_key(|silence| *silence != Silence::NoNeighbour);
            Some((target.address, *silences.first()?))
        })
        .collect();
    let explained = diagnosis.explain(&silences, deadline);
    let faults: HashMap<SocketAddr, Fault> = silences
        .iter()
        .zip(explained)
        .filter_map(|((address, _), explanation)| Some((*address, fault(explanation?))))
        .collect();
    for (target, seen) in proxies {
        let better = faults.get(&target.address);
        let (Some(seen), Some(better)) = (seen, better) else { continue };
        seen.replace_faults(|fault| silence(fault).map(|_| better.clone()));
    }
}

/// Returns what explains better that the page's own server is silent.
pub(crate) fn explained(
    server: SocketAddr,
    sources: &[IpAddr],
    fault: &Fault,
    deadline: &Deadline,
) -> Option<Fault> {
    let silence = silence(fault)?;
    let explanation = diagnosis(sources).explain(&[(server, silence)], deadline).pop()?;
    explanation.map(self::fault)
}

/// Returns how a proxy is silent, if this machine may be to blame for it.
fn silence(fault: &Fault) -> Option<Silence> {
    match fault {
        Fault::NoAnswer => Some(Silence::NoAnswer),
        Fault::NoNeighbour => Some(Silence::NoNeighbour),
        _ => None,
    }
}

fn fault(by: Explanation) -> Fault {
    match by {
        Explanation::NoNeighbour => Fault::NoNeighbour,
        by => Fault::Local(by.words().to_owned()),
    }
}
