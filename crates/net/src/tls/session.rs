//! One TLS connection whose octets the caller moves: for many connections side by side.

use std::io::{Cursor, Read as _, Write as _};

use rustls::ClientConnection;
use rustls::pki_types::CertificateDer;

use super::fault::Fault;

/// The client's side of a TLS connection. Octets of the server go in by [`Session::take`], and what must be
/// sent to it comes out of [`Session::outgoing`].
#[derive(Debug)]
pub struct Session(ClientConnection);

impl Session {
    /// Takes the state of a new connection.
    pub(super) fn new(connection: ClientConnection) -> Self {
        Self(connection)
    }

    /// Takes octets that the server sent, and returns what they say in plain text, which may be nothing.
    ///
    /// # Errors
    /// [`Fault`]: the handshake failed, the certificate is not accepted, or what came is not TLS. An alert
    /// for the server may be in [`Session::outgoing`].
    pub fn take(&mut self, octets: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut plain = Vec::new();
        let mut rest = Cursor::new(octets);
        while self.0.read_tls(&mut rest).map_err(|error| Fault::Other(error.kind().to_string()))? > 0 {
            let state = self.0.process_new_packets().map_err(|error| Fault::from(&error))?;
            let start = plain.len();
            plain.resize(start + state.plaintext_bytes_to_read(), 0);
            if let Some(room) = plain.get_mut(start..).filter(|room| !room.is_empty()) {
                self.0.reader().read_exact(room).map_err(|error| Fault::Other(error.kind().to_string()))?;
            }
        }
        Ok(plain)
    }

    /// Encrypts octets for the server.
    pub fn say(&mut self, plain: &[u8]) {
        // Writing to the buffer cannot fail.
        let _ = self.0.writer().write_all(plain);
    }

    /// Says that nothing more will come.
    pub fn close(&mut self) {
        self.0.send_close_notify();
    }

    /// Returns the octets that must be sent to the server now.
    pub fn outgoing(&mut self) -> Vec<u8> {
        let mut octets = Vec::new();
        while self.0.wants_write() {
            if self.0.write_tls(&mut octets).is_err() {
                break;
            }
        }
        octets
    }

    /// Whether the handshake is not over yet.
    pub fn is_handshaking(&self) -> bool {
        self.0.is_handshaking()
    }

    /// Returns the certificates that the server showed, its own first.
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        self.0.peer_certificates().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
        assert!(session.peer_certificates().is_empty());
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
