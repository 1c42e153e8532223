//! One run's sending: through the brokers in their order, and past events that a broker refuses.
//!
//! Where a broker refuses something while many events are on their way, it does not say which. So each is
//! then sent alone. What is refused because of itself is set aside; what is refused because of its
//! destination is held, and so is everything where the refusal is not about one event: see `suspects`.

pub(crate) mod blame;
mod known;
mod rest;
mod suspects;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::Duration;

use net::SlowPath;
use plugin::Deadline;

use crate::brokers::{Telling as _, share};
use crate::connection::ConnectOptions;
use crate::deliver::{DeliverError, Held, SendOptions};
use crate::observations::Failure;
use crate::options::Broker;
use crate::session::{Session, SessionError};
use crate::spool::{Entry, Spool};
use blame::Blame;

/// How many events are sent one by one before many are sent at once again.
const ALONE: usize = 300;

/// A broker, and until when it has to confirm its first event.
type At<'a> = (&'a Broker, &'a Deadline);

/// What a run sent and what it did not.
#[derive(Debug, Default)]
pub(crate) struct Sent {
    /// How many events a broker confirmed.
    pub(crate) confirmed: usize,
    /// The broker that confirmed the last of them.
    pub(crate) broker: Option<String>,
    /// The events that were set aside, each with the broker's words.
    pub(crate) aside: Vec<(u64, String)>,
    /// The destinations that are held.
    pub(crate) held: Held,
    /// Whether another process is sending.
    pub(crate) is_busy: bool,
    /// The last answer of a broker in place of a receipt. Such a broker is not silent.
    pub(crate) answer: Option<Failure>,
    /// The number of destinations that this run held, including those of earlier runs that were refused
    /// again.
    held_now: usize,
    /// Why events wait that the broker refused while it confirmed others.
    pub(crate) kept: Option<Failure>,
    /// Destinations and words that were about an event while the broker was well.
    proven: BTreeSet<(String, String)>,
    /// Those of them with which nothing more is set aside in this run.
    spent: BTreeSet<(String, String)>,
    /// Words with which an event was set aside while the broker was well.
    told: BTreeSet<String>,
}

/// A destination that an earlier run or another broker held.
#[derive(Clone, Debug)]
struct Known {
    destination: String,
    /// Its first event.
    entry: Entry,
}

/// An event that was refused alone.
struct Suspect {
    entry: Entry,
    error: SessionError,
}

impl Suspect {
    fn words(&self) -> String {
        self.error.to_string()
    }
}

/// What a broker refused in this run. It is not asked for that again before the next one.
#[derive(Clone, Debug, Default)]
struct Refused {
    /// The events that it answered with a refusal.
    alone: BTreeSet<u64>,
    /// The events that it was asked for and that were passed over.
    events: BTreeSet<u64>,
    /// Why the last of them were.
    words: Option<Failure>,
    /// The destinations that were held when it was last asked.
    destinations: BTreeSet<String>,
    /// How often it refused a destination that was held before it was asked.
    retries: usize,
}

/// Sends what waits in a spool.
pub(crate) struct Sender<'a> {
    pub(crate) connect: &'a ConnectOptions<'a>,
    pub(crate) options: &'a SendOptions<'a>,
    pub(crate) spool: &'a Spool,
    /// How many octets may be set aside.
    pub(crate) most: u64,
    /// What is done if a wait takes long.
    pub(crate) slow: Option<SlowPath<'a>>,
    /// Brokers that are not asked.
    pub(crate) passed_over: Vec<String>,
    pub(crate) sent: Sent,
    /// Destinations that earlier runs held, and whether they were read.
    known: VecDeque<Known>,
    is_loaded: bool,
    /// Events that were read and whose destinations are held.
    passed: BTreeSet<u64>,
    /// Events that the broker in use refused and that were passed over, and how many of them since it
    /// confirmed one.
    kept: BTreeSet<u64>,
    in_a_row: usize,
    /// Events to set aside if no other broker takes them.
    deferred: Vec<Suspect>,
    /// Brokers that could not be asked about these, each with the reason.
    unasked: BTreeMap<String, String>,
    /// What each broker refused.
    refused: BTreeMap<String, Refused>,
    /// The time that the first broker of this run has to answer.
    first_share: Duration,
    /// The destinations of events that were read, where they have placeholders.
    destinations: BTreeMap<Entry, String>,
}

impl<'a> Sender<'a> {
    /// Prepares to send the events in `spool`, and to set aside at most `room` octets.
    pub(crate) fn new(
        connect: &'a ConnectOptions<'a>,
        options: &'a SendOptions<'a>,
        (spool, most): (&'a Spool, u64),
        slow: SlowPath<'a>,
        passed_over: Vec<String>,
    ) -> Self {
        let (sent, known, passed) = (Sent::default(), VecDeque::new(), BTreeSet::new());
        let (slow, is_loaded) = (Some(slow), false);
        let (kept, in_a_row, deferred, destinations) = (BTreeSet::new(), 0, Vec::new(), BTreeMap::new());
        let (unasked, refused) = (BTreeMap::new(), BTreeMap::new());
        let first_share = share(connect.deadline, connect.route.all().count()).remaining();
        Self {
            connect,
            options,
            spool,
            most,
            slow,
            passed_over,
            sent,
            known,
            is_loaded,
            passed,
            kept,
            in_a_row,
            deferred,
            unasked,
            refused,
            first_share,
            destinations,
        }
    }

    /// Sends all that waits, unless another process does. The sender reads the spool again after it has given
    /// up the right to send: what came in between is its own to send. So a process that finds the right taken
    /// can leave.
    pub(crate) fn send_all(&mut self) -> Result<(), DeliverError> {
        let result = self.rounds();
        self.name_unasked();
        result
    }

    fn rounds(&mut self) -> Result<(), DeliverError> {
        while self.next()?.is_some() {
            let Some(_right) = self.spool.try_to_send()? else {
                self.sent.is_busy = true;
                return Ok(());
            };
            self.hold_known()?;
            self.round()?;
            if self.connect.deadline.is_over() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends all that waits through the first broker that takes it, and offers the others what it refuses.
    fn round(&mut self) -> Result<(), DeliverError> {
        let (route, deadline) = (self.connect.route, self.connect.deadline);
        let several = !route.brokers.1.is_empty();
        let good = if several { self.spool.good(deadline) } else { None };
        let passed_over = self.passed_over.clone();
        let mut tried = Vec::new();
        let attempt = |broker: &Broker, share: &Deadline| {
            tried.push(broker.name());
            let result = self.attempt(broker, share);
            result.inspect_err(|error| self.note_unasked(broker, error)).map(|()| broker.name())
        };
        let result = route.first_that(good.as_deref(), &passed_over, deadline, attempt);
        let offered = result.as_ref().map_or(Ok(()), |broker| self.offer_rest(broker, &tried));
        self.remember_held();
        let broker = result?;
        offered?;
        if several && good.as_ref() != Some(&broker) {
            self.spool.set_good(&broker);
        }
        Ok(())
    }

    /// Sends all that waits through one broker, and notes whether it is silent and what it refused.
    fn attempt(&mut self, broker: &Broker, share: &Deadline) -> Result<(), DeliverError> {
        let (name, before, answer) = (broker.name(), self.sent.confirmed, self.sent.answer.take());
        self.keep_refused(&name)?;
        // A broker may need much of a whole share to answer: nothing is known of one that had little time.
        let had_time = share.remaining() >= self.first_share / 2;
        let result = self.all_through(broker, share);
        // A broker that confirms or refuses is not silent: the time was over.
        let is_silent = result.as_ref().is_err_and(DeliverError::is_silence)
            && self.sent.confirmed == before
            && self.sent.answer.is_none();
        if had_time || !is_silent {
            self.spool.set_silent(&name, is_silent);
        }
        self.sent.answer = self.sent.answer.take().or(answer);
        if result.is_ok() {
            self.note_refused(&name);
            self.unasked.remove(&name);
        }
        result
    }

    /// Sends all waiting events, and then those that earlier runs held.
    fn all_through(&mut self, broker: &Broker, share: &Deadline) -> Result<(), DeliverError> {
        self.through(broker, share)?;
        if self.retry_known((broker, share))? { self.through(broker, share) } else { Ok(()) }
    }

    /// Sends all that waits through one broker. It has until `share` to confirm the first event.
    fn through(&mut self, broker: &Broker, share: &Deadline) -> Result<(), DeliverError> {
        loop {
            let mut session = Session::open(self.connect, broker, share, self.slow)?;
            let skipped = (&self.sent.held, &self.kept);
            let (confirmed, result) =
                self.options.drain(self.spool, &mut session, skipped, self.connect.deadline);
            self.note(confirmed, broker);
            match result {
                Ok(()) => {
                    session.close();
                    return Ok(());
                }
                Err(DeliverError::Session(error)) if Blame::of(&error) != Blame::Other => {
                    drop(session);
                    self.note_answer(&error);
                    self.one_by_one(broker, share)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn note(&mut self, confirmed: usize, broker: &Broker) {
        if confirmed > 0 {
            if self.sent.confirmed == 0 {
                self.spool.trust();
            }
            self.sent.broker = Some(broker.name());
            self.in_a_row = 0;
        }
        self.sent.confirmed += confirmed;
    }

    /// Notes that a broker answered without a receipt.
    fn note_answer(&mut self, error: &SessionError) {
        self.sent.answer = Some(error.into());
    }

    /// Sends one event after the other, each after the receipt of the one before.
    fn one_by_one(&mut self, broker: &Broker, share: &Deadline) -> Result<(), DeliverError> {
        let mut session = None;
        for _ in 0..ALONE {
            let Some((entry, json)) = self.next()? else { break };
            match self.alone(&mut session, (broker, share), entry, json.clone()) {
                Ok(()) => {}
                Err(DeliverError::Session(error)) => {
                    self.judge((entry, &json), error, (broker, share))?;
                }
                Err(error) => return Err(error),
            }
        }
        session.into_iter().for_each(Session::close);
        Ok(())
    }

    /// Sends one event and takes it out of the spool when it is confirmed.
    fn alone<'s>(
        &mut self,
        session: &mut Option<Session<'s>>,
        (broker, share): At<'_>,
        entry: Entry,
        json: Vec<u8>,
    ) -> Result<(), DeliverError>
    where
        Self: 's,
    {
        let mut open = match session.take() {
            Some(open) => open,
            None => Session::open(self.connect, broker, share, None)?,
        };
        self.options.send(&mut open, entry.sequence, json)?;
        open.go_on(self.connect.deadline);
        *session = Some(open);
        self.spool.retire(&[entry])?;
        self.note(1, broker);
        Ok(())
    }

    /// The first event whose destination is not held, and that was not passed over.
    fn next(&mut self) -> Result<Option<(Entry, Vec<u8>)>, DeliverError> {
        for entry in self.spool.entries()? {
            if self.passed.contains(&entry.sequence) || self.kept.contains(&entry.sequence) {
                continue;
            }
            let Some(json) = self.spool.read(entry)? else { continue };
            if !self.options.is_held(&json, &self.sent.held) {
                return Ok(Some((entry, json)));
            }
            self.passed.insert(entry.sequence);
        }
        Ok(None)
    }
}
