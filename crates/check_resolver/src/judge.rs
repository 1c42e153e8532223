//! Judges what one server said to one question.

mod own;

use std::fmt;
use std::net::IpAddr;

use domain::base::Rtype;
use domain::base::iana::OptRcode;

use crate::fault::{Fault, extended, is_dnssec, is_out_of_date, is_out_of_reach};
use crate::judge::own::Own;
use crate::message::Reply;
use crate::outcome::Outcome;
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
    /// What the server tells of a failure that it decides on itself.
    own: Own,
    /// Whether an answer came validated (AD=1).
    pub(crate) is_validated: bool,
}

/// A fault that costs programs time, or soon more than that, although a name resolves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Cost {
    /// AAAA fails, and A resolves.
    Aaaa(Fault),
    /// The server answers only without EDNS.
    OnlyPlain,
    /// The server answers with what it kept beyond its time to live.
    Stale,
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Aaaa(fault) => write!(f, "AAAA {fault}"),
            Self::OnlyPlain => f.write_str("answers only without EDNS"),
            Self::Stale => f.write_str("stale answer, its upstream fails"),
        }
    }
}

impl Judged {
    /// Returns its fault in words: `A SERVFAIL` where AAAA resolves, `NXDOMAIN (blocked)` where the server
    /// tells that.
    pub(crate) fn in_words(&self) -> Option<String> {
        let kind = if self.is_only_a { "A " } else { "" };
        self.fault.as_ref().map(|fault| format!("{kind}{fault}{}", self.own.beside(fault)))
    }

    /// Whether a zone that fails can look so on a server that is well. One that blocks or refuses the name,
    /// or has its zone, decides on that itself.
    pub(crate) fn may_be_the_zone(&self) -> bool {
        self.fault.as_ref().is_some_and(Fault::may_be_the_zone) && !self.own.decides
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

/// Judges a server by its outcomes for each question. Where it validates one answer, another one without a
/// signature does not show that it does not validate.
pub(crate) fn judge_all(questions: &[Question], outcomes: &[Vec<Outcome>]) -> Vec<Judged> {
    let replies = |outcomes: &[Outcome], is: fn(&Reply) -> bool| {
        outcomes.iter().filter_map(|outcome| outcome.answer.as_ref().ok()).any(|answered| is(&answered.reply))
    };
    let validates = outcomes.iter().any(|outcomes| replies(outcomes, |reply| reply.ad));
    let judged: Vec<Judged> = questions
        .iter()
        .zip(outcomes)
        .map(|(question, outcomes)| {
            let mut judged = judge(question, outcomes);
            if judged.fault == Some(Fault::NotValidating)
                && validates
                && !replies(outcomes, |reply| reply.is_signed)
            {
                judged.fault = Some(Fault::Unsigned);
            }
            judged.is_validated = replies(outcomes, Reply::is_validated);
            judged.own = judged.fault.as_ref().map(|fault| Own::new(fault, outcomes)).unwrap_or_default();
            if judged.fault.is_none() && replies(outcomes, Reply::is_stale) {
                judged.costs.push(Cost::Stale);
            }
            judged
        })
        .collect();
    let is_lost = |(question, judged): (&Question, &Judged)| {
        question.expect != Expect::Bogus && matches!(judged.fault, Some(Fault::ServFail(_)))
    };
    let is_lost = questions.iter().zip(&judged).any(is_lost);
    judged.into_iter().map(|judged| if is_lost { without_dnssec(judged) } else { judged }).collect()
}

/// Takes DNSSEC for no cause where the server has seen no signature: it does not resolve another name either,
/// and the one without a check may be from its cache.
fn without_dnssec(mut judged: Judged) -> Judged {
    if matches!(&judged.fault, Some(fault @ Fault::Dnssec(_)) if !fault.has_seen_signature()) {
        judged.fault = Some(Fault::ServFail(None));
    }
    judged
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
    let kind = question.types.first().copied().filter(|_| question.types.len() == 1);
    let each: Vec<Result<(), Fault>> =
        outcomes.iter().map(|outcome| resolved(expected, kind, outcome)).collect();
    let any_good = each.iter().any(Result::is_ok);
    let mut judged = Judged::default();
    for (kind, result) in question.types.iter().zip(each) {
        match result {
            Ok(()) => {}
            Err(Fault::NoData(_)) if any_good => {}
            // Programs take the address of A at once.
            Err(Fault::OutOfOrder) if any_good && *kind == Rtype::AAAA => {}
            Err(fault) if any_good && *kind == Rtype::AAAA && is_only_slow(&fault) => {
                judged.costs.push(Cost::Aaaa(fault))
            }
            // NODATA of one type explains nothing where the other one fails.
            Err(fault) if judged.fault.as_ref().is_none_or(|former| matches!(former, Fault::NoData(_))) => {
                judged.is_only_a = any_good && *kind == Rtype::A && fault.address().is_none();
                judged.fault = Some(fault)
            }
            Err(_) => {}
        }
    }
    let is_plain = outcomes.iter().any(|outcome| {
        let rcode = outcome.answer.as_ref().map(|answered| answered.reply.rcode);
        outcome.is_plain && matches!(rcode, Ok(OptRcode::NOERROR | OptRcode::NXDOMAIN))
    });
    if judged.fault.is_none() && is_plain {
        judged.costs.push(Cost::OnlyPlain);
    }
    judged
}

/// Whether a fault of AAAA costs time and no more: an address that is wrong is worse.
fn is_only_slow(fault: &Fault) -> bool {
    !matches!(fault, Fault::Unexpected(_) | Fault::Nowhere(_) | Fault::NotRecursive)
}

/// What is wrong with the answer of one type, which is `kind` if only that is asked for.
fn resolved(expected: &[Prefix], kind: Option<Rtype>, outcome: &Outcome) -> Result<(), Fault> {
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
        _ if reply.is_out_of_order => Err(Fault::OutOfOrder),
        _ if reply.records == 0 => Err(Fault::NoData(kind)),
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

/// What another code than NOERROR means. A server that does not recurse may call every name missing.
fn of_code(reply: &Reply, outcome: &Outcome) -> Option<Fault> {
    match reply.rcode {
        OptRcode::NOERROR => None,
        OptRcode::NXDOMAIN if !reply.ra => Some(Fault::NotRecursive),
        OptRcode::NXDOMAIN => Some(Fault::NxDomain),
        OptRcode::SERVFAIL if outcome.is_dnssec && !is_unreachable(reply) => {
            Some(Fault::Dnssec(cause(reply, true)))
        }
        OptRcode::SERVFAIL => Some(Fault::ServFail(cause(reply, false))),
        code => Some(Fault::Code(code)),
    }
}

/// Whether the server says that it does not reach the zone, and not that it has seen a signature: then it has
/// no key to validate with.
fn is_unreachable(reply: &Reply) -> bool {
    let has = |is: fn(u16) -> bool| reply.errors.iter().any(|(code, _)| is(*code));
    has(is_out_of_reach) && !has(is_out_of_date)
}

/// The cause by the extended errors: the one that says most of DNSSEC where that is to blame, else one of
/// another kind. A server that does not reach a signed zone has no key, and may call it bogus: only that it
/// has seen a signature says more.
fn cause(reply: &Reply, is_dnssec_fault: bool) -> Option<&'static str> {
    let tells = |code: &u16| is_dnssec_fault || !is_dnssec(*code) || is_out_of_date(*code);
    let mut codes: Vec<u16> = reply.errors.iter().map(|(code, _)| *code).filter(tells).collect();
    // "Bogus" says no more than DNSSEC does.
    codes.sort_by_key(|code| (is_dnssec_fault != is_dnssec(*code), matches!(code, 5 | 6)));
    let known = codes.into_iter().find_map(|code| extended(code).map(|words| (code, words)));
    known.filter(|(code, _)| !is_dnssec_fault || !matches!(code, 5 | 6)).map(|(_, words)| words)
}

fn absent(reply: &Reply, outcome: &Outcome) -> Option<Fault> {
    match of_code(reply, outcome) {
        Some(Fault::NxDomain) => None,
        Some(fault) => Some(fault),
        None if reply.is_loop => Some(Fault::Loop),
        None if reply.records > 0 => Some(Fault::Invents),
        None if !reply.ra => Some(Fault::NotRecursive),
        None => Some(Fault::Exists),
    }
}

/// That the name has no address may be validated as well.
fn secure(reply: &Reply, outcome: &Outcome) -> Option<Fault> {
    match of_code(reply, outcome) {
        Some(fault) => Some(fault),
        None if reply.is_out_of_order => Some(Fault::OutOfOrder),
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
        None if reply.records == 0 => Some(Fault::NoData(None)),
        None => Some(Fault::NotValidating),
    }
}

#[cfg(test)]
mod tests;
