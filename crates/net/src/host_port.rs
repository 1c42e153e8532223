//! Hosts and ports as options name them: one grammar for every plugin.
//!
//! | written | meaning |
//! | --- | --- |
//! | `db-01.example.com`, `db_01`, `db-01.` | a name: ASCII letters, digits, dots, hyphens, underscores, and one dot at the end |
//! | `192.0.2.1`, `2001:db8::1`, `[2001:db8::1]` | an address |
//! | `fe80::1%eth0`, `[fe80::1%2]` | a link-local address with its zone: the interface's name or number (RFC 4007) |
//! | `db-01:3306`, `192.0.2.1:3306`, `[fe80::1%eth0]:3306` | each with a port from 1 to 65535 |
//!
//! Everything else is refused when it is parsed, with what to write instead.

use std::fmt;
use std::str::FromStr;

use crate::host::Host;
use crate::name::InvalidHost;

/// A host, with a port where one is given: the value of an option `HOST[:PORT]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HostPort {
    /// The name or address.
    pub host: Host,
    /// The port, never 0; `None` if none is given.
    pub port: Option<u16>,
}

impl HostPort {
    /// Returns the port, or `default` if none is given.
    pub fn port_or(&self, default: u16) -> u16 {
        self.port.unwrap_or(default)
    }

    /// Returns the text for messages: without the port where that is `default`.
    pub fn shown(&self, default: u16) -> String {
        let port = self.port.filter(|port| *port != default);
        Self { host: self.host.clone(), port }.to_string()
    }
}

impl From<Host> for HostPort {
    fn from(host: Host) -> Self {
        Self { host, port: None }
    }
}

/// Writes the text that parses to the same value.
impl fmt::Display for HostPort {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.host, self.port) {
            (host, None) => host.fmt(f),
            (host @ Host::V6(..), Some(port)) => write!(f, "[{host}]:{port}"),
            (host, Some(port)) => write!(f, "{host}:{port}"),
        }
    }
}

impl FromStr for HostPort {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        Host::parse_with_port(text).map(|(host, port)| Self { host, port })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_the_grammar_is_read_and_written() {
        let rows = [
            ("db-01.example.com", "db-01.example.com", None),
            ("db_01", "db_01", None),
            ("_ntp._udp.example.com", "_ntp._udp.example.com", None),
            ("example.com.", "example.com.", None),
            ("example.com.:123", "example.com.:123", Some(123)),
            ("db-01:3306", "db-01:3306", Some(3306)),
            ("3com.example:1", "3com.example:1", Some(1)),
            ("192.0.2.1", "192.0.2.1", None),
            ("192.0.2.1:65535", "192.0.2.1:65535", Some(65535)),
            ("2001:db8::1", "2001:db8::1", None),
            ("2001:DB8:0::1", "2001:db8::1", None),
            ("2001:db8::", "2001:db8::", None),
            ("[2001:db8::1]", "2001:db8::1", None),
            ("[2001:db8::1]:161", "[2001:db8::1]:161", Some(161)),
            ("::1", "::1", None),
            ("::ffff:192.0.2.1", "192.0.2.1", None),
            ("[::ffff:192.0.2.1]:161", "192.0.2.1:161", Some(161)),
            ("fe80::1%eth0", "fe80::1%eth0", None),
            ("[fe80::1%eth0.7]:161", "[fe80::1%eth0.7]:161", Some(161)),
            ("[fe80::1%2]", "fe80::1%2", None),
        ];
        for (text, written, port) in rows {
            let read = text.parse::<HostPort>().map_err(|why| format!("{text}: {why}")).unwrap();
            assert_eq!((read.to_string().as_str(), read.port), (written, port), "{text}");
            assert_eq!(written.parse::<HostPort>(), Ok(read), "{text}");
        }
    }

    #[test]
    fn everything_else_is_refused_with_what_to_write() {
        let brackets = "brackets enclose a whole IPv6 address, as in [2001:db8::1]:161";
        let colons = "neither HOST:PORT nor an IPv6 address, which with a port is written [2001:db8::1]:161";
        let name = "a host name has only ASCII letters, digits, dots, hyphens and underscores";
        let port =
            |host: &str| format!("the port after the colon is a number from 1 to 65535, as in {host}:161");
        let a = port("a");
        let rows = [
            ("", "the host is missing"),
            (":161", "the host is missing"),
            ("[]", brackets),
            ("[]:161", brackets),
            ("a:", &a),
            ("a:0", &a),
            ("a:+1", &a),
            ("a:-1", &a),
            ("a: 1", &a),
            ("a:65536", &a),
            ("a:99999999999999999999", &a),
            ("a:http", &a),
            ("a:１", &a),
            ("127.0.0.1:+1", &port("127.0.0.1")),
            ("[2001:db8::1]:", &port("[2001:db8::1]")),
            ("[2001:db8::1]:0", &port("[2001:db8::1]")),
            ("[2001:db8::1", brackets),
            ("[2001:db8::1]161", brackets),
            ("[[2001:db8::1]]", brackets),
            ("[localhost]:1", brackets),
            ("[192.0.2.1]:161", brackets),
            ("2001:db8::1]:161", colons),
            ("a:1:2", colons),
            ("2001:db8:0:0:0:0:0:1:161", colons),
            ("2001:db8::g", colons),
            ("udp:192.0.2.1", "write it without udp:"),
            ("udp:192.0.2.1:161", "write it without udp:"),
            ("udp6:[2001:db8::1]:161", "write it without udp6:"),
            ("TCP:db-01", "write it without tcp:"),
            ("tcp:161", "write it without tcp:"),
            ("tcp://db-01", "write it without tcp://"),
            ("https://example.com:443/", "write it without https://"),
            (
                "192.0.2.300",
                "192.0.2.300 has only digits and dots, but is no IPv4 address: that has four numbers from 0 to 255",
            ),
            (
                "192.0.2.300:161",
                "192.0.2.300 has only digits and dots, but is no IPv4 address: that has four numbers from 0 to 255",
            ),
            (
                "1.2.3",
                "1.2.3 has only digits and dots, but is no IPv4 address: that has four numbers from 0 to 255",
            ),
            (
                "192.0.2.1.",
                "192.0.2.1. has only digits and dots, but is no IPv4 address: that has four numbers from 0 to 255",
            ),
            (
                "192.0.2.01",
                "192.0.2.01 has only digits and dots, but is no IPv4 address: that has four numbers from 0 to 255",
            ),
            ("7", "7 has only digits and dots, but is no IPv4 address: that has four numbers from 0 to 255"),
            ("...", "a dot in a host name stands between two parts, or once at its end"),
            (".", "a dot in a host name stands between two parts, or once at its end"),
            ("a..", "a dot in a host name stands between two parts, or once at its end"),
            (".a", "a dot in a host name stands between two parts, or once at its end"),
            ("a..b", "a dot in a host name stands between two parts, or once at its end"),
            ("ex;ample:1", name),
            ("a b", name),
            (" a", name),
            ("a\n", name),
            ("a/24", name),
            ("a\0b", name),
            ("user@a", name),
            ("münchen.example", "write the name in ASCII, as in xn--mnchen-3ya.example"),
            ("-x", "a host name does not start with a hyphen"),
            ("--x:1", "a host name does not start with a hyphen"),
            ("eth0%eth0", name),
            ("fe80::1", "a link-local address needs its interface, as in fe80::1%eth0"),
            ("[fe80::1]:161", "a link-local address needs its interface, as in fe80::1%eth0"),
            ("fe80::1%", "the zone after % is the name or number of an interface, as in fe80::1%eth0"),
            ("fe80::1%eth0/64", "the zone after % is the name or number of an interface, as in fe80::1%eth0"),
            ("fe80::1%a b", "the zone after % is the name or number of an interface, as in fe80::1%eth0"),
            ("fe80::1%0", "the zone after % is the name or number of an interface, as in fe80::1%eth0"),
            (
                "fe80::1%sixteen-letters-",
                "the zone after % is the name or number of an interface, as in fe80::1%eth0",
            ),
            ("2001:db8::1%eth0", "only link-local addresses (fe80::/10) have a zone: write 2001:db8::1"),
            ("192.0.2.1%eth0", name),
        ];
        for (text, why) in rows {
            let refused = text.parse::<HostPort>().map_err(|refused| refused.to_string());
            let transport_as_written =
                |refused: String| if text.starts_with("TCP") { refused.to_lowercase() } else { refused };
            assert_eq!(refused.map_err(transport_as_written), Err(why.to_owned()), "{text:?}");
        }
    }

    #[test]
    fn names_have_their_lengths() {
        let label = "x".repeat(63);
        let longest = format!("{label}.{label}.{label}.{}", "x".repeat(61));
        for good in [longest.clone(), format!("{longest}."), format!("{longest}:1")] {
            assert!(good.parse::<HostPort>().is_ok(), "{good}");
        }
        for bad in
            [format!("{longest}x"), format!("{longest}x:1"), "x".repeat(64), format!("{label}x.example.com")]
        {
            let refused = bad.parse::<HostPort>().unwrap_err().to_string();
            assert_eq!(refused, "a host name has at most 253 characters, and 63 between two dots");
        }
    }

    #[test]
    fn a_port_that_is_the_default_is_not_shown() {
        let shown = |text: &str| text.parse::<HostPort>().unwrap().shown(3306);
        assert_eq!(shown("db-01"), "db-01");
        assert_eq!(shown("db-01:3306"), "db-01");
        assert_eq!(shown("[2001:db8::1]:3306"), "2001:db8::1");
        assert_eq!(shown("[2001:db8::1]:3307"), "[2001:db8::1]:3307");
    }
}
