//! The page's own fault is told from the proxies'.

use super::*;
use crate::suspect::suspects_page;

fn dead() -> Observation {
    customer(Fault::Status(Status { code: 503, ..Status::default() }))
}

fn refused() -> Observation {
    http([failing(Fault::Refused), failing(Fault::Refused), failing(Fault::Refused)])
}

fn fails(fault: Fault) -> Direct {
    Direct::Fails(fault)
}

fn no_way(why: &str) -> Direct {
    Direct::NoWay(why.to_owned())
}

fn with(direct: Direct, seen: Vec<Observation>) -> String {
    let pages = vec![AskedPage { name: "page".to_owned(), direct, took: None }];
    let line = output(&Observations { pages, ..observed(seen) });
    line.lines().next().unwrap().split(" | ").next().unwrap().strip_prefix("PROXY ").unwrap().to_owned()
}

#[test]
fn the_page_is_told_from_the_proxies() {
    let two = || vec![dead(), dead()];
    let itself = "the page itself does not answer, through none of";
    let rows = [
        (fails(Fault::Refused), two(), format!("UNKNOWN - {itself} 2 proxies nor from here: refused")),
        (
            no_way("no route from here"),
            two(),
            "CRITICAL - none of 2 proxies brings the page, not tried directly (no route from here): 503"
                .to_owned(),
        ),
        (Direct::Serves, two(), "CRITICAL - 2 of 2 proxies fail: 192.0.2.1 503, 192.0.2.2 503".to_owned()),
        (
            fails(Fault::Refused),
            vec![dead()],
            "CRITICAL - 192.0.2.1 503, nor does the page answer from here: refused".to_owned(),
        ),
        (Direct::Unasked, two(), "CRITICAL - 2 of 2 proxies fail: 192.0.2.1 503, 192.0.2.2 503".to_owned()),
        // One that is dead is at fault, and does not make the others so.
        (
            fails(Fault::Refused),
            vec![dead(), refused(), dead()],
            "CRITICAL - 1 of 3 proxies fail: 192.0.2.2 refused, and the page itself does not answer"
                .to_owned(),
        ),
        (
            no_way("no route from here"),
            vec![dead(), refused(), dead()],
            "CRITICAL - none of 3 proxies brings the page, not tried directly (no route from here): 503"
                .to_owned(),
        ),
        (
            fails(Fault::Refused),
            vec![dead(), http([well(), well(), failing(Fault::Cut)])],
            "CRITICAL - 1 of 2 proxies fail: 192.0.2.2 open: serves strangers by http, 1 more fault"
                .to_owned(),
        ),
    ];
    for (direct, seen, line) in rows {
        assert_eq!(with(direct, seen), line);
    }
}

/// A page that refuses everyone is at fault, and one that refuses this machine alone excuses no proxy.
#[test]
fn what_the_proxies_say_of_the_page_must_agree() {
    let status = |code| Fault::Status(Status { code, ..Status::default() });
    let two = |code| vec![customer(status(code)), customer(status(code))];
    let itself = "the page itself does not answer, through none of 2 proxies nor from here:";
    for code in [401, 403, 302, 400, 404, 429, 503] {
        assert_eq!(with(fails(status(code)), two(code)), format!("UNKNOWN - {itself} {code}"));
    }
    let both = "CRITICAL - 2 of 2 proxies fail: 192.0.2.1 502, 192.0.2.2 502";
    assert_eq!(with(fails(status(403)), two(502)), both);
    let pages = vec![AskedPage { name: "page".to_owned(), direct: fails(status(403)), took: None }];
    let output = output(&Observations { pages, ..observed(two(502)) });
    let note = "\nnote: the page does not come without a proxy either, for another reason: 403\n";
    assert!(output.ends_with(note), "{output}");
    // A gateway before the page and proxies of several makes have a word of their own for a dead server.
    for code in [502, 503, 504] {
        let seen = vec![customer(status(502)), customer(status(503)), customer(status(504))];
        let line = format!("UNKNOWN - {} {code}", itself.replace("none of 2", "none of 3"));
        assert_eq!(with(fails(status(code)), seen), line);
    }
    let mixed = || vec![customer(status(403)), customer(status(502)), customer(status(403))];
    let line = "CRITICAL - 1 of 3 proxies fail: 192.0.2.2 502, and the page itself does not answer";
    assert_eq!(with(fails(status(403)), mixed()), line);
    // What squid's own rules deny is not the page's.
    let denied = || {
        let squid = Some("ERR_ACCESS_DENIED".to_owned());
        customer(Fault::Status(Status { code: 403, squid, ..Status::default() }))
    };
    let line = "CRITICAL - 2 of 2 proxies fail: 192.0.2.1 403 ERR_ACCESS_DENIED and 1 more";
    assert_eq!(with(fails(status(403)), vec![denied(), denied()]), line);
}

/// The page by https has an expired certificate, and the same by http is well.
#[test]
fn each_page_is_told_apart() {
    let fault = || Fault::Tunnel(Tunnel::Certificate("expired".to_owned()));
    let seen = || both(closed(), [code(407), code(407), failing(fault())]);
    let pages = |direct| {
        let page = |name: &str, direct| AskedPage { name: name.to_owned(), direct, took: None };
        vec![page("http page", Direct::Unasked), page("https page", direct)]
    };
    let said =
        |direct, seen: Vec<Observation>| output(&Observations { pages: pages(direct), ..observed(seen) });
    let itself = "PROXY UNKNOWN - the https page itself does not answer, through none of 2 proxies nor from here: wrong certificate: expired |";
    let line = said(fails(fault()), vec![seen(), seen()]);
    assert!(line.starts_with(itself) && line.contains(" failed=0;;0;0;2 "), "{line}");
    assert!(line.contains("\n192.0.2.2: wrong certificate after CONNECT: expired\n"), "{line}");
    let dead = || both([code(407), code(407), code(407)], [code(407), code(407), code(407)]);
    let line = said(fails(fault()), vec![seen(), dead(), seen()]);
    let both_faults =
        "PROXY CRITICAL - 1 of 3 proxies fail: 192.0.2.2 password refused (407), 1 more fault |";
    assert!(line.starts_with(both_faults), "{line}");
    let line = said(no_way("prohibited"), vec![seen(), seen()]);
    let untried =
        "PROXY CRITICAL - none of 2 proxies brings the https page, not tried directly (prohibited): wrong";
    assert!(line.starts_with(untried), "{line}");
}

/// A proxy that serves strangers is told, also where no proxy brings the page to customers.
#[test]
fn a_page_that_was_not_tried_hides_no_open_proxy() {
    let line = with(no_way("prohibited"), vec![dead(), http([well(), well(), failing(Fault::Cut)])]);
    let expected = "CRITICAL - 2 of 2 proxies fail: 192.0.2.2 open: serves strangers by http";
    assert!(line.starts_with(expected), "{line}");
}

/// That customers reach a forbidden target needs no page.
#[test]
fn a_dead_page_hides_no_forbidden_target() {
    let through = |seen: Observation| Observation { forbidden: vec![Passage::Connected.into()], ..seen };
    let pages = vec![AskedPage { name: "page".to_owned(), direct: fails(Fault::Refused), took: None }];
    let forbidden = vec!["127.0.0.1:22".parse().unwrap()];
    let seen = observed(vec![through(dead()), dead()]);
    let line = output(&Observations { pages, forbidden, ..seen });
    let expected = "PROXY CRITICAL - 1 of 2 proxies fail: 192.0.2.1 lets customers through to 127.0.0.1:22, 1 more fault |";
    assert!(line.starts_with(expected), "{line}");
}

/// What the proxy does with forbidden targets is not known while it says the same of the page.
#[test]
fn the_same_answer_as_the_pages_proves_nothing() {
    let same = || {
        let failed = Passage::Failed(Fault::Status(Status { code: 503, ..Status::default() }));
        Observation { forbidden: vec![failed.into()], ..dead() }
    };
    let pages = vec![AskedPage { name: "page".to_owned(), direct: fails(Fault::Refused), took: None }];
    let forbidden = vec!["127.0.0.1:22".parse().unwrap()];
    let line = output(&Observations { pages, forbidden, ..observed(vec![same(), same()]) });
    assert!(line.starts_with("PROXY UNKNOWN - the page itself does not answer, 1 more fault |"), "{line}");
    let unknown =
        "\n192.0.2.1: not known whether it lets customers through to 127.0.0.1:22: 503 as for the page\n";
    assert!(line.contains(unknown), "{line}");
    let forbidden = vec!["127.0.0.1:22".parse().unwrap()];
    let one = output(&Observations { forbidden, ..observed(vec![same()]) });
    assert!(one.starts_with("PROXY CRITICAL - 192.0.2.1 503 |") && one.contains(unknown), "{one}");
}

#[test]
fn one_proxy_alone_has_a_note_on_the_page() {
    let of = |seen, direct| {
        let pages = vec![AskedPage { name: "page".to_owned(), direct, took: None }];
        let output = output(&Observations { pages, ..observed(vec![seen]) });
        output.split_once('\n').unwrap().1.to_owned()
    };
    let said = |direct| of(dead(), direct);
    // The first line has it.
    assert_eq!(said(fails(Fault::Refused)), "");
    let not_found = || Fault::Status(Status { code: 404, ..Status::default() });
    let note = "note: the page does not come without a proxy either";
    assert_eq!(said(fails(not_found())), format!("{note}: 404\n"));
    // What an open proxy does needs no page.
    let open = http([well(), code(407), failing(Fault::Refused)]);
    assert!(of(open, fails(Fault::Refused)).ends_with(&format!("{note}: refused\n")));
    assert_eq!(said(Direct::Serves), "note: the page comes without a proxy\n");
    assert_eq!(said(no_way("prohibited")), "note: the page could not be tried without a proxy: prohibited\n");
    assert_eq!(said(no_way("--no-direct")), "");
}

#[test]
fn two_that_took_the_password_make_the_page_suspect() {
    let suspects = |seen: Vec<Observation>| suspects_page(&observed(seen).proxies, 0);
    let password = || http([code(407), code(407), code(407)]);
    assert!(suspects(vec![dead(), dead()]) && suspects(vec![customer(Fault::Silent)]));
    assert!(suspects(vec![dead(), password(), dead()]) && suspects(vec![dead(), refused(), dead()]));
    assert!(!suspects(vec![dead(), password()]) && !suspects(vec![dead(), dead(), http(closed())]));
    assert!(!suspects(vec![dead(), dead(), customer(Fault::LeavesBy([192, 0, 2, 99].into()))]));
    assert!(!suspects(vec![dead(), dead(), http([well(), well(), code(503)])]));
    assert!(!suspects(vec![]) && !suspects_page(&observed(vec![dead(), dead()]).proxies, 1));
    let allowed = |stranger| http([stranger, None, failing(Fault::Silent)]);
    assert!(suspects(vec![allowed(code(407)), allowed(None)]));
    // Those that serve by address wait for the page whoever asks.
    let silent = || failing(Fault::Silent);
    assert!(suspects(vec![allowed(silent()), allowed(silent())]));
    // Others refuse strangers by 403 or reset.
    let refusing = |stranger| http([stranger, code(407), silent()]);
    assert!(suspects(vec![refusing(code(403)), refusing(failing(Fault::Reset))]));
    let frozen = || http([silent(), silent(), silent()]);
    assert!(!suspects(vec![frozen(), frozen()]));
    assert!(!suspects(vec![refusing(failing(Fault::NoAnswer)), refusing(failing(Fault::NoAnswer))]));
}
