//! Sends the objects of a snapshot, one after the other, and past those that a broker refuses.
//!
//! What is on its way is kept until its receipt comes. Where a broker refuses something, it does not say
//! which: what is on its way is then sent alone until the refused object is found, and the rest together
//! again.

mod brokers;
mod object;

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
/// The number of objects in a row that are confirmed alone before many are sent together again.
const GOOD: usize = 20;
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
    /// Objects that the broker refuses for themselves, and its words about the last one.
    pub(super) refused: u64,
    /// See `refused`.
    pub(super) words: Option<String>,
    /// The last refusal that is not the broker's fault.
    pub(super) refusal: Option<SessionError>,
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
        let (started, total, count, confirmed, skipped, refused) = (0, 0, 0, 0, 0, 0);
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
            refused,
            words,
            refusal,
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
                Err(error) if Blame::of(&error) == Blame::Other => self.fail(&error),
                Err(_) => self.pass_over_one(),
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
            let Some(session) = self.session.as_mut() else { return Ok(()) };
            session.send(DOING)?;
            let frame = session.receive(DOING)?;
            let number = receipt(session, &frame)?;
            if !self.due.contains(&number) {
                return Err(session.unasked(&frame));
            }
            self.take_receipt(number);
        }
        Ok(())
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
        if wants || session.unsent() >= BATCH { session.send(DOING) } else { Ok(()) }
    }

    /// A receipt confirms its object and those before it, up to the receipt before: brokers confirm in any
    /// order.
    fn take_receipt(&mut self, number: u64) {
        self.due.retain(|due| *due != number);
        let before = self.due.iter().filter(|due| **due < number).max().copied().unwrap_or(0);
        let on_its_way = self.window.len();
        self.window.retain(|(sent, _)| *sent <= before || *sent > number);
        self.confirmed += (on_its_way - self.window.len()) as u64;
        self.prove();
    }

    /// Skips an object whose destination is held.
    fn skip(&mut self, sent: Sent) {
        self.skipped += 1;
        self.brokers.pass(sent);
    }

    /// Sends the unconfirmed objects one by one until one was refused and some after it were not, and then
    /// the rest together. Refused objects often come in a row.
    fn pass_over_one(&mut self) -> Result<(), SessionError> {
        if let Err(error) = self.log_in_again() {
            return self.fail(&error);
        }
        let (mut is_found, mut confirmed) = (false, 0);
        while let Some((number, json)) = self.window.pop_front() {
            if self.send.is_held(&json, &self.held) {
                self.skip((number, json));
                continue;
            }
            let Some(session) = self.session.as_mut() else { return Ok(()) };
            match self.send.send(session, number, json.clone()) {
                Ok(()) => {
                    (self.confirmed, confirmed) = (self.confirmed + 1, confirmed + 1);
                    self.prove();
                }
                Err(error) => {
                    if !self.blame(&error, &json) {
                        self.window.push_front((number, json));
                        return self.fail(&error);
                    }
                    (self.refusal, is_found, confirmed) = (Some(error), true, 0);
                    self.brokers.pass((number, json));
                    if let Some(result) = self.leave_hopeless(false) {
                        return result;
                    }
                    if let Err(error) = self.log_in_again() {
                        return self.fail(&error);
                    }
                }
            }
            if is_found && confirmed >= GOOD {
                break;
            }
        }
        self.resend()
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

    /// Holds the destination of an object that was refused alone, or counts the object. Returns whether the
    /// destination or the object is to blame, and not the broker.
    fn blame(&mut self, error: &SessionError, json: &[u8]) -> bool {
        match Blame::of(error) {
            Blame::Event => {
                self.refused += 1;
                self.words = Some(error.to_string());
            }
            Blame::Place | Blame::Unclear if self.send.template.has_placeholders() => {
                self.skipped += 1;
                self.held.insert(self.send.destination(json), error.into());
            }
            _ => return false,
        }
        true
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
        (self.id, self.last, self.words) = (id::new(), None, None);
        (self.total, self.count, self.confirmed, self.skipped, self.refused) = (0, 0, 0, 0, 0);
        self.window.clear();
        self.due.clear();
        self.since = (0, 0);
    }
}
