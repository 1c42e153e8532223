//! What a configuration says: addresses that it promises, each with its place, and what gives no static
//! address.

mod add;
mod advertised;
mod dynamic;
mod place;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use addresses::{Entry, HostAddress, List};

use crate::unreadable::Unreadable;
pub use dynamic::{Dynamic, Family, Giver, UnknownFamily};
pub use place::{ConfigError, Place, Remark};

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

/// The port of a bridge or the like that has one which the files do not tell.
pub const ANY_PORT: &str = "*";

/// The ports that a bridge, a bond, a team or a VRF is configured with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ports {
    /// The bridge, bond, team or VRF.
    pub interface: String,
    /// The names of its ports, or shell patterns as [`crate::selects`] takes them: none where it is
    /// configured without.
    pub ports: Vec<String>,
    /// The interfaces here that such patterns fit: each that has a carrier must be a port.
    pub uplinks: Vec<String>,
    /// Whether its addresses are bound when it has a carrier, and not before.
    pub waits: bool,
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
    /// Whether a permanent address may be a lease that never ends, and so shows that a profile is active.
    pub permanent_leases: bool,
    /// Whether none of them may be active: then none is expected where none shows that it is.
    pub perhaps_none: bool,
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

/// Addresses of one interface, or of several, that the configuration does not name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unnamed {
    /// The addresses, without their prefix lengths.
    pub addresses: Vec<IpAddr>,
    /// What tells the interface, each alone: a hardware address, several names, a pattern of names, or
    /// conditions as "type=ethernet".
    pub selectors: Vec<String>,
    /// Whether the selectors are names, and each of these interfaces gets the addresses where it is here.
    pub on_each: bool,
}

/// What one source says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Promises {
    /// The promised addresses, in the order of the files.
    pub promises: Vec<Promise>,
    /// Those of them, without an interface, that a panel binds beside the main address of the host.
    pub additional: Vec<IpAddr>,
    /// Profiles of which only some are active at a time.
    pub one_of: Vec<OneOf>,
    /// Addresses that are not expected, and are not unexpected either.
    pub possible: Vec<Possible>,
    /// Addresses of lists that are perhaps not configured: a program that wrote the list guessed them.
    pub guessed: Vec<Possible>,
    /// The interfaces that this source has profiles of NetworkManager for.
    pub managed: BTreeSet<String>,
    /// The interfaces that this source names and brings up at boot, also without an address. Not one that
    /// only a pattern or a hardware address tells, or that comes and goes.
    pub named: BTreeSet<String>,
    /// The interfaces that get an address from outside.
    pub dynamic: Vec<Dynamic>,
    /// The addresses of interfaces that are not named.
    pub unnamed: Vec<Unnamed>,
    /// The ports of bridges and the like.
    pub ports: Vec<Ports>,
    /// The VLANs that are configured with the interface that carries them.
    pub vlans: Vec<Vlan>,
    /// The addresses of files that can never apply.
    pub shadowed: Vec<Shadowed>,
    /// Files of networkd that never apply, each with its interface, where the file that has it gives it an
    /// address or makes it a port.
    pub outranked: BTreeMap<String, String>,
    /// What gives no static address.
    pub remarks: Vec<Remark>,
    /// What may give addresses and is not understood: the promises may be too few.
    pub unknown: Vec<Remark>,
    /// The lines that bind nothing because a program does not do what they ask for, with words for the cause.
    pub failing: Vec<Remark>,
    /// The lines that bind nothing because their interface is not the one that their file is for, in words.
    pub unfit: Vec<Remark>,
    /// The lines for which a program refuses all its files: at the next boot it may bind nothing of them.
    pub refused: Vec<Remark>,
    /// The lines on which a program that is here aborts: at the next boot it binds nothing of any file.
    pub aborting: Vec<Remark>,
    /// The lines for which keepalived does not start: at the next boot it binds nothing.
    pub stopping: Vec<Remark>,
    /// What an administrator should see without asking for it.
    pub notes: Vec<String>,
    /// Files that cannot be read: the promises may be too few.
    pub unreadable: Vec<Unreadable>,
    /// The files that commands run and that are not read. From [`crate::read_usable`], those that add
    /// addresses.
    pub unread: BTreeSet<String>,
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

impl Promises {
    /// Returns the promises where all of the source is understood.
    ///
    /// # Errors
    /// [`ConfigError::Line`]: the first line that is not.
    pub fn understood(mut self) -> Result<Self, ConfigError> {
        if self.unknown.is_empty() { Ok(self) } else { Err(self.unknown.swap_remove(0).into()) }
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
