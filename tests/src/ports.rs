//! Ports for tests: one that is free stays so until the test's process ends.

use std::net::{IpAddr, SocketAddr};
use std::os::fd::IntoRawFd as _;

use rustix::net::sockopt::set_socket_reuseaddr;
use rustix::net::{AddressFamily, SocketFlags, SocketType, bind, getsockname, socket_with};

/// A free TCP port of an address, which refuses connections: nobody listens there. The kernel gives it to no
/// one else as long as this process lives, but a daemon which is told to take it may: it listens with
/// `SO_REUSEADDR`, as daemons do.
///
/// A listener that is dropped is no way to such a port: a process that another test is just starting holds a
/// copy of it until it becomes another program, and the next test may get the same number.
///
/// # Panics
/// If the address is none of this host.
#[expect(clippy::panic, reason = "a test's helper: without its port the test must fail")]
pub fn reserved(address: &str) -> SocketAddr {
    reserve(address).unwrap_or_else(|error| panic!("a free port of {address}: {error}"))
}

fn reserve(address: &str) -> std::io::Result<SocketAddr> {
    let address: IpAddr = address.parse().map_err(std::io::Error::other)?;
    let family = if address.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &SocketAddr::new(address, 0))?;
    let bound = SocketAddr::try_from(getsockname(&socket)?)?;
    // It is never closed: that is what keeps the port.
    let _ = socket.into_raw_fd();
    Ok(bound)
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn nobody_listens_there_until_somebody_who_is_told_to() {
        for address in ["127.0.0.1", "::1"] {
            let port = reserved(address);
            let refused = TcpStream::connect(port).map_err(|error| error.kind());
            assert_eq!(refused.err(), Some(ErrorKind::ConnectionRefused), "{port}");
            // Rust's listeners set SO_REUSEADDR.
            let listener = TcpListener::bind(port).unwrap();
            TcpStream::connect(port).unwrap();
            drop(listener);
            TcpListener::bind(port).unwrap();
        }
    }

    #[test]
    fn no_other_gets_it() {
        let ports: Vec<SocketAddr> = (0..100).map(|_| reserved("127.0.0.1")).collect();
        let others = (0..2000).map(|_| TcpListener::bind("127.0.0.1:0").unwrap());
        let taken = others.map(|other| other.local_addr().unwrap()).find(|other| ports.contains(other));
        assert_eq!(taken, None);
    }
}
