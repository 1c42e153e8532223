//! The answers of one proxy.

use crate::ask::Passage;
use crate::fault::Fault;
use crate::request_options::Answer;
use crate::secrets::Secrets;
use crate::strangers::Strangers;

/// What one proxy answered.
#[derive(Clone, Debug, Default)]
pub(crate) struct Observation {
    /// For each page.
    pub(crate) pages: Vec<PageObservation>,
    /// For each forbidden target.
    pub(crate) forbidden: Vec<Passage>,
    /// What strangers should get. If they may have the page, their request only serves to get the challenge
    /// for the login.
    pub(crate) strangers: Strangers,
}

/// The answers of one proxy for one page. `None` if a request was not made.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageObservation {
    /// Whether the page is https.
    pub(crate) secure: bool,
    /// The answer without a login.
    pub(crate) stranger: Option<Answer>,
    /// The answer with a random login.
    pub(crate) random: Option<Answer>,
    /// The answer to the customer.
    pub(crate) customer: Option<Answer>,
}

impl Observation {
    /// Masks the secrets in the texts that the proxy sent.
    pub(crate) fn masked(mut self, secrets: &Secrets) -> Self {
        let answers = self.pages.iter_mut().flat_map(|page| {
            [&mut page.stranger, &mut page.random, &mut page.customer].into_iter().flatten()
        });
        for answer in answers {
            answer.fault = answer.fault.take().map(|fault| fault.masked(secrets));
        }
        for passage in &mut self.forbidden {
            match passage {
                Passage::Unasked(why) => *why = secrets.mask(why),
                Passage::Failed(fault) | Passage::Unclear(fault) => *fault = fault.clone().masked(secrets),
                Passage::Refused | Passage::Connected | Passage::Silent => {}
            }
        }
        self
    }
}

/// Returns the fault of a request that was not made because the system gave no thread.
pub(crate) fn no_thread() -> Fault {
    Fault::Local("no thread left here".to_owned())
}
