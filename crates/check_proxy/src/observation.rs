//! The answers of one proxy.

use crate::ask::{Passage, Tried};
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
    pub(crate) forbidden: Vec<Tried>,
    /// What strangers should get: where they may have the page, their request brings the challenge for the
    /// login, and no more.
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

impl PageObservation {
    /// Whether the customer got the page.
    pub(crate) fn has_served(&self) -> bool {
        self.customer.as_ref().is_some_and(|answer| answer.fault.is_none())
    }

    /// The answers to the clients without a valid login.
    pub(crate) fn of_others(&self) -> impl Iterator<Item = &Answer> {
        [&self.stranger, &self.random].into_iter().flatten()
    }
}

impl Observation {
    /// Whether pages by http and by https were asked for.
    pub(crate) fn has_both(&self) -> bool {
        let of = |secure: bool| self.pages.iter().any(|page| page.secure == secure);
        of(false) && of(true)
    }

    /// The faults of all requests for pages.
    pub(crate) fn faults(&self) -> impl Iterator<Item = &Fault> {
        let answers = self
            .pages
            .iter()
            .flat_map(|page| [&page.stranger, &page.random, &page.customer].into_iter().flatten());
        answers.filter_map(|answer| answer.fault.as_ref())
    }

    /// Replaces each fault for which there is a `better` one.
    pub(crate) fn replace_faults(&mut self, better: impl Fn(&Fault) -> Option<Fault>) {
        let answers = self.pages.iter_mut().flat_map(|page| {
            [&mut page.stranger, &mut page.random, &mut page.customer].into_iter().flatten()
        });
        for fault in answers.filter_map(|answer| answer.fault.as_mut()) {
            *fault = better(fault).unwrap_or_else(|| fault.clone());
        }
        for Tried { passage, .. } in &mut self.forbidden {
            if let Passage::Unasked(fault) = passage {
                *fault = better(fault).unwrap_or_else(|| fault.clone());
            }
        }
    }

    /// Masks the secrets in the texts that the proxy sent.
    pub(crate) fn masked(mut self, secrets: &Secrets) -> Self {
        let of_pages = self.pages.iter_mut().flat_map(|page| {
            [&mut page.stranger, &mut page.random, &mut page.customer].into_iter().flatten()
        });
        of_pages.for_each(|answer| mask(answer, secrets));
        for Tried { passage, answer } in &mut self.forbidden {
            mask(answer, secrets);
            match passage {
                Passage::Failed(fault) | Passage::Unclear(fault) | Passage::Unasked(fault) => {
                    *fault = fault.clone().masked(secrets);
                }
                Passage::Refused | Passage::Connected | Passage::Silent => {}
            }
        }
        self
    }
}

fn mask(answer: &mut Answer, secrets: &Secrets) {
    answer.fault = answer.fault.take().map(|fault| fault.masked(secrets));
    answer.before.iter_mut().chain(&mut answer.after).for_each(|other| mask(other, secrets));
}

/// Why a request was not made for which the system gave no thread.
pub(crate) fn no_thread() -> Fault {
    Fault::Local("no thread left here".to_owned())
}
