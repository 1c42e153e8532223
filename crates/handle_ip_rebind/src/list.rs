//! The list: which addresses may be bound, and with which prefix lengths.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;

use addresses::{Entry, HostAddress, netmask};
use check_ip_bound::{Expected, ListSource, Observations};
use plugin::{Deadline, ReadError, read_file};
use state::StateError;

use crate::prefix::{longest, shortest};

/// The most that a file of the list may hold, in octets: as much as check_ip_bound reads.
const LARGEST: u64 = 16 << 20;

/// Why the list cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ListError {
    /// No address may be bound, so nothing could ever be missing.
    #[error("no address in files and from: name those that may be bound")]
    Empty,
    /// Two places give one address different prefix lengths.
    #[error("{address} has prefix {} in {} and {} in {}: correct one of them", .first.0, .first.1, .second.0, .second.1)]
    Differs {
        /// The address.
        address: IpAddr,
        /// A prefix length, and where it is written.
        first: (u8, String),
        /// Another one.
        second: (u8, String),
    },
    /// A user other than root could have written the list.
    #[error("list: {0}")]
    Trust(StateError),
    /// A file of the list cannot be read a second time, for its netmasks.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// The addresses that may be bound.
#[derive(Debug)]
pub(crate) struct List {
    expected: Expected,
    prefixes: BTreeMap<IpAddr, (u8, String)>,
    /// The first number after an address that could be meant as its prefix length, and is not.
    port: Option<String>,
}

impl List {
    /// Takes over what check_ip_bound read of the list, adds the netmasks of panels, and compares it with
    /// what `check` demands.
    ///
    /// # Errors
    /// [`ListError`].
    pub(crate) fn read(
        list: &Expected,
        check: Option<&Observations>,
        deadline: &Deadline,
    ) -> Result<Self, ListError> {
        if list.source == ListSource::Bound || list.entries.is_empty() {
            return Err(ListError::Empty);
        }
        let mut all = Self { expected: list.clone(), prefixes: BTreeMap::new(), port: None };
        for file in files_with_bare_addresses(list) {
            let content = read_file(Path::new(file), LARGEST, deadline)?;
            for (number, line) in (1..).zip(String::from_utf8_lossy(&content).lines()) {
                let place = || format!("{file} line {number}");
                if let Some((address, prefix)) = netmask(line) {
                    all.take(address, prefix, place())?;
                } else if let (None, Some((address, port))) = (&all.port, port_like_prefix(line)) {
                    let advice = format!("{port} is not a prefix length, write {address}/{port}");
                    all.port = Some(format!("{}: {advice}", place()));
                }
            }
        }
        let demanded = check.into_iter().map(|check| &check.expected).chain([list]);
        for expected in demanded {
            for entry in &expected.entries {
                if let Some(prefix) = entry.expected.prefix {
                    all.take(entry.expected.address, prefix, place(expected, entry))?;
                }
            }
        }
        Ok(all)
    }

    fn take(&mut self, address: IpAddr, prefix: u8, place: String) -> Result<(), ListError> {
        match self.prefixes.get(&address) {
            Some(first) if first.0 != prefix => {
                Err(ListError::Differs { address, first: first.clone(), second: (prefix, place) })
            }
            Some(_) => Ok(()),
            None => {
                self.prefixes.insert(address, (prefix, place));
                Ok(())
            }
        }
    }

    /// Returns the entry of an address. `None` if it may not be bound.
    pub(crate) fn entry(&self, address: IpAddr) -> Option<&Entry> {
        let entries = &self.expected.entries;
        let place = entries.partition_point(|entry| entry.expected.address < address);
        entries.get(place).filter(|entry| entry.expected.address == address)
    }

    /// Returns all its addresses, sorted.
    pub(crate) fn addresses(&self) -> Vec<IpAddr> {
        let mut all: Vec<IpAddr> = self.expected.entries.iter().map(|entry| entry.expected.address).collect();
        all.dedup();
        all
    }

    /// Returns the prefix length that is written for an address. `None` if none is.
    pub(crate) fn prefix(&self, address: IpAddr) -> Option<u8> {
        self.prefixes.get(&address).map(|(prefix, _)| *prefix)
    }

    /// Returns why an address must not be bound that is perhaps not configured: only a profile names it, that
    /// competes with others, and none of them shows that it is active.
    pub(crate) fn doubt(&self, address: IpAddr) -> Option<String> {
        let found = self.expected.guessed.iter().find(|guessed| guessed.addresses.address == address);
        found.map(|guessed| format!("perhaps not configured: {}", guessed.why))
    }

    /// Returns a note on the first number of a list that could be meant as a prefix length.
    pub(crate) fn port(&self) -> Option<&str> {
        self.port.as_deref()
    }
}

pub(crate) fn place(expected: &Expected, entry: &Entry) -> String {
    let file = usize::try_from(entry.list).ok().and_then(|file| expected.files.get(file));
    file.map_or_else(|| "check".to_owned(), |file| format!("{file} line {}", entry.line))
}

/// Returns an address without a prefix length, and a number after it that could be meant as one. Such a
/// number is read as a port, and after a comma not at all. `None` if the line has several ports, or no such
/// number.
fn port_like_prefix(line: &str) -> Option<(IpAddr, u8)> {
    let is_space = |c: char| c.is_ascii_whitespace();
    let line = line.split('#').next()?.trim_matches(is_space);
    let (field, rest) = line.split_at_checked(line.find(|c| is_space(c) || c == ',')?)?;
    let HostAddress { address, prefix: None } = field.parse().ok()? else { return None };
    let mut after = rest.trim_start_matches(|c| is_space(c) || c == ',').split(is_space);
    let (first, others) = after.next().map(|field| field.split_once(',').unwrap_or((field, "")))?;
    if others.starts_with(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let number = first.parse().ok()?;
    let is_ipv4 = address.is_ipv4();
    (shortest(is_ipv4)..=longest(is_ipv4)).contains(&number).then_some((address, number))
}

/// The files in which an address stands without a prefix length: a panel's list has the netmask in another
/// field.
fn files_with_bare_addresses(list: &Expected) -> Vec<&String> {
    let bare = list.entries.iter().filter(|entry| entry.expected.prefix.is_none());
    let mut numbers: Vec<u32> = bare.map(|entry| entry.list).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers.into_iter().filter_map(|number| list.files.get(usize::try_from(number).ok()?)).collect()
}
