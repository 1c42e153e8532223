//! Where a server is reached: by TCP or by its Unix socket.

use std::net::SocketAddr;
use std::path::Path;

use net::{Connector, Stream, Waiting};
use plugin::Deadline;

use crate::failure::{Failure, Step};
use crate::monitor::{self, Monitor};

/// Where a server is reached.
pub(crate) enum Endpoint<'a> {
    /// At these addresses, one after the other until one accepts the connection.
    Tcp(&'a [SocketAddr]),
    /// At this socket.
    Unix(&'a Path),
}

impl Endpoint<'_> {
    /// Connects. The address is that of a connection by TCP. `monitor` tells whether this machine is to
    /// blame.
    ///
    /// # Errors
    /// [`Failure`]: why not.
    pub(crate) fn connect(
        &self,
        monitor: &Monitor,
        deadline: &Deadline,
    ) -> Result<(Stream<'static>, Option<SocketAddr>), Failure> {
        let waiting = Waiting::until(deadline);
        let connected = match self {
            Endpoint::Unix(path) => {
                Stream::unix(path, &waiting).map(|stream| (stream, None)).map_err(monitor::of_socket)
            }
            Endpoint::Tcp(addresses) => {
                monitor.begin(deadline);
                let connected = Connector::new(waiting).connect_first(addresses, deadline.remaining());
                match connected {
                    Ok((stream, address)) => {
                        monitor.answers(address.ip());
                        Ok((stream, Some(address)))
                    }
                    Err(failed) => Err(monitor.why(failed)),
                }
            }
        };
        connected.map_err(|kind| Failure::new(Step::Connect, kind))
    }
}
