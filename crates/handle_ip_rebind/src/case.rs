//! A missing address and what becomes of it.

use std::net::IpAddr;

use host_net::PrefixRoute;
use serde::Serialize;

use crate::prefix::longest;

/// The most addresses that are kept from run to run, of each kind.
pub(crate) const MOST: usize = 20_000;
/// How many characters of a cause are kept.
const CAUSE: usize = 200;

/// A missing address and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Case {
    /// The address.
    pub(crate) address: IpAddr,
    /// The prefix length to bind it with.
    pub(crate) prefix: u8,
    /// Whether the kernel may add a route to its subnet.
    #[serde(skip)]
    pub(crate) route: PrefixRoute,
    /// Whether nothing tells its prefix length, nor that it has no subnet by design.
    #[serde(skip)]
    pub(crate) is_guess: bool,
    /// Its place in the list: the number of the list, and of the line.
    #[serde(skip)]
    pub(crate) order: (u32, u32),
    /// Why it counts as missing, in check_ip_bound's words.
    pub(crate) missing: String,
    /// What becomes of it.
    pub(crate) fate: Fate,
    /// Why so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) why: Option<String>,
}

/// What becomes of a missing address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Fate {
    /// It was there after the binding, and is gone at the end of the run: a restarted service took it.
    Lost,
    /// An earlier run has removed it, and no list names it.
    Gone,
    /// It was tried, and it is still missing.
    Failed,
    /// The command bound it on another interface, or with a prefix length that diverts traffic.
    Misbound,
    /// There was no time for it: the next run tries it.
    Later,
    /// It was tried in vain a short time ago, and is tried again later.
    Waiting,
    /// It is in the list, and `check` forbids it.
    Contradicted,
    /// It is in the list, and may not be bound.
    LeftAlone,
    /// It is usable again.
    Back,
    /// It could be bound, and was not.
    Bindable,
    /// The command bound it, and it is not in the list.
    Unlisted,
    /// It is not in the list.
    Outside,
}

impl Case {
    /// Returns that of an address for which no list gives a prefix length or a place.
    pub(crate) fn unlisted(address: IpAddr, missing: String, fate: Fate, why: Option<String>) -> Self {
        let prefix = longest(address.is_ipv4());
        let (route, order) = (PrefixRoute::Added, (0, 0));
        Self { address, prefix, route, is_guess: false, order, missing, fate, why }
    }

    /// Returns its cause as it is kept for later runs.
    pub(crate) fn cause(&self) -> String {
        kept(self.why.as_deref().unwrap_or_default())
    }

    /// Changes what becomes of it.
    pub(crate) fn becomes(&mut self, fate: Fate, why: impl Into<Option<String>>) {
        self.fate = fate;
        self.why = why.into();
    }
}

/// Returns as much of a cause as is kept for later runs.
pub(crate) fn kept(cause: &str) -> String {
    cause.chars().take(CAUSE).collect()
}

/// Returns the addresses with this fate.
pub(crate) fn of(cases: &[Case], fate: Fate) -> impl Iterator<Item = IpAddr> {
    cases.iter().filter(move |case| case.fate == fate).map(|case| case.address)
}

/// Returns the addresses that may be bound, sorted.
pub(crate) fn bindable(cases: &[Case]) -> Vec<IpAddr> {
    let mut all: Vec<IpAddr> = of(cases, Fate::Bindable).collect();
    all.sort_unstable();
    all
}

/// Returns a case as tests of other modules need it: an address that is not bound, without a cause if `why`
/// is empty.
#[cfg(test)]
pub(crate) fn example(address: &str, fate: Fate, why: &str) -> Case {
    let why = (!why.is_empty()).then(|| why.to_owned());
    Case { prefix: 24, ..Case::unlisted(address.parse().unwrap(), "not bound".to_owned(), fate, why) }
}
