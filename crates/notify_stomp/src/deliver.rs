//! Sending what waits, in its order, with a receipt for each: many may be on their way at once, and none
//! leaves the spool before its own receipt has come.

use std::collections::{BTreeMap, VecDeque};

use plugin::Deadline;

use crate::brokers::Telling;
use crate::destination::{Labels, Template};
use crate::frame::Frame;
use crate::observations::Failure;
use crate::session::{Session, SessionError};
use crate::spool::{Entry, Spool, SpoolError};

/// How many events are on their way at most.
const WINDOW: usize = 256;
/// How many octets are sent in one go, at least one event.
const BATCH: usize = 256 << 10;
/// What a broker that is silent kept us from.
const DOING: &str = "waiting for a receipt";

/// Why the rest still waits.
#[derive(Debug, thiserror::Error)]
pub(crate) enum DeliverError {
    /// The broker.
    #[error(transparent)]
    Session(#[from] SessionError),
    /// The spool.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

impl Telling for DeliverError {
    fn is_refusal(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_refusal())
    }

    fn is_silence(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_silence())
    }
}

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

    /// Sends all that waits, and what comes meanwhile. From the first receipt on, the session goes on until
    /// `deadline`. Returns how many the broker confirmed, also where an error ended it.
    pub(crate) fn drain(
        &self,
        spool: &Spool,
        session: &mut Session<'_>,
        held: &Held,
        deadline: &Deadline,
    ) -> (usize, Result<(), DeliverError>) {
        let (open, confirmed) = (VecDeque::new(), Vec::new());
        let mut delivery =
            Delivery { options: self, spool, session, held, deadline, open, confirmed, sent: 0 };
        let result = loop {
            let delivered = spool.entries().map_err(DeliverError::from);
            let delivered = delivered.and_then(|entries| delivery.deliver(&entries));
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
    /// On their way.
    open: VecDeque<Entry>,
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
            while self.open.len() < WINDOW && self.session.unsent() < BATCH {
                let Some(entry) = rest.next() else { break };
                let json = self.spool.read(*entry)?;
                if let Some(json) = json.filter(|json| !self.options.is_held(json, self.held)) {
                    self.session.queue(&self.options.frame(Some(entry.sequence), json))?;
                    self.open.push_back(*entry);
                }
            }
            if self.open.is_empty() {
                return Ok(self.sent > before);
            }
            self.session.send(DOING)?;
            // Half of the window is waited for, so that the next frames go out together.
            let enough = if rest.len() == 0 { 0 } else { WINDOW / 2 };
            while self.open.len() > enough {
                let frame = self.session.receive(DOING)?;
                self.confirm(&frame)?;
            }
            if self.confirmed.len() >= WINDOW {
                self.retire()?;
            }
        }
    }

    /// Notes a receipt. Brokers may confirm in another order than ours.
    fn confirm(&mut self, frame: &Frame) -> Result<(), DeliverError> {
        let sequence = receipt(self.session, frame)?;
        let place = self.open.iter().position(|entry| entry.sequence == sequence);
        let entry = place.and_then(|place| self.open.remove(place));
        self.confirmed.push(entry.ok_or_else(|| self.session.unasked(frame))?);
        if self.sent == 0 {
            self.session.go_on(self.deadline);
        }
        self.sent += 1;
        Ok(())
    }

    fn retire(&mut self) -> Result<(), DeliverError> {
        self.spool.retire(&self.confirmed)?;
        self.confirmed.clear();
        Ok(())
    }
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
