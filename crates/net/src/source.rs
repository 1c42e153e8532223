//! From where packets are sent: a source address, an interface.

use std::ffi::OsString;
use std::io;
use std::net::{IpAddr, SocketAddr, UdpSocket};
use std::os::fd::AsFd;

use nix::sys::socket::setsockopt;
use nix::sys::socket::sockopt::{BindToDevice, IpBindAddressNoPort};
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, socket_with};

/// The source addresses and the interface of sockets; by default the system chooses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The addresses: the first of a socket's family is taken, none of it leaves the choice to the system.
    pub addresses: Vec<IpAddr>,
    /// The interface whose routes alone are used (SO_BINDTODEVICE): before Linux 5.7 it needs CAP_NET_RAW.
    pub interface: Option<String>,
}

impl Source {
    /// Binds a socket of IPv4, or of IPv6 if `v6`, that is not connected yet. The port is left to connect(2):
    /// else each would be taken once for all destinations together.
    ///
    /// # Errors
    /// What the system reports, as for an address that is not bound on this machine or an interface that it
    /// does not have.
    pub fn apply(&self, socket: impl AsFd, v6: bool) -> io::Result<()> {
        let socket = socket.as_fd();
        if let Some(interface) = &self.interface {
            setsockopt(&socket, BindToDevice, &OsString::from(interface))?;
        }
        if let Some(address) = self.addresses.iter().find(|address| address.is_ipv6() == v6) {
            // Sockets other than TCP and UDP, and Linux before 4.2, have no such option.
            let _ = setsockopt(&socket, IpBindAddressNoPort, &true);
            bind(socket, &SocketAddr::new(*address, 0))?;
        }
        Ok(())
    }

    /// Makes a UDP socket of a peer's family that is bound so.
    ///
    /// # Errors
    /// What the system reports.
    pub(crate) fn udp_to(&self, peer: SocketAddr) -> io::Result<UdpSocket> {
        let family = if peer.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let socket = socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
        self.apply(&socket, peer.is_ipv6())?;
        Ok(socket.into())
    }
}

/// Whether an address is bound on this machine, as that of its own ICMP errors is.
pub fn is_own(address: IpAddr) -> bool {
    // The system looks for a port only if it has the address.
    UdpSocket::bind((address, 0)).map_or_else(|error| error.kind() == io::ErrorKind::AddrInUse, |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_bound_to_the_address_of_its_family() {
        let source =
            Source { addresses: vec!["127.0.0.9".parse().unwrap(), "::1".parse().unwrap()], interface: None };
        for (v6, expected) in [(false, "127.0.0.9"), (true, "::1")] {
            let family =
                if v6 { rustix::net::AddressFamily::INET6 } else { rustix::net::AddressFamily::INET };
            let socket = rustix::net::socket(family, rustix::net::SocketType::DGRAM, None).unwrap();
            source.apply(&socket, v6).unwrap();
            let name = SocketAddr::try_from(rustix::net::getsockname(&socket).unwrap()).unwrap();
            assert_eq!(name.ip(), expected.parse::<IpAddr>().unwrap());
        }
    }

    #[test]
    fn what_this_machine_does_not_have_is_an_error() {
        let socket =
            rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None)
                .unwrap();
        let foreign = Source { addresses: vec!["192.0.2.1".parse().unwrap()], interface: None };
        assert_eq!(foreign.apply(&socket, false).unwrap_err().kind(), io::ErrorKind::AddrNotAvailable);
        let absent = Source { addresses: Vec::new(), interface: Some("nosuch0".to_owned()) };
        assert!(absent.apply(&socket, false).is_err());
    }

    #[test]
    fn own_addresses_are_known() {
        assert!(is_own("127.0.0.1".parse().unwrap()));
        assert!(!is_own("192.0.2.1".parse().unwrap()));
    }
}
