//! Each row of the table of states.

use super::*;

/// A monitor that makes and takes all checks.
const ALL_CHECKS: Monitor = Monitor {
    created: 0,
    started: 0,
    active_service_checks: true,
    passive_service_checks: true,
    active_host_checks: true,
    passive_host_checks: true,
};

fn source(service: Option<&str>, hard: Condition) -> Source {
    Source {
        host: "a".to_owned(),
        service: service.map(str::to_owned),
        hard,
        current: hard,
        is_checked: true,
        checks: Checks { last: 1_000, interval: 5.0, active: false, passive: true },
        in_downtime: false,
    }
}

fn host(hard: Condition) -> Host {
    Host { hard, is_checked: true, in_downtime: false, checks: source(None, hard).checks }
}

/// Judges a source on a host in this state; on one that is up if none is given.
fn seen(
    source: &Source,
    on: Option<Condition>,
    now: u64,
    max_age: Option<u64>,
    soft: bool,
) -> (Health, &'static str) {
    let host = host(on.unwrap_or(Condition::Up));
    let verdict =
        judge(source, Some(&host), max_age, &Limits { now, interval_length: 60, soft, monitor: ALL_CHECKS });
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
        (service(Condition::Ok), Some(Condition::Unreachable), Health::Unknown, "its host is unreachable"),
        (
            service(Condition::Critical),
            Some(Condition::Unreachable),
            Health::Unknown,
            "its host is unreachable",
        ),
        (
            service(Condition::Ok),
            Some(Condition::Unknown),
            Health::Unknown,
            "the monitor tells no state of its host",
        ),
        (source(None, Condition::Up), None, Health::Operational, ""),
        (source(None, Condition::Down), Some(Condition::Down), Health::Down, ""),
        (source(None, Condition::Unreachable), Some(Condition::Unreachable), Health::Unknown, ""),
        (Source { is_checked: false, ..service(Condition::Ok) }, None, Health::Unknown, "never checked"),
        (
            Source {
                checks: Checks { passive: false, ..service(Condition::Ok).checks },
                ..service(Condition::Ok)
            },
            None,
            Health::Unknown,
            "checks disabled",
        ),
    ];
    for (source, host, health, why) in rows {
        assert_eq!(seen(&source, host, 1_000, None, false), (health, why), "{source:?} on {host:?}");
    }
    let never = Host { is_checked: false, ..host(Condition::Down) };
    let limits = Limits { now: 1_000, interval_length: 60, soft: false, monitor: ALL_CHECKS };
    assert_eq!(judge(&service(Condition::Ok), Some(&never), None, &limits).health, Health::Operational);
    let maintained = Host { in_downtime: true, ..host(Condition::Up) };
    assert!(
        judge(&service(Condition::Critical), Some(&maintained), None, &limits).in_downtime,
        "by its host"
    );
    let alone = judge(&service(Condition::Ok), None, None, &limits);
    assert_eq!((alone.health, alone.why), (Health::Unknown, Why::NoHost));
}

#[test]
fn a_host_that_is_not_checked_any_more_says_nothing_of_its_services() {
    let checks = |last, interval, active| Checks { last, interval, active, passive: true };
    let (fresh, old, future) = (checks(1_000, 5.0, true), checks(99, 5.0, true), checks(9_999, 5.0, true));
    let disabled = Checks { active: false, passive: false, ..fresh };
    let (on_demand, passive) = (checks(99, 0.0, true), checks(99, 5.0, false));
    // The health of a service that is OK, and of one that is CRITICAL: o operational, d down, u unknown.
    let rows = [
        (Condition::Down, fresh, "dd"),
        (Condition::Down, old, "od"),
        (Condition::Down, future, "od"),
        (Condition::Down, disabled, "od"),
        (Condition::Down, on_demand, "dd"),
        (Condition::Down, passive, "dd"),
        (Condition::Unreachable, fresh, "uu"),
        (Condition::Unreachable, old, "od"),
        (Condition::Unreachable, disabled, "od"),
        (Condition::Up, old, "od"),
    ];
    let limits = Limits { now: 1_000, interval_length: 60, soft: false, monitor: ALL_CHECKS };
    let on = |hard, checks, service: &Source| {
        judge(service, Some(&Host { checks, ..host(hard) }), None, &limits).health
    };
    for (hard, checks, expected) in rows {
        let letter = |state| match on(hard, checks, &source(Some("b"), state)) {
            Health::Operational => 'o',
            Health::Degraded => 'w',
            Health::Down => 'd',
            Health::Unknown => 'u',
        };
        let seen: String = [Condition::Ok, Condition::Critical].map(letter).iter().collect();
        assert_eq!(seen, expected, "{hard:?} {checks:?}");
    }
    // A result that is older than the host's last check does not count after it.
    let earlier = |last| Source { checks: Checks { last, ..passive }, ..source(Some("b"), Condition::Ok) };
    assert_eq!(on(Condition::Down, old, &earlier(98)), Health::Unknown);
    assert_eq!(on(Condition::Down, old, &earlier(99)), Health::Operational);
    assert_eq!(on(Condition::Down, disabled, &earlier(999)), Health::Unknown);
    assert_eq!(on(Condition::Unreachable, old, &earlier(98)), Health::Unknown);
    assert_eq!(on(Condition::Up, old, &earlier(98)), Health::Operational);
    assert_eq!(on(Condition::Down, fresh, &earlier(98)), Health::Down);
    let ahead = Checks { last: 9_999, ..disabled };
    for future in [future, ahead] {
        assert_eq!(on(Condition::Down, future, &earlier(999)), Health::Operational, "{future:?}");
    }
    let old_service = Source { checks: old, ..source(Some("b"), Condition::Ok) };
    assert_eq!(on(Condition::Down, old, &old_service), Health::Unknown, "by its own age");
    assert_eq!(on(Condition::Down, fresh, &old_service), Health::Down);
}

#[test]
fn a_soft_problem_is_public_only_on_wish() {
    let soft = Source { current: Condition::Critical, ..source(Some("b"), Condition::Ok) };
    assert_eq!(seen(&soft, None, 1_000, None, false), (Health::Operational, ""));
    assert_eq!(seen(&soft, None, 1_000, None, true), (Health::Degraded, "soft problem"));
    // It makes no outage milder.
    let down = source(Some("b"), Condition::Critical);
    assert_eq!(seen(&down, None, 1_000, None, true), (Health::Down, ""));
    let recovering = Source { current: Condition::Ok, ..source(Some("b"), Condition::Critical) };
    assert_eq!(seen(&recovering, None, 1_000, None, true), (Health::Down, ""));
}

#[test]
fn a_state_that_is_not_renewed_counts_no_more() {
    let passive = source(Some("b"), Condition::Ok);
    let active = |service, interval| Source {
        checks: Checks { interval, active: true, ..passive.checks },
        ..source(service, if service.is_some() { Condition::Ok } else { Condition::Up })
    };
    let (host, active, on_demand) = (active(None, 5.0), active(Some("b"), 5.0), active(Some("b"), 0.0));
    let odd = [f64::NAN, -1.0]
        .map(|interval| Source { checks: Checks { interval, ..active.checks }, ..active.clone() });
    let old = (Health::Unknown, "not checked for too long");
    let never_due = (Health::Unknown, "no check interval, give the component a max_age");
    let future = (Health::Unknown, "checked in the future");
    let fresh = (Health::Operational, "");
    let rows = [
        (&active, 1_900, None, fresh),
        (&active, 1_901, None, old),
        (&active, 100, None, fresh),
        (&active, 99, None, future),
        (&passive, 700, Some(300), fresh),
        (&passive, 699, Some(300), future),
        (&passive, 1, None, fresh),
        (&on_demand, 1_000, None, never_due),
        (&on_demand, 1_300, Some(300), fresh),
        (&on_demand, 1_301, Some(300), old),
        (&odd[0], 1_000, None, never_due),
        (&odd[1], 1_000, None, never_due),
        (&odd[0], 1_301, Some(300), old),
        (&host, 1_900, None, fresh),
        (&host, 1_901, None, old),
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

#[test]
fn what_no_result_can_come_for_is_unknown() {
    let of =
        |active_service_checks, passive_service_checks, active_host_checks, passive_host_checks| Monitor {
            active_service_checks,
            passive_service_checks,
            active_host_checks,
            passive_host_checks,
            ..ALL_CHECKS
        };
    let only_active = of(true, false, true, false);
    let only_passive = of(false, true, false, true);
    let (no_services, no_hosts) = (of(false, false, true, true), of(true, true, false, false));
    let (service, itself) = (source(Some("b"), Condition::Ok), source(None, Condition::Up));
    let disabled = (Health::Unknown, "checks disabled");
    let works = (Health::Operational, "");
    // The flags of the source are active, passive.
    let rows = [
        (&service, (false, true), only_active, disabled),
        (&service, (true, false), only_active, works),
        (&service, (true, false), only_passive, disabled),
        (&service, (true, true), only_passive, works),
        (&service, (true, true), no_services, disabled),
        (&service, (true, true), no_hosts, works),
        (&itself, (false, true), only_active, disabled),
        (&itself, (true, false), only_passive, disabled),
        (&itself, (true, true), no_hosts, disabled),
        (&itself, (true, true), no_services, works),
    ];
    for (source, (active, passive), monitor, expected) in rows {
        let source = Source { checks: Checks { active, passive, ..source.checks }, ..source.clone() };
        let limits = Limits { now: 1_000, interval_length: 60, soft: false, monitor };
        let verdict = judge(&source, Some(&host(Condition::Up)), None, &limits);
        assert_eq!((verdict.health, verdict.why.text()), expected, "{active} {passive} {monitor:?}");
    }
    // A host that is down takes its services along only while that can change.
    let limits = Limits { now: 1_000, interval_length: 60, soft: false, monitor: no_hosts };
    for state in [Condition::Down, Condition::Unreachable] {
        let verdict = judge(&service, Some(&host(state)), None, &limits);
        assert_eq!((verdict.health, verdict.why), (Health::Operational, Why::State));
    }
}
