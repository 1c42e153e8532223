//! One run from the event to the last look: each step either goes on or says why it does not.

use std::collections::BTreeMap;
use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use check_ip_bound::{Condition, Observations, ProbeError};
use host_net::{bind, unbind};
use plugin::{Deadline, reason};
use signal_hook::consts::{SIGHUP, SIGTERM};
use signal_hook::flag;
use state::StateError;

use crate::budget::{BudgetError, Held, now};
use crate::child::{self, Ran};
use crate::config::{Argv, Config, ConfigError};
use crate::link::{Link, LinkError};
use crate::look::{Case, Fate, look, missing};
use crate::{End, Event, Outcome};

/// What is left of the deadline for the last look and the record when a program is ended.
const RESERVE: Duration = Duration::from_millis(700);
/// How long after a command ended its addresses may take to come, and IPv6's detection to end: it begins up to a second late, by chance,
/// and the kernel takes its time. And the pause between two looks.
const COMING: Duration = Duration::from_secs(2);
const DETECTION: Duration = Duration::from_secs(5);
const PAUSE: Duration = Duration::from_millis(100);
/// RFC 5227: ANNOUNCE_INTERVAL.
const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(2);

/// Why nothing could be done, or not be finished.
#[derive(Debug, thiserror::Error)]
pub enum HandleError {
    /// The configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// There is nowhere to record the run.
    #[error("log: {0}")]
    Log(StateError),
    /// The lock or the budget cannot be used.
    #[error(transparent)]
    State(#[from] BudgetError),
    /// It could not be made sure that this run comes to its end.
    #[error("handling signals: {}", reason(.0))]
    Signals(io::Error),
    /// There is no seeing what is missing.
    #[error(transparent)]
    Probe(#[from] ProbeError),
    /// Nobody on the link can be asked.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Something was done, and then there was no seeing what came of it.
    #[error("after binding: {0}")]
    After(ProbeError),
}

/// Does what the configuration wants of this event.
pub(crate) fn work(config: &Config, event: Event, deadline: &Deadline) -> Result<Outcome, HandleError> {
    let mut outcome = Outcome::new(config, event);
    if !config.on.iter().any(|when| when.matches(event)) {
        return Ok(outcome.ends(End::NotActedOn));
    }
    outlast_the_caller().map_err(HandleError::Signals)?;
    let Some(held) = Held::take(&config.state)? else { return Ok(outcome.ends(End::Busy)) };
    let (observed, cases) = look(config, deadline)?;
    outcome.wanted = observed.expected.entries.len();
    outcome.cases = cases;
    if outcome.cases.is_empty() {
        return Ok(outcome.ends(End::AllWell));
    }
    spare_the_command(config, &mut outcome.cases);
    if bindable(&outcome.cases).is_empty() {
        return Ok(outcome.ends(End::Nothing));
    }
    let now = now();
    let acted = held.acted(now, deadline)?;
    outcome.acted = acted.len();
    if acted.len() >= config.per_hour {
        return Ok(outcome.ends(End::OverBudget));
    }
    let link = Link::open(&config.interface, bindable(&outcome.cases).iter().any(IpAddr::is_ipv6))?;
    ask(&link, config, &mut outcome.cases, deadline)?;
    if bindable(&outcome.cases).is_empty() {
        return Ok(outcome.ends(End::Nothing));
    }
    if !config.enabled {
        return Ok(outcome.ends(End::DryRun));
    }
    held.spend(acted, now)?;
    outcome.acted += 1;
    bring_back(config, &held, &observed, &mut outcome, deadline)?;
    let back: Vec<IpAddr> = of(&outcome.cases, Fate::Back).collect();
    if !back.is_empty() {
        tell(config, &held, &link, &back, &mut outcome, deadline);
    }
    Ok(outcome.ends(End::Done))
}

/// Lets this run go on to its own end. When NRPE's time is up, it kills the process group of what it has started, with root's right where
/// it began as root; sudo passes on the signals that it gets, and a terminal of sudo's own hangs up. In the middle of binding that
/// would help nobody, and `--timeout` ends every run. Programs that are run from here hear such signals as ever.
fn outlast_the_caller() -> io::Result<()> {
    // Refused to the leader of a session alone, which is in nobody else's group.
    let _ = rustix::process::setpgid(None, None);
    for signal in [SIGTERM, SIGHUP] {
        flag::register(signal, Arc::new(AtomicBool::new(false)))?;
    }
    Ok(())
}

/// The addresses with this fate.
fn of(cases: &[Case], fate: Fate) -> impl Iterator<Item = IpAddr> {
    cases.iter().filter(move |case| case.fate == fate).map(|case| case.address)
}

fn bindable(cases: &[Case]) -> Vec<IpAddr> {
    of(cases, Fate::Bindable).collect()
}

/// Asks the link who has the addresses: what another host has is left alone.
fn ask(link: &Link, config: &Config, cases: &mut [Case], deadline: &Deadline) -> Result<(), LinkError> {
    let claimed = link.ask(&bindable(cases), deadline)?;
    for case in cases.iter_mut() {
        if let Some(holder) = claimed.get(&case.address) {
            case.becomes(Fate::LeftAlone, format!("{holder} has it on {}", config.interface));
        }
    }
    spare_the_command(config, cases);
    Ok(())
}

/// A command binds whatever it binds: it must not be run where an address of the list may not be bound.
fn spare_the_command(config: &Config, cases: &mut [Case]) {
    let Some(first) = of(cases, Fate::LeftAlone).next().filter(|_| config.command.is_some()) else { return };
    for case in cases.iter_mut().filter(|case| case.fate == Fate::Bindable) {
        case.becomes(Fate::LeftAlone, format!("the command might bind {first} too"));
    }
}

/// Binds, looks again, and gives each address that may be bound its fate.
fn bring_back(
    config: &Config,
    held: &Held,
    observed: &Observations,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), HandleError> {
    let mut faults = BTreeMap::new();
    match &config.command {
        Some(command) => outcome.command = Some(run(command, held, deadline)),
        None => faults = bind_all(config, observed, &outcome.cases, deadline),
    }
    let began = Instant::now();
    loop {
        let again = check_ip_bound::probe(&config.check, deadline).map_err(HandleError::After)?;
        let still: BTreeMap<IpAddr, (Condition, String)> =
            missing(config, &again).map(|(entry, condition, reason)| (entry.expected.address, (condition, reason))).collect();
        let open = |address: &IpAddr| match still.get(address) {
            None => false,
            Some((Condition::Tentative(_), _)) => began.elapsed() < DETECTION,
            Some(_) => config.command.is_some() && began.elapsed() < COMING,
        };
        if bindable(&outcome.cases).iter().any(open) && deadline.remaining() > RESERVE {
            thread::sleep(PAUSE);
            continue;
        }
        for case in outcome.cases.iter_mut().filter(|case| case.fate == Fate::Bindable) {
            match still.get(&case.address) {
                None => case.becomes(Fate::Back, None),
                Some((Condition::Duplicate(index), reason)) if config.command.is_none() => {
                    let taken = unbind(case.address, case.prefix.unwrap_or_default(), *index, deadline);
                    let then =
                        taken.map_or_else(|error| format!("and it cannot be removed: {error}"), |()| "removed again".to_owned());
                    case.becomes(Fate::Failed, format!("{reason}, {then}"));
                }
                Some((_, reason)) => {
                    let why = faults.remove(&case.address).unwrap_or_else(|| reason.clone());
                    case.becomes(Fate::Failed, why);
                }
            }
        }
        return Ok(());
    }
}

/// Binds by rtnetlink what may be bound, in the order of the list, so that the first of a subnet is its primary address again, and
/// returns what the kernel had against it.
fn bind_all(config: &Config, observed: &Observations, cases: &[Case], deadline: &Deadline) -> BTreeMap<IpAddr, String> {
    let index = observed.bound.interfaces.iter().find(|known| known.name == config.interface).map(|known| known.index);
    let mut faults = BTreeMap::new();
    let mut ordered: Vec<&Case> = cases.iter().filter(|case| case.fate == Fate::Bindable).collect();
    ordered.sort_by_key(|case| case.order);
    for case in ordered {
        let (Some(index), Some(prefix)) = (index, case.prefix) else { continue };
        if let Err(error) = bind(case.address, prefix, index, deadline) {
            faults.insert(case.address, error.to_string());
        }
    }
    faults
}

/// Tells the link and the services of the addresses that came back.
fn tell(config: &Config, held: &Held, link: &Link, back: &[IpAddr], outcome: &mut Outcome, deadline: &Deadline) {
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
