//! A TCP or Unix socket, each wait of which ends with the deadline.

use std::fmt;
use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::PollFlags;
use rustix::io::{Errno, ioctl_fionbio};
use rustix::net::sockopt::{Timeout, set_socket_timeout, set_tcp_nodelay, socket_error};
use rustix::net::{
    AddressFamily, SendFlags, Shutdown, SocketAddrUnix, SocketFlags, SocketType, connect, send, shutdown,
    socket_with,
};

use crate::cause::Mark;
use crate::icmp_error::{Told, drop_icmp_errors, keep_icmp_errors, told};
use crate::lack::Lack;
use crate::source::Source;
use crate::waiting::Waiting;

/// A connected socket. It never blocks: what waits is `waiting`.
pub(crate) struct Socket<'a> {
    fd: OwnedFd,
    waiting: Waiting<'a>,
    is_unix: bool,
}

impl<'a> Socket<'a> {
    /// Connects by TCP from `source` within `limit`.
    pub(crate) fn tcp(
        to: SocketAddr,
        limit: Duration,
        waiting: &Waiting<'a>,
        source: &Source,
    ) -> io::Result<Self> {
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let fd = socket_with(family, SocketType::STREAM, SocketFlags::CLOEXEC | SocketFlags::NONBLOCK, None)?;
        source.apply(&fd, to.is_ipv6()).map_err(|error| refused(to, source, error))?;
        keep_icmp_errors(&fd, to.is_ipv6());
        let until = Instant::now() + limit.min(waiting.deadline().remaining());
        match connect(&fd, &to) {
            Ok(()) => {}
            Err(Errno::INPROGRESS) => {
                waiting.ready(&fd, PollFlags::OUT, until)?;
                socket_error(&fd)?.map_err(|errno| failed(&fd, to, errno))?;
            }
            Err(errno) => return Err(refused(to, source, errno.into())),
        }
        drop_icmp_errors(&fd, to.is_ipv6());
        // Each message goes out at once: an answer to it is waited for.
        set_tcp_nodelay(&fd, true)?;
        Ok(Self { fd, waiting: waiting.clone(), is_unix: false })
    }

    /// Connects to a Unix socket. Its queue can be full, as that of a stopped server is in the end: then no
    /// poll tells when there is room, and the timeout of sending ends the wait (unix(7)).
    pub(crate) fn unix(path: &Path, waiting: &Waiting<'a>) -> io::Result<Self> {
        let fd = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        let left = waiting.deadline().remaining();
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        set_socket_timeout(&fd, Timeout::Send, Some(left.max(Duration::from_millis(1))))?;
        connect(&fd, &SocketAddrUnix::new(path)?).map_err(|errno| match errno {
            Errno::AGAIN => io::ErrorKind::TimedOut.into(),
            errno => io::Error::from(errno),
        })?;
        Self::over(fd, waiting)
    }

    /// Takes a Unix socket that is connected already.
    pub(crate) fn connected(socket: UnixStream, waiting: &Waiting<'a>) -> io::Result<Self> {
        Self::over(socket.into(), waiting)
    }

    fn over(fd: OwnedFd, waiting: &Waiting<'a>) -> io::Result<Self> {
        ioctl_fionbio(&fd, true)?;
        Ok(Self { fd, waiting: waiting.clone(), is_unix: true })
    }

    /// Waits as `waiting` says from now on.
    pub(crate) fn wait_by(&mut self, waiting: &Waiting<'a>) {
        self.waiting = waiting.clone();
    }

    /// Whether it is a Unix socket.
    pub(crate) fn is_unix(&self) -> bool {
        self.is_unix
    }

    /// Ends it in both directions.
    pub(crate) fn shut(&self) {
        // The other end may have closed it already.
        let _ = shutdown(&self.fd, Shutdown::Both);
    }

    /// Tries `act` until it need not wait.
    fn patiently(
        &self,
        flags: PollFlags,
        mut act: impl FnMut(&OwnedFd) -> rustix::io::Result<usize>,
    ) -> io::Result<usize> {
        loop {
            match act(&self.fd) {
                Err(Errno::AGAIN) => self.waiting.ready(&self.fd, flags, self.waiting.deadline().at())?,
                Err(Errno::INTR) => {}
                done => return Ok(done?),
            }
        }
    }
}

/// Returns why this machine begins no connection: what it lacks, where the error of the system leaves it
/// open.
fn refused(to: SocketAddr, source: &Source, error: io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::AddrNotAvailable | io::ErrorKind::AddrInUse => Mark::Lack(Lack::of(to, source)).into(),
        _ => error,
    }
}

/// Returns why a connection was not made that a packet was sent for: who says so, where the error of the
/// system leaves it open.
fn failed(fd: &OwnedFd, to: SocketAddr, errno: Errno) -> io::Error {
    if matches!(errno, Errno::TIMEDOUT | Errno::CONNRESET) {
        return errno.into();
    }
    match told(fd, to.ip()) {
        // A firewall rejects by the ICMP error of a closed port too (nft's default).
        Some(Told::Here) => Errno::ACCESS.into(),
        Some(Told::NoNeighbour) => Mark::NoNeighbour.into(),
        Some(Told::Icmp(icmp)) if errno != Errno::CONNREFUSED => Mark::Icmp(icmp).into(),
        _ => errno.into(),
    }
}

impl Read for Socket<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.patiently(PollFlags::IN, |fd| rustix::io::read(fd, &mut *room))
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.patiently(PollFlags::OUT, |fd| send(fd, octets, SendFlags::NOSIGNAL))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl fmt::Debug for Socket<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Socket").field("fd", &self.fd).finish_non_exhaustive()
    }
}
