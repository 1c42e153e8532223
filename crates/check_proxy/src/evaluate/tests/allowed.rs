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
