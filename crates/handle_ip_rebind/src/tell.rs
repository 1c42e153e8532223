//! After the binding: announces the addresses, restarts the services, and checks once more whether all that was
//! there still is. A service that configures the network may take an address away again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use host_net::{Bound, PrefixRoute};
use plugin::Deadline;

use crate::Outcome;
use crate::bind::{COMING, Missing, RESERVE, observe_until_settled, run};
use crate::budget::Held;
use crate::case::{Case, Fate, of};
use crate::child::Ran;
use crate::config::Config;
use crate::link::Link;
use crate::prefix::longest;
use crate::probe::ObserveError;

/// RFC 5227: ANNOUNCE_INTERVAL.
const ANNOUNCE_INTERVAL: Duration = Duration::from_secs(2);

/// The addresses that a service removed, and its words.
type Taken = BTreeMap<IpAddr, String>;

/// Tells the link and the services of the addresses that came back, and gives those their fate that are gone
/// after it, also those that never were missing before.
///
/// # Errors
/// [`ObserveError`]: it cannot be known what is still there.
pub(crate) fn tell(
    config: &Config,
    held: &Held,
    link: &Link,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    announce(config, link, outcome);
    let again = Instant::now() + ANNOUNCE_INTERVAL;
    let taken = restart(config, held, outcome, deadline);
    // The second of the two announcements that RFC 5227 wants, as far as there is time for it.
    let wait = again.saturating_duration_since(Instant::now());
    let is_in_time = config.announce && deadline.remaining() > wait + RESERVE;
    if is_in_time {
        thread::sleep(wait);
    }
    check_again(config, &taken, outcome, deadline)?;
    if is_in_time {
        announce(config, link, outcome);
    }
    Ok(())
}

/// Announces what is back.
fn announce(config: &Config, link: &Link, outcome: &mut Outcome) {
    let back: Vec<IpAddr> = of(&outcome.cases, Fate::Back).collect();
    if config.announce
        && let Err(error) = link.announce(&back)
    {
        outcome.notes.push(format!("not announced: {error}"));
    }
}

/// Restarts the services one by one, and returns what each has taken away.
fn restart(config: &Config, held: &Held, outcome: &mut Outcome, deadline: &Deadline) -> Taken {
    let mut taken = Taken::new();
    let mut before = bound(deadline);
    for argv in &config.restart {
        let ran = run(argv, held, deadline.keeping(RESERVE), deadline);
        let after = bound(deadline);
        // Where they cannot be read, only the cause is not known.
        if let (Some(before), Some(after)) = (&before, &after) {
            for address in before.iter().filter(|address| after.binary_search(address).is_err()) {
                taken.entry(*address).or_insert_with(|| words(&ran));
            }
        }
        before = after;
        outcome.services.push(ran);
    }
    taken
}

/// The addresses that are bound, sorted. `None` where that cannot be read.
fn bound(deadline: &Deadline) -> Option<Vec<IpAddr>> {
    let bound = Bound::read(deadline).ok()?;
    Some(bound.addresses.into_iter().map(|place| place.address).collect())
}

/// A program by its name and arguments, as an administrator types it.
fn words(ran: &Ran) -> String {
    let name = ran.argv.first().and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    let arguments = ran.argv.iter().skip(1).map(String::as_str);
    [name].into_iter().chain(arguments).collect::<Vec<_>>().join(" ")
}

/// Checks whether all that was there still is.
fn check_again(
    config: &Config,
    taken: &Taken,
    outcome: &mut Outcome,
    deadline: &Deadline,
) -> Result<(), ObserveError> {
    let known: BTreeSet<IpAddr> =
        outcome.cases.iter().filter(|case| case.fate != Fate::Back).map(|case| case.address).collect();
    // A service may bind its addresses anew after its program has ended.
    let coming = if outcome.services.is_empty() { Duration::ZERO } else { COMING };
    let looked_for = |address: &IpAddr| !known.contains(address);
    let (_, missing) = observe_until_settled(config, looked_for, coming, deadline)?;
    lose(&missing, &known, taken, outcome);
    Ok(())
}

/// Gives those addresses their fate that are gone: all that are `missing` now and were not `known` as such.
fn lose(missing: &Missing, known: &BTreeSet<IpAddr>, taken: &Taken, outcome: &mut Outcome) {
    let places = outcome.cases.iter().enumerate().map(|(place, case)| (case.address, place));
    let places: BTreeMap<IpAddr, usize> = places.collect();
    for (address, (_, reason)) in missing.iter().filter(|(address, _)| !known.contains(address)) {
        let why = match taken.get(address) {
            Some(words) => format!("removed by {words}"),
            None if outcome.services.is_empty() => reason.clone(),
            None => format!("{reason} after the restart"),
        };
        match places.get(address).and_then(|place| outcome.cases.get_mut(*place)) {
            Some(case) => case.becomes(Fate::Lost, why),
            None => outcome.cases.push(Case {
                address: *address,
                prefix: longest(address.is_ipv4()),
                route: PrefixRoute::Added,
                order: (0, 0),
                missing: reason.clone(),
                fate: Fate::Lost,
                why: Some(why),
            }),
        }
    }
}
