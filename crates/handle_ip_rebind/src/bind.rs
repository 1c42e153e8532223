//! Binds what may be bound, checks until the result is known, and gives back what another host has too.

mod by_command;
mod secondaries;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use check_ip_bound::Condition;
use host_net::{Bound, bind, unbind};
use plugin::Deadline;

use crate::Outcome;
use crate::case::{Case, Fate, bindable};
use crate::child::{self, Ran};
use crate::config::{Argv, Config};
use crate::link::{CONFLICTS_NEEDED, Claims, Link, LinkError};
use crate::probe::{ObserveError, Seen};
use crate::surroundings::subnets::Subnets;
use crate::watch::Watch;
use by_command::Change;

/// What is left of the deadline for the last check and the record when a program is ended.
pub(crate) const RESERVE: Duration = Duration::from_millis(700);
/// What must be left of the deadline to probe for conflicts, check and record, and so much more for each
/// address that was bound.
const CHECKING: Duration = CONFLICTS_NEEDED.saturating_add(RESERVE);
const EACH: Duration = Duration::from_micros(500);
/// How long after a command ended its addresses may take to come, and IPv6's detection to end: it begins up
/// to a second late, by chance, and the kernel takes its time. And the pause between two checks.
pub(crate) const COMING: Duration = Duration::from_secs(2);
const DETECTION: Duration = Duration::from_secs(5);
pub(crate) const PAUSE: Duration = Duration::from_millis(100);

/// What is still missing, and why.
pub(crate) type Missing = BTreeMap<IpAddr, (Condition, String)>;

/// Binds what may be bound, checks again, and gives each of these addresses its fate.
///
/// # Errors
/// [`ObserveError`]: it cannot be known what came of it.
pub(crate) fn bring_back(
    config: &Config,
    (seen, subnets): (&Seen, &Subnets),
    link: &Link,
    watch: &mut Watch<'_>,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    if let Some(fault) = link.fault() {
        leave_alone(&fault, &mut outcome.cases);
        outcome.unchecked = Some(fault.to_string());
        return Ok(());
    }
    let (faults, is_there, others) = match &config.command {
        Some(command) => {
            let (is_there, others) = run_command(config, command, (seen, subnets), watch, outcome, deadline)?;
            (BTreeMap::new(), is_there, others)
        }
        None => {
            let faults = bind_all(config, seen, &mut outcome.cases, deadline);
            let tried = bindable(&outcome.cases);
            let is_there: Vec<IpAddr> =
                tried.into_iter().filter(|address| !faults.contains_key(address)).collect();
            outcome.changed = !is_there.is_empty();
            (faults, is_there, BTreeSet::new())
        }
    };
    let strangers: BTreeSet<IpAddr> =
        others.iter().copied().filter(|address| !seen.names(*address)).collect();
    outcome.pending.extend(is_there.into_iter().chain(others.iter().copied()));
    // The kernel's own detection of IPv6 runs meanwhile.
    let conflicts = conflicts(config, link, &strangers, outcome, deadline);
    let is_checked = outcome.unchecked.is_none();
    let is_done = |address: &IpAddr| strangers.contains(address) || is_checked && others.contains(address);
    outcome.pending.retain(|address| !is_done(address));
    decide(config, &faults, &conflicts, outcome, deadline)
}

/// Runs the command that binds, and judges what is bound after it. Returns the tried addresses that are
/// there, and the others that have to be probed for.
fn run_command(
    config: &Config,
    command: &Argv,
    (seen, subnets): (&Seen, &Subnets),
    watch: &mut Watch<'_>,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(Vec<IpAddr>, BTreeSet<IpAddr>), ObserveError> {
    let tried = bindable(&outcome.cases);
    let before = watch.now(deadline);
    let ran = run(command, deadline.keeping(RESERVE + CONFLICTS_NEEDED), deadline);
    watch.ran(&ran, deadline);
    outcome.changed = ran.is_started;
    outcome.command = Some(ran);
    let looked_for = |address: &IpAddr| tried.binary_search(address).is_ok();
    let (after, missing) = observe_until_settled(config, looked_for, coming(config), deadline)?;
    let before = before.as_ref().unwrap_or(seen.bound());
    let change = Change { seen, before, after: after.bound(), subnets };
    let others = by_command::judge(config, watch, &change, outcome, deadline)?;
    let tried = bindable(&outcome.cases).into_iter();
    Ok((tried.filter(|address| !missing.contains_key(address)).collect(), others))
}

/// Probes for other hosts that have the addresses which an earlier run bound. That run ended before it knew
/// of such a host.
pub(crate) fn check_owed(config: &Config, link: &Link, outcome: &mut Outcome, deadline: &Deadline) {
    conflicts(config, link, &BTreeSet::new(), outcome, deadline);
}

/// Leaves those addresses alone that could be bound, because the interface carries nothing.
pub(crate) fn leave_alone(fault: &LinkError, cases: &mut [Case]) {
    for case in cases.iter_mut().filter(|case| case.fate == Fate::Bindable) {
        case.becomes(Fate::LeftAlone, fault.to_string());
    }
}

/// Leaves those addresses alone that have come to be bound on another interface while the link was probed.
pub(crate) fn leave_moved(config: &Config, cases: &mut [Case], deadline: &Deadline) {
    // Where they cannot be read, what was read before the probes counts.
    let Ok(bound) = Bound::read(deadline) else { return };
    for case in cases.iter_mut().filter(|case| case.fate == Fate::Bindable) {
        let mut on = bound.places(case.address).iter().filter_map(|place| bound.interface(place.interface));
        if let Some(other) = on.find(|on| on.name != config.interface) {
            case.becomes(Fate::LeftAlone, format!("bound on {} meanwhile", other.name));
        }
    }
}

/// Returns those of the addresses tried by this run that another host has too. Removes those of an earlier
/// run and those that only the command chose at once, but not `strangers`: no list names them, so that
/// another program may have bound them.
fn conflicts(
    config: &Config,
    link: &Link,
    strangers: &BTreeSet<IpAddr>,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Claims {
    let addresses: Vec<IpAddr> = outcome.pending.iter().copied().collect();
    if addresses.is_empty() {
        return Claims::new();
    }
    let mut claims =
        link.conflicts_but(&tentative(&addresses, deadline), &addresses, deadline).unwrap_or_else(|error| {
            outcome.unchecked = Some(error.to_string());
            Claims::new()
        });
    let tried = bindable(&outcome.cases);
    for (address, claimant) in claims.extract_if(.., |address, _| strangers.contains(address)) {
        let why = format!("{claimant} has it too on {}, not in the list", config.interface);
        outcome.set(address, Fate::LeftAlone, why, "bound");
    }
    let of_others: Claims =
        claims.extract_if(.., |address, _| tried.binary_search(address).is_err()).collect();
    give_back(config, &of_others, outcome, deadline);
    claims
}

/// Returns those of these addresses for which the kernel probes now. It takes a probe of this program that
/// the link reflects for one of another host: its own ones it knows by their nonce (RFC 7527).
fn tentative(addresses: &[IpAddr], deadline: &Deadline) -> Vec<IpAddr> {
    let Ok(bound) = Bound::read(deadline) else { return Vec::new() };
    let is_tentative = |address: &IpAddr| bound.places(*address).iter().any(|place| place.flags.tentative());
    addresses.iter().copied().filter(|address| address.is_ipv6() && is_tentative(address)).collect()
}

/// Removes the addresses that another host has too.
pub(crate) fn give_back(config: &Config, claims: &Claims, outcome: &mut Outcome, deadline: &Deadline) {
    if claims.is_empty() {
        return;
    }
    let Ok(bound) = Bound::read(deadline) else {
        outcome.notes.push("other hosts have addresses too, and what is bound cannot be read".to_owned());
        return;
    };
    for (address, claimant) in claims {
        let removed = take_back(config, &bound, *address, claims, &mut outcome.pending, deadline);
        // One that has to stay uses none of the budget.
        outcome.changed |= !outcome.pending.contains(address);
        let why = format!("{claimant} has it too on {}, {removed}", config.interface);
        outcome.set(*address, Fate::Failed, why, "bound by an earlier run");
    }
}

/// Checks what came of the addresses that were tried, and gives each its fate: `faults` are those of the
/// kernel, `conflicts` the other hosts that have an address too.
fn decide(
    config: &Config,
    faults: &BTreeMap<IpAddr, String>,
    conflicts: &Claims,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    let tried = bindable(&outcome.cases);
    let looked_for = |address: &IpAddr| tried.binary_search(address).is_ok();
    let (after, still) = observe_until_settled(config, looked_for, coming(config), deadline)?;
    for case in outcome.cases.iter_mut().filter(|case| case.fate == Fate::Bindable) {
        let pending = &mut outcome.pending;
        let mut removed = || take_back(config, after.bound(), case.address, conflicts, pending, deadline);
        let (fate, why) = match (still.get(&case.address), conflicts.get(&case.address)) {
            (Some((Condition::Duplicate(_), reason)), _) if config.command.is_none() => {
                (Fate::Failed, Some(format!("{reason}, {}", removed())))
            }
            (Some((_, reason)), _) => {
                (Fate::Failed, Some(faults.get(&case.address).unwrap_or(reason).clone()))
            }
            (None, Some(holder)) => {
                (Fate::Failed, Some(format!("{holder} has it too on {}, {}", config.interface, removed())))
            }
            (None, None) => (Fate::Back, None),
        };
        case.becomes(fate, why);
    }
    Ok(())
}

/// Removes an address from the interface again, and says what came of it. One that is removed is no longer
/// `pending`; one that stays is, so that the next run looks at it again. It stays where other addresses would
/// go with it, except those of `claims`.
fn take_back(
    config: &Config,
    bound: &Bound,
    address: IpAddr,
    claims: &Claims,
    pending: &mut BTreeSet<IpAddr>,
    deadline: &Deadline,
) -> String {
    let is_here = |index| bound.interface(index).is_some_and(|known| known.name == config.interface);
    let mut places = bound.addresses.iter().filter(|place| place.address == address);
    let Some(place) = places.find(|place| is_here(place.interface)) else {
        return "and it is bound elsewhere".to_owned();
    };
    pending.insert(address);
    if let Some(others) = secondaries::kept_for(bound, place, claims) {
        return format!("not removed: {others}");
    }
    if let Err(error) = unbind(address, place.prefix, place.interface, deadline) {
        // It may have gone with its primary.
        let is_gone = Bound::read(deadline).is_ok_and(|now| now.places(address).is_empty());
        if !is_gone {
            return format!("and it cannot be removed: {error}");
        }
    }
    pending.remove(&address);
    "removed again".to_owned()
}

/// Checks until the addresses that are `looked_for` are there, or nothing more will come: what a program
/// binds may take as long as `coming`, and detection ends late.
pub(crate) fn observe_until_settled(
    config: &Config,
    looked_for: impl Fn(&IpAddr) -> bool,
    coming: Duration,
    deadline: &Deadline,
) -> Result<(Seen, Missing), ObserveError> {
    let began = Instant::now();
    loop {
        let seen = Seen::read(config, deadline)?;
        let missing = seen.missing(config).into_iter();
        let missing: Missing =
            missing.map(|(entry, condition, reason)| (entry.expected.address, (condition, reason))).collect();
        let may_come = |(address, (condition, _)): (&IpAddr, &(Condition, String))| {
            let patience = if matches!(condition, Condition::Tentative(_)) { DETECTION } else { coming };
            began.elapsed() < patience && looked_for(address)
        };
        if !missing.iter().any(may_come) || deadline.remaining() <= RESERVE {
            return Ok((seen, missing));
        }
        thread::sleep(PAUSE);
    }
}

/// How long it may take until what was tried is there: a command may end before its work is done.
fn coming(config: &Config) -> Duration {
    if config.command.is_some() { COMING } else { Duration::ZERO }
}

/// Binds by rtnetlink what may be bound, in the order of the list, so that the first of a subnet is its
/// primary address again, and returns what the kernel had against it. It stops while there is still time to
/// check and record what was bound, and leaves the others to the next run.
fn bind_all(
    config: &Config,
    seen: &Seen,
    cases: &mut [Case],
    deadline: &Deadline,
) -> BTreeMap<IpAddr, String> {
    let known = seen.bound().interfaces.iter().find(|known| known.name == config.interface);
    let mut ordered: Vec<&mut Case> = cases.iter_mut().filter(|case| case.fate == Fate::Bindable).collect();
    ordered.sort_by_key(|case| case.order);
    let fault = |case: &Case| match known {
        Some(known) => {
            let fault = bind(case.address, case.prefix, known.index, case.route, deadline).err()?;
            // The kernel calls that a want of permission.
            seen.family_fault(&config.interface, case.address).or_else(|| Some(fault.to_string()))
        }
        None => Some(format!("there is no {} here", config.interface)),
    };
    let mut faults = BTreeMap::new();
    for (number, case) in (0..).zip(ordered) {
        // The first one needs no more than the probe for other hosts.
        let needed = if number == 0 { CONFLICTS_NEEDED } else { CHECKING + EACH * number };
        if deadline.remaining() < needed {
            case.becomes(Fate::Later, "no time left, the next run binds it".to_owned());
        } else if let Some(fault) = fault(case) {
            faults.insert(case.address, fault);
        }
    }
    faults
}

/// Runs a program.
pub(crate) fn run(argv: &Argv, limit: Duration, deadline: &Deadline) -> Ran {
    let _step = deadline.step(format!("running {}", argv.program.display()));
    child::run(argv, limit)
}
