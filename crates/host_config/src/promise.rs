//! What a configuration says: addresses that it promises, each with its place, and what gives no static
//! address.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use addresses::{Entry, HostAddress, List, ListError};
use plugin::ReadError;

use crate::selector::selects;
use crate::source::Source;
use crate::unreadable::Unreadable;

/// One address that a configuration promises, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The address, with its prefix length where the configuration gives one.
    pub expected: HostAddress,
    /// The interface, where the configuration names one.
    pub interface: Option<String>,
    /// Bound only while this host is the one of several that holds it.
    pub floating: bool,
    /// Where it is written.
    pub place: Place,
}

/// Something that was understood and gives no static address, as "eth0: inet dhcp".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// What it is.
    pub what: String,
    /// Where it is written.
    pub place: Place,
}

/// A line of a file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file, as seen from inside its tree.
    pub file: String,
    /// The number of the line, from 1.
    pub line: u32,
}

/// The families of which an interface gets an address from outside: by DHCP, DHCPv6 or router advertisements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Family {
    /// IPv4.
    V4,
    /// IPv6.
    V6,
    /// One of the two is enough.
    Either,
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Family::V4 => "ipv4",
            Family::V6 => "ipv6",
            Family::Either => "any",
        })
    }
}

impl FromStr for Family {
    type Err = UnknownFamily;

    fn from_str(text: &str) -> Result<Self, UnknownFamily> {
        [Family::V4, Family::V6, Family::Either]
            .into_iter()
            .find(|family| family.to_string() == text)
            .ok_or(UnknownFamily)
    }
}

/// The error of a text that names no family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the families are ipv4, ipv6 and any")]
pub struct UnknownFamily;

/// An interface that is configured to get its address from outside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dynamic {
    /// The interface; a shell pattern, or conditions as "Type=ether", where `required` is not set.
    pub interface: String,
    /// The family of the address.
    pub family: Family,
    /// Whether the interface is named and brought up at boot, and not declared optional.
    pub required: bool,
    /// Where it is written.
    pub place: Place,
}

/// The ports that a bridge, a bond, a team or a VRF is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The bridge, bond, team or VRF.
    pub interface: String,
    /// The names of its ports, or shell patterns as [`selects`] takes them: none where it is configured
    /// without.
    pub ports: Vec<String>,
    /// Where it is written.
    pub place: Place,
}

/// A VLAN, and the interface that carries it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Vlan {
    /// The VLAN's own interface.
    pub interface: String,
    /// The interface that carries it.
    pub parent: String,
}

/// An address in a file that can never apply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shadowed {
    /// The address.
    pub expected: HostAddress,
    /// Why, to follow "file line: " as "10-a.network is for eth0".
    pub why: String,
    /// Where it is written.
    pub place: Place,
}

/// Several profiles, of which a program can have only some active at a time: which, the files do not tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OneOf {
    /// Why not all of them are active, as "eth0 has one profile at a time".
    pub why: String,
    /// How many of them are active at a time.
    pub active: usize,
    /// The profiles, in the order of their files.
    pub profiles: Vec<Choice>,
}

/// What one of such profiles says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The addresses that it promises.
    pub promises: Vec<Promise>,
    /// The interfaces that get an address from outside by it.
    pub dynamic: Vec<Dynamic>,
    /// The interface that is a port by it, and the bridge or the like that it is a port of.
    pub port: Option<(String, String)>,
}

/// Addresses that may be bound here or not, for all that the files tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Possible {
    /// An address, or with a prefix length all that begin with the same bits.
    pub addresses: HostAddress,
    /// The interface, where the configuration names one.
    pub interface: Option<String>,
    /// Why they may be bound, as "eth0 has one profile at a time".
    pub why: String,
}

/// What one source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// The promised addresses, in the order of the files.
    pub promises: Vec<Promise>,
    /// Profiles of which only some are active at a time.
    pub one_of: Vec<OneOf>,
    /// Addresses that are not expected, and are not unexpected either.
    pub possible: Vec<Possible>,
    /// The interfaces that this source has profiles of NetworkManager for.
    pub managed: BTreeSet<String>,
    /// The interfaces that get an address from outside.
    pub dynamic: Vec<Dynamic>,
    /// The ports of bridges and the like.
    pub ports: Vec<Ports>,
    /// The VLANs that are configured with the interface that carries them.
    pub vlans: Vec<Vlan>,
    /// The addresses of files that can never apply.
    pub shadowed: Vec<Shadowed>,
    /// What gives no static address.
    pub remarks: Vec<Remark>,
    /// What may give addresses and is not understood: the promises may be too few.
    pub unknown: Vec<Remark>,
    /// What an administrator should see without asking for it.
    pub notes: Vec<String>,
    /// Files that cannot be read: the promises may be too few.
    pub unreadable: Vec<Unreadable>,
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A plain list cannot be used.
    #[error(transparent)]
    List(#[from] ListError),
    /// A line is not understood.
    #[error("{place}: {what}")]
    Line {
        /// The line.
        place: Place,
        /// What is wrong with it.
        what: String,
    },
    /// None of the files of a source that was asked for is there.
    #[error("no configuration of {0} here")]
    Absent(Source),
    /// Several lists are to be read from the standard input, which is read once.
    #[error("--file=- is given twice: the standard input is one list")]
    StandardInputTwice,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} line {}", self.file, self.line)
    }
}

impl Place {
    /// Returns the error that this line is not understood.
    pub(crate) fn error(&self, what: impl fmt::Display) -> ConfigError {
        ConfigError::Line { place: self.clone(), what: what.to_string() }
    }
}

impl Promise {
    /// Returns the note that the address is not expected.
    pub fn not_expected(&self, why: &str) -> String {
        format!("note: {} of {} is not expected: {why}", self.expected.address, self.place)
    }

    /// Returns the address as one that may be bound.
    pub fn possible(&self, why: &str) -> Possible {
        let addresses = HostAddress { prefix: None, ..self.expected };
        Possible { addresses, interface: self.interface.clone(), why: why.to_owned() }
    }
}

impl Dynamic {
    /// Returns whether this is about the interface of this name: named plainly, or by one of several
    /// patterns.
    pub fn covers(&self, name: &str) -> bool {
        self.device() == name || selects(&self.interface, name)
    }

    /// Returns whether conditions tell the interface, and no name and no pattern of names.
    pub fn is_by_conditions(&self) -> bool {
        self.interface.contains('=')
    }

    /// Returns what tells the interface, without the label of an alias: eth0:1 is on eth0.
    pub fn device(&self) -> &str {
        match self.interface.split_once(':') {
            Some((device, label)) if !label.contains(':') => device,
            _ => &self.interface,
        }
    }
}

impl From<Remark> for ConfigError {
    fn from(Remark { what, place }: Remark) -> Self {
        ConfigError::Line { place, what }
    }
}

impl Promises {
    /// Returns the promises where all of the source is understood.
    ///
    /// # Errors
    /// [`ConfigError::Line`]: the first line that is not.
    pub fn understood(mut self) -> Result<Self, ConfigError> {
        if self.unknown.is_empty() { Ok(self) } else { Err(self.unknown.swap_remove(0).into()) }
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

    /// Takes over the remarks of files that promise nothing, and those that cannot be read.
    pub(crate) fn append_faults(&mut self, mut other: Self) {
        self.remarks.append(&mut other.remarks);
        self.unreadable.append(&mut other.unreadable);
    }

    /// Adds a port to a bridge or the like, or only the latter; [`Promises::merge_ports`] puts them together.
    pub(crate) fn add_port(&mut self, interface: &str, port: Option<&str>, place: &Place) {
        let ports = port.map(str::to_owned).into_iter().collect();
        self.ports.push(Ports { interface: interface.to_owned(), ports, place: place.clone() });
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
        for Ports { interface, ports, place } in self.ports {
            let number = *numbers.entry(interface).or_insert_with_key(|interface| {
                merged.push(Ports { interface: interface.clone(), ports: Vec::new(), place });
                merged.len() - 1
            });
            let new = ports.into_iter().filter(|port| known.insert((number, port.clone())));
            if let Some(of_it) = merged.get_mut(number) {
                of_it.ports.extend(new);
            }
        }
        Self { ports: merged, ..self }
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

    /// Returns the promises of a plain list, which names no interfaces.
    pub(crate) fn from_list(list: List) -> Self {
        let place = |line| Place { file: list.source.clone(), line };
        let promise = |entry: &Entry| Promise {
            expected: entry.expected,
            interface: None,
            floating: false,
            place: place(entry.line),
        };
        Self { promises: list.entries.iter().map(promise).collect(), ..Self::default() }
    }
}
