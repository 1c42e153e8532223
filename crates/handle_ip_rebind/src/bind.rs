//! Binding what may be bound, looking again until it is known what came of it, and telling the link and the
//! services.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use check_ip_bound::Condition;
use host_net::{bind, unbind};
use plugin::Deadline;

use crate::Outcome;
use crate::budget::Held;
use crate::case::{Case, Fate, bindable};
use crate::child::{self, Ran};
use crate::config::{Argv, Config};
use crate::link::Link;
use crate::probe::{ObserveError, Seen};

/// What is left of the deadline for the last look and the record when a program is ended.
const RESERVE: Duration = Duration::from_millis(700);
/// How long after a command ended its addresses may take to come, and IPv6's detection to end: it begins up
/// to a second late, by chance, and the kernel takes its time. And the pause between two looks.
const COMING: Duration = Duration::from_secs(2);
const DETECTION: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);
/// RFC 5227: ANNOUNCE_INTERVAL.
const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(2);

/// What is still missing, and why.
type Missing = BTreeMap<IpAddr, (Condition, String)>;

/// Binds what may be bound, looks again, and gives each of these addresses its fate.
///
/// # Errors
/// [`ObserveError`]: it cannot be known what came of it.
pub(crate) fn bring_back(
    config: &Config,
    held: &Held,
    seen: &Seen,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    let mut faults = BTreeMap::new();
    match &config.command {
        Some(command) => outcome.command = Some(run(command, held, deadline)),
        None => faults = bind_all(config, seen, &outcome.cases, deadline),
    }
    let still = look_until_settled(config, &bindable(&outcome.cases), deadline)?;
    for case in outcome.cases.iter_mut().filter(|case| case.fate == Fate::Bindable) {
        match still.get(&case.address) {
            None => case.becomes(Fate::Back, None),
            Some((Condition::Duplicate(index), reason)) if config.command.is_none() => {
                let removed = unbind(case.address, case.prefix, *index, deadline);
                let then = removed.map_or_else(
                    |error| format!("and it cannot be removed: {error}"),
                    |()| "removed again".to_owned(),
                );
                case.becomes(Fate::Failed, format!("{reason}, {then}"));
            }
            Some((_, reason)) => {
                let why = faults.remove(&case.address).unwrap_or_else(|| reason.clone());
                case.becomes(Fate::Failed, why);
            }
        }
    }
    Ok(())
}

/// Looks until the addresses are there, or nothing more will come: what a command binds may take a while, and
/// detection ends late.
fn look_until_settled(
    config: &Config,
    tried: &[IpAddr],
    deadline: &Deadline,
) -> Result<Missing, ObserveError> {
    let began = Instant::now();
    loop {
        let again = Seen::read(config, deadline)?;
        let missing = again.missing(config).into_iter();
        let missing: Missing =
            missing.map(|(entry, condition, reason)| (entry.expected.address, (condition, reason))).collect();
        let may_come = |address: &IpAddr| match missing.get(address) {
            None => false,
            Some((Condition::Tentative(_), _)) => began.elapsed() < DETECTION,
            Some(_) => config.command.is_some() && began.elapsed() < COMING,
        };
        if !tried.iter().any(may_come) || deadline.remaining() <= RESERVE {
            return Ok(missing);
        }
        thread::sleep(PAUSE);
    }
}

/// Binds by rtnetlink what may be bound, in the order of the list, so that the first of a subnet is its
/// primary address again, and returns what the kernel had against it.
fn bind_all(config: &Config, seen: &Seen, cases: &[Case], deadline: &Deadline) -> BTreeMap<IpAddr, String> {
    let known = seen.bound().interfaces.iter().find(|known| known.name == config.interface);
    let Some(index) = known.map(|known| known.index) else { return BTreeMap::new() };
    let mut ordered: Vec<&Case> = cases.iter().filter(|case| case.fate == Fate::Bindable).collect();
    ordered.sort_by_key(|case| case.order);
    let fault = |case: &Case| bind(case.address, case.prefix, index, deadline).err();
    ordered.into_iter().filter_map(|case| Some((case.address, fault(case)?.to_string()))).collect()
}

/// Tells the link and the services of the addresses that came back.
pub(crate) fn tell(
    config: &Config,
    held: &Held,
    link: &Link,
    back: &[IpAddr],
    outcome: &mut Outcome,
    deadline: &Deadline,
) {
    let mut announce = || {
        if config.announce
            && let Err(error) = link.announce(back)
        {
            outcome.notes.push(format!("not announced: {error}"));
        }
    };
    announce();
    let again = Instant::now() + ANNOUNCE_INTERVAL;
    let mut services = Vec::new();
    for argv in &config.restart {
        services.push(run(argv, held, deadline));
    }
    // The second of the two announcements that RFC 5227 wants, as far as there is time for it.
    let wait = again.saturating_duration_since(Instant::now());
    if config.announce && deadline.remaining() > wait + RESERVE {
        thread::sleep(wait);
        announce();
    }
    outcome.services = services;
}

/// Runs a program. What it prints must have a place, or it is not run.
fn run(argv: &Argv, held: &Held, deadline: &Deadline) -> Ran {
    let _step = deadline.step(format!("running {}", argv.program.display()));
    match held.output() {
        Ok(output) => child::run(argv, output, deadline.remaining().saturating_sub(RESERVE)),
        Err(error) => Ran::not(argv, error.to_string()),
    }
}
