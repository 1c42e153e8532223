//! The address of one server.

use std::fmt;
use std::net::{IpAddr, Ipv6Addr};

use super::number::inet_aton;

/// How many characters of an unusable address are shown.
const SHOWN: usize = 40;
/// What word processors and web pages write in place of a blank.
pub(super) const NO_BREAK_SPACE: char = '\u{a0}';

/// A server of a resolv.conf.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Server {
    /// Its address. One of IPv4 that is written as one of IPv6 is one of IPv4.
    pub address: IpAddr,
    /// The interface, by name or number, if the address is a link-local one: elsewhere the C library ignores
    /// it.
    pub zone: Option<String>,
}

/// Why a text gives no server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum NotAServer {
    /// It ends with a carriage return, as Windows writes files.
    CarriageReturn,
    /// Another line follows after a carriage return, as old Macs wrote files.
    CarriageReturns,
    /// A byte order mark stands before the keyword.
    ByteOrderMark,
    /// The file is in UTF-16.
    Utf16,
    /// The keyword does not begin in the first column.
    Indented,
    /// No address follows.
    Empty,
    /// Something else stands before the address than the keyword and a blank.
    Keyword(String),
    /// A no-break space stands where a blank must.
    NoBreakSpace,
    /// This character, in words, follows the address.
    Follows(&'static str, String),
    /// The first address of the line is used, and this one is not.
    Second(String),
    /// This is not an address.
    NotAnAddress(String),
}

impl Server {
    /// Parses one word as the C library does.
    ///
    /// # Errors
    /// [`NotAServer`]: the library passes over it.
    pub fn parse(word: &str) -> Result<Self, NotAServer> {
        match word.strip_suffix('\r') {
            Some("") => return Err(NotAServer::Empty),
            Some(_) => return Err(NotAServer::CarriageReturn),
            None if word.is_empty() => return Err(NotAServer::Empty),
            None if word.contains('\r') => return Err(NotAServer::CarriageReturns),
            None => {}
        }
        if let Some(address) = inet_aton(word) {
            return Ok(Self { address: address.into(), zone: None });
        }
        let (address, zone) =
            word.split_once('%').map_or((word, None), |(address, zone)| (address, Some(zone)));
        let address: Ipv6Addr = address.parse().map_err(|_| not_an_address(word))?;
        let zone = zone.filter(|zone| is_of_one_link(&address) && !zone.is_empty()).map(str::to_owned);
        Ok(Self { address: address.to_ipv4_mapped().map_or(IpAddr::V6(address), IpAddr::V4), zone })
    }

    /// Whether this is a link-local address without its interface, which cannot be asked.
    pub fn lacks_interface(&self) -> bool {
        self.zone.is_none() && matches!(self.address, IpAddr::V6(address) if address.is_unicast_link_local())
    }
}

impl NotAServer {
    /// Returns what the library ignores and why, beginning with the words for the line: `line 1 is ignored: a
    /// is not an address`.
    pub fn after(&self, line: &str) -> String {
        match self {
            Self::Second(_) => format!("{line}: {self}"),
            _ => format!("{line} is ignored: {self}"),
        }
    }
}

/// Why a word is not an address: characters that a first line cannot have are told in words.
fn not_an_address(word: &str) -> NotAServer {
    let marks =
        [(';', "a semicolon"), (',', "a comma"), ('"', "a quotation mark"), ('\'', "a quotation mark")];
    let follows = |(mark, name): (char, &'static str)| {
        let (address, _) = word.split_once(mark)?;
        Server::parse(address).ok().map(|_| NotAServer::Follows(name, shown(address)))
    };
    match marks.into_iter().find_map(follows) {
        Some(why) => why,
        None if word.contains(NO_BREAK_SPACE) => NotAServer::NoBreakSpace,
        None => NotAServer::NotAnAddress(shown(word)),
    }
}

/// A text, cut to what is shown of it.
pub(super) fn shown(text: &str) -> String {
    text.chars().take(SHOWN).collect()
}

/// Whether the address belongs to one link: the scope of unicast (RFC 4291, section 2.5.6), or of multicast.
fn is_of_one_link(address: &Ipv6Addr) -> bool {
    let [first, ..] = address.segments();
    address.is_unicast_link_local() || first & 0xff0f == 0xff02
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.zone {
            Some(zone) => write!(f, "{}%{zone}", self.address),
            None => self.address.fmt(f),
        }
    }
}

impl fmt::Display for NotAServer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CarriageReturn => f.write_str("it ends with a carriage return"),
            Self::CarriageReturns => f.write_str("carriage returns stand in place of line ends"),
            Self::ByteOrderMark => f.write_str("a byte order mark stands before nameserver"),
            Self::Utf16 => f.write_str("the file is UTF-16"),
            Self::Indented => f.write_str("a blank stands before nameserver"),
            Self::Empty => f.write_str("no address follows nameserver"),
            Self::Keyword(text) => {
                write!(f, "nameserver and a blank must stand before the address, not {text}")
            }
            Self::NoBreakSpace => f.write_str("a no-break space stands in place of a blank"),
            Self::Follows(what, address) => write!(f, "{what} follows {address}"),
            Self::Second(address) => {
                write!(f, "its second address {address} is ignored, each needs a line of its own")
            }
            Self::NotAnAddress(text) => write!(f, "{text} is not an address"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_address_of_one_link_has_an_interface() {
        let rows = [
            ("fe80::1%eth0", "fe80::1%eth0", false),
            ("fe80::1%", "fe80::1", true),
            ("fe80::1", "fe80::1", true),
            ("ff02::1%eth0", "ff02::1%eth0", false),
            ("2001:db8::1%eth0", "2001:db8::1", false),
            ("::1", "::1", false),
            ("192.0.2.1", "192.0.2.1", false),
        ];
        for (word, shown, lacks) in rows {
            let server = Server::parse(word).unwrap();
            assert_eq!((server.to_string().as_str(), server.lacks_interface()), (shown, lacks), "{word}");
        }
        let long = Server::parse(&"x".repeat(5000)).unwrap_err().to_string();
        assert_eq!(long, format!("{} is not an address", "x".repeat(40)));
        assert_eq!(
            Server::parse("192.0.2.1%eth0"),
            Err(NotAServer::NotAnAddress("192.0.2.1%eth0".to_owned()))
        );
    }
}
