//! A UDP socket that receives from all hosts, so that it sees an answer from another address or port than the
//! one asked.

use std::io;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use rustix::net::{AddressFamily, SocketFlags, SocketType, socket_with};

use crate::icmp_error::{keep_icmp_errors, take};
use crate::stamped::Receiver;
use crate::udp::{Datagram, UdpError, is_of_the_path};

/// A socket that is not connected. It never blocks.
#[derive(Debug)]
pub struct UnconnectedUdp {
    socket: UdpSocket,
    receiver: Receiver,
}

impl UnconnectedUdp {
    /// Makes a socket of IPv4, or of IPv6 if `v6`, whose source the system chooses.
    ///
    /// # Errors
    /// What the system reports.
    pub fn new(v6: bool) -> io::Result<Self> {
        let family = if v6 { AddressFamily::INET6 } else { AddressFamily::INET };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = UdpSocket::from(socket_with(family, SocketType::DGRAM, flags, None)?);
        keep_icmp_errors(&socket, v6);
        let receiver = Receiver::new(&socket);
        Ok(Self { socket, receiver })
    }

    /// Sends a datagram, and returns the moment just before.
    ///
    /// # Errors
    /// What the system reports: it was not sent.
    pub fn send(&self, octets: &[u8], to: SocketAddr) -> io::Result<Instant> {
        // The pending error of an earlier datagram fails the first call, and is told where answers are read.
        let mut last = io::Error::from(io::ErrorKind::Interrupted);
        for _again in 0..3 {
            let at = Instant::now();
            match self.socket.send_to(octets, to) {
                Ok(_) => return Ok(at),
                Err(why) if is_of_the_path(&why) => last = why,
                Err(why) => return Err(why),
            }
        }
        Err(last)
    }

    /// Receives a datagram that is there already, with its sender.
    ///
    /// # Errors
    /// [`UdpError`]: an ICMP error to what was sent came in its place.
    pub fn receive_now(&mut self, room: &mut [u8]) -> Result<Option<(Datagram, SocketAddr)>, UdpError> {
        loop {
            // The queue first: sending may have taken the pending error, and the socket stays ready until the
            // queue is empty.
            if let Some(queued) = take(&self.socket) {
                let peer = queued.to.unwrap_or_else(nowhere);
                return Err(UdpError { peer, why: io::ErrorKind::HostUnreachable.into(), icmp: queued.icmp });
            }
            match self.receiver.receive(&self.socket, room) {
                Ok(received) => {
                    let datagram = Datagram { length: received.length, at: received.at, elsewhere: None };
                    return Ok(Some((datagram, received.from.unwrap_or_else(nowhere))));
                }
                Err(nix::errno::Errno::EAGAIN) => return Ok(None),
                Err(nix::errno::Errno::EINTR) => {}
                Err(errno) => return Err(UdpError { peer: nowhere(), why: errno.into(), icmp: None }),
            }
        }
    }
}

impl AsFd for UnconnectedUdp {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

fn nowhere() -> SocketAddr {
    SocketAddr::from(([0, 0, 0, 0], 0))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use rustix::event::{PollFd, PollFlags};

    use super::*;

    fn wait(socket: &UnconnectedUdp) {
        let until = Instant::now() + Duration::from_secs(10);
        assert_eq!(plugin::wait_until(&mut [PollFd::new(socket, PollFlags::IN)], until), Ok(true));
    }

    #[test]
    fn everyone_is_heard_with_the_sender() {
        let (asked, other) =
            (UdpSocket::bind("127.0.0.1:0").unwrap(), UdpSocket::bind("127.0.0.1:0").unwrap());
        let mut near = UnconnectedUdp::new(false).unwrap();
        let before = near.send(b"question", asked.local_addr().unwrap()).unwrap();
        let (_, own) = asked.recv_from(&mut [0; 16]).unwrap();
        other.send_to(b"forged", own).unwrap();
        wait(&near);
        let (datagram, from) = near.receive_now(&mut [0; 16]).unwrap().unwrap();
        assert_eq!((datagram.length, from), (6, other.local_addr().unwrap()));
        assert!(datagram.at + Duration::from_millis(1) >= before);
        assert!(near.receive_now(&mut [0; 16]).unwrap().is_none());
    }

    #[test]
    fn a_closed_port_is_told_once_and_a_second_question_is_sent() {
        for any in ["127.0.0.1:0", "[::1]:0"] {
            let closed = UdpSocket::bind(any).unwrap().local_addr().unwrap();
            let mut near = UnconnectedUdp::new(closed.is_ipv6()).unwrap();
            for _question in 0..2 {
                near.send(b"question", closed).unwrap();
                wait(&near);
                let error = near.receive_now(&mut [0; 16]).unwrap_err();
                assert_eq!(
                    (error.icmp.map(|icmp| icmp.brief()), error.peer),
                    (Some("port unreachable"), closed)
                );
            }
        }
    }
}
