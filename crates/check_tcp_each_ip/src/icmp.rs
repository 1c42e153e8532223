//! What ICMP said about a connection: the socket's error queue (ip(7), IP_RECVERR), which needs no privilege.

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::os::fd::{AsRawFd as _, OwnedFd};

use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use rustix::net::{SocketAddrAny, getsockname};

use crate::cause::{Cause, Icmp, Local};

/// linux/errqueue.h: SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6.
const ORIGIN_ICMP: u8 = 2;
const ORIGIN_ICMP6: u8 = 3;

/// Lets the kernel keep the ICMP errors of this socket.
pub(crate) fn keep_errors(socket: &OwnedFd, v6: bool) {
    // A system that cannot keep them just tells less.
    let _ = if v6 { setsockopt(socket, Ipv6RecvErr, &true) } else { setsockopt(socket, Ipv4RecvErr, &true) };
}

/// What the ICMP error at the head of the socket's queue says about `target`: none if there is none.
pub(crate) fn cause(socket: &OwnedFd, target: IpAddr) -> Option<Cause> {
    let icmp = read(socket)?;
    let here = getsockname(socket).ok().and_then(address);
    // The machine itself reports what it found on its own link; when it is the target, it reports as the target.
    let own = icmp.from.is_some() && icmp.from == here && here != Some(target);
    let host_unreachable = matches!((icmp.v6, icmp.kind, icmp.code), (false, 3, 1) | (true, 1, 3));
    Some(match (own, host_unreachable) {
        (true, true) => Cause::NoNeighbour,
        (true, false) => Cause::Local(Local::Prohibited),
        (false, _) => Cause::Icmp(icmp),
    })
}

fn read(socket: &OwnedFd) -> Option<Icmp> {
    // Room for the returned start of the packet, the error and the address of its sender.
    let mut packet = [0; 64];
    let mut control = nix::cmsg_space!([u8; 128]);
    let mut parts = [IoSliceMut::new(&mut packet)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message = recvmsg::<SockaddrStorage>(socket.as_raw_fd(), &mut parts, Some(&mut control), flags).ok()?;
    message.cmsgs().ok()?.find_map(|part| match part {
        ControlMessageOwned::Ipv4RecvErr(error, from) if error.ee_origin == ORIGIN_ICMP => {
            let from = from.map(|from| Ipv4Addr::from(from.sin_addr.s_addr.to_ne_bytes()).into());
            Some(Icmp { v6: false, kind: error.ee_type, code: error.ee_code, from: known(from) })
        }
        ControlMessageOwned::Ipv6RecvErr(error, from) if error.ee_origin == ORIGIN_ICMP6 => {
            let from = from.map(|from| Ipv6Addr::from(from.sin6_addr.s6_addr).into());
            Some(Icmp { v6: true, kind: error.ee_type, code: error.ee_code, from: known(from) })
        }
        _ => None,
    })
}

fn known(address: Option<IpAddr>) -> Option<IpAddr> {
    address.filter(|address| !address.is_unspecified())
}

fn address(name: SocketAddrAny) -> Option<IpAddr> {
    std::net::SocketAddr::try_from(name).ok().map(|name| name.ip())
}
