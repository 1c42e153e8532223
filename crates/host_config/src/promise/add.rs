//! Adds to what a source says: what its modules find, and the faults that hide nothing else.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;

use super::place::{ConfigError, Place, Remark};
use super::{Ports, Promise, Promises, Unnamed, Vlan};
use crate::selector::{comes_and_goes, device, is_pattern};
use crate::unreadable::Unreadable;

impl Promises {
    /// Adds an interface that is named, and not told by a pattern, and that must be there at boot.
    pub(crate) fn add_name(&mut self, name: &str) {
        if !is_pattern(name) && !comes_and_goes(name) && !self.named.contains(device(name)) {
            self.named.insert(device(name).to_owned());
        }
    }

    /// Takes over an error of one line as something that is not understood, and a file that cannot be read,
    /// once, and returns any other error.
    pub(crate) fn survive(&mut self, result: Result<(), ConfigError>) -> Result<(), ConfigError> {
        match result {
            Err(ConfigError::Line { place, what }) => self.unknown.push(Remark { what, place }),
            Err(ConfigError::Read(error)) => {
                let error = Unreadable(error);
                if !self.unreadable.contains(&error) {
                    self.unreadable.push(error);
                }
            }
            other => return other,
        }
        Ok(())
    }

    /// Returns the content of a file, if there is one: none also of one that cannot be read, which is taken
    /// over.
    pub(crate) fn readable(
        &mut self,
        read: Result<Option<Vec<u8>>, ConfigError>,
    ) -> Result<Option<Vec<u8>>, ConfigError> {
        match read {
            Err(error) => self.survive(Err(error)).map(|()| None),
            read => read,
        }
    }

    /// Takes over all but the addresses, those from outside too.
    pub(crate) fn append_rest(&mut self, mut other: Self) {
        self.possible.append(&mut other.possible);
        self.unnamed.append(&mut other.unnamed);
        self.ports.append(&mut other.ports);
        self.vlans.append(&mut other.vlans);
        self.shadowed.append(&mut other.shadowed);
        self.unknown.append(&mut other.unknown);
        self.notes.append(&mut other.notes);
        self.append_faults(other);
    }

    /// Takes over the remarks of files that promise nothing, and those that cannot be read.
    pub(crate) fn append_faults(&mut self, mut other: Self) {
        self.remarks.append(&mut other.remarks);
        self.unreadable.append(&mut other.unreadable);
    }

    /// Adds a port to a bridge or the like, or only the latter; [`Promises::merge_ports`] puts them together.
    pub(crate) fn add_port(&mut self, interface: &str, port: Option<&str>, place: &Place) {
        let ports = port.map(str::to_owned).into_iter().collect();
        self.ports.push(Ports {
            interface: interface.to_owned(),
            ports,
            uplinks: Vec::new(),
            waits: false,
            place: place.clone(),
        });
    }

    /// Notes that the addresses of a bridge or the like are bound when it has a carrier, and not before.
    pub(crate) fn wait_for_carrier(&mut self, interface: &str) {
        self.ports.iter_mut().filter(|each| each.interface == interface).for_each(|each| each.waits = true);
    }

    /// Adds interfaces that are here and that a pattern makes ports of a bridge or the like.
    pub(crate) fn add_uplinks(&mut self, interface: &str, uplinks: Vec<String>, place: &Place) {
        if !uplinks.is_empty() {
            self.ports.push(Ports {
                interface: interface.to_owned(),
                ports: Vec::new(),
                uplinks,
                waits: false,
                place: place.clone(),
            });
        }
    }

    /// Adds an address that may be bound, with a note.
    pub(crate) fn add_possible(&mut self, promise: &Promise, why: &str) {
        self.notes.push(promise.not_expected(why));
        self.possible.push(promise.possible(why));
    }

    /// Adds a note that a bridge or the like has ports that the files do not tell.
    pub(crate) fn note_unknown_ports(&mut self, interface: &str, place: &Place) {
        self.notes.push(format!("note: {place}: which ports {interface} has is not known here"));
    }

    /// Adds a VLAN, where both interfaces are known.
    pub(crate) fn add_vlan(&mut self, interface: Option<&str>, parent: Option<&str>) {
        let vlan = interface.zip(parent).filter(|(interface, parent)| interface != parent);
        self.vlans.extend(
            vlan.map(|(interface, parent)| Vlan {
                interface: interface.to_owned(),
                parent: parent.to_owned(),
            }),
        );
    }

    /// Puts the ports of each bridge or the like together, each once, in the order in which they were added.
    pub(crate) fn merge_ports(self) -> Self {
        let mut numbers: HashMap<String, usize> = HashMap::new();
        let mut known: HashSet<(usize, String)> = HashSet::new();
        let mut merged: Vec<Ports> = Vec::new();
        for Ports { interface, ports, uplinks, waits, place } in self.ports {
            let number = *numbers.entry(interface).or_insert_with_key(|interface| {
                let (ports, uplinks) = (Vec::new(), Vec::new());
                merged.push(Ports { interface: interface.clone(), ports, uplinks, waits, place });
                merged.len() - 1
            });
            let new = ports.into_iter().filter(|port| known.insert((number, port.clone())));
            if let Some(of_it) = merged.get_mut(number) {
                of_it.ports.extend(new);
                of_it.uplinks.extend(uplinks);
                of_it.waits |= waits;
            }
        }
        Self { ports: merged, ..self }
    }

    /// Takes what tells the interfaces of those of these addresses that do not name their own.
    pub(crate) fn add_unnamed(&mut self, promises: &[Promise], selectors: impl IntoIterator<Item = String>) {
        let unnamed = promises.iter().filter(|promise| promise.interface.is_none());
        let addresses: Vec<IpAddr> = unnamed.map(|promise| promise.expected.address).collect();
        if !addresses.is_empty() {
            let selectors = selectors.into_iter().collect();
            self.unnamed.push(Unnamed { addresses, selectors, on_each: false });
        }
    }

    /// Takes the names of several interfaces that get each of these addresses.
    pub(crate) fn add_on_each(&mut self, promises: &[Promise], names: Vec<String>) {
        let first = self.unnamed.len();
        self.add_unnamed(promises, names);
        self.unnamed.iter_mut().skip(first).for_each(|unnamed| unnamed.on_each = true);
    }

    /// Adds the addresses of one interface. Of an IPv6 address with several prefix lengths, networkd and
    /// NetworkManager bind the last: the kernel has each of them once on an interface.
    pub(crate) fn add_of_interface(&mut self, promises: impl Iterator<Item = Promise>) {
        let promises: Vec<Promise> = promises.collect();
        let six = |promise: &Promise| promise.expected.address.is_ipv6();
        let numbered = promises.iter().enumerate().filter(|(_, promise)| six(promise));
        let last: HashMap<IpAddr, usize> =
            numbered.map(|(number, promise)| (promise.expected.address, number)).collect();
        for (number, promise) in promises.into_iter().enumerate() {
            let counts = last.get(&promise.expected.address).is_none_or(|last| *last == number);
            if counts {
                self.promises.push(promise);
            } else {
                let what = format!("{}: a later line has the same address", promise.expected);
                self.remarks.push(promise.place.remark(what));
            }
        }
    }

    /// Adds the bad lines of a plain list as not understood. There are `count` in all.
    pub(crate) fn add_bad_lines(&mut self, file: &str, lines: Vec<(u32, String)>, count: usize) {
        let unnamed = count.saturating_sub(lines.len());
        let remark = |(line, what)| Remark { what, place: Place { file: file.to_owned(), line } };
        self.unknown.extend(lines.into_iter().map(remark));
        if let Some(last) = self.unknown.last_mut().filter(|_| unnamed > 0) {
            last.what = format!("{} (and {unnamed} more bad lines)", last.what);
        }
    }
}
