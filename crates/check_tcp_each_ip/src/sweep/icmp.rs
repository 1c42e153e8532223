//! What an ICMP error says about a connection.

use std::net::IpAddr;
use std::os::fd::OwnedFd;

use net::{Told, told};

use crate::cause::{Cause, Local};

/// What the ICMP error at the head of the socket's queue says about `target`: none if there is none.
pub(crate) fn cause(socket: &OwnedFd, target: IpAddr) -> Option<Cause> {
    Some(match told(socket, target)? {
        Told::NoNeighbour => Cause::NoNeighbour,
        Told::Here => Cause::Local(Local::Prohibited),
        Told::Icmp(icmp) => Cause::Icmp(icmp),
    })
}
