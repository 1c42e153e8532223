//! The parts of a host on the command line: its name, the zone of an address, and why a text is neither.

use std::fmt;
use std::net::Ipv6Addr;

use nix::net::if_::{if_indextoname, if_nametoindex};

/// The longest name and label (RFC 1035, section 2.3.4), in octets.
const LONGEST: usize = 253;
const LONGEST_LABEL: usize = 63;
/// The longest name of an interface (linux/if.h, IFNAMSIZ less its end), in octets.
const LONGEST_INTERFACE: usize = 15;

/// A host name: 1 to 253 ASCII letters, digits, dots, hyphens and underscores, not starting with a hyphen,
/// not of digits and dots alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name(String);

/// The zone of a link-local address (RFC 4007): the name or number of an interface of this machine.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Zone(String);

/// What is wrong with a port or an address, up to the port of the example.
const PORT: &str = "the port after the colon is a number from 1 to 65535, as in ";
const BRACKETS: &str = "brackets enclose a whole IPv6 address, as in [2001:db8::1]:";
const COLONS: &str = "neither HOST:PORT nor an IPv6 address, which with a port is written [2001:db8::1]:";

/// Explains why a text is not a host, or not a host with a port, and what to write. It does not repeat the
/// whole text: the caller names that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidHost {
    /// Nothing is written.
    #[error("the host is missing")]
    Empty,
    /// A character that host names do not have.
    #[error("a host name has only ASCII letters, digits, dots, hyphens and underscores")]
    Character,
    /// Letters beyond ASCII.
    #[error("write the name in ASCII, as in xn--mnchen-3ya.example")]
    International,
    /// It would be read as an option.
    #[error("a host name does not start with a hyphen")]
    Hyphen,
    /// An empty label.
    #[error("a dot in a host name stands between two parts, or once at its end")]
    Dots,
    /// More than RFC 1035 allows.
    #[error("a host name has at most 253 characters, and 63 between two dots")]
    Long,
    /// A mistyped or shortened IPv4 address, which resolvers read in surprising ways.
    #[error("{0} has only digits and dots, but is no IPv4 address: that has four numbers from 0 to 255")]
    Digits(String),
    /// A link-local address can be reached by its interface only.
    #[error("a link-local address needs its interface, as in {0}%eth0")]
    NoZone(Ipv6Addr),
    /// Not the name or number of an interface.
    #[error("the zone after % is the name or number of an interface, as in {0}%eth0")]
    Zone(Ipv6Addr),
    /// A zone where none has a meaning.
    #[error("only link-local addresses (fe80::/10) have a zone: write {0}")]
    NotLinkLocal(Ipv6Addr),
    /// The port is empty, is not made of digits, or is not between 1 and 65535.
    #[error("{PORT}{0}:161")]
    Port(String),
    /// A port where the option takes none.
    #[error("no port is taken here: write {0}")]
    NoPort(String),
    /// A bracket is missing, or encloses something other than an IPv6 address.
    #[error("{BRACKETS}161")]
    Brackets,
    /// Two or more colons, but not an IPv6 address.
    #[error("{COLONS}161")]
    Colons,
    /// A transport such as `udp:` stands before the host.
    #[error("write it without {0}")]
    Transport(String),
}

impl InvalidHost {
    /// Returns the text with this port in its example, in place of that of SNMP.
    pub fn with_port(&self, port: u16) -> String {
        match self {
            Self::Port(host) => format!("{PORT}{host}:{port}"),
            Self::Brackets => format!("{BRACKETS}{port}"),
            Self::Colons => format!("{COLONS}{port}"),
            _ => self.to_string(),
        }
    }
}

impl Name {
    /// Returns the name as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn parse(text: &str) -> Result<Self, InvalidHost> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let bare = text.strip_suffix('.').unwrap_or(text);
        match text {
            "" => Err(InvalidHost::Empty),
            _ if !text.chars().all(|c| plain(c) || (!c.is_ascii() && c.is_alphanumeric())) => {
                Err(InvalidHost::Character)
            }
            _ if !text.is_ascii() => Err(InvalidHost::International),
            _ if text.starts_with('-') => Err(InvalidHost::Hyphen),
            _ if bare.split('.').any(str::is_empty) => Err(InvalidHost::Dots),
            _ if bare.len() > LONGEST || bare.split('.').any(|label| label.len() > LONGEST_LABEL) => {
                Err(InvalidHost::Long)
            }
            _ if text.bytes().all(|octet| octet.is_ascii_digit() || octet == b'.') => {
                Err(InvalidHost::Digits(text.to_owned()))
            }
            _ => Ok(Self(text.to_owned())),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Zone {
    /// Returns the number of the interface, which SocketAddrV6 calls the scope id; `None` if no interface of
    /// this machine has this name or number.
    pub(crate) fn scope_id(&self) -> Option<u32> {
        // Interfaces may have names of digits alone: the name comes first, as in getaddrinfo(3).
        let number = || self.0.parse().ok().filter(|number| interface(*number).is_some());
        if_nametoindex(self.0.as_str()).ok().or_else(number)
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        // What dev_valid_name of the kernel allows, without what would not survive a message.
        let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '/' | ':' | '%' | '[' | ']');
        let fits = (1..=LONGEST_INTERFACE).contains(&text.len()) && text.chars().all(plain);
        let zero = !text.is_empty() && text.bytes().all(|octet| octet == b'0');
        (fits && !zero).then(|| Self(text.to_owned()))
    }
}

/// Returns the name of the interface with this number; `None` if there is none.
pub(crate) fn interface(scope: u32) -> Option<String> {
    let name = if_indextoname(scope).ok().and_then(|name| name.into_string().ok());
    // For a number that no interface has, nix returns an empty name.
    name.filter(|name| !name.is_empty())
}

impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
