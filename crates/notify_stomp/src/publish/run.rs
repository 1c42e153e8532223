//! What one run does with the spool and the brokers, and what it saw.

use std::sync::OnceLock;
use std::time::Duration;

use net::SlowPathAction;
use plugin::{Deadline, Report, State};

use crate::Args;
use crate::brokers::Telling as _;
use crate::connection::ConnectOptions;
use crate::deliver::{DeliverError, Held, SendOptions};
use crate::evaluate::with_unknown_metrics;
use crate::event::Event;
use crate::observations::{Failure, Fate, Observations};
use crate::options::Broker;
use crate::send::Sender;
use crate::session::{Session, SessionError};
use crate::spool::{Spool, SpoolError, Spooled};

/// How long a receipt may take before the event is written through to the disk meanwhile. Most come sooner,
/// and need no disk.
const PATIENCE: Duration = Duration::from_millis(50);
/// Returns why the broker refuses destinations.
fn held(held: &Held) -> Option<Failure> {
    let (destination, why) = held.first_key_value()?;
    let others = match held.len() - 1 {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    Some(Failure { text: format!("{}, destination {destination}{others}", why.text), ..*why })
}

/// One run.
pub(super) struct Run<'a> {
    pub(super) args: &'a Args,
    pub(super) connect: ConnectOptions<'a>,
    pub(super) send: SendOptions<'a>,
    pub(super) seen: Observations,
}

impl Run<'_> {
    /// Spools the event and sends it after what waits already.
    pub(super) fn publish_via_spool(&mut self, spool: &Spool, event: &mut Event, deadline: &Deadline) {
        let lock = spool.lock(self.connect.deadline);
        let most = self.args.spool.most_octets();
        match lock.and_then(|lock| spool.put(event, most, &lock)) {
            Ok(spooled) => {
                self.seen.dropped += spooled.dropped;
                // For the line of a run that is stopped.
                let (progress, sequence) = (deadline.progress(), spooled.entry.sequence);
                let tell = move |text: String| with_unknown_metrics(Report::new(State::Unknown, text), None);
                progress.tell_by(move || tell(format!("event {sequence} waits in the spool")));
                self.seen.fate = self.drain(spool, Some(&spooled));
                progress.tell_by(move || tell(String::new()));
            }
            Err(error) => self.publish_past_spool(spool, event, error),
        }
        self.end(spool, deadline);
    }

    /// Drops what is too old, and counts what is left.
    pub(super) fn end(&mut self, spool: &Spool, deadline: &Deadline) {
        self.seen.count_or_note(spool);
        // Only what cannot be sent is too old.
        if self.seen.failure.is_some()
            && let Ok(lock) = spool.lock(deadline)
        {
            match spool.drop_old(self.args.spool.longest_wait(), &lock) {
                Ok(0) => return,
                Ok(dropped) => self.seen.dropped += dropped,
                Err(error) => self.seen.count_failure = Some(error.to_string()),
            }
            self.seen.count_or_note(spool);
        }
    }

    /// Sends what waits, unless another process does. Returns what became of `own`: where it waits, it is on
    /// the disk.
    pub(super) fn drain(&mut self, spool: &Spool, own: Option<&Spooled>) -> Fate {
        let durable = OnceLock::new();
        let sync = || {
            durable.get_or_init(|| own.map_or(Ok(()), Spooled::sync));
        };
        let silent = self.recent_silence(spool, own.is_some());
        let refused = match self.all_silent(&silent) {
            Some(text) => {
                self.seen.failure = Some(Failure { text, is_refusal: false, is_late: false });
                Vec::new()
            }
            None => {
                let names = silent.into_iter().map(|(name, _)| name).collect();
                self.send_all(spool, names, &sync)
            }
        };
        let Some(own) = own else { return Fate::None };
        let sequence = own.entry.sequence;
        if spool.has(own.entry) {
            sync();
            if let Some(Err(error)) = durable.get() {
                self.seen.spool_failure = Some(error.to_string());
            }
            return Fate::Waits(sequence);
        }
        if refused.contains(&sequence) { Fate::Refused(sequence) } else { Fate::Confirmed(sequence) }
    }

    /// Returns the brokers that did not answer a moment ago, each with how long ago that was. An event does
    /// not wait for another try then, and a flush does.
    fn recent_silence(&self, spool: &Spool, is_event: bool) -> Vec<(String, Duration)> {
        let retry = self.args.spool.retry.duration();
        let names = self.connect.route.all().map(Broker::name).filter(|_| is_event);
        let since = |name: String| spool.silent_for(&name).map(|since| (name, since));
        names.filter_map(since).filter(|(_, since)| *since < retry).collect()
    }

    /// Says that no broker answered a moment ago. `None` if one is left to ask.
    fn all_silent(&self, silent: &[(String, Duration)]) -> Option<String> {
        if silent.len() < self.connect.route.all().count() {
            return None;
        }
        let (_, since) = silent.iter().max_by_key(|(_, since)| *since)?;
        let left = self.args.spool.retry.duration().saturating_sub(*since);
        let (since, left) = (since.as_secs_f64(), left.as_secs_f64());
        Some(format!("{} was silent {since:.0} s ago, asked again in {left:.0} s", self.seen.broker))
    }

    /// Sends what waits and notes what came of it. Returns the events that were set aside.
    fn send_all(&mut self, spool: &Spool, passed_over: Vec<String>, sync: &(impl Fn() + Sync)) -> Vec<u64> {
        let slow = SlowPathAction::after(PATIENCE, sync);
        let if_due = || slow.run_if_due();
        let spool = (spool, self.args.spool.most_octets());
        let mut sender = Sender::new(&self.connect, &self.send, spool, &if_due, passed_over);
        let result = sender.send_all();
        let sent = sender.sent;
        match &result {
            // A broker that confirms is not silent: the time was up.
            Err(error) if error.is_silence() && sent.confirmed > 0 => {
                self.seen.is_unfinished = true;
                let answer = sent.answer.as_ref().map(|answer| &answer.text);
                let is_told = |text: &String| sent.aside.iter().any(|(_, words)| words == text);
                self.seen.said = answer.filter(|text| !is_told(text)).cloned();
            }
            // A broker that refuses is not silent: held destinations or its words show that.
            Err(error) if error.is_silence() && sent.answer.is_some() => {
                let answer = sent.answer.clone().filter(|_| sent.held.is_empty());
                // A broker that only hung up, and was then silent, is late.
                self.seen.failure = answer.map(|answer| Failure { is_late: !answer.is_refusal, ..answer });
            }
            Err(error) => self.seen.failure = Some(error.into()),
            Ok(()) => {}
        }
        let refusal = held(&sent.held).or(sent.kept);
        self.seen.failure = match (self.seen.failure.take(), refusal) {
            (None, refusal) => refusal,
            // A fault of this host does not hide what a broker refuses.
            (Some(failure), Some(refusal)) if result.as_ref().is_err_and(DeliverError::is_own) => {
                let text = format!("{}, {}", failure.text, refusal.text);
                Some(Failure { text, ..refusal })
            }
            (failure, _) => failure,
        };
        self.seen.sent += sent.confirmed;
        self.seen.is_busy |= sent.is_busy;
        self.seen.broker = sent.broker.unwrap_or_else(|| self.seen.broker.clone());
        self.seen.aside += sent.aside.len();
        if let Some((_, words)) = sent.aside.last() {
            self.seen.words.clone_from(words);
        }
        sent.aside.into_iter().map(|(sequence, _)| sequence).collect()
    }

    /// Sends an event that could not be spooled, after what waits.
    fn publish_past_spool(&mut self, spool: &Spool, event: &mut Event, error: SpoolError) {
        self.drain(spool, None);
        let lock = spool.lock(self.connect.deadline);
        // Without a number of its own it is still the event.
        if lock.and_then(|lock| spool.number(event, &lock)).is_err() {
            event.unnumber();
        }
        self.send_now(event, error);
    }

    /// Sends an event without any spool.
    pub(super) fn send_now(&mut self, event: &Event, error: SpoolError) {
        self.seen.spool_failure = Some(error.to_string());
        let (connect, number) = (&self.connect, event.sequence.unwrap_or_default());
        let sent = connect.route.first_that(None, &[], connect.deadline, |broker, share| {
            let mut session = Session::open(connect, broker, share, None)?;
            self.send.send(&mut session, number, event.json())?;
            session.close();
            Ok(broker.name())
        });
        let sent: Result<String, SessionError> = sent;
        match sent {
            Ok(broker) => {
                self.seen.sent += 1;
                self.seen.broker = broker;
                self.seen.fate = Fate::Confirmed(number);
            }
            Err(error) => {
                self.seen.failure = Some(Failure::from(&error));
                self.seen.fate = Fate::Lost;
            }
        }
    }
}
