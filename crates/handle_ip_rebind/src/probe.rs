//! Which addresses are missing, as check_ip_bound finds them, and which of those may be bound.

pub(crate) mod configured;
mod lasting;

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::path::Path;

use addresses::Entry;
use check_ip_bound::{Condition, ListSource, Observations, ProbeError};
use host_net::{Bound, BoundAddress, DefaultRoute};
use plugin::Deadline;
use state::{Trust, open_trusted};

use crate::case::{Case, Fate, bindable};
use crate::config::Config;
use crate::contradiction::Contradictions;
use crate::difference::Difference;
use crate::link::interface::{InterfaceError, other_interface};
use crate::list::{List, ListError};
use crate::network::reserved;
use crate::prefix::{Chosen, Covering, longest, named};
use crate::surroundings::Surroundings;
use crate::surroundings::subnets::Subnets;

/// Why it cannot be known what is missing.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    /// The addresses cannot be checked.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// The list cannot be used.
    #[error(transparent)]
    List(#[from] ListError),
    /// The interface cannot have this host's addresses.
    #[error(transparent)]
    Interface(#[from] InterfaceError),
}

/// What check_ip_bound finds: by its options in `check`, and of every address of the list.
#[derive(Debug)]
pub(crate) struct Seen {
    /// `None` where `check` names nothing and this host has no address that could stand for it.
    check: Option<Observations>,
    list: Observations,
    /// The addresses that move between hosts by `check` and by this host's configuration, once they are read.
    floating: OnceCell<Vec<(IpAddr, String)>>,
}

/// The gateways that `check` names.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Gateways<'a> {
    pub(crate) expected: &'a [IpAddr],
    /// The default routes of their families.
    pub(crate) routes: &'a [DefaultRoute],
}

impl Seen {
    /// Checks both. An address of the list is checked whatever `check` says: else a host without a static
    /// configuration would be OK while they are missing.
    ///
    /// # Errors
    /// [`ObserveError`]: a list, the configuration or the bound addresses cannot be read.
    pub(crate) fn read(config: &Config, deadline: &Deadline) -> Result<Self, ObserveError> {
        for file in &config.list.addresses.file {
            check_owner(file)?;
        }
        let list = match check_ip_bound::probe(&config.list, deadline) {
            Err(ProbeError::NothingToCheck | ProbeError::OnlyExcused(_)) => {
                return Err(ListError::Empty.into());
            }
            list => list?,
        };
        list.expected.understood().map_err(ProbeError::from)?;
        let check = match check_ip_bound::probe(&config.check, deadline) {
            Err(ProbeError::NothingToCheck | ProbeError::OnlyExcused(_)) => None,
            check => Some(check?),
        };
        check.iter().try_for_each(|check| check.expected.understood()).map_err(ProbeError::from)?;
        Ok(Self { check, list, floating: OnceCell::new() })
    }

    /// Returns what is bound here.
    pub(crate) fn bound(&self) -> &Bound {
        &self.list.bound
    }

    /// Returns how many addresses are expected.
    pub(crate) fn expected(&self) -> usize {
        let all = self.check.iter().chain([&self.list]).flat_map(|seen| &seen.expected.entries);
        let mut addresses: Vec<IpAddr> = all.map(|entry| entry.expected.address).collect();
        addresses.sort_unstable();
        addresses.dedup();
        addresses.len()
    }

    /// Returns whether the list of `files` or that of `check` names an address. Bound addresses are not such
    /// a list.
    pub(crate) fn names(&self, address: IpAddr) -> bool {
        let check = self.check.iter().filter(|check| check.expected.source != ListSource::Bound);
        let is_named = |seen: &Observations| {
            let entries = &seen.expected.entries;
            entries.binary_search_by_key(&address, |entry| entry.expected.address).is_ok()
        };
        check.chain([&self.list]).any(is_named)
    }

    /// Returns the interfaces that the lists and the configuration name for an address. An alias such as
    /// eth0:1 is on eth0.
    pub(crate) fn configured_on(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        let all = self.check.iter().chain([&self.list]).flat_map(|seen| &seen.expected.interfaces);
        let of = all.filter(move |(of, _)| *of == address);
        of.map(|(_, name)| host_config::device(name))
    }

    /// Returns the gateways that `check` names, and what that found.
    pub(crate) fn gateways(&self) -> Gateways<'_> {
        let Some(check) = &self.check else { return Gateways::default() };
        Gateways { expected: &check.expected.gateways, routes: &check.routes }
    }

    /// Returns the addresses that move between hosts, each once and with its place: those of `check`, of the
    /// lists and of this host's configuration, whatever `check` reads. An address that a list names is this
    /// host's.
    pub(crate) fn floating(&self, config: &Config, deadline: &Deadline) -> Vec<(IpAddr, String)> {
        let mut all = self.configured_floating(config, deadline).to_vec();
        let read = self.check.iter().chain([&self.list]).flat_map(|seen| &seen.expected.floating);
        all.extend(read.cloned());
        all.retain(|(address, _)| !self.names(*address));
        // By default, `check` reads this host's configuration too.
        all.sort_by_key(|(address, _)| *address);
        all.dedup_by_key(|(address, _)| *address);
        all
    }

    /// Returns the addresses that move between hosts by `check` and by this host's configuration. Reads that
    /// once, and only in a run that may change something.
    fn configured_floating(&self, config: &Config, deadline: &Deadline) -> &[(IpAddr, String)] {
        self.floating.get_or_init(|| check_ip_bound::floating(&config.own_configuration(), deadline))
    }

    /// Returns why no address of this family can be bound on an interface. `None` if one can.
    pub(crate) fn family_fault(&self, interface: &str, address: IpAddr) -> Option<String> {
        let known = self.bound().interfaces.iter().find(|known| known.name == interface)?;
        let is_disabled = address.is_ipv6() && known.ipv6_disabled == Some(true);
        is_disabled.then(|| format!("IPv6 is disabled on {interface}"))
    }

    /// Returns how the list of `check` and that of `files` differ.
    pub(crate) fn difference(&self, config: &Config) -> Option<Difference> {
        let check = (&self.check.as_ref()?.expected, config.check.addresses.file.as_slice());
        Difference::of(check, (&self.list.expected, &config.list.addresses.file))
    }

    /// Returns which addresses of the list `check` forbids.
    pub(crate) fn contradictions(&self, config: &Config) -> Contradictions {
        let entries = self.list.expected.entries.iter();
        let addresses: Vec<IpAddr> = entries.map(|entry| entry.expected.address).collect();
        let known = self.bound().by_name(&config.interface);
        let other = known.into_iter().flat_map(|known| known.altnames.iter().chain([&known.name]));
        let names: Vec<&str> = other.map(String::as_str).chain([config.interface.as_str()]).collect();
        let found = self.check.as_ref().map(|check| &check.expected);
        Contradictions::of(&addresses, &names, &config.check, found)
    }

    /// Returns what is missing, each address once, and why.
    pub(crate) fn missing<'a>(&'a self, config: &'a Config) -> Vec<(&'a Entry, Condition, String)> {
        let by_list = missing(&self.list, &config.list.interface);
        let by_check = self.check.iter().flat_map(|check| missing(check, &config.check.interface));
        let mut all: Vec<_> = by_list.chain(by_check).collect();
        all.sort_by_key(|(entry, ..)| entry.expected.address);
        all.dedup_by_key(|(entry, ..)| entry.expected.address);
        all
    }

    /// Reads the list.
    ///
    /// # Errors
    /// [`ListError`].
    pub(crate) fn read_list(&self, deadline: &Deadline) -> Result<List, ListError> {
        List::read(&self.list.expected, self.check.as_ref(), deadline)
    }

    /// Returns the prefix length that the list or the setting `prefix` gives each of these addresses.
    ///
    /// # Errors
    /// [`ListError`].
    pub(crate) fn named_prefixes(
        &self,
        config: &Config,
        addresses: &BTreeSet<IpAddr>,
        deadline: &Deadline,
    ) -> Result<BTreeMap<IpAddr, Option<u8>>, ListError> {
        if addresses.is_empty() {
            return Ok(BTreeMap::new());
        }
        let list = self.read_list(deadline)?;
        let named = |address: &IpAddr| named(*address, list.prefix(*address), &config.prefix);
        Ok(addresses.iter().map(|address| (*address, named(address))).collect())
    }

    /// Returns what is to become of each missing address, by the `subnets` that earlier runs found.
    ///
    /// # Errors
    /// [`ObserveError`]: the list or the routes cannot be read.
    pub(crate) fn cases(
        &self,
        config: &Config,
        subnets: &Subnets,
        deadline: &Deadline,
    ) -> Result<Vec<Case>, ObserveError> {
        let list = self.read_list(deadline)?;
        let missing = self.missing(config);
        let not_bound = missing.iter().filter(|(_, condition, _)| *condition == Condition::NotBound);
        let not_bound: Vec<IpAddr> = not_bound.map(|(entry, ..)| entry.expected.address).collect();
        let around = Surroundings::read(self.bound(), &config.interface, &not_bound, deadline)
            .map_err(ProbeError::from)?;
        let mut cases: Vec<Case> = missing
            .into_iter()
            .map(|missing| self.case(config, &list, (&around, subnets), missing))
            .collect();
        if !bindable(&cases).is_empty() {
            spare_floating(&mut cases, self.configured_floating(config, deadline));
        }
        let contradictions = self.contradictions(config);
        for case in cases.iter_mut().filter(|case| case.fate != Fate::Outside) {
            if let Some(why) = contradictions.reason(case.address) {
                case.becomes(Fate::Contradicted, why.to_owned());
            }
        }
        Ok(cases)
    }

    /// Returns the rules for addresses at these places: what this host had around them when it was read,
    /// without these places and their routes, and the `subnets` that earlier runs found.
    ///
    /// # Errors
    /// [`ObserveError`]: the list or the routes cannot be read.
    pub(crate) fn rules(
        &self,
        config: &Config,
        subnets: &Subnets,
        places: &[&BoundAddress],
        deadline: &Deadline,
    ) -> Result<Rules, ObserveError> {
        let addresses: Vec<IpAddr> = places.iter().map(|place| place.address).collect();
        let mut bound = self.bound().clone();
        bound.addresses.retain(|place| !places.iter().any(|new| is_same(new, place)));
        let mut around =
            Surroundings::read(&bound, &config.interface, &addresses, deadline).map_err(ProbeError::from)?;
        around.without_routes_of(places, self.bound());
        let had = addresses.iter().filter_map(|address| Some((*address, subnets.had(*address)?))).collect();
        Ok(Rules { list: self.read_list(deadline)?, around, had })
    }

    fn case(
        &self,
        config: &Config,
        list: &List,
        (around, subnets): (&Surroundings, &Subnets),
        (entry, condition, missing): (&Entry, Condition, String),
    ) -> Case {
        let address = entry.expected.address;
        let Some(listed) = list.entry(address) else {
            return Case::unlisted(address, missing, Fate::Outside, None);
        };
        let (interface, had) = (&config.interface, subnets.had(address));
        let Chosen { prefix, route, is_guess } =
            around.prefix(address, list.prefix(address), &config.prefix, interface, had);
        // Providers route addresses to hosts whose interface has or had another subnet, or had this one
        // alone.
        let ipv6 = address.is_ipv6();
        let has_other = around.has_subnet(interface, ipv6) || subnets.has_known(ipv6);
        let is_design = subnets.was_alone(address) || has_other;
        let is_guess = is_guess && !is_design && config.command.is_none();
        let obstacle = match condition {
            Condition::NotBound => list
                .doubt(address)
                .or_else(|| self.obstacle(config, address))
                .or_else(|| around.obstacle(address, prefix, interface)),
            // In the words of an address that is not bound there, so that both are one fault.
            Condition::NoLink(index) => self.link_fault(index).or_else(|| Some(missing.clone())),
            _ => Some(missing.clone()),
        };
        let fate = if obstacle.is_some() { Fate::LeftAlone } else { Fate::Bindable };
        let order = (listed.list, listed.line);
        Case { address, prefix, route, is_guess, order, missing, fate, why: obstacle }
    }

    /// Returns why an interface cannot carry traffic. `None` if it can.
    fn link_fault(&self, index: u32) -> Option<String> {
        let known = self.bound().interface(index)?;
        Some(format!("{} {}", known.name, known.link.fault()?))
    }

    /// Returns why an address of the list must not be bound on the interface, whatever is around it. `None`
    /// if it may be tried.
    fn obstacle(&self, config: &Config, address: IpAddr) -> Option<String> {
        let interface = config.interface.as_str();
        if let Some(name) = other_interface(self.bound(), self.configured_on(address), interface) {
            return Some(match self.bound().by_name(name) {
                Some(_) => format!("configured on {name}, not on {interface}"),
                None => format!("configured on {name}, there is no {name} here"),
            });
        }
        let Some(known) = self.bound().interfaces.iter().find(|known| known.name == interface) else {
            return Some(format!("there is no {interface} here"));
        };
        if let Some(fault) = self.link_fault(known.index) {
            return Some(fault);
        }
        reserved(address).map(str::to_owned)
    }
}

/// Leaves floating addresses to the program that moves them: it may give one to another host at any time.
fn spare_floating(cases: &mut [Case], floating: &[(IpAddr, String)]) {
    for case in cases.iter_mut().filter(|case| case.fate == Fate::Bindable) {
        if let Some((_, place)) = floating.iter().find(|(address, _)| *address == case.address) {
            case.becomes(Fate::LeftAlone, format!("floating by {place}"));
        }
    }
}

/// Returns whether two are one place, whatever the flags are now.
fn is_same(one: &BoundAddress, other: &BoundAddress) -> bool {
    (one.address, one.interface, one.prefix) == (other.address, other.interface, other.prefix)
}

/// The rules for addresses that a program bound.
pub(crate) struct Rules {
    list: List,
    around: Surroundings,
    /// The network that each of the addresses was in.
    had: BTreeMap<IpAddr, Covering>,
}

impl Rules {
    /// Returns what is wrong with an address that is bound with this prefix length on the configured
    /// interface. `None` if nothing. A longer prefix length than that of the rules diverts no traffic from
    /// another interface.
    pub(crate) fn fault(&self, config: &Config, address: IpAddr, prefix: u8) -> Option<String> {
        let listed = self.list.prefix(address);
        let had = self.had.get(&address).copied();
        let known = self.around.prefix(address, listed, &config.prefix, &config.interface, had).prefix;
        // Without a list, a setting or a bound network, the length is not known.
        let is_known = listed.is_some() || known < longest(address.is_ipv4());
        if is_known && prefix < known {
            return Some(format!("with /{prefix}, not with /{known}"));
        }
        let obstacle = self.around.obstacle(address, prefix, &config.interface)?;
        Some(format!("with /{prefix}: {obstacle}"))
    }
}

/// Refuses a list that another user can write: he could have an address of the Internet bound here, and what
/// the host sends there would come to him. What cannot be opened is reported when it is read.
fn check_owner(file: &Path) -> Result<(), ListError> {
    match open_trusted(file, &Trust::PROGRAM) {
        Err(error) if !error.is_not_found() => Err(ListError::Trust(error)),
        _ => Ok(()),
    }
}

/// What counts as missing of what one probe found, and why.
fn missing<'a>(
    seen: &'a Observations,
    interfaces: &'a [String],
) -> impl Iterator<Item = (&'a Entry, Condition, String)> {
    let conditions = seen.conditions.iter().filter(|(_, condition)| seen.counts(*condition));
    conditions.filter_map(|(entry, condition)| {
        Some((entry, *condition, condition.reason(entry.expected, &seen.bound, interfaces)?))
    })
}
