//! Compares two lists: that of `check`, from `--file` or `--ip`, and that of `files`. The monitor does not
//! check an address that is only in `files`. An address that is only in `check` is never bound.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;

use addresses::brief;
use check_ip_bound::{Expected, ListSource};
use plugin::{Finding, State};

use crate::list::place;

/// How many characters of the first line go to the addresses of one list.
const ROOM: usize = 30;

/// How many have a line with their place.
const SHOWN: usize = 20;

/// The addresses of two lists that stand in one of them only, each with its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    check: BTreeMap<IpAddr, String>,
    files: BTreeMap<IpAddr, String>,
}

impl Difference {
    /// Compares the files and addresses that `check` names with the files of `files`. `None` if they do not
    /// differ, or are not two lists: if `check` names all of `files` and others besides, it expects more on
    /// purpose. The network configuration is not a list.
    pub(crate) fn of(
        (check, check_files): (&Expected, &[PathBuf]),
        (list, files): (&Expected, &[PathBuf]),
    ) -> Option<Self> {
        let has_addresses = check.source == ListSource::Named && !check.entries.is_empty();
        let is_list = has_addresses || !check_files.is_empty();
        if !is_list || files.is_empty() || files.iter().all(|file| check_files.contains(file)) {
            return None;
        }
        let difference =
            Self { check: only_in(check, check_files, list), files: only_in(list, files, check) };
        (!difference.check.is_empty() || !difference.files.is_empty()).then_some(difference)
    }

    /// Returns whether an address is only in the list of `check`.
    pub(crate) fn is_only_in_check(&self, address: IpAddr) -> bool {
        self.check.contains_key(&address)
    }

    /// Returns the finding: which addresses are in which list alone.
    pub(crate) fn finding(&self) -> Finding {
        let only = |of: &BTreeMap<IpAddr, String>, name: &str| {
            let addresses: Vec<IpAddr> = of.keys().copied().collect();
            (!of.is_empty()).then(|| format!("{} only in {name}", brief(&addresses, ROOM)))
        };
        let both = only(&self.check, "check").into_iter().chain(only(&self.files, "files"));
        let text = format!("lists differ: {}", both.collect::<Vec<_>>().join(", "));
        let places = self.check.iter().chain(&self.files).take(SHOWN);
        let details = places.map(|(address, place)| format!("{address}: only in {place}"));
        Finding::new(State::Unknown, text).details(details)
    }
}

/// Returns the addresses of one list, from these `files` and from its `--ip`, that are not in the other list.
fn only_in(one: &Expected, files: &[PathBuf], other: &Expected) -> BTreeMap<IpAddr, String> {
    let of_files = |list| {
        let name = usize::try_from(list).ok().and_then(|list| one.files.get(list));
        name.is_none_or(|name| files.iter().any(|file| file.display().to_string() == *name))
    };
    let is_there = |address: &IpAddr| {
        let place = other.entries.partition_point(|entry| entry.expected.address < *address);
        other.entries.get(place).is_some_and(|entry| entry.expected.address == *address)
    };
    let entries = one.entries.iter().filter(|entry| of_files(entry.list));
    let alone = entries.filter(|entry| !is_there(&entry.expected.address));
    alone.map(|entry| (entry.expected.address, place(one, entry))).collect()
}
