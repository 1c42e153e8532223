//! One run from the event to the last check: each step either goes on or says why it does not.

mod duplicates;

use std::io;
use std::net::IpAddr;

use plugin::{Deadline, Report, State, reason};
use state::StateError;

use crate::backoff::Failures;
use crate::bind::{bring_back, check_owed, leave_alone, leave_moved};
use crate::budget::{BudgetError, Held, Memory, now};
use crate::caller;
use crate::case::{Case, Fate, bindable, of};
use crate::config::{Config, ConfigError};
use crate::evaluate::evaluate;
use crate::ledger::{Ledger, here, is_over_budget};
use crate::link::{CONFLICTS_NEEDED, Claims, LEAST_TIMEOUT, Link, LinkError, TooShort, check_timeout};
use crate::observe::{observe, spare_the_command};
use crate::probe::{ObserveError, Seen};
use crate::record::Log;
use crate::tell::tell;
use crate::trial::TrialError;
use crate::watch::Watch;
use crate::{End, Event, Outcome};

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
    /// Nothing could be bound in this time.
    #[error(transparent)]
    Timeout(#[from] TooShort),
    /// It cannot be known what is missing.
    #[error(transparent)]
    Observe(#[from] ObserveError),
    /// The configuration cannot be used, found by `--test-config`.
    #[error(transparent)]
    Trial(#[from] TrialError),
    /// No host on the link can be asked.
    #[error(transparent)]
    Link(#[from] LinkError),
    /// Something was changed, and then it could not be known what came of it.
    #[error("after binding: {0}")]
    After(ObserveError),
}

/// Handles an event and records its outcome. Does nothing in a downtime, which is a depth above 0.
///
/// # Errors
/// [`HandleError`], recorded too where there is a log.
pub(crate) fn work_and_record(
    config: &Config,
    event: Event,
    downtime: &[u32],
    deadline: &Deadline,
) -> Result<Report, HandleError> {
    caller::leave().map_err(HandleError::Signals)?;
    let mut log = Log::open(config, event).map_err(HandleError::Log)?;
    let is_downtime = downtime.iter().any(|depth| *depth > 0);
    let mut result = if is_downtime && config.acts_on(event) {
        Ok(Outcome::new(config, event).ends(End::Downtime))
    } else {
        work(config, event, &mut log, deadline)
    };
    let (error, mut report) = match &result {
        Ok(outcome) => (None, evaluate(outcome)),
        Err(error) => (Some(error.to_string()), Report::new(State::Unknown, error.to_string())),
    };
    let recorded = log.ended(result.as_ref().ok(), error, (report.state, report.summary()));
    if let (Ok(outcome), Err(error)) = (&mut result, recorded) {
        outcome.unrecorded = Some(error.to_string());
        report = evaluate(outcome);
    }
    result.map(|_| report)
}

/// Does what the configuration wants of this event.
fn work(
    config: &Config,
    event: Event,
    log: &mut Log<'_>,
    deadline: &Deadline,
) -> Result<Outcome, HandleError> {
    let mut outcome = Outcome::new(config, event);
    if !config.acts_on(event) {
        return Ok(outcome.ends(End::NotActedOn));
    }
    check_timeout(deadline)?;
    let Some(held) = Held::take(&config.state, &config.interface, deadline)? else {
        return Ok(outcome.ends(End::Busy));
    };
    let now = now();
    let mut memory = held.read(now, deadline)?;
    memory.is_timed = event == Event::Timer || memory.is_timed && config.acts_on(Event::Timer);
    let seen = Seen::read(config, deadline)?;
    let mut is_new = memory.review(config, &seen, now, deadline)?;
    outcome.default_routes = memory.default_routes(seen.bound(), &config.interface, deadline);
    is_new |= memory.see_subnets(config, &seen, outcome.default_routes.as_ref(), deadline)?;
    observe(config, &seen, &memory, now, &mut outcome, deadline)?;
    is_new |= see_routes(&seen, &mut memory, &mut outcome);
    outcome.undone = held.others(deadline).undone(&config.interface, seen.bound(), now, deadline);
    // Written anew while there is work, so that runs for other interfaces see that it is not forgotten.
    is_new |= !memory.left().is_empty();
    duplicates::explain(config, &seen, &mut outcome, deadline);
    is_new |= look_again(config, &seen, &mut memory, &mut outcome, deadline);
    forget_failures(&held, &mut memory, is_new, &outcome)?;
    if let Some(end) = early_end(config, &memory, &mut outcome) {
        return Ok(outcome.ends(end));
    }
    let link = open_link(config, &outcome)?;
    if ask(&link, config, &mut memory, &mut outcome.cases, deadline)? {
        held.write(&mut memory)?;
    }
    if is_idle(&outcome) {
        return Ok(outcome.ends(End::Nothing));
    }
    if !config.enabled {
        return Ok(outcome.ends(End::DryRun));
    }
    let mut watch = Watch::begin(config, &seen, deadline);
    let mut ledger = Ledger::begin(&held, memory, (config, &seen, &watch), &mut outcome, now, deadline)?;
    log.begun(&outcome).map_err(HandleError::Log)?;
    change(config, &mut ledger, (&seen, &mut watch), &link, &mut outcome, deadline)
        .map_err(HandleError::After)?;
    Ok(outcome.ends(End::Done))
}

/// Takes note of the routes. Returns whether `memory` was changed.
fn see_routes(seen: &Seen, memory: &mut Memory, outcome: &mut Outcome) -> bool {
    let there = outcome.default_routes.as_ref();
    let has_seen = there.is_some_and(|there| memory.see_routes(there, &outcome.cases, now()));
    outcome.routes = memory.route_faults(there, (seen.bound(), seen.gateways()));
    if there.is_none() {
        outcome.lacks_routes();
    }
    has_seen
}

/// Probes once more for the addresses that earlier runs bound: another host may have taken one while or since
/// that run announced it (RFC 5227, section 2.4). Returns whether `memory` was changed. Where an address is
/// to be bound, that comes first if the time is short, and a later run looks.
fn look_again(
    config: &Config,
    seen: &Seen,
    memory: &mut Memory,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> bool {
    let is_first = bindable(&outcome.cases).is_empty();
    let needed = if is_first { CONFLICTS_NEEDED } else { LEAST_TIMEOUT + CONFLICTS_NEEDED };
    if memory.lately.is_empty() || !config.enabled || deadline.remaining() < needed {
        return false;
    }
    let here = here(config, seen, &memory.lately);
    let has_ipv6 = here.iter().any(IpAddr::is_ipv6);
    let claims = match here.as_slice() {
        [] => Ok(Claims::new()),
        here => Link::open(&config.interface, has_ipv6).and_then(|link| link.conflicts(here, deadline)),
    };
    // Without a link, another run looks.
    let Ok(claims) = claims else { return false };
    outcome.contested = claims.into_keys().collect();
    outcome.pending.extend(&outcome.contested);
    let lately = outcome.contested.iter().copied().collect();
    std::mem::replace(&mut memory.lately, lately) != memory.lately
}

/// Returns how the run ends if there is nothing to do, or nothing that it may do. `None` if the link must be
/// asked.
fn early_end(config: &Config, memory: &Memory, outcome: &mut Outcome) -> Option<End> {
    if outcome.cases.is_empty()
        && outcome.owed.is_empty()
        && !outcome.has_left()
        && outcome.unrestarted.is_empty()
    {
        return Some(End::AllWell);
    }
    match () {
        () if is_idle(outcome) => Some(End::Nothing),
        () if is_over_budget(config, memory, outcome) => Some(End::OverBudget),
        () => None,
    }
}

/// Binds, announces and restarts.
fn change(
    config: &Config,
    ledger: &mut Ledger<'_>,
    (seen, watch): (&Seen, &mut Watch<'_>),
    link: &Link,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    leave_moved(config, &mut outcome.cases, deadline);
    spare_the_command(config, &mut outcome.cases);
    if bindable(&outcome.cases).is_empty() {
        check_owed(config, link, outcome, deadline);
    } else {
        bring_back(config, (seen, ledger.subnets()), link, watch, outcome, deadline)?;
    }
    if outcome.unchecked.is_none() {
        // One that could not be removed is still another host's.
        let is_fault = |address: &IpAddr| outcome.cases.iter().any(|case| case.address == *address);
        outcome.pending.retain(|address| !outcome.contested.contains(address) || is_fault(address));
    }
    ledger.learn(config, seen, outcome, deadline);
    let is_changed = outcome.changed || outcome.has_left();
    if is_changed {
        tell(config, ledger, watch, link, outcome, deadline)?;
        ledger.judge(config, seen, outcome, deadline)?;
    }
    ledger.end(config, (seen, watch), outcome, deadline);
    Ok(())
}

/// Returns whether there is nothing to bind and nothing to finish.
fn is_idle(outcome: &Outcome) -> bool {
    bindable(&outcome.cases).is_empty() && !outcome.has_left()
}

/// Opens the link for the addresses that are bound and announced on it.
fn open_link(config: &Config, outcome: &Outcome) -> Result<Link, LinkError> {
    let asked = asked(config, &outcome.cases);
    let all = asked.iter().chain(&outcome.owed.addresses).chain(&outcome.contested);
    Link::open(&config.interface, all.into_iter().any(IpAddr::is_ipv6))
}

/// Forgets former failures if nothing is missing. Writes the memory if this changed it, or `is_forgotten`.
fn forget_failures(
    held: &Held,
    memory: &mut Memory,
    is_forgotten: bool,
    outcome: &Outcome,
) -> Result<(), BudgetError> {
    let is_missing = outcome.cases.iter().any(|case| !matches!(case.fate, Fate::Gone | Fate::Misbound));
    let failed_changed = !is_missing && !memory.failed.is_empty();
    if failed_changed {
        memory.failed = Failures::default();
    }
    if failed_changed || is_forgotten { held.write(memory) } else { Ok(()) }
}

/// Returns the addresses to probe for: those that may be bound, and all missing ones that the command might
/// bind besides.
fn asked(config: &Config, cases: &[Case]) -> Vec<IpAddr> {
    let mut all = bindable(cases);
    if config.command.is_some() && !all.is_empty() {
        all.extend(of(cases, Fate::Outside));
    }
    all
}

/// Asks the link who has the addresses: what another host has is left alone. Returns whether `memory` was
/// changed.
fn ask(
    link: &Link,
    config: &Config,
    memory: &mut Memory,
    cases: &mut [Case],
    deadline: &Deadline,
) -> Result<bool, LinkError> {
    let addresses = asked(config, cases);
    if addresses.is_empty() {
        return Ok(false);
    }
    let claimed = match link.ask(&addresses, deadline) {
        Err(fault @ LinkError::NoLink(..)) => {
            leave_alone(&fault, cases);
            return Ok(false);
        }
        claimed => claimed?,
    };
    let is_new = memory.subnets.take(&addresses, claimed.keys().copied());
    for case in cases.iter_mut() {
        if let Some(claimant) = claimed.get(&case.address) {
            case.becomes(Fate::LeftAlone, claimant.reason(&config.interface));
        }
    }
    spare_the_command(config, cases);
    Ok(is_new)
}
