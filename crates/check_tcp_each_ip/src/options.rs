//! The options on limits and on how connections are made, and the values of options: ports, limits that may
//! be shares, times, and texts with escapes.

pub(crate) mod securing;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use addresses::{InvalidPort, PortRange, parse_ports};
use net::Host;
use plugin::{Limit, Range, Seconds, State, whole};

use crate::sweep::tries::{ONE_RETRANSMISSION, REST};

/// The help of `--ip`.
pub(crate) const IP_HELP: &str = "Address to check: 192.0.2.10, 2001:db8::10 or fe80::10%eth0. Repeatable";
/// The help of `--file`.
pub(crate) const FILE_HELP: &str = "File with one address a line, then its own ports and a label where it has them: 192.0.2.10 80,443 web. \
                         The second word is a port if it is the name of a service, as https is. \
                                    H-Sphere's and cPanel's lists are read too, and - is the standard input. Repeatable";
/// The most octets of `--send` and `--expect`: what any socket's buffer takes at once.
const LARGEST: usize = 2_048;
/// What the overall time must leave after a single try.
const MARGIN: Duration = Duration::from_millis(10);

/// The options on how many targets may fail and how slow they may be.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Limits {
    /// WARNING if the number of failed targets, or with % their share, is outside this range: 2, 5%, @1:3.
    /// Default: none
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub warning: Option<Limit>,
    /// CRITICAL if the number or share of failed targets is outside this range. Default without --warning
    /// and --critical: 0
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub critical: Option<Limit>,
    /// WARNING if the time of the slowest connection, in seconds, is outside this range: 0.5. Default: any
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub warning_time: Option<Range>,
    /// CRITICAL if the time of the slowest connection, in seconds, is outside this range: 2. Default: any
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub critical_time: Option<Range>,
}

/// The options on which other addresses are checked, and which of them all.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Choice {
    /// Host name, of which every IPv4 and IPv6 address is checked. Repeatable
    #[arg(short = 'H', long, value_name = "HOST")]
    pub hostname: Vec<Host>,
    /// Check every address bound on this host, except loopback and link-local ones
    #[arg(long)]
    pub bound: bool,
    /// Check each host address of the networks given: IPv4 /20 to /31, IPv6 /116 to /127
    #[arg(long)]
    pub expand: bool,
    /// Only the IPv4 addresses
    #[arg(short = '4', long, conflicts_with = "ipv6")]
    pub ipv4: bool,
    /// Only the IPv6 addresses
    #[arg(short = '6', long)]
    pub ipv6: bool,
}

/// The options on how connections are made.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Connecting {
    /// Time limit of a connection, and again of the answer with --expect or --send. Default: 3.5, which
    /// covers two retransmissions of a lost packet, or less if --timeout is short, but at least 1.2
    #[arg(long, value_name = "SECONDS", value_parser = Seconds::within(0.01..=600.0))]
    pub connect_timeout: Option<Seconds>,
    /// Try a target this many times before it counts as failed, or fewer if --timeout leaves no time
    #[arg(long, value_name = "NUMBER", default_value = "2", value_parser = whole::<u8>(1..=5))]
    pub tries: u8,
    /// Text that the first answer of the service must contain. Escapes: \r \n \t \\ \xHH. Repeatable: all
    /// of them, in any order
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub expect: Vec<Text>,
    /// One of the texts of --expect is enough
    #[arg(long, requires = "expect")]
    pub any: bool,
    /// Report an answer without the expected text as this state, however many may fail. Default: it is a
    /// failed target
    #[arg(long, value_name = "STATE", requires = "expect")]
    pub mismatch: Option<Mismatch>,
    /// Text to send first, with the same escapes. Without --expect any answer is accepted
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub send: Option<Text>,
    /// Text to send at the end, as in QUIT\r\n, after --send, --expect or --tls
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub quit: Option<Text>,
    /// Fail a target that closes the connection within this time, as a proxy does whose service is gone.
    /// Default: a connection that opens is enough
    #[arg(long, value_name = "SECONDS", value_parser = Seconds::within(0.01..=600.0))]
    pub stay: Option<Seconds>,
    /// The ports must not be open
    #[arg(long, conflicts_with_all = ["tls", "starttls", "sni", "tls_ca", "tls_verify", "certificate_days", "expect", "any", "mismatch", "send", "quit", "stay", "refused_ok", "warning_time", "critical_time"])]
    pub closed: bool,
    /// Accept a refused connection: the host is up
    #[arg(long)]
    pub refused_ok: bool,
    /// Source address of the connections. Repeatable: one for IPv4, one for IPv6. Default: the address that
    /// the routes choose
    #[arg(long, value_name = "ADDRESS")]
    pub source: Vec<IpAddr>,
    /// Interface of the connections, whatever the routes say (before Linux 5.7 with CAP_NET_RAW only).
    /// Default: by the routes
    #[arg(long, value_name = "NAME", value_parser = clap::builder::NonEmptyStringValueParser::new())]
    pub interface: Option<String>,
    /// Maximum concurrent connections. Default: all targets at once, as far as open files allow
    #[arg(long, value_name = "NUMBER", value_parser = whole::<NonZeroU32>(1..=4_294_967_295))]
    pub in_flight: Option<NonZeroU32>,
    /// Maximum connections started per second. Default: limited by --in-flight only
    #[arg(long, value_name = "NUMBER", value_parser = whole::<NonZeroU32>(1..=4_294_967_295))]
    pub rate: Option<NonZeroU32>,
}

/// Says that options do not fit together: a time not the overall one, so that no silence would ever be known
/// as such, or a goodbye not what goes before.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DoesNotFit {
    /// That of an option.
    #[error("{option}={given} does not fit --timeout={limit}: {advice}, see --help")]
    Option {
        /// The option.
        option: &'static str,
        /// Its time.
        given: Seconds,
        /// The overall one.
        limit: Seconds,
        /// Why it does not fit.
        advice: &'static str,
    },
    /// Nothing is said before the end.
    #[error("--quit needs --send, --expect or --tls, see --help")]
    Quit,
    /// That of the shortest try by default.
    #[error(
        "--timeout={0} leaves no time for a try of {1} s: raise it, or give --connect-timeout, see --help"
    )]
    Try(Seconds, Seconds),
}

impl Connecting {
    /// Returns the interface of an address: a link-local one that names none is on that of `--interface`.
    pub(crate) fn zone<'a>(&'a self, address: IpAddr, zone: Option<&'a str>) -> Option<&'a str> {
        let is_link_local = matches!(address, IpAddr::V6(address) if address.is_unicast_link_local());
        zone.or(self.interface.as_deref().filter(|_| is_link_local))
    }

    /// Returns whether the silence of a single try cannot be one lost packet. The default time of a try
    /// always spans a retransmission.
    pub(crate) fn one_try_counts(&self) -> bool {
        self.connect_timeout.is_none_or(|given| given.duration() >= ONE_RETRANSMISSION)
    }

    /// Refuses a goodbye without a dialogue, since other services take it for nonsense; `tls` is one.
    ///
    /// # Errors
    /// [`DoesNotFit::Quit`].
    pub(crate) fn check_quit(&self, tls: bool) -> Result<(), DoesNotFit> {
        let is_dialogue = tls || self.send.is_some() || !self.expect.is_empty();
        if self.quit.is_none() || is_dialogue { Ok(()) } else { Err(DoesNotFit::Quit) }
    }

    /// Refuses times that leave no room for a single try within `limit`.
    ///
    /// # Errors
    /// [`DoesNotFit`].
    pub(crate) fn check_times(&self, limit: Duration) -> Result<(), DoesNotFit> {
        let stay = self.stay.map_or(Duration::ZERO, Seconds::duration);
        let connect = self.connect_timeout.map_or(Duration::ZERO, Seconds::duration);
        let limit_of = |time: Duration| !time.is_zero() && time + MARGIN >= limit;
        let default = self.connect_timeout.is_none().then_some(ONE_RETRANSMISSION + REST);
        let refuse = |option, given: Duration, advice| {
            Err(DoesNotFit::Option { option, given: given.into(), limit: limit.into(), advice })
        };
        match () {
            () if limit_of(stay) => {
                refuse("--stay", stay, "a connection that stands would never be known as one")
            }
            () if limit_of(connect) => {
                refuse("--connect-timeout", connect, "a silent address needs it --tries times")
            }
            () if limit_of(connect + stay) && !stay.is_zero() => {
                refuse("--stay", stay, "it comes after the time of --connect-timeout")
            }
            () if default.is_some_and(|time| time > limit) => {
                Err(DoesNotFit::Try(limit.into(), ONE_RETRANSMISSION.into()))
            }
            () if default.is_some_and(|time| time + stay > limit) => {
                refuse("--stay", stay, "it comes after a try of 1.2 s, unless --connect-timeout is less")
            }
            () => Ok(()),
        }
    }
}

/// What an answer without the expected text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Mismatch {
    /// Fine, and only named.
    Ok,
    /// A warning.
    Warning,
    /// Critical.
    Critical,
    /// Unknown.
    Unknown,
}

impl Mismatch {
    /// The state.
    pub(crate) fn state(self) -> State {
        match self {
            Self::Ok => State::Ok,
            Self::Warning => State::Warning,
            Self::Critical => State::Critical,
            Self::Unknown => State::Unknown,
        }
    }
}

/// Ports as lists write them: `80`, `https`, `80,443` or `8000-8010`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ports(pub Vec<PortRange>);

impl FromStr for Ports {
    type Err = InvalidPort;

    fn from_str(text: &str) -> Result<Self, InvalidPort> {
        parse_ports(text).map(Self)
    }
}

/// Why a text is not a value of these options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidValue {
    /// A backslash that starts no escape.
    #[error("{0} has a backslash that starts none of \\r \\n \\t \\\\ \\xHH")]
    Escape(String),
    /// Nothing, or more than fits into a buffer.
    #[error("the text has {0} octets; 1 to 2048 are possible")]
    Length(usize),
}

/// Octets to send or to expect, written with the escapes `\r \n \t \\ \xHH`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Text(pub Vec<u8>);

impl FromStr for Text {
    type Err = InvalidValue;

    fn from_str(text: &str) -> Result<Self, InvalidValue> {
        let wrong = || InvalidValue::Escape(text.chars().take(60).collect());
        let mut octets = Vec::with_capacity(text.len());
        let mut rest = text.bytes();
        while let Some(octet) = rest.next() {
            octets.push(match octet {
                b'\\' => escape(&mut rest).ok_or_else(wrong)?,
                octet => octet,
            });
        }
        if (1..=LARGEST).contains(&octets.len()) {
            Ok(Self(octets))
        } else {
            Err(InvalidValue::Length(octets.len()))
        }
    }
}

/// The octet that the escape stands for whose backslash was just read.
fn escape(rest: &mut impl Iterator<Item = u8>) -> Option<u8> {
    let digit = |octet: u8| char::from(octet).to_digit(16);
    match rest.next()? {
        b'r' => Some(b'\r'),
        b'n' => Some(b'\n'),
        b't' => Some(b'\t'),
        b'\\' => Some(b'\\'),
        b'x' => u8::try_from(digit(rest.next()?)? * 16 + digit(rest.next()?)?).ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_have_escapes() {
        let read = |text: &str| text.parse::<Text>().map(|text| text.0);
        assert_eq!(read(r"GET / HTTP/1.0\r\n\r\n"), Ok(b"GET / HTTP/1.0\r\n\r\n".to_vec()));
        assert_eq!(read(r"\\x\x00\xfF\t"), Ok(b"\\x\0\xff\t".to_vec()));
        assert_eq!(read("é"), Ok("é".as_bytes().to_vec()));
        for text in [r"\", r"\q", r"\x", r"\x1", r"\xg1"] {
            assert_eq!(read(text), Err(InvalidValue::Escape(text.to_owned())));
        }
        assert_eq!(read(""), Err(InvalidValue::Length(0)));
        assert_eq!(read(&"x".repeat(2049)), Err(InvalidValue::Length(2049)));
    }
}
