//! Sends the objects of a snapshot, one after the other, and past those that a broker refuses.
//!
//! What is on its way is kept until its receipt comes. What a broker refuses is found by `halves`, and judged
//! by `refused`.

mod brokers;
mod halves;
mod object;
mod refused;

use std::collections::VecDeque;

use monitor_state::{Collect, Monitor, Object, Written};
use plugin::Deadline;
use uuid::Uuid;

use crate::Args;
use crate::connection::ConnectOptions;
use crate::deliver::{Held, SendOptions, receipt};
use crate::event::{Event, id};
use crate::observations::Failure;
use crate::options::Broker;
use crate::send::blame::Blame;
use crate::session::{Session, SessionError};

/// How many objects one receipt confirms at most, and how many octets.
const CHUNK: (usize, usize) = (1000, 1 << 20);
/// How many receipts may be due.
const DUE: usize = 4;
/// How many octets are sent in one go.
const BATCH: usize = 256 << 10;
const DOING: &str = "waiting for a receipt";

/// An object on its way: its number, and its JSON.
type Sent = (u64, Vec<u8>);

/// The brokers of a snapshot, and the state of the one in use.
struct Brokers<'a> {
    current: Option<&'a Broker>,
    untried: VecDeque<&'a Broker>,
    /// The time in which the broker in use must confirm something. Once it has, this is the rest of the time.
    share: Deadline,
    /// Whether the broker in use has confirmed something.
    is_proven: bool,
    /// The objects that it refused or was not sent before it confirmed anything.
    passed: Vec<Sent>,
    /// The fault of the brokers before it: the first refusal, or else the last error.
    told: Option<Failure>,
}

/// Sends one object after the other.
pub(super) struct Publisher<'a> {
    args: &'a Args,
    send: &'a SendOptions<'a>,
    connect: &'a ConnectOptions<'a>,
    session: Option<Session<'a>>,
    brokers: Brokers<'a>,
    /// The broker that takes them.
    pub(super) broker: String,
    /// When the file says that it was written.
    pub(super) written: Written,
    started: u64,
    id: Uuid,
    /// How many objects the file has, as far as it was read.
    pub(super) total: u64,
    /// Whether it was not read to its end.
    pub(super) is_cut: bool,
    /// How many objects were handed over, and how many of them a receipt has confirmed.
    count: u64,
    /// See `count`.
    pub(super) confirmed: u64,
    /// The last object: it is sent when it is known whether another one follows.
    last: Option<Event>,
    /// On their way, and those that a receipt is due for: the last number of each.
    window: VecDeque<Sent>,
    due: VecDeque<u64>,
    /// Objects and octets since the last receipt was asked for.
    since: (usize, usize),
    /// Destinations that are held, and the objects that were not sent for it.
    pub(super) held: Held,
    /// See `held`.
    pub(super) skipped: u64,
    /// Host and service of the objects that the broker refuses for themselves, and its words about the last.
    pub(super) left_out: Vec<String>,
    /// See `left_out`.
    pub(super) words: Option<String>,
    /// The last refusal of the broker, whatever it was about.
    pub(super) refusal: Option<Failure>,
    /// The object that was confirmed last.
    known: Option<Sent>,
    /// Why it is not finished.
    pub(super) failure: Option<Failure>,
}

impl<'a> Publisher<'a> {
    pub(super) fn new(
        args: &'a Args,
        send: &'a SendOptions<'a>,
        connect: &'a ConnectOptions<'a>,
        written: Written,
        good: Option<&str>,
    ) -> Self {
        let (window, due, held) = (VecDeque::new(), VecDeque::new(), Held::new());
        let (broker, words, failure, session, last) = (String::new(), None, None, None, None);
        let (started, total, count, confirmed, skipped) = (0, 0, 0, 0, 0);
        let (left_out, known) = (Vec::new(), None);
        let (id, is_cut, since, refusal) = (id::new(), false, (0, 0), None);
        let brokers = Brokers::new(connect.route.in_order(good));
        Self {
            args,
            send,
            connect,
            session,
            brokers,
            broker,
            written,
            started,
            id,
            total,
            is_cut,
            count,
            confirmed,
            last,
            window,
            due,
            since,
            held,
            skipped,
            left_out,
            words,
            refusal,
            known,
            failure,
        }
    }

    /// Sends through this session.
    fn begin(&mut self, session: Session<'a>) {
        self.broker = session.broker();
        self.session = Some(session);
    }

    /// Returns whether the file had no object.
    pub(super) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Sends the last object and waits for all receipts.
    pub(super) fn finish(&mut self) {
        if self.failure.is_none() {
            self.attempt(true);
        }
        if self.failure.is_none() {
            self.session.take().into_iter().for_each(Session::close);
        }
    }

    /// Sends the last object. Goes on after refused objects, and with the next broker if one fails.
    fn attempt(&mut self, is_end: bool) {
        let mut result = self.send_last(is_end);
        while self.failure.is_none() {
            result = match result {
                Ok(()) => match self.leave_hopeless(is_end) {
                    Some(result) => result,
                    None => return,
                },
                Err(error) if Blame::of(&error) == Blame::Other => self.fail(Failure::from(&error)),
                Err(error) => {
                    self.note_refusal(Failure::from(&error));
                    self.pass_over_refused()
                }
            };
            if result.is_ok() && self.failure.is_none() {
                result = self.send_last(is_end);
            }
        }
    }

    /// Sends the last object, with a receipt if it ends a chunk or the snapshot, and takes receipts until few
    /// are due, at the end none.
    fn send_last(&mut self, is_end: bool) -> Result<(), SessionError> {
        if let Some(event) = self.last.take() {
            self.push((event.sequence.unwrap_or_default(), event.json()), is_end)?;
        }
        if is_end && self.since.0 > 0 {
            // The last one was not sent: the one before it is sent once more, with a receipt.
            let last = self.window.pop_back();
            last.map_or(Ok(()), |last| self.push(last, true))?;
        }
        let most = if is_end { 0 } else { DUE };
        while self.due.len() > most {
            self.send_queued()?;
            self.take_answer()?;
        }
        Ok(())
    }

    /// Sends what is queued.
    fn send_queued(&mut self) -> Result<(), SessionError> {
        let Some(session) = self.session.as_mut() else { return Ok(()) };
        session.send(DOING).map_err(|error| self.hear(error))
    }

    /// Takes the next receipt.
    fn take_answer(&mut self) -> Result<(), SessionError> {
        let Some(session) = self.session.as_mut() else { return Ok(()) };
        let frame = session.receive(DOING)?;
        let number = receipt(session, &frame)?;
        if !self.due.contains(&number) {
            return Err(session.unasked(&frame));
        }
        self.take_receipt(number);
        Ok(())
    }

    /// Takes what a broker said before it hung up while more was sent to it. Returns its refusal, or else
    /// this error.
    fn hear(&mut self, error: SessionError) -> SessionError {
        while self.session.is_some() && Blame::of(&error) == Blame::Unclear {
            match self.take_answer() {
                Ok(()) => {}
                Err(told @ SessionError::Refused { .. }) => return told,
                Err(_) => break,
            }
        }
        error
    }

    /// Remembers the last refusal. A hang-up tells less than words.
    fn note_refusal(&mut self, failure: Failure) {
        if failure.is_refusal || self.refusal.as_ref().is_none_or(|refusal| !refusal.is_refusal) {
            self.refusal = Some(failure);
        }
    }

    /// Queues an object, unless its destination is held. The last one of a chunk asks for a receipt.
    fn push(&mut self, (number, json): Sent, is_end: bool) -> Result<(), SessionError> {
        if self.send.is_held(&json, &self.held) {
            self.skip((number, json));
            return Ok(());
        }
        let Some(session) = self.session.as_mut() else { return Ok(()) };
        self.since = (self.since.0 + 1, self.since.1 + json.len());
        let wants = is_end || self.since.0 >= CHUNK.0 || self.since.1 >= CHUNK.1;
        self.window.push_back((number, json.clone()));
        session.queue(&self.send.frame(wants.then_some(number), json))?;
        if wants {
            self.due.push_back(number);
            self.since = (0, 0);
        }
        if wants || session.unsent() >= BATCH { self.send_queued() } else { Ok(()) }
    }

    /// A receipt confirms its object and those before it, up to the receipt before: brokers confirm in any
    /// order.
    fn take_receipt(&mut self, number: u64) {
        self.due.retain(|due| *due != number);
        let before = self.due.iter().filter(|due| **due < number).max().copied().unwrap_or(0);
        let is_open = |sent: u64| sent <= before || sent > number;
        let last = self.window.iter().rev().find(|(sent, _)| !is_open(*sent));
        self.known = last.cloned().or(self.known.take());
        let on_its_way = self.window.len();
        self.window.retain(|(sent, _)| is_open(*sent));
        self.confirmed += (on_its_way - self.window.len()) as u64;
        self.prove();
    }

    /// Skips an object whose destination is held.
    fn skip(&mut self, sent: Sent) {
        self.skipped += 1;
        self.brokers.pass(sent);
    }

    /// Sends the unconfirmed objects again, together.
    fn resend(&mut self) -> Result<(), SessionError> {
        (self.due, self.since) = (VecDeque::new(), (0, 0));
        let mut rest = std::mem::take(&mut self.window);
        while let Some(sent) = rest.pop_front() {
            if let Err(error) = self.push(sent, rest.is_empty()) {
                self.window.append(&mut rest);
                return Err(error);
            }
        }
        Ok(())
    }
}

impl Collect for Publisher<'_> {
    fn monitor(&mut self, monitor: &Monitor) {
        self.started = monitor.started;
        self.written.created = Some(monitor.created).filter(|created| *created > 0);
    }

    fn object(&mut self, object: &Object<'_>) {
        self.total += 1;
        if self.failure.is_some() {
            return;
        }
        self.attempt(false);
        if self.failure.is_some() {
            return;
        }
        let macros = object::macros(object, (self.written.time(), self.started), self.args);
        let Ok(mut event) = Event::new(&macros) else { return };
        self.count += 1;
        event.sequence = Some(self.count);
        event.snapshot = Some(self.id);
        self.last = Some(event);
    }

    /// Another snapshot: a reader takes what came of the one before as older.
    fn restart(&mut self) {
        if self.failure.is_none() {
            self.attempt(true);
        }
        (self.id, self.last, self.words, self.known) = (id::new(), None, None, None);
        (self.total, self.count, self.confirmed, self.skipped) = (0, 0, 0, 0);
        self.left_out.clear();
        self.window.clear();
        self.due.clear();
        self.since = (0, 0);
    }
}
