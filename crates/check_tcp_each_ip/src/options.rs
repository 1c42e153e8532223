//! The options on limits and on how connections are made, and the values of options: ports, limits that may
//! be shares, times, and texts with escapes.

pub(crate) mod securing;
pub(crate) mod service;

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::str::FromStr;

use addresses::{InvalidPort, parse_ports};
use plugin::{Limit, Range, Seconds, State};

/// The most octets of `--send` and `--expect`: what any socket's buffer takes at once.
const LARGEST: usize = 2_048;

/// The options on how many targets may fail and how slow they may be.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Limits {
    /// WARNING if the number of failed targets, or with % their share, is outside this range: 2, 5%, @1:3
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub warning: Option<Limit>,
    /// CRITICAL if it is outside this range. Default without --warning and --critical: 0
    #[arg(short, long, value_name = "RANGE[%]", allow_hyphen_values = true)]
    pub critical: Option<Limit>,
    /// WARNING if the time of the slowest connection, in seconds, is outside this range: 0.5
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub warning_time: Option<Range>,
    /// CRITICAL if the time of the slowest connection is outside this range
    #[arg(long, value_name = "RANGE", allow_hyphen_values = true)]
    pub critical_time: Option<Range>,
}

/// The options on which addresses are checked.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Choice {
    /// Check each host address of the networks given: IPv4 /20 to /30, IPv6 /116 to /126
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
    /// covers two retransmissions of a lost packet, or less where --timeout leaves less for all tries
    #[arg(long, value_name = "SECONDS", value_parser = Seconds::within(0.01..=600.0))]
    pub connect_timeout: Option<Seconds>,
    /// Try a target this many times before it counts as failed
    #[arg(long, value_name = "NUMBER", default_value = "2", value_parser = clap::value_parser!(u8).range(1..=5))]
    pub tries: u8,
    /// Text that the first answer of the service must contain. Escapes: \r \n \t \\ \xHH. Repeatable: all
    /// of them, in any order
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub expect: Vec<Text>,
    /// One of the texts of --expect is enough
    #[arg(long, requires = "expect")]
    pub any: bool,
    /// Report an answer without the expected text as this state, however many may fail
    #[arg(long, value_name = "STATE", requires = "expect")]
    pub mismatch: Option<Mismatch>,
    /// Text to send first, with the same escapes. Without --expect any answer is accepted
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub send: Option<Text>,
    /// Text to send at the end, as in QUIT\r\n
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    pub quit: Option<Text>,
    /// A connection must still stand after this time, also behind what accepts for a service that is gone
    #[arg(long, value_name = "SECONDS", value_parser = Seconds::within(0.01..=600.0))]
    pub stay: Option<Seconds>,
    /// The ports must not be open
    #[arg(long, conflicts_with_all = ["tls", "expect", "send", "quit", "stay", "refused_ok", "warning_time", "critical_time"])]
    pub closed: bool,
    /// Accept a refused connection: the host is up
    #[arg(long)]
    pub refused_ok: bool,
    /// Source address of the connections. Repeatable: one for IPv4, one for IPv6
    #[arg(long, value_name = "ADDRESS")]
    pub source: Vec<IpAddr>,
    /// Interface of the connections, whatever the routes say (before Linux 5.7 with CAP_NET_RAW only)
    #[arg(long, value_name = "NAME")]
    pub interface: Option<String>,
    /// Maximum concurrent connections. Default: all targets at once, as far as open files allow
    #[arg(long, value_name = "NUMBER")]
    pub in_flight: Option<NonZeroU32>,
    /// Maximum connections started per second. Default: limited by --in-flight only
    #[arg(long, value_name = "NUMBER")]
    pub rate: Option<NonZeroU32>,
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

/// One or several ports or services: `80`, `https` or `80,443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ports(pub Vec<u16>);

impl FromStr for Ports {
    type Err = InvalidPort;

    fn from_str(text: &str) -> Result<Self, InvalidPort> {
        let parts = text.split(',').map(|part| match service::port(part) {
            Some(port) => Ok(vec![port]),
            None => parse_ports(part),
        });
        Ok(Self(parts.collect::<Result<Vec<_>, _>>()?.concat()))
    }
}

/// Why a text is not a value of these options.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum InvalidValue {
    /// A backslash that starts no escape.
    #[error("{0:?} has a backslash that starts none of \\r \\n \\t \\\\ \\xHH")]
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
