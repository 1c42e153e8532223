//! Which login a proxy wants, as the answers to a stranger and to an unknown user tell it: the customer waits
//! for that, since Basic would send the password in clear to a proxy that offers Digest. The customer tries
//! Basic unasked only where both get no answer in all their time.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::challenge::Challenge;
use crate::fault::Fault;
use crate::request_options::Answer;

/// How many tell: the stranger and the unknown user.
const TELLERS: usize = 2;

/// What was told up to now.
#[derive(Debug, Default)]
pub(crate) struct Hint {
    told: Mutex<Told>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Told {
    tellers: usize,
    offers: Vec<Challenge>,
    has_answered: bool,
    fault: Option<Fault>,
}

impl Hint {
    /// Takes what a client got that has no secret: `None` if it did not ask.
    pub(crate) fn tell(&self, answer: Option<&Answer>) {
        let mut told = self.lock();
        told.tellers += 1;
        if let Some(answer) = answer {
            if told.offers.is_empty() {
                told.offers.clone_from(&answer.offers);
            }
            match &answer.fault {
                Some(fault) if fault.is_no_answer() => {
                    told.fault.get_or_insert_with(|| fault.clone());
                }
                _ => told.has_answered = true,
            }
        }
        self.changed.notify_all();
    }

    /// Returns the logins that the first answer offers: none if it takes longer than `patience`.
    pub(crate) fn first(&self, patience: Duration) -> Vec<Challenge> {
        let waited = self.changed.wait_timeout_while(self.lock(), patience, |told| told.tellers == 0);
        let (told, _) = waited.unwrap_or_else(PoisonError::into_inner);
        told.offers.clone()
    }

    /// Returns the logins that the proxy offers: none if it refuses strangers and unknown users without a
    /// word about logins.
    ///
    /// # Errors
    /// The first [`Fault`]: it did not answer them at all.
    pub(crate) fn offers(&self, until: Instant) -> Result<Vec<Challenge>, Fault> {
        let time = until.saturating_duration_since(Instant::now());
        let is_open = |told: &mut Told| told.offers.is_empty() && told.tellers < TELLERS;
        let waited = self.changed.wait_timeout_while(self.lock(), time, is_open);
        let (told, _) = waited.unwrap_or_else(PoisonError::into_inner);
        match &told.fault {
            _ if told.has_answered || !told.offers.is_empty() => Ok(told.offers.clone()),
            fault => Err(fault.clone().unwrap_or(Fault::Late)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
