//! Questions over a netlink socket (netlink(7)): one request and one answer, or a dump of many, bounded in
//! time. What the answers say is for `rtnetlink.rs`, `neighbours.rs` and `routes.rs`; what is changed by
//! them, for `change.rs`.

use std::io;
use std::os::fd::OwnedFd;

use netlink_packet_core::DecodeError;
use plugin::{Deadline, reason, wait_until};
use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

/// The kernel fills at most 32 KiB at once; with less room it walks its list again for each read.
const ROOM: usize = 64 << 10;

/// linux/netlink.h: NLM_F_REQUEST, and NLM_F_REQUEST | NLM_F_DUMP.
const REQUEST: u16 = 0x001;
const REQUEST_DUMP: u16 = 0x301;
/// linux/netlink.h: NLM_F_ACK.
const ACKNOWLEDGE: u16 = 0x004;
/// linux/netlink.h: NLM_F_DUMP_INTR, the dump was interrupted by a change and may be incomplete.
const DUMP_INTERRUPTED: u16 = 0x10;
/// The size of struct nlmsghdr.
const HEADER: usize = 16;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;

#[derive(Debug, thiserror::Error)]
pub(crate) enum NetlinkError {
    #[error("netlink: {}", reason(&io::Error::from(*.0)))]
    Refused(Errno),
    #[error("netlink: the answer of the kernel is not understood: {0}")]
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
pub(crate) struct NetlinkSocket {
    socket: OwnedFd,
    /// The last answer. Memory beyond it stays untouched.
    room: Vec<u8>,
    sequence: u32,
}

impl NetlinkSocket {
    /// Opens the socket.
    pub(crate) fn open() -> Result<Self, NetlinkError> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, flags, None)?;
        Ok(Self { socket, room: Vec::with_capacity(ROOM), sequence: 0 })
    }

    /// Sends a dump request and hands the payload of each answer of the type `wanted` to `each`. Returns
    /// whether the dump is complete: not interrupted by a change.
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
            self.receive(deadline)?;
            let mut rest = self.room.as_slice();
            while let Some((message, behind)) = split(rest)? {
                rest = behind;
                if message.sequence != self.sequence {
                    continue;
                }
                complete &= message.flags & DUMP_INTERRUPTED == 0;
                match message.kind {
                    kind if kind == wanted => each(message.payload)?,
                    NLMSG_DONE | NLMSG_ERROR => return end(message.payload).map(|()| complete),
                    _ => {}
                }
            }
        }
    }

    /// Sends a request and returns the payload of its one answer of the type `wanted`.
    pub(crate) fn ask(
        &mut self,
        request: u16,
        body: &[u8],
        deadline: &Deadline,
        wanted: u16,
    ) -> Result<Vec<u8>, NetlinkError> {
        match self.answer(request, REQUEST, body, deadline)? {
            Message { kind, payload, .. } if kind == wanted => Ok(payload.to_vec()),
            answer => Err(answer.unexpected()),
        }
    }

    /// Sends a request that changes something, and waits for the kernel's word that it is done (NLM_F_ACK).
    pub(crate) fn change(
        &mut self,
        request: u16,
        flags: u16,
        body: &[u8],
        deadline: &Deadline,
    ) -> Result<(), NetlinkError> {
        match self.answer(request, REQUEST | ACKNOWLEDGE | flags, body, deadline)? {
            Message { kind: NLMSG_ERROR, .. } => Ok(()),
            answer => Err(answer.unexpected()),
        }
    }

    /// Sends a request and returns the first answer to it; one that tells of an error is that error.
    fn answer(
        &mut self,
        request: u16,
        flags: u16,
        body: &[u8],
        deadline: &Deadline,
    ) -> Result<Message<'_>, NetlinkError> {
        self.send(request, flags, body)?;
        loop {
            self.receive(deadline)?;
            match split(&self.room)?.map(|(answer, _)| answer.sequence) {
                Some(sequence) if sequence == self.sequence => break,
                Some(_) => {}
                None => return Err(self.not_understood()),
            }
        }
        let Some((answer, _)) = split(&self.room)? else { return Err(self.not_understood()) };
        if answer.kind == NLMSG_ERROR {
            end(answer.payload)?;
        }
        Ok(answer)
    }

    fn send(&mut self, request: u16, flags: u16, body: &[u8]) -> Result<(), NetlinkError> {
        self.sequence += 1;
        let length = u32::try_from(HEADER + body.len()).unwrap_or(u32::MAX);
        let mut message = length.to_ne_bytes().to_vec();
        message.extend(request.to_ne_bytes());
        message.extend(flags.to_ne_bytes());
        message.extend(self.sequence.to_ne_bytes());
        message.extend(0_u32.to_ne_bytes());
        message.extend(body);
        send(&self.socket, &message, SendFlags::empty())?;
        Ok(())
    }

    fn not_understood(&self) -> NetlinkError {
        NetlinkError::Answer(format!("a message of {} octets", self.room.len()))
    }

    /// One read of the socket into the room, waiting only where nothing is there yet.
    fn receive(&mut self, deadline: &Deadline) -> Result<(), NetlinkError> {
        loop {
            self.room.clear();
            match recv(&self.socket, spare_capacity(&mut self.room), RecvFlags::TRUNC) {
                Ok((_, length)) if length <= ROOM => return Ok(()),
                Ok((_, length)) => return Err(NetlinkError::Answer(format!("a message of {length} octets"))),
                Err(Errno::AGAIN) => {}
                Err(Errno::INTR) => continue,
                Err(errno) => return Err(errno.into()),
            }
            if !wait_until(&mut [PollFd::new(&self.socket, PollFlags::IN)], deadline.at())? {
                return Err(NetlinkError::TooSlow);
            }
        }
    }
}

/// A message with what its struct nlmsghdr (linux/netlink.h) says of it.
struct Message<'a> {
    kind: u16,
    flags: u16,
    sequence: u32,
    payload: &'a [u8],
}

impl Message<'_> {
    fn unexpected(&self) -> NetlinkError {
        NetlinkError::Answer(format!("a message of type {}", self.kind))
    }
}

/// The first message of several, and what is behind it: `None` at the end. By hand: this is done once for
/// each of perhaps 60,000 addresses, and netlink-packet-core's checked view of a message takes four times as
/// long.
fn split(messages: &[u8]) -> Result<Option<(Message<'_>, &[u8])>, NetlinkError> {
    let Some((header, _)) = messages.split_first_chunk::<HEADER>() else { return Ok(None) };
    let [l0, l1, l2, l3, k0, k1, f0, f1, s0, s1, s2, s3, ..] = *header;
    let length = usize::try_from(u32::from_ne_bytes([l0, l1, l2, l3])).unwrap_or(usize::MAX);
    let Some(payload) = messages.get(HEADER..length) else {
        return Err(NetlinkError::Answer(format!("a message of {length} octets among {}", messages.len())));
    };
    let (kind, flags) = (u16::from_ne_bytes([k0, k1]), u16::from_ne_bytes([f0, f1]));
    let message = Message { kind, flags, sequence: u32::from_ne_bytes([s0, s1, s2, s3]), payload };
    Ok(Some((message, messages.get(length.next_multiple_of(4)..).unwrap_or_default())))
}

/// The end of a dump: its payload starts with zero or a negative error number.
fn end(payload: &[u8]) -> Result<(), NetlinkError> {
    match payload.first_chunk().copied().map(i32::from_ne_bytes) {
        None | Some(0) => Ok(()),
        Some(number) => Err(Errno::from_raw_os_error(number.saturating_neg()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(length: u32, kind: u16, payload: &[u8]) -> Vec<u8> {
        let mut octets = length.to_ne_bytes().to_vec();
        octets.extend(kind.to_ne_bytes());
        octets.extend([0x10, 0, 7, 0, 0, 0, 9, 9, 9, 9]);
        octets.extend(payload);
        octets
    }

    #[test]
    fn messages_come_apart() {
        let all = [message(19, 20, b"abc\0"), message(16, 3, b"")].concat();
        let (first, rest) = split(&all).unwrap().unwrap();
        assert_eq!((first.kind, first.payload), (20, b"abc".as_slice()));
        assert_eq!(
            (u32::from(first.flags), first.sequence),
            if cfg!(target_endian = "little") { (0x10, 7) } else { (0x1000, 7 << 24) }
        );
        let (second, rest) = split(rest).unwrap().unwrap();
        assert_eq!((second.kind, second.payload, rest), (3, b"".as_slice(), b"".as_slice()));
        assert!(split(rest).unwrap().is_none());
    }

    #[test]
    fn a_message_that_lies_about_its_length_is_an_error() {
        for length in [0, 15, 21, u32::MAX] {
            assert!(split(&message(length, 20, b"abcd")).is_err(), "{length}");
        }
        assert!(split(&message(20, 20, b"abcd")).is_ok());
    }
}
