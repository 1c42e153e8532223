//! What a peer says from another of its addresses, as net-snmp does over IPv6: its kernel chooses one.

use std::io;
use std::net::{IpAddr, UdpSocket};
use std::os::fd::{AsFd, BorrowedFd};

use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

use crate::stamped::{Received, Receiver};

/// How many datagrams of others are read at a turn.
const READS: usize = 16;

/// A second socket at the local address and port of a connected one: the kernel gives it what comes from all
/// other peers.
#[derive(Debug)]
pub(crate) struct Ear {
    socket: UdpSocket,
    receiver: Receiver,
    /// The port that the peer was asked at.
    port: u16,
}

impl Ear {
    /// Opens it beside a socket that is connected to this port.
    ///
    /// # Errors
    /// What the system reports.
    pub(crate) fn beside(connected: &UdpSocket, port: u16) -> io::Result<Self> {
        let local = connected.local_addr()?;
        let family = if local.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = UdpSocket::from(socket_with(family, SocketType::DGRAM, flags, None)?);
        let share = |is_shared: bool| {
            set_socket_reuseaddr(connected, is_shared).and_then(|()| set_socket_reuseaddr(&socket, is_shared))
        };
        share(true)?;
        let bound = bind(&socket, &local);
        // No other program can take part in it from here on.
        share(false)?;
        bound?;
        let receiver = Receiver::new(&socket);
        Ok(Self { socket, receiver, port })
    }

    /// Receives a datagram that is there already, from the port that was asked, with the address of its
    /// sender. In a flood of others it may come at the next call.
    pub(crate) fn hear_now(&mut self, room: &mut [u8]) -> Option<(Received, IpAddr)> {
        for _turn in 0..READS {
            match self.receiver.receive(&self.socket, room) {
                Ok(received) => match received.from {
                    Some(from) if from.port() == self.port => return Some((received, from.ip())),
                    _ => {}
                },
                Err(nix::errno::Errno::EINTR) => {}
                Err(_) => return None,
            }
        }
        None
    }
}

impl AsFd for Ear {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use std::iter;

    use super::*;

    #[test]
    fn what_comes_from_another_address_is_heard_beside_the_peer() {
        let far = |address: &str| UdpSocket::bind(address).unwrap();
        let asked = far("127.0.0.1:0");
        let peer = asked.local_addr().unwrap();
        let (elsewhere, other_port) = (far(&format!("127.0.0.2:{}", peer.port())), far("127.0.0.1:0"));
        let near = far("127.0.0.1:0");
        near.connect(peer).unwrap();
        near.set_nonblocking(true).unwrap();
        let mut ear = Ear::beside(&near, peer.port()).unwrap();
        let to = near.local_addr().unwrap();
        for (socket, octets) in [(&asked, b"asked"), (&other_port, b"ports"), (&elsewhere, b"other")] {
            socket.send_to(octets, to).unwrap();
        }
        let mut room = [0; 64];
        assert_eq!((near.recv(&mut room).unwrap(), &room[..5]), (5, &b"asked"[..]));
        assert!(near.recv(&mut room).is_err());
        let (received, from) = ear.hear_now(&mut room).unwrap();
        assert_eq!((&room[..received.length], from), (&b"other"[..], IpAddr::from([127, 0, 0, 2])));
        assert!(ear.hear_now(&mut room).is_none());
        // A flood from elsewhere takes no more than its turn.
        for socket in iter::repeat_n(&other_port, READS).chain([&elsewhere]) {
            socket.send_to(b"other", to).unwrap();
        }
        assert!(ear.hear_now(&mut room).is_none());
        assert!(ear.hear_now(&mut room).is_some());
        // Nobody else shares the port.
        let third = socket_with(AddressFamily::INET, SocketType::DGRAM, SocketFlags::CLOEXEC, None).unwrap();
        set_socket_reuseaddr(&third, true).unwrap();
        assert!(bind(&third, &to).is_err());
    }
}
