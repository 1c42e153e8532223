//! What an ICMP error says about a connection.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::OwnedFd;

use net::take_icmp_error;
use rustix::net::{SocketAddrAny, getsockname};

use crate::cause::{Cause, Local};

/// What the ICMP error at the head of the socket's queue says about `target`: none if there is none.
pub(crate) fn cause(socket: &OwnedFd, target: IpAddr) -> Option<Cause> {
    let icmp = take_icmp_error(socket)?;
    let here = getsockname(socket).ok().and_then(address);
    // The machine itself reports what it found on its own link; when it is the target, it reports as the
    // target.
    let own = icmp.from.is_some() && icmp.from == here && here != Some(target);
    let host_unreachable = matches!((icmp.v6, icmp.kind, icmp.code), (false, 3, 1) | (true, 1, 3));
    Some(match (own, host_unreachable) {
        (true, true) => Cause::NoNeighbour,
        (true, false) => Cause::Local(Local::Prohibited),
        (false, _) => Cause::Icmp(icmp),
    })
}

fn address(name: SocketAddrAny) -> Option<IpAddr> {
    SocketAddr::try_from(name).ok().map(|name| name.ip())
}
