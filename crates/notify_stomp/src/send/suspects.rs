//! Which of several refused events are to blame, and not their broker.
//!
//! An event that is refused alone is a suspect. Others are then tried: first the next ones, then ever
//! further ones up to the last, so that neither two bad events in a row nor a hundred hold up the good ones.
//! As soon as one is confirmed, the broker is well, and a suspect that it refuses once more is set aside; in
//! this run, so is what is refused twice with the same words later.
//! Where none is confirmed, the broker itself may be at fault. Then an event is set aside only if the words
//! are about an event, and no other event was refused with the same words since the last confirmation.
//!
//! With placeholders only an event of the same destination is a proof: another destination may be well while
//! this one is full. Without a proof the destination is held, and the others go on.

use super::blame::Blame;
use super::{At, Sender};
use crate::brokers::Telling as _;
use crate::deliver::DeliverError;
use crate::observations::Failure;
use crate::session::SessionError;
use crate::spool::Entry;

/// How many events are set aside in one run at most.
const ASIDE: usize = 100;
/// How many events are tried in a row until one is confirmed.
const PROBES: usize = 16;
/// How many of them are the next ones. Each later one is twice as far away.
const NEAR: usize = 4;
/// How many destinations are held in one run because the broker hangs up, before it is at fault itself.
const HANG_UPS: usize = 16;

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

impl Sender<'_> {
    /// Decides what is refused here: the event, its destination, or everything, which is the error.
    pub(super) fn judge(
        &mut self,
        (entry, json): (Entry, &[u8]),
        error: SessionError,
        at: At<'_>,
    ) -> Result<(), DeliverError> {
        if Blame::of(&error) != Blame::Other {
            self.note_answer(&error);
        }
        let first = Suspect { entry, error };
        let destination = self.options.destination(json);
        if self.sent.proven.contains(&(destination.clone(), first.words())) {
            return self.set_aside_proven(vec![first], at, destination);
        }
        let mut suspects = Vec::new();
        let mut refused = first;
        loop {
            match Blame::of(&refused.error) {
                Blame::Event | Blame::Unclear => suspects.push(refused),
                Blame::Place if self.options.template.has_placeholders() => {
                    return self.hold(destination, &refused);
                }
                Blame::Place | Blame::Other => return Err(refused.error.into()),
            }
            let Some((entry, json)) = self.probe(&suspects, &destination)? else { break };
            match self.alone(&mut None, at, entry, json) {
                Ok(()) => return self.set_aside_proven(suspects, at, destination),
                Err(DeliverError::Session(error)) => refused = Suspect { entry, error },
                Err(error) => return Err(error),
            }
        }
        self.judge_unproven(suspects, destination)
    }

    /// The event to try next: beyond the suspects, and with their destination.
    fn probe(
        &self,
        suspects: &[Suspect],
        destination: &str,
    ) -> Result<Option<(Entry, Vec<u8>)>, DeliverError> {
        let distance = match suspects.len() {
            0..NEAR => 0,
            PROBES.. => return Ok(None),
            far => (2 << (far - NEAR)) - 1,
        };
        let is_suspect = |entry: &Entry| suspects.iter().any(|suspect| suspect.entry == *entry);
        let entries = self.spool.entries()?.into_iter().filter(|entry| !is_suspect(entry));
        if !self.options.template.has_placeholders() {
            let entries: Vec<Entry> = entries.collect();
            // One that is no event, or has just gone, is passed over.
            for entry in entries.iter().skip(distance.min(entries.len().saturating_sub(1))) {
                if let Some(json) = self.spool.read(*entry)? {
                    return Ok(Some((*entry, json)));
                }
            }
            return Ok(None);
        }
        let (mut found, mut left) = (None, distance);
        for entry in entries {
            let json = self.spool.read(entry)?;
            let Some(json) = json.filter(|json| self.options.destination(json) == destination) else {
                continue;
            };
            found = Some((entry, json));
            if left == 0 {
                break;
            }
            left -= 1;
        }
        Ok(found)
    }

    /// The broker is well: sets aside what it refuses once more.
    fn set_aside_proven(
        &mut self,
        suspects: Vec<Suspect>,
        at: At<'_>,
        destination: String,
    ) -> Result<(), DeliverError> {
        for Suspect { entry, .. } in suspects {
            let Some(json) = self.spool.read(entry)? else { continue };
            match self.alone(&mut None, at, entry, json) {
                Ok(()) => {}
                Err(DeliverError::Session(error))
                    if matches!(Blame::of(&error), Blame::Event | Blame::Unclear) =>
                {
                    self.sent.proven.insert((destination.clone(), error.to_string()));
                    self.set_aside(Suspect { entry, error })?;
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// No event was confirmed: sets aside those that have words of their own, and holds the others.
    fn judge_unproven(&mut self, suspects: Vec<Suspect>, destination: String) -> Result<(), DeliverError> {
        let words: Vec<String> = suspects.iter().map(Suspect::words).collect();
        let doubted = self.spool.doubted(self.connect.deadline);
        let is_alone = |own: &String| {
            words.iter().filter(|words| *words == own).count() == 1 && doubted.as_ref() != Some(own)
        };
        let mut kept = None;
        for (suspect, words) in suspects.into_iter().zip(&words) {
            if Blame::of(&suspect.error) == Blame::Event && is_alone(words) {
                self.set_aside(suspect)?;
                self.spool.doubt(words);
            } else {
                kept = kept.or(Some(suspect));
            }
        }
        let Some(kept) = kept else { return Ok(()) };
        let is_hang_up = !kept.error.is_refusal();
        if !self.options.template.has_placeholders() || (is_hang_up && self.sent.held_now >= HANG_UPS) {
            return Err(kept.error.into());
        }
        self.hold(destination, &kept)
    }

    /// Holds a destination until the next run.
    fn hold(&mut self, destination: String, refused: &Suspect) -> Result<(), DeliverError> {
        self.sent.held.insert(destination, Failure::from(&refused.error));
        self.sent.held_now += 1;
        Ok(())
    }

    fn set_aside(&mut self, Suspect { entry, error }: Suspect) -> Result<(), DeliverError> {
        if self.sent.aside.len() >= ASIDE {
            return Err(error.into());
        }
        let words = error.to_string();
        self.spool.refuse(entry, &words, self.most)?;
        self.sent.aside.push((entry.sequence, words));
        Ok(())
    }
}
