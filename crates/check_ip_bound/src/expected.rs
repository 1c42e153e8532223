//! Which addresses are expected here, and who says so.

use std::collections::BTreeSet;
use std::net::IpAddr;

use addresses::{Entry, HostAddress};
use host_config::{Dynamic, OneOf, Ports, Possible, Promise, Remark, Unnamed, Vlan, device};
use host_net::{Bound, BoundAddress};

use crate::interfaces::{is_engines_bridge, is_local, is_one_of};
use crate::no_lease::NoLease;
use crate::options::Ignored;
use crate::words::with_marks;

mod combine;
mod conditions;
mod error;
mod hardware;
mod merge;
mod one_of;
mod read;

pub use error::ExpectedError;

/// The expected addresses.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// Sorted by address, each once for each prefix length that is expected of it. Its list is a place in
    /// `files`.
    pub entries: Vec<Entry>,
    /// The names of the files which the entries come from; beyond them is the command line.
    pub files: Vec<String>,
    /// Who chose them.
    pub source: ListSource,
    /// The addresses that may be here or not, sorted, and where that is written.
    pub floating: Vec<(IpAddr, String)>,
    /// The interfaces that the configuration promises addresses on, sorted.
    pub interfaces: Vec<(IpAddr, String)>,
    /// The addresses that a panel binds beside the main one of the host, sorted: none of them is a lease.
    pub additional: Vec<IpAddr>,
    /// Those of them that must each have the address, where a source names several for it, sorted. An alias
    /// as eth0:1 is on eth0.
    pub on_each: Vec<(IpAddr, String)>,
    /// Those of `interfaces` that only a list names, sorted.
    pub listed: Vec<(IpAddr, String)>,
    /// What tells the interfaces of addresses that the configuration gives interfaces without a name.
    pub unnamed: Vec<Unnamed>,
    /// The interfaces that the addresses must be on: any if empty.
    pub on: Vec<String>,
    /// The addresses that must not be bound here.
    pub absent: Vec<IpAddr>,
    /// The routers of the default routes: any if there is none of a family.
    pub gateways: Vec<IpAddr>,
    /// Where any address is expected.
    pub ignored: Vec<Ignored>,
    /// Whether the entries are all that this host should have, and not some of them that were named by hand.
    pub complete: bool,
    /// Notes on the configuration that do not affect the state.
    pub notes: Vec<String>,
    /// What of the configuration gives no address, each with its place.
    pub remarks: Vec<String>,
    /// Profiles of which only some are active at a time, until `Expected::choose` takes those.
    pub one_of: Vec<OneOf>,
    /// Addresses that may be bound here or not.
    pub possible: Vec<Possible>,
    /// Addresses that are expected by a guess: only by a profile of several, of which none shows that it is
    /// active, or by a list of which the program that wrote it says so.
    pub guessed: Vec<Possible>,
    /// The interfaces that the configuration names and brings up at boot, also without an address.
    pub named: BTreeSet<String>,
    /// The interfaces that get an address from outside.
    pub dynamic: Vec<Dynamic>,
    /// Where no permanent address is a lease.
    pub no_lease: Vec<NoLease>,
    /// Whether these must have one.
    pub demands_dynamic: bool,
    /// The configured ports of bridges, bonds, teams and VRFs.
    pub ports: Vec<Ports>,
    /// The VLANs that are configured with the interface that carries them, sorted.
    pub vlans: Vec<Vlan>,
    /// Addresses of files that never apply: why, and where each is written.
    pub shadowed: Vec<(IpAddr, String, String)>,
    /// What may give addresses and is not understood, each with its place.
    pub unknown: Vec<String>,
    /// The lines for which a program refuses all its files, each with its place.
    pub refused: Vec<String>,
    /// The lines on which networkd aborts, each with its place.
    pub aborting: Vec<String>,
    /// The lines for which keepalived does not start, each with its place.
    pub stopping: Vec<String>,
    /// The faults of the lists and sources that cannot be used, or only in part. The addresses are then
    /// incomplete or old.
    pub unusable: Vec<String>,
    /// Files that configure addresses and are not read.
    pub unread: Vec<String>,
    /// The lines that bind nothing because a program does not do what they ask for, with words for the cause.
    pub failing: Vec<Remark>,
    /// The lines that bind nothing because their interface is not the one that their file is for, in words.
    pub unfit: Vec<Remark>,
}

/// Who chose the expected addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ListSource {
    /// The command line, by --ip and --file.
    Named,
    /// The host's configuration, by these names, with those of the options that name more.
    Configured(Vec<&'static str>),
    /// --bound, where no source names an address: what is bound is what is expected.
    Bound,
}

impl Expected {
    /// Returns an error where a list or a source cannot be used, or a line is not understood: for a caller to
    /// which a shorter list is worse than none.
    ///
    /// # Errors
    /// [`ExpectedError::Unusable`], with the first of them.
    pub fn understood(&self) -> Result<(), ExpectedError> {
        let first = self.unusable.iter().chain(&self.unknown).next();
        first.map_or(Ok(()), |line| Err(ExpectedError::Unusable(with_marks(line))))
    }

    /// Returns an error if a list or a source cannot be used.
    ///
    /// # Errors
    /// [`ExpectedError::Unusable`], with a line for each.
    pub(crate) fn usable(&self) -> Result<(), ExpectedError> {
        let [first, rest @ ..] = self.unusable.as_slice() else { return Ok(()) };
        let lines: Vec<String> = [with_marks(first)].iter().chain(rest).cloned().collect();
        Err(ExpectedError::Unusable(lines.join("\n")))
    }

    /// Adds addresses that move between hosts, and no longer demands them here.
    fn add_floating(&mut self, promises: Vec<Promise>) {
        let floating = promises.into_iter().map(|each| (each.expected.address, each.place.to_string()));
        self.floating.extend(floating);
        self.floating.sort();
        self.floating.dedup_by_key(|(address, _)| *address);
        let floating = &self.floating;
        self.entries.retain(|entry| floating.is_empty() || !floats(floating, entry.expected.address));
    }

    /// Returns the names of the interfaces that the configuration promises an address on.
    pub(crate) fn interfaces_of(&self, address: IpAddr) -> impl Iterator<Item = &str> {
        let first = self.interfaces.partition_point(|(each, _)| *each < address);
        let all = self.interfaces.iter().skip(first).take_while(move |(each, _)| *each == address);
        all.map(|(_, name)| name.as_str())
    }

    /// Returns whether an address is configured on this interface by a list alone, which may be of another
    /// host, or name no interface at all.
    pub(crate) fn is_only_listed(&self, address: IpAddr, interface: &str) -> bool {
        let key = (address, interface);
        self.listed.binary_search_by(|(address, name)| (*address, name.as_str()).cmp(&key)).is_ok()
    }

    /// Returns whether no source names an address: interfaces with dynamic ones aside.
    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
            && self.one_of.is_empty()
            && self.floating.is_empty()
            && self.unknown.is_empty()
            && self.unusable.is_empty()
            && self.shadowed.is_empty()
    }

    /// Returns whether a known expectation can raise an alarm. A dynamic address can on some hosts.
    pub(crate) fn can_alarm(&self) -> bool {
        let named = !self.entries.is_empty() || !self.absent.is_empty() || !self.gateways.is_empty();
        named
            || !self.one_of.is_empty()
            || !self.shadowed.is_empty()
            || self.demands_dynamic && !self.dynamic.is_empty()
    }

    /// Returns the first address that may be configured, with the reason why that is not known.
    pub(crate) fn uncertain(&self) -> Option<String> {
        let mut single = self.possible.iter().filter(|possible| possible.addresses.prefix.is_none());
        single.next().map(|possible| format!("{} is not certain: {}", possible.addresses, possible.why))
    }

    /// Returns the first note on the configuration, and each other one on a line of its own.
    pub(crate) fn noted(&self) -> Option<String> {
        let (first, rest) = self.notes.split_first()?;
        let first = first.strip_prefix("note: ").unwrap_or(first).to_owned();
        Some(rest.iter().fold(first, |lines, note| lines + "\n" + note))
    }

    /// Takes over an address of the configuration.
    fn take(&mut self, promise: Promise) {
        let Promise { expected, interface, floating, place } = promise;
        if floating {
            self.floating.push((expected.address, place.to_string()));
            self.named.extend(interface.as_deref().map(|name| device(name).to_owned()));
            return;
        }
        // The promises of one file come one after the other.
        if self.files.last() != Some(&place.file) {
            self.files.push(place.file);
        }
        let list = u32::try_from(self.files.len() - 1).unwrap_or(u32::MAX);
        self.entries.push(Entry { expected, list, line: place.line });
        self.interfaces.extend(interface.map(|interface| (expected.address, interface)));
    }

    /// What is bound is expected, for want of anything else: all but the addresses that move between hosts,
    /// those that every host or link has of its own, and those of container engines' bridges, which have no
    /// carrier while no container runs, unless such a bridge is named.
    pub(crate) fn expect_all(&mut self, bound: &Bound) {
        let any = |address: IpAddr| HostAddress { address, prefix: None };
        let entry = |address: IpAddr| Entry { expected: any(address), list: u32::MAX, line: 0 };
        let moves = |address| floats(&self.floating, address) || self.absent.contains(&address);
        let is_on = |each: &BoundAddress| {
            let interface = bound.interface(each.interface);
            interface.is_some_and(|interface| match self.on.as_slice() {
                [] => !is_engines_bridge(&interface.name),
                on => is_one_of(interface, on),
            })
        };
        let all = bound
            .addresses
            .iter()
            .filter(|each| !is_local(each.address) && !moves(each.address) && is_on(each));
        self.entries = unique(all.map(|each| entry(each.address)).collect());
        self.source = ListSource::Bound;
    }

    /// Where an entry is written: nothing for those that come from what is bound.
    pub(crate) fn origin(&self, entry: &Entry) -> String {
        let file = usize::try_from(entry.list).ok().and_then(|file| self.files.get(file));
        match (file, &self.source) {
            (Some(file), _) => format!("{file} line {}", entry.line),
            (None, ListSource::Bound) => String::new(),
            (None, _) => "--ip".to_owned(),
        }
    }

    /// Where the addresses come from, to follow "addresses": nothing if the command line names them.
    pub(crate) fn from(&self) -> String {
        match &self.source {
            ListSource::Configured(names) if !names.is_empty() => format!(" from {}", names.join(", ")),
            _ => String::new(),
        }
    }
}

/// Whether an address is among the floating ones.
fn floats(floating: &[(IpAddr, String)], address: IpAddr) -> bool {
    floating.binary_search_by_key(&address, |(address, _)| *address).is_ok()
}

/// Sorted; of the same address with and without a prefix length only the stricter stays.
fn unique(mut entries: Vec<Entry>) -> Vec<Entry> {
    entries.sort();
    // Without a prefix length sorts first, and goes if the next is of the same address.
    entries.dedup_by(|later, kept| {
        let same = later.expected.address == kept.expected.address;
        let weaker = kept.expected.prefix.is_none();
        if same && weaker && later.expected.prefix.is_some() {
            *kept = *later;
        }
        same && (weaker || later.expected.prefix == kept.expected.prefix)
    });
    entries
}

#[cfg(test)]
mod tests;
