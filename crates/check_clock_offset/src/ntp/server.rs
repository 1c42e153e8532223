//! The name of an NTP server on the command line.

use std::fmt;
use std::net::Ipv6Addr;
use std::str::FromStr;

/// NTP's own port.
const PORT: u16 = 123;

/// A server: its name or address, and its port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Server {
    /// A name or an address.
    pub host: String,
    /// 123 unless another one is given.
    pub port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            PORT => f.write_str(&self.host),
            port if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            port => write!(f, "{}:{port}", self.host),
        }
    }
}

impl FromStr for Server {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not a server, as in ntp.example.com, 192.0.2.1:123 or [2001:db8::1]:123");
        if text.parse::<Ipv6Addr>().is_ok() {
            return Ok(Self { host: text.to_owned(), port: PORT });
        }
        let (host, port) = match text.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((address, "")) => (address, None),
            Some((address, rest)) => (address, Some(rest.strip_prefix(':').ok_or_else(wrong)?)),
            None => text.split_once(':').map_or((text, None), |(host, port)| (host, Some(port))),
        };
        let bracketed = text.starts_with('[');
        let port = match port {
            Some(port) => port.parse().ok().filter(|number| *number > 0 && !port.starts_with('+')).ok_or_else(wrong)?,
            None => PORT,
        };
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
        let is_name = !bracketed && !host.is_empty() && !host.starts_with('-') && host.len() <= 253 && host.chars().all(plain);
        if is_name || (bracketed && host.parse::<Ipv6Addr>().is_ok()) {
            Ok(Self { host: host.to_owned(), port })
        } else {
            Err(wrong())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_have_names_and_ports() {
        let rows = [
            ("ntp.example.com", "ntp.example.com", 123),
            ("192.0.2.1", "192.0.2.1", 123),
            ("192.0.2.1:11123", "192.0.2.1", 11_123),
            ("2001:db8::1", "2001:db8::1", 123),
            ("[2001:db8::1]", "2001:db8::1", 123),
            ("[2001:db8::1]:11123", "2001:db8::1", 11_123),
        ];
        for (text, host, port) in rows {
            assert_eq!(text.parse(), Ok(Server { host: host.to_owned(), port }), "{text}");
        }
        assert_eq!("[2001:db8::1]:11123".parse::<Server>().unwrap().to_string(), "[2001:db8::1]:11123");
        assert_eq!("192.0.2.1:123".parse::<Server>().unwrap().to_string(), "192.0.2.1");
        for bad in ["", ":123", "a:", "a:0", "a:65536", "a:+1", "a b", "-x", "[a]:1", "[2001:db8::1]1", "[2001:db8::1", "a;b"] {
            assert!(bad.parse::<Server>().is_err(), "{bad}");
        }
    }
}
