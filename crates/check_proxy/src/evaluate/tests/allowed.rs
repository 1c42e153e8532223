//! What proxies may fail, and what that must not hide.

use super::*;

/// What may fail is no reason to call well what was not tested, nor does it read like an alarm.
#[test]
fn a_failure_that_is_allowed_hides_nothing() {
    let line = |seen: Vec<Observation>, critical: &str| {
        let limits = Limits { critical: Some(critical.parse().unwrap()), ..Limits::default() };
        let observations =
            Observations { forbidden: vec!["127.0.0.1:22".parse().unwrap()], ..observed(seen) };
        let output = evaluate(&Allowed::new(&limits), &observations).render("PROXY", 0);
        output.split(" | ").next().unwrap().to_owned()
    };
    let status = |code| failing(Fault::Status(Status { code, ..Status::default() }));
    let undecided = || http([status(503), code(407), well()]);
    let lets_through = || Observation { forbidden: vec![Passage::Connected.into()], ..undecided() };
    let unspoken = || customer(Fault::Unspoken(vec!["NTLM".to_owned()]));
    let ntlm = "offers NTLM only, which this check does not speak";
    let rows = [
        (vec![undecided()], "1", "WARNING - 192.0.2.1 strangers: undecided: 503".to_owned()),
        (vec![lets_through()], "1", "WARNING - 192.0.2.1 strangers: undecided: 503".to_owned()),
        (
            vec![lets_through(), http(closed())],
            "1",
            "WARNING - strangers: 1 of 2 proxies undecided: 192.0.2.1 503".to_owned(),
        ),
        (vec![lets_through()], "0", "CRITICAL - 192.0.2.1 lets customers through to 127.0.0.1:22".to_owned()),
        (
            vec![http([well(), well(), well()])],
            "1",
            "OK - 192.0.2.1 fails, allowed up to 1: open: serves strangers by http".to_owned(),
        ),
        // What strangers get by https is not asked of one that is open by http.
        (
            vec![both([well(), well(), well()], [code(302), code(407), well()])],
            "1",
            "OK - 192.0.2.1 fails, allowed up to 1: open: serves strangers by http".to_owned(),
        ),
        (vec![unspoken()], "5", format!("UNKNOWN - 192.0.2.1 {ntlm}")),
        (
            vec![unspoken(), unspoken()],
            "5",
            format!("UNKNOWN - 2 of 2 proxies fail: 192.0.2.1 {ntlm} and 1 more"),
        ),
        (vec![unspoken(), http(closed())], "5", format!("UNKNOWN - 1 of 2 proxies fail: 192.0.2.1 {ntlm}")),
    ];
    for (seen, critical, expected) in rows {
        assert_eq!(line(seen, critical), format!("PROXY {expected}"));
    }
}

/// A range may mean that some must fail: none is judged by it as every other number is.
#[test]
fn none_that_fails_is_judged_too() {
    let line = |observations: &Observations, critical: &str| {
        let limits = Limits { critical: Some(critical.parse().unwrap()), ..Limits::default() };
        let output = evaluate(&Allowed::new(&limits), observations).render("PROXY", 0);
        output.split(" | ").next().unwrap().to_owned()
    };
    let local = || failing(Fault::Local("no route from here".to_owned()));
    let untested = || http([local(), local(), local()]);
    let serves = "OK - 192.0.2.1 serves customers in 0.012 s, strangers refused";
    let rows = [
        (vec![http(closed())], "1:", "CRITICAL - failed is 0, limit 1:"),
        (vec![http(closed())], "@0", "CRITICAL - failed is 0, limit @0"),
        (vec![http(closed()), http(closed())], "100:100%", "CRITICAL - failed_share is 0, limit 100:100"),
        (vec![http(closed())], "~:", serves),
        (vec![http(closed())], "@1:", serves),
        (
            vec![customer(Fault::Silent)],
            "1:",
            "OK - 192.0.2.1 fails, allowed 1 or more: takes the password, then no page: its DNS or its way to the page hangs",
        ),
        // Where one may fail that is not known, none is not certain.
        (vec![untested()], "1:", "UNKNOWN - 192.0.2.1 no route from here"),
        (
            vec![http(closed()), untested()],
            "2:",
            "CRITICAL - failed is 0, limit 2:, and 1 of 2 proxies untested: 192.0.2.2 no route from here",
        ),
        (vec![http([code(503), code(407), well()])], "1:", "WARNING - 192.0.2.1 strangers: undecided: 503"),
    ];
    for (seen, critical, expected) in rows {
        assert_eq!(line(&observed(seen), critical), format!("PROXY {expected}"));
    }
    let name = Unresolved {
        name: "proxy9.example.com".to_owned(),
        why: "resolving proxy9.example.com: no address found".to_owned(),
        is_silence: false,
    };
    let observations = Observations { unresolved: vec![name], ..observed(vec![http(closed())]) };
    let unknown = "PROXY UNKNOWN - resolving proxy9.example.com: no address found";
    assert_eq!(line(&observations, "1:"), unknown);
}

/// The line of another fault does not say who fails: the lines below do.
#[test]
fn who_is_allowed_to_fail_is_told_below_another_fault() {
    let local = || failing(Fault::Local("no route from here".to_owned()));
    let limits = Limits { critical: Some("1".parse().unwrap()), ..Limits::default() };
    let output =
        |observations: &Observations| evaluate(&Allowed::new(&limits), observations).render("PROXY", 0);
    let open = || http([well(), code(407), well()]);
    let told = "192.0.2.1: open: serves strangers by http";
    let untested = output(&observed(vec![open(), http([local(), local(), local()])]));
    assert!(
        untested.starts_with("PROXY UNKNOWN - 1 of 2 proxies untested: 192.0.2.2 no route from here"),
        "{untested}"
    );
    assert!(untested.lines().any(|line| line == told), "{untested}");
    let name = Unresolved {
        name: "proxy9.example.com".to_owned(),
        why: "resolving proxy9.example.com: no address found".to_owned(),
        is_silence: false,
    };
    let unresolved =
        output(&Observations { unresolved: vec![name], ..observed(vec![open(), http(closed())]) });
    assert!(unresolved.lines().any(|line| line == told), "{unresolved}");
    // Where nothing else is wrong the first line says it.
    let alone = output(&observed(vec![open(), http(closed())]));
    assert!(
        alone.starts_with("PROXY OK - ") && alone.contains("192.0.2.1 open: serves strangers"),
        "{alone}"
    );
    assert!(!alone.lines().any(|line| line == told), "{alone}");
}
