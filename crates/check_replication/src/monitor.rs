//! The faults of the machine that checks: a server that is not reached because of them is not judged.

use std::collections::HashSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use host_net::{Diagnosis, Explanation, RouteLookup, Silence};
use net::{Cause, Lack};
use plugin::Deadline;
use rustix::io::Errno;

use crate::answer::Refusal;
use crate::failure::{Excuse, Kind};

/// How long a look at the faults of this machine may take: the time for the server may be over.
const LOOK: Duration = Duration::from_millis(100);

/// What is known of the faults of this machine while servers are asked.
#[derive(Debug, Default)]
pub(crate) struct Monitor {
    diagnosis: Diagnosis,
    /// The addresses from which something came back.
    answered: Mutex<Vec<IpAddr>>,
}

impl Monitor {
    /// Notes the state of this machine before the first try.
    pub(crate) fn begin(&self, deadline: &Deadline) {
        self.diagnosis.begin(deadline);
    }

    /// Notes that this address answers.
    pub(crate) fn answers(&self, address: IpAddr) {
        self.answered.lock().unwrap_or_else(PoisonError::into_inner).push(address);
    }

    /// Returns why a server is not reached at any of these addresses: by a fault of this machine only where
    /// that holds for each of them, as a host without IPv6 reaches no address of IPv6 at any time.
    pub(crate) fn why(&self, failed: Vec<(SocketAddr, Cause)>) -> Kind {
        let refused = failed.iter().filter(|(_, cause)| matches!(cause, Cause::Refused));
        refused.for_each(|(address, _)| self.answers(address.ip()));
        let deadline = Deadline::after(LOOK);
        let silence = |(address, cause): &(SocketAddr, Cause)| Some((*address, silence(cause)?));
        let silences: Vec<(SocketAddr, Silence)> = failed.iter().filter_map(silence).collect();
        let mut explained = self.diagnosis.explain(&silences, &deadline).into_iter();
        let mut here: Option<Kind> = None;
        let mut other = None;
        for (address, cause) in failed {
            let better = self::silence(&cause).and_then(|_| explained.next().flatten());
            let found = match better {
                Some(by) => explanation(by, address.ip(), &cause),
                None => kind(cause),
            };
            match found {
                Kind::Excused(excuse) => match &mut here {
                    Some(Kind::Excused(first)) => first.addresses.extend(excuse.addresses),
                    _ => here = Some(Kind::Excused(excuse)),
                },
                // That there is no IPv6 tells least.
                Kind::Here(words) => match here {
                    Some(Kind::Here(first)) if tells_least(first) => here = Some(Kind::Here(words)),
                    None => here = Some(Kind::Here(words)),
                    Some(_) => {}
                },
                kind => other = Some(kind),
            }
        }
        other.or(here).unwrap_or(Kind::Late)
    }

    /// Takes an excuse back where another server answered: a full table of tracked connections lets no new
    /// one out, to whatever address. Addresses of this machine and the other family may be left untracked.
    pub(crate) fn settle<'a>(&self, refusals: impl Iterator<Item = &'a mut Refusal>) {
        let answered = self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let mut excuses = refusals
            .filter_map(|refusal| match &mut refusal.failure.kind {
                Kind::Excused(excuse) => Some(excuse),
                _ => None,
            })
            .peekable();
        if answered.is_empty() || excuses.peek().is_none() {
            return;
        }
        let deadline = Deadline::after(LOOK);
        let Ok(mut routes) = RouteLookup::open() else { return };
        let mut way = |address: IpAddr| {
            let route = routes.to(address, &deadline).ok()?;
            Some((address.is_ipv6(), route.on_link || route.gateway.is_some()))
        };
        let ways: HashSet<_> = answered.iter().filter_map(|address| way(*address)).collect();
        for excuse in excuses {
            excuse.is_refuted =
                excuse.addresses.iter().any(|address| way(*address).is_some_and(|way| ways.contains(&way)));
        }
    }
}

/// Returns why a server is not reached by its socket file: what is missing here is no fault of the server.
pub(crate) fn of_socket(cause: Cause) -> Kind {
    match &cause {
        Cause::Io(error) => match Errno::from_io_error(error) {
            Some(Errno::MFILE | Errno::NFILE | Errno::NOBUFS | Errno::NOMEM) => kind(cause),
            _ => cause.into(),
        },
        _ => cause.into(),
    }
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

fn explanation(by: Explanation, address: IpAddr, cause: &Cause) -> Kind {
    let otherwise = || match cause {
        Cause::NoAnswer => Kind::Late,
        cause => Kind::Connection(cause.to_string()),
    };
    match by {
        Explanation::NoNeighbour => Kind::Connection(Cause::NoNeighbour.to_string()),
        Explanation::Conntrack => Kind::Excused(Box::new(Excuse {
            fault: by.words(),
            addresses: vec![address],
            otherwise: otherwise(),
            is_refuted: false,
        })),
        by => Kind::Here(by.words()),
    }
}

fn kind(cause: Cause) -> Kind {
    cause.here().map_or_else(|| cause.into(), Kind::Here)
}

/// Returns whether these words are those of an address of a family that this machine does not have.
fn tells_least(words: &str) -> bool {
    [Cause::NoRoute, Cause::Lack(Lack::Ipv6)].iter().any(|cause| cause.here() == Some(words))
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;
    use crate::failure::{Failure, Step};

    #[test]
    fn one_address_that_fails_by_itself_is_enough() {
        let (own, other) = ("127.0.0.1:3306".parse().unwrap(), "[::1]:3306".parse().unwrap());
        let lack = Cause::Lack;
        let io = |errno: Errno| Cause::from(io::Error::from(errno));
        let rows = [
            (vec![(own, Cause::Refused), (other, Cause::Unreachable)], "connection refused", false),
            (vec![(own, Cause::Unreachable), (other, Cause::Refused)], "connection refused", false),
            (vec![(own, Cause::NoAnswer), (other, Cause::NoRoute)], "no answer", false),
            (vec![(own, Cause::NoRoute), (other, Cause::NoAnswer)], "no answer", false),
            (vec![(own, Cause::Prohibited), (other, Cause::NoRoute)], "prohibited here", true),
            (vec![(own, Cause::NoRoute), (other, Cause::Prohibited)], "prohibited here", true),
            (vec![(own, Cause::NoRoute), (other, Cause::NoRoute)], "no route from here", true),
            (vec![(other, lack(Lack::Ipv6)), (own, Cause::Prohibited)], "prohibited here", true),
            (vec![(other, lack(Lack::Ipv6)), (own, Cause::Refused)], "connection refused", false),
            (vec![(other, lack(Lack::Ipv6)), (own, Cause::NoAnswer)], "no answer", false),
            (vec![(other, lack(Lack::Ipv6))], "no IPv6 address here", true),
            (vec![(own, lack(Lack::Port))], "no local port left", true),
            (vec![(own, io(Errno::MFILE))], "no file descriptors left", true),
            (vec![(own, io(Errno::IO))], "input/output error", false),
            (vec![], "no answer", false),
        ];
        for (failed, words, is_here) in rows {
            let what = format!("{failed:?}");
            let kind = Monitor::default().why(failed);
            assert_eq!(
                (kind.to_string().as_str(), matches!(kind, Kind::Here(_))),
                (words, is_here),
                "{what}"
            );
        }
    }

    #[test]
    fn a_socket_file_that_cannot_be_opened_here_is_no_fault_of_the_server() {
        let rows = [
            (Errno::MFILE, "no file descriptors left", true),
            (Errno::NFILE, "no file descriptors left", true),
            (Errno::NOBUFS, "no memory left for sockets here", true),
            (Errno::CONNREFUSED, "connection refused", false),
            (Errno::NOENT, "no such file or directory", false),
        ];
        for (errno, words, is_here) in rows {
            let kind = of_socket(io::Error::from(errno).into());
            assert_eq!((kind.to_string().as_str(), matches!(kind, Kind::Here(_))), (words, is_here));
        }
        assert!(matches!(of_socket(Cause::NoAnswer), Kind::Late));
    }

    /// What no table lets out is excused; a full table of tracked connections is not, where it let another
    /// out. A neighbour that answers has an entry: it does not tell whether another one fits.
    #[test]
    fn a_full_table_is_no_excuse_where_it_let_another_out() {
        let conntrack = "UNKNOWN db-02: connecting: conntrack table full here";
        let neighbours = "UNKNOWN db-02: connecting: neighbour table full here";
        let rows: [(Explanation, &[&str], &str); 5] = [
            (Explanation::Conntrack, &[], conntrack),
            (
                Explanation::Conntrack,
                &["127.0.0.1"],
                "CRITICAL db-02: no connection within 8 s (conntrack table full here, but others answer)",
            ),
            (Explanation::Conntrack, &["::1"], conntrack),
            (Explanation::NeighbourTable, &[], neighbours),
            (Explanation::NeighbourTable, &["127.0.0.1"], neighbours),
        ];
        for (fault, answered, line) in rows {
            let monitor = Monitor::default();
            answered.iter().for_each(|address| monitor.answers(address.parse().unwrap()));
            let kind = explanation(fault, "127.0.0.2".parse().unwrap(), &Cause::NoAnswer);
            let mut refusal = Refusal::from(Failure::new(Step::Connect, kind));
            monitor.settle([&mut refusal].into_iter());
            let finding = crate::refusal::judge("db-02", "mon", 8.0, None, &refusal);
            assert_eq!(format!("{} {}", finding.state, finding.text), line, "{fault:?} {answered:?}");
        }
    }
}
