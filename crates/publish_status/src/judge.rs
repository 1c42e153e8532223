//! From sources to components: pure, so that each row of the table of states is a row of a test.

use monitor_state::Condition;

use crate::config::{Component, Rule};
use crate::sources::{Host, Observations, Source};
use crate::status::Status;

/// What is taken into account beside the states themselves.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// The moment of this run, in seconds since 1970.
    pub now: u64,
    /// The unit of check intervals, in seconds.
    pub interval_length: u64,
    /// Whether a soft problem is public, as degraded.
    pub soft: bool,
}

/// After how many check intervals without a check a state counts no more.
const INTERVALS: f64 = 3.0;

/// What a source contributes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Health {
    /// It works.
    Operational,
    /// It works, but not as it should.
    Degraded,
    /// It does not work.
    Down,
    /// The monitor does not know.
    Unknown,
}

/// Why a source counts otherwise than its own state says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// It does not.
    State,
    /// Its host is down.
    HostDown,
    /// Its host is unreachable.
    HostUnreachable,
    /// It was never checked.
    NeverChecked,
    /// Neither active nor passive checks are enabled.
    Disabled,
    /// It was not checked for too long.
    TooOld,
    /// A soft problem is public.
    Soft,
}

impl Why {
    /// Returns the words for an administrator; empty for [`Why::State`].
    pub const fn text(self) -> &'static str {
        match self {
            Self::State => "",
            Self::HostDown => "its host is down",
            Self::HostUnreachable => "its host is unreachable",
            Self::NeverChecked => "never checked",
            Self::Disabled => "checks disabled",
            Self::TooOld => "not checked for too long",
            Self::Soft => "soft problem",
        }
    }
}

/// A source as it counts, and why.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// What it contributes.
    pub health: Health,
    /// Whether it is in a downtime now, and so left out.
    pub in_downtime: bool,
    /// Why, where the source's own state does not say it.
    pub why: Why,
}

/// Judges a source. `host` is the host it is on, if the monitor told of it.
pub(crate) fn judge(source: &Source, host: Option<&Host>, max_age: Option<u64>, limits: &Limits) -> Verdict {
    let in_downtime = source.in_downtime || host.is_some_and(|host| host.in_downtime);
    let (health, why) = health(source, host, max_age, limits);
    Verdict { health, in_downtime, why }
}

fn health(source: &Source, host: Option<&Host>, max_age: Option<u64>, limits: &Limits) -> (Health, Why) {
    if source.service.is_some() {
        // A service keeps its last state, often OK, when its host goes down. A host that is never checked
        // counts as up.
        match host.filter(|host| host.is_checked).map(|host| host.hard) {
            Some(Condition::Down) => return (Health::Down, Why::HostDown),
            Some(Condition::Unreachable) => return (Health::Unknown, Why::HostUnreachable),
            _ => {}
        }
    }
    if !source.is_checked {
        return (Health::Unknown, Why::NeverChecked);
    }
    if !source.active_checks && !source.passive_checks {
        return (Health::Unknown, Why::Disabled);
    }
    if is_too_old(source, max_age, limits) {
        return (Health::Unknown, Why::TooOld);
    }
    let health = of_condition(source.hard);
    let is_soft_problem =
        limits.soft && health == Health::Operational && of_condition(source.current) != Health::Operational;
    if is_soft_problem { (Health::Degraded, Why::Soft) } else { (health, Why::State) }
}

fn is_too_old(source: &Source, max_age: Option<u64>, limits: &Limits) -> bool {
    let age = limits.now.saturating_sub(source.last_check);
    if !source.active_checks {
        return max_age.is_some_and(|max_age| age > max_age);
    }
    let allowed = source.check_interval * INTERVALS * limits.interval_length as f64;
    source.service.is_some() && allowed > 0.0 && age as f64 > allowed
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
mod tests {
    use super::*;

    fn source(service: Option<&str>, hard: Condition) -> Source {
        Source {
            host: "a".to_owned(),
            service: service.map(str::to_owned),
            hard,
            current: hard,
            is_checked: true,
            last_check: 1_000,
            check_interval: 5.0,
            active_checks: false,
            passive_checks: true,
            in_downtime: false,
        }
    }

    fn seen(
        source: &Source,
        host: Option<Condition>,
        now: u64,
        max_age: Option<u64>,
        soft: bool,
    ) -> (Health, &'static str) {
        let host = host.map(|hard| Host { hard, is_checked: true, in_downtime: false });
        let verdict = judge(source, host.as_ref(), max_age, &Limits { now, interval_length: 60, soft });
        assert!(!verdict.in_downtime);
        (verdict.health, verdict.why.text())
    }

    #[test]
    fn a_source_is_as_its_hard_state_and_its_host() {
        let service = |hard| source(Some("b"), hard);
        let rows = [
            (service(Condition::Ok), None, Health::Operational, ""),
            (service(Condition::Ok), Some(Condition::Up), Health::Operational, ""),
            (service(Condition::Warning), Some(Condition::Up), Health::Degraded, ""),
            (service(Condition::Critical), Some(Condition::Up), Health::Down, ""),
            (service(Condition::Unknown), Some(Condition::Up), Health::Unknown, ""),
            (service(Condition::Ok), Some(Condition::Down), Health::Down, "its host is down"),
            (
                service(Condition::Ok),
                Some(Condition::Unreachable),
                Health::Unknown,
                "its host is unreachable",
            ),
            (
                service(Condition::Critical),
                Some(Condition::Unreachable),
                Health::Unknown,
                "its host is unreachable",
            ),
            (source(None, Condition::Up), None, Health::Operational, ""),
            (source(None, Condition::Down), Some(Condition::Down), Health::Down, ""),
            (source(None, Condition::Unreachable), Some(Condition::Unreachable), Health::Unknown, ""),
            (Source { is_checked: false, ..service(Condition::Ok) }, None, Health::Unknown, "never checked"),
            (
                Source { passive_checks: false, ..service(Condition::Ok) },
                None,
                Health::Unknown,
                "checks disabled",
            ),
        ];
        for (source, host, health, why) in rows {
            assert_eq!(seen(&source, host, 1_000, None, false), (health, why), "{source:?} on {host:?}");
        }
        let never = Host { hard: Condition::Down, is_checked: false, in_downtime: false };
        let limits = Limits { now: 1_000, interval_length: 60, soft: false };
        assert_eq!(judge(&service(Condition::Ok), Some(&never), None, &limits).health, Health::Operational);
        let maintained = Host { hard: Condition::Up, is_checked: true, in_downtime: true };
        assert!(
            judge(&service(Condition::Critical), Some(&maintained), None, &limits).in_downtime,
            "by its host"
        );
    }

    #[test]
    fn a_soft_problem_is_public_only_on_wish() {
        let soft = Source { current: Condition::Critical, ..source(Some("b"), Condition::Ok) };
        assert_eq!(seen(&soft, None, 1_000, None, false), (Health::Operational, ""));
        assert_eq!(seen(&soft, None, 1_000, None, true), (Health::Degraded, "soft problem"));
        let recovering = Source { current: Condition::Ok, ..source(Some("b"), Condition::Critical) };
        assert_eq!(seen(&recovering, None, 1_000, None, true), (Health::Down, ""));
    }

    #[test]
    fn a_state_that_is_not_renewed_counts_no_more() {
        let passive = source(Some("b"), Condition::Ok);
        let active = Source { active_checks: true, ..passive.clone() };
        let host = Source { active_checks: true, ..source(None, Condition::Up) };
        let on_demand = Source { check_interval: 0.0, ..active.clone() };
        let old = (Health::Unknown, "not checked for too long");
        let fresh = (Health::Operational, "");
        let rows = [
            (&active, 1_900, None, fresh),
            (&active, 1_901, None, old),
            (&active, 0, None, fresh),
            (&on_demand, 999_999, None, fresh),
            (&host, 999_999, None, fresh),
            (&passive, 999_999, None, fresh),
            (&passive, 1_300, Some(300), fresh),
            (&passive, 1_301, Some(300), old),
            (&active, 1_301, Some(300), fresh),
        ];
        for (source, now, max_age, expected) in rows {
            assert_eq!(seen(source, None, now, max_age, false), expected, "{source:?} {now} {max_age:?}");
        }
    }

    #[test]
    fn a_component_is_as_its_rule_says() {
        // o: operational, w: warning, d: down, u: unknown; in capitals: the same in a downtime.
        let rows = [
            ("o", "ooo"),
            ("oo", "ooo"),
            ("w", "ddd"),
            ("ow", "dod"),
            ("d", "mmm"),
            ("dd", "mmm"),
            ("od", "mop"),
            ("wd", "mdp"),
            ("owd", "mop"),
            ("u", "uuu"),
            ("ou", "uou"),
            ("du", "mup"),
            ("odu", "mop"),
            ("wu", "ddd"),
            ("O", "www"),
            ("D", "www"),
            ("DU", "www"),
            ("oD", "www"),
            ("dD", "mmm"),
            ("odD", "mwp"),
            ("wD", "ddd"),
            ("uD", "uuu"),
            ("", "uuu"),
        ];
        for (sources, expected) in rows {
            let verdict = |c: char| {
                let health = match c.to_ascii_lowercase() {
                    'o' => Health::Operational,
                    'w' => Health::Degraded,
                    'd' => Health::Down,
                    _ => Health::Unknown,
                };
                Verdict { health, in_downtime: c.is_ascii_uppercase(), why: Why::State }
            };
            let verdicts: Vec<Verdict> = sources.chars().map(verdict).collect();
            let by_rule: String = [Rule::Worst, Rule::Best, Rule::Share]
                .map(|rule| status(rule, &verdicts).letter())
                .iter()
                .collect();
            assert_eq!(by_rule, expected, "{sources}: worst, best, share");
        }
    }
}
