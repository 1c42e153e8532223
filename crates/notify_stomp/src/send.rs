//! One run's sending: through the brokers in their order, and past events that a broker refuses.
//!
//! Where a broker refuses something while many events are on their way, it does not say which. So each is
//! then sent alone. What is refused because of itself is set aside; what is refused because of its
//! destination is held, and so is everything where the refusal is not about one event.

mod blame;

use net::SlowPath;
use plugin::Deadline;

use crate::connection::ConnectOptions;
use crate::deliver::{DeliverError, Held, SendOptions};
use crate::options::Broker;
use crate::session::{Session, SessionError};
use crate::spool::{Entry, Spool};
use blame::Blame;

/// How many events are sent one by one before many are sent at once again.
const ALONE: usize = 300;
/// How many events are set aside in one run at most.
const ASIDE: usize = 100;

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
    /// Nothing more is set aside: two events in a row were refused with the same words.
    keeps_all: bool,
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
    pub(crate) sent: Sent,
}

/// What became of an event that was sent alone and refused.
enum Judged {
    /// It was confirmed when it was sent once more.
    Confirmed,
    /// Its destination is held.
    Held,
    /// It is set aside. The words, where only they say that it is about this event.
    Aside(Option<String>),
}

impl Sender<'_> {
    /// Sends all that waits, unless another process does. The sender reads the spool again after it has given
    /// up the right to send: what came in between is its own to send. So a process that finds the right taken
    /// can leave.
    pub(crate) fn send_all(&mut self) -> Result<(), DeliverError> {
        while self.next(None)?.is_some() {
            let Some(_right) = self.spool.try_to_send()? else {
                self.sent.is_busy = true;
                return Ok(());
            };
            let route = self.connect.route;
            let several = !route.brokers.1.is_empty();
            let good = if several { self.spool.good(self.connect.deadline) } else { None };
            let broker = route.first_that(good.as_deref(), self.connect.deadline, |broker, share| {
                self.through(broker, share).map(|()| broker.name())
            })?;
            if several && good.as_ref() != Some(&broker) {
                self.spool.set_good(&broker);
            }
        }
        Ok(())
    }

    /// Sends all that waits through one broker. It has until `share` to confirm the first event.
    fn through(&mut self, broker: &Broker, share: &Deadline) -> Result<(), DeliverError> {
        loop {
            let mut session = Session::open(self.connect, broker, share, self.slow)?;
            let (confirmed, result) =
                self.options.drain(self.spool, &mut session, &self.sent.held, self.connect.deadline);
            self.note(confirmed, broker);
            match result {
                Ok(()) => {
                    session.close();
                    return Ok(());
                }
                Err(DeliverError::Session(error)) if self.may_be_one_event(&error) => {
                    drop(session);
                    self.one_by_one(broker, share)?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    fn note(&mut self, confirmed: usize, broker: &Broker) {
        self.sent.confirmed += confirmed;
        if confirmed > 0 {
            self.sent.broker = Some(broker.name());
        }
    }

    /// Whether others could be sent after this error.
    fn may_be_one_event(&self, error: &SessionError) -> bool {
        match Blame::of(error) {
            Blame::Other => false,
            Blame::Place => self.options.template.has_placeholders(),
            Blame::Event | Blame::Unclear => true,
        }
    }

    /// Sends one event after the other, each after the receipt of the one before.
    fn one_by_one(&mut self, broker: &Broker, share: &Deadline) -> Result<(), DeliverError> {
        let (mut session, mut words) = (None, None);
        for _ in 0..ALONE {
            let Some((entry, json)) = self.next(None)? else { break };
            match self.alone(&mut session, broker, share, entry, json.clone()) {
                Ok(()) => words = None,
                Err(DeliverError::Session(error)) => {
                    match self.judge(error, &words, (broker, share), (entry, json))? {
                        Judged::Aside(now) => words = now,
                        Judged::Confirmed | Judged::Held => words = None,
                    }
                }
                Err(error) => return Err(error),
            }
        }
        session.into_iter().for_each(Session::close);
        Ok(())
    }

    /// Decides what is refused here: `before` are the words about the event before.
    fn judge(
        &mut self,
        error: SessionError,
        before: &Option<String>,
        at: (&Broker, &Deadline),
        (entry, json): (Entry, Vec<u8>),
    ) -> Result<Judged, DeliverError> {
        let words = error.to_string();
        match Blame::of(&error) {
            Blame::Place if self.options.template.has_placeholders() => {
                let frame = self.options.frame(None, json);
                let destination = frame.header("destination").unwrap_or_default().to_owned();
                self.sent.held.insert(destination, words);
                return Ok(Judged::Held);
            }
            Blame::Other | Blame::Place => return Err(error.into()),
            Blame::Event | Blame::Unclear => {}
        }
        self.sent.keeps_all |= before.as_ref() == Some(&words);
        if self.sent.keeps_all || self.sent.aside.len() >= ASIDE {
            return Err(error.into());
        }
        let is_proven = Blame::of(&error) == Blame::Unclear;
        if is_proven {
            match self.is_alone_to_blame(at, entry, json)? {
                Some(true) => {}
                Some(false) => return Ok(Judged::Confirmed),
                None => return Err(error.into()),
            }
        }
        self.spool.refuse(entry, &words, self.most)?;
        self.sent.aside.push((entry.sequence, words.clone()));
        Ok(Judged::Aside(Some(words).filter(|_| !is_proven)))
    }

    /// Returns whether an event is refused again after the next one was confirmed; `None` if there is no next
    /// one, or that one was not confirmed either.
    fn is_alone_to_blame(
        &mut self,
        (broker, share): (&Broker, &Deadline),
        entry: Entry,
        json: Vec<u8>,
    ) -> Result<Option<bool>, DeliverError> {
        let Some((next, other)) = self.next(Some(entry))? else { return Ok(None) };
        if self.alone(&mut None, broker, share, next, other).is_err() {
            return Ok(None);
        }
        match self.alone(&mut None, broker, share, entry, json) {
            Ok(()) => Ok(Some(false)),
            Err(DeliverError::Session(error)) if Blame::of(&error) == Blame::Unclear => Ok(Some(true)),
            Err(error) => Err(error),
        }
    }

    /// Sends one event and takes it out of the spool when it is confirmed.
    fn alone<'s>(
        &mut self,
        session: &mut Option<Session<'s>>,
        broker: &Broker,
        share: &Deadline,
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

    /// The first event after `after` whose destination is not held.
    fn next(&self, after: Option<Entry>) -> Result<Option<(Entry, Vec<u8>)>, DeliverError> {
        for entry in
            self.spool.entries()?.into_iter().filter(|entry| after.is_none_or(|after| *entry > after))
        {
            let json = self.spool.read(entry)?;
            if let Some(json) = json.filter(|json| !self.options.is_held(json, &self.sent.held)) {
                return Ok(Some((entry, json)));
            }
        }
        Ok(None)
    }
}
