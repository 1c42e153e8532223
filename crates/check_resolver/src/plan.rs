//! What is asked in which order for one name and type at one server, as a function of what came back: no
//! input or output.
//!
//! | what came | what is asked |
//! | --- | --- |
//! | an answer that did not fit | the same by TCP |
//! | FORMERR, NOTIMP, BADVERS or REFUSED | the same without EDNS |
//! | SERVFAIL | the same with CD |
//! | an answer to that | the same as at first: a good answer counts, as after a lost packet |
//! | SERVFAIL again, and signatures or an extended error of DNSSEC | nothing: DNSSEC is the cause |
//! | SERVFAIL again, and none of these | both once more: a server may fail at times |
//! | a failure of that too | the same without EDNS |
//! | an answer without EDNS, after another failure | the same as at first, as after CD |
//! | an answer that is stale | the same after a while: a resolver may refresh it only then |
//! | nothing | the same without EDNS and by TCP, side by side: a late answer to the first still counts |
//! | an answer without EDNS after that | the same as at first: an answer means that packets were lost |

mod claim;

use domain::base::iana::OptRcode;
use net::Lack;

use crate::fault::{Fault, Local, NEIGHBOUR_TABLE, PROHIBITED_HERE, PROHIBITED_ON_THE_WAY, Tcp};
use crate::message::Form;
use crate::outcome::{Answered, Ended, Outcome};
use claim::Claim;

/// The first question: by UDP, with EDNS.
pub(crate) const FIRST: Form = Form { tcp: false, edns: true, unchecked: false };

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
    /// TCP is under way, because this answer did not fit, and what came with EDNS before, if that may be why.
    Truncated { cut: Box<Answered>, is_plain: bool, refusal: Option<Box<Answered>> },
    /// The question without EDNS is under way, because the server may not take EDNS: what it answered.
    WithoutEdns(Box<Answered>),
    /// The question with CD is under way: what came without, and whether EDNS was not taken.
    Unchecked { answer: Box<Answered>, is_plain: bool },
    /// Another form was answered, and the one that failed is under way again.
    Again(Claim),
    /// It failed again, and is under way once more.
    Doubted(Claim),
    /// It failed once more, and the form that was answered is under way again.
    Confirmed(Claim),
    /// The question is under way again because its answer was stale: that, and whether EDNS was not taken.
    Stale { answer: Box<Answered>, is_plain: bool },
    /// Two are under way because nothing came: why, and what came by TCP.
    Silent { fault: Fault, tcp: Option<bool>, is_plain_over: bool },
    /// After silence this came without EDNS, and the first question is under way again.
    SilentBefore(Box<Answered>),
}

impl Plan {
    /// Takes the end of what was asked in this form.
    pub(crate) fn ended(&mut self, form: Form, ended: Ended) -> Next {
        match std::mem::take(self) {
            Self::First => self.after_first(form, ended),
            Self::Truncated { cut, is_plain, refusal } => self.after_cut(
                form,
                ended.map(|answered| answered.after(&cut, cut.is_repeated)),
                is_plain,
                refusal,
            ),
            Self::WithoutEdns(refusal) => self.after_plain(form, ended, refusal),
            Self::Unchecked { answer, is_plain } => self.after_unchecked(form, ended, answer, is_plain),
            Self::Again(claim) => self.after_again(claim, ended),
            Self::Doubted(claim) => match ended {
                Ok(answered) if !answered.is_good() => self.confirm(claim),
                _ => settled(claim.fails()),
            },
            Self::Confirmed(claim) => match ended {
                Ok(answered) if answered.is_good() => settled(claim.holds()),
                _ => settled(claim.fails()),
            },
            Self::SilentBefore(plain) => match ended {
                Ok(again) => {
                    let (took, waited) = (plain.waited, plain.waited);
                    self.judge(form, Answered { took, waited, is_repeated: true, ..again }, false)
                }
                Err(_) => self.only_plain(*plain),
            },
            Self::Stale { answer, is_plain } => match ended {
                Ok(again) if again.is_good() && !again.reply.tc && !again.reply.is_stale() => {
                    let (took, is_repeated) = (answer.took.max(again.took), answer.is_repeated);
                    let is_repeated = again.is_repeated || is_repeated;
                    done(Ok(Answered { took, is_repeated, ..again }), is_plain, false)
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

    /// Whether nothing at all came, not even what is no answer.
    pub(crate) fn is_unanswered(&self) -> bool {
        matches!(self, Self::Silent { fault: Fault::NoAnswer, .. })
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
            return self.by_tcp(form, is_plain, None, answered);
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

    fn by_tcp(&mut self, form: Form, is_plain: bool, refusal: Option<Box<Answered>>, cut: Answered) -> Next {
        *self = Self::Truncated { cut: Box::new(cut), is_plain, refusal };
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
            Ok(answered) if answered.is_good() && answered.reply.tc && !form.tcp => {
                self.by_tcp(form, true, Some(refusal), answered)
            }
            Ok(answered) if answered.is_good() => {
                let again = Form { edns: true, ..form };
                self.again(again, refusal, form, answered, false)
            }
            _ => done(Ok(*refusal), false, false),
        }
    }

    fn after_unchecked(&mut self, form: Form, ended: Ended, answer: Box<Answered>, is_plain: bool) -> Next {
        match ended {
            Ok(answered) if answered.is_good() => {
                self.again(Form { unchecked: false, ..form }, answer, form, answered, is_plain)
            }
            Ok(_) if form.edns => self.without_edns(form, answer),
            _ => done(Ok(*answer), is_plain, false),
        }
    }

    /// An answer that came without EDNS, after silence to all with it.
    fn only_plain(&mut self, plain: Answered) -> Next {
        match self.judge(Form { edns: false, ..FIRST }, plain, true) {
            Next::Done(outcome) => settled(Outcome { is_plain_by_silence: true, ..*outcome }),
            next => next,
        }
    }

    /// Asks again in the form that failed, after an answer in another one.
    fn again(
        &mut self,
        form: Form,
        failure: Box<Answered>,
        other: Form,
        good: Answered,
        is_plain: bool,
    ) -> Next {
        *self = Self::Again(Claim { form, failure, good: Box::new(good), other, is_plain });
        Next::Ask(vec![form])
    }

    /// A good answer counts like one after a lost packet. Silence, or another failure, shows nothing.
    fn after_again(&mut self, claim: Claim, ended: Ended) -> Next {
        match ended {
            Ok(again) if again.is_good() => {
                self.judge(claim.form, again.after(&claim.failure, true), claim.is_plain)
            }
            Ok(again) if claim.is_shown(&again) => settled(claim.holds()),
            Ok(_) => {
                let form = claim.form;
                *self = Self::Doubted(claim);
                Next::Ask(vec![form])
            }
            Err(_) => settled(claim.fails()),
        }
    }

    fn confirm(&mut self, claim: Claim) -> Next {
        let other = claim.other;
        *self = Self::Confirmed(claim);
        Next::Ask(vec![other])
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
            (false, Ok(answered)) if form.edns => return self.judge(form, answered, false),
            (false, Ok(plain)) => {
                *self = Self::SilentBefore(Box::new(plain));
                return Next::Ask(vec![FIRST]);
            }
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
        Fault::NotSent(why) | Fault::Unreachable(why) => Tcp::NotMade(why),
        Fault::Prohibited => Tcp::NotMade(PROHIBITED_ON_THE_WAY),
        Fault::Local(Local::Prohibited) => Tcp::NotMade(PROHIBITED_HERE),
        Fault::Local(Local::Port) => Tcp::NotMade(Lack::Port.words()),
        Fault::Local(Local::NeighbourTable) => Tcp::NotMade(NEIGHBOUR_TABLE),
        Fault::Local(Local::Other(_)) => Tcp::NotMade("not made here"),
        _ => Tcp::Malformed,
    }
}

fn settled(outcome: Outcome) -> Next {
    Next::Done(Box::new(outcome))
}

fn done(answer: Ended, is_plain: bool, is_dnssec: bool) -> Next {
    Next::Done(Box::new(Outcome { is_plain, is_dnssec, ..Outcome::new(answer) }))
}

#[cfg(test)]
mod tests;
