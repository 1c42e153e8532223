//! Looking again, with check_ip_bound's own eyes: what is missing, and what of that may be bound.

use std::net::IpAddr;

use addresses::Entry;
use check_ip_bound::{Condition, Expected, ListSource, Observations, ProbeError};
use plugin::Deadline;
use serde::Serialize;

use crate::config::Config;

/// A missing address and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Case {
    /// The address.
    pub(crate) address: IpAddr,
    /// The prefix length to bind it with: none where that is left to a command, or nobody knows one.
    pub(crate) prefix: Option<u8>,
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
    /// It was tried, and it is still missing.
    Failed,
    /// It is in the list, and may not be bound.
    LeftAlone,
    /// It is usable again.
    Back,
    /// It could be bound, and was not.
    Bindable,
    /// It is not in the list.
    Outside,
}

impl Case {
    /// The same address with another fate.
    pub(crate) fn becomes(&mut self, fate: Fate, why: impl Into<Option<String>>) {
        self.fate = fate;
        self.why = why.into();
    }
}

/// What there is to see, and each missing address with its fate so far.
pub(crate) fn look(config: &Config, deadline: &Deadline) -> Result<(Observations, Vec<Case>), ProbeError> {
    let observed = check_ip_bound::probe(&config.check, deadline)?;
    let missing: Vec<(&Entry, Condition, String)> = missing(config, &observed).collect();
    if missing.is_empty() {
        return Ok((observed, Vec::new()));
    }
    let list = Expected::read(&config.list, deadline)?;
    let mut cases: Vec<Case> = missing.into_iter().map(|found| case(config, &observed, &list, found)).collect();
    cases.dedup_by_key(|case| case.address);
    Ok((observed, cases))
}

/// What counts as missing for check_ip_bound, and why.
pub(crate) fn missing<'a>(
    config: &'a Config,
    observed: &'a Observations,
) -> impl Iterator<Item = (&'a Entry, Condition, String)> {
    let nobody_asked =
        |condition: Condition| matches!(condition, Condition::EmptyBridge(_)) && observed.expected.source == ListSource::Bound;
    let conditions = observed.conditions.iter().filter(move |(_, condition)| !nobody_asked(*condition));
    conditions.filter_map(|(entry, condition)| {
        let reason = condition.reason(entry.expected, &observed.bound, &config.check.interface)?;
        Some((entry, *condition, reason))
    })
}

fn case(
    config: &Config,
    observed: &Observations,
    list: &Expected,
    (entry, condition, missing): (&Entry, Condition, String),
) -> Case {
    let address = entry.expected.address;
    let listed = listed(list, address);
    let usual = if address.is_ipv4() { config.prefix_ipv4 } else { config.prefix_ipv6 };
    let prefix = entry.expected.prefix.or_else(|| listed.and_then(|listed| listed.expected.prefix)).or(usual);
    let obstacle = match (listed, condition) {
        (None, _) => None,
        (Some(_), Condition::NotBound) => obstacle(config, observed, list, address, prefix),
        (Some(_), _) => Some(missing.clone()),
    };
    let fate = match (listed, &obstacle) {
        (None, _) => Fate::Outside,
        (Some(_), Some(_)) => Fate::LeftAlone,
        (Some(_), None) => Fate::Bindable,
    };
    let order = listed.map_or((0, 0), |listed| (listed.list, listed.line));
    Case { address, prefix, order, missing, fate, why: obstacle }
}

/// The list's entry of an address.
fn listed(list: &Expected, address: IpAddr) -> Option<&Entry> {
    let place = list.entries.partition_point(|entry| entry.expected.address < address);
    list.entries.get(place).filter(|entry| entry.expected.address == address)
}

/// What stands in the way of binding an address that is in the list: none if it may be tried.
fn obstacle(config: &Config, observed: &Observations, list: &Expected, address: IpAddr, prefix: Option<u8>) -> Option<String> {
    let Config { interface, command, .. } = config;
    let named = list.interfaces.iter().chain(&observed.expected.interfaces).filter(|(promised, _)| *promised == address);
    // An alias as eth0:1 is on eth0.
    let elsewhere = named.map(|(_, name)| name.split(':').next().unwrap_or(name)).find(|name| *name != interface.as_str());
    if let Some(name) = elsewhere {
        return Some(format!("promised on {name}, not on {interface}"));
    }
    match observed.bound.interfaces.iter().find(|known| known.name == *interface) {
        None => return Some(format!("there is no {interface} here")),
        Some(known) => {
            if let Some(fault) = known.link.fault() {
                return Some(format!("{interface} {fault}"));
            }
        }
    }
    let setting = if address.is_ipv4() { "prefix-ipv4" } else { "prefix-ipv6" };
    let needed = prefix.is_none() && command.is_none();
    needed.then(|| format!("neither its list nor {setting} gives a prefix length"))
}
