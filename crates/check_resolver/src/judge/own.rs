//! What a server decides on itself, whatever the zone has: it blocks a name, refuses it, or has its zone.

use domain::base::iana::OptRcode;

use crate::fault::{Fault, extended, is_policy, is_stale};
use crate::message::Reply;
use crate::outcome::Outcome;

/// What a server tells of a failure.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Own {
    /// Its cause, beside a fault that does not tell it.
    word: Option<&'static str>,
    /// Whether the server decides on it, and not the zone.
    pub(super) decides: bool,
}

impl Own {
    /// Takes what was answered where this is the fault.
    pub(super) fn new(fault: &Fault, outcomes: &[Outcome]) -> Self {
        let replies = outcomes.iter().filter_map(|outcome| Some(&outcome.answer.as_ref().ok()?.reply));
        let mut told = replies.filter(|reply| is_of(fault, reply)).map(|reply| Self::of_reply(fault, reply));
        let first = told.next().unwrap_or_default();
        told.fold(first, |all, own| Self { word: all.word.or(own.word), decides: all.decides || own.decides })
    }

    fn of_reply(fault: &Fault, reply: &Reply) -> Self {
        let codes = || reply.errors.iter().map(|(code, _)| *code);
        let has_zone = *fault == Fault::NxDomain && reply.aa;
        let decides = has_zone || *fault == Fault::Code(OptRcode::REFUSED) || codes().any(is_policy);
        let is_told = |code: &u16| match fault {
            // It has its cause already.
            Fault::ServFail(_) | Fault::Dnssec(_) => false,
            Fault::NxDomain | Fault::Code(_) => !is_stale(*code),
            _ => is_policy(*code),
        };
        let word = codes().filter(is_told).find_map(extended);
        Self { word: word.or(has_zone.then_some("authoritative")), decides }
    }

    /// Returns the cause as it follows its fault: ` (blocked)`.
    pub(super) fn beside(self, fault: &Fault) -> String {
        match (self.word, fault) {
            (None, _) => String::new(),
            (Some(word), Fault::NxDomain | Fault::Code(_)) => format!(" ({word})"),
            (Some(word), _) => format!(", {word}"),
        }
    }
}

/// Whether this is an answer with the fault.
fn is_of(fault: &Fault, reply: &Reply) -> bool {
    match fault {
        Fault::NxDomain => reply.rcode == OptRcode::NXDOMAIN,
        Fault::Code(code) => reply.rcode == *code,
        Fault::ServFail(_) | Fault::Dnssec(_) => reply.rcode == OptRcode::SERVFAIL,
        _ => reply.rcode == OptRcode::NOERROR,
    }
}
