//! What ICMP reported about a packet of ours: the socket's error queue (ip(7), IP_RECVERR), which needs no
//! privilege.

use std::io::IoSliceMut;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::os::fd::{AsFd, AsRawFd as _};

use nix::libc::sock_extended_err;
use nix::sys::socket::sockopt::{Ipv4RecvErr, Ipv6RecvErr};
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use rustix::net::getsockname;

use crate::stamped::socket_address;

/// linux/errqueue.h: SO_EE_ORIGIN_ICMP and SO_EE_ORIGIN_ICMP6.
const ORIGIN_ICMP: u8 = 2;
const ORIGIN_ICMP6: u8 = 3;
/// The octets of the offending packet that are kept: the header of ICMP and our payload.
const QUOTED: usize = 64;

/// An ICMP error from the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct IcmpError {
    /// Whether it is one of ICMPv6 (RFC 4443), else of ICMP (RFC 792).
    pub v6: bool,
    /// Its type.
    pub kind: u8,
    /// Its code.
    pub code: u8,
    /// Who sent it: an address of this machine ([`crate::is_own`]) for what it found on its own link.
    pub from: Option<IpAddr>,
}

/// An error at the head of a socket's queue.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Queued {
    /// Where the offending packet was sent.
    pub(crate) to: Option<SocketAddr>,
    /// The ICMP error: `None` for one that the kernel reports by itself.
    pub(crate) icmp: Option<IcmpError>,
    quoted: [u8; QUOTED],
    length: usize,
}

impl Queued {
    /// Returns the start of the offending packet, as far as it came back, from its header above IP on.
    pub(crate) fn quoted(&self) -> &[u8] {
        self.quoted.get(..self.length).unwrap_or_default()
    }
}

impl IcmpError {
    /// Returns in few words what it says of the destination.
    pub fn brief(self) -> &'static str {
        match (self.v6, self.kind, self.code) {
            (false, 3, 3) | (true, 1, 4) => "port unreachable",
            (false, 3, 9 | 10 | 13) | (true, 1, 1 | 5 | 6) => "prohibited",
            (false, 3, 0 | 6 | 11) | (true, 1, 0) => "net unreachable",
            (false, 3, 1 | 7 | 12) | (true, 1, 3) => "host unreachable",
            (false, 3, 2) | (true, 4, 1) => "protocol unreachable",
            (false, 11, _) | (true, 3, _) => "time to live exceeded",
            _ => "unreachable",
        }
    }

    /// Returns who says so, of whom is known whether it `is_of_here`, which is this machine.
    pub(crate) fn told(self, is_of_here: bool) -> Told {
        let is_host_unreachable = matches!((self.v6, self.kind, self.code), (false, 3, 1) | (true, 1, 3));
        match (is_of_here, is_host_unreachable) {
            (true, true) => Told::NoNeighbour,
            (true, false) => Told::Here,
            (false, _) => Told::Icmp(self),
        }
    }

    /// Returns it in full: the words, type and code, and who sent it.
    pub fn full(self) -> String {
        let Self { v6, kind, code, from } = self;
        let name = if v6 { "ICMPv6" } else { "ICMP" };
        let from = from.map(|from| format!(" from {from}")).unwrap_or_default();
        format!("{} ({name} type {kind} code {code}{from})", self.brief())
    }
}

/// Who says that a connection cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// Nothing on the link has the address: no answer to ARP or neighbour solicitation.
    NoNeighbour,
    /// This machine's firewall forbids it.
    Here,
    /// The network or the target sent this ICMP error.
    Icmp(IcmpError),
}

/// Takes the ICMP error at the head of the queue of a socket that should connect to `target`, and returns who
/// says so: `None` if there is none.
pub fn told(socket: impl AsFd, target: IpAddr) -> Option<Told> {
    let socket = socket.as_fd();
    let icmp = take_icmp_error(socket)?;
    let name = getsockname(socket).ok().and_then(|name| SocketAddr::try_from(name).ok());
    let here = name.map(|name| name.ip());
    // The machine itself reports what it found on its own link; when it is the target, it reports as the
    // target.
    let is_own = icmp.from.is_some() && icmp.from == here && here != Some(target);
    Some(icmp.told(is_own))
}

/// Lets the kernel drop the ICMP errors of this socket again: on a connection that stands, each kept one
/// would end it.
pub fn drop_icmp_errors(socket: impl AsFd, v6: bool) {
    let _ =
        if v6 { setsockopt(&socket, Ipv6RecvErr, &false) } else { setsockopt(&socket, Ipv4RecvErr, &false) };
}

/// Lets the kernel keep the ICMP errors of this socket.
pub fn keep_icmp_errors(socket: impl AsFd, v6: bool) {
    // A system that cannot keep them just tells less.
    let _ =
        if v6 { setsockopt(&socket, Ipv6RecvErr, &true) } else { setsockopt(&socket, Ipv4RecvErr, &true) };
}

/// Takes the ICMP error at the head of the socket's queue: `None` if there is none.
pub fn take_icmp_error(socket: impl AsFd) -> Option<IcmpError> {
    take(socket)?.icmp
}

/// Takes what is at the head of the socket's error queue: `None` if that is empty.
pub(crate) fn take(socket: impl AsFd) -> Option<Queued> {
    // Room for the returned start of the packet, the error, the address of its sender and a timestamp.
    let mut quoted = [0; QUOTED];
    let mut control = nix::cmsg_space!([u8; 192]);
    let mut parts = [IoSliceMut::new(&mut quoted)];
    let flags = MsgFlags::MSG_ERRQUEUE | MsgFlags::MSG_DONTWAIT;
    let message =
        recvmsg::<SockaddrStorage>(socket.as_fd().as_raw_fd(), &mut parts, Some(&mut control), flags).ok()?;
    let icmp = message.cmsgs().ok().and_then(|mut parts| parts.find_map(icmp));
    let (to, length) = (message.address.as_ref().and_then(socket_address), message.bytes);
    Some(Queued { to, icmp, quoted, length })
}

fn icmp(part: ControlMessageOwned) -> Option<IcmpError> {
    let error = |v6, error: sock_extended_err, from: Option<IpAddr>| {
        let from = from.filter(|address| !address.is_unspecified());
        IcmpError { v6, kind: error.ee_type, code: error.ee_code, from }
    };
    match part {
        ControlMessageOwned::Ipv4RecvErr(what, from) if what.ee_origin == ORIGIN_ICMP => Some(error(
            false,
            what,
            from.map(|from| Ipv4Addr::from(from.sin_addr.s_addr.to_ne_bytes()).into()),
        )),
        ControlMessageOwned::Ipv6RecvErr(what, from) if what.ee_origin == ORIGIN_ICMP6 => {
            Some(error(true, what, from.map(|from| Ipv6Addr::from(from.sin6_addr.s6_addr).into())))
        }
        _ => None,
    }
}
