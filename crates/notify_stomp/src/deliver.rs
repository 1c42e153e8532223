//! Sending what waits, in its order, with a receipt for each event, or for each transaction where the broker
//! is faster so: many may be on their way at once, and none leaves the spool before its own receipt has come.

mod error;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::slice::Iter;

use plugin::Deadline;

use crate::destination::{Labels, Template};
use crate::frame::Frame;
use crate::observations::Failure;
use crate::session::{Session, SessionError};
use crate::spool::{Entry, Spool};
pub(crate) use error::DeliverError;

/// How many events are on their way at most. Half of them make a transaction: while one is on its way, the
/// next is made.
const WINDOW: usize = 256;
/// How many octets are sent in one go, at least one event.
pub(crate) const BATCH: usize = 256 << 10;
/// What a broker that is silent kept us from.
pub(crate) const DOING: &str = "waiting for a receipt";

/// Destinations that are held in this run, each with its reason.
pub(crate) type Held = BTreeMap<String, Failure>;

/// How events are sent.
pub(crate) struct SendOptions<'a> {
    pub(crate) template: Template<'a>,
    pub(crate) is_persistent: bool,
    pub(crate) is_text: bool,
}

impl SendOptions<'_> {
    /// The frame of an event, and its destination. The receipt is called like its sequence.
    pub(crate) fn frame(&self, receipt: Option<u64>, json: Vec<u8>) -> Frame {
        let labels = Labels::of(&json);
        let destination = self.template.of(&labels);
        let mut frame =
            Frame::new("SEND").with("destination", destination).with("content-type", "application/json");
        if self.is_persistent {
            frame = frame.with("persistent", "true");
        }
        frame = labels.headers().fold(frame, |frame, (name, value)| frame.with(name, value));
        if let Some(receipt) = receipt {
            frame = frame.with("receipt", receipt.to_string());
        }
        Frame { body: json, is_text: self.is_text, ..frame }
    }

    /// Returns whether several events go through this session in a transaction.
    pub(crate) fn is_in_transactions(&self, session: &Session<'_>) -> bool {
        self.is_persistent && session.is_faster_in_transactions
    }

    /// Returns whether the destination of an event is held.
    pub(crate) fn is_held(&self, json: &[u8], held: &Held) -> bool {
        !held.is_empty() && held.contains_key(&self.destination(json))
    }

    /// Returns the destination of an event.
    pub(crate) fn destination(&self, json: &[u8]) -> String {
        self.template.of(&Labels::of(json))
    }

    /// Sends one event and waits for its receipt.
    pub(crate) fn send(
        &self,
        session: &mut Session<'_>,
        sequence: u64,
        json: Vec<u8>,
    ) -> Result<(), SessionError> {
        session.queue(&self.frame(Some(sequence), json))?;
        session.send(DOING)?;
        let answer = session.receive(DOING)?;
        receipt(session, &answer)
            .and_then(|number| if number == sequence { Ok(()) } else { Err(session.unasked(&answer)) })
    }

    /// Sends all that waits, and what comes meanwhile, but what is `held` or `kept`. From the first receipt
    /// on, the session goes on until `deadline`. Returns how many the broker confirmed, also where an error
    /// ended it.
    pub(crate) fn drain(
        &self,
        spool: &Spool,
        session: &mut Session<'_>,
        (held, kept): (&Held, &BTreeSet<u64>),
        deadline: &Deadline,
    ) -> (usize, Result<(), DeliverError>) {
        let (open, confirmed) = (VecDeque::new(), Vec::new());
        let mut delivery =
            Delivery { options: self, spool, session, held, deadline, open, confirmed, sent: 0 };
        let result = loop {
            let delivered = spool.entries().map_err(DeliverError::from);
            let delivered = delivered.and_then(|mut entries| {
                entries.retain(|entry| !kept.contains(&entry.sequence));
                delivery.deliver(&entries)
            });
            // What was confirmed before an error is done with.
            let retired = delivery.retire();
            match delivered.and_then(|is_more| retired.map(|()| is_more)) {
                Ok(true) => {}
                Ok(false) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        (delivery.sent, result)
    }
}

struct Delivery<'a, 'b> {
    options: &'a SendOptions<'a>,
    spool: &'a Spool,
    session: &'a mut Session<'b>,
    held: &'a Held,
    deadline: &'a Deadline,
    /// On their way: the events that have one receipt together, which is called like the first.
    open: VecDeque<Vec<Entry>>,
    /// Confirmed, and still in the spool.
    confirmed: Vec<Entry>,
    sent: usize,
}

impl Delivery<'_, '_> {
    /// Sends these. Returns whether there was one to send.
    fn deliver(&mut self, entries: &[Entry]) -> Result<bool, DeliverError> {
        let before = self.sent;
        let mut rest = entries.iter();
        loop {
            let window = self.window();
            while self.on_their_way() < window && self.session.unsent() < BATCH && self.queue(&mut rest)? {}
            if self.open.is_empty() {
                return Ok(self.sent > before);
            }
            self.session.send(DOING)?;
            // Half of the window is waited for, so that the next frames go out together.
            let enough = if rest.len() == 0 { 0 } else { window / 2 };
            while self.on_their_way() > enough {
                let frame = self.session.receive(DOING)?;
                self.confirm(&frame)?;
            }
            if self.confirmed.len() >= WINDOW {
                self.retire()?;
            }
        }
    }

    /// Returns how many may be on their way: few at first where a receipt is for many, so that a slow broker
    /// confirms some soon and is not taken for a silent one.
    fn window(&self) -> usize {
        if self.options.is_in_transactions(self.session) { (2 * self.sent).clamp(2, WINDOW) } else { WINDOW }
    }

    fn on_their_way(&self) -> usize {
        self.open.iter().map(Vec::len).sum()
    }

    /// Queues the next events that have one receipt. Returns whether there was one to look at.
    fn queue(&mut self, rest: &mut Iter<'_, Entry>) -> Result<bool, DeliverError> {
        let most = if self.options.is_in_transactions(self.session) { self.window() / 2 } else { 1 };
        let mut group: Vec<(Entry, Frame)> = Vec::new();
        let before = rest.len();
        let mut octets = 0;
        while group.len() < most && octets < BATCH {
            let Some(entry) = rest.next() else { break };
            let json = self.spool.read(*entry)?;
            if let Some(json) = json.filter(|json| !self.options.is_held(json, self.held)) {
                octets += json.len();
                group.push((*entry, self.options.frame(None, json)));
            }
        }
        self.queue_together(group)?;
        Ok(rest.len() < before)
    }

    /// Queues events with one receipt: several of them in a transaction, of which all or none are taken.
    fn queue_together(&mut self, group: Vec<(Entry, Frame)>) -> Result<(), SessionError> {
        let Some((first, _)) = group.first() else { return Ok(()) };
        let number = first.sequence;
        let (entries, mut frames): (Vec<Entry>, Vec<Frame>) = group.into_iter().unzip();
        match frames.pop() {
            Some(frame) if frames.is_empty() => {
                self.session.queue(&frame.with("receipt", number.to_string()))?;
            }
            last => queue_transaction(self.session, number, frames.into_iter().chain(last))?,
        }
        self.open.push_back(entries);
        Ok(())
    }

    /// Notes a receipt. Brokers may confirm in another order than ours.
    fn confirm(&mut self, frame: &Frame) -> Result<(), DeliverError> {
        let sequence = receipt(self.session, frame)?;
        let is_it = |entries: &Vec<Entry>| entries.first().is_some_and(|entry| entry.sequence == sequence);
        let place = self.open.iter().position(is_it);
        let entries = place.and_then(|place| self.open.remove(place));
        let entries = entries.ok_or_else(|| self.session.unasked(frame))?;
        if self.sent == 0 {
            self.session.go_on(self.deadline);
        }
        self.sent += entries.len();
        self.confirmed.extend(entries);
        Ok(())
    }

    fn retire(&mut self) -> Result<(), DeliverError> {
        self.spool.retire(&self.confirmed)?;
        self.confirmed.clear();
        Ok(())
    }
}

/// Queues events as a transaction of this number, of which all or none are taken. Its receipt is called like
/// it.
pub(crate) fn queue_transaction(
    session: &mut Session<'_>,
    number: u64,
    frames: impl Iterator<Item = Frame>,
) -> Result<(), SessionError> {
    let number = number.to_string();
    let part = |command: &str| Frame::new(command).with("transaction", number.as_str());
    session.queue(&part("BEGIN"))?;
    for frame in frames {
        session.queue(&frame.with("transaction", number.as_str()))?;
        if session.unsent() >= BATCH {
            session.send(DOING)?;
        }
    }
    session.queue(&part("COMMIT").with("receipt", number.as_str()))
}

/// The number that a RECEIPT confirms.
pub(crate) fn receipt(session: &Session<'_>, frame: &Frame) -> Result<u64, SessionError> {
    match frame.command.as_str() {
        "RECEIPT" => {
            frame.header("receipt-id").and_then(|id| id.parse().ok()).ok_or_else(|| session.unasked(frame))
        }
        "ERROR" => Err(session.refused(frame, false)),
        _ => Err(session.unexpected(frame, "a RECEIPT")),
    }
}
