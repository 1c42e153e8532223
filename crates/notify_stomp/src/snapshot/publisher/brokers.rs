//! Chooses the broker that gets a snapshot: tries the next one until one confirms something.
//!
//! Until its first receipt, a broker has a share of the time, and its refusals are not final: the next broker
//! may take the objects. After that receipt the snapshot stays with this broker.

use plugin::Deadline;

use super::{Brokers, Publisher, Sent};
use crate::brokers::share;
use crate::observations::Failure;
use crate::options::Broker;
use crate::session::{Session, SessionError};

/// The most objects that a broker may refuse before it confirms one, while there is another broker.
const REFUSED: usize = 16;

impl<'a> Brokers<'a> {
    /// Prepares to try these brokers in their order.
    pub(super) fn new(untried: impl Iterator<Item = &'a Broker>) -> Self {
        let share = Deadline::after(std::time::Duration::ZERO);
        let untried = untried.collect();
        Self { current: None, untried, share, is_proven: false, passed: Vec::new(), told: None }
    }

    /// Keeps an object that was refused or not sent, while another broker may get it.
    pub(super) fn pass(&mut self, sent: Sent) {
        if !self.is_proven && !self.untried.is_empty() {
            self.passed.push(sent);
        }
    }

    /// Returns whether the broker in use refused too many objects before it confirmed one. At the end, one is
    /// too many.
    fn is_hopeless(&self, is_end: bool) -> bool {
        !self.is_proven && self.passed.len() >= if is_end { 1 } else { REFUSED }
    }

    /// Notes the fault of a broker.
    fn tell(&mut self, failure: Failure) {
        if self.is_proven || self.told.as_ref().is_none_or(|told| !told.is_refusal) {
            self.told = Some(failure);
        }
    }
}

impl<'a> Publisher<'a> {
    /// Logs in at the first broker that accepts the login.
    pub(in crate::snapshot) fn start(&mut self) {
        if !self.log_in_at_next() {
            self.failure = self.brokers.told.take();
        }
    }

    /// Returns the broker that confirmed something.
    pub(in crate::snapshot) fn good(&self) -> Option<String> {
        self.brokers.current.filter(|_| self.brokers.is_proven).map(Broker::name)
    }

    fn log_in_at_next(&mut self) -> bool {
        self.session = None;
        while let Some(broker) = self.brokers.untried.pop_front() {
            self.brokers.share = share(self.connect.deadline, self.brokers.untried.len() + 1);
            self.brokers.current = Some(broker);
            match Session::open(self.connect, broker, &self.brokers.share, None) {
                Ok(session) => {
                    self.begin(session);
                    return true;
                }
                Err(error) => self.brokers.tell(Failure::from(&error)),
            }
        }
        false
    }

    /// Logs in again at the broker in use.
    pub(super) fn log_in_again(&mut self) -> Result<(), SessionError> {
        self.session = None;
        let Some(broker) = self.brokers.current else { return Ok(()) };
        let session = Session::open(self.connect, broker, &self.brokers.share, None)?;
        self.begin(session);
        Ok(())
    }

    /// Notes that the broker in use confirmed something, and gives it the rest of the time.
    pub(super) fn prove(&mut self) {
        if !self.brokers.is_proven {
            (self.brokers.is_proven, self.brokers.told) = (true, None);
            self.brokers.passed = Vec::new();
            self.session.iter().for_each(|session| session.go_on(self.connect.deadline));
            self.brokers.share.change(self.connect.deadline);
        }
    }

    /// Goes on with the next broker from the first object, or notes why nothing more is sent.
    pub(super) fn fail(&mut self, failure: Failure) -> Result<(), SessionError> {
        self.brokers.tell(failure);
        if self.brokers.is_proven || !self.log_in_at_next() {
            self.failure = self.brokers.told.take();
            return Ok(());
        }
        self.start_over()
    }

    /// Sends the objects again from the first one, to the broker that is in use now.
    fn start_over(&mut self) -> Result<(), SessionError> {
        self.window.extend(self.brokers.passed.drain(..));
        self.held.clear();
        (self.skipped, self.words) = (0, None);
        self.left_out.clear();
        self.resend()
    }

    /// Goes on with the next broker that accepts the login, if the one in use refuses all objects. `None` if
    /// it does not.
    pub(super) fn leave_hopeless(&mut self, is_end: bool) -> Option<Result<(), SessionError>> {
        if !self.brokers.is_hopeless(is_end) {
            return None;
        }
        let refusal = self.refusal.take()?;
        let current = self.brokers.current;
        if self.log_in_at_next() {
            self.brokers.tell(refusal);
            return Some(self.start_over());
        }
        // There is no other broker: this one goes on after refused objects.
        (self.brokers.current, self.brokers.passed) = (current, Vec::new());
        self.brokers.share = Deadline::after(self.connect.deadline.remaining());
        self.refusal = Some(refusal);
        Some(match self.log_in_again() {
            Ok(()) => self.resend(),
            Err(error) => self.fail(Failure::from(&error)),
        })
    }
}
