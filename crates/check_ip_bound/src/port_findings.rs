//! The faults of ports that nothing else of the report stands for.

use plugin::{Finding, State};

use crate::condition::Condition;
use crate::dynamic::{Lease, leases};
use crate::port_fault::PortFault;
use crate::{Observations, ports};

/// Judges the faults that no expected address stands for: each is a warning. Guests that are not there are
/// none.
pub(crate) fn judge(observed: &Observations) -> Vec<Finding> {
    let leases = leases(&observed.expected, &observed.bound);
    let told = |fault: &&PortFault| {
        let stands = |condition: &Condition| *condition == Condition::NoPorts(fault.interface);
        !observed.conditions.iter().any(|(_, condition)| stands(condition))
            && !leases.contains(&Lease::Missing(fault.text.clone()))
    };
    let finding = |fault: &PortFault| Finding::new(State::Warning, fault.text.clone());
    let notes = ports::notes(&observed.expected.ports, &observed.bound);
    let notes = Finding::ok("").verbose_details(notes);
    observed.port_faults.iter().filter(told).map(finding).chain([notes]).collect()
}
