//! What a run finds first, and a trial of the configuration too: what is missing, and what earlier runs have
//! left.

use plugin::Deadline;

use crate::Outcome;
use crate::backoff::hold_back;
use crate::budget::Memory;
use crate::case::{Case, Fate, of};
use crate::config::Config;
use crate::ledger::{owed, unrestarted};
use crate::link::interface;
use crate::probe::{ObserveError, Seen};

/// Notes what is missing, and what earlier runs have removed or left undone, as it is `now`.
///
/// # Errors
/// [`ObserveError`]: the list or the routes cannot be read, or the interface cannot have addresses.
pub(crate) fn observe(
    config: &Config,
    seen: &Seen,
    memory: &Memory,
    now: u64,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    interface::check(seen.bound(), &config.interface)?;
    outcome.acted = memory.acted.len();
    outcome.expected = seen.expected();
    outcome.difference = seen.difference(config);
    outcome.contradictions = seen.contradictions(config);
    outcome.cases = seen.cases(config, &memory.subnets, deadline)?;
    let guessed = memory.subnets.guessed();
    outcome.guessed = seen.named_prefixes(config, guessed, deadline).map_err(ObserveError::from)?;
    outcome.cases.extend(memory.cases(&outcome.cases));
    spare_the_command(config, &mut outcome.cases);
    outcome.owed = owed(config, memory, seen);
    let pending = outcome.owed.addresses.iter().filter(|_| !outcome.owed.is_announced);
    outcome.pending = pending.copied().collect();
    if config.enabled {
        hold_back(config, &memory.failed, &mut outcome.cases, now);
    }
    outcome.unrestarted = unrestarted(config, memory, now);
    outcome.lost_interfaces = memory.interfaces.lost();
    outcome.unconfigured_interfaces = memory.interfaces.unconfigured();
    Ok(())
}

/// A command binds whatever it binds: it must not be run while a missing address must not be bound.
pub(crate) fn spare_the_command(config: &Config, cases: &mut [Case]) {
    let left = of(cases, Fate::LeftAlone).chain(of(cases, Fate::Contradicted)).next();
    let Some(first) = left.filter(|_| config.command.is_some()) else { return };
    for case in cases.iter_mut().filter(|case| case.fate == Fate::Bindable) {
        case.becomes(Fate::LeftAlone, format!("the command might bind {first} too"));
    }
}
