//! Where a server is reached: by TCP or by its Unix socket.

use std::net::SocketAddr;
use std::path::Path;

use net::{Connector, Stream, Waiting};
use plugin::Deadline;

use crate::failure::{Failure, Step};

/// Where a server is reached.
pub(crate) enum Endpoint<'a> {
    /// At these addresses, one after the other until one accepts the connection.
    Tcp(&'a [SocketAddr]),
    /// At this socket.
    Unix(&'a Path),
}

impl Endpoint<'_> {
    /// Connects. The address is that of a connection by TCP.
    ///
    /// # Errors
    /// [`Failure`]: why not, for the last address.
    pub(crate) fn connect(
        &self,
        deadline: &Deadline,
    ) -> Result<(Stream<'static>, Option<SocketAddr>), Failure> {
        let waiting = Waiting::until(deadline);
        let connected = match self {
            Endpoint::Unix(path) => Stream::unix(path, &waiting).map(|stream| (stream, None)),
            Endpoint::Tcp(addresses) => {
                let connected = Connector::new(waiting).connect_any(addresses, deadline.remaining());
                connected.map(|(stream, address)| (stream, Some(address)))
            }
        };
        connected.map_err(|cause| Failure::new(Step::Connect, cause.into()))
    }
}
