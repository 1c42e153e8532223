//! What is asked in which order for one name and type at one server, as a function of what came back: no
//! input or output.
//!
//! | what came | what is asked |
//! | --- | --- |
//! | an answer that did not fit | the same by TCP |
//! | FORMERR, NOTIMP, BADVERS or REFUSED | the same without EDNS |
//! | SERVFAIL | the same with CD |
//! | an answer to that | the same as at first: SERVFAIL again means that DNSSEC is the cause |
//! | a failure of that too | the same without EDNS |
//! | an answer without EDNS, after another failure | the same as at first: failing again means EDNS |
//! | an answer that is stale | the same after a while: a resolver may refresh it only then |
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
    /// From the first sending of its question to its arrival.
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
    /// TCP is under way, because an answer did not fit: after which time that came, and what came with EDNS
    /// before, if that may be why.
    Truncated { is_plain: bool, refusal: Option<Box<Answered>>, after: Duration },
    /// The question without EDNS is under way, because the server may not take EDNS: what it answered.
    WithoutEdns(Box<Answered>),
    /// The first question is under way again: what failed at first, and the answer without EDNS.
    WithEdnsAgain { refusal: Box<Answered>, plain: Box<Answered> },
    /// The question with CD is under way: what came without, and whether EDNS was not taken.
    Unchecked { answer: Box<Answered>, is_plain: bool },
    /// With CD an answer came, and the question without is under way again: what came at first.
    CheckedAgain { answer: Box<Answered>, is_plain: bool },
    /// The question is under way again because its answer was stale: that, and whether EDNS was not taken.
    Stale { answer: Box<Answered>, is_plain: bool },
    /// Two are under way because nothing came: why, and what came by TCP.
    Silent { fault: Fault, tcp: Option<bool>, is_plain_over: bool },
}

impl Plan {
    /// Takes the end of what was asked in this form.
    pub(crate) fn ended(&mut self, form: Form, ended: Ended) -> Next {
        match std::mem::take(self) {
            Self::First => self.after_first(form, ended),
            Self::Truncated { is_plain, refusal, after } => {
                let ended = ended.map(|answered| Answered { took: after + answered.took, ..answered });
                self.after_cut(form, ended, is_plain, refusal)
            }
            Self::WithoutEdns(refusal) => self.after_plain(form, ended, refusal),
            Self::WithEdnsAgain { refusal, plain } => match ended {
                Ok(answered) if !is_good(&answered) => done(Ok(*plain), true, false),
                // A server that is well again, or silent, shows nothing of EDNS.
                _ => done(Ok(*refusal), false, false),
            },
            Self::Unchecked { answer, is_plain } => self.after_unchecked(form, ended, answer, is_plain),
            Self::CheckedAgain { answer, is_plain } => {
                let fails = ended.is_ok_and(|ended| ended.reply.rcode == OptRcode::SERVFAIL);
                done(Ok(*answer), is_plain, fails)
            }
            Self::Stale { answer, is_plain } => match ended {
                Ok(again) if is_good(&again) && !again.reply.tc && !again.reply.is_stale() => {
                    done(Ok(Answered { took: answer.took.max(again.took), ..again }), is_plain, false)
                }
                _ => done(Ok(*answer), is_plain, false),
            },
            Self::Silent { fault, tcp, is_plain_over } => {
                self.after_silence(form, ended, fault, tcp, is_plain_over)
            }
        }
    }

    /// Whether nothing came so far.
    pub(crate) fn is_silent(&self) -> bool {
        matches!(self, Self::Silent { .. })
    }

    /// Whether the next question is to be sent only after a while: a resolver may give what it has before it
    /// asks for what is new.
    pub(crate) fn is_stale(&self) -> bool {
        matches!(self, Self::Stale { .. })
    }

    fn after_first(&mut self, form: Form, ended: Ended) -> Next {
        match ended {
            Ok(answered) => self.judge(form, answered, false),
            Err(fault @ (Fault::NoAnswer | Fault::Malformed(_) | Fault::OtherQuestion | Fault::Echo)) => {
                self.after_loss(fault)
            }
            Err(fault @ (Fault::WrongId | Fault::Elsewhere { .. })) => self.after_loss(fault),
            // The path or this machine says why: nothing else would come through.
            Err(fault) => done(Err(fault), false, false),
        }
    }

    fn after_cut(
        &mut self,
        form: Form,
        ended: Ended,
        is_plain: bool,
        refusal: Option<Box<Answered>>,
    ) -> Next {
        let cut = |tcp: Tcp, is_plain: bool| done(Err(Fault::Truncated(tcp)), is_plain, false);
        match (ended, refusal) {
            (Err(fault), refusal) => cut(tcp_fault(&fault), is_plain && refusal.is_none()),
            (Ok(answered), refusal) if answered.reply.tc => {
                cut(Tcp::Malformed, is_plain && refusal.is_none())
            }
            (Ok(answered), None) => self.judge(form, answered, is_plain),
            (Ok(answered), Some(refusal)) => {
                self.after_plain(Form { tcp: false, ..form }, Ok(answered), refusal)
            }
        }
    }

    fn after_loss(&mut self, fault: Fault) -> Next {
        *self = Self::Silent { fault, tcp: None, is_plain_over: false };
        Next::Ask(vec![Form { edns: false, ..FIRST }, Form { tcp: true, ..FIRST }])
    }

    /// An answer that may need a further question.
    fn judge(&mut self, form: Form, answered: Answered, is_plain: bool) -> Next {
        if answered.reply.tc && !form.tcp {
            return self.by_tcp(form, is_plain, None, answered.took);
        }
        if answered.reply.rcode == OptRcode::SERVFAIL {
            *self = Self::Unchecked { answer: Box::new(answered), is_plain };
            return Next::Ask(vec![Form { unchecked: true, ..form }]);
        }
        if may_be_of_edns(answered.reply.rcode) && form.edns {
            return self.without_edns(form, Box::new(answered));
        }
        if answered.reply.is_stale() && !form.tcp {
            *self = Self::Stale { answer: Box::new(answered), is_plain };
            return Next::Ask(vec![form]);
        }
        done(Ok(answered), is_plain, false)
    }

    fn by_tcp(
        &mut self,
        form: Form,
        is_plain: bool,
        refusal: Option<Box<Answered>>,
        after: Duration,
    ) -> Next {
        *self = Self::Truncated { is_plain, refusal, after };
        Next::Ask(vec![Form { tcp: true, ..form }])
    }

    fn without_edns(&mut self, form: Form, refusal: Box<Answered>) -> Next {
        *self = Self::WithoutEdns(refusal);
        Next::Ask(vec![Form { edns: false, unchecked: false, ..form }])
    }

    /// A server that fails for a moment is not one that does not take EDNS: unless it said so.
    fn after_plain(&mut self, form: Form, ended: Ended, refusal: Box<Answered>) -> Next {
        let is_of_edns = !refusal.reply.edns && is_refusal_of_edns(refusal.reply.rcode);
        match ended {
            Ok(answered) if is_of_edns && answered.reply.rcode != refusal.reply.rcode => {
                self.judge(form, answered, true)
            }
            Ok(answered) if is_good(&answered) && answered.reply.tc && !form.tcp => {
                self.by_tcp(form, true, Some(refusal), answered.took)
            }
            Ok(answered) if is_good(&answered) => {
                *self = Self::WithEdnsAgain { refusal, plain: Box::new(answered) };
                Next::Ask(vec![Form { edns: true, ..form }])
            }
            _ => done(Ok(*refusal), false, false),
        }
    }

    fn after_unchecked(&mut self, form: Form, ended: Ended, answer: Box<Answered>, is_plain: bool) -> Next {
        match ended {
            Ok(answered) if is_good(&answered) => {
                *self = Self::CheckedAgain { answer, is_plain };
                Next::Ask(vec![Form { unchecked: false, ..form }])
            }
            Ok(_) if form.edns => self.without_edns(form, answer),
            _ => done(Ok(*answer), is_plain, false),
        }
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

fn is_good(answered: &Answered) -> bool {
    matches!(answered.reply.rcode, OptRcode::NOERROR | OptRcode::NXDOMAIN)
}

/// Whether a server that does not take EDNS may answer so. Some copy EDNS back beside FORMERR.
fn may_be_of_edns(code: OptRcode) -> bool {
    is_refusal_of_edns(code) || matches!(code, OptRcode::REFUSED | OptRcode::BADVERS)
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
pub(crate) mod tests;
