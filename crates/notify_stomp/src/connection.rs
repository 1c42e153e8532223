//! The way to a broker: names, addresses, TCP and TLS.

use std::net::SocketAddr;
use std::os::unix::net::UnixStream;

use net::{Cause, Connector, ResolveError, SlowPath, Stream, Waiting, resolve};
use plugin::Deadline;

use crate::options::{Broker, Route};

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

    /// Whether the process was asked to stop.
    pub(crate) fn is_stop(&self) -> bool {
        matches!(self, Self::Broken { cause: Cause::Stopped, .. })
    }

    /// Whether the broker ended a connection that it had accepted.
    pub(crate) fn is_hang_up(&self) -> bool {
        matches!(self, Self::Broken { cause: Cause::Closed | Cause::Reset, .. })
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
    /// Connects to this broker before `deadline`. `slow` is done if that, or anything later, takes long.
    pub(crate) fn connect(
        &self,
        broker: &Broker,
        deadline: &Deadline,
        slow: Option<SlowPath<'a>>,
    ) -> Result<Connection<'a>, ConnectionError> {
        let waiting = Waiting::until(deadline).stopped_by(self.stop).meanwhile(slow);
        let addresses: Vec<SocketAddr> = resolve(&broker.host.host, broker.port, deadline)?;
        slow.and_then(|slow| slow());
        let name = broker.name();
        let broken = |doing| {
            let broker = name.clone();
            move |cause| ConnectionError::Broken { broker, doing, cause }
        };
        let connected = Connector::new(waiting).connect_any(&addresses, deadline.remaining());
        let (stream, _) = connected.map_err(broken("connecting"))?;
        let stream = match &self.route.tls {
            None => stream,
            Some(client) => stream
                .secure(client, &broker.host.host.bare(), Vec::new())
                .map_err(broken("waiting for the TLS handshake"))?,
        };
        Ok(Connection { stream, broker: name })
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
