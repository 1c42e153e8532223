//! What came of one name and type at one server.

use std::time::Duration;

use domain::base::iana::OptRcode;

use crate::fault::Fault;
use crate::message::Reply;

/// An answer, and how it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answered {
    /// What it says.
    pub reply: Reply,
    /// From the first sending of its question to its arrival.
    pub took: Duration,
    /// From the first sending of the question in whatever form, where nothing came to the others.
    pub waited: Duration,
    /// Whether its question was not the first of its kind, or failed at first.
    pub is_repeated: bool,
}

/// How an attempt ended.
pub(crate) type Ended = Result<Answered, Fault>;

/// What came of one name and type at one server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// The answer that counts, or why there is none.
    pub answer: Ended,
    /// Whether it came only to a question without EDNS.
    pub is_plain: bool,
    /// Whether nothing came to those with EDNS: that may be chance.
    pub is_plain_by_silence: bool,
    /// Whether it is SERVFAIL and goes with CD.
    pub is_dnssec: bool,
    /// Whether anything that came in answer is a resolver's, also what does not count as the answer.
    pub resolves: bool,
    /// Whether nothing came of a question that had too little time: that is not yet silence.
    pub is_cut: bool,
}

impl Answered {
    /// Returns this answer, to a question that was asked because of an earlier answer: who asks waits for
    /// both.
    pub(crate) fn after(self, earlier: &Self, is_repeated: bool) -> Self {
        let is_repeated = is_repeated || self.is_repeated;
        Self { took: earlier.took + self.took, waited: earlier.waited + self.waited, is_repeated, ..self }
    }

    /// Whether the name was resolved, or is known not to exist.
    pub(crate) fn is_good(&self) -> bool {
        matches!(self.reply.rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN)
    }
}

impl Outcome {
    /// An answer, or why there is none, of which nothing else is known.
    pub(crate) fn new(answer: Ended) -> Self {
        Self {
            answer,
            is_plain: false,
            is_plain_by_silence: false,
            is_dnssec: false,
            resolves: false,
            is_cut: false,
        }
    }
}

/// Takes silence for lost packets where the same server answered another question in the same way.
pub(crate) fn settle(outcomes: &mut [Vec<Outcome>]) {
    let is_by_udp = |outcome: &Outcome| matches!(outcome.answer, Ok(_) | Err(Fault::Truncated(_)));
    let has_edns = |outcome: &Outcome| {
        !outcome.is_plain && outcome.answer.as_ref().is_ok_and(|answered| answered.reply.edns)
    };
    let all = || outcomes.iter().flatten();
    let (any_by_udp, any_with_edns) = (all().any(is_by_udp), all().any(has_edns));
    for outcome in outcomes.iter_mut().flatten() {
        if any_by_udp && outcome.answer == Err(Fault::OnlyTcp) {
            outcome.answer = Err(Fault::NoAnswer);
        }
        if any_with_edns && outcome.is_plain_by_silence {
            (outcome.is_plain, outcome.is_plain_by_silence) = (false, false);
            for answered in outcome.answer.iter_mut() {
                (answered.took, answered.is_repeated) = (answered.waited, true);
            }
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const TOOK: Duration = Duration::from_millis(12);

    /// A healthy answer without records.
    pub(crate) fn reply(rcode: OptRcode) -> Reply {
        Reply {
            rcode,
            aa: false,
            tc: false,
            ra: true,
            ad: false,
            edns: true,
            errors: Vec::new(),
            addresses: Vec::new(),
            records: 0,
            ttl: None,
            is_loop: false,
            is_out_of_order: false,
            is_signed: false,
        }
    }

    pub(crate) fn answered(reply: Reply) -> Answered {
        Answered { reply, took: TOOK, waited: TOOK, is_repeated: false }
    }

    const NO: fn() -> Outcome = || Outcome::new(Err(Fault::NoAnswer));

    fn good() -> Outcome {
        Outcome::new(Ok(answered(reply(OptRcode::NOERROR))))
    }

    fn plain() -> Outcome {
        let bare = Reply { edns: false, ..reply(OptRcode::NOERROR) };
        let answer = Answered { waited: Duration::from_millis(3200), ..answered(bare) };
        Outcome { is_plain: true, is_plain_by_silence: true, ..Outcome::new(Ok(answer)) }
    }

    #[test]
    fn an_answer_to_another_question_shows_that_packets_are_lost() {
        let only_tcp = || Outcome::new(Err(Fault::OnlyTcp));
        let said = |mut outcomes: Vec<Outcome>| {
            let mut all = [outcomes.split_off(1), outcomes];
            settle(&mut all);
            all.concat().pop().unwrap()
        };
        let late = said(vec![plain(), good()]);
        let took = late.answer.as_ref().unwrap();
        assert_eq!((took.took, took.is_repeated), (Duration::from_millis(3200), true));
        assert!(!late.is_plain);
        assert_eq!(said(vec![only_tcp(), plain()]), NO());
        // Nothing shows that EDNS, or UDP, gets through.
        for others in [NO(), only_tcp(), plain()] {
            assert_eq!(said(vec![plain(), others]), plain());
        }
        assert_eq!(said(vec![only_tcp(), NO()]), only_tcp());
        // What the server itself said of EDNS stays.
        let told = || Outcome { is_plain_by_silence: false, ..plain() };
        assert_eq!(said(vec![told(), good()]), told());
    }
}
