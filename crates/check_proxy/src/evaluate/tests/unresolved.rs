//! Names without an address, beside proxies that were asked.

use super::*;
use crate::target::Unresolved;

fn name(name: &str, is_silence: bool) -> Unresolved {
    Unresolved { name: name.to_owned(), why: format!("resolving {name}: no address found"), is_silence }
}

#[test]
fn a_name_that_does_not_resolve_hides_no_proxy() {
    let said = |seen: Vec<Observation>, unresolved: Vec<Unresolved>, short: State, limits: Limits| {
        let observations = Observations { unresolved, short, ..observed(seen) };
        let output = evaluate(&Allowed::new(&limits), &observations).render("PROXY", 0);
        let (line, rest) = output.split_once('\n').unwrap();
        (line.split(" | ").next().unwrap().to_owned(), rest.to_owned())
    };
    let refused = || customer(Fault::Refused);
    let local = || {
        let local = || failing(Fault::Local("no route from here".to_owned()));
        http([local(), local(), local()])
    };
    let [one, two, late] =
        [vec![name("a", false)], vec![name("a", false), name("b", false)], vec![name("a", true)]];
    let allowing = || Limits { critical: Some("1".parse().unwrap()), ..Limits::default() };
    let warning = || Limits { warning: Some("0".parse().unwrap()), ..Limits::default() };
    let rows = [
        (
            vec![http(closed())],
            &one,
            State::Unknown,
            Limits::default(),
            "UNKNOWN - resolving a: no address found",
            "",
        ),
        (vec![], &one, State::Unknown, Limits::default(), "UNKNOWN - resolving a: no address found", ""),
        (
            vec![http(closed())],
            &two,
            State::Unknown,
            Limits::default(),
            "UNKNOWN - resolving a: no address found, 1 more name unresolved",
            "resolving a: no address found\nresolving b: no address found\n",
        ),
        (
            vec![refused()],
            &one,
            State::Unknown,
            Limits::default(),
            "CRITICAL - 192.0.2.1 refused (a unresolved)",
            "UNKNOWN: resolving a: no address found\n",
        ),
        (
            vec![refused(), http(closed())],
            &two,
            State::Unknown,
            Limits::default(),
            "CRITICAL - 1 of 2 proxies fail: 192.0.2.1 refused (a and 1 more name unresolved)",
            "UNKNOWN: resolving a: no address found\nUNKNOWN: resolving b: no address found\n",
        ),
        (
            vec![local()],
            &one,
            State::Unknown,
            Limits::default(),
            "UNKNOWN - 192.0.2.1 no route from here (a unresolved)",
            "UNKNOWN: resolving a: no address found\n",
        ),
        // What is allowed to fail is no alarm, and the name is unknown.
        (
            vec![refused()],
            &one,
            State::Unknown,
            allowing(),
            "UNKNOWN - resolving a: no address found",
            "192.0.2.1: refused\n",
        ),
        // The resolver kept silent until the time was up.
        (
            vec![refused()],
            &late,
            State::Critical,
            warning(),
            "CRITICAL - resolving a: no address found, and 192.0.2.1 refused",
            "CRITICAL: resolving a: no address found\nWARNING: 192.0.2.1 refused\n",
        ),
    ];
    for (seen, unresolved, short, limits, line, rest) in rows {
        let expected = (format!("PROXY {line}"), rest.to_owned());
        assert_eq!(said(seen, unresolved.clone(), short, limits), expected);
    }
}

/// The state of one name never goes with the words of another.
#[test]
fn each_name_has_its_own_state() {
    let said = |seen: Vec<Observation>, limits: Limits| {
        let unresolved = ["gone", "hang", "away", "mute"].map(|of| Unresolved {
            why: format!("resolving {of}: x"),
            ..name(of, ["hang", "mute"].contains(&of))
        });
        let unresolved = unresolved.to_vec();
        let observations = Observations { unresolved, short: State::Critical, ..observed(seen) };
        let output = evaluate(&Allowed::new(&limits), &observations).render("PROXY", 0);
        let (line, rest) = output.split_once('\n').unwrap();
        (line.split(" | ").next().unwrap().to_owned(), rest.to_owned())
    };
    let warning = || Limits { warning: Some("0".parse().unwrap()), ..Limits::default() };
    let names = "CRITICAL - resolving hang: x, 3 more names unresolved";
    let listed = "CRITICAL: resolving hang: x\nCRITICAL: resolving mute: x\n\
                  UNKNOWN: resolving gone: x\nUNKNOWN: resolving away: x\n";
    let refused = || vec![customer(Fault::Refused)];
    let beside = "CRITICAL - 192.0.2.1 refused (hang and 3 more names unresolved)";
    let worse = format!("{names}, and 192.0.2.1 refused");
    let worse_listed =
        format!("CRITICAL: resolving hang: x, 3 more names unresolved\n{listed}WARNING: 192.0.2.1 refused\n");
    let rows = [
        (vec![], Limits::default(), names, listed),
        (vec![http(closed())], Limits::default(), names, listed),
        (refused(), Limits::default(), beside, listed),
        (refused(), warning(), &worse, &worse_listed),
    ];
    for (seen, limits, line, rest) in rows {
        assert_eq!(said(seen, limits), (format!("PROXY {line}"), rest.to_owned()));
    }
}
