//! Sends the objects of a snapshot, one after the other, and past those that a broker refuses.
//!
//! What is on its way is kept until its receipt comes. What a broker refuses is found by `halves`, and judged
//! by `refused`.

mod brokers;
mod halves;
mod object;
mod refused;
mod together;

use std::collections::VecDeque;
use std::ops::RangeInclusive;

use monitor_state::{Collect, Monitor, Object, Written};
use plugin::Deadline;
use uuid::Uuid;

use crate::Args;
use crate::connection::ConnectOptions;
use crate::deliver::{DOING, Held, SendOptions, receipt};
use crate::event::{Event, id};
use crate::observations::Failure;
use crate::options::Broker;
use crate::send::blame::Blame;
use crate::session::{Session, SessionError};
use together::Sent;

/// How many groups of objects may be on their way.
const DUE: usize = 4;
/// How many receipts are read at most after a broker has hung up.
const HEARD: usize = 10_000;

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
    /// The object to send next.
    next: Option<Event>,
    /// On their way, and then those to be sent together next, by number.
    window: VecDeque<Sent>,
    /// The receipts that are due, with the numbers of their objects.
    due: VecDeque<RangeInclusive<u64>>,
    /// The last number of each group on its way.
    groups: VecDeque<u64>,
    /// Objects and octets to be sent together next.
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
        let (window, due, groups, held) = (VecDeque::new(), VecDeque::new(), VecDeque::new(), Held::new());
        let (broker, words, failure, session, next) = (String::new(), None, None, None, None);
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
            next,
            window,
            due,
            groups,
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

    /// Sends what is left and waits for all receipts.
    pub(super) fn finish(&mut self) {
        if self.failure.is_none() {
            self.attempt(true);
        }
        if self.failure.is_none() {
            self.session.take().into_iter().for_each(Session::close);
        }
    }

    /// Sends the next object. Goes on after refused objects, and with the next broker if one fails.
    fn attempt(&mut self, is_end: bool) {
        let mut result = self.send_next(is_end);
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
                result = self.send_next(is_end);
            }
        }
    }

    /// Sends the next object when its group is full, or this is the end, and takes receipts until few groups
    /// are on their way, at the end none.
    fn send_next(&mut self, is_end: bool) -> Result<(), SessionError> {
        if let Some(event) = self.next.take() {
            self.push((event.sequence.unwrap_or_default(), event.json()))?;
        }
        if is_end {
            self.send_group_of_next()?;
        }
        self.take_answers(if is_end { 0 } else { DUE })
    }

    /// Takes receipts until so many groups are on their way.
    fn take_answers(&mut self, most: usize) -> Result<(), SessionError> {
        while self.groups.len() > most {
            self.take_answer()?;
        }
        Ok(())
    }

    /// Takes the next receipt.
    fn take_answer(&mut self) -> Result<(), SessionError> {
        let Some(session) = self.session.as_mut() else { return Ok(()) };
        let frame = session.receive(DOING)?;
        let number = receipt(session, &frame)?;
        let unasked = || session.unasked(&frame);
        let place = self.due.binary_search_by_key(&number, |due| *due.end()).map_err(|_| unasked())?;
        let confirmed = self.due.remove(place).ok_or_else(unasked)?;
        self.take_receipt(&confirmed);
        Ok(())
    }

    /// Takes what a broker said before it hung up while more was sent to it. Returns its refusal, or else
    /// this error.
    fn hear(&mut self, error: SessionError) -> SessionError {
        for _ in 0..HEARD {
            if self.session.is_none() || Blame::of(&error) != Blame::Unclear {
                break;
            }
            match self.take_answer() {
                // Also receipts of objects that are not counted here.
                Ok(()) | Err(SessionError::Unasked(..)) => {}
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

    /// Takes an object, unless its destination is held. The last one of a group sends it.
    fn push(&mut self, (number, json): Sent) -> Result<(), SessionError> {
        if self.send.is_held(&json, &self.held) {
            self.skip((number, json));
            return Ok(());
        }
        let Some(session) = self.session.as_ref() else { return Ok(()) };
        let limits = together::limits(self.send, session);
        self.since = (self.since.0 + 1, self.since.1 + json.len());
        self.window.push_back((number, json));
        if self.since.0 >= limits.0 || self.since.1 >= limits.1 { self.send_group_of_next() } else { Ok(()) }
    }

    /// Sends the objects that are to be sent together next.
    fn send_group_of_next(&mut self) -> Result<(), SessionError> {
        let (number, _) = std::mem::take(&mut self.since);
        let Some(session) = self.session.as_mut() else { return Ok(()) };
        let group = self.window.range(self.window.len().saturating_sub(number)..);
        self.due.extend(together::receipts(self.send, session, group.clone()));
        self.groups.extend(group.clone().next_back().map(|(last, _)| *last));
        together::send(self.send, session, group).map_err(|error| self.hear(error))
    }

    /// Notes that these objects are confirmed. Brokers confirm in any order.
    fn take_receipt(&mut self, numbers: &RangeInclusive<u64>) {
        let start = self.window.partition_point(|(number, _)| number < numbers.start());
        let end = self.window.partition_point(|(number, _)| number <= numbers.end());
        self.confirmed += (end - start) as u64;
        let last = self.window.drain(start..end).next_back();
        self.known = last.or(self.known.take());
        let open = self.due.front().map(|due| *due.start());
        while self.groups.front().is_some_and(|last| open.is_none_or(|open| open > *last)) {
            self.groups.pop_front();
        }
        self.prove();
    }

    /// Skips an object whose destination is held.
    fn skip(&mut self, sent: Sent) {
        self.skipped += 1;
        self.brokers.pass(sent);
    }

    /// Forgets what was asked of a broker before. The objects stay.
    fn forget_asked(&mut self) {
        self.due.clear();
        self.groups.clear();
        self.since = (0, 0);
    }

    /// Sends the unconfirmed objects again, together.
    fn resend(&mut self) -> Result<(), SessionError> {
        self.forget_asked();
        let mut rest = std::mem::take(&mut self.window);
        rest.make_contiguous().sort_unstable_by_key(|(number, _)| *number);
        while let Some(sent) = rest.pop_front() {
            if let Err(error) = self.push(sent).and_then(|()| self.take_answers(DUE)) {
                self.window.append(&mut rest);
                return Err(error);
            }
        }
        self.send_group_of_next()
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
        let macros = object::macros(object, (self.written.time(), self.started), self.args);
        let Ok(mut event) = Event::new(&macros) else { return };
        self.count += 1;
        event.sequence = Some(self.count);
        event.snapshot = Some(self.id);
        self.next = Some(event);
        self.attempt(false);
    }

    /// Another snapshot: a reader takes what came of the one before as older.
    fn restart(&mut self) {
        if self.failure.is_none() {
            self.attempt(true);
        }
        (self.id, self.next, self.words, self.known) = (id::new(), None, None, None);
        (self.total, self.count, self.confirmed, self.skipped) = (0, 0, 0, 0);
        self.left_out.clear();
        self.window.clear();
        self.forget_asked();
    }
}
