//! Where the authentication helper hangs, and where strangers are refused by something else than 407.

use super::*;

#[test]
fn a_helper_that_hangs_is_seen_behind_kept_logins() {
    let silent = || failing(Fault::Silent);
    let hangs = "CRITICAL - 192.0.2.1 answers no new login: its authentication helper hangs or is slow";
    let well_served = "OK - 192.0.2.1 serves customers in 0.012 s, strangers refused";
    let socks = || http([failing(Fault::SocksMethod), failing(Fault::SocksLoginSilent), well()]);
    let rows = [
        (http([code(407), silent(), well()]), hangs.to_owned()),
        (http([code(403), silent(), well()]), hangs.to_owned()),
        (socks(), hangs.to_owned()),
        (
            both([code(407), failing(Fault::Closed), well()], [code(407), silent(), well()]),
            "CRITICAL - 192.0.2.1 answers no new login: its authentication helper hangs or is slow for https"
                .to_owned(),
        ),
        // The helper judged the same login for the other page.
        (both(closed(), [code(407), silent(), well()]), well_served.to_owned()),
        (http([silent(), silent(), well()]), well_served.to_owned()),
        (http([failing(Fault::Reset), silent(), well()]), well_served.to_owned()),
        (http([code(407), failing(Fault::Closed), well()]), well_served.to_owned()),
        (
            http([code(407), failing(Fault::Late), well()]),
            "UNKNOWN - 192.0.2.1 not reached in time".to_owned(),
        ),
    ];
    for (seen, line) in rows {
        assert_eq!(first(vec![seen]), format!("PROXY {line}"));
    }
    let line = first(vec![http(closed()), socks(), http(closed())]);
    let one = "PROXY CRITICAL - 1 of 3 proxies fail: 192.0.2.2 answers no new login: its authentication helper hangs or is slow";
    assert_eq!(line, one);
    let warning = Limits { warning: Some("0".parse().unwrap()), ..Limits::default() };
    let line = evaluate(&Allowed::new(&warning), &observed(vec![socks()])).render("PROXY", 0);
    assert!(line.starts_with("PROXY WARNING - 192.0.2.1 answers no new login: "), "{line}");
}

#[test]
fn strangers_need_no_407_for_the_cause_of_a_silence() {
    let silent = || failing(Fault::Silent);
    let login = "refuses strangers, does not answer any login: its authentication helper hangs";
    let page = "takes the password, then no page: its DNS or its way to the page hangs";
    for stranger in [code(407), code(403), code(401), failing(Fault::Reset), failing(Fault::Closed)] {
        for (random, reason) in [(silent(), login), (code(407), page), (code(403), page)] {
            let line = first(vec![http([stranger.clone(), random, silent()])]);
            assert_eq!(line, format!("PROXY CRITICAL - 192.0.2.1 {reason}"), "{stranger:?}");
        }
    }
    let line = first(vec![http([
        failing(Fault::SocksMethod),
        failing(Fault::SocksLogin),
        failing(Fault::SocksLoginSilent),
    ])]);
    let ours = "PROXY CRITICAL - 192.0.2.1 does not answer our login: its authentication helper hangs";
    assert_eq!(line, ours);
}

/// Customers wait for a helper that takes seconds for each new login: a note, and no failure.
#[test]
fn a_slow_helper_is_noted() {
    let slow = |millis| {
        let second = Answer { took: Some(Duration::from_millis(millis)), ..code(407).unwrap() };
        let random = Some(Answer { before: failing(Fault::Silent).into_iter().collect(), ..second });
        http([code(407), random, well()])
    };
    let details = |seen: Vec<Observation>| -> Vec<String> {
        let output = output(&observed(seen));
        assert!(output.starts_with("PROXY OK - "), "{output}");
        output.lines().skip(1).map(str::to_owned).collect()
    };
    let one = "note: 192.0.2.1 answered an unknown user only after 7.0 s: new logins are slow";
    assert_eq!(details(vec![slow(3_500)]), [one]);
    let two =
        "note: 192.0.2.1, 192.0.2.2 answered an unknown user only after up to 5.5 s: new logins are slow";
    assert_eq!(details(vec![slow(2_000), slow(1_000), http(closed())]), [two]);
    // The customer waits too, which the time of the second try alone does not show.
    let late = Answer { took: Some(Duration::from_millis(2_200)), ..well().unwrap() };
    let late = Some(Answer { before: failing(Fault::Silent).into_iter().collect(), ..late });
    let served = "note: 192.0.2.1 served the customer only after 5.7 s: by a second try";
    assert_eq!(details(vec![http([code(407), code(407), late])]), [served]);
    assert!(details(vec![http(closed())]).is_empty());
}
