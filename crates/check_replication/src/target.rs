//! What to ask: a host with its port, or a socket.

use std::fmt;
use std::path::PathBuf;

use net::{Host, HostPort};

/// MySQL's port (IANA).
pub(crate) const PORT: u16 = 3306;

/// One server to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// By TCP.
    Host(HostPort),
    /// By its socket.
    Socket(PathBuf),
}

impl Target {
    /// Returns whether it is asked by TCP.
    pub(crate) fn is_tcp(&self) -> bool {
        matches!(self, Target::Host(_))
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Target::Host(host) => f.write_str(&host.shown(PORT)),
            Target::Socket(path) => path.display().fmt(f),
        }
    }
}

/// Returns the text for a source as a server reports it: a name or address that it did not validate, and a
/// port or 0.
pub(crate) fn source(host: &str, port: u16) -> String {
    let port = Some(port).filter(|port| *port != 0 && *port != PORT);
    match (host.parse::<Host>(), port) {
        (Ok(host), port) => HostPort { host, port }.to_string(),
        (Err(_), Some(port)) => format!("{host}:{port}"),
        (Err(_), None) => host.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_shown_whatever_the_server_reports() {
        let rows = [
            ("db-01", 3306, "db-01"),
            ("db-01", 3307, "db-01:3307"),
            ("2001:db8::1", 3307, "[2001:db8::1]:3307"),
            ("2001:db8::1", 0, "2001:db8::1"),
            ("", 0, ""),
            ("a b", 1, "a b:1"),
        ];
        for (host, port, shown) in rows {
            assert_eq!(source(host, port), shown);
        }
    }
}
