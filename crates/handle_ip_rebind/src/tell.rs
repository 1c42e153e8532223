//! After the binding: announces the addresses, restarts the services, and checks once more whether all that
//! was there still is. A service that configures the network may take an address away again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use addresses::all;
use plugin::Deadline;

use crate::Outcome;
use crate::bind::{COMING, PAUSE, RESERVE, give_back, observe_until_settled, run};
use crate::case::{Fate, of};
use crate::child::words;
use crate::config::{Argv, Config};
use crate::ledger::Ledger;
use crate::link::{CONFLICT_WAIT, Link};
use crate::probe::ObserveError;
use crate::watch::Watch;

/// RFC 5227: ANNOUNCE_INTERVAL.
const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(2);

/// Tells the link and the services of the addresses that came back, and gives those their fate that another
/// host has or that are gone after it, also those that never were missing before.
///
/// # Errors
/// [`ObserveError`]: it cannot be known what is still there.
pub(crate) fn tell(
    config: &Config,
    ledger: &mut Ledger<'_>,
    watch: &mut Watch<'_>,
    link: &Link,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    let is_heard = announce(config, link, outcome);
    ledger.announced(outcome);
    let again = Instant::now() + ANNOUNCE_INTERVAL;
    if is_heard && deadline.remaining() > CONFLICT_WAIT + RESERVE {
        yield_defended(config, link, CONFLICT_WAIT, outcome, deadline);
    }
    restart(config, ledger, watch, outcome, deadline);
    // The second of the two announcements that RFC 5227 wants, as far as there is time for it.
    let wait = again.saturating_duration_since(Instant::now());
    let is_in_time = is_heard && deadline.remaining() > wait + RESERVE;
    // What came since the probe is read at least, also where nothing is announced.
    if is_heard || !config.announce {
        let wait = if is_in_time { wait } else { Duration::ZERO };
        yield_defended(config, link, wait, outcome, deadline);
    }
    check_again(config, watch, outcome, deadline)?;
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
    let owed = outcome.owed_addresses().filter(|_| !outcome.owed.is_announced);
    of(&outcome.cases, Fate::Back).chain(owed).collect()
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
        Err(error) => outcome.notes.push(format!("not checked for conflicts at the end: {error}")),
    }
}

/// Runs the programs that are due, one by one.
fn restart(
    config: &Config,
    ledger: &mut Ledger<'_>,
    watch: &mut Watch<'_>,
    outcome: &mut Outcome,
    deadline: &Deadline,
) {
    // What went before any program of this list did.
    watch.now(deadline);
    // Nothing is owed any more where all that came back was given back.
    let has_come = of(&outcome.cases, Fate::Back).next().is_some() || outcome.can_finish();
    let is_back = has_come && outcome.unchecked.is_none();
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
        watch.ran(&ran, deadline);
        outcome.services.push(ran);
    }
}

/// Checks whether all that the run found first is still there: what is expected, and what stays by `watch`.
fn check_again(
    config: &Config,
    watch: &mut Watch<'_>,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    let known: BTreeSet<IpAddr> =
        outcome.cases.iter().filter(|case| case.fate != Fate::Back).map(|case| case.address).collect();
    // A service may bind its addresses anew, or set down an interface, after its program has ended.
    let has_run = outcome.services.iter().chain(&outcome.command).any(|ran| ran.is_started);
    let coming = if has_run { COMING } else { Duration::ZERO };
    let settled = watch.program_ended().map(|ended| ended + COMING);
    let mut first = None;
    let looked_for = |address: &IpAddr| !known.contains(address);
    let (mut seen, mut missing) = observe_until_settled(config, looked_for, coming, deadline)?;
    loop {
        watch.look_at_interfaces(seen.bound());
        let now = Instant::now();
        let until = if watch.missed(seen.bound()).is_empty() {
            first = None;
            settled.unwrap_or(now)
        } else {
            *first.get_or_insert(now) + coming
        };
        if now >= until || deadline.remaining() <= RESERVE {
            break;
        }
        thread::sleep(PAUSE);
        (seen, missing) = observe_until_settled(config, looked_for, Duration::ZERO, deadline)?;
    }
    let reasons = missing.into_iter().map(|(address, (_, reason))| (address, reason));
    let missed = watch.missed(seen.bound());
    let mut lost: BTreeMap<IpAddr, String> =
        missed.addresses.into_iter().map(|address| (address, "not bound".to_owned())).collect();
    lost.extend(reasons);
    for (address, reason) in lost.iter().filter(|(address, _)| !known.contains(address)) {
        lose(*address, reason, watch, outcome);
    }
    outcome.lost_interfaces.extend(missed.interfaces);
    for (interface, addresses) in missed.with_interface {
        outcome.notes.push(format!("{interface} is gone, and with it {}", all(&addresses)));
    }
    Ok(())
}

/// Gives an address that is gone its fate, and one that is in no list the prefix length that it had.
fn lose(address: IpAddr, reason: &str, watch: &Watch<'_>, outcome: &mut Outcome) {
    let why = match watch.since(address) {
        Some(since) => since.to_owned(),
        None if outcome.services.is_empty() => format!("{reason} at the end"),
        None => format!("{reason} after the restart"),
    };
    outcome.set(address, Fate::Lost, why, reason);
    let case = outcome.cases.iter_mut().find(|case| case.address == address);
    if let (Some(case), Some(prefix)) = (case, watch.prefix(address)) {
        case.prefix = prefix;
    }
}
