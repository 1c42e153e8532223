//! What one proxy answered.

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
    /// What strangers should get: where they may have the page, their request brings the challenge for the login,
    /// and no more.
    pub(crate) strangers: Strangers,
}

/// What one proxy answered for one page: `None` for what was not asked.
#[derive(Clone, Debug, Default)]
pub(crate) struct PageObservation {
    /// Whether it is https.
    pub(crate) secure: bool,
    /// Without a login.
    pub(crate) stranger: Option<Answer>,
    /// With a random login.
    pub(crate) random: Option<Answer>,
    /// As the customer.
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
            if let Passage::Unasked(why) = passage {
                *why = secrets.mask(why);
            }
        }
        self
    }
}

/// Why a request was not made for which the system gave no thread.
pub(crate) fn no_thread() -> Fault {
    Fault::Local("no thread left here".to_owned())
}
