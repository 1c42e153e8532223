//! One connection of octets under one deadline: TCP, a Unix socket, and TLS over either or over another TLS.
//!
//! Connecting, each read and each write end with the deadline of [`Waiting`] and say why as a [`Cause`]. Many
//! connections side by side are the business of the plugin that needs them.

use std::fmt;
use std::io::{self, Cursor, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::{ClientConnection, StreamOwned};

use crate::cause::{Cause, Mark};
use crate::socket::Socket;
use crate::source::Source;
use crate::tls::{Client, Shown};
use crate::waiting::Waiting;

/// A connection. Its [`Read`] and [`Write`] fail with errors that [`Cause::from`] understands.
pub struct Stream<'a> {
    way: Way<'a>,
    /// How many more octets are taken, and the limit that was set.
    left: u64,
    limit: u64,
}

enum Way<'a> {
    Plain(Socket<'a>),
    Secure(Box<StreamOwned<ClientConnection, Resumed<'a>>>),
}

/// A connection of which some octets were read before what comes next: they come first.
struct Resumed<'a> {
    early: Cursor<Vec<u8>>,
    stream: Stream<'a>,
}

/// How TCP connections are made.
#[derive(Clone, Debug)]
pub struct Connector<'a> {
    waiting: Waiting<'a>,
    source: Source,
}

impl<'a> Connector<'a> {
    /// Returns a connector for which the system chooses the source address.
    pub fn new(waiting: Waiting<'a>) -> Self {
        Self { waiting, source: Source::default() }
    }

    /// Connects from this source address or interface.
    #[must_use]
    pub fn from_source(self, source: Source) -> Self {
        Self { source, ..self }
    }

    /// Connects to one address, within `limit` and before the deadline.
    ///
    /// # Errors
    /// [`Cause`]: why not.
    pub fn connect(&self, to: SocketAddr, limit: Duration) -> Result<Stream<'a>, Cause> {
        Ok(Stream::plain(Socket::tcp(to, limit, &self.waiting, &self.source)?))
    }

    /// Connects to the first of these addresses that takes the connection, within `limit` for all of them: a
    /// silent one leaves each of the others the same share of what is left.
    ///
    /// # Errors
    /// [`Cause`]: why not, for the last address.
    pub fn connect_any(
        &self,
        addresses: &[SocketAddr],
        limit: Duration,
    ) -> Result<(Stream<'a>, SocketAddr), Cause> {
        let connected = self.connect_first(addresses, limit);
        connected.map_err(|mut failed| failed.pop().map_or(Cause::NoAnswer, |(_, cause)| cause))
    }

    /// Connects as [`Connector::connect_any`] does.
    ///
    /// # Errors
    /// Why not, for each address in its place.
    pub fn connect_first(
        &self,
        addresses: &[SocketAddr],
        limit: Duration,
    ) -> Result<(Stream<'a>, SocketAddr), Vec<(SocketAddr, Cause)>> {
        let deadline = self.waiting.deadline();
        let spare = deadline.remaining().saturating_sub(limit);
        let mut failed = Vec::new();
        for (tried, address) in addresses.iter().enumerate() {
            let shares = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
            match self.connect(*address, deadline.remaining().saturating_sub(spare) / shares) {
                Ok(stream) => return Ok((stream, *address)),
                Err(cause) => failed.push((*address, cause)),
            }
        }
        Err(failed)
    }
}

impl<'a> Stream<'a> {
    fn plain(socket: Socket<'a>) -> Self {
        Self { way: Way::Plain(socket), left: u64::MAX, limit: u64::MAX }
    }

    /// Connects to a Unix socket.
    ///
    /// # Errors
    /// [`Cause`]: why not.
    pub fn unix(path: &Path, waiting: &Waiting<'a>) -> Result<Self, Cause> {
        Ok(Self::plain(Socket::unix(path, waiting)?))
    }

    /// Takes a Unix socket that is connected already.
    ///
    /// # Errors
    /// [`Cause`]: the system refuses to make it non-blocking.
    pub fn connected(socket: UnixStream, waiting: &Waiting<'a>) -> Result<Self, Cause> {
        Ok(Self::plain(Socket::connected(socket, waiting)?))
    }

    /// Takes at most `limit` more octets from the other end: reading beyond fails with [`Cause::TooMuch`].
    #[must_use]
    pub fn at_most(self, limit: u64) -> Self {
        Self { left: limit, limit, ..self }
    }

    /// Waits from now on as `waiting` says: by another deadline, where each answer has a time of its own.
    #[must_use]
    pub fn wait_by(mut self, waiting: &Waiting<'a>) -> Self {
        self.set_waiting(waiting);
        self
    }

    fn set_waiting(&mut self, waiting: &Waiting<'a>) {
        match &mut self.way {
            Way::Plain(socket) => socket.wait_by(waiting),
            Way::Secure(tls) => tls.sock.stream.set_waiting(waiting),
        }
    }

    /// Goes on in TLS with a server that is called `name`, and ends the handshake. `early` was read already
    /// and belongs to the handshake: it is what came with the answer to CONNECT of a proxy.
    ///
    /// # Errors
    /// [`Cause`]: the handshake failed, or the certificate is not accepted.
    pub fn secure(self, client: &Client, name: &str, early: Vec<u8>) -> Result<Self, Cause> {
        let (mut connection, shown) = client.connection(name).map_err(Cause::Tls)?;
        let mut resumed = Resumed { early: Cursor::new(early), stream: self };
        while connection.is_handshaking() {
            connection.complete_io(&mut resumed).map_err(|error| of_handshake(error, &shown))?;
        }
        let way = Way::Secure(Box::new(StreamOwned::new(connection, resumed)));
        Ok(Self { way, left: u64::MAX, limit: u64::MAX })
    }

    /// Whether it goes through a Unix socket.
    pub fn is_unix(&self) -> bool {
        match &self.way {
            Way::Plain(socket) => socket.is_unix(),
            Way::Secure(tls) => tls.sock.stream.is_unix(),
        }
    }

    /// Whether it is encrypted.
    pub fn is_secure(&self) -> bool {
        matches!(self.way, Way::Secure(_))
    }

    /// Returns the certificates that the server showed, its own first: none without TLS. What
    /// [`crate::tls::Authorities::verify`] says of them can be asked also where the connection was made
    /// without verification.
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        match &self.way {
            Way::Plain(_) => &[],
            Way::Secure(tls) => tls.conn.peer_certificates().unwrap_or_default(),
        }
    }

    /// Reads what has come, at least one octet.
    ///
    /// # Errors
    /// [`Cause`]: nothing came, or nothing more will.
    pub fn receive(&mut self, room: &mut [u8]) -> Result<usize, Cause> {
        match self.read(room)? {
            0 => Err(Cause::Closed),
            length => Ok(length),
        }
    }

    /// Sends all of it.
    ///
    /// # Errors
    /// [`Cause`]: the connection broke, or the other end did not take it in time.
    pub fn send_all(&mut self, octets: &[u8]) -> Result<(), Cause> {
        self.write_all(octets)?;
        Ok(self.flush()?)
    }

    /// Says that nothing more will come, and ends the connection. What was sent still arrives.
    pub fn close(mut self) {
        self.say_goodbye();
    }

    fn say_goodbye(&mut self) {
        match &mut self.way {
            Way::Plain(socket) => socket.shut(),
            Way::Secure(tls) => {
                tls.conn.send_close_notify();
                // The other end may have gone already.
                let _ = tls.flush();
                tls.sock.stream.say_goodbye();
            }
        }
    }
}

/// Returns why a handshake fails, by what the server showed before.
fn of_handshake(error: io::Error, shown: &Shown) -> Cause {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(of_tls) = of_tls {
        return Cause::Tls(shown.fault(of_tls));
    }
    match Cause::from(error) {
        Cause::Closed => Cause::ClosedInHandshake,
        Cause::Reset => Cause::ResetInHandshake,
        cause => cause,
    }
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("is_unix", &self.is_unix())
            .field("is_secure", &self.is_secure())
            .finish_non_exhaustive()
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        let length = match &mut self.way {
            Way::Plain(socket) => socket.read(room)?,
            Way::Secure(tls) => tls.read(room)?,
        };
        match self.left.checked_sub(length as u64) {
            Some(left) => self.left = left,
            None => return Err(Mark::TooMuch(self.limit).into()),
        }
        Ok(length)
    }
}

impl Write for Stream<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        match &mut self.way {
            Way::Plain(socket) => socket.write(octets),
            Way::Secure(tls) => tls.write(octets),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.way {
            Way::Plain(socket) => socket.flush(),
            Way::Secure(tls) => tls.flush(),
        }
    }
}

impl Read for Resumed<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self.early.read(room)? {
            0 => self.stream.read(room),
            length => Ok(length),
        }
    }
}

impl Write for Resumed<'_> {
    fn write(&mut self, octets: &[u8]) -> io::Result<usize> {
        self.stream.write(octets)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}
