//! After the binding: announces the addresses, restarts the services, and checks once more whether all that
//! was there still is. A service that configures the network may take an address away again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use host_net::{Bound, BoundAddress};
use plugin::Deadline;

use crate::Outcome;
use crate::bind::{COMING, PAUSE, RESERVE, give_back, observe_until_settled, run};
use crate::case::{Fate, of};
use crate::child::{Ran, words};
use crate::config::{Argv, Config};
use crate::ledger::Ledger;
use crate::link::{CONFLICT_WAIT, Link};
use crate::probe::{ObserveError, Seen};

/// RFC 5227: ANNOUNCE_INTERVAL.
const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(2);

/// The addresses that a service removed, and its words.
type Taken = BTreeMap<IpAddr, String>;

/// Tells the link and the services of the addresses that came back, and gives those their fate that another
/// host has or that are gone after it, also those that never were missing before.
///
/// # Errors
/// [`ObserveError`]: it cannot be known what is still there.
pub(crate) fn tell(
    config: &Config,
    ledger: &mut Ledger<'_>,
    seen: &Seen,
    link: &Link,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    let is_heard = announce(config, link, outcome);
    let again = Instant::now() + ANNOUNCE_INTERVAL;
    if is_heard && deadline.remaining() > CONFLICT_WAIT + RESERVE {
        yield_defended(config, link, CONFLICT_WAIT, outcome, deadline);
    }
    let taken = restart(config, ledger, seen, outcome, deadline);
    // The second of the two announcements that RFC 5227 wants, as far as there is time for it.
    let wait = again.saturating_duration_since(Instant::now());
    let is_in_time = is_heard && deadline.remaining() > wait + RESERVE;
    if is_in_time {
        yield_defended(config, link, wait, outcome, deadline);
    }
    check_again(config, &taken, seen.bound(), outcome, deadline)?;
    if is_in_time {
        announce(config, link, outcome);
    }
    Ok(())
}

/// The addresses to announce: those that are back, and those of an earlier run. None if they were not probed
/// for after the binding, because another host may have one of them.
fn announced(outcome: &Outcome) -> Vec<IpAddr> {
    if outcome.unchecked.is_some() {
        return Vec::new();
    }
    of(&outcome.cases, Fate::Back).chain(outcome.owed_addresses()).collect()
}

/// Announces what is back. Returns whether that was done.
fn announce(config: &Config, link: &Link, outcome: &mut Outcome) -> bool {
    let addresses = announced(outcome);
    if config.announce && !addresses.is_empty() {
        outcome.changed = true;
        if let Err(error) = link.announce(&addresses) {
            outcome.unannounced = Some(error.to_string());
            return false;
        }
    }
    for address in &addresses {
        outcome.pending.remove(address);
    }
    config.announce && !addresses.is_empty()
}

/// Listens for hosts that defend an address that was announced, and removes it again.
fn yield_defended(config: &Config, link: &Link, wait: Duration, outcome: &mut Outcome, deadline: &Deadline) {
    match link.hear(&announced(outcome), wait) {
        Ok(claimed) => give_back(config, &claimed, outcome, deadline),
        Err(error) => outcome.notes.push(format!("not checked for conflicts after announcing: {error}")),
    }
}

/// Runs the programs that are due, one by one, and returns what each has taken away.
fn restart(
    config: &Config,
    ledger: &mut Ledger<'_>,
    seen: &Seen,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Taken {
    let mut taken = Taken::new();
    let mut before = Some(lasting(seen.bound()));
    let mut missed = |before: &mut Option<Vec<IpAddr>>, by: &str| {
        let after = Bound::read(deadline).ok().map(|bound| lasting(&bound));
        // Where they cannot be read, only the cause is not known.
        if let (Some(before), Some(after)) = (&*before, &after) {
            for address in before.iter().filter(|address| after.binary_search(address).is_err()) {
                taken.entry(*address).or_insert_with(|| by.to_owned());
            }
        }
        *before = after;
    };
    // The command took it, or the binding.
    let by = outcome.command.as_ref().map_or_else(|| "the binding".to_owned(), shown);
    missed(&mut before, &by);
    // Nothing is owed any more where all that came back was given back.
    let is_back = !announced(outcome).is_empty();
    let is_due = |argv: &&Argv| {
        let words = words(argv);
        let has_failed = outcome.unrestarted.iter().any(|program| program.is_due && program.argv == words);
        has_failed || (is_back && ledger.owes(&words))
    };
    let due: Vec<&Argv> = config.restart.iter().filter(is_due).collect();
    for argv in due {
        let ran = run(argv, deadline.keeping(RESERVE), deadline);
        outcome.changed |= ran.is_started;
        ledger.ran(&ran, outcome);
        missed(&mut before, &shown(&ran));
        outcome.services.push(ran);
    }
    taken
}

/// The addresses that do not go by themselves, sorted: a temporary one of IPv6 has a lifetime.
fn lasting(bound: &Bound) -> Vec<IpAddr> {
    let goes = |place: &&BoundAddress| {
        place.address.is_ipv6() && place.flags.secondary() || place.flags.deprecated()
    };
    let mut all: Vec<IpAddr> =
        bound.addresses.iter().filter(|place| !goes(place)).map(|place| place.address).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// A program by its name and arguments, as an administrator types it.
fn shown(ran: &Ran) -> String {
    let name = ran.argv.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let arguments = ran.argv.iter().skip(1).map(String::as_str);
    [name].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Checks whether all that was there still is: what is expected, and all that this host had `before` the run.
fn check_again(
    config: &Config,
    taken: &Taken,
    before: &Bound,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    let known: BTreeSet<IpAddr> =
        outcome.cases.iter().filter(|case| case.fate != Fate::Back).map(|case| case.address).collect();
    // A service may bind its addresses anew after its program has ended.
    let has_run = outcome.services.iter().chain(&outcome.command).any(|ran| ran.is_started);
    let coming = if has_run { COMING } else { Duration::ZERO };
    let until = Instant::now() + coming;
    let looked_for = |address: &IpAddr| !known.contains(address);
    let (bound, before) = (before, lasting(before));
    let gone = |seen: &Seen| {
        let is_gone = |address: &&IpAddr| seen.bound().places(**address).is_empty();
        before.iter().filter(is_gone).copied().collect::<Vec<_>>()
    };
    let (mut seen, mut missing) = observe_until_settled(config, looked_for, coming, deadline)?;
    while !gone(&seen).is_empty() && Instant::now() < until && deadline.remaining() > RESERVE {
        thread::sleep(PAUSE);
        (seen, missing) = observe_until_settled(config, looked_for, Duration::ZERO, deadline)?;
    }
    let reasons = missing.into_iter().map(|(address, (_, reason))| (address, reason));
    let mut lost: BTreeMap<IpAddr, String> =
        gone(&seen).into_iter().map(|address| (address, "not bound".to_owned())).collect();
    lost.extend(reasons);
    for (address, reason) in lost.iter().filter(|(address, _)| !known.contains(address)) {
        lose(*address, reason, taken, outcome);
        set_prefix(*address, bound, outcome);
    }
    Ok(())
}

/// Gives an address that is gone and in no list the prefix length that it had.
fn set_prefix(address: IpAddr, before: &Bound, outcome: &mut Outcome) {
    let case = outcome.cases.iter_mut().find(|case| case.address == address);
    if let (Some(case), Some(place)) = (case, before.places(address).first()) {
        case.prefix = place.prefix;
    }
}

/// Gives an address that is gone its fate.
fn lose(address: IpAddr, reason: &str, taken: &Taken, outcome: &mut Outcome) {
    let why = match taken.get(&address) {
        Some(words) => format!("removed by {words}"),
        None if outcome.services.is_empty() => reason.to_owned(),
        None => format!("{reason} after the restart"),
    };
    outcome.set(address, Fate::Lost, why, reason);
}
