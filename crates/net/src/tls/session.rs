//! One TLS connection whose octets the caller moves: for many connections side by side.

use std::io::{Cursor, Read as _, Write as _};

use rustls::ClientConnection;

use super::certificate::End;
use super::fault::Fault;
use super::shown::Shown;

/// The client's side of a TLS connection. Octets of the server go in by [`Session::take`], and what must be
/// sent to it comes out of [`Session::outgoing`].
#[derive(Debug)]
pub struct Session {
    connection: ClientConnection,
    shown: Shown,
}

impl Session {
    /// Takes the state of a new connection.
    pub(super) fn new(connection: ClientConnection, shown: Shown) -> Self {
        Self { connection, shown }
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
            let state = self.connection.process_new_packets();
            // The chain is accepted before the signature of the handshake is looked at.
            let state = state.map_err(|error| self.shown.fault(&error))?;
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

    /// Returns when the first certificate ends of the chain that the server showed: its own where the chain
    /// is not verified. `None` until the chain is accepted, and if that cannot be read.
    pub fn first_end(&self) -> Option<End> {
        self.shown.first_end()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::time::Duration;

    use plugin::Deadline;
    use rustls::crypto::ring::{Ticketer, default_provider};
    use rustls::{ServerConfig, ServerConnection, version};
    use suite::needs::missing;
    use suite::tls::{Authority, NEEDS, Pair};

    use super::*;
    use crate::tls::authorities::{read_chain, read_key};
    use crate::tls::{Settings, Verify, Versions};

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
        assert_eq!(session.first_end(), None);
    }

    #[test]
    fn what_is_not_tls_is_told() {
        for octets in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"HTTP/1.1 400 Bad Request\r\n\r\n"] {
            assert_eq!(session().take(octets), Err(Fault::NotTls));
        }
        // Half a record says nothing yet.
        assert_eq!(session().take(&[22, 3, 3]), Ok(Vec::new()));
    }

    #[test]
    fn no_version_is_spoken_but_those_that_may_be() {
        if missing(&NEEDS) {
            return;
        }
        let authority = Authority::create("sop");
        let pair = authority.sign("own", "subjectAltName=DNS:www.example.com");
        let ticketer = Ticketer::new().unwrap();
        for (versions, is_spoken) in
            [(Versions::All, true), (Versions::Tls12, true), (Versions::Tls13, false)]
        {
            let settings = Settings { verify: Verify::Nothing, versions, ..Settings::default() };
            let client = settings.load(&Deadline::after(Duration::from_secs(8))).unwrap();
            let mut session = client.session("www.example.com").unwrap();
            let mut server = ServerConnection::new(member(&pair, &ticketer)).unwrap();
            server.read_tls(&mut Cursor::new(session.outgoing())).unwrap();
            let outcome = server.process_new_packets();
            assert_eq!(outcome.is_ok(), is_spoken, "{versions:?}: {outcome:?}");
            let mut answer = Vec::new();
            server.write_tls(&mut answer).unwrap();
            let told = session.take(&answer).err().map(|fault| fault.to_string());
            let refused = "the server does not speak TLS 1.3, the only version allowed".to_owned();
            assert_eq!(told, (!is_spoken).then_some(refused), "{versions:?}");
        }
    }

    /// A server of a cluster whose members take each other's tickets.
    fn member(pair: &Pair, ticketer: &Arc<dyn rustls::server::ProducesTickets>) -> Arc<ServerConfig> {
        let deadline = Deadline::after(Duration::from_secs(8));
        let chain = read_chain(&pair.certificate, &deadline).unwrap();
        let key = read_key(&pair.key, &deadline).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()));
        let config = config.with_protocol_versions(&[&version::TLS12]).unwrap();
        let mut config = config.with_no_client_auth().with_single_cert(chain, key).unwrap();
        config.ticketer = Arc::clone(ticketer);
        Arc::new(config)
    }

    fn shake_hands(session: &mut Session, server: Arc<ServerConfig>) -> Result<(), Fault> {
        let mut server = ServerConnection::new(server).unwrap();
        while session.is_handshaking() {
            let said = session.outgoing();
            server.read_tls(&mut Cursor::new(said)).unwrap();
            server.process_new_packets().unwrap();
            let mut answer = Vec::new();
            while server.wants_write() {
                server.write_tls(&mut answer).unwrap();
            }
            session.take(&answer)?;
        }
        Ok(())
    }

    /// Each address is asked for its own certificate, also where a ticket of another would do without.
    #[test]
    fn no_session_goes_on_where_another_ended() {
        if missing(&NEEDS) {
            return;
        }
        const NAME: &str = "subjectAltName=DNS:www.example.com";
        let authority = Authority::create("sop");
        let good = authority.sign_between("good", NAME, "20200101000000Z", "20981231235959Z");
        let old = authority.sign_between("old", NAME, "20200101000000Z", "20200229120000Z");
        let settings = Settings { authorities: Some(authority.path("ca.pem")), ..Settings::default() };
        let client = settings.load(&Deadline::after(Duration::from_secs(8))).unwrap();
        let ticketer = Ticketer::new().unwrap();
        let ask = |pair| {
            let mut session = client.session("www.example.com").unwrap();
            shake_hands(&mut session, member(pair, &ticketer)).map(|()| session.first_end())
        };
        assert_eq!(ask(&good), Ok(Some(End::of_server(4_070_908_799))));
        assert_eq!(ask(&old), Err(Fault::Expired(End::of_server(1_582_977_600))));
        assert_eq!(ask(&good), Ok(Some(End::of_server(4_070_908_799))));
    }
}
