//! Rows of what was observed and the exact first line.

use std::time::Duration;

use plugin::Range;

use super::*;
use crate::allowed::Limits;
use crate::ask::Passage;
use crate::fault::{Fault, Status, Tunnel};
use crate::observation::PageObservation;
use crate::request_options::Answer;

mod allowed;
mod late;
mod logins;
mod page;
mod short;
mod strangers;
mod unresolved;
mod verbose;

fn well() -> Option<Answer> {
    Some(Answer { came: true, took: Some(Duration::from_millis(12)), ..Answer::default() })
}

fn failing(fault: Fault) -> Option<Answer> {
    Some(Answer { fault: Some(fault), took: Some(Duration::from_millis(3500)), ..Answer::default() })
}

fn code(code: u16) -> Option<Answer> {
    failing(Fault::Status(Status { code, ..Status::default() }))
}

fn page(secure: bool, [stranger, random, customer]: [Option<Answer>; 3]) -> PageObservation {
    PageObservation { secure, stranger, random, customer }
}

/// A proxy that was asked for a page by http.
fn http(answers: [Option<Answer>; 3]) -> Observation {
    Observation { pages: vec![page(false, answers)], ..Observation::default() }
}

/// A proxy that was asked by http and by https.
fn both(http: [Option<Answer>; 3], https: [Option<Answer>; 3]) -> Observation {
    Observation { pages: vec![page(false, http), page(true, https)], ..Observation::default() }
}

fn closed() -> [Option<Answer>; 3] {
    [code(407), code(407), well()]
}

fn customer(fault: Fault) -> Observation {
    http([code(407), code(407), failing(fault)])
}

fn observed(seen: Vec<Observation>) -> Observations {
    let target = |number| Target { address: ([192, 0, 2, number], 3128).into(), label: None, default: 3128 };
    Observations {
        proxies: (1..=255).cycle().zip(seen).map(|(number, seen)| (target(number), Some(seen))).collect(),
        unresolved: Vec::new(),
        forbidden: Vec::new(),
        strangers: Strangers::Refuse,
        unasked: Fault::Local("no thread left here".to_owned()),
        short: State::Unknown,
        pages: Vec::new(),
        own: None,
    }
}

fn output(observations: &Observations) -> String {
    evaluate(&Allowed::new(&Limits::default()), observations).render("PROXY", 0)
}

fn first(seen: Vec<Observation>) -> String {
    output(&observed(seen)).lines().next().unwrap().split(" | ").next().unwrap().to_owned()
}

#[test]
fn each_reason_has_its_line() {
    let squid = |code: u16, squid: &str| {
        Fault::Status(Status { code, squid: Some(squid.to_owned()), ..Status::default() })
    };
    let portal = Fault::Status(Status {
        code: 302,
        location: Some("portal.example.net".to_owned()),
        ..Status::default()
    });
    let from_page = Fault::Status(Status { code: 404, from_page: true, ..Status::default() });
    let carried = Some(Answer { came: true, ..code(407).unwrap() });
    let tunnel = |tunnel| both(closed(), [code(407), code(407), failing(Fault::Tunnel(tunnel))]);
    let rows = [
        (http(closed()), "OK - 192.0.2.1 serves customers in 0.012 s, strangers refused"),
        (
            http([failing(Fault::Reset), failing(Fault::Closed), well()]),
            "OK - 192.0.2.1 serves customers in 0.012 s, strangers refused",
        ),
        (
            http([failing(Fault::Silent), code(403), well()]),
            "OK - 192.0.2.1 serves customers in 0.012 s, strangers refused",
        ),
        (http([well(), well(), well()]), "CRITICAL - 192.0.2.1 open: serves strangers by http"),
        (both(closed(), [well(), well(), well()]), "CRITICAL - 192.0.2.1 open: serves strangers by https"),
        (
            both([well(), well(), well()], [well(), well(), well()]),
            "CRITICAL - 192.0.2.1 open: serves strangers by http and https",
        ),
        (http([carried, code(407), well()]), "CRITICAL - 192.0.2.1 open: the 407 carries the page"),
        (http([code(407), well(), well()]), "CRITICAL - 192.0.2.1 takes any password"),
        (both(closed(), [code(407), well(), well()]), "CRITICAL - 192.0.2.1 takes any password for https"),
        (http([code(407), code(407), code(407)]), "CRITICAL - 192.0.2.1 password refused (407)"),
        (
            both(closed(), [code(407), code(407), code(407)]),
            "CRITICAL - 192.0.2.1 password refused (407 for https)",
        ),
        (customer(squid(403, "ERR_ACCESS_DENIED")), "CRITICAL - 192.0.2.1 403 ERR_ACCESS_DENIED"),
        (
            both(closed(), [code(407), code(407), failing(squid(403, "ERR_ACCESS_DENIED"))]),
            "CRITICAL - 192.0.2.1 403 ERR_ACCESS_DENIED for https",
        ),
        (customer(squid(503, "ERR_CONNECT_FAIL")), "CRITICAL - 192.0.2.1 503 ERR_CONNECT_FAIL"),
        (http([code(407), code(407), code(429)]), "CRITICAL - 192.0.2.1 429"),
        (customer(portal), "CRITICAL - 192.0.2.1 302 to portal.example.net"),
        (customer(from_page), "CRITICAL - 192.0.2.1 404 from the page"),
        (customer(Fault::OtherPage), "CRITICAL - 192.0.2.1 another page in place of ours"),
        (customer(Fault::OldCopy), "CRITICAL - 192.0.2.1 an old copy of the page"),
        (customer(Fault::Cut), "CRITICAL - 192.0.2.1 page cut"),
        (customer(Fault::TooLong), "CRITICAL - 192.0.2.1 page longer than 256 KiB"),
        (customer(Fault::LeavesBy([192, 0, 2, 99].into())), "CRITICAL - 192.0.2.1 leaves by 192.0.2.99"),
        (
            customer(Fault::Sees("X-Forwarded-For".to_owned())),
            "CRITICAL - 192.0.2.1 the page sees X-Forwarded-For",
        ),
        (customer(Fault::NotHttp("SSH-2.0".to_owned())), "CRITICAL - 192.0.2.1 no HTTP: SSH-2.0"),
        (customer(Fault::HeaderWithoutEnd), "CRITICAL - 192.0.2.1 header without end"),
        (customer(Fault::Incomplete), "CRITICAL - 192.0.2.1 answer incomplete at the deadline"),
        (tunnel(Tunnel::Reset), "CRITICAL - 192.0.2.1 CONNECT 200, then reset"),
        (tunnel(Tunnel::Closed), "CRITICAL - 192.0.2.1 CONNECT 200, then closed"),
        (tunnel(Tunnel::NoTls), "CRITICAL - 192.0.2.1 no TLS after CONNECT"),
        (
            tunnel(Tunnel::Certificate("self-signed".to_owned())),
            "CRITICAL - 192.0.2.1 wrong certificate after CONNECT: self-signed",
        ),
        (
            http([code(407), failing(Fault::Silent), failing(Fault::Silent)]),
            "CRITICAL - 192.0.2.1 refuses strangers, does not answer any login: its authentication helper hangs",
        ),
        (
            customer(Fault::Silent),
            "CRITICAL - 192.0.2.1 takes the password, then no page: its DNS or its way to the page hangs",
        ),
        (
            http([failing(Fault::Silent), failing(Fault::Silent), failing(Fault::Silent)]),
            "CRITICAL - 192.0.2.1 connects, no answer",
        ),
        (customer(Fault::Refused), "CRITICAL - 192.0.2.1 refused"),
        (customer(Fault::NoAnswer), "CRITICAL - 192.0.2.1 no answer"),
        (customer(Fault::Prohibited), "CRITICAL - 192.0.2.1 prohibited"),
        (customer(Fault::Closed), "CRITICAL - 192.0.2.1 closed without an answer"),
        (customer(Fault::SocksReply(5)), "CRITICAL - 192.0.2.1 SOCKS reply 5 (connection refused)"),
        (
            customer(Fault::SocksLoginSilent),
            "CRITICAL - 192.0.2.1 does not answer any login: its authentication helper hangs",
        ),
        (
            customer(Fault::SocksRequestSilent { login: true }),
            "CRITICAL - 192.0.2.1 takes the password, then no page: its DNS or its way to the page hangs",
        ),
        (
            customer(Fault::SocksRequestSilent { login: false }),
            "CRITICAL - 192.0.2.1 connects, then no page: its DNS or its way to the page hangs",
        ),
        (customer(Fault::SocksLogin), "CRITICAL - 192.0.2.1 password refused"),
        (
            customer(Fault::Unspoken(vec!["NTLM".to_owned(), "Negotiate".to_owned()])),
            "UNKNOWN - 192.0.2.1 offers NTLM and Negotiate only, which this check does not speak",
        ),
        (
            customer(Fault::ColonInUser),
            "UNKNOWN - 192.0.2.1 wants Basic, which takes no user name with a colon",
        ),
    ];
    for (seen, line) in rows {
        assert_eq!(first(vec![seen]), format!("PROXY {line}"));
    }
    let local = || failing(Fault::Local("no route from here".to_owned()));
    assert_eq!(
        first(vec![http([local(), local(), local()])]),
        "PROXY UNKNOWN - 192.0.2.1 no route from here"
    );
}

#[test]
fn several_proxies_are_counted_the_open_ones_first() {
    let open = || both(closed(), [well(), well(), well()]);
    let refused = || http([code(407), code(407), code(407)]);
    let rows = [
        (
            vec![http(closed()), http(closed())],
            "OK - 2 proxies serve customers, slowest in 0.012 s, strangers refused",
        ),
        (
            vec![http(closed()), refused(), open()],
            "CRITICAL - 2 of 3 proxies fail: 192.0.2.3 open: serves strangers by https and 1 more",
        ),
        (
            vec![http(closed()), customer(Fault::Unspoken(vec!["NTLM".to_owned()]))],
            "UNKNOWN - 1 of 2 proxies fail: 192.0.2.2 offers NTLM only, which this check does not speak",
        ),
        (
            vec![refused(), customer(Fault::Unspoken(vec!["NTLM".to_owned()]))],
            "CRITICAL - 2 of 2 proxies fail: 192.0.2.1 password refused (407) and 1 more",
        ),
    ];
    for (seen, line) in rows {
        assert_eq!(first(seen), format!("PROXY {line}"));
    }
    let many = first((0..=255).map(|_| refused()).collect());
    assert_eq!(
        many,
        "PROXY CRITICAL - 256 of 256 proxies fail: 192.0.2.1 password refused (407) and 255 more"
    );
}

#[test]
fn forbidden_targets_are_reported_where_the_proxy_tried() {
    let lets = |passage: Passage, seen: Observation| {
        let seen = Observation { forbidden: vec![passage.into()], ..seen };
        let observations =
            Observations { forbidden: vec!["127.0.0.1:22".parse().unwrap()], ..observed(vec![seen]) };
        output(&observations).split(" | ").next().unwrap().to_owned()
    };
    let through = "PROXY CRITICAL - 192.0.2.1 lets customers through to 127.0.0.1:22";
    let fine = "PROXY OK - 192.0.2.1 serves customers in 0.012 s, strangers refused";
    assert_eq!(lets(Passage::Connected, http(closed())), through);
    assert_eq!(lets(Passage::Silent, http(closed())), through);
    assert_eq!(lets(Passage::Refused, http(closed())), fine);
    let unasked = lets(Passage::Unasked(Fault::Local("no file descriptors left".to_owned())), http(closed()));
    let why = "PROXY UNKNOWN - 192.0.2.1 was not asked for 127.0.0.1:22: no file descriptors left";
    assert_eq!(unasked, why);
    let unclear = || Passage::Unclear(Fault::Status(Status { code: 429, ..Status::default() }));
    let why = "PROXY UNKNOWN - 192.0.2.1 forbidden 127.0.0.1:22: undecided: 429";
    assert_eq!(lets(unclear(), http(closed())), why);
    assert_eq!(lets(unclear(), customer(Fault::Cut)), "PROXY CRITICAL - 192.0.2.1 page cut");
    let silent = lets(Passage::Silent, customer(Fault::Cut));
    assert_eq!(silent, "PROXY CRITICAL - 192.0.2.1 page cut");
    // A proxy that can do nothing gives the page the same answer.
    let failed = |code| Passage::Failed(Fault::Status(Status { code, ..Status::default() }));
    assert_eq!(lets(failed(503), http(closed())), through);
    assert_eq!(lets(failed(502), http([code(407), code(407), code(503)])), "PROXY CRITICAL - 192.0.2.1 503");
    assert_eq!(lets(Passage::Connected, http([code(407), code(407), code(503)])), through);
    // A page that came proves the way out, whatever becomes of another one.
    assert_eq!(lets(failed(503), both(closed(), [code(407), code(407), code(503)])), through);
    let reply = |code| Passage::Failed(Fault::SocksReply(code));
    let page = |code| {
        http([failing(Fault::SocksMethod), failing(Fault::SocksLogin), failing(Fault::SocksReply(code))])
    };
    assert_eq!(lets(reply(1), page(1)), "PROXY CRITICAL - 192.0.2.1 SOCKS reply 1 (general failure)");
    assert_eq!(lets(reply(5), page(1)), through);
}

#[test]
fn strangers_alone_can_be_asked() {
    let only = |seen: Vec<Observation>| {
        let observations =
            Observations { strangers: Strangers::Only, own: Some([192, 0, 2, 250].into()), ..observed(seen) };
        output(&observations)
    };
    let refused = || http([code(407), code(407), None]);
    assert_eq!(
        only(vec![refused(), refused()]),
        "PROXY OK - 2 proxies refuse strangers | failed=0;;0;0;2 open=0;;;0;2 slowest=U;;;0\n"
    );
    let open = only(vec![http([well(), well(), None])]);
    assert!(open.starts_with("PROXY CRITICAL - 192.0.2.1 open: serves strangers by http |"), "{open}");
    let open = only(vec![refused(), http([well(), well(), None])]);
    let expected = "PROXY CRITICAL - 1 of 2 proxies fail: 192.0.2.2 open: serves strangers by http | failed=1;;0;0;2 open=1;;;0;2 slowest=U;;;0\n\
                    192.0.2.2: or this address, 192.0.2.250, is allowed by an ACL: ask from outside\n";
    assert_eq!(open, expected);
    // The proxy refuses strangers, so that no address is let through.
    let any_password = only(vec![refused(), http([code(407), well(), None])]);
    assert!(!any_password.contains("ACL"), "{any_password}");
}

#[test]
fn limits_decide_the_state() {
    let seen =
        || observed(vec![http(closed()), http([code(407), code(407), code(407)]), both(closed(), closed())]);
    let judged = |limits: Limits| {
        evaluate(&Allowed::new(&limits), &seen()).render("PROXY", 0).lines().next().unwrap().to_owned()
    };
    let limits = |warning: &str, time: Option<&str>| Limits {
        warning: Some(warning.parse().unwrap()),
        warning_time: time.map(|time| time.parse::<Range>().unwrap()),
        ..Limits::default()
    };
    let rows = [
        (
            limits("1", None),
            "PROXY OK - 1 of 3 proxies fail, allowed up to 1: 192.0.2.2 password refused (407) | failed=1;1;;0;3 open=0;;;0;3 slowest=0.012s;;;0",
        ),
        (
            limits("20%", None),
            "PROXY WARNING - 1 of 3 proxies fail: 192.0.2.2 password refused (407) | failed=1;;;0;3 failed_share=33.333333%;20;;0;100 open=0;;;0;3 slowest=0.012s;;;0",
        ),
        (
            limits("1", Some("0.01")),
            "PROXY WARNING - slow: 192.0.2.3 took 0.012 s, allowed 0 to 0.01 s | failed=1;1;;0;3 open=0;;;0;3 slowest=0.012s;0.01;;0",
        ),
    ];
    for (limits, line) in rows {
        assert_eq!(judged(limits), line);
    }
}

#[test]
fn nothing_that_could_be_asked_is_unknown() {
    let local = || failing(Fault::Local("no route from here".to_owned()));
    let mut observations = observed(vec![http([local(), local(), local()]), http(closed())]);
    let line = output(&observations);
    assert!(
        line.starts_with("PROXY UNKNOWN - 1 of 2 proxies untested: 192.0.2.1 no route from here |"),
        "{line}"
    );
    observations.proxies[1].1 = None;
    let line = output(&observations);
    assert!(
        line.starts_with(
            "PROXY UNKNOWN - 2 of 2 proxies untested: 192.0.2.1 no route from here, 192.0.2.2 no thread left here |"
        ),
        "{line}"
    );
}
