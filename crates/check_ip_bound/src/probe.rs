//! All the reading: the lists, the bound addresses, and these again while duplicate address detection is
//! running.

use std::fs;
use std::thread;
use std::time::{Duration, Instant};

use host_net::{Bound, DefaultRoute, ReadBoundError};
use plugin::Deadline;
use rustix::time::{ClockId, clock_gettime};

use crate::condition::Condition;
use crate::dynamic::{awaits_detection, excused, expects_something, serves};
use crate::expected::{Expected, ExpectedError};
use crate::interfaces::is_engines_bridge;
use crate::{Expectations, Observations, lease_proof, ports};

/// How long a tentative address is looked at again. Detection takes one to two seconds (RFC 4862: a random
/// delay of up to one second, then one probe a second).
const DETECTION: Duration = Duration::from_secs(2);
/// How long to wait between two looks.
const PAUSE: Duration = Duration::from_millis(100);
/// What must be left of the deadline after the last look.
const RESERVE: Duration = Duration::from_millis(200);

/// How many octets of lists take longer to read than it takes to begin a thread: some 5,000 addresses.
const LONG: u64 = 64 << 10;
/// The thread needs less than the 2 MiB that one gets by default.
const STACK: usize = 256 << 10;

const PROMOTE_SECONDARIES: &str = "/proc/sys/net/ipv4/conf/all/promote_secondaries";

/// What to do where no source names an address.
pub(crate) const REMEDY: &str =
    "note: name the addresses by --ip or --file, or add --bound to check those that are bound, see --help";

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The expected addresses cannot be read.
    #[error(transparent)]
    Expected(#[from] ExpectedError),
    /// The bound addresses or the routes cannot be read.
    #[error(transparent)]
    Bound(#[from] ReadBoundError),
    /// No source says which addresses should be here.
    #[error(
        "no address is expected: name them by --ip or --file, or add --bound to check those that are bound, see --help"
    )]
    NothingToCheck,
    /// No source names an address, and these notes tell what is wrong with the configuration.
    #[error("no address is expected: {0}\n{remedy}", remedy = REMEDY)]
    Noted(String),
    /// No source surely names an address, and this interface needs no dynamic one now.
    #[error("{0}, and no other address is expected: name them by --ip or --file, or add --bound")]
    OnlyExcused(String),
    /// The known addresses may be here or on another host.
    #[error("no address is expected beside floating ones: name them by --ip or --file, or add --bound")]
    OnlyFloating,
    /// The only source of addresses is one that is not read.
    #[error("{0} is here and is not read: name its addresses by --file, or add --bound")]
    Unread(String),
    /// With --bound: no address is bound that others can reach.
    #[error("only loopback and link-local addresses{0} are bound here: nothing to check by --bound")]
    NothingBound(&'static str),
    /// With --bound and --interface: these interfaces have no address that others can reach.
    #[error("{0} has no address that others can reach: nothing to check by --bound")]
    NothingBoundOn(String),
}

impl ProbeError {
    /// Returns that no address is bound that others can reach.
    fn nothing_bound(bound: &Bound) -> Self {
        let names = bound.addresses.iter().filter_map(|each| bound.interface(each.interface));
        let bridges = names.into_iter().any(|interface| is_engines_bridge(&interface.name));
        ProbeError::NothingBound(if bridges { " and those of container bridges" } else { "" })
    }

    /// Returns why there is nothing to check, where no source names an address.
    pub(crate) fn nothing(expected: &Expected, bound: &Bound) -> Self {
        // What is not read may be all that this host has: an interface without need of one is no answer to
        // it.
        let unread = expected.unread.first().cloned().map(ProbeError::Unread);
        let excused = || excused(expected, bound).map(ProbeError::OnlyExcused);
        let uncertain = || expected.uncertain().map(ProbeError::OnlyExcused);
        let noted = || expected.noted().map(ProbeError::Noted);
        unread.or_else(excused).or_else(uncertain).or_else(noted).unwrap_or(ProbeError::NothingToCheck)
    }
}

/// Reads what is expected and what is bound, and looks again for two seconds while duplicate address
/// detection runs.
///
/// # Errors
/// [`ProbeError`]: a list or the bound addresses cannot be read, or there is nothing to check.
pub fn probe(expectations: &Expectations, deadline: &Deadline) -> Result<Observations, ProbeError> {
    let (mut expected, bound) = read_both(expectations, deadline);
    if !expected.can_alarm() && !expectations.bound {
        expected.usable()?;
    }
    let mut bound = bound?;
    expected.choose(&bound);
    expected.no_lease = lease_proof::find(&expected, &bound, deadline);
    let nothing = !expects_something(&expected, &bound);
    if nothing && expectations.bound {
        expect_bound(&mut expected, &bound)?;
    } else if nothing && expected.is_empty() && !expected.can_alarm() {
        return Err(ProbeError::nothing(&expected, &bound));
    }
    let mut faults = ports::faults(&expected.ports, &expected.vlans, &bound);
    let mut found = expected.conditions(&bound, &faults);
    let until = Instant::now() + DETECTION.min(deadline.keeping(RESERVE));
    while (found.iter().any(|(_, condition)| matches!(condition, Condition::Tentative(_)))
        || expected
            .copies(&bound, &faults)
            .1
            .iter()
            .any(|copy| matches!(copy.condition, Condition::Tentative(_)))
        || awaits_detection(&expected, &bound))
        && Instant::now() < until
    {
        thread::sleep(PAUSE);
        bound = Bound::read(deadline)?;
        faults = ports::faults(&expected.ports, &expected.vlans, &bound);
        found = expected.conditions(&bound, &faults);
    }
    let missing = found.iter().any(|(_, condition)| *condition == Condition::NotBound);
    let promotes_all = if missing { read_setting(PROMOTE_SECONDARIES) } else { None };
    let uptime = expectations.uptime.then(uptime);
    let routes = read_routes(expectations, deadline)?;
    Ok(Observations { expected, bound, conditions: found, port_faults: faults, routes, promotes_all, uptime })
}

/// Reads what is expected and what is bound: at the same time, where the lists are long.
fn read_both(expectations: &Expectations, deadline: &Deadline) -> (Expected, Result<Bound, ReadBoundError>) {
    let lists = expectations.addresses.file.iter();
    let long = lists.filter_map(|path| plugin::size_at_hand(path)).sum::<u64>() >= LONG;
    thread::scope(|scope| {
        let read = || Expected::read(expectations, deadline);
        let reading = long.then(|| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, read));
        // The longer part stays here: it need not wait until the thread has begun.
        let bound = reading.is_some().then(|| Bound::read(deadline));
        let expected = reading.and_then(Result::ok).and_then(|reading| reading.join().ok());
        let expected = expected.unwrap_or_else(read);
        (expected, bound.unwrap_or_else(|| Bound::read(deadline)))
    })
}

/// Expects what is bound, where no source names an address.
fn expect_bound(expected: &mut Expected, bound: &Bound) -> Result<(), ProbeError> {
    if !serves(bound) {
        return Err(ProbeError::nothing_bound(bound));
    }
    expected.expect_all(bound);
    match expected.entries.as_slice() {
        [] if expected.on.is_empty() => Err(ProbeError::nothing_bound(bound)),
        [] => Err(ProbeError::NothingBoundOn(expected.on.join(" or "))),
        _ => Ok(()),
    }
}

/// The default routes of the families that --gateway names.
fn read_routes(
    expectations: &Expectations,
    deadline: &Deadline,
) -> Result<Vec<DefaultRoute>, ReadBoundError> {
    let mut routes = Vec::new();
    for ipv6 in [false, true] {
        if expectations.gateway.iter().any(|gateway| gateway.is_ipv6() == ipv6) {
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

/// A kernel setting that is 0 or another number: `None` if it cannot be read.
fn read_setting(path: &str) -> Option<bool> {
    let text = fs::read_to_string(path).ok()?;
    text.trim().parse().ok().map(|number: i64| number != 0)
}
