//! What a server that fails to one form of a question and answers another one is taken for: a server may also
//! fail at times.

use crate::fault::is_dnssec;
use crate::message::Form;
use crate::outcome::{Answered, Outcome};

/// That a form of the question fails and another one does not: what may be why.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Claim {
    /// The form that fails.
    pub(super) form: Form,
    /// What came in it at first.
    pub(super) failure: Box<Answered>,
    /// What came in the other form.
    pub(super) good: Box<Answered>,
    /// That one.
    pub(super) other: Form,
    /// Whether EDNS was not taken before.
    pub(super) is_plain: bool,
}

impl Claim {
    /// What it means that the one form fails and the other one does not.
    pub(super) fn holds(self) -> Outcome {
        match self.other.unchecked {
            true => Outcome { is_plain: self.is_plain, is_dnssec: true, ..Outcome::new(Ok(*self.failure)) },
            false => Outcome { is_plain: true, ..Outcome::new(Ok(*self.good)) },
        }
    }

    /// The failure, without a cause.
    pub(super) fn fails(self) -> Outcome {
        Outcome { is_plain: self.is_plain, ..Outcome::new(Ok(*self.failure)) }
    }

    /// Whether the server itself shows that DNSSEC is why, in one of its answers.
    pub(super) fn is_shown(&self, again: &Answered) -> bool {
        let tells = |answered: &Answered| answered.reply.errors.iter().any(|(code, _)| is_dnssec(*code));
        self.other.unchecked && (self.good.reply.is_signed || tells(&self.failure) || tells(again))
    }
}
