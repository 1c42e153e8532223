//! Questions over a netlink socket (netlink(7)): one request and one answer, or a dump of many, bounded in time. What the answers
//! say is for `rtnetlink.rs`, `neighbours.rs` and `routes.rs`.

use std::io;
use std::os::fd::OwnedFd;

use netlink_packet_core::{DecodeError, NetlinkBuffer};
use plugin::{Deadline, reason};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

/// The kernel fills at most 32 KiB at once; with less room it walks its list again for each read.
const ROOM: usize = 64 << 10;

/// linux/netlink.h: NLM_F_REQUEST, and NLM_F_REQUEST | NLM_F_DUMP.
const REQUEST: u16 = 0x001;
const REQUEST_DUMP: u16 = 0x301;
/// linux/netlink.h: NLM_F_DUMP_INTR, the dump was interrupted by a change and may be incomplete.
const DUMP_INTERRUPTED: u16 = 0x10;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

#[derive(Debug, thiserror::Error)]
pub(crate) enum NetlinkError {
    #[error("netlink: {}", reason(&io::Error::from(*.0)))]
    Refused(Errno),
    #[error("netlink: the kernel's answer is not understood: {0}")]
    Answer(String),
    #[error("netlink: no answer in time")]
    TooSlow,
    #[error("netlink: the addresses kept changing while they were read")]
    Changing,
}

impl From<Errno> for NetlinkError {
    fn from(errno: Errno) -> Self {
        NetlinkError::Refused(errno)
    }
}

impl From<DecodeError> for NetlinkError {
    fn from(error: DecodeError) -> Self {
        NetlinkError::Answer(error.to_string())
    }
}

/// A socket to the kernel's routing tables, interfaces and addresses.
pub(crate) struct Dump {
    socket: OwnedFd,
    room: Vec<u8>,
    sequence: u32,
}

impl Dump {
    /// Opens the socket.
    pub(crate) fn open() -> Result<Self, NetlinkError> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        Ok(Self { socket, room: vec![0; ROOM], sequence: 0 })
    }

    /// Sends a dump request and hands the payload of each answer of the type `wanted` to `each`. Returns whether the dump is
    /// complete: not interrupted by a change.
    pub(crate) fn run(
        &mut self,
        request: u16,
        body: &[u8],
        deadline: &Deadline,
        wanted: u16,
        mut each: impl FnMut(&[u8]) -> Result<(), NetlinkError>,
    ) -> Result<bool, NetlinkError> {
        self.send(request, REQUEST_DUMP, body)?;
        let mut complete = true;
        loop {
            let length = self.receive(deadline)?;
            let mut rest = self.room.get(..length).unwrap_or_default();
            while !rest.is_empty() {
                let answer = NetlinkBuffer::new_checked(rest)?;
                let aligned = (answer.length() as usize).next_multiple_of(4);
                rest = rest.get(aligned..).unwrap_or_default();
                if answer.sequence_number() != self.sequence {
                    continue;
                }
                complete &= answer.flags() & DUMP_INTERRUPTED == 0;
                match answer.message_type() {
                    kind if kind == wanted => each(answer.payload())?,
                    NLMSG_DONE | NLMSG_ERROR => return end(answer.payload()).map(|()| complete),
                    _ => {}
                }
            }
        }
    }

    /// Sends a request and returns the payload of its one answer of the type `wanted`.
    pub(crate) fn ask(&mut self, request: u16, body: &[u8], deadline: &Deadline, wanted: u16) -> Result<Vec<u8>, NetlinkError> {
        self.send(request, REQUEST, body)?;
        loop {
            let length = self.receive(deadline)?;
            let answer = NetlinkBuffer::new_checked(self.room.get(..length).unwrap_or_default())?;
            match answer.message_type() {
                _ if answer.sequence_number() != self.sequence => {}
                kind if kind == wanted => return Ok(answer.payload().to_vec()),
                NLMSG_ERROR => end(answer.payload())?,
                kind => return Err(NetlinkError::Answer(format!("a message of type {kind}"))),
            }
        }
    }

    fn send(&mut self, request: u16, flags: u16, body: &[u8]) -> Result<(), NetlinkError> {
        self.sequence += 1;
        let length = u32::try_from(16 + body.len()).unwrap_or(u32::MAX);
        let mut message = length.to_ne_bytes().to_vec();
        message.extend(request.to_ne_bytes());
        message.extend(flags.to_ne_bytes());
        message.extend(self.sequence.to_ne_bytes());
        message.extend(0_u32.to_ne_bytes());
        message.extend(body);
        send(&self.socket, &message, SendFlags::empty())?;
        Ok(())
    }

    /// One read of the socket, waiting only where nothing is there yet.
    fn receive(&mut self, deadline: &Deadline) -> Result<usize, NetlinkError> {
        loop {
            match recv(&self.socket, self.room.as_mut_slice(), RecvFlags::TRUNC) {
                Ok((_, length)) if length <= ROOM => return Ok(length),
                Ok((_, length)) => return Err(NetlinkError::Answer(format!("a message of {length} octets"))),
                Err(Errno::AGAIN) => {}
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno.into()),
            }
            let remaining = Timespec::try_from(deadline.remaining()).map_err(|_| NetlinkError::TooSlow)?;
            match poll(&mut [PollFd::new(&self.socket, PollFlags::IN)], Some(&remaining)) {
                Ok(0) => return Err(NetlinkError::TooSlow),
                Ok(_) | Err(Errno::INTR) => {}
                Err(errno) => return Err(errno.into()),
            }
        }
    }
}

/// The end of a dump: its payload starts with zero or a negative error number.
fn end(payload: &[u8]) -> Result<(), NetlinkError> {
    match payload.first_chunk().copied().map(i32::from_ne_bytes) {
        None | Some(0) => Ok(()),
        Some(number) => Err(Errno::from_raw_os_error(number.saturating_neg()).into()),
    }
}
