//! Decides whether an object that a broker refuses is to blame.
//!
//! The object that was confirmed last is sent once more, or else the next ones are: if the broker confirms
//! one, it is well, and an object that it refuses again is left out, whatever the words. If not, the
//! destination is held, or the broker is at fault; only words about one object leave it out without that
//! proof.

use super::{Publisher, Sent};
use crate::destination::Labels;
use crate::observations::Failure;
use crate::options::Broker;
use crate::send::blame::Blame;
use crate::session::SessionError;

/// How many objects are left out in one run at most.
const LEFT_OUT: usize = 100;
/// How many of the next objects are tried where none was confirmed before.
const PROBES: usize = 16;
/// How many if the words are about the destination or the broker.
const PLACE_PROBES: usize = 2;
/// How far away one of the next objects is at most, among those for other destinations.
const NEAR: usize = 64;

/// Why an object was not confirmed.
struct Refusal {
    failure: Failure,
    blame: Blame,
    /// Whether there is no room for now.
    is_full: bool,
}

impl From<&SessionError> for Refusal {
    fn from(error: &SessionError) -> Self {
        Self { failure: error.into(), blame: Blame::of(error), is_full: Blame::is_full(error) }
    }
}

/// An object that was refused alone.
struct Suspect {
    sent: Sent,
    refusal: Refusal,
}

/// Another object that shows whether the broker is well.
enum Probe {
    /// The one that it confirmed last.
    Known(Sent),
    Next(Sent),
}

impl<'a> Publisher<'a> {
    /// Sends one object, and decides what is refused if the broker does not confirm it. After an error all
    /// that is not confirmed is on its way still.
    pub(super) fn send_one(&mut self, sent: Sent, broker: &'a Broker) -> Result<(), Failure> {
        let mut suspects = Vec::new();
        let judged = match self.try_alone(&sent, broker) {
            Ok(None) => {
                self.confirm(sent);
                return Ok(());
            }
            Ok(Some(refusal)) => {
                suspects.push(Suspect { sent, refusal });
                self.judge(&mut suspects, broker)
            }
            Err(failure) => {
                self.window.push_front(sent);
                Err(failure)
            }
        };
        suspects.into_iter().rev().for_each(|suspect| self.window.push_front(suspect.sent));
        judged
    }

    /// Sends one object and waits for its receipt. Returns why the broker did not confirm it. The error is
    /// that of a log-in.
    fn try_alone(&mut self, sent: &Sent, broker: &'a Broker) -> Result<Option<Refusal>, Failure> {
        let error = self.try_together(std::slice::from_ref(sent), broker)?;
        Ok(error.as_ref().map(Refusal::from))
    }

    pub(super) fn confirm(&mut self, sent: Sent) {
        self.confirmed += 1;
        self.known = Some(sent);
        self.prove();
    }

    /// Decides what is refused here: the object, its destination, or everything, which is the error. Leaves
    /// those suspects that are on their way still.
    fn judge(&mut self, suspects: &mut Vec<Suspect>, broker: &'a Broker) -> Result<(), Failure> {
        while let Some(Suspect { sent, refusal }) = suspects.last() {
            if refusal.blame == Blame::Other {
                return Err(refusal.failure.clone());
            }
            self.note_refusal(refusal.failure.clone());
            if refusal.is_full {
                return self.hold(suspects);
            }
            let destination = self.send.destination(&sent.1);
            match self.probe(suspects, &destination) {
                None => break,
                Some(Probe::Known(known)) => match self.try_alone(&known, broker)? {
                    None => return self.leave_out_proven(suspects, broker),
                    Some(Refusal { blame: Blame::Other, failure, .. }) => return Err(failure),
                    Some(_) => return self.hold(suspects),
                },
                Some(Probe::Next(sent)) => match self.try_alone(&sent, broker) {
                    Ok(None) => {
                        self.confirm(sent);
                        return self.leave_out_proven(suspects, broker);
                    }
                    Ok(Some(refusal)) => suspects.push(Suspect { sent, refusal }),
                    Err(failure) => {
                        self.window.push_front(sent);
                        return Err(failure);
                    }
                },
            }
        }
        self.judge_unproven(suspects)
    }

    /// The object to try next, with the destination of the suspects.
    fn probe(&mut self, suspects: &[Suspect], destination: &str) -> Option<Probe> {
        let is_to = |(_, json): &Sent| self.send.destination(json) == destination;
        if let Some(known) = self.known.as_ref().filter(|known| is_to(known)) {
            return Some(Probe::Known(known.clone()));
        }
        let is_of_place = suspects.iter().any(|suspect| suspect.refusal.blame == Blame::Place);
        let is_dear = is_of_place || self.send.template.has_placeholders();
        if suspects.len() > if is_dear { PLACE_PROBES } else { PROBES } {
            return None;
        }
        let place = self.window.iter().take(NEAR).position(is_to)?;
        self.window.remove(place).map(Probe::Next)
    }

    /// The broker is well: leaves out what it refuses once more.
    fn leave_out_proven(&mut self, suspects: &mut Vec<Suspect>, broker: &'a Broker) -> Result<(), Failure> {
        while let Some(suspect) = suspects.first() {
            match self.try_alone(&suspect.sent, broker)? {
                None => self.confirm(suspects.remove(0).sent),
                Some(Refusal { blame: Blame::Other, failure, .. }) => return Err(failure),
                Some(refusal) if refusal.is_full => return self.hold(suspects),
                Some(_) => self.leave_out(suspects)?,
            }
        }
        Ok(())
    }

    /// No object was confirmed: leaves out those with words about one object, and holds the others.
    fn judge_unproven(&mut self, suspects: &mut Vec<Suspect>) -> Result<(), Failure> {
        while let Some(suspect) = suspects.first() {
            match suspect.refusal.blame {
                Blame::Event => self.leave_out(suspects)?,
                _ => return self.hold(suspects),
            }
        }
        Ok(())
    }

    /// Leaves out the first suspect.
    fn leave_out(&mut self, suspects: &mut Vec<Suspect>) -> Result<(), Failure> {
        let Some(Suspect { sent, refusal }) = suspects.first() else { return Ok(()) };
        if self.left_out.len() >= LEFT_OUT {
            return Err(refusal.failure.clone());
        }
        self.left_out.push(Labels::of(&sent.1).name());
        self.words = Some(refusal.failure.text.clone());
        self.brokers.pass(suspects.remove(0).sent);
        Ok(())
    }

    /// Holds the destination of the suspects. The destination of all objects is everything, which is the
    /// error.
    fn hold(&mut self, suspects: &mut Vec<Suspect>) -> Result<(), Failure> {
        let Some(Suspect { sent, refusal }) = suspects.first() else { return Ok(()) };
        if !self.send.template.has_placeholders() {
            return Err(refusal.failure.clone());
        }
        self.held.insert(self.send.destination(&sent.1), refusal.failure.clone());
        suspects.drain(..).for_each(|suspect| self.skip(suspect.sent));
        Ok(())
    }
}
