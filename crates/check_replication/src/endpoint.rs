//! Where a server is reached: by TCP or by its Unix socket.

use std::net::SocketAddr;
use std::path::Path;

use host_net::Diagnosis;
use net::{Connector, Stream, Waiting};
use plugin::Deadline;

use crate::failure::{Failure, Kind, Step};
use crate::monitor;

/// Where a server is reached.
pub(crate) enum Endpoint<'a> {
    /// At these addresses, one after the other until one accepts the connection.
    Tcp(&'a [SocketAddr]),
    /// At this socket.
    Unix(&'a Path),
}

impl Endpoint<'_> {
    /// Connects. The address is that of a connection by TCP. `diagnosis` tells whether this machine is to blame.
    ///
    /// # Errors
    /// [`Failure`]: why not.
    pub(crate) fn connect(
        &self,
        diagnosis: &Diagnosis,
        deadline: &Deadline,
    ) -> Result<(Stream<'static>, Option<SocketAddr>), Failure> {
        let waiting = Waiting::until(deadline);
        let connected = match self {
            Endpoint::Unix(path) => {
                Stream::unix(path, &waiting).map(|stream| (stream, None)).map_err(Kind::from)
            }
            Endpoint::Tcp(addresses) => {
                diagnosis.begin(deadline);
                let connected = Connector::new(waiting).connect_first(addresses, deadline.remaining());
                let connected = connected.map(|(stream, address)| (stream, Some(address)));
                connected.map_err(|failed| monitor::why(diagnosis, failed))
            }
        };
        connected.map_err(|kind| Failure::new(Step::Connect, kind))
    }
}
