//! What is asked and what is expected: the values of `--name`, `--absent`, `--secure` and `--bogus`.

use std::net::IpAddr;
use std::str::FromStr;

use domain::base::Rtype;
use domain::base::name::Name;
use net::{Host, InvalidHost};

/// The types that a name may be asked for.
const TYPES: [Rtype; 10] = [
    Rtype::A,
    Rtype::AAAA,
    Rtype::CAA,
    Rtype::CNAME,
    Rtype::MX,
    Rtype::NS,
    Rtype::PTR,
    Rtype::SOA,
    Rtype::SRV,
    Rtype::TXT,
];
/// The octets of a random label with its dot.
const RANDOM: usize = 17;
/// The longest name, in characters (RFC 1035, section 2.3.4).
const LONGEST: usize = 253;

/// A name in the wire format.
pub(crate) type WireName = Name<Vec<u8>>;

/// The value of `--name`: `NAME[/TYPE][=ADDRESS[/LEN],..]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NameOption {
    name: Asked,
    types: Vec<Rtype>,
    expected: Vec<Prefix>,
}

/// A name, or a zone below which a random one is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    name: String,
    is_random: bool,
}

/// The value of `--absent`: a zone below which a random name is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneOption(Asked);

/// Addresses that have their first bits in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefix {
    address: IpAddr,
    length: u8,
}

/// One question to every server, and what is expected of the answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The name for messages: with a star where a label is random.
    pub shown: String,
    /// The name to ask.
    pub name: Name<Vec<u8>>,
    /// The types to ask for.
    pub types: Vec<Rtype>,
    /// What is expected.
    pub expect: Expect,
}

/// What is expected of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expect {
    /// It resolves, and every address is within one of these prefixes if there are any.
    Resolves(Vec<Prefix>),
    /// There is no such name.
    Absent,
    /// It comes as validated by DNSSEC.
    Secure,
    /// Its signature is broken, which the server finds.
    Bogus,
}

/// Explains why a text is not a value of these options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidQuestion {
    /// Nothing is written.
    #[error("the name is missing")]
    Missing,
    /// Nothing follows the slash or the equals sign.
    #[error("nothing follows {0}: leave it out, or write as in {1}")]
    Nothing(&'static str, &'static str),
    /// Not a host name.
    #[error(transparent)]
    Name(#[from] InvalidHost),
    /// An address.
    #[error("{0} is an address, not a name")]
    Address(Host),
    /// No label of a random name fits.
    #[error("the zone is too long for a name below it")]
    Long,
    /// Not one of the types.
    #[error("{0} is not one of the types A, AAAA, CAA, CNAME, MX, NS, PTR, SOA, SRV and TXT")]
    Type(String),
    /// Not an address or prefix.
    #[error("{0} is not an address, as in www.example.com=192.0.2.80,2001:db8::/32")]
    Expected(String),
    /// Not an address of the type.
    #[error("{0} is no address of {1}, as in {2}")]
    Family(String, Rtype, &'static str),
    /// The zone is named by a star.
    #[error("*.{0}: leave out the *., its label is random anyway")]
    Star(String),
    /// A random name is expected to be validated or broken.
    #[error("*.{0}: only --name takes a random label")]
    Random(String),
    /// Addresses are expected of a type that has none.
    #[error("{0} has no addresses: write no = after it")]
    NoAddresses(Rtype),
}

impl FromStr for NameOption {
    type Err = InvalidQuestion;

    fn from_str(text: &str) -> Result<Self, InvalidQuestion> {
        let (text, expected) =
            text.split_once('=').map_or((text, None), |(name, expected)| (name, Some(expected)));
        let (name, kind) = text.split_once('/').map_or((text, None), |(name, kind)| (name, Some(kind)));
        let types = match kind {
            None => vec![Rtype::A, Rtype::AAAA],
            Some("") => return Err(InvalidQuestion::Nothing("the slash", "www.example.com/A")),
            Some(kind) => vec![parse_type(kind)?],
        };
        if expected == Some("") {
            return Err(InvalidQuestion::Nothing("the equals sign", "www.example.com=192.0.2.80"));
        }
        match types.first() {
            Some(kind) if expected.is_some() && !has_addresses(*kind) => {
                Err(InvalidQuestion::NoAddresses(*kind))
            }
            _ => {
                let expected = expected.map(|list| prefixes(list, &types)).transpose()?.unwrap_or_default();
                Ok(Self { name: Asked::parse(name)?, types, expected })
            }
        }
    }
}

/// The prefixes of a list, each of which must be one of the types.
fn prefixes(list: &str, types: &[Rtype]) -> Result<Vec<Prefix>, InvalidQuestion> {
    let of_type = |text: &str| {
        let prefix: Prefix = text.parse()?;
        match types {
            [Rtype::A] if prefix.address.is_ipv6() => {
                Err(InvalidQuestion::Family(text.to_owned(), Rtype::A, "www.example.com/A=192.0.2.80"))
            }
            [Rtype::AAAA] if prefix.address.is_ipv4() => {
                let example = "www.example.com/AAAA=2001:db8::80";
                Err(InvalidQuestion::Family(text.to_owned(), Rtype::AAAA, example))
            }
            _ => Ok(prefix),
        }
    };
    list.split(',').map(of_type).collect()
}

impl FromStr for Asked {
    type Err = InvalidQuestion;

    fn from_str(text: &str) -> Result<Self, InvalidQuestion> {
        match text.strip_prefix("*.") {
            Some(zone) => Err(InvalidQuestion::Random(shortened(zone))),
            None => Self::parse(text),
        }
    }
}

impl Asked {
    /// Parses a name, or a zone after `*.`.
    fn parse(text: &str) -> Result<Self, InvalidQuestion> {
        let zone = text.strip_prefix("*.");
        let host: Host = match zone.unwrap_or(text) {
            "" => return Err(InvalidQuestion::Missing),
            name => name.parse()?,
        };
        let name = host
            .name()
            .ok_or_else(|| InvalidQuestion::Address(host.clone()))?
            .trim_end_matches('.')
            .to_owned();
        if zone.is_some() && name.len() + RANDOM > LONGEST {
            return Err(InvalidQuestion::Long);
        }
        Ok(Self { name, is_random: zone.is_some() })
    }
}

impl FromStr for ZoneOption {
    type Err = InvalidQuestion;

    fn from_str(text: &str) -> Result<Self, InvalidQuestion> {
        match text.strip_prefix("*.") {
            Some(zone) => Err(InvalidQuestion::Star(shortened(zone))),
            None => Asked::parse(&format!("*.{text}")).map(Self),
        }
    }
}

impl FromStr for Prefix {
    type Err = InvalidQuestion;

    fn from_str(text: &str) -> Result<Self, InvalidQuestion> {
        let invalid = || InvalidQuestion::Expected(shortened(text));
        let (address, length) =
            text.split_once('/').map_or((text, None), |(address, length)| (address, Some(length)));
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let bits = if address.is_ipv4() { 32 } else { 128 };
        let is_number =
            |length: &str| !length.is_empty() && length.bytes().all(|octet| octet.is_ascii_digit());
        let length = match length {
            None => bits,
            Some(length) if is_number(length) => length.parse().map_err(|_| invalid())?,
            Some(_) => return Err(invalid()),
        };
        if length > bits { Err(invalid()) } else { Ok(Self { address, length }) }
    }
}

impl Prefix {
    /// Whether an address is within it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let bits = |address: IpAddr| match address {
            IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, true),
            IpAddr::V6(address) => (address.to_bits(), false),
        };
        let ((own, is_v4), (other, other_is_v4)) = (bits(self.address), bits(address));
        is_v4 == other_is_v4 && (own ^ other).checked_shr(128 - u32::from(self.length)).unwrap_or(0) == 0
    }
}

impl NameOption {
    /// Returns the question, with `random` as the label where one is wanted.
    pub(crate) fn question(&self, random: u64) -> Result<Question, InvalidQuestion> {
        self.name.question(random, self.types.clone(), Expect::Resolves(self.expected.clone()))
    }
}

impl ZoneOption {
    /// Returns the question for a name that does not exist.
    pub(crate) fn question(&self, random: u64) -> Result<Question, InvalidQuestion> {
        self.0.question(random, vec![Rtype::A], Expect::Absent)
    }
}

impl Asked {
    pub(crate) fn question(
        &self,
        random: u64,
        types: Vec<Rtype>,
        expect: Expect,
    ) -> Result<Question, InvalidQuestion> {
        let name = if self.is_random { format!("{random:016x}.{}", self.name) } else { self.name.clone() };
        let shown = if self.is_random { format!("*.{}", self.name) } else { self.name.clone() };
        let name = WireName::vec_from_str(&name).map_err(|_| InvalidQuestion::Name(InvalidHost::Long))?;
        Ok(Question { shown, name, types, expect })
    }
}

impl Question {
    /// Whether its first label is random, so that no cache has it.
    pub(crate) fn is_random(&self) -> bool {
        self.shown.starts_with("*.")
    }

    /// Whether an answer as expected shows that a server resolves. NXDOMAIN does not: a server may give it by
    /// itself, as dnsmasq does for `local=/example.org/`, and every resolver does for `invalid`.
    pub(crate) fn speaks(&self) -> bool {
        self.expect != Expect::Absent
    }

    /// Returns the last two labels of the name, in lower case. Names that have others are of other zones.
    pub(crate) fn zone(&self) -> String {
        let name = self.shown.trim_start_matches("*.").to_ascii_lowercase();
        let start = name.rmatch_indices('.').nth(1).map_or(0, |(dot, _)| dot + 1);
        name.get(start..).unwrap_or_default().to_owned()
    }

    /// Returns whether another question asks for the same name.
    pub(crate) fn has_same_name(&self, other: &Self) -> bool {
        self.shown.eq_ignore_ascii_case(&other.shown)
    }

    /// Returns whether another question asks for the same and expects the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.has_same_name(other) && self.types == other.types && self.expect == other.expect
    }

    /// Returns the name for messages, with the type where another of these questions has the same name.
    pub(crate) fn told_among(&self, all: &[Self]) -> String {
        let same = all.iter().filter(|other| other.has_same_name(self)).count();
        match self.types.as_slice() {
            [kind] if same > 1 => format!("{}/{kind}", self.shown),
            _ => self.shown.clone(),
        }
    }

    /// Returns whether the question asks for addresses of this family.
    pub(crate) fn asks(&self, address: &IpAddr) -> bool {
        self.types.contains(&if address.is_ipv4() { Rtype::A } else { Rtype::AAAA })
    }

    /// Whether addresses are asked for, as programs do.
    pub fn asks_addresses(&self) -> bool {
        matches!(self.expect, Expect::Resolves(_)) && self.types.iter().copied().all(has_addresses)
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(60).collect()
}

fn has_addresses(kind: Rtype) -> bool {
    matches!(kind, Rtype::A | Rtype::AAAA)
}

fn parse_type(text: &str) -> Result<Rtype, InvalidQuestion> {
    let known = TYPES.iter().find(|kind| kind.to_string().eq_ignore_ascii_case(text));
    known.copied().ok_or_else(|| InvalidQuestion::Type(text.chars().take(20).collect()))
}

#[cfg(test)]
mod tests;
