//! Receiving datagrams with the moment at which the kernel took them in (socket(7), SO_TIMESTAMPNS): on a
//! busy machine a process is woken milliseconds later.

use std::io::IoSliceMut;
use std::net::SocketAddr;
use std::os::fd::{AsFd, AsRawFd as _};
use std::time::{Duration, Instant, SystemTime};

use nix::errno::Errno;
use nix::sys::socket::sockopt::ReceiveTimestampns;
use nix::sys::socket::{ControlMessageOwned, MsgFlags, SockaddrStorage, recvmsg, setsockopt};
use nix::sys::time::TimeSpec;

/// A kernel's time farther back than this is not believed: the clock was stepped since.
const OLDEST: Duration = Duration::from_secs(60);

/// A datagram that was received; its octets are in the caller's buffer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Received {
    /// How many octets of the buffer it filled.
    pub(crate) length: usize,
    /// Who sent it.
    pub(crate) from: Option<SocketAddr>,
    /// When the kernel received it.
    pub(crate) at: Instant,
}

/// Room for control messages, used again for each datagram.
#[derive(Debug)]
pub(crate) struct Receiver {
    control: Vec<u8>,
}

impl Receiver {
    /// Switches the kernel's timestamps on for `socket`; where it has none, the moment of reading counts.
    pub(crate) fn new(socket: impl AsFd) -> Self {
        let _ = setsockopt(&socket, ReceiveTimestampns, &true);
        Self { control: nix::cmsg_space!(TimeSpec, [u8; 64]) }
    }

    /// Receives one datagram without waiting.
    pub(crate) fn receive(&mut self, socket: impl AsFd, room: &mut [u8]) -> Result<Received, Errno> {
        let mut parts = [IoSliceMut::new(room)];
        let descriptor = socket.as_fd().as_raw_fd();
        let message = recvmsg::<SockaddrStorage>(
            descriptor,
            &mut parts,
            Some(&mut self.control),
            MsgFlags::MSG_DONTWAIT,
        )?;
        let stamp = message.cmsgs()?.find_map(|part| match part {
            ControlMessageOwned::ScmTimestampns(stamp) => Some(stamp),
            _ => None,
        });
        let now = Instant::now();
        let at = stamp.and_then(|stamp| at(stamp, now)).unwrap_or(now);
        Ok(Received { length: message.bytes, from: message.address.as_ref().and_then(socket_address), at })
    }
}

/// When a moment of the real clock was on the monotonic one: `None` if it is in the future or long ago.
fn at(stamp: TimeSpec, now: Instant) -> Option<Instant> {
    let age = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?.checked_sub(stamp.into())?;
    if age > OLDEST { None } else { now.checked_sub(age) }
}

/// Returns an address of nix as one of the standard library.
pub(crate) fn socket_address(address: &SockaddrStorage) -> Option<SocketAddr> {
    let v4 = || address.as_sockaddr_in().map(|address| SocketAddr::V4((*address).into()));
    v4().or_else(|| address.as_sockaddr_in6().map(|address| SocketAddr::V6((*address).into())))
}
