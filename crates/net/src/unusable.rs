//! Hosts that cannot be asked: they have no address, or an address that is not another host's.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use crate::getent::ResolveError;
use crate::host::Host;

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
    /// An address of this machine, where another one is needed.
    #[error("{0} is this machine")]
    Own(IpAddr),
}

impl Unusable {
    /// Returns whether the resolver kept silent, which says nothing about the name.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::Unresolved(why) if why.is_silence())
    }
}

/// Returns which addresses of a host can be tried, and why the others cannot.
pub fn divided(host: &Host, addresses: Vec<SocketAddr>) -> (Vec<SocketAddr>, Vec<Unusable>) {
    parted(addresses, |address| {
        let what = fault(host, address)?;
        Some(named(host, address, what).unwrap_or_else(|| Unusable::Literal(address.ip().to_canonical())))
    })
}

/// Divides the addresses of a host into those of other machines and those of this one, by `is_own`. Loopback
/// is this machine's on `port`, where its own service listens. On another port it may lead to
/// another machine.
pub fn without_own(
    host: &Host,
    addresses: Vec<SocketAddr>,
    port: u16,
    is_own: impl Fn(SocketAddr) -> bool,
) -> (Vec<SocketAddr>, Vec<Unusable>) {
    parted(addresses, |address| {
        let ip = address.ip().to_canonical();
        let own = if ip.is_loopback() { address.port() == port } else { is_own(*address) };
        own.then(|| named(host, address, "which is this machine").unwrap_or(Unusable::Own(ip)))
    })
}

/// Returns whether a host is written as an address or a name of loopback.
pub fn is_written_as_loopback(host: &Host) -> bool {
    match host.name() {
        Some(name) => is_of_loopback(name),
        None => host.socket_address(0).ok().flatten().is_some_and(|at| at.ip().to_canonical().is_loopback()),
    }
}

fn parted(
    mut addresses: Vec<SocketAddr>,
    fault: impl Fn(&SocketAddr) -> Option<Unusable>,
) -> (Vec<SocketAddr>, Vec<Unusable>) {
    let mut unusable = Vec::new();
    addresses.retain(|address| {
        let fault = fault(address);
        let is_usable = fault.is_none();
        unusable.extend(fault);
        is_usable
    });
    (addresses, unusable)
}

/// Returns the fault of an address that a name resolves to. `None` if the host is written as the address.
fn named(host: &Host, address: &SocketAddr, what: &'static str) -> Option<Unusable> {
    host.name()?;
    Some(Unusable::NoHost { host: host.to_string(), address: address.ip().to_canonical(), what })
}

/// What an address of a host is that no other host can have. Blocklists and hosts files give 0.0.0.0, :: or
/// loopback for names, and connections to them reach this machine.
fn fault(host: &Host, address: &SocketAddr) -> Option<&'static str> {
    if let SocketAddr::V6(address) = address
        && address.ip().is_unicast_link_local()
        && address.scope_id() == 0
    {
        return Some("a link-local address without its interface");
    }
    match address.ip().to_canonical() {
        address if address.is_unspecified() => Some("which is this machine: a blocklist or a hosts file?"),
        address if address.is_multicast() => Some("a multicast address"),
        address if address == Ipv4Addr::BROADCAST => Some("a broadcast address"),
        address if address.is_loopback() && host.name().is_some_and(|name| !is_of_loopback(name)) => {
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
    fn this_machine_is_told_from_others() {
        let own = |host: &str, address: &str| {
            let addresses = vec![address.parse().unwrap()];
            let (others, own) = without_own(&host.parse().unwrap(), addresses, 123, |_| false);
            assert_eq!(others.len() + own.len(), 1);
            own.first().map(ToString::to_string)
        };
        assert_eq!(own("127.0.0.1", "127.0.0.1:123").unwrap(), "127.0.0.1 is this machine");
        assert_eq!(own("::1", "[::1]:123").unwrap(), "::1 is this machine");
        let named = "localhost resolves to 127.0.0.1, which is this machine";
        assert_eq!(own("localhost", "127.0.0.1:123").unwrap(), named);
        for (host, address) in [
            ("127.0.0.1", "127.0.0.1:1123"),
            ("192.0.2.1", "192.0.2.1:123"),
            ("2001:db8::1", "[2001:db8::1]:123"),
        ] {
            assert_eq!(own(host, address), None, "{address}");
        }
        for (host, expected) in [("127.0.1.1", true), ("::1", true), ("localhost", true), ("ntp1", false)] {
            assert_eq!(is_written_as_loopback(&host.parse().unwrap()), expected, "{host}");
        }
    }

    #[test]
    fn an_address_of_an_interface_is_this_machine_on_any_port() {
        let own = |host: &str, address: &str| {
            let is_own = |at: SocketAddr| at.ip().to_canonical().to_string().ends_with('1');
            let (_, own) = without_own(&host.parse().unwrap(), vec![address.parse().unwrap()], 123, is_own);
            own.first().map(ToString::to_string)
        };
        for port in [123, 1123] {
            let rows = [
                ("192.0.2.1", format!("192.0.2.1:{port}"), Some("192.0.2.1 is this machine")),
                ("2001:db8::1", format!("[2001:db8::1]:{port}"), Some("2001:db8::1 is this machine")),
                (
                    "ntp1",
                    format!("[::ffff:192.0.2.1]:{port}"),
                    Some("ntp1 resolves to 192.0.2.1, which is this machine"),
                ),
                ("192.0.2.2", format!("192.0.2.2:{port}"), None),
                ("2001:db8::2", format!("[2001:db8::2]:{port}"), None),
            ];
            for (host, address, expected) in rows {
                assert_eq!(own(host, &address).as_deref(), expected, "{address}");
            }
        }
    }

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
            (
                "fe80::1",
                Some(
                    "www.example.com resolves to fe80::1, a link-local address without its interface"
                        .to_owned(),
                ),
            ),
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
