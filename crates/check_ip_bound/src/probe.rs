//! All the reading: the lists, the bound addresses, and these again while duplicate address detection is running.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use addresses::{Bound, ListError, ReadBoundError};
use plugin::Deadline;

use crate::finding::{Finding, findings};
use crate::wanted::{Source, Wanted};
use crate::{Args, Seen};

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
    /// The bound addresses cannot be read.
    #[error(transparent)]
    Bound(#[from] ReadBoundError),
    /// No list is given and none is in its usual place, and what is bound says nothing.
    #[error("no list is given, and only loopback has an address here: name the expected ones by --ip or --file")]
    NothingToCheck,
}

/// Reads what is wanted and what is bound.
pub(crate) fn probe(args: &Args, deadline: &Deadline) -> Result<Seen, ProbeError> {
    let listed = Wanted::read(args, deadline)?;
    let mut bound = Bound::read(deadline)?;
    let wanted = listed.unwrap_or_else(|| Wanted::all(&bound));
    if wanted.source == Source::Bound && !serves(&bound) {
        return Err(ProbeError::NothingToCheck);
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
    Ok(Seen { wanted, bound, findings: found, promotes_all })
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
