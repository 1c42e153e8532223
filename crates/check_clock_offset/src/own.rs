//! Whether an address is this machine's: its clock cannot be a reference for itself.

use std::fs;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use host_net::RouteLookup;
use plugin::Deadline;

/// How long the kernel may take to answer, which it does at once.
const LOOK: Duration = Duration::from_secs(1);

/// Returns whether this machine takes what is sent to an address: its own, also of a whole network (`ip route
/// add local`). A link-local one is on its own link alone: on another link another machine may have the same.
/// Where the kernel does not tell, an address to which a socket can be bound is one.
pub(crate) fn is_own(at: SocketAddr) -> bool {
    let ip = at.ip().to_canonical();
    let scope = match at {
        SocketAddr::V6(at) if at.ip().is_unicast_link_local() => Some(at.scope_id()),
        _ => None,
    };
    let is_local =
        RouteLookup::open().and_then(|mut routes| routes.is_local(scope, ip, &Deadline::after(LOOK)));
    is_local.unwrap_or_else(|_| is_bound(ip))
}

/// Returns whether this machine has an address, without asking its routes. With ip_nonlocal_bind, which
/// keepalived asks for, a socket can be bound to any address, so that only loopback is sure; to a multicast
/// address it can be always.
fn is_bound(ip: IpAddr) -> bool {
    let family = if ip.is_ipv4() { "ipv4" } else { "ipv6" };
    let setting = fs::read_to_string(format!("/proc/sys/net/{family}/ip_nonlocal_bind"));
    let is_proof = setting.is_ok_and(|setting| setting.trim() == "0") && !ip.is_multicast();
    ip.is_loopback() || (is_proof && net::is_own(ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_of_this_machine_by_the_routes() {
        let rows = [
            ("127.0.0.1:123", true),
            ("127.0.0.99:123", true),
            ("[::ffff:127.0.0.1]:161", true),
            ("[::1]:161", true),
            ("192.0.2.1:123", false),
            ("[2001:db8::1]:123", false),
            // On no link of this machine.
            ("[fe80::1%4000000]:123", false),
        ];
        for (at, expected) in rows {
            assert_eq!(is_own(at.parse().unwrap()), expected, "{at}");
        }
    }

    /// An address that is bound here, of whatever interface there is, is this machine's without its routes.
    #[test]
    fn without_the_routes_an_address_is_of_this_machine_that_a_socket_has() {
        let bound = host_net::Bound::read(&Deadline::after(LOOK)).unwrap();
        let is_usable = |ip: &IpAddr| ip.is_ipv4() && net::is_own(*ip);
        let mut own = bound.addresses.iter().map(|bound| bound.address).filter(is_usable).peekable();
        assert!(own.peek().is_some());
        let setting = fs::read_to_string("/proc/sys/net/ipv4/ip_nonlocal_bind").unwrap();
        own.for_each(|ip| assert_eq!(is_bound(ip), ip.is_loopback() || setting.trim() == "0", "{ip}"));
        for (ip, expected) in [("127.0.0.9", true), ("::1", true), ("192.0.2.1", false), ("224.0.1.1", false)]
        {
            assert_eq!(is_bound(ip.parse().unwrap()), expected, "{ip}");
        }
    }
}
