//! Judges what one server said to one question.

use std::fmt;
use std::net::IpAddr;

use domain::base::Rtype;
use domain::base::iana::OptRcode;

use crate::fault::{Fault, extended, is_dnssec, is_out_of_date};
use crate::message::Reply;
use crate::plan::Outcome;
use crate::question::{Expect, Prefix, Question};

/// What a server's answers to a question are worth.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Judged {
    /// Why it fails: `None` if it does not.
    pub(crate) fault: Option<Fault>,
    /// Whether A alone fails, and AAAA resolves.
    pub(crate) is_only_a: bool,
    /// What costs programs time although it resolves.
    pub(crate) costs: Vec<Cost>,
}

/// A fault that costs programs time although a name resolves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// AAAA fails, and A resolves.
    Aaaa(Fault),
    /// The server answers only without EDNS.
    OnlyPlain,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aaaa(fault) => write!(f, "AAAA {fault}"),
            Self::OnlyPlain => f.write_str("answers only without EDNS"),
        }
    }
}

impl Judged {
    /// Returns its fault in words: `A SERVFAIL` where AAAA resolves.
    pub(crate) fn in_words(&self) -> Option<String> {
        let kind = if self.is_only_a { "A " } else { "" };
        self.fault.as_ref().map(|fault| format!("{kind}{fault}"))
    }
}

/// Judges a server by its outcomes for the types of a question, in their order.
fn judge(question: &Question, outcomes: &[Outcome]) -> Judged {
    match &question.expect {
        Expect::Resolves(expected) => resolves(question, expected, outcomes),
        Expect::Absent => single(outcomes, absent),
        Expect::Secure => single(outcomes, secure),
        Expect::Bogus => single(outcomes, bogus),
    }
}

/// Judges a server by its outcomes for each question.
pub(crate) fn judge_all(questions: &[Question], outcomes: &[Vec<Outcome>]) -> Vec<Judged> {
    questions.iter().zip(outcomes).map(|(question, outcomes)| judge(question, outcomes)).collect()
}

fn single(outcomes: &[Outcome], fault: impl Fn(&Reply, &Outcome) -> Option<Fault>) -> Judged {
    let of = |outcome: &Outcome| match &outcome.answer {
        Err(fault) => Some(fault.clone()),
        Ok(answered) => fault(&answered.reply, outcome),
    };
    Judged { fault: outcomes.iter().find_map(of), ..Judged::default() }
}

/// A name resolves if A or AAAA does. The other one may be missing, but must not fail: A is what every
/// program needs, and a failing AAAA costs each name seconds.
fn resolves(question: &Question, expected: &[Prefix], outcomes: &[Outcome]) -> Judged {
    let each: Vec<Result<(), Fault>> = outcomes.iter().map(|outcome| resolved(expected, outcome)).collect();
    let any_good = each.iter().any(Result::is_ok);
    let mut judged = Judged::default();
    for (kind, result) in question.types.iter().zip(each) {
        match result {
            Ok(()) => {}
            Err(Fault::NoData) if any_good => {}
            Err(fault) if any_good && *kind == Rtype::AAAA && is_only_slow(&fault) => {
                judged.costs.push(Cost::Aaaa(fault))
            }
            // NODATA of one type explains nothing where the other one fails.
            Err(fault) if judged.fault.as_ref().is_none_or(|former| *former == Fault::NoData) => {
                judged.is_only_a = any_good && *kind == Rtype::A && fault.address().is_none();
                judged.fault = Some(fault)
            }
            Err(_) => {}
        }
    }
    let is_plain = outcomes.iter().any(|outcome| outcome.is_plain && outcome.answer.is_ok());
    if judged.fault.is_none() && is_plain {
        judged.costs.push(Cost::OnlyPlain);
    }
    judged
}

/// Whether a fault of AAAA costs time and no more: an address that is wrong is worse.
fn is_only_slow(fault: &Fault) -> bool {
    !matches!(fault, Fault::Unexpected(_) | Fault::Nowhere(_) | Fault::NotRecursive)
}

fn resolved(expected: &[Prefix], outcome: &Outcome) -> Result<(), Fault> {
    let reply = match &outcome.answer {
        Ok(answered) => &answered.reply,
        Err(fault) => return Err(fault.clone()),
    };
    if let Some(fault) = of_code(reply, outcome) {
        return Err(fault);
    }
    match wrong_address(&reply.addresses, expected) {
        _ if reply.is_loop => Err(Fault::Loop),
        _ if !reply.ra => Err(Fault::NotRecursive),
        _ if reply.records == 0 => Err(Fault::NoData),
        Some(fault) => Err(fault),
        None => Ok(()),
    }
}

/// What is wrong with the addresses of a name: one that is not expected or, if none are, one that is no
/// host's.
pub(crate) fn wrong_address(addresses: &[IpAddr], expected: &[Prefix]) -> Option<Fault> {
    let is_wrong = |address: &&IpAddr| match expected {
        [] => is_nowhere(**address),
        expected => !expected.iter().any(|prefix| prefix.contains(**address)),
    };
    let wrong = *addresses.iter().find(is_wrong)?;
    Some(if expected.is_empty() { Fault::Nowhere(wrong) } else { Fault::Unexpected(wrong) })
}

/// No host can be reached by it.
fn is_nowhere(address: IpAddr) -> bool {
    address.is_unspecified() || address.is_loopback()
}

/// What another code than NOERROR means.
fn of_code(reply: &Reply, outcome: &Outcome) -> Option<Fault> {
    match reply.rcode {
        OptRcode::NOERROR => None,
        OptRcode::NXDOMAIN if !reply.ra && reply.aa => Some(Fault::NotRecursive),
        OptRcode::NXDOMAIN => Some(Fault::NxDomain),
        OptRcode::SERVFAIL if outcome.is_dnssec => Some(Fault::Dnssec(cause(reply, true))),
        OptRcode::SERVFAIL => Some(Fault::ServFail(cause(reply, false))),
        code => Some(Fault::Code(code)),
    }
}

/// The cause by the extended errors: where DNSSEC is to blame, the one that says most of it.
fn cause(reply: &Reply, is_dnssec_fault: bool) -> Option<&'static str> {
    let mut codes: Vec<u16> = reply.errors.iter().map(|(code, _)| *code).collect();
    // "Bogus" says no more than DNSSEC does.
    codes.sort_by_key(|code| (is_dnssec_fault && !is_dnssec(*code), matches!(code, 5 | 6)));
    let known = codes.into_iter().find_map(|code| extended(code).map(|words| (code, words)));
    known.filter(|(code, _)| !is_dnssec_fault || !matches!(code, 5 | 6)).map(|(_, words)| words)
}

/// A server that does not recurse may call every name missing.
fn absent(reply: &Reply, outcome: &Outcome) -> Option<Fault> {
    match of_code(reply, outcome) {
        Some(Fault::NxDomain) if !reply.ra => Some(Fault::NotRecursive),
        Some(Fault::NxDomain) => None,
        Some(fault) => Some(fault),
        None if reply.is_loop => Some(Fault::Loop),
        None if reply.records > 0 => Some(Fault::Invents),
        None if !reply.ra => Some(Fault::NotRecursive),
        None => Some(Fault::NoData),
    }
}

/// That the name has no address may be validated as well.
fn secure(reply: &Reply, outcome: &Outcome) -> Option<Fault> {
    match of_code(reply, outcome) {
        Some(fault) => Some(fault),
        None if reply.ad => None,
        None if !reply.ra => Some(Fault::NotRecursive),
        None => Some(Fault::NotValidated),
    }
}

/// SERVFAIL proves it only where an answer comes with CD=1, or where the server has seen a signature: it
/// fails so for a zone that does not answer as well, and calls that bogus or without a key. Without a record
/// there is no signature that could be broken. The signature of a validated answer is not broken.
fn bogus(reply: &Reply, outcome: &Outcome) -> Option<Fault> {
    let has_seen = reply.errors.iter().any(|(code, _)| is_out_of_date(*code));
    match of_code(reply, outcome) {
        Some(Fault::Dnssec(_)) => None,
        Some(Fault::ServFail(_)) if has_seen => None,
        Some(fault) => Some(fault),
        None if !reply.ra => Some(Fault::NotRecursive),
        None if reply.is_loop => Some(Fault::Loop),
        None if reply.ad => Some(Fault::Validated),
        None if reply.records == 0 => Some(Fault::NoData),
        None => Some(Fault::NotValidating),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::{answered, reply};
    use crate::question::{Asked, NameOption};

    fn outcome(reply: Reply) -> Outcome {
        Outcome {
            answer: Ok(answered(reply)),
            is_plain: false,
            is_dnssec: false,
            resolves: false,
            is_cut: false,
        }
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
        Outcome { answer: Err(fault), is_plain: false, is_dnssec: false, resolves: false, is_cut: false }
    }

    fn name(text: &str) -> Question {
        text.parse::<NameOption>().unwrap().question(1).unwrap()
    }

    fn of(expect: Expect) -> Question {
        "a.example".parse::<Asked>().unwrap().question(1, vec![Rtype::A], expect).unwrap()
    }

    /// The fault and the costs in words.
    fn told(question: &Question, outcomes: &[Outcome]) -> String {
        let judged = judge(question, outcomes);
        let fault = judged.fault.map_or_else(|| "good".to_owned(), |fault| fault.to_string());
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
        let nxdomain = Reply { ra: false, aa: true, ..reply(OptRcode::NXDOMAIN) };
        let circle = Reply { is_loop: true, ..reply(OptRcode::NOERROR) };
        let mail = Reply { records: 2, ..reply(OptRcode::NOERROR) };
        let rows = [
            (authority, "does not recurse"),
            (nxdomain, "does not recurse"),
            (circle, "CNAME loop"),
            (mail, "good"),
            (reply(OptRcode::NOERROR), "no address (NODATA)"),
        ];
        for (reply, expected) in rows {
            assert_eq!(told(&name("a.example/MX"), &[outcome(reply)]), expected);
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
            (servfail(&[], true), "SERVFAIL by DNSSEC"),
            (servfail(&[6], true), "SERVFAIL by DNSSEC"),
            (servfail(&[22, 6, 7], true), "SERVFAIL by DNSSEC (signature expired)"),
        ];
        for (outcome, expected) in rows {
            assert_eq!(told(&name("a.example/A"), std::slice::from_ref(&outcome)), expected, "{outcome:?}");
        }
    }

    #[test]
    fn failures_may_be_what_is_expected() {
        use OptRcode as R;
        let broken = Outcome { is_dnssec: true, ..code(R::SERVFAIL) };
        let by_code =
            |code: u16| outcome(Reply { errors: vec![(code, String::new())], ..reply(R::SERVFAIL) });
        let valid = outcome(Reply { ad: true, ..reply(R::NOERROR) });
        let rows = [
            (Expect::Absent, code(R::NXDOMAIN), "good"),
            (Expect::Absent, with("192.0.2.80"), "invents an answer for a name that does not exist"),
            (Expect::Absent, code(R::NOERROR), "no address (NODATA)"),
            (Expect::Absent, code(R::SERVFAIL), "SERVFAIL"),
            (Expect::Absent, failed(Fault::NoAnswer), "no answer"),
            (Expect::Secure, valid, "good"),
            (Expect::Secure, with("192.0.2.80"), "answers, but not as validated (AD=0)"),
            (Expect::Secure, broken.clone(), "SERVFAIL by DNSSEC"),
            (Expect::Secure, code(R::NXDOMAIN), "NXDOMAIN"),
            (Expect::Bogus, broken, "good"),
            (Expect::Bogus, by_code(7), "good"),
            (Expect::Bogus, by_code(8), "good"),
            // A zone that does not answer is told so too.
            (Expect::Bogus, by_code(6), "SERVFAIL (DNSSEC bogus)"),
            (Expect::Bogus, by_code(9), "SERVFAIL (DNSKEY missing)"),
            (Expect::Bogus, code(R::SERVFAIL), "SERVFAIL"),
            (Expect::Bogus, with("192.0.2.80"), "does not validate DNSSEC"),
            (Expect::Bogus, code(R::NXDOMAIN), "NXDOMAIN"),
        ];
        for (expect, outcome, expected) in rows {
            assert_eq!(
                told(&of(expect.clone()), std::slice::from_ref(&outcome)),
                expected,
                "{expect:?} {outcome:?}"
            );
        }
    }
}
