//! A TCP connection whose every wait ends with the deadline, or as soon as somebody asks the process to stop.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use plugin::Deadline;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType, connect, socket_with, sockopt};

/// Something to be done once if the broker keeps us waiting for so long.
pub(crate) struct Meanwhile<'a> {
    at: Instant,
    action: Option<Box<dyn FnOnce() + 'a>>,
}

impl<'a> Meanwhile<'a> {
    /// Does `action` after `patience` from now, if that is waited for.
    pub(crate) fn after(patience: Duration, action: impl FnOnce() + 'a) -> Self {
        Self { at: Instant::now() + patience, action: Some(Box::new(action)) }
    }

    /// Nothing to be done.
    pub(crate) fn nothing() -> Self {
        Self { at: Instant::now(), action: None }
    }

    /// Does it if its time has come, and says how long until then.
    pub(crate) fn look(&mut self) -> Option<Duration> {
        self.action.as_ref()?;
        let left = self.at.saturating_duration_since(Instant::now());
        if left.is_zero() {
            self.action.take().into_iter().for_each(|action| action());
            return None;
        }
        Some(left)
    }
}

/// A connection. Reading and writing wait until the deadline: then they fail as timed out; with an interruption, as interrupted for good.
pub(crate) struct Socket<'a> {
    stream: TcpStream,
    deadline: &'a Deadline,
    meanwhile: Meanwhile<'a>,
    stop: Option<&'a UnixStream>,
}

impl<'a> Socket<'a> {
    /// Connects to this address, within `limit`.
    pub(crate) fn connect(
        to: SocketAddr,
        limit: Duration,
        deadline: &'a Deadline,
        meanwhile: Meanwhile<'a>,
        stop: Option<&'a UnixStream>,
    ) -> Result<Self, (io::Error, Meanwhile<'a>)> {
        let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = match socket_with(family, SocketType::STREAM, flags, None) {
            Ok(socket) => socket,
            Err(errno) => return Err((errno.into(), meanwhile)),
        };
        let begun = connect(&socket, &to);
        let mut socket = Self { stream: TcpStream::from(socket), deadline, meanwhile, stop };
        let connected = match begun {
            Ok(()) => Ok(()),
            Err(Errno::INPROGRESS) => {
                let until = Instant::now() + limit.min(deadline.remaining());
                socket.wait(PollFlags::OUT, until).and_then(|()| Ok(sockopt::socket_error(&socket.stream)??))
            }
            Err(errno) => Err(errno.into()),
        };
        // Each frame goes out at once: there is always a receipt to wait for.
        match connected.and_then(|()| socket.stream.set_nodelay(true)) {
            Ok(()) => Ok(socket),
            Err(error) => Err((error, socket.meanwhile)),
        }
    }

    /// Waits until the socket is ready for `flags`.
    fn wait(&mut self, flags: PollFlags, until: Instant) -> io::Result<()> {
        loop {
            let early = self.meanwhile.look();
            let left = until.saturating_duration_since(Instant::now());
            let timeout = Timespec::try_from(early.map_or(left, |early| early.min(left))).map_err(io::Error::other)?;
            let mut fds = vec![PollFd::new(&self.stream, flags)];
            fds.extend(self.stop.map(|stop| PollFd::from_borrowed_fd(stop.as_fd(), PollFlags::IN)));
            match poll(&mut fds, Some(&timeout)) {
                Ok(0) if left.is_zero() => return Err(io::ErrorKind::TimedOut.into()),
                Ok(0) | Err(Errno::INTR) => {}
                Ok(_) if fds.get(1).is_some_and(|stop| !stop.revents().is_empty()) => {
                    return Err(io::ErrorKind::ConnectionAborted.into());
                }
                Ok(_) => return Ok(()),
                Err(errno) => return Err(errno.into()),
            }
        }
    }

    /// Tries `act` until it does not want to wait any more.
    fn patiently(&mut self, flags: PollFlags, mut act: impl FnMut(&mut TcpStream) -> io::Result<usize>) -> io::Result<usize> {
        loop {
            match act(&mut self.stream) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.wait(flags, self.deadline.at())?,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                done => return done,
            }
        }
    }
}

impl Read for Socket<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.patiently(PollFlags::IN, |stream| stream.read(room))
    }
}

impl Write for Socket<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.patiently(PollFlags::OUT, |stream| stream.write(octets))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
