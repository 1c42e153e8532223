//! The way to a broker: names, addresses, TCP and TLS, one broker after the other until one accepts the
//! connection.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use net::{Cause, Connector, HostPort, ResolveError, SlowPath, Stream, Waiting, resolve};
use plugin::Deadline;

use crate::options::Route;

/// Why a broker could not be reached, or the connection to it broke.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// Its name has no address.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// The network or the broker refused, broke off or was silent.
    #[error("{broker}: {}", describe(.cause, .doing))]
    Broken {
        /// The broker.
        broker: String,
        /// What was done, as in "connecting".
        doing: &'static str,
        /// Why it ended.
        cause: Cause,
    },
}

impl ConnectionError {
    /// Whether no answer came in time, in place of a refusal.
    pub(crate) fn is_silence(&self) -> bool {
        match self {
            Self::Resolve(error) => matches!(error, ResolveError::TooSlow { .. }),
            Self::Broken { cause, .. } => matches!(cause, Cause::NoAnswer),
        }
    }
}

fn describe(cause: &Cause, doing: &str) -> String {
    match cause {
        Cause::NoAnswer => format!("no answer while {doing}"),
        Cause::Closed => format!("it closed the connection while {doing}"),
        cause => cause.to_string(),
    }
}

/// How a run connects and waits.
pub(crate) struct ConnectOptions<'a> {
    pub(crate) route: &'a Route<'a>,
    pub(crate) deadline: &'a Deadline,
    /// Readable as soon as the process shall stop.
    pub(crate) stop: Option<&'a UnixStream>,
}

/// A connection to a broker.
pub(crate) struct Connection<'a> {
    stream: Stream<'a>,
    /// The broker, as it was named.
    pub(crate) broker: String,
}

impl<'a> ConnectOptions<'a> {
    /// Connects to the first broker that accepts the connection; the error is that of the last one. `slow` is
    /// done if that, or anything later, takes long.
    pub(crate) fn connect(&self, slow: Option<SlowPath<'a>>) -> Result<Connection<'a>, ConnectionError> {
        let waiting = Waiting::until(self.deadline).stopped_by(self.stop).meanwhile(slow);
        let mut failure = None;
        for (number, (broker, port)) in self.route.brokers.iter().enumerate() {
            // A silent broker leaves time for the others.
            let left = u32::try_from(self.route.brokers.len() - number).unwrap_or(u32::MAX);
            let end = self.deadline.remaining() / left;
            match self.connect_to(
                broker,
                *port,
                self.deadline.remaining().saturating_sub(end),
                &waiting,
                slow,
            ) {
                Ok(stream) => return Ok(Connection { stream, broker: broker.to_string() }),
                Err(error) => failure = Some(error),
            }
        }
        Err(failure.unwrap_or_else(|| ConnectionError::Broken {
            broker: "no broker".to_owned(),
            doing: "connecting",
            cause: Cause::NoAnswer,
        }))
    }

    /// Connects to one broker, and leaves `spare` of the time to others.
    fn connect_to(
        &self,
        broker: &HostPort,
        port: u16,
        spare: Duration,
        waiting: &Waiting<'a>,
        slow: Option<SlowPath<'_>>,
    ) -> Result<Stream<'a>, ConnectionError> {
        let addresses: Vec<SocketAddr> = resolve(&broker.host, port, self.deadline)?;
        slow.and_then(|slow| slow());
        let limit = self.deadline.remaining().saturating_sub(spare);
        let broken =
            |cause| ConnectionError::Broken { broker: broker.to_string(), doing: "connecting", cause };
        let (stream, _) = Connector::new(waiting.clone()).connect_any(&addresses, limit).map_err(broken)?;
        match &self.route.tls {
            None => Ok(stream),
            Some(client) => stream.secure(client, &broker.host.bare(), Vec::new()).map_err(|cause| {
                ConnectionError::Broken {
                    broker: broker.to_string(),
                    doing: "waiting for the TLS handshake",
                    cause,
                }
            }),
        }
    }
}

impl Connection<'_> {
    /// Reads what has come, at least one octet.
    pub(crate) fn read(&mut self, room: &mut [u8], doing: &'static str) -> Result<usize, ConnectionError> {
        let read = self.stream.receive(room);
        read.map_err(|cause| ConnectionError::Broken { broker: self.broker.clone(), doing, cause })
    }

    /// Writes all of it.
    pub(crate) fn write(&mut self, octets: &[u8], doing: &'static str) -> Result<(), ConnectionError> {
        let written = self.stream.send_all(octets);
        written.map_err(|cause| ConnectionError::Broken { broker: self.broker.clone(), doing, cause })
    }

    /// Ends it in good order. Everything was confirmed before, so nothing depends on it.
    pub(crate) fn close(self) {
        self.stream.close();
    }
}
