//! All the reading: the lists, the bound addresses, and these again while duplicate address detection is running.

use std::fs;
use std::io::ErrorKind;
use std::thread;
use std::time::{Duration, Instant};

use addresses::ListError;
use host_config::ConfigError;
use host_net::{Bound, DefaultRoute, ReadBoundError};
use plugin::{Deadline, ReadError};
use rustix::time::{ClockId, clock_gettime};

use crate::finding::{Finding, findings};
use crate::{Args, Chosen, Seen, Wanted};

/// How long a tentative address is looked at again. Detection takes one to two seconds (RFC 4862: a random delay of up to one
/// second, then one probe a second).
const DETECTION: Duration = Duration::from_secs(2);
/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// What must be left of the deadline after the last look.
const RESERVE: Duration = Duration::from_millis(200);

const PROMOTE_SECONDARIES: &str = "/proc/sys/net/ipv4/conf/all/promote_secondaries";

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// A list cannot be used.
    #[error(transparent)]
    List(#[from] ListError),
    /// The host's configuration cannot be used.
    #[error(transparent)]
    Config(ConfigError),
    /// The host's configuration is not for everybody's eyes, as netplan's and NetworkManager's files mostly are.
    #[error("{0}: let root print a list by --list, and give it to --file")]
    Forbidden(ReadError),
    /// The bound addresses or the routes cannot be read.
    #[error(transparent)]
    Bound(#[from] ReadBoundError),
    /// The sources that were named promise nothing.
    #[error("no static address in the configuration of {0}: nothing to check")]
    NothingPromised(String),
    /// Nobody says which addresses should be here, and what is bound says nothing.
    #[error("no list, no static configuration, and only loopback has an address: name the expected ones by --ip or --file")]
    NothingToCheck,
}

impl From<ConfigError> for ProbeError {
    fn from(error: ConfigError) -> Self {
        match error {
            ConfigError::Read(ReadError::Refused { path, why }) if why.kind() == ErrorKind::PermissionDenied => {
                ProbeError::Forbidden(ReadError::Refused { path, why })
            }
            error => ProbeError::Config(error),
        }
    }
}

/// Reads what is wanted and what is bound, and looks again for two seconds while duplicate address detection runs.
///
/// # Errors
/// [`ProbeError`]: a list or the bound addresses cannot be read, or there is nothing to check.
pub fn probe(args: &Args, deadline: &Deadline) -> Result<Seen, ProbeError> {
    let mut wanted = Wanted::read(args, deadline)?;
    let mut bound = Bound::read(deadline)?;
    if wanted.chosen == Chosen::Bound {
        if !serves(&bound) {
            return Err(ProbeError::NothingToCheck);
        }
        wanted.want_all(&bound);
    }
    let mut found = findings(&wanted, &bound, &args.interface);
    let until = Instant::now() + DETECTION.min(deadline.remaining().saturating_sub(RESERVE));
    while found.iter().any(|(_, finding)| matches!(finding, Finding::Tentative(_))) && Instant::now() < until {
        thread::sleep(PAUSE);
        bound = Bound::read(deadline)?;
        found = findings(&wanted, &bound, &args.interface);
    }
    let missing = found.iter().any(|(_, finding)| *finding == Finding::NotBound);
    let promotes_all = if missing { read_setting(PROMOTE_SECONDARIES) } else { None };
    let uptime = args.grace.map(|_| uptime());
    Ok(Seen { wanted, bound, findings: found, routes: read_routes(args, deadline)?, promotes_all, uptime })
}

/// The default routes of the families that --gateway names.
fn read_routes(args: &Args, deadline: &Deadline) -> Result<Vec<DefaultRoute>, ReadBoundError> {
    let mut routes = Vec::new();
    for ipv6 in [false, true] {
        if args.gateway.iter().any(|gateway| gateway.is_ipv6() == ipv6) {
            routes.extend(DefaultRoute::read(ipv6, deadline)?);
        }
    }
    Ok(routes)
}

/// The time since boot, suspended time included.
fn uptime() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::from_secs(now.tv_sec.try_into().unwrap_or(0))
}

/// Whether anything but loopback has an address.
fn serves(bound: &Bound) -> bool {
    let loopback = |index| bound.interface(index).is_some_and(|interface| interface.loopback);
    bound.addresses.iter().any(|address| !loopback(address.interface))
}

/// A kernel setting that is 0 or another number: none if it cannot be read.
fn read_setting(path: &str) -> Option<bool> {
    let text = fs::read_to_string(path).ok()?;
    text.trim().parse().ok().map(|number: i64| number != 0)
}
