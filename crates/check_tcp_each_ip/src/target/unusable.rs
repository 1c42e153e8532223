//! Names that give nothing to connect to: they have no address, or one that is not that of another host.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use net::{Host, ResolveError};

/// The names of loopback: in RFC 6761, in section 6.3, and in the hosts files of systems.
const LOOPBACK: [&str; 5] = ["localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback"];

/// Why a name, or one of its addresses, cannot be tried.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// It has no address.
    #[error(transparent)]
    Unresolved(#[from] ResolveError),
    /// No other host has the address: a connection would reach this machine, or none.
    #[error("{host} resolves to {address}, {what}")]
    NoHost {
        /// The name.
        host: String,
        /// What it resolves to.
        address: IpAddr,
        /// What the address is.
        what: &'static str,
    },
    /// The option names such an address itself.
    #[error("{0} is not an address that a host can have")]
    Literal(IpAddr),
}

impl Unusable {
    /// Returns whether the resolver kept silent, which is no answer about the name.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Unresolved(why) if why.is_silence())
    }
}

/// Returns which addresses of a host can be tried, and why the others cannot.
pub(crate) fn divided(host: &Host, addresses: Vec<SocketAddr>) -> (Vec<SocketAddr>, Vec<Unusable>) {
    let mut unusable = Vec::new();
    let mut usable = addresses;
    usable.retain(|address| {
        let address = address.ip().to_canonical();
        let Some(what) = fault(host, address) else { return true };
        unusable.push(match host.name() {
            Some(_) => Unusable::NoHost { host: host.to_string(), address, what },
            None => Unusable::Literal(address),
        });
        false
    });
    (usable, unusable)
}

/// What an address of a host is that no other host can have. Blocklists and hosts files give 0.0.0.0, :: or
/// loopback for names, and connections to them reach this machine.
fn fault(host: &Host, address: IpAddr) -> Option<&'static str> {
    match address {
        _ if address.is_unspecified() => Some("which is this machine: a blocklist or a hosts file?"),
        _ if address.is_multicast() => Some("a multicast address"),
        _ if address == Ipv4Addr::BROADCAST => Some("a broadcast address"),
        _ if address.is_loopback() && host.name().is_some_and(|name| !is_of_loopback(name)) => {
            Some("which is this machine: a hosts file?")
        }
        _ => None,
    }
}

fn is_of_loopback(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    let first = name.split('.').next().unwrap_or_default();
    LOOPBACK.contains(&first) || name.ends_with(".localhost")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_makes_the_monitor_test_itself() {
        let divided = |host: &str, address: &str| {
            let (usable, unusable) =
                divided(&host.parse().unwrap(), vec![SocketAddr::new(address.parse().unwrap(), 0)]);
            assert_eq!(usable.len() + unusable.len(), 1);
            unusable.first().map(ToString::to_string)
        };
        let own = |address: &str, by: &str| {
            Some(format!("www.example.com resolves to {address}, which is this machine: {by}?"))
        };
        let named = [
            ("0.0.0.0", own("0.0.0.0", "a blocklist or a hosts file")),
            ("::", own("::", "a blocklist or a hosts file")),
            ("::ffff:0.0.0.0", own("0.0.0.0", "a blocklist or a hosts file")),
            ("127.0.0.1", own("127.0.0.1", "a hosts file")),
            ("127.0.1.1", own("127.0.1.1", "a hosts file")),
            ("::1", own("::1", "a hosts file")),
            (
                "255.255.255.255",
                Some("www.example.com resolves to 255.255.255.255, a broadcast address".to_owned()),
            ),
            ("224.0.0.1", Some("www.example.com resolves to 224.0.0.1, a multicast address".to_owned())),
            ("ff02::1", Some("www.example.com resolves to ff02::1, a multicast address".to_owned())),
            ("192.0.2.1", None),
            ("2001:db8::1", None),
        ];
        for (address, expected) in named {
            assert_eq!(divided("www.example.com", address), expected, "{address}");
        }
        for host in [
            "localhost",
            "LOCALHOST.",
            "localhost.localdomain",
            "web.localhost",
            "ip6-localhost",
            "127.0.0.1",
        ] {
            assert_eq!(divided(host, "127.0.0.1"), None, "{host}");
        }
        let literal = divided("0.0.0.0", "0.0.0.0").unwrap();
        assert_eq!(literal, "0.0.0.0 is not an address that a host can have");
    }
}
