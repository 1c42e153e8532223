//! The faults of the machine that checks: a server that is not reached because of them is not judged.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use host_net::{Diagnosis, Explanation, Silence};
use net::Cause;
use plugin::Deadline;

use crate::failure::Kind;

/// How long a look at the faults of this machine may take: the time for the server may be over.
const LOOK: Duration = Duration::from_millis(100);
/// What connect(2) says where no port is left for one more connection.
const NO_PORT: &str = "no local port left";

/// Returns why a server is not reached at any of these addresses: by a fault of this machine only where that
/// holds for each of them, as a host without IPv6 reaches no address of IPv6 at any time.
pub(crate) fn why(diagnosis: &Diagnosis, failed: Vec<(SocketAddr, Cause)>) -> Kind {
    let deadline = Deadline::after(LOOK);
    let silence = |(address, cause): &(SocketAddr, Cause)| Some((address.ip(), silence(cause)?));
    let silences: Vec<(IpAddr, Silence)> = failed.iter().filter_map(silence).collect();
    let mut explained = diagnosis.explain(&silences, &deadline).into_iter();
    let mut here = None;
    let mut other = None;
    for (_, cause) in failed {
        let better = self::silence(&cause).and_then(|_| explained.next().flatten());
        match better.map_or_else(|| kind(cause), explanation) {
            // That there is no IPv6 tells least.
            Kind::Here(words) => {
                here = here.filter(|here| Some(*here) != Cause::NoRoute.here()).or(Some(words))
            }
            kind => other = Some(kind),
        }
    }
    other.or(here.map(Kind::Here)).unwrap_or(Kind::Late)
}

/// Returns how an address is silent, if this machine may be to blame for it.
fn silence(cause: &Cause) -> Option<Silence> {
    match cause {
        Cause::NoAnswer => Some(Silence::NoAnswer),
        Cause::NoNeighbour => Some(Silence::NoNeighbour),
        Cause::NoRoute => Some(Silence::NoRoute),
        _ => None,
    }
}

fn explanation(by: Explanation) -> Kind {
    match by {
        Explanation::NoNeighbour => Cause::NoNeighbour.into(),
        by => Kind::Here(by.words()),
    }
}

fn kind(cause: Cause) -> Kind {
    match (cause.here(), cause) {
        (Some(here), _) => Kind::Here(here),
        (None, Cause::Io(error)) if error.kind() == std::io::ErrorKind::AddrNotAvailable => {
            Kind::Here(NO_PORT)
        }
        (None, cause) => cause.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use rustix::io::Errno;

    use super::*;

    #[test]
    fn one_address_that_fails_by_itself_is_enough() {
        let (own, other) = ("127.0.0.1:3306".parse().unwrap(), "[::1]:3306".parse().unwrap());
        let io = |errno: Errno| Cause::from(io::Error::from(errno));
        let rows = [
            (vec![(own, Cause::Refused), (other, Cause::Unreachable)], "connection refused", false),
            (vec![(own, Cause::Unreachable), (other, Cause::Refused)], "connection refused", false),
            (vec![(own, Cause::NoAnswer), (other, Cause::NoRoute)], "no answer", false),
            (vec![(own, Cause::NoRoute), (other, Cause::NoAnswer)], "no answer", false),
            (vec![(own, Cause::Prohibited), (other, Cause::NoRoute)], "prohibited here", true),
            (vec![(own, Cause::NoRoute), (other, Cause::Prohibited)], "prohibited here", true),
            (vec![(own, Cause::NoRoute), (other, Cause::NoRoute)], "no route from here", true),
            (vec![(own, io(Errno::ADDRNOTAVAIL))], NO_PORT, true),
            (vec![(own, io(Errno::MFILE))], "no file descriptors left", true),
            (vec![(own, io(Errno::IO))], "input/output error", false),
            (vec![], "no answer", false),
        ];
        for (failed, words, is_here) in rows {
            let what = format!("{failed:?}");
            let kind = why(&Diagnosis::default(), failed);
            assert_eq!(
                (kind.to_string().as_str(), matches!(kind, Kind::Here(_))),
                (words, is_here),
                "{what}"
            );
        }
    }
}
