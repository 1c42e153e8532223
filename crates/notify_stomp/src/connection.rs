//! The way to a broker: names, addresses, TCP and TLS, one broker after the other until one takes the connection.

use std::io::{self, Read, Write};
use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use plugin::{Deadline, ResolveError, resolve};
use rustls::{ClientConfig, ClientConnection, StreamOwned};

use crate::options::{Broker, Target};
use crate::socket::{Meanwhile, Socket};
use crate::tls::{self, TlsError};

/// Why a broker could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// Its name has no address.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The network or the broker refused, broke off or was silent.
    #[error("{broker}: {}", said(.why, .doing))]
    Broken {
        /// The broker.
        broker: String,
        /// What was done, as in "connecting".
        doing: &'static str,
        /// What the system or TLS said.
        why: io::Error,
    },
    /// TLS cannot be spoken with it.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

impl ConnectionError {
    /// Whether nobody answered in time, rather than refused.
    pub(crate) fn is_silence(&self) -> bool {
        match self {
            Self::Resolve(error) => matches!(error, ResolveError::TooSlow { .. }),
            Self::Broken { why, .. } => why.kind() == io::ErrorKind::TimedOut,
            Self::Tls(_) => false,
        }
    }
}

/// What an error of a connection says in our words.
fn said(why: &io::Error, doing: &str) -> String {
    match why.kind() {
        _ if tls::reason(why).is_some() => format!("TLS: {}", tls::reason(why).unwrap_or_default()),
        io::ErrorKind::TimedOut => format!("no answer while {doing}"),
        io::ErrorKind::UnexpectedEof => format!("it closed the connection while {doing}"),
        _ => plugin::reason(why),
    }
}

/// A connection to a broker.
pub(crate) struct Connection<'a> {
    way: Way<'a>,
    /// The broker, as it was named.
    pub(crate) broker: String,
}

enum Way<'a> {
    Plain(Socket<'a>),
    Encrypted(Box<StreamOwned<ClientConnection, Socket<'a>>>),
}

/// What a run has for its connections.
pub(crate) struct Caller<'a> {
    pub(crate) target: &'a Target,
    pub(crate) deadline: &'a Deadline,
    /// Readable as soon as the process shall stop.
    pub(crate) stop: Option<&'a UnixStream>,
}

impl<'a> Caller<'a> {
    /// A connection to the first broker that takes it; else what the last one said.
    pub(crate) fn connect(&self, mut meanwhile: Meanwhile<'a>) -> Result<Connection<'a>, ConnectionError> {
        let target = self.target;
        let settings = target.tls.then(|| tls::settings(target.tls_ca.as_deref(), self.deadline)).transpose()?;
        let mut failure = None;
        for (number, broker) in target.broker.iter().enumerate() {
            let left = target.broker.len() - number;
            match self.try_broker(broker, left, settings.as_ref(), meanwhile) {
                Ok(connection) => return Ok(connection),
                Err((error, back)) => (failure, meanwhile) = (Some(error), back),
            }
        }
        Err(failure.unwrap_or_else(|| ConnectionError::Broken {
            broker: "no broker".to_owned(),
            doing: "connecting",
            why: io::ErrorKind::NotFound.into(),
        }))
    }

    fn try_broker(
        &self,
        broker: &Broker,
        brokers_left: usize,
        settings: Option<&Arc<ClientConfig>>,
        mut meanwhile: Meanwhile<'a>,
    ) -> Result<Connection<'a>, (ConnectionError, Meanwhile<'a>)> {
        let addresses = match resolve(&broker.host, self.deadline) {
            Ok(addresses) => addresses,
            Err(error) => return Err((error.into(), meanwhile)),
        };
        meanwhile.look();
        let name = broker.to_string();
        let mut failure = io::ErrorKind::NotFound.into();
        for (number, address) in addresses.iter().enumerate() {
            let tries = brokers_left * (addresses.len() - number);
            let limit = self.deadline.remaining() / u32::try_from(tries).unwrap_or(u32::MAX);
            let address = SocketAddr::new(*address, broker.port(self.target.tls));
            match Socket::connect(address, limit, self.deadline, meanwhile, self.stop) {
                Ok(socket) => {
                    let way = match settings {
                        None => Ok(Way::Plain(socket)),
                        Some(settings) => tls::client(settings, &broker.host)
                            .map(|client| Way::Encrypted(Box::new(StreamOwned::new(client, socket)))),
                    };
                    return way.map(|way| Connection { way, broker: name }).map_err(|error| (error.into(), Meanwhile::nothing()));
                }
                Err((error, back)) => (failure, meanwhile) = (error, back),
            }
        }
        Err((ConnectionError::Broken { broker: name, doing: "connecting", why: failure }, meanwhile))
    }
}

impl Connection<'_> {
    /// Reads what there is, at least one octet.
    pub(crate) fn read(&mut self, room: &mut [u8], doing: &'static str) -> Result<usize, ConnectionError> {
        let read = match &mut self.way {
            Way::Plain(socket) => socket.read(room),
            Way::Encrypted(stream) => stream.read(room),
        };
        let read = read.and_then(|length| if length == 0 { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(length) });
        read.map_err(|why| ConnectionError::Broken { broker: self.broker.clone(), doing, why })
    }

    /// Writes all of it.
    pub(crate) fn write(&mut self, octets: &[u8], doing: &'static str) -> Result<(), ConnectionError> {
        let written = match &mut self.way {
            Way::Plain(socket) => socket.write_all(octets),
            Way::Encrypted(stream) => stream.write_all(octets).and_then(|()| stream.flush()),
        };
        written.map_err(|why| ConnectionError::Broken { broker: self.broker.clone(), doing, why })
    }

    /// Says that nothing more will come. Everything was confirmed before, so nothing depends on it.
    pub(crate) fn close(mut self) {
        if let Way::Encrypted(stream) = &mut self.way {
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    }
}
