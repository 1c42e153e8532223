//! The addresses that names of `--hostname` stand for.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use net::{Host, Resolver, Unusable, divided};
use plugin::{Deadline, Seconds};

use crate::Args;
use crate::sweep::tries::{ONE_RETRANSMISSION, REST};

/// The shortest time for names.
const SHORTEST: Duration = Duration::from_millis(100);

/// A host of `--hostname`, and the number of the name that its certificate must be for.
#[derive(Debug)]
pub(crate) struct Named {
    pub(crate) host: Host,
    pub(crate) name: Option<NonZeroU32>,
}

/// An address, and the number of the name that its certificate must be for.
pub(crate) type Found = (SocketAddr, Option<NonZeroU32>);

/// Resolves hosts, all of them at once, in at most `limit`. Returns their addresses, without a port, and what
/// cannot be tried.
pub(crate) fn resolve(named: &[Named], deadline: &Deadline, limit: Duration) -> (Vec<Found>, Vec<Unusable>) {
    let (mut addresses, mut unresolved) = (Vec::new(), Vec::new());
    let hosts = named.iter().map(|named| (&named.host, 0));
    for (Named { host, name }, found) in named.iter().zip(Resolver::new(deadline).limit(limit).all(hosts)) {
        match found {
            Ok(found) => {
                let (usable, unusable) = divided(host, found);
                unresolved.extend(unusable);
                addresses.extend(usable.into_iter().map(|address| (address, *name)));
            }
            Err(why) => unresolved.push(why.into()),
        }
    }
    (addresses, unresolved)
}

/// How long names may take: a third of the time, and no more than leaves a try to what they stand for.
pub(crate) fn time_for_names(args: &Args, deadline: &Deadline) -> Duration {
    let options = &args.connecting;
    let stay = options.stay.map_or(Duration::ZERO, Seconds::duration);
    let a_try = options.connect_timeout.map_or(ONE_RETRANSMISSION, Seconds::duration) + stay + REST;
    let remaining = deadline.remaining();
    (remaining / 3).min(remaining.saturating_sub(a_try).max(SHORTEST))
}
