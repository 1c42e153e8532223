//! The connection's octets: a TCP or Unix socket with one deadline for everything that happens on it, and a limit for what a
//! server may say in all.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};

/// The most that a server may say to one check, in octets: the widest honest answer, 256 channels with full errors, has less than
/// 2 MiB.
const MOST: usize = 8 << 20;

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    Unix(UnixStream),
}

/// A connected socket.
#[derive(Debug)]
pub(crate) struct Wire {
    socket: Socket,
    stop: Instant,
    said: usize,
}

impl Wire {
    /// Connects by TCP, at most `patience` long.
    pub(crate) fn tcp(address: SocketAddr, patience: Duration, stop: Instant) -> io::Result<Self> {
        if patience.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        let socket = TcpStream::connect_timeout(&address, patience)?;
        socket.set_nodelay(true)?;
        Ok(Self { socket: Socket::Tcp(socket), stop, said: 0 })
    }

    /// Connects to a Unix socket. Its queue can be full, as that of a stopped server is in the end: then the timeout of sending
    /// ends the wait (unix(7)).
    pub(crate) fn unix(path: &Path, stop: Instant) -> io::Result<Self> {
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        set_socket_timeout(&socket, Timeout::Send, Some(left(stop)?))?;
        connect(&socket, &SocketAddrUnix::new(path)?).map_err(late)?;
        Ok(Self { socket: Socket::Unix(UnixStream::from(socket)), stop, said: 0 })
    }

    /// A Unix socket that is connected already.
    pub(crate) fn over(socket: UnixStream, stop: Instant) -> Self {
        Self { socket: Socket::Unix(socket), stop, said: 0 }
    }

    /// Whether it is a Unix socket, on which nobody else listens.
    pub(crate) fn is_unix(&self) -> bool {
        matches!(self.socket, Socket::Unix(_))
    }

    /// Ends it, so that nothing is waited for when it is dropped.
    pub(crate) fn shut(&self) {
        // It may be closed by the other end already.
        let _ = match &self.socket {
            Socket::Tcp(socket) => socket.shutdown(Shutdown::Both),
            Socket::Unix(socket) => socket.shutdown(Shutdown::Both),
        };
    }
}

/// What is left of the time, never zero, which would mean no timeout at all.
fn left(stop: Instant) -> io::Result<Duration> {
    let left = stop.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left.max(Duration::from_millis(1))) }
}

/// A timeout of a socket is EAGAIN.
fn late(error: impl Into<io::Error>) -> io::Error {
    let error = error.into();
    if error.kind() == io::ErrorKind::WouldBlock { io::ErrorKind::TimedOut.into() } else { error }
}

impl Read for Wire {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let left = left(self.stop)?;
        let read = match &mut self.socket {
            Socket::Tcp(socket) => socket.set_read_timeout(Some(left)).and_then(|()| socket.read(room)),
            Socket::Unix(socket) => socket.set_read_timeout(Some(left)).and_then(|()| socket.read(room)),
        };
        let read = read.map_err(late)?;
        self.said = self.said.saturating_add(read);
        if self.said > MOST { Err(io::Error::other(format!("it said more than {MOST} octets"))) } else { Ok(read) }
    }
}

impl Write for Wire {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        let left = left(self.stop)?;
        let written = match &mut self.socket {
            Socket::Tcp(socket) => socket.set_write_timeout(Some(left)).and_then(|()| socket.write(octets)),
            Socket::Unix(socket) => socket.set_write_timeout(Some(left)).and_then(|()| socket.write(octets)),
        };
        written.map_err(late)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
