//! From sources to components: pure, so that each row of the table of states is a row of a test.

mod verdict;

use monitor_state::{Condition, Monitor};

use crate::config::{Component, Rule};
use crate::sources::{Checks, Host, Observations, Source};
use crate::status::Status;
pub use verdict::{Health, Verdict, Why};

/// What is taken into account beside the states themselves.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The moment of the monitor's state, in seconds since 1970: up to then it can tell of checks.
    pub now: u64,
    /// The unit of check intervals, in seconds.
    pub interval_length: u64,
    /// Whether a soft problem is public, as degraded.
    pub soft: bool,
    /// What the monitor says of itself: which results can come at all.
    pub monitor: Monitor,
}

impl Limits {
    /// Returns whether a result can come for a service, or for a host: by a check of the monitor or from
    /// another, where both the object and the monitor as a whole allow it.
    fn can_come(&self, checks: &Checks, is_service: bool) -> bool {
        let Monitor {
            active_service_checks,
            passive_service_checks,
            active_host_checks,
            passive_host_checks,
            ..
        } = self.monitor;
        let (active, passive) = match is_service {
            true => (active_service_checks, passive_service_checks),
            false => (active_host_checks, passive_host_checks),
        };
        (checks.active && active) || (checks.passive && passive)
    }
}

/// After how many check intervals without a check a state counts no more.
const INTERVALS: f64 = 3.0;

/// A component's state, and what it follows from.
pub(crate) type Judged = (Status, Vec<Verdict>);

/// Judges a source. `host` is the host it is on, if the monitor told of it.
pub(crate) fn judge(source: &Source, host: Option<&Host>, max_age: Option<u64>, limits: &Limits) -> Verdict {
    let in_downtime = source.in_downtime || host.is_some_and(|host| host.in_downtime);
    let (health, why) = health(source, host, max_age, limits);
    Verdict { health, in_downtime, why }
}

fn health(source: &Source, host: Option<&Host>, max_age: Option<u64>, limits: &Limits) -> (Health, Why) {
    if source.service.is_some() {
        let Some(host) = host else { return (Health::Unknown, Why::NoHost) };
        if let Some(verdict) = by_host(host, source.checks.last, limits) {
            return verdict;
        }
    }
    if !source.is_checked {
        return (Health::Unknown, Why::NeverChecked);
    }
    if !limits.can_come(&source.checks, source.service.is_some()) {
        return (Health::Unknown, Why::Disabled);
    }
    if let Some(why) = not_checked(&source.checks, max_age, limits) {
        return (Health::Unknown, why);
    }
    let health = of_condition(source.hard);
    let is_soft_problem =
        limits.soft && health == Health::Operational && of_condition(source.current) != Health::Operational;
    if is_soft_problem { (Health::Degraded, Why::Soft) } else { (health, Why::State) }
}

/// Returns the health that a service has because of its host. A service keeps its last state, often OK, when
/// its host goes down. If the host's state is too old, a newer result of the service counts, and an older one
/// is unknown. A host that is never checked counts as up. The state of a host that is checked only when a
/// service fails does not age. `last` is the time of the service's check, in seconds since 1970.
fn by_host(host: &Host, last: u64, limits: &Limits) -> Option<(Health, Why)> {
    let verdict = match host.hard {
        _ if !host.is_checked => return None,
        Condition::Down => (Health::Down, Why::HostDown),
        Condition::Unreachable => (Health::Unknown, Why::HostUnreachable),
        Condition::Unknown => (Health::Unknown, Why::NoHost),
        _ => return None,
    };
    let is_old = || matches!(not_checked(&host.checks, None, limits), Some(Why::TooOld | Why::Future));
    if limits.can_come(&host.checks, false) && !is_old() {
        return Some(verdict);
    }
    // A check in the future does not show which result came before it.
    let is_from_before = last < host.checks.last && host.checks.last <= limits.now;
    is_from_before.then_some((Health::Unknown, verdict.1))
}

/// Why the last check counts no more, if it does not. The clock of a monitor on another machine may be ahead
/// by as much as a check may be old.
fn not_checked(checks: &Checks, max_age: Option<u64>, limits: &Limits) -> Option<Why> {
    let (age, why) = match limits.now.checked_sub(checks.last) {
        Some(age) => (age, Why::TooOld),
        None => (checks.last - limits.now, Why::Future),
    };
    let by_interval = checks.interval * INTERVALS * limits.interval_length as f64;
    let allowed = match max_age.map(|seconds| seconds as f64) {
        _ if checks.active && by_interval > 0.0 => by_interval,
        Some(max_age) => max_age,
        None if checks.active => return Some(Why::NoInterval),
        None => return None,
    };
    (age as f64 > allowed).then_some(why)
}

fn of_condition(condition: Condition) -> Health {
    match condition {
        Condition::Ok | Condition::Up => Health::Operational,
        Condition::Warning => Health::Degraded,
        Condition::Critical | Condition::Down => Health::Down,
        Condition::Unknown | Condition::Unreachable => Health::Unknown,
    }
}

/// Judges all sources of a component, in their order.
pub(crate) fn verdicts(
    component: &Component,
    behind: &[u32],
    seen: &Observations,
    limits: &Limits,
) -> Vec<Verdict> {
    let sources = behind.iter().filter_map(|place| seen.source(*place));
    sources.map(|source| judge(source, seen.hosts.get(&source.host), component.max_age, limits)).collect()
}

/// Judges a component by its sources: those in a downtime are left out, and are maintenance where nothing
/// else is wrong.
pub(crate) fn status(rule: Rule, verdicts: &[Verdict]) -> Status {
    let counting: Vec<Health> =
        verdicts.iter().filter(|seen| !seen.in_downtime).map(|seen| seen.health).collect();
    let is_maintained = counting.len() < verdicts.len();
    match by_rule(rule, &counting) {
        _ if counting.is_empty() && is_maintained => Status::Maintenance,
        Status::Operational if is_maintained => Status::Maintenance,
        status => status,
    }
}

fn by_rule(rule: Rule, sources: &[Health]) -> Status {
    let any = |wanted: Health| sources.contains(&wanted);
    let all_down = !sources.is_empty() && sources.iter().all(|health| *health == Health::Down);
    match rule {
        _ if sources.is_empty() => Status::Unknown,
        _ if all_down => Status::Major,
        // One that works is enough, and one that is unknown may not work.
        Rule::Best if any(Health::Operational) => Status::Operational,
        Rule::Worst if any(Health::Down) => Status::Major,
        Rule::Share if any(Health::Down) => Status::Partial,
        _ if any(Health::Degraded) => Status::Degraded,
        _ if any(Health::Unknown) => Status::Unknown,
        _ => Status::Operational,
    }
}

#[cfg(test)]
mod tests;
