//! The sockets: a ping socket (icmp(7)), which the host opens to groups by net.ipv4.ping_group_range, or a
//! raw one, which needs CAP_NET_RAW.

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use nix::sys::socket::sockopt::{GetStruct, RcvBuf, RcvBufForce, SetStruct};
use nix::sys::socket::{getsockopt, setsockopt};
use nix::{getsockopt_impl, libc, setsockopt_impl, sockopt_impl};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, ipproto, sendto, socket_with};

use super::packet::{LENGTH, Parsed, Token};
use crate::icmp_error::{self, Queued, keep_icmp_errors};
use crate::source::Source;
use crate::stamped::{Received, Receiver};

/// Room for replies, in octets, of which the kernel takes twice as many and counts some 768 for each;
/// net.core.rmem_max limits it without CAP_NET_ADMIN. At 50,000 replies a second 2 MiB were full after 100
/// ms, for which a busy machine easily stops a process.
const ROOM: usize = 8 << 20;
/// linux/icmp.h: SOL_RAW and ICMP_FILTER; linux/icmpv6.h: ICMPV6_FILTER.
const SOL_RAW: libc::c_int = 255;
const ICMP_FILTER: libc::c_int = 1;
const ICMPV6_FILTER: libc::c_int = 1;
/// asm-generic/socket.h: SO_MEMINFO, from Linux 4.12 on.
const SO_MEMINFO: libc::c_int = 55;
/// Filters whose set bits are the types to leave out: all but echo replies, which are type 0 of ICMP and 129
/// of ICMPv6.
const ONLY_REPLIES: u32 = !1;
const ONLY_REPLIES_V6: [u32; 8] = [!0, !0, !0, !0, !(1 << 1), !0, !0, !0];

sockopt_impl!(
    /// Which types of ICMP a raw socket receives.
    IcmpFilter, SetOnly, SOL_RAW, ICMP_FILTER, u32, SetStruct<'_, u32>
);
sockopt_impl!(
    /// Which types of ICMPv6 a raw socket receives.
    Icmpv6Filter, SetOnly, libc::IPPROTO_ICMPV6, ICMPV6_FILTER, [u32; 8], SetStruct<'_, [u32; 8]>
);

sockopt_impl!(
    /// The nine counters of linux/sock_diag.h, the last of which is that of dropped packets. SO_RXQ_OVFL
    /// tells it for raw sockets, but not for ping sockets.
    MemoryInfo, GetOnly, libc::SOL_SOCKET, SO_MEMINFO, [u32; 9], GetStruct<[u32; 9]>
);

/// Why neither a ping socket nor a raw one is to be had: one error for a missing permission, which is EACCES
/// of the one and EPERM of the other. Why there is no raw one counts, since root may have no group for the
/// other. A missing capability does not, where the ping socket is allowed and fails by something else.
fn refusal(ping: Errno, raw: Errno) -> Errno {
    match (ping, raw) {
        (Errno::ACCESS | Errno::PERM | Errno::PROTONOSUPPORT, Errno::PERM) => Errno::ACCESS,
        (ping, Errno::PERM) => ping,
        (_, raw) => raw,
    }
}

/// A socket for the echoes of one family.
#[derive(Debug)]
pub(super) struct Socket {
    descriptor: OwnedFd,
    receiver: Receiver,
    v6: bool,
    raw: bool,
    token: Token,
}

impl Socket {
    pub(super) fn open(v6: bool, source: &Source, token: Token) -> io::Result<Self> {
        let (family, protocol) =
            if v6 { (AddressFamily::INET6, ipproto::ICMPV6) } else { (AddressFamily::INET, ipproto::ICMP) };
        let open =
            |kind| socket_with(family, kind, SocketFlags::NONBLOCK | SocketFlags::CLOEXEC, Some(protocol));
        let (descriptor, raw) = match open(SocketType::DGRAM) {
            Ok(descriptor) => (descriptor, false),
            Err(ping) => (open(SocketType::RAW).map_err(|raw| refusal(ping, raw))?, true),
        };
        source.apply(&descriptor, v6)?;
        keep_icmp_errors(&descriptor, v6);
        if raw {
            // Without its filter a raw socket only wakes us more often.
            let _ = if v6 {
                setsockopt(&descriptor, Icmpv6Filter, &ONLY_REPLIES_V6)
            } else {
                setsockopt(&descriptor, IcmpFilter, &ONLY_REPLIES)
            };
        }
        let forced = setsockopt(&descriptor, RcvBufForce, &ROOM);
        let _ = forced.or_else(|_| setsockopt(&descriptor, RcvBuf, &ROOM));
        let receiver = Receiver::new(&descriptor);
        Ok(Self { descriptor, receiver, v6, raw, token })
    }

    pub(super) fn is_raw(&self) -> bool {
        self.raw
    }

    /// The token, and the identifier by which a reply reaches this socket.
    #[cfg(test)]
    pub(super) fn identity(&self) -> (Token, u16) {
        let name =
            rustix::net::getsockname(&self.descriptor).ok().and_then(|name| SocketAddr::try_from(name).ok());
        let identifier = if self.raw { self.token.identifier() } else { name.map_or(0, |name| name.port()) };
        (self.token, identifier)
    }

    pub(super) fn send(&self, number: u32, to: SocketAddr) -> Result<(), Errno> {
        let request = self.token.request(self.v6, number);
        match sendto(&self.descriptor, &request, SendFlags::NOSIGNAL, &to) {
            Ok(LENGTH) => Ok(()),
            Ok(_) => Err(Errno::MSGSIZE),
            Err(errno) => Err(errno),
        }
    }

    /// Receives one packet into `room` without waiting.
    pub(super) fn receive(&mut self, room: &mut [u8]) -> Result<Received, nix::errno::Errno> {
        self.receiver.receive(&self.descriptor, room)
    }

    /// Returns how many packets were dropped since there was no room for them: 0 where the kernel does not
    /// count them.
    pub(super) fn dropped(&self) -> u32 {
        let [.., dropped] = getsockopt(&self.descriptor, MemoryInfo).unwrap_or_default();
        dropped
    }

    /// Takes the error at the head of the queue: `None` if that is empty.
    pub(super) fn take_error(&self) -> Option<Queued> {
        icmp_error::take(&self.descriptor)
    }

    /// What a received packet is to us.
    pub(super) fn parse(&self, packet: &[u8]) -> Parsed {
        self.ours(self.token.reply(packet, self.v6, self.raw && !self.v6))
    }

    /// What the packet is that an error quotes.
    pub(super) fn parse_quoted(&self, message: &[u8]) -> Parsed {
        self.ours(self.token.quoted(message, self.v6))
    }

    /// Leaves out other processes' echoes, which only a raw socket receives.
    fn ours(&self, parsed: Parsed) -> Parsed {
        match parsed {
            Parsed::Other { identifier, .. } if self.raw && identifier != self.token.identifier() => {
                Parsed::Foreign
            }
            parsed => parsed,
        }
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_capability_is_no_cause_where_the_ping_socket_is_allowed() {
        let rows = [
            (Errno::ACCESS, Errno::PERM, Errno::ACCESS),
            (Errno::PROTONOSUPPORT, Errno::PERM, Errno::ACCESS),
            (Errno::MFILE, Errno::PERM, Errno::MFILE),
            (Errno::NFILE, Errno::PERM, Errno::NFILE),
            (Errno::NOMEM, Errno::PERM, Errno::NOMEM),
            // Of root without a group.
            (Errno::ACCESS, Errno::MFILE, Errno::MFILE),
            (Errno::AFNOSUPPORT, Errno::AFNOSUPPORT, Errno::AFNOSUPPORT),
        ];
        for (ping, raw, expected) in rows {
            assert_eq!(refusal(ping, raw), expected, "{ping:?} {raw:?}");
        }
    }
}
