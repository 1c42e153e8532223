//! Whether an address is this machine's, whose clock is no reference for itself.

use std::net::SocketAddr;
use std::time::Duration;

use host_net::RouteLookup;
use plugin::Deadline;

/// How long the kernel may take to answer, which it does at once.
const LOOK: Duration = Duration::from_secs(1);

/// Returns whether this machine takes what is sent to an address: its own, also of a whole network (`ip route
/// add local`). A link-local one is on its own link alone: on another link another machine may have the same.
/// That a socket can be bound to it proves nothing: with ip_nonlocal_bind, which keepalived asks for, it can
/// to any; where the kernel does not tell, only loopback is sure.
pub(crate) fn is_own(at: SocketAddr) -> bool {
    let ip = at.ip().to_canonical();
    let scope = match at {
        SocketAddr::V6(at) if at.ip().is_unicast_link_local() => Some(at.scope_id()),
        _ => None,
    };
    let Ok(mut routes) = RouteLookup::open() else { return ip.is_loopback() };
    routes.is_local(scope, ip, &Deadline::after(LOOK)).unwrap_or(false)
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
}
