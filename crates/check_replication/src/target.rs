//! What to ask: a host with its port, or a socket.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

/// MySQL's port (IANA).
pub(crate) const PORT: u16 = 3306;

/// A value of `--hostname` or `--expect-source`: HOST, HOST:PORT, an IPv6 address, \[IPv6\]:PORT.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// A name or an address.
    pub host: String,
    /// The port, if one is given.
    pub port: Option<u16>,
}

/// Why a text is no [`Place`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not HOST or HOST:PORT")]
pub struct InvalidPlace(String);

impl FromStr for Place {
    type Err = InvalidPlace;

    fn from_str(text: &str) -> Result<Self, InvalidPlace> {
        let wrong = || InvalidPlace(text.chars().take(60).collect());
        let (host, port) = match (text.strip_prefix('['), text.matches(':').count()) {
            (Some(rest), _) => {
                let (host, port) = rest.split_once(']').ok_or_else(wrong)?;
                (host, if port.is_empty() { None } else { Some(port.strip_prefix(':').ok_or_else(wrong)?) })
            }
            (None, 1) => text.split_once(':').map(|(host, port)| (host, Some(port))).ok_or_else(wrong)?,
            (None, _) => (text, None),
        };
        let digits = |port: &str| port.bytes().all(|octet| octet.is_ascii_digit()).then(|| port.parse().ok()).flatten();
        let port = port.map(|port| digits(port).filter(|port| *port > 0).ok_or_else(wrong)).transpose()?;
        let blank = |c: char| c.is_whitespace() || c.is_control();
        if host.is_empty() || host.contains(blank) { Err(wrong()) } else { Ok(Self { host: host.to_owned(), port }) }
    }
}

/// Without the port where that is MySQL's.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.port {
            None | Some(PORT) => f.write_str(&self.host),
            Some(port) if self.host.contains(':') => write!(f, "[{}]:{port}", self.host),
            Some(port) => write!(f, "{}:{port}", self.host),
        }
    }
}

/// One server to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// By TCP.
    Host(Place),
    /// By its socket.
    Socket(PathBuf),
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Host(place) => place.fmt(f),
            Target::Socket(path) => path.display().fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_read_and_written() {
        let rows = [
            ("db-01", Some(("db-01", None, "db-01"))),
            ("db-01:3306", Some(("db-01", Some(3306), "db-01"))),
            ("192.0.2.1:3307", Some(("192.0.2.1", Some(3307), "192.0.2.1:3307"))),
            ("2001:db8::1", Some(("2001:db8::1", None, "2001:db8::1"))),
            ("[2001:db8::1]:3307", Some(("2001:db8::1", Some(3307), "[2001:db8::1]:3307"))),
            ("[2001:db8::1]", Some(("2001:db8::1", None, "2001:db8::1"))),
            ("", None),
            (":3306", None),
            ("db-01:", None),
            ("db-01:0", None),
            ("db-01:+1", None),
            ("db-01:65536", None),
            ("[2001:db8::1", None),
            ("[2001:db8::1]3306", None),
            ("a b", None),
        ];
        for (text, expected) in rows {
            let place = text.parse::<Place>();
            match expected {
                Some((host, port, shown)) => {
                    let place = place.unwrap();
                    assert_eq!((place.host.as_str(), place.port, place.to_string().as_str()), (host, port, shown), "{text}");
                }
                None => assert!(place.is_err(), "{text}"),
            }
        }
    }
}
