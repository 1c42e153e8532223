//! The missing addresses in groups, by the reason that they have in common.

use std::collections::BTreeMap;
use std::net::IpAddr;

use addresses::{Entry, HostAddress, all};

use crate::Observations;
use crate::causes::{Cause, causes};
use crate::condition::Condition;

/// Why an address is missing: what those of one group have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Reason {
    /// It is not bound, and the cause where several share one.
    NotBound(Option<Cause>),
    /// It is bound and unusable; with the prefix length that it should have.
    Unusable(Condition, Option<u8>),
}

/// The addresses that are missing for one reason.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) reason: Reason,
    pub(super) addresses: Vec<IpAddr>,
    /// One of them, as it is expected.
    example: HostAddress,
}

impl Group {
    pub(super) fn in_brief(&self, observed: &Observations) -> String {
        match &self.reason {
            Reason::NotBound(cause) => cause.as_ref().map(Cause::in_brief).unwrap_or_default(),
            Reason::Unusable(Condition::NoPorts(on), _) => {
                observed.port_fault(*on).map(|fault| fault.text.clone()).unwrap_or_default()
            }
            Reason::Unusable(condition, _) => {
                condition.in_brief(self.example, &observed.bound, &observed.expected.on)
            }
        }
    }

    pub(super) fn detail(&self, observed: &Observations) -> String {
        let reason = match &self.reason {
            Reason::NotBound(None) => "not bound".to_owned(),
            Reason::NotBound(Some(cause)) => format!("not bound, {cause}"),
            Reason::Unusable(condition, _) => reason(observed, self.example, *condition),
        };
        format!("{}: {reason}", all(&self.addresses))
    }
}

pub(super) fn reason(observed: &Observations, expected: HostAddress, condition: Condition) -> String {
    condition.reason(expected, &observed.bound, &observed.expected.on).unwrap_or_default()
}

/// Groups the missing addresses by their reason, in the order in which the reasons come up.
pub(super) fn groups(observed: &Observations, missing: &[&(Entry, Condition)]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    let mut places: BTreeMap<Reason, usize> = BTreeMap::new();
    let mut causes = if missing.is_empty() { BTreeMap::new() } else { causes(observed) };
    for (Entry { expected, .. }, condition) in missing {
        let reason = match condition {
            Condition::NotBound => Reason::NotBound(causes.remove(&expected.address)),
            Condition::Prefix(..) => Reason::Unusable(*condition, expected.prefix),
            _ => Reason::Unusable(*condition, None),
        };
        let place = *places.entry(reason).or_insert_with_key(|reason| {
            groups.push(Group { reason: reason.clone(), addresses: Vec::new(), example: *expected });
            groups.len() - 1
        });
        if let Some(group) = groups.get_mut(place) {
            group.addresses.push(expected.address);
        }
    }
    groups
}
