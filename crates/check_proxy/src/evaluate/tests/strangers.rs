//! What strangers got that is neither the page nor a refusal.

use super::*;

fn unreachable() -> Fault {
    Fault::Unreachable { what: "host unreachable", is_here: false }
}

/// A port that served the customer takes connections: one that was not made refuses no stranger.
#[test]
fn a_connection_that_was_not_made_is_no_refusal_beside_a_page() {
    for fault in [Fault::Refused, Fault::NoAnswer, Fault::Prohibited, unreachable()] {
        let words = fault.brief();
        let line = |answers| output(&observed(vec![http(answers)])).split(" | ").next().unwrap().to_owned();
        let expected = format!("PROXY WARNING - 192.0.2.1 strangers: undecided: {words}");
        assert_eq!(line([failing(fault.clone()), failing(fault.clone()), well()]), expected);
        let expected = format!("PROXY WARNING - 192.0.2.1 strangers: undecided: {words} with a random login");
        assert_eq!(line([code(407), failing(fault), well()]), expected);
    }
}

/// A stranger is refused by 407, by 403 and 401 of the proxy's own, by an end or silence, and by nothing
/// else.
#[test]
fn what_proves_nothing_about_strangers_is_undecided() {
    let only = |seen: Vec<Observation>| {
        let observations = Observations { strangers: Strangers::Only, ..observed(seen) };
        output(&observations).replace(" | ", "\n| ")
    };
    let gets = |fault: Fault| http([failing(fault), code(407), None]);
    let one = only(vec![gets(Fault::OtherPage)]);
    let line = "PROXY UNKNOWN - 192.0.2.1 strangers: undecided: another page in place of ours\n|";
    assert!(one.starts_with(line) && one.lines().count() == 2, "{one}");
    let many = only(vec![
        gets(Fault::OtherPage),
        http([code(407), code(407), None]),
        http([code(503), code(503), None]),
    ]);
    let line = "PROXY UNKNOWN - strangers: 2 of 3 proxies undecided: 192.0.2.1 another page in place of ours, 192.0.2.3 503\n|";
    assert!(many.starts_with(line), "{many}");
    assert!(many.ends_with("\n192.0.2.3: strangers: undecided: 503\n"), "{many}");
    let portal = || {
        let location = Some("portal.example.net".to_owned());
        failing(Fault::Status(Status { code: 302, location, is_elsewhere: true, ..Status::default() }))
    };
    let served = |by: &str| format!("OK - 192.0.2.1 serves customers in 0.012 s{by}");
    for refusal in [code(401), code(403), code(405), code(429), code(451), code(511), portal()] {
        assert_eq!(
            first(vec![http([refusal, code(407), well()])]),
            "PROXY ".to_owned() + &served(", strangers refused")
        );
    }
    let rows = [
        (http([code(503), code(407), well()]), "WARNING - 192.0.2.1 strangers: undecided: 503"),
        (
            http([code(407), code(503), well()]),
            "WARNING - 192.0.2.1 strangers: undecided: 503 with a random login",
        ),
        (
            both(closed(), [failing(Fault::Tunnel(Tunnel::Closed)), code(407), well()]),
            "WARNING - 192.0.2.1 strangers: undecided: CONNECT 200, then closed",
        ),
        (
            both(closed(), [code(302), code(407), well()]),
            "WARNING - 192.0.2.1 strangers: undecided: 302 for https",
        ),
        (http([code(503), code(407), code(503)]), "CRITICAL - 192.0.2.1 503"),
        (http([code(403), code(403), code(403)]), "CRITICAL - 192.0.2.1 403"),
        (
            both([well(), well(), well()], [code(302), code(407), well()]),
            "CRITICAL - 192.0.2.1 open: serves strangers by http",
        ),
    ];
    for (seen, line) in rows {
        assert_eq!(first(vec![seen]), format!("PROXY {line}"));
    }
    let both_faults = output(&observed(vec![http([code(503), code(407), code(503)])]));
    assert!(both_faults.ends_with("\n192.0.2.1: strangers: undecided: 503\n"), "{both_faults}");
    let page_refuses = output(&observed(vec![http([code(403), code(403), code(403)])]));
    assert!(page_refuses.ends_with("\n192.0.2.1: strangers: undecided: 403\n"), "{page_refuses}");
    let allowed = Observation { strangers: Strangers::Allow, ..http([code(503), None, well()]) };
    let line = output(&Observations { strangers: Strangers::Allow, ..observed(vec![allowed]) });
    assert!(line.starts_with("PROXY OK - 192.0.2.1 serves customers in 0.012 s |"), "{line}");
}

/// With --strangers=only no customer proves that the page is up: an open proxy waits for one that is down.
#[test]
fn a_silence_alone_refuses_nobody() {
    let only = |seen: Vec<Observation>| {
        let observations = Observations { strangers: Strangers::Only, ..observed(seen) };
        let observations = Observations {
            proxies: observations
                .proxies
                .into_iter()
                .map(|(target, seen)| {
                    (target, seen.map(|seen| Observation { strangers: Strangers::Only, ..seen }))
                })
                .collect(),
            ..observations
        };
        output(&observations).split(" | ").next().unwrap().to_owned()
    };
    let silent = || failing(Fault::Silent);
    let own = |code| failing(Fault::Status(Status { code, is_own: true, ..Status::default() }));
    let undecided = "PROXY UNKNOWN - 192.0.2.1 strangers: undecided: no answer";
    let refuses = "PROXY OK - 192.0.2.1 refuses strangers";
    let rows = [
        (http([silent(), silent(), None]), undecided),
        (http([silent(), failing(Fault::NoAnswer), None]), undecided),
        (http([silent(), code(503), None]), undecided),
        (http([silent(), code(407), None]), refuses),
        // An open proxy may have waited for the page, which then says so.
        (http([silent(), code(403), None]), undecided),
        (http([silent(), own(403), None]), refuses),
        (http([code(403), code(403), None]), "PROXY UNKNOWN - 192.0.2.1 strangers: undecided: 403"),
        (http([code(401), code(401), None]), "PROXY UNKNOWN - 192.0.2.1 strangers: undecided: 401"),
        (http([own(403), own(403), None]), refuses),
        (http([own(401), own(401), None]), refuses),
        (http([code(403), code(407), None]), refuses),
        (http([code(407), silent(), None]), refuses),
        (
            both([code(407), code(407), None], [silent(), silent(), None]),
            "PROXY UNKNOWN - 192.0.2.1 strangers: undecided: no answer for https",
        ),
        (http([code(429), code(429), None]), "PROXY UNKNOWN - 192.0.2.1 strangers: undecided: 429"),
        (http([code(429), code(407), None]), refuses),
        // The proxy itself answers CONNECT.
        (both([code(407), code(407), None], [code(405), code(405), None]), refuses),
        (both([code(407), code(407), None], [code(403), code(403), None]), refuses),
        (
            http([failing(Fault::NoAnswer), failing(Fault::Prohibited), None]),
            "PROXY OK - 192.0.2.1 gives strangers no answer: a firewall stops them, or no proxy is on port 3128",
        ),
    ];
    for (seen, line) in rows {
        assert_eq!(only(vec![seen]), line);
    }
    let frozen = only((0..1_500).map(|_| http([silent(), silent(), None])).collect());
    let start = "PROXY UNKNOWN - strangers: 1500 of 1500 proxies undecided: 192.0.2.1 no answer";
    assert!(frozen.starts_with(start), "{frozen}");
    let one = only(vec![http([code(407), code(407), None]), http([silent(), silent(), None])]);
    assert_eq!(one, "PROXY UNKNOWN - strangers: 1 of 2 proxies undecided: 192.0.2.2 no answer");
}

/// On a wrong port something may answer that is no proxy, and nothing may listen: neither is ever OK.
#[test]
fn what_is_no_proxy_refuses_nobody() {
    let only = |seen: Vec<Observation>| {
        let seen = seen.into_iter().map(|seen| Observation { strangers: Strangers::Only, ..seen }).collect();
        let observations = Observations { strangers: Strangers::Only, ..observed(seen) };
        output(&observations).split(" | ").next().unwrap().to_owned()
    };
    let status = |status: Status| failing(Fault::Status(status));
    let connect = |code| status(Status { code, answers_connect: true, ..Status::default() });
    let named = |code| status(Status { code, answers_connect: true, is_own: true, ..Status::default() });
    let portal = || {
        let location = Some("www.example.net".to_owned());
        status(Status { code: 301, location, is_elsewhere: true, answers_connect: true, ..Status::default() })
    };
    let https = |answers| Observation { pages: vec![page(true, answers)], ..Observation::default() };
    let closed = || failing(Fault::Closed);
    let undecided = |what: &str| format!("UNKNOWN - 192.0.2.1 strangers: undecided: {what}");
    let refuses = || "OK - 192.0.2.1 refuses strangers".to_owned();
    let rows = [
        (https([connect(405), connect(405), None]), undecided("405, perhaps no proxy")),
        (https([connect(403), connect(403), None]), undecided("403, perhaps no proxy")),
        (https([connect(401), connect(401), None]), undecided("401, perhaps no proxy")),
        (https([portal(), portal(), None]), undecided("301 to www.example.net, perhaps no proxy")),
        (https([connect(503), connect(503), None]), undecided("503, perhaps no proxy")),
        (https([named(403), named(403), None]), refuses()),
        (https([named(503), closed(), None]), undecided("503")),
        (https([connect(403), connect(407), None]), refuses()),
        (http([code(400), code(400), None]), undecided("400, perhaps no proxy")),
        (http([code(404), code(404), None]), undecided("404, perhaps no proxy")),
        (http([code(503), code(503), None]), undecided("503")),
        (http([closed(), closed(), None]), undecided("closed without an answer, perhaps no proxy")),
        (
            http([closed(), failing(Fault::Reset), None]),
            undecided("closed without an answer, perhaps no proxy"),
        ),
        (http([closed(), code(407), None]), refuses()),
        (http([code(407), closed(), None]), refuses()),
        (both([code(407), code(407), None], [closed(), closed(), None]), refuses()),
        (
            both([code(404), code(404), None], [connect(405), connect(405), None]),
            undecided("404 for http, 405 for https, perhaps no proxy"),
        ),
        (http([failing(Fault::SocksMethod), closed(), None]), refuses()),
        (http([closed(), failing(Fault::SocksLogin), None]), refuses()),
        (
            http([failing(Fault::NoAnswer), closed(), None]),
            undecided("closed without an answer with a random login, perhaps no proxy"),
        ),
        (
            http([failing(Fault::Refused), failing(Fault::Refused), None]),
            "CRITICAL - 192.0.2.1 refused".to_owned(),
        ),
        (
            http([failing(unreachable()), failing(Fault::NoAnswer), None]),
            "CRITICAL - 192.0.2.1 host unreachable".to_owned(),
        ),
        // One that refuses new connections for a moment is a proxy.
        (http([code(407), failing(Fault::Refused), None]), refuses()),
    ];
    for (seen, line) in rows {
        assert_eq!(only(vec![seen]), format!("PROXY {line}"));
    }
    let refused = || http([failing(Fault::Refused), failing(Fault::Refused), None]);
    let line = only(vec![http([code(407), code(407), None]), refused()]);
    assert_eq!(line, "PROXY CRITICAL - 1 of 2 proxies fail: 192.0.2.2 refused");
}

/// What a firewall does to strangers, a wrong port or address does too: the line tells both, and the port.
#[test]
fn a_connection_that_is_never_made_may_be_a_wrong_port() {
    let only = |seen: Vec<Observation>, ports: [u16; 3]| {
        let mut observations = Observations { strangers: Strangers::Only, ..observed(seen) };
        for ((target, _), port) in observations.proxies.iter_mut().zip(ports) {
            target.address.set_port(port);
        }
        let output = output(&observations);
        let (line, rest) = output.split_once('\n').unwrap();
        (line.split(" | ").next().unwrap().to_owned(), rest.to_owned())
    };
    let silent = || http([failing(Fault::NoAnswer), failing(Fault::NoAnswer), None]);
    let prohibited = || http([failing(Fault::Prohibited), failing(Fault::NoAnswer), None]);
    let refused = || http([code(407), code(407), None]);
    let either = "a firewall stops them, or no proxy is";
    let rows = [
        (
            vec![silent()],
            [3129; 3],
            format!("192.0.2.1:3129 gives strangers no answer: {either} on port 3129"),
            "",
        ),
        (
            vec![silent(), prohibited()],
            [3128; 3],
            format!("2 proxies give strangers no answer: {either} on port 3128"),
            "",
        ),
        (
            vec![silent(), silent()],
            [3128, 8080, 0],
            format!("2 proxies give strangers no answer: {either} there"),
            "",
        ),
        (
            vec![refused(), silent(), prohibited()],
            [3128; 3],
            "3 proxies refuse strangers, 2 of them without any answer".to_owned(),
            "note: 192.0.2.2-3 give strangers no answer: a firewall stops them, or no proxy is on port 3128\n",
        ),
        (
            vec![refused(), silent()],
            [3128, 8080, 0],
            "2 proxies refuse strangers, 1 of them without any answer".to_owned(),
            "note: 192.0.2.2 gives strangers no answer: a firewall stops them, or no proxy is on port 8080\n",
        ),
        (vec![refused(), refused()], [3128; 3], "2 proxies refuse strangers".to_owned(), ""),
    ];
    for (seen, ports, line, rest) in rows {
        assert_eq!(only(seen, ports), (format!("PROXY OK - {line}"), rest.to_owned()));
    }
}
