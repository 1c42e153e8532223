//! What is asked in which order for one name and type at one server, as a function of what came back: no
//! input or output.
//!
//! | what came | what is asked |
//! | --- | --- |
//! | an answer that did not fit | the same by TCP |
//! | FORMERR or NOTIMP without EDNS | the same without EDNS |
//! | SERVFAIL | the same with CD: an answer now means that DNSSEC is the cause |
//! | nothing | the same without EDNS and by TCP, side by side: a late answer to the first still counts |

use std::time::Duration;

use domain::base::iana::OptRcode;

use crate::fault::{Fault, Tcp};
use crate::message::{Form, Reply};

/// The first question: by UDP, with EDNS.
pub(crate) const FIRST: Form = Form { tcp: false, edns: true, unchecked: false };

/// An answer, and how it came.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Answered {
    /// What it says.
    pub reply: Reply,
    /// From the sending of its question to its arrival.
    pub took: Duration,
    /// Whether its question was not the first of its kind.
    pub is_repeated: bool,
}

/// How an attempt ended.
pub(crate) type Ended = Result<Answered, Fault>;

/// What came of one name and type at one server.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    /// The answer that counts, or why there is none.
    pub answer: Result<Answered, Fault>,
    /// Whether it came only to a question without EDNS.
    pub is_plain: bool,
    /// Whether it is SERVFAIL and goes with CD.
    pub is_dnssec: bool,
    /// Whether anything that came in answer is a resolver's, also what does not count as the answer.
    pub resolves: bool,
    /// Whether nothing came of a question that had too little time: that is not yet silence.
    pub is_cut: bool,
}

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Next {
    /// Wait for what is under way.
    Wait,
    /// Ask in these forms.
    Ask(Vec<Form>),
    /// That is all.
    Done(Box<Outcome>),
}

/// How far it has come.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Plan {
    /// The first question is under way.
    #[default]
    First,
    /// TCP is under way, because an answer did not fit.
    Truncated { is_plain: bool },
    /// The question without EDNS is under way, because the server did not take EDNS: what it answered.
    WithoutEdns(Box<Answered>),
    /// The question with CD is under way: what came without, and whether EDNS was not taken.
    Unchecked { answer: Box<Answered>, is_plain: bool },
    /// Two are under way because nothing came: why, and what came by TCP.
    Silent { fault: Fault, tcp: Option<bool>, is_plain_over: bool },
}

impl Plan {
    /// Takes the end of what was asked in this form.
    pub(crate) fn ended(&mut self, form: Form, ended: Ended) -> Next {
        match std::mem::take(self) {
            Self::First => self.after_first(form, ended),
            Self::Truncated { is_plain } => match ended {
                Ok(answered) if answered.reply.tc => {
                    done(Err(Fault::Truncated(Tcp::Malformed)), is_plain, false)
                }
                Ok(answered) => self.judge(form, answered, is_plain),
                Err(fault) => done(Err(Fault::Truncated(tcp_fault(&fault))), is_plain, false),
            },
            Self::WithoutEdns(refusal) => match ended {
                Ok(answered) => self.judge(form, answered, true),
                Err(_) => done(Ok(*refusal), false, false),
            },
            Self::Unchecked { answer, is_plain } => {
                let is_dnssec = ended
                    .is_ok_and(|ended| matches!(ended.reply.rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN));
                done(Ok(*answer), is_plain, is_dnssec)
            }
            Self::Silent { fault, tcp, is_plain_over } => {
                self.after_silence(form, ended, fault, tcp, is_plain_over)
            }
        }
    }

    /// Whether nothing came so far.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Silent { .. })
    }

    fn after_first(&mut self, form: Form, ended: Ended) -> Next {
        match ended {
            Ok(answered) if !answered.reply.edns && is_refusal_of_edns(answered.reply.rcode) => {
                *self = Self::WithoutEdns(Box::new(answered));
                Next::Ask(vec![Form { edns: false, ..form }])
            }
            Ok(answered) => self.judge(form, answered, false),
            Err(fault @ (Fault::NoAnswer | Fault::Malformed(_) | Fault::OtherQuestion | Fault::Echo)) => {
                self.after_loss(fault)
            }
            Err(fault @ (Fault::WrongId | Fault::Elsewhere { .. })) => self.after_loss(fault),
            // The path or this machine says why: nothing else would come through.
            Err(fault) => done(Err(fault), false, false),
        }
    }

    fn after_loss(&mut self, fault: Fault) -> Next {
        *self = Self::Silent { fault, tcp: None, is_plain_over: false };
        Next::Ask(vec![Form { edns: false, ..FIRST }, Form { tcp: true, ..FIRST }])
    }

    /// An answer that may need a further question.
    fn judge(&mut self, form: Form, answered: Answered, is_plain: bool) -> Next {
        if answered.reply.tc && !form.tcp {
            *self = Self::Truncated { is_plain };
            return Next::Ask(vec![Form { tcp: true, ..form }]);
        }
        if answered.reply.rcode == OptRcode::SERVFAIL {
            *self = Self::Unchecked { answer: Box::new(answered), is_plain };
            return Next::Ask(vec![Form { unchecked: true, ..form }]);
        }
        done(Ok(answered), is_plain, false)
    }

    /// An answer by UDP counts before one by TCP.
    fn after_silence(
        &mut self,
        form: Form,
        ended: Ended,
        fault: Fault,
        tcp: Option<bool>,
        is_plain_over: bool,
    ) -> Next {
        let (tcp, is_plain_over) = match (form.tcp, ended) {
            (false, Ok(answered)) => return self.judge(form, answered, !form.edns),
            (false, Err(_)) => (tcp, true),
            (true, ended) => (Some(ended.is_ok()), is_plain_over),
        };
        match (is_plain_over, tcp) {
            (true, Some(true)) if fault == Fault::NoAnswer => done(Err(Fault::OnlyTcp), false, false),
            (true, Some(_)) => done(Err(fault), false, false),
            _ => {
                *self = Self::Silent { fault, tcp, is_plain_over };
                Next::Wait
            }
        }
    }
}

/// Servers older than EDNS answer so, without EDNS in the answer (RFC 6891, section 7).
fn is_refusal_of_edns(code: OptRcode) -> bool {
    matches!(code, OptRcode::FORMERR | OptRcode::NOTIMP)
}

fn tcp_fault(fault: &Fault) -> Tcp {
    match fault {
        Fault::Truncated(tcp) => *tcp,
        Fault::Refused => Tcp::Refused,
        Fault::NoAnswer => Tcp::NoAnswer,
        _ => Tcp::Malformed,
    }
}

fn done(answer: Ended, is_plain: bool, is_dnssec: bool) -> Next {
    Next::Done(Box::new(Outcome { answer, is_plain, is_dnssec, resolves: false, is_cut: false }))
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    const PLAIN: Form = Form { edns: false, ..FIRST };
    const TCP: Form = Form { tcp: true, ..FIRST };
    const CD: Form = Form { unchecked: true, ..FIRST };

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
        }
    }

    pub(crate) fn answered(reply: Reply) -> Answered {
        Answered { reply, took: Duration::from_millis(12), is_repeated: false }
    }

    fn ok(rcode: OptRcode) -> Ended {
        Ok(answered(reply(rcode)))
    }

    fn cut() -> Ended {
        Ok(answered(Reply { tc: true, ..reply(OptRcode::NOERROR) }))
    }

    fn without_edns(rcode: OptRcode) -> Ended {
        Ok(answered(Reply { edns: false, ..reply(rcode) }))
    }

    /// What comes of these ends, in words, with what is asked on the way.
    fn told(ends: Vec<(Form, Ended)>) -> String {
        let form = |form: &Form| match (form.tcp, form.edns, form.unchecked) {
            (false, true, false) => "udp",
            (false, false, false) => "plain",
            (true, true, false) => "tcp",
            (true, false, false) => "plain tcp",
            (_, _, true) => "cd",
        };
        let mut plan = Plan::default();
        let mut told = Vec::new();
        for (asked, ended) in ends {
            told.push(match plan.ended(asked, ended) {
                Next::Wait => "wait".to_owned(),
                Next::Ask(forms) => forms.iter().map(form).collect::<Vec<_>>().join("+"),
                Next::Done(outcome) => {
                    let answer = outcome
                        .answer
                        .map_or_else(|fault| fault.to_string(), |got| got.reply.rcode.to_string());
                    let marks = [(outcome.is_plain, " plain"), (outcome.is_dnssec, " dnssec")];
                    marks.iter().filter(|(is, _)| *is).fold(answer, |text, (_, mark)| text + mark)
                }
            });
        }
        told.join(", ")
    }

    #[test]
    fn each_end_leads_to_what_the_table_says() {
        use OptRcode as R;
        let silent = || Err(Fault::NoAnswer);
        let rows = [
            (vec![(FIRST, ok(R::NOERROR))], "NOERROR"),
            (vec![(FIRST, ok(R::NXDOMAIN))], "NXDOMAIN"),
            (vec![(FIRST, ok(R::REFUSED))], "REFUSED"),
            (vec![(FIRST, ok(R::FORMERR))], "FORMERR"),
            (vec![(FIRST, Err(Fault::Refused))], "refused: nothing listens there"),
            (vec![(FIRST, cut()), (TCP, ok(R::NOERROR))], "tcp, NOERROR"),
            (vec![(FIRST, cut()), (TCP, Err(Fault::Refused))], "tcp, truncated, and TCP refused"),
            (vec![(FIRST, cut()), (TCP, silent())], "tcp, truncated, and TCP no answer"),
            (
                vec![(FIRST, cut()), (TCP, Err(Fault::Truncated(Tcp::Closed)))],
                "tcp, truncated, and TCP closed",
            ),
            (vec![(FIRST, cut()), (TCP, cut())], "tcp, truncated, and TCP malformed"),
            (vec![(FIRST, without_edns(R::FORMERR)), (PLAIN, ok(R::NOERROR))], "plain, NOERROR plain"),
            (vec![(FIRST, without_edns(R::NOTIMP)), (PLAIN, ok(R::NOTIMP))], "plain, NOTIMP plain"),
            (vec![(FIRST, without_edns(R::NOTIMP)), (PLAIN, silent())], "plain, NOTIMP"),
            (
                vec![(FIRST, without_edns(R::FORMERR)), (PLAIN, cut()), (TCP, ok(R::NOERROR))],
                "plain, plain tcp, NOERROR plain",
            ),
            (vec![(FIRST, ok(R::SERVFAIL)), (CD, ok(R::NOERROR))], "cd, SERVFAIL dnssec"),
            (vec![(FIRST, ok(R::SERVFAIL)), (CD, ok(R::NXDOMAIN))], "cd, SERVFAIL dnssec"),
            (vec![(FIRST, ok(R::SERVFAIL)), (CD, ok(R::SERVFAIL))], "cd, SERVFAIL"),
            (vec![(FIRST, ok(R::SERVFAIL)), (CD, silent())], "cd, SERVFAIL"),
            (vec![(FIRST, silent()), (PLAIN, ok(R::NOERROR))], "plain+tcp, NOERROR plain"),
            (
                vec![(FIRST, silent()), (TCP, ok(R::NOERROR)), (PLAIN, ok(R::NOERROR))],
                "plain+tcp, wait, NOERROR plain",
            ),
            (
                vec![(FIRST, silent()), (TCP, ok(R::NOERROR)), (PLAIN, silent())],
                "plain+tcp, wait, no answer by UDP, TCP answers",
            ),
            (
                vec![(FIRST, silent()), (PLAIN, silent()), (TCP, ok(R::NOERROR))],
                "plain+tcp, wait, no answer by UDP, TCP answers",
            ),
            (vec![(FIRST, silent()), (PLAIN, silent()), (TCP, silent())], "plain+tcp, wait, no answer"),
            // Late answers to the first question.
            (vec![(FIRST, silent()), (FIRST, ok(R::NOERROR))], "plain+tcp, NOERROR"),
            (vec![(FIRST, silent()), (TCP, silent()), (FIRST, cut())], "plain+tcp, wait, tcp"),
            (vec![(FIRST, silent()), (FIRST, ok(R::SERVFAIL)), (CD, silent())], "plain+tcp, cd, SERVFAIL"),
            (
                vec![(FIRST, Err(Fault::WrongId)), (PLAIN, Err(Fault::WrongId)), (TCP, ok(R::NOERROR))],
                "plain+tcp, wait, answers carry a wrong id",
            ),
        ];
        for (ends, expected) in rows {
            assert_eq!(told(ends.clone()), expected, "{ends:?}");
        }
    }
}
