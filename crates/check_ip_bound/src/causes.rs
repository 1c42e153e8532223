//! One cause behind many missing addresses, said once.
//!
//! - The interface that the configuration promises them on is not there, is down, or was never configured.
//!   The configuration may tell it by something else than its name.
//! - All of one file is missing: whatever should have read it did not.
//! - The primary address of a subnet took its secondaries along. Linux keeps the addresses of one subnet on
//!   one interface as a primary and its secondaries. While promote_secondaries is off, the kernel's default,
//!   deleting the primary deletes them all, and putting it back does not bring them back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr};

use host_config::Remark;
use host_net::{Bound, BoundAddress};

use crate::condition::Condition;
use crate::interfaces::{absence, is_local};
use crate::{Observations, unnamed};

/// The cause that several addresses which are not bound have in common.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Cause {
    /// There is no such interface, in words; or of conditions, that no interface with them has it; or why its
    /// line binds nothing.
    NoInterface(String),
    /// The interface that should have it cannot carry traffic: its name, and what is wrong with it.
    Unfit(String, &'static str),
    /// IPv6 is disabled on the interface that should have it.
    NoIpv6(String),
    /// The interface that should have it has none of its addresses.
    NeverConfigured(String),
    /// Every address of a file is missing.
    LostFile {
        /// How many there are in it.
        total: usize,
        /// Its name.
        file: String,
    },
    /// The primary address of the subnet is not there either.
    PrimaryGone {
        /// The prefix length of the subnet.
        prefix: u8,
        /// The interface, where others have addresses of the subnet.
        on: Option<String>,
    },
    /// The primary address of the subnet is there again, and its secondaries are not.
    PrimaryBack {
        /// The primary address.
        primary: IpAddr,
        /// The subnet.
        subnet: Subnet,
        /// The interface, where others have addresses of the subnet.
        on: Option<String>,
    },
}

impl Cause {
    /// Returns the cause in a few words for the first line, after the addresses.
    pub(crate) fn in_brief(&self) -> String {
        match self {
            Cause::NoInterface(_)
            | Cause::Unfit(..)
            | Cause::NoIpv6(_)
            | Cause::NeverConfigured(_)
            | Cause::LostFile { .. } => self.to_string(),
            // They were perhaps never bound: nothing here tells what was there before.
            Cause::PrimaryGone { .. } | Cause::PrimaryBack { .. } => {
                "perhaps lost with their primary".to_owned()
            }
        }
    }

    /// Returns whether the cause takes more words than [`Cause::in_brief`] has.
    pub(crate) fn has_more(&self) -> bool {
        matches!(self, Cause::PrimaryGone { .. } | Cause::PrimaryBack { .. })
    }
}

/// In full, to follow "not bound, ".
impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cause::NoInterface(text) => f.write_str(text),
            Cause::Unfit(name, fault) => write!(f, "{name} {fault}"),
            Cause::NoIpv6(name) => write!(f, "IPv6 is disabled on {name}"),
            Cause::NeverConfigured(name) => write!(f, "{name} has no address at all"),
            Cause::LostFile { total, file } => write!(f, "all {total} of {file}"),
            Cause::PrimaryGone { prefix, on } => {
                write!(f, "nor is any other of the same /{prefix}{}{PROMOTION}", place(on.as_deref()))
            }
            Cause::PrimaryBack { primary, subnet, on } => {
                write!(f, "only {primary} of {subnet} is{}{PROMOTION}", place(on.as_deref()))
            }
        }
    }
}

/// The interface, to follow what is there or not.
fn place(on: Option<&str>) -> String {
    on.map(|name| format!(" on {name}")).unwrap_or_default()
}

const PROMOTION: &str = ": with promote_secondaries off, secondaries go with their primary";

/// Returns the causes of the addresses that are not bound, as far as there is one behind several.
pub(crate) fn causes(observed: &Observations) -> BTreeMap<IpAddr, Cause> {
    // The last one that is found for an address counts: the nearest cause.
    let mut causes = BTreeMap::new();
    causes.extend(no_interface(unnamed::with_conditions(observed)));
    causes.extend(lost_subnets(observed));
    causes.extend(lost_files(observed));
    causes.extend(no_interface(unnamed::absent(observed)));
    causes.extend(lost_interfaces(observed));
    for (address, cause) in of_lines(&observed.expected.failing, observed) {
        let found = causes.entry(address).or_insert_with(|| cause.clone());
        if !matches!(found, Cause::NoInterface(_) | Cause::Unfit(..) | Cause::NoIpv6(_)) {
            *found = cause;
        }
    }
    // An interface that networkd does not manage is down for this reason.
    causes.extend(of_lines(&observed.expected.unfit, observed));
    causes
}

/// The addresses that are not bound for what is said of their lines.
fn of_lines(remarks: &[Remark], observed: &Observations) -> Vec<(IpAddr, Cause)> {
    let files = &observed.expected.files;
    let lines: BTreeMap<(&str, u32), &str> = remarks
        .iter()
        .map(|Remark { what, place }| ((place.file.as_str(), place.line), what.as_str()))
        .collect();
    let missing = observed.conditions.iter().filter(|(_, condition)| *condition == Condition::NotBound);
    let found = missing.filter(|_| !lines.is_empty()).filter_map(|(entry, _)| {
        let file = files.get(usize::try_from(entry.list).ok()?)?;
        let text = lines.get(&(file.as_str(), entry.line))?;
        Some((entry.expected.address, Cause::NoInterface((*text).to_owned())))
    });
    found.collect()
}

fn no_interface(found: Vec<(IpAddr, String)>) -> impl Iterator<Item = (IpAddr, Cause)> {
    found.into_iter().map(|(address, text)| (address, Cause::NoInterface(text)))
}

/// The addresses that are promised on an interface which is not there, or could not get them.
fn lost_interfaces(observed: &Observations) -> impl Iterator<Item = (IpAddr, Cause)> {
    let bound = &observed.bound;
    let with_address = |address: &&BoundAddress| !is_local(address.address);
    let configured: BTreeSet<u32> =
        bound.addresses.iter().filter(with_address).map(|address| address.interface).collect();
    // An alias as eth0:1 is on eth0. Of several interfaces, the first is told.
    let named = observed
        .expected
        .interfaces
        .iter()
        .rev()
        .map(|(address, name)| (*address, host_config::device(name)));
    named.filter_map(move |(address, name)| {
        let name = name.to_owned();
        let cause = match bound.by_name(&name) {
            None => Cause::NoInterface(absence(&name, &observed.expected.vlans, bound)),
            Some(interface) if interface.link.fault().is_some() => {
                Cause::Unfit(name, interface.link.fault().unwrap_or("is not up"))
            }
            Some(interface) if address.is_ipv6() && interface.ipv6_disabled == Some(true) => {
                Cause::NoIpv6(name)
            }
            Some(interface) if !configured.contains(&interface.index) && !interface.loopback => {
                Cause::NeverConfigured(name)
            }
            Some(_) => return None,
        };
        Some((address, cause))
    })
}

/// The addresses of files of which none is bound: where there are several in the file, and other files that
/// fare better.
fn lost_files(observed: &Observations) -> Vec<(IpAddr, Cause)> {
    let mut totals: BTreeMap<u32, (usize, usize)> = BTreeMap::new();
    for entry in &observed.expected.entries {
        totals.entry(entry.list).or_default().0 += 1;
    }
    for (entry, condition) in &observed.conditions {
        if *condition == Condition::NotBound {
            totals.entry(entry.list).or_default().1 += 1;
        }
    }
    let lost = |list: u32| {
        totals.get(&list).filter(|(total, missing)| *total > 1 && total == missing).map(|(total, _)| *total)
    };
    if totals.keys().all(|list| lost(*list).is_some()) {
        return Vec::new();
    }
    let cause = |(entry, _): &(addresses::Entry, Condition)| {
        let file = usize::try_from(entry.list).ok().and_then(|list| observed.expected.files.get(list))?;
        lost(entry.list).map(|total| (entry.expected.address, Cause::LostFile { total, file: file.clone() }))
    };
    observed.conditions.iter().filter_map(cause).collect()
}

/// The addresses of subnets that lost all their secondaries on a host where they go with their primary. Each
/// interface has a primary of its own.
fn lost_subnets(observed: &Observations) -> Vec<(IpAddr, Cause)> {
    if observed.promotes_all != Some(false) {
        return Vec::new();
    }
    let known = known_subnets(&observed.bound);
    let configured = configured_on(observed);
    let mut lost: BTreeMap<(Subnet, Option<u32>), Vec<IpAddr>> = BTreeMap::new();
    for (entry, condition) in &observed.conditions {
        let (IpAddr::V4(address), Condition::NotBound) = (entry.expected.address, condition) else {
            continue;
        };
        let prefix = entry.expected.prefix.or_else(|| neighbourhood(address, &known));
        let subnet = Subnet::of(address, prefix.unwrap_or(24));
        let on = configured.get(&IpAddr::V4(address)).copied();
        lost.entry((subnet, on)).or_default().push(address.into());
    }
    let several = lost.into_iter().filter(|(_, addresses)| addresses.len() > 1);
    let explained = several
        .filter_map(|((subnet, on), addresses)| Some((explain(subnet, on, &observed.bound)?, addresses)));
    explained
        .flat_map(|(reason, addresses)| addresses.into_iter().map(move |address| (address, reason.clone())))
        .collect()
}

/// The interface that each address is configured on, where it is here.
fn configured_on(observed: &Observations) -> BTreeMap<IpAddr, u32> {
    // An alias as eth0:1 is on eth0.
    let index = |name: &str| observed.bound.by_name(host_config::device(name));
    let configured = observed.expected.interfaces.iter();
    configured.filter_map(|(address, name)| Some((*address, index(name)?.index))).collect()
}

/// Why all addresses of a subnet that should be on the interface `on`, or on any, are lost.
fn explain(subnet: Subnet, on: Option<u32>, bound: &Bound) -> Option<Cause> {
    let off =
        |index| bound.interface(index).is_some_and(|interface| interface.promotes_secondaries == Some(false));
    let any_off = || match on {
        Some(index) => off(index),
        None => bound.interfaces.iter().any(|interface| !interface.loopback && off(interface.index)),
    };
    let all = subnet.members(bound);
    let members: Vec<&BoundAddress> =
        all.iter().filter(|member| on.is_none_or(|index| member.interface == index)).collect();
    let elsewhere = members.len() < all.len();
    let on = on.and_then(|index| bound.interface(index)).filter(|_| elsewhere);
    let on = on.map(|interface| interface.name.clone());
    match members.as_slice() {
        [] if any_off() => Some(Cause::PrimaryGone { prefix: subnet.prefix, on }),
        [primary] if !primary.flags.secondary() && off(primary.interface) => {
            Some(Cause::PrimaryBack { primary: primary.address, subnet, on })
        }
        _ => None,
    }
}

/// An IPv4 network.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Subnet {
    prefix: u8,
    network: Ipv4Addr,
}

impl Subnet {
    fn of(address: Ipv4Addr, prefix: u8) -> Self {
        Self { prefix, network: Ipv4Addr::from_bits(address.to_bits() & !Self::host_bits(prefix)) }
    }

    fn host_bits(prefix: u8) -> u32 {
        u32::MAX.checked_shr(prefix.into()).unwrap_or(0)
    }

    /// The bound addresses in this network.
    fn members(self, bound: &Bound) -> &[BoundAddress] {
        let last = Ipv4Addr::from_bits(self.network.to_bits() | Self::host_bits(self.prefix));
        let start = bound.addresses.partition_point(|bound| bound.address < IpAddr::V4(self.network));
        let end = bound.addresses.partition_point(|bound| bound.address <= IpAddr::V4(last));
        bound.addresses.get(start..end).unwrap_or_default()
    }
}

impl fmt::Display for Subnet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.prefix)
    }
}

/// The networks that bound addresses are in.
fn known_subnets(bound: &Bound) -> BTreeSet<Subnet> {
    let subnet = |bound: &BoundAddress| match bound.address {
        IpAddr::V4(address) if bound.prefix < 32 => Some(Subnet::of(address, bound.prefix)),
        _ => None,
    };
    bound.addresses.iter().filter_map(subnet).collect()
}

/// The prefix length of the smallest known network that has the address.
fn neighbourhood(address: Ipv4Addr, known: &BTreeSet<Subnet>) -> Option<u8> {
    (0..32).rev().find(|&prefix| known.contains(&Subnet::of(address, prefix)))
}

#[cfg(test)]
mod tests {
    use addresses::List;

    use super::*;
    use crate::Expected;
    use crate::condition::conditions;
    use crate::fixture::{args, bound};

    #[test]
    fn a_lost_file_or_interface_is_one_cause() {
        let lists =
            ["198.51.100.1\n198.51.100.2\n", "192.0.2.1\n", "203.0.113.1\n203.0.113.2\n203.0.113.9\n"];
        let lists = (0..)
            .zip(lists)
            .map(|(number, list)| List::parse(&format!("list{number}"), number, list.as_bytes()).unwrap());
        let mut expected = Expected::new(&args().expectations(), lists.collect(), Vec::new());
        let on = |address: &str, name: &str| (address.parse().unwrap(), name.to_owned());
        expected.interfaces = vec![on("203.0.113.1", "eth9:1"), on("203.0.113.2", "eth0:2")];
        let bound = bound("192.0.2.1/24@eth0 203.0.113.9/24@eth0");
        let conditions = conditions(&expected.entries, &bound, &[], &[]);
        let observed = Observations {
            expected,
            bound,
            conditions,
            port_faults: Vec::new(),
            routes: Vec::new(),
            promotes_all: None,
            uptime: None,
        };
        let found: Vec<String> =
            causes(&observed).iter().map(|(address, cause)| format!("{address}: {cause}")).collect();
        let expected = [
            "198.51.100.1: all 2 of list0",
            "198.51.100.2: all 2 of list0",
            "203.0.113.1: there is no eth9 here",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn all_files_lost_is_nothing_special() {
        let list = List::parse("list", 0, b"198.51.100.1\n198.51.100.2\n").unwrap();
        let expected = Expected::new(&args().expectations(), vec![list], Vec::new());
        let bound = bound("192.0.2.1/24@eth0");
        let conditions = conditions(&expected.entries, &bound, &[], &[]);
        let observed = Observations {
            expected,
            bound,
            conditions,
            port_faults: Vec::new(),
            routes: Vec::new(),
            promotes_all: None,
            uptime: None,
        };
        assert!(causes(&observed).is_empty());
    }
}
