//! Finds the objects of a snapshot that a broker refuses.
//!
//! A broker does not say which object it refuses. Half of the objects on their way are then sent together:
//! if it does not confirm all of them, the refused object is among them, else in the other half. That goes
//! on until one object is left, which `refused` judges. Refused objects often come in a row: after each one,
//! few are sent together and then ever more, and at last the rest as before.

use std::collections::BTreeSet;

use super::{Publisher, Sent, together};
use crate::deliver::{DOING, SendOptions, receipt};
use crate::observations::Failure;
use crate::options::Broker;
use crate::send::blame::Blame;
use crate::session::{Session, SessionError};

/// How many times as many objects are sent together after a receipt.
const GROWTH: usize = 8;
/// After a receipt for so many, the rest is sent as before.
const ENOUGH: usize = 512;

/// How far the search has come.
enum Search {
    /// One of the first so many objects is refused.
    Among(usize),
    /// Nothing is known: so many are sent next.
    Onwards(usize),
}

impl Search {
    /// How many objects are sent next.
    fn size(&self) -> usize {
        match self {
            Self::Among(number) => (number / 2).max(1),
            Self::Onwards(size) => *size,
        }
    }

    /// The search after so many were sent.
    fn after(self, sent: usize, is_confirmed: bool) -> Self {
        match (self, is_confirmed) {
            (Self::Among(number), true) if number > sent => Self::Among(number - sent),
            (_, true) => Self::Onwards(sent * GROWTH),
            (_, false) if sent > 1 => Self::Among(sent),
            (_, false) => Self::Onwards(1),
        }
    }
}

impl<'a> Publisher<'a> {
    /// Sends the unconfirmed objects until the refused ones among them are found, and then the rest together.
    pub(super) fn pass_over_refused(&mut self) -> Result<(), SessionError> {
        let Some(broker) = self.brokers.current else { return Ok(()) };
        self.session = None;
        self.forget_asked();
        let mut search = Search::Among(self.window.len());
        while search.size() < ENOUGH || matches!(search, Search::Among(_)) {
            let group = self.next_group(search.size());
            let (number, before) = (group.len(), self.confirmed);
            if number == 0 {
                break;
            }
            if let Err(failure) = self.send_group(group, broker) {
                return self.fail(failure);
            }
            if let Some(result) = self.leave_hopeless(false) {
                return result;
            }
            search = search.after(number, self.confirmed > before);
        }
        if self.session.is_none()
            && let Err(error) = self.log_in_again()
        {
            return self.fail(Failure::from(&error));
        }
        self.resend()
    }

    /// Takes the next objects on their way, and skips those whose destination is held.
    fn next_group(&mut self, most: usize) -> Vec<Sent> {
        let mut group = Vec::new();
        while group.len() < most
            && let Some(sent) = self.window.pop_front()
        {
            if self.send.is_held(&sent.1, &self.held) {
                self.skip(sent);
            } else {
                group.push(sent);
            }
        }
        group
    }

    /// Sends these objects together. If the broker does not confirm them, one alone is judged, and several
    /// are on their way still. So are all after an error.
    fn send_group(&mut self, mut group: Vec<Sent>, broker: &'a Broker) -> Result<(), Failure> {
        if group.len() == 1
            && let Some(sent) = group.pop()
        {
            return self.send_one(sent, broker);
        }
        let refused = match self.try_together(&group, broker) {
            Ok(None) => {
                group.into_iter().for_each(|sent| self.confirm(sent));
                return Ok(());
            }
            Ok(Some(error)) if Blame::of(&error) == Blame::Other => Err(Failure::from(&error)),
            Ok(Some(error)) => {
                self.note_refusal(Failure::from(&error));
                Ok(())
            }
            Err(failure) => Err(failure),
        };
        group.into_iter().rev().for_each(|sent| self.window.push_front(sent));
        refused
    }

    /// Sends these objects and waits for their receipts. Returns why the broker did not confirm all of them.
    /// The error is that of a log-in.
    pub(super) fn try_together(
        &mut self,
        group: &[Sent],
        broker: &'a Broker,
    ) -> Result<Option<SessionError>, Failure> {
        let opened = match self.session.take() {
            Some(session) => Ok(session),
            None => Session::open(self.connect, broker, &self.brokers.share, None),
        };
        let session = self.session.insert(opened.map_err(|error| Failure::from(&error))?);
        let Err(error) = send_and_wait(self.send, session, group) else { return Ok(None) };
        let error = self.hear(error);
        self.session = None;
        Ok(Some(error))
    }
}

/// Sends these objects, and waits for all their receipts.
fn send_and_wait(
    options: &SendOptions<'_>,
    session: &mut Session<'_>,
    group: &[Sent],
) -> Result<(), SessionError> {
    let receipts = together::receipts(options, session, group.iter());
    let mut due: BTreeSet<u64> = receipts.iter().map(|receipt| *receipt.end()).collect();
    together::send(options, session, group.iter())?;
    while !due.is_empty() {
        let answer = session.receive(DOING)?;
        if !due.remove(&receipt(session, &answer)?) {
            return Err(session.unasked(&answer));
        }
    }
    Ok(())
}
