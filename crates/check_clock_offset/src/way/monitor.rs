//! The faults of the machine that asks: no server and no agent is to blame for them.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use host_net::{Diagnosis, Explanation, Protocol, Silence, Sockets};
use net::Told;
use net::udp::UdpError;
use plugin::Deadline;
use rustix::io::Errno;

/// How long a look at the faults of this machine may take, once something is silent.
const LOOK: Duration = Duration::from_millis(100);

/// Why there is no answer, and whether this machine is to blame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Why, in few words.
    pub words: String,
    /// Whether this machine is to blame.
    pub is_here: bool,
}

impl From<Explanation> for Cause {
    fn from(by: Explanation) -> Self {
        Self { words: by.words().to_owned(), is_here: by != Explanation::NoNeighbour }
    }
}

/// Returns what an error of the path or of this machine means to questions from `sources`.
pub(crate) fn of_error(error: &UdpError, sources: &[IpAddr]) -> Cause {
    let plain = || Cause { words: error.to_string(), is_here: error.is_here() };
    let explained = |silence| explain(&[(error.peer, silence)], sources).pop().flatten();
    let better = match (error.told(), Errno::from_io_error(&error.why)) {
        (Some(Told::NoNeighbour), _) => explained(Silence::NoNeighbour),
        // For UDP it means that no further neighbour fits.
        (None, Some(Errno::NOBUFS)) => Some(Explanation::NeighbourTable),
        // A socket that may not send to all hosts says this of their address too.
        (None, Some(Errno::ACCESS)) => explained(Silence::NoRoute),
        _ => None,
    };
    better.map_or_else(plain, Cause::from)
}

/// Returns what explains the silence of each of these peers towards `sources`, in their order: `None` if
/// nothing does.
pub(crate) fn of_silence(peers: &[SocketAddr], sources: &[IpAddr]) -> Vec<Option<Cause>> {
    let silences: Vec<_> = peers.iter().map(|peer| (*peer, Silence::NoAnswer)).collect();
    explain(&silences, sources).into_iter().map(|better| better.map(Cause::from)).collect()
}

fn explain(silences: &[(SocketAddr, Silence)], sources: &[IpAddr]) -> Vec<Option<Explanation>> {
    let sockets = Sockets { protocol: Protocol::Udp, interface: None, sources: sources.to_vec() };
    Diagnosis::of(sockets).explain(silences, &Deadline::after(LOOK))
}
