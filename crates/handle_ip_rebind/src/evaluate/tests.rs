//! Rows of outcomes and their lines.

use std::collections::BTreeSet;

use super::*;
use crate::budget::Owed;
use crate::case::example as case;
use crate::contradiction::Contradictions;

fn ran(words: &str, fault: &str, output: &str) -> Ran {
    let fault = (!fault.is_empty()).then(|| fault.to_owned());
    Ran {
        argv: words.split(' ').map(str::to_owned).collect(),
        fault,
        output: output.to_owned(),
        is_started: true,
        is_owed: false,
    }
}

fn outcome(end: End, cases: Vec<Case>) -> Outcome {
    Outcome {
        event: "CRITICAL-SOFT-2".parse().unwrap(),
        on: vec!["CRITICAL-SOFT-2".parse().unwrap(), "CRITICAL-HARD".parse().unwrap()],
        end,
        interface: "eth0".to_owned(),
        expected: 40,
        difference: None,
        contradictions: Contradictions::default(),
        unrecorded: None,
        cases,
        guessed: std::collections::BTreeMap::new(),
        misbound: crate::wrong::Wrongs::new(),
        acted: 1,
        changed: true,
        per_hour: 3,
        owed: Owed::default(),
        default_routes: None,
        displaced: Vec::new(),
        routes: crate::budget::RouteFaults::default(),
        lost_interfaces: std::collections::BTreeMap::new(),
        unconfigured_interfaces: std::collections::BTreeMap::new(),
        undone: Vec::new(),
        contested: BTreeSet::new(),
        pending: BTreeSet::new(),
        unchecked: None,
        unannounced: None,
        unrestarted: Vec::new(),
        announces: true,
        command: None,
        services: Vec::new(),
        notes: Vec::new(),
    }
}

fn lines(outcome: &Outcome) -> Vec<String> {
    evaluate(outcome).render("IP_REBIND", 0).lines().map(str::to_owned).collect()
}

#[test]
fn says_that_nothing_is_done() {
    let rows = [
        (
            End::NotActedOn,
            "IP_REBIND OK - nothing is done on CRITICAL-SOFT-2 (but on CRITICAL-SOFT-2, CRITICAL-HARD)",
        ),
        (End::Downtime, "IP_REBIND OK - nothing is done in a downtime"),
        (End::Busy, "IP_REBIND WARNING - nothing is done: another run is in progress"),
        (End::AllWell, "IP_REBIND OK - nothing is missing, 40 addresses bound and usable"),
    ];
    for (end, line) in rows {
        assert_eq!(lines(&outcome(end, Vec::new())), [line]);
    }
}

#[test]
fn says_what_became_of_each_address() {
    let rows: [(End, Vec<Case>, &[&str]); 10] = [
        (End::Done, vec![case("192.0.2.31", Fate::Back, "")], &["OK - bound again: 192.0.2.31"]),
        (
            End::DryRun,
            vec![case("192.0.2.31", Fate::Bindable, "")],
            &["WARNING - 192.0.2.31 would be bound, but this is a dry run"],
        ),
        (
            End::OverBudget,
            vec![case("192.0.2.31", Fate::Bindable, ""), case("192.0.2.32", Fate::Bindable, "")],
            &["CRITICAL - 192.0.2.31-32 not bound: the budget of 3 an hour is used up"],
        ),
        (
            End::Nothing,
            vec![case("192.0.2.99", Fate::Outside, "")],
            &["WARNING - 192.0.2.99 left alone: not in the list"],
        ),
        (
            End::Nothing,
            vec![case("192.0.2.31", Fate::Waiting, "x, waits 5 min after 2 tries")],
            &["CRITICAL - 192.0.2.31 not back: x, waits 5 min after 2 tries"],
        ),
        (
            End::Done,
            vec![
                case("192.0.2.31", Fate::Back, ""),
                case("192.0.2.32", Fate::LeftAlone, "02:00:00:00:00:02 has it on eth0"),
            ],
            &["CRITICAL - 192.0.2.32 left alone: 02:00:00:00:00:02 has it on eth0 (bound again: 192.0.2.31)"],
        ),
        (
            End::Done,
            vec![
                case("192.0.2.30", Fate::Back, ""),
                case("192.0.2.31", Fate::Lost, "gone since systemctl restart networking ran"),
                case("192.0.2.32", Fate::Lost, "gone since systemctl restart networking ran"),
            ],
            &[
                "CRITICAL - 192.0.2.31-32 gone since systemctl restart networking ran (bound again: 192.0.2.30)",
            ],
        ),
        (
            End::Done,
            vec![case("192.0.2.31", Fate::Failed, "x"), case("192.0.2.32", Fate::Failed, "x")],
            &["CRITICAL - 192.0.2.31-32 not back: x"],
        ),
        (
            End::Done,
            vec![
                case("192.0.2.99", Fate::Outside, ""),
                case("192.0.2.31", Fate::Failed, "x"),
                case("192.0.2.33", Fate::LeftAlone, "z"),
                case("192.0.2.32", Fate::Failed, "y"),
            ],
            &[
                "CRITICAL - 192.0.2.31 not back: x, and 192.0.2.32 not back: y, 2 more faults",
                "CRITICAL: 192.0.2.31 not back: x",
                "CRITICAL: 192.0.2.32 not back: y",
                "CRITICAL: 192.0.2.33 left alone: z",
                "WARNING: 192.0.2.99 left alone: not in the list",
            ],
        ),
        (
            End::Done,
            ["192.0.2.1", "192.0.2.3", "192.0.2.5", "192.0.2.7", "192.0.2.9"]
                .map(|address| case(address, Fate::Failed, "x"))
                .into(),
            &[
                "CRITICAL - 192.0.2.1, 192.0.2.3, 192.0.2.5 and 2 more not back: x",
                "all of these: 192.0.2.1, 192.0.2.3, 192.0.2.5, 192.0.2.7, 192.0.2.9",
            ],
        ),
    ];
    for (end, cases, expected) in rows {
        let found = lines(&outcome(end, cases));
        assert_eq!(found[0], format!("IP_REBIND {}", expected[0]));
        assert_eq!(found[1..], expected[1..], "{}", expected[0]);
    }
}

#[test]
fn says_what_an_earlier_run_owed() {
    let owed = Owed {
        addresses: vec!["192.0.2.31".parse().unwrap()],
        services: vec![vec!["/bin/true".to_owned()]],
        is_announced: false,
    };
    let note =
        "note: an earlier run ended before it had announced its addresses and restarted services: 192.0.2.31";
    let rows: [(End, Vec<Case>, &[&str]); 4] = [
        (End::Done, Vec::new(), &["OK - finished an earlier run", note]),
        (
            End::OverBudget,
            Vec::new(),
            &["WARNING - an earlier run is not finished: the budget of 3 an hour is used up"],
        ),
        (
            End::Done,
            vec![case("192.0.2.32", Fate::Back, "")],
            &["OK - bound again: 192.0.2.32, finished an earlier run", note],
        ),
        (
            End::Done,
            vec![case("192.0.2.32", Fate::Later, "no time left, the next run binds it")],
            &[
                "CRITICAL - 192.0.2.32 not bound yet: no time left, the next run binds it (finished an earlier run)",
                note,
            ],
        ),
    ];
    for (end, cases, expected) in rows {
        let found = lines(&Outcome { owed: owed.clone(), ..outcome(end, cases) });
        assert_eq!(found[0], format!("IP_REBIND {}", expected[0]));
        assert_eq!(found[1..], expected[1..], "{}", expected[0]);
    }
    // Only what is configured is named.
    let without = Owed { services: Vec::new(), ..owed.clone() };
    let announced = Owed { is_announced: true, ..owed.clone() };
    for (owed, announces, what) in [
        (announced, true, "restarted services"),
        (without.clone(), true, "announced its addresses"),
        (owed, false, "restarted services"),
        (without, false, "probed for its addresses again"),
    ] {
        let found = lines(&Outcome { owed, announces, ..outcome(End::Done, Vec::new()) });
        assert_eq!(found[1], format!("note: an earlier run ended before it had {what}: 192.0.2.31"));
    }
}

#[test]
fn says_which_programs_failed_before() {
    let program = |why: &str, is_due| Unrestarted {
        argv: vec!["/usr/bin/systemctl".to_owned(), "restart".to_owned()],
        why: why.to_owned(),
        is_due,
    };
    let waits = "ended with 5, waits 1 min after 1 try";
    let due = "ended with 5";
    let rows = [
        (End::Nothing, program(waits, false), waits),
        (End::OverBudget, program(waits, false), waits),
        (
            End::OverBudget,
            program(due, true),
            "ended with 5, not started again: the budget of 3 an hour is used up",
        ),
        (End::DryRun, program(due, true), "ended with 5, not started again in a dry run"),
    ];
    for (end, program, why) in rows {
        let detail = format!("/usr/bin/systemctl restart: {}", program.why);
        let found = lines(&Outcome { unrestarted: vec![program], ..outcome(end, Vec::new()) });
        assert_eq!(found, [format!("IP_REBIND CRITICAL - systemctl {why}"), detail]);
    }
    let services = vec![ran("/usr/bin/systemctl restart", "", "")];
    let found = Outcome { unrestarted: vec![program(due, true)], services, ..outcome(End::Done, Vec::new()) };
    assert_eq!(lines(&found)[0], "IP_REBIND OK - restarted 1 service");
}

#[test]
fn says_which_addresses_another_host_has_too_without_budget() {
    for (addresses, named) in
        [(&["192.0.2.31"][..], "192.0.2.31"), (&["192.0.2.31", "192.0.2.32"], "192.0.2.31-32")]
    {
        let contested = addresses.iter().map(|address| address.parse().unwrap()).collect();
        let line = format!("another host has {named} too: the budget of 3 an hour is used up");
        let found = lines(&Outcome { contested, ..outcome(End::OverBudget, Vec::new()) });
        assert_eq!(found, [format!("IP_REBIND CRITICAL - {line}")]);
    }
}

#[test]
fn says_what_it_leaves_to_the_next_run() {
    let too_late = Some("probing on eth0: no buffer space available".to_owned());
    let pending: BTreeSet<IpAddr> =
        ["192.0.2.31", "192.0.2.32"].map(|address| address.parse().unwrap()).into();
    let left = |cases| Outcome {
        unchecked: too_late.clone(),
        pending: pending.clone(),
        ..outcome(End::Done, cases)
    };
    let why = "not checked for conflicts: probing on eth0: no buffer space available";
    let back = [case("192.0.2.31", Fate::Back, ""), case("192.0.2.32", Fate::Back, "")];
    let line =
        format!("IP_REBIND WARNING - 192.0.2.31-32 {why}, the next run does it (bound again: 192.0.2.31-32)");
    assert_eq!(lines(&left(back.to_vec())), [line]);
    // The fault of the addresses themselves is worse.
    let failed = ["192.0.2.31", "192.0.2.32"].map(|address| case(address, Fate::Failed, "x"));
    let found = lines(&left(failed.to_vec()));
    assert_eq!(found, ["IP_REBIND CRITICAL - 192.0.2.31-32 not back: x".to_owned(), format!("note: {why}")]);
    // An earlier run is finished only if nothing is left.
    let owed =
        Owed { addresses: pending.iter().copied().collect(), services: Vec::new(), is_announced: false };
    let found = lines(&Outcome { owed, ..left(Vec::new()) });
    assert_eq!(found[0], format!("IP_REBIND WARNING - 192.0.2.31-32 {why}, the next run does it"));
    let mut unannounced = left(back.to_vec());
    unannounced.unannounced = unannounced.unchecked.take();
    let line = "IP_REBIND WARNING - 192.0.2.31-32 not announced: probing on eth0: no buffer space available, \
                the next run does it (bound again: 192.0.2.31-32)";
    assert_eq!(lines(&unannounced), [line]);
}

#[test]
fn says_in_the_first_line_that_it_is_not_recorded() {
    let unrecorded = Some("/var/log/x: full, it may hold 9 octets".to_owned());
    let line = "WARNING - not recorded: /var/log/x: full, it may hold 9 octets";
    for (end, rest) in [
        (End::AllWell, " (nothing is missing, 40 addresses bound and usable)"),
        (End::Downtime, " (nothing is done in a downtime)"),
    ] {
        let found = lines(&Outcome { unrecorded: unrecorded.clone(), ..outcome(end, Vec::new()) });
        assert_eq!(found, [format!("IP_REBIND {line}{rest}")]);
    }
}

#[test]
fn says_what_became_of_each_program() {
    let mut seen = outcome(End::Done, vec![case("192.0.2.31", Fate::Back, "")]);
    seen.services = vec![ran("/usr/bin/systemctl restart apache2", "", "")];
    assert_eq!(lines(&seen)[0], "IP_REBIND OK - bound again: 192.0.2.31, restarted 1 service");
    seen.services.push(ran(
        "/usr/bin/systemctl restart nginx",
        "ended with 5",
        "Unit nginx.service not found",
    ));
    seen.command = Some(ran("/opt/setup-ips.pl --all", "", "done|x"));
    seen.notes = vec!["not announced: x".to_owned()];
    let found = lines(&seen);
    assert_eq!(
        found[0],
        "IP_REBIND CRITICAL - systemctl ended with 5 (bound again: 192.0.2.31, restarted 1 service)"
    );
    let details = [
        "/usr/bin/systemctl restart nginx: ended with 5 (Unit nginx.service not found)",
        "/opt/setup-ips.pl --all: done (done/x)",
        "/usr/bin/systemctl restart apache2: done",
        "note: not announced: x",
    ];
    assert_eq!(found[1..], details);
}

#[test]
fn an_address_that_was_bound_alone_by_a_guess_is_told_until_it_has_its_prefix() {
    let guess = |address: &str| Case { is_guess: true, ..case(address, Fate::Back, "") };
    let bound =
        outcome(End::Done, vec![guess("192.0.2.1"), guess("2001:db8::1"), case("192.0.2.3", Fate::Back, "")]);
    let has_none = "eth0 has no subnet for it: write its prefix in the list or in [prefix]";
    let after = |address| {
        format!("after that, ip addr del {address} dev eth0: the next run binds it with its prefix")
    };
    let back = "bound again: 192.0.2.1, 192.0.2.3, 2001:db8::1";
    let expected = [
        format!("IP_REBIND WARNING - 192.0.2.1 bound as /32, {has_none}, 1 more fault ({back})"),
        format!("WARNING: 192.0.2.1 bound as /32, {has_none}"),
        after("192.0.2.1/32"),
        format!("WARNING: 2001:db8::1 bound as /128, {has_none}"),
        after("2001:db8::1/128"),
    ];
    assert_eq!(lines(&bound), expected);
    let mut later = outcome(End::AllWell, Vec::new());
    later.guessed = [("192.0.2.1".parse().unwrap(), None), ("2001:db8::1".parse().unwrap(), Some(64))].into();
    let still =
        "2001:db8::1 is still bound as /128: ip addr del 2001:db8::1/128 dev eth0, the next run binds it";
    let expected = [
        format!("IP_REBIND WARNING - 192.0.2.1 bound as /32, {has_none}, 1 more fault"),
        format!("WARNING: 192.0.2.1 bound as /32, {has_none}"),
        after("192.0.2.1/32"),
        format!("WARNING: {still}"),
    ];
    assert_eq!(lines(&later), expected);
}

#[test]
fn routes_that_are_not_back_are_told_first_where_all_addresses_are_bound() {
    let mut outcome = outcome(End::AllWell, Vec::new());
    outcome.routes.statics = (1..=9).map(|number| format!("10.{number}.0.0/16 by 192.0.2.250")).collect();
    let found = lines(&outcome);
    let line = "IP_REBIND CRITICAL - 9 routes are not back: to 10.1.0.0/16 by 192.0.2.250 and 8 more";
    assert_eq!((found.len(), found[0].as_str()), (10, line), "{found:?}");
    assert_eq!(found[8..], ["not back: the route to 10.8.0.0/16 by 192.0.2.250", "not back: and 1 more"]);
    outcome.routes = crate::budget::RouteFaults::default();
    outcome.routes.replaced = (1..=2)
        .map(|number| format!("10.{number}.0.0/16 is by 192.0.2.60, no longer by 192.0.2.250"))
        .collect();
    let line = "the route to 10.1.0.0/16 is by 192.0.2.60, no longer by 192.0.2.250";
    let second = "the route to 10.2.0.0/16 is by 192.0.2.60, no longer by 192.0.2.250";
    assert_eq!(lines(&outcome), [&format!("IP_REBIND WARNING - {line}, 1 more so"), line, second]);
    outcome.routes.replaced.truncate(1);
    assert_eq!(lines(&outcome), [format!("IP_REBIND WARNING - {line}")]);
    outcome.routes = crate::budget::RouteFaults::default();
    outcome.routes.wrong = vec!["no default route, expected via 192.0.2.254".to_owned()];
    let line = "IP_REBIND CRITICAL - no default route, expected via 192.0.2.254";
    assert_eq!(lines(&outcome), [line]);
}
