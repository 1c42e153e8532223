//! Which of several refused events are to blame, and not their broker.
//!
//! An event that is refused alone is a suspect. Others are then tried: first the next ones, then ever
//! further ones up to the last, so that neither two bad events in a row nor a hundred hold up the good ones.
//! As soon as one is confirmed, the broker is well, and the first suspect that it refuses once more is set
//! aside, whatever the words: brokers speak of a destination where they mean one event. That proof is for
//! one event, since a broker may turn bad at any time: each further one needs another confirmation after
//! its own refusal. Without one, nothing more is set aside for these words in this run. Words about a
//! destination set aside one event in a run anyway, since they may be about a moment only. What is refused
//! with such words is passed over until the next run. Words of a lack of room set aside none: everything
//! waits.
//! Where none is confirmed, the broker itself may be at fault. Then an event is set aside only if the words
//! are about an event, and no other event was refused with the same words since the last confirmation.
//! With several brokers, an event with words about a destination is set aside after each refused it.
//!
//! With placeholders only an event of the same destination is a proof: another destination may be well while
//! this one is full. Without a proof the destination is held, and the others go on.

use super::blame::Blame;
use super::{At, Sender, Suspect};
use crate::brokers::Telling as _;
use crate::deliver::DeliverError;
use crate::observations::Failure;
use crate::options::Broker;
use crate::session::SessionError;
use crate::spool::Entry;

/// How many events are set aside in one run at most.
const ASIDE: usize = 100;
/// How many events are tried in a row until one is confirmed.
const PROBES: usize = 16;
/// How many of them are the next ones. Each later one is twice as far away.
const NEAR: usize = 4;
/// How many are tried if the words are about the destination or the broker: each costs a connection.
const PLACE_PROBES: usize = 2;
/// How many destinations are held in one run because the broker hangs up, before it is at fault itself.
const HANG_UPS: usize = 16;

/// Returns how many events beyond the suspects the next one to try is. `None` if enough were tried. After a
/// proof, bad events often come in a row: `is_proven`.
fn distance(suspects: &[Suspect], is_proven: bool) -> Option<usize> {
    let of_place = suspects.iter().filter(|suspect| Blame::of(&suspect.error) == Blame::Place).count();
    match (of_place, suspects.len()) {
        // The newest one first: it has come while the others waited.
        (1, ..PROBES) => Some(usize::MAX),
        (0, 2) if is_proven => Some(usize::MAX),
        (1..=PLACE_PROBES, ..PROBES) | (0, 0..NEAR) => Some(0),
        (0, far @ ..PROBES) => Some((2 << (far - NEAR)) - 1),
        _ => None,
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
        self.note_refusal(entry, &error, at);
        let mut refused = Suspect { entry, error };
        let destination = self.options.destination(json);
        let about = (destination.clone(), refused.words());
        let is_proven = self.sent.proven.contains(&about);
        if self.sent.spent.contains(&about) || is_proven && Blame::of(&refused.error) == Blame::Place {
            return self.pass_over(refused, false);
        }
        let mut suspects = Vec::new();
        loop {
            if Blame::of(&refused.error) == Blame::Other {
                return Err(refused.error.into());
            }
            // A queue that drains takes some events and not others: all of them wait.
            if Blame::is_full(&refused.error) {
                let has_placeholders = self.options.template.has_placeholders();
                return if has_placeholders {
                    self.hold(destination, &refused)
                } else {
                    Err(refused.error.into())
                };
            }
            suspects.push(refused);
            let Some((entry, json)) = self.probe(&suspects, (&destination, is_proven))? else { break };
            match self.alone(&mut None, at, entry, json) {
                Ok(()) => return self.set_aside_proven(suspects, at, destination),
                Err(DeliverError::Session(error)) => {
                    self.note_refusal(entry, &error, at);
                    refused = Suspect { entry, error };
                }
                Err(error) => return Err(error),
            }
        }
        if is_proven {
            self.sent.spent.insert(about);
            let first = suspects.into_iter().next();
            return first.map_or(Ok(()), |first| self.pass_over(first, false));
        }
        self.judge_unproven(suspects, destination)
    }

    /// Notes an event that a broker refused in words of its own. A broker that hangs up, is silent or has no
    /// room may take it later.
    fn note_refusal(&mut self, entry: Entry, error: &SessionError, (broker, _): At<'_>) {
        if Blame::is_of_events(error) {
            self.refused.entry(broker.name()).or_default().alone.insert(entry.sequence);
        }
    }

    /// The event to try next: beyond the suspects, and with their destination.
    fn probe(
        &mut self,
        suspects: &[Suspect],
        (destination, is_proven): (&str, bool),
    ) -> Result<Option<(Entry, Vec<u8>)>, DeliverError> {
        let Some(distance) = distance(suspects, is_proven) else { return Ok(None) };
        let is_suspect = |entry: &Entry| suspects.iter().any(|suspect| suspect.entry == *entry);
        let mut others = Vec::new();
        for entry in self.spool.entries()?.into_iter().filter(|entry| !is_suspect(entry)) {
            if !self.kept.contains(&entry.sequence) && self.is_to(entry, destination)? {
                others.push(entry);
            }
        }
        // One that is no event, or has just gone, is passed over.
        for entry in others.iter().skip(distance.min(others.len().saturating_sub(1))) {
            if let Some(json) = self.spool.read(*entry)? {
                return Ok(Some((*entry, json)));
            }
        }
        Ok(None)
    }

    /// Returns whether an event goes to this destination: without placeholders each does.
    fn is_to(&mut self, entry: Entry, destination: &str) -> Result<bool, DeliverError> {
        if !self.options.template.has_placeholders() {
            return Ok(true);
        }
        // Each file is read once in a run, also where many destinations are refused.
        if let Some(known) = self.destinations.get(&entry) {
            return Ok(known == destination);
        }
        let Some(json) = self.spool.read(entry)? else { return Ok(false) };
        let own = self.options.destination(&json);
        let is_it = own == destination;
        self.destinations.insert(entry, own);
        Ok(is_it)
    }

    /// The broker is well: sets aside the first that it refuses once more. The others need a proof of their
    /// own.
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
                    if Blame::of(&error) != Blame::Other && !Blame::is_full(&error) =>
                {
                    self.note_refusal(entry, &error, at);
                    let words = error.to_string();
                    self.sent.proven.insert((destination.clone(), words.clone()));
                    let refused = Suspect { entry, error };
                    let is_of_place = Blame::of(&refused.error) == Blame::Place;
                    return match (is_of_place, self.sent.told.insert(words)) {
                        (true, false) => self.pass_over(refused, false),
                        (true, true) if !self.connect.route.brokers.1.is_empty() => {
                            self.pass_over(refused, true)
                        }
                        _ => self.set_aside(refused),
                    };
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

    /// Leaves an event for the next broker or run. Where the broker refuses many in a row, it is at fault
    /// itself.
    fn pass_over(&mut self, refused: Suspect, is_deferred: bool) -> Result<(), DeliverError> {
        self.in_a_row += 1;
        if self.in_a_row > ASIDE {
            return Err(refused.error.into());
        }
        self.kept.insert(refused.entry.sequence);
        self.sent.kept.get_or_insert(Failure::from(&refused.error));
        if is_deferred {
            self.deferred.push(refused);
        }
        Ok(())
    }

    /// Sets aside what each broker refused. Where one could not be asked, it waits.
    pub(super) fn set_aside_deferred(&mut self) -> Result<(), DeliverError> {
        let deferred = std::mem::take(&mut self.deferred);
        if !self.unasked.is_empty() {
            return Ok(());
        }
        for refused in deferred {
            let sequence = refused.entry.sequence;
            let mut names = self.connect.route.all().map(Broker::name);
            let is_refused =
                |name: String| self.refused.get(&name).is_some_and(|all| all.alone.contains(&sequence));
            if names.all(is_refused) && self.spool.has(refused.entry) {
                self.kept.remove(&sequence);
                self.set_aside(refused)?;
            }
        }
        if self.kept.is_empty() {
            self.sent.kept = None;
        }
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
