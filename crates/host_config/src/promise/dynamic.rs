//! An interface that gets an address which no file names: by DHCP, from a router or of a pool.

use std::fmt;
use std::str::FromStr;

use super::place::Place;
use crate::selector::{device, selects};

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

/// What gives an interface the address that no file names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Giver {
    /// Another host: by DHCP, DHCPv6 or router advertisements.
    Network,
    /// NetworkManager, which chooses the address of a shared connection.
    Shared,
    /// networkd, which takes one of its pools, or of a prefix that it sends.
    Pool,
}

impl Giver {
    /// Returns the word for it in a list: `None` for another host.
    pub fn word(self) -> Option<&'static str> {
        match self {
            Giver::Network => None,
            Giver::Shared => Some("shared"),
            Giver::Pool => Some("pool"),
        }
    }
}

/// An interface that is configured to get an address that no file names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dynamic {
    /// The interface; a shell pattern, or conditions as "Type=ether", where `required` is not set.
    pub interface: String,
    /// The family of the address.
    pub family: Family,
    /// What gives the address.
    pub giver: Giver,
    /// Whether the interface is named and brought up at boot, and not declared optional.
    pub required: bool,
    /// Whether it is not `required` because the program itself took a card that no file names: one such
    /// interface has to have an address where nothing else gives the host one.
    pub spare: bool,
    /// Whether only one of the interfaces that it fits is brought up by it at a time.
    pub single: bool,
    /// Where it is written.
    pub place: Place,
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
        device(&self.interface)
    }
}
