//! Rows of what one server answers to one question.

use super::*;
use crate::outcome::tests::{answered, reply};
use crate::question::{Asked, NameOption};

fn outcome(reply: Reply) -> Outcome {
    Outcome::new(Ok(answered(reply)))
}

fn with(address: &str) -> Outcome {
    outcome(Reply {
        addresses: vec![address.parse().unwrap()],
        records: 1,
        ttl: Some(60),
        ..reply(OptRcode::NOERROR)
    })
}

fn code(code: OptRcode) -> Outcome {
    outcome(reply(code))
}

fn failed(fault: Fault) -> Outcome {
    Outcome::new(Err(fault))
}

fn name(text: &str) -> Question {
    text.parse::<NameOption>().unwrap().question(1).unwrap()
}

fn of(expect: Expect) -> Question {
    "a.example".parse::<Asked>().unwrap().question(1, vec![Rtype::A], expect).unwrap()
}

/// The fault and the costs in words.
fn told(question: &Question, outcomes: &[Outcome]) -> String {
    words_of(&judge(question, outcomes))
}

fn words_of(judged: &Judged) -> String {
    let fault = judged.fault.as_ref().map_or_else(|| "good".to_owned(), Fault::to_string);
    let costs = judged.costs.iter().map(Cost::to_string);
    std::iter::once(fault).chain(costs).collect::<Vec<_>>().join(", ")
}

#[test]
fn a_name_resolves_by_a_or_aaaa_and_both_must_be_answered() {
    use OptRcode as R;
    let (v4, v6, none) = (|| with("192.0.2.80"), || with("2001:db8::80"), || code(R::NOERROR));
    let silent = || failed(Fault::NoAnswer);
    let rows = [
        (vec![v4(), v6()], "good"),
        (vec![v4(), none()], "good"),
        (vec![none(), v6()], "good"),
        (vec![none(), none()], "no address (NODATA)"),
        (vec![v4(), silent()], "good, AAAA no answer"),
        (vec![v4(), code(R::SERVFAIL)], "good, AAAA SERVFAIL"),
        (vec![v4(), code(R::NXDOMAIN)], "good, AAAA NXDOMAIN"),
        (vec![silent(), v6()], "no answer"),
        (vec![silent(), silent()], "no answer"),
        (vec![none(), silent()], "no answer"),
        (vec![none(), code(R::SERVFAIL)], "SERVFAIL"),
        (vec![code(R::NXDOMAIN), code(R::NXDOMAIN)], "NXDOMAIN"),
        (vec![code(R::REFUSED), code(R::REFUSED)], "REFUSED"),
        (vec![Outcome { is_plain: true, ..v4() }, v6()], "good, answers only without EDNS"),
        (vec![v4(), Outcome { is_plain: true, ..code(R::NOTIMP) }], "good, AAAA NOTIMP"),
        (vec![v4(), Outcome { is_plain: true, ..code(R::SERVFAIL) }], "good, AAAA SERVFAIL"),
        (vec![v4(), Outcome { is_plain: true, ..none() }], "good, answers only without EDNS"),
        (vec![with("0.0.0.0"), none()], "answers 0.0.0.0"),
        (vec![with("127.0.0.1"), none()], "answers 127.0.0.1"),
        (vec![v4(), with("::")], "answers ::"),
        (vec![with("10.0.0.1"), none()], "good"),
    ];
    for (outcomes, expected) in rows {
        assert_eq!(told(&name("a.example"), &outcomes), expected, "{outcomes:?}");
    }
}

#[test]
fn expected_addresses_are_the_only_ones() {
    let rows = [
        ("a.example/A=192.0.2.0/24", "192.0.2.80", "good"),
        ("a.example/A=192.0.2.1", "192.0.2.80", "answers 192.0.2.80, which is not expected"),
        ("a.example/A=0.0.0.0", "0.0.0.0", "good"),
        ("a.example/A=0.0.0.0", "127.0.0.1", "answers 127.0.0.1, which is not expected"),
    ];
    for (question, address, expected) in rows {
        assert_eq!(told(&name(question), &[with(address)]), expected, "{question} {address}");
    }
    let both = [with("192.0.2.80"), with("2001:db8::80")];
    assert_eq!(told(&name("a.example=192.0.2.80"), &both), "answers 2001:db8::80, which is not expected");
}

#[test]
fn flags_and_other_records_count() {
    let authority = Reply { ra: false, aa: true, records: 1, ..reply(OptRcode::NOERROR) };
    let nxdomain = |aa: bool| Reply { ra: false, aa, ..reply(OptRcode::NXDOMAIN) };
    let circle = Reply { is_loop: true, ..reply(OptRcode::NOERROR) };
    let out_of_order = || Reply { is_out_of_order: true, records: 1, ..reply(OptRcode::NOERROR) };
    let no_address = "aliases out of order: the C library finds no address";
    let (v6, secure) = (with("2001:db8::80"), Reply { ad: true, ..out_of_order() });
    assert_eq!(told(&name("a.example"), &[outcome(out_of_order()), code(OptRcode::NOERROR)]), no_address);
    assert_eq!(told(&name("a.example"), &[outcome(out_of_order()), v6]), no_address);
    // Programs take A, and do not wait.
    assert_eq!(told(&name("a.example"), &[with("192.0.2.80"), outcome(out_of_order())]), "good");
    assert_eq!(told(&of(Expect::Secure), &[outcome(secure)]), no_address);
    let mail = Reply { records: 2, ..reply(OptRcode::NOERROR) };
    let rows = [
        (authority, "does not recurse"),
        (nxdomain(true), "does not recurse"),
        (nxdomain(false), "does not recurse"),
        (circle, "CNAME loop"),
        (mail, "good"),
        (reply(OptRcode::NOERROR), "no MX record (NODATA)"),
    ];
    for (reply, expected) in rows {
        assert_eq!(told(&name("a.example/MX"), &[outcome(reply)]), expected);
    }
}

/// Programs get an answer still, and none once it is dropped.
#[test]
fn stale_answers_are_told() {
    let stale = |rcode: OptRcode, code: u16| Reply { errors: vec![(code, String::new())], ..reply(rcode) };
    let address = |code: u16| {
        outcome(Reply {
            records: 1,
            addresses: vec!["192.0.2.80".parse().unwrap()],
            ..stale(OptRcode::NOERROR, code)
        })
    };
    let words = "good, stale answer, its upstream fails";
    let rows = [
        (name("a.example/A"), address(3), words),
        (name("a.example/A"), address(13), "good"),
        (name("a.example/A"), outcome(stale(OptRcode::NXDOMAIN, 19)), "NXDOMAIN"),
        (of(Expect::Absent), outcome(stale(OptRcode::NXDOMAIN, 19)), words),
        (of(Expect::Secure), outcome(Reply { ad: true, ..stale(OptRcode::NOERROR, 3) }), words),
    ];
    for (question, outcome, expected) in rows {
        let judged = judge_all(std::slice::from_ref(&question), &[vec![outcome.clone()]]);
        assert_eq!(words_of(&judged[0]), expected, "{question:?} {outcome:?}");
    }
}

#[test]
fn the_cause_of_servfail_is_told() {
    let servfail = |codes: &[u16], is_dnssec: bool| {
        let errors = codes.iter().map(|code| (*code, String::new())).collect();
        Outcome { is_dnssec, ..outcome(Reply { errors, ..reply(OptRcode::SERVFAIL) }) }
    };
    let rows = [
        (servfail(&[], false), "SERVFAIL"),
        (servfail(&[22], false), "SERVFAIL (no reachable authority)"),
        (servfail(&[0, 23], false), "SERVFAIL (network error)"),
        // CD=1 fails too.
        (servfail(&[6], false), "SERVFAIL"),
        (servfail(&[9], false), "SERVFAIL"),
        (servfail(&[6, 7], false), "SERVFAIL (signature expired)"),
        (servfail(&[9, 13], false), "SERVFAIL (cached error)"),
        (servfail(&[], true), "SERVFAIL by DNSSEC"),
        (servfail(&[6], true), "SERVFAIL by DNSSEC"),
        (servfail(&[22, 6, 7], true), "SERVFAIL by DNSSEC (signature expired)"),
        // CD=1 may be answered from the cache.
        (servfail(&[22], true), "SERVFAIL (no reachable authority)"),
        (servfail(&[23], true), "SERVFAIL (network error)"),
        (servfail(&[9, 22], true), "SERVFAIL (no reachable authority)"),
        (servfail(&[6, 23], true), "SERVFAIL (network error)"),
    ];
    for (outcome, expected) in rows {
        assert_eq!(told(&name("a.example/A"), std::slice::from_ref(&outcome)), expected, "{outcome:?}");
    }
}

#[test]
fn failures_may_be_what_is_expected() {
    use OptRcode as R;
    let broken = Outcome { is_dnssec: true, ..code(R::SERVFAIL) };
    let by_code = |code: u16| outcome(Reply { errors: vec![(code, String::new())], ..reply(R::SERVFAIL) });
    let valid = outcome(Reply { ad: true, ..reply(R::NOERROR) });
    let own = |aa: bool| outcome(Reply { ra: false, aa, ..reply(R::NXDOMAIN) });
    let circle = outcome(Reply { is_loop: true, ..reply(R::NOERROR) });
    let rows = [
        (Expect::Absent, code(R::NXDOMAIN), "good"),
        (Expect::Absent, with("192.0.2.80"), "invents an answer for a name that does not exist"),
        (Expect::Absent, code(R::NOERROR), "no NXDOMAIN but NODATA"),
        (Expect::Absent, code(R::SERVFAIL), "SERVFAIL"),
        (Expect::Absent, failed(Fault::NoAnswer), "no answer"),
        (Expect::Absent, own(true), "does not recurse"),
        (Expect::Absent, own(false), "does not recurse"),
        (Expect::Secure, valid.clone(), "good"),
        (Expect::Secure, with("192.0.2.80"), "answers, but not as validated (AD=0)"),
        (Expect::Secure, broken.clone(), "SERVFAIL by DNSSEC"),
        (Expect::Secure, code(R::NXDOMAIN), "NXDOMAIN"),
        (Expect::Secure, own(false), "does not recurse"),
        (Expect::Bogus, broken, "good"),
        (Expect::Bogus, by_code(7), "good"),
        (Expect::Bogus, by_code(8), "good"),
        // A zone that does not answer is told so too.
        (Expect::Bogus, by_code(6), "SERVFAIL"),
        (Expect::Bogus, by_code(9), "SERVFAIL"),
        (Expect::Bogus, code(R::SERVFAIL), "SERVFAIL"),
        (Expect::Bogus, with("192.0.2.80"), "does not validate DNSSEC"),
        (Expect::Bogus, code(R::NXDOMAIN), "NXDOMAIN"),
        (Expect::Bogus, own(false), "does not recurse"),
        (Expect::Bogus, valid, "validated (AD=1)"),
        (Expect::Bogus, code(R::NOERROR), "no address (NODATA)"),
        (Expect::Bogus, circle, "CNAME loop"),
    ];
    for (expect, outcome, expected) in rows {
        assert_eq!(
            told(&of(expect.clone()), std::slice::from_ref(&outcome)),
            expected,
            "{expect:?} {outcome:?}"
        );
    }
}

/// A server that has lost its way out has no keys, and the answer with CD=1 may be from its cache.
#[test]
fn dnssec_is_no_cause_where_the_server_resolves_nothing() {
    let signed = |codes: &[u16]| {
        let errors = codes.iter().map(|code| (*code, String::new())).collect();
        Outcome { is_dnssec: true, ..outcome(Reply { errors, ..reply(OptRcode::SERVFAIL) }) }
    };
    let servfail = || code(OptRcode::SERVFAIL);
    let rows = [
        (signed(&[9]), servfail(), "SERVFAIL"),
        (signed(&[6]), servfail(), "SERVFAIL"),
        (signed(&[7]), servfail(), "SERVFAIL by DNSSEC (signature expired)"),
        (signed(&[9]), with("192.0.2.80"), "SERVFAIL by DNSSEC (DNSKEY missing)"),
        (signed(&[9]), code(OptRcode::REFUSED), "SERVFAIL by DNSSEC (DNSKEY missing)"),
    ];
    let questions = [name("a.example/A"), name("b.example/A")];
    for (broken, other, expected) in rows {
        let judged = judge_all(&questions, &[vec![broken], vec![other]]);
        assert_eq!(words_of(&judged[0]), expected);
    }
    // A name whose signature is broken shall not resolve.
    let questions = [name("a.example/A"), of(Expect::Bogus)];
    let judged = judge_all(&questions, &[vec![signed(&[9])], vec![servfail()]]);
    assert_eq!(words_of(&judged[0]), "SERVFAIL by DNSSEC (DNSKEY missing)");
}
