//! One question over TCP without blocking: connect, the question with its length before it, the answer with
//! its own (RFC 7766).

use std::io;
use std::net::SocketAddr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use net::udp::random;
use net::{Told, drop_icmp_errors, keep_icmp_errors, told};
use rustix::event::PollFlags;
use rustix::io::{Errno, read as receive};
use rustix::net::sockopt::socket_error;
use rustix::net::{AddressFamily, SendFlags, SocketFlags, SocketType, connect, send, socket_with};

use crate::fault::{Fault, Local, Tcp as TcpFault};
use crate::message::{Form, Heard, question, read};
use crate::outcome::{Answered, Ended};
use crate::target::{Patience, Subject};
use crate::udp::{is_cut, of_sending};

/// The octets of a length.
const LENGTH: usize = 2;

/// A question under way.
#[derive(Debug)]
pub(crate) struct Tcp {
    socket: OwnedFd,
    id: u16,
    started: Instant,
    end: Instant,
    is_connected: bool,
    /// What is still to be sent.
    output: Vec<u8>,
    input: Vec<u8>,
}

impl Tcp {
    /// Begins to connect.
    ///
    /// # Errors
    /// No socket or no random number can be had.
    pub(crate) fn start(
        subject: &Subject<'_>,
        form: Form,
        patience: &Patience,
    ) -> io::Result<Result<Self, Fault>> {
        let family = if subject.to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket =
            socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        keep_icmp_errors(&socket, subject.to.is_ipv6());
        let [first, second, ..] = random()?.to_ne_bytes();
        let id = u16::from_ne_bytes([first, second]);
        let message = question(id, subject.name, subject.kind, form);
        let length = u16::try_from(message.len()).unwrap_or(u16::MAX);
        let output = [&length.to_be_bytes()[..], &message].concat();
        // A slow server has as long by TCP as by UDP.
        let (started, end) = (Instant::now(), patience.end);
        let is_connected = match connect(&socket, &subject.to) {
            Ok(()) => true,
            Err(Errno::INPROGRESS) => false,
            Err(errno) => return Ok(Err(of_sending(&errno.into(), subject.to))),
        };
        Ok(Ok(Self { socket, id, started, end, is_connected, output, input: Vec::new() }))
    }

    /// When it is over whatever comes.
    pub(crate) fn due(&self) -> Instant {
        self.end
    }

    /// Whether its time ended before a slow server could answer.
    pub(crate) fn is_cut(&self) -> bool {
        is_cut(self.started, self.end)
    }

    /// What it waits for.
    pub(crate) fn waits_for(&self) -> PollFlags {
        if self.is_connected && self.output.is_empty() { PollFlags::IN } else { PollFlags::OUT }
    }

    /// Does what can be done now. Returns the end once there is one.
    pub(crate) fn advance(&mut self, subject: &Subject<'_>, is_ready: bool) -> Option<Ended> {
        if is_ready && let Some(ended) = self.work(subject) {
            return Some(ended);
        }
        (Instant::now() >= self.end).then_some(Err(Fault::NoAnswer))
    }

    fn work(&mut self, subject: &Subject<'_>) -> Option<Ended> {
        if !self.is_connected {
            match socket_error(&self.socket) {
                Ok(Ok(())) => self.is_connected = true,
                Ok(Err(errno)) | Err(errno) => return Some(Err(self.failed(errno, subject.to))),
            }
            drop_icmp_errors(&self.socket, subject.to.is_ipv6());
        }
        if !self.output.is_empty() {
            match send(&self.socket, &self.output, SendFlags::NOSIGNAL) {
                Ok(sent) => self.output.drain(..sent.min(self.output.len())),
                Err(Errno::AGAIN | Errno::INTR) => return None,
                Err(_) => return Some(closed()),
            };
        }
        let mut room = [0; 4096];
        loop {
            match receive(&self.socket, &mut room) {
                Ok(0) => return Some(closed()),
                Ok(length) => self.input.extend(room.iter().take(length)),
                Err(Errno::AGAIN) => return None,
                Err(Errno::INTR) => {}
                Err(_) => return Some(closed()),
            }
            if let Some(message) = whole(&self.input) {
                return Some(self.judge(message, subject));
            }
        }
    }

    /// Returns why no connection was made that a packet was sent for: who says so, where the error of the
    /// system leaves it open.
    fn failed(&self, errno: Errno, to: SocketAddr) -> Fault {
        match told(&self.socket, to.ip()) {
            // A firewall rejects by the ICMP error of a closed port too (nft's default).
            Some(Told::Here) => Fault::Local(Local::Prohibited),
            Some(Told::Icmp(icmp)) => Fault::from_icmp(icmp, false),
            Some(Told::NoNeighbour) | None => of_sending(&errno.into(), to),
        }
    }

    fn judge(&self, message: &[u8], subject: &Subject<'_>) -> Ended {
        match read(message, &[self.id], subject.name, subject.kind) {
            Heard::Reply(_, reply) => {
                let took = self.started.elapsed();
                Ok(Answered { reply: *reply, took, waited: took, is_repeated: false })
            }
            _ => Err(Fault::Truncated(TcpFault::Malformed)),
        }
    }
}

impl AsFd for Tcp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn closed() -> Ended {
    Err(Fault::Truncated(TcpFault::Closed))
}

/// The message, once all its octets are there.
fn whole(input: &[u8]) -> Option<&[u8]> {
    let (length, rest) = input.split_at_checked(LENGTH)?;
    let length = u16::from_be_bytes([*length.first()?, *length.last()?]);
    rest.get(..usize::from(length))
}
