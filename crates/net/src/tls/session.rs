//! One TLS connection whose octets the caller moves: for many connections side by side.

use std::io::{Cursor, Read as _, Write as _};
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConnection;

use super::certificate::End;
use super::fault::Fault;
use super::verifier::Verifier;

/// The client's side of a TLS connection. Octets of the server go in by [`Session::take`], and what must be
/// sent to it comes out of [`Session::outgoing`].
#[derive(Debug)]
pub struct Session {
    connection: ClientConnection,
    verifier: Arc<Verifier>,
}

impl Session {
    /// Takes the state of a new connection.
    pub(super) fn new(connection: ClientConnection, verifier: Arc<Verifier>) -> Self {
        Self { connection, verifier }
    }

    /// Takes octets that the server sent, and returns what they say in plain text, which may be nothing.
    ///
    /// # Errors
    /// [`Fault`]: the handshake failed, the certificate is not accepted, or what came is not TLS. An alert
    /// for the server may be in [`Session::outgoing`].
    pub fn take(&mut self, octets: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut plain = Vec::new();
        let mut rest = Cursor::new(octets);
        while self.connection.read_tls(&mut rest).map_err(|error| Fault::Other(error.kind().to_string()))? > 0
        {
            let state = self.connection.process_new_packets().map_err(|error| Fault::from(&error))?;
            let start = plain.len();
            plain.resize(start + state.plaintext_bytes_to_read(), 0);
            if let Some(room) = plain.get_mut(start..).filter(|room| !room.is_empty()) {
                self.connection
                    .reader()
                    .read_exact(room)
                    .map_err(|error| Fault::Other(error.kind().to_string()))?;
            }
        }
        Ok(plain)
    }

    /// Encrypts octets for the server.
    pub fn say(&mut self, plain: &[u8]) {
        // Writing to the buffer cannot fail.
        let _ = self.connection.writer().write_all(plain);
    }

    /// Says that nothing more will come.
    pub fn close(&mut self) {
        self.connection.send_close_notify();
    }

    /// Returns the octets that must be sent to the server now.
    pub fn outgoing(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        while self.connection.wants_write() {
            if self.connection.write_tls(&mut octets).is_err() {
                break;
            }
        }
        octets
    }

    /// Whether the handshake is not over yet.
    pub fn is_handshaking(&self) -> bool {
        self.connection.is_handshaking()
    }

    /// Returns when the first certificate ends of the chain that the server showed, as of `now` after 1970,
    /// once the handshake is over: its own where the chain is not verified. `None` if that cannot be read.
    pub fn first_end(&self, now: Duration) -> Option<End> {
        self.verifier.first_end(self.connection.peer_certificates()?, now)
    }
}

#[cfg(test)]
mod tests {
    use plugin::Deadline;

    use super::*;
    use crate::tls::{Settings, Verify};

    fn session() -> Session {
        let settings = Settings { verify: Verify::Nothing, ..Settings::default() };
        let client = settings.load(&Deadline::after(Duration::from_secs(8))).unwrap();
        client.session("www.example.com").unwrap()
    }

    #[test]
    fn the_client_speaks_first() {
        let mut session = session();
        let hello = session.outgoing();
        // A record of the handshake (RFC 8446, section 5.1).
        assert_eq!(hello.first(), Some(&22));
        assert!(hello.windows(15).any(|part| part == b"www.example.com"));
        assert!(session.outgoing().is_empty() && session.is_handshaking());
        assert_eq!(session.first_end(Duration::ZERO), None);
    }

    #[test]
    fn what_is_not_tls_is_told() {
        for octets in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
            assert_eq!(session().take(octets), Err(Fault::NotTls));
        }
        // Half a record says nothing yet.
        assert_eq!(session().take(&[22, 3, 3]), Ok(Vec::new()));
    }
}
