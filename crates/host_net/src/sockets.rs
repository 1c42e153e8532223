//! What routes are chosen by, beside the destination: what a socket speaks and what it is bound to.

use std::net::{IpAddr, SocketAddr};

/// The protocol of a socket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Protocol {
    /// TCP.
    #[default]
    Tcp,
    /// UDP.
    Udp,
}

/// Sockets, as far as rules and routes of this machine tell them apart. By default those of TCP that are
/// bound to nothing.
#[derive(Clone, Debug, Default)]
pub struct Sockets {
    /// What they speak.
    pub protocol: Protocol,
    /// The index of the interface that they are bound to: `None` leaves it to the routes.
    pub interface: Option<u32>,
    /// The addresses that they are bound to: the first of a destination's family is taken, without one the
    /// system chooses.
    pub sources: Vec<IpAddr>,
}

/// The packets that a route is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flow {
    pub(crate) to: IpAddr,
    pub(crate) source: Option<IpAddr>,
    pub(crate) interface: Option<u32>,
    /// The protocol and the port that they go to.
    pub(crate) port: Option<(Protocol, u16)>,
}

impl Flow {
    /// Packets of which nothing is known but their destination.
    pub(crate) fn to(address: IpAddr) -> Self {
        Self { to: address, source: None, interface: None, port: None }
    }

    /// Packets of sockets. A link-local destination names its interface.
    pub(crate) fn of(sockets: &Sockets, to: SocketAddr) -> Self {
        let source = sockets.sources.iter().find(|source| source.is_ipv6() == to.is_ipv6());
        let zone = match to {
            SocketAddr::V6(to) => Some(to.scope_id()).filter(|zone| *zone != 0),
            SocketAddr::V4(_) => None,
        };
        Self {
            to: to.ip(),
            source: source.copied(),
            interface: sockets.interface.or(zone),
            port: Some((sockets.protocol, to.port())),
        }
    }
}
