//! A port that is open on every address of this host, and that is never the bottleneck: `open_port PORT`
//! accepts connections on two threads, closes each at once, and has room for all that the kernel lets wait.
//! It prints "open" when it listens.

use std::env;
use std::io::{Error, Result};
use std::net::{Ipv6Addr, SocketAddr};
use std::os::fd::OwnedFd;
use std::thread;

use rustix::net::sockopt::{set_ipv6_v6only, set_socket_reuseaddr};
use rustix::net::{AddressFamily, SocketFlags, SocketType, acceptfrom_with, bind, listen, socket_with};

/// More than /proc/sys/net/core/somaxconn, which bounds it.
const BACKLOG: i32 = 1 << 20;

fn main() -> Result<()> {
    let port = env::args()
        .nth(1)
        .and_then(|port| port.parse().ok())
        .ok_or_else(|| Error::other("open_port PORT"))?;
    let socket = socket_with(AddressFamily::INET6, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
    set_ipv6_v6only(&socket, false)?;
    set_socket_reuseaddr(&socket, true)?;
    bind(&socket, &SocketAddr::new(Ipv6Addr::UNSPECIFIED.into(), port))?;
    listen(&socket, BACKLOG)?;
    rustix::io::write(rustix::stdio::stdout(), b"open\n")?;
    thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| accept(&socket))).collect();
        for thread in threads {
            thread.join().unwrap_or_else(|_| Err(Error::other("a thread panicked")))?;
        }
        Ok(())
    })
}

fn accept(socket: &OwnedFd) -> Result<()> {
    loop {
        match acceptfrom_with(socket, SocketFlags::CLOEXEC) {
            Ok(_) => {}
            // Closed by the other end while it waited.
            Err(rustix::io::Errno::CONNABORTED | rustix::io::Errno::INTR) => {}
            Err(errno) => return Err(errno.into()),
        }
    }
}
