//! Sending what waits, in its order, with a receipt for each: many may be on their way at once, and none
//! leaves the spool before its own receipt has come.

use std::collections::VecDeque;

use crate::frame::Frame;
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

impl DeliverError {
    /// Whether no answer came in time, in place of a refusal.
    pub(crate) fn is_silence(&self) -> bool {
        matches!(self, Self::Session(error) if error.is_silence())
    }
}

/// How events are sent.
pub(crate) struct SendOptions<'a> {
    pub(crate) destination: &'a str,
    pub(crate) is_persistent: bool,
}

impl SendOptions<'_> {
    /// The frame of an event. The receipt is called like its sequence.
    fn frame(&self, sequence: u64, json: Vec<u8>) -> Frame {
        let mut frame =
            Frame::new("SEND").with("destination", self.destination).with("content-type", "application/json");
        if self.is_persistent {
            frame = frame.with("persistent", "true");
        }
        Frame { body: json, ..frame.with("receipt", sequence.to_string()) }
    }

    /// Sends one event that is in no spool, and waits for its receipt.
    pub(crate) fn send(
        &self,
        session: &mut Session<'_>,
        sequence: u64,
        json: Vec<u8>,
    ) -> Result<(), SessionError> {
        session.queue(&self.frame(sequence, json))?;
        session.send(DOING)?;
        let answer = session.receive(DOING)?;
        receipt(session, &answer).and_then(|number| {
            if number == sequence { Ok(()) } else { Err(session.unexpected(&answer, "its RECEIPT")) }
        })
    }

    /// Sends all that waits, and what comes meanwhile. How many the broker confirmed, also where an error
    /// ended it.
    pub(crate) fn drain(
        &self,
        spool: &Spool,
        session: &mut Session<'_>,
    ) -> (usize, Result<(), DeliverError>) {
        let mut delivery =
            Delivery { options: self, spool, session, open: VecDeque::new(), confirmed: Vec::new(), sent: 0 };
        let mut result = Ok(());
        while result.is_ok() {
            match spool.entries() {
                Ok(entries) if entries.is_empty() => break,
                Ok(entries) => result = delivery.deliver(&entries),
                Err(error) => result = Err(error.into()),
            }
            // What was confirmed before an error is done with.
            let retired = delivery.retire();
            result = result.and(retired);
        }
        (delivery.sent, result)
    }
}

struct Delivery<'a, 'b> {
    options: &'a SendOptions<'a>,
    spool: &'a Spool,
    session: &'a mut Session<'b>,
    /// On their way.
    open: VecDeque<Entry>,
    /// Confirmed, and still in the spool.
    confirmed: Vec<Entry>,
    sent: usize,
}

impl Delivery<'_, '_> {
    fn deliver(&mut self, entries: &[Entry]) -> Result<(), DeliverError> {
        let mut rest = entries.iter();
        loop {
            while self.open.len() < WINDOW && self.session.unsent() < BATCH {
                let Some(entry) = rest.next() else { break };
                if let Some(json) = self.spool.read(*entry)? {
                    self.session.queue(&self.options.frame(entry.sequence, json))?;
                    self.open.push_back(*entry);
                }
            }
            if self.open.is_empty() {
                return Ok(());
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
        self.confirmed
            .push(entry.ok_or_else(|| self.session.unexpected(frame, "the RECEIPT of an event on its way"))?);
        self.sent += 1;
        Ok(())
    }

    fn retire(&mut self) -> Result<(), DeliverError> {
        self.spool.retire(&self.confirmed)?;
        self.confirmed.clear();
        Ok(())
    }
}

/// The sequence that a RECEIPT confirms.
fn receipt(session: &Session<'_>, frame: &Frame) -> Result<u64, SessionError> {
    match frame.command.as_str() {
        "RECEIPT" => frame
            .header("receipt-id")
            .and_then(|id| id.parse().ok())
            .ok_or_else(|| session.unexpected(frame, "the RECEIPT of an event")),
        "ERROR" => Err(session.refused(frame, false)),
        _ => Err(session.unexpected(frame, "a RECEIPT")),
    }
}
