//! All the doing: the event into the spool, what waits to the broker, and what is not confirmed through to the disk.

use std::cell::OnceCell;
use std::time::Duration;

use plugin::Deadline;

use crate::Args;
use crate::connection::Caller;
use crate::deliver::{DeliverError, Manner};
use crate::event::Event;
use crate::session::{Session, SessionError};
use crate::socket::Meanwhile;
use crate::spool::{Spool, SpoolError, Spooled};

/// How long a receipt may take before the event is written through to the disk meanwhile. Most come sooner, and need no disk.
const PATIENCE: Duration = Duration::from_millis(50);
/// What is left of the deadline when the broker is given up: for the disk.
const RESERVE: Duration = Duration::from_millis(500);

/// Why nothing was published or spooled: somebody has to change something.
#[derive(Debug, thiserror::Error)]
pub enum NotifyError {
    /// No event.
    #[error("no event: name its host by --host and its state by --state, or take both --from-env, or send what waits by --flush")]
    Nothing,
    /// No state.
    #[error("no state: give $SERVICESTATE$ or $HOSTSTATE$ by --state")]
    NoState,
    /// Nagios exports no macros.
    #[error("--from-env: no NAGIOS_HOSTNAME in the environment: nagios.cfg needs enable_environment_macros=1")]
    NoEnvironment,
    /// A word that is none of those that it may be.
    #[error("{option} {value:?}: none of {words}")]
    Word {
        /// The option.
        option: &'static str,
        /// What it was given.
        value: String,
        /// What it may be.
        words: String,
    },
    /// No number.
    #[error("{option} {value:?}: not a whole number")]
    Number {
        /// The option.
        option: &'static str,
        /// What it was given.
        value: String,
    },
    /// No broker.
    #[error("no broker: name it by --broker, as in --broker=127.0.0.1")]
    NoBroker,
    /// No destination.
    #[error("no destination: name it by --destination, as in --destination=/topic/nagios")]
    NoDestination,
    /// The spool cannot be used, and there is no event that could be sent without it.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// Showing messages ended with an error.
    #[error(transparent)]
    Cat(#[from] SessionError),
    /// Showing messages cannot hear of signals, or has nobody to show them to.
    #[error("showing messages: {}", plugin::reason(.0))]
    Show(std::io::Error),
}

/// What became of the event of this run.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// There was none: `--flush`.
    #[default]
    None,
    /// The broker has it.
    Confirmed(u64),
    /// It is in the spool.
    Waits(u64),
    /// Neither.
    Lost,
}

/// What was done, and what was not.
#[derive(Debug, Default)]
pub struct Seen {
    /// What became of the event of this run.
    pub fate: Fate,
    /// The broker, or all of them.
    pub broker: String,
    /// How many the broker confirmed.
    pub sent: usize,
    /// How many wait now, and how long the first of them has, in seconds.
    pub waiting: usize,
    /// See `waiting`.
    pub oldest: f64,
    /// How many were dropped because they were too many or too old.
    pub dropped: usize,
    /// How many files are set aside in the spool that are no events.
    pub broken: usize,
    /// Why what waits was not sent.
    pub failure: Option<String>,
    /// Why the event could not be spooled, or not durably.
    pub spool_failure: Option<String>,
    /// Whether another process is sending.
    pub is_busy: bool,
}

/// Puts the event into the spool and sends what is there.
pub(crate) fn probe(args: &Args, deadline: &Deadline) -> Result<Seen, NotifyError> {
    let mut event = if args.flush { None } else { Some(Event::new(&args.event.complete()?)?) };
    if args.target.broker.is_empty() {
        return Err(NotifyError::NoBroker);
    }
    let destination = args.target.destination.as_deref().filter(|name| !name.is_empty()).ok_or(NotifyError::NoDestination)?;
    let reserve = RESERVE.min(deadline.limit() / 4);
    let patience = Deadline::after(deadline.remaining().saturating_sub(reserve));
    let manner = Manner { destination, is_persistent: !args.target.not_persistent };
    let caller = Caller { target: &args.target, deadline: &patience, stop: None };
    let names: Vec<String> = args.target.broker.iter().map(ToString::to_string).collect();
    let mut run = Run { args, caller, manner, seen: Seen { broker: names.join(", "), ..Seen::default() } };
    let _step = deadline.step(format!("using the spool {}", args.spool.spool.display()));
    match Spool::open(&args.spool.spool, &patience) {
        Ok(spool) => run.with(&spool, event.as_mut(), deadline)?,
        Err(error) => match event {
            Some(event) => run.without(event, error),
            None => return Err(error.into()),
        },
    }
    Ok(run.seen)
}

/// One run.
struct Run<'a> {
    args: &'a Args,
    caller: Caller<'a>,
    manner: Manner<'a>,
    seen: Seen,
}

impl Run<'_> {
    fn with(&mut self, spool: &Spool, event: Option<&mut Event>, deadline: &Deadline) -> Result<(), SpoolError> {
        let options = &self.args.spool;
        let put = event.map(|event| {
            let lock = spool.lock(self.caller.deadline);
            lock.and_then(|lock| spool.put(event, options.most_octets(), &lock)).map_err(|error| (event, error))
        });
        match put {
            None => drop(self.drain(spool, None)),
            Some(Ok(spooled)) => {
                self.seen.dropped += spooled.dropped;
                let confirmed = self.drain(spool, Some(&spooled));
                let sequence = spooled.entry.sequence;
                self.seen.fate = if confirmed { Fate::Confirmed(sequence) } else { Fate::Waits(sequence) };
            }
            Some(Err((event, error))) => self.past(spool, event, error),
        }
        if self.seen.failure.is_some() {
            // Only what cannot be sent is too old.
            if let Ok(lock) = spool.lock(deadline) {
                self.seen.dropped += spool.drop_old(options.longest_wait(), &lock)?;
            }
        }
        let waiting = spool.entries()?;
        self.seen.waiting = waiting.len();
        self.seen.oldest = waiting.first().and_then(|entry| spool.age(*entry)).map_or(0.0, |age| age.as_secs_f64());
        self.seen.broken = spool.broken();
        Ok(())
    }

    /// Sends what waits, unless somebody else does. Whether `own` is confirmed; if not, it is on the disk.
    fn drain(&mut self, spool: &Spool, own: Option<&Spooled>) -> bool {
        let durable = OnceCell::new();
        let sync = || {
            durable.get_or_init(|| own.map_or(Ok(()), Spooled::sync));
        };
        let result = self.send_all(spool, own.is_some(), &sync);
        if let Err(error) = &result {
            spool.set_silent(error.is_silence());
            self.seen.failure = Some(error.to_string());
        }
        let Some(own) = own else { return false };
        let still_waits = self.seen.failure.is_some() || self.seen.is_busy;
        if !still_waits || spool.age(own.entry).is_none() {
            return true;
        }
        sync();
        if let Some(Err(error)) = durable.get() {
            self.seen.spool_failure = Some(error.to_string());
        }
        false
    }

    /// The sender looks again after it has given up the right to send: what came in between is its own to send. So whoever finds that
    /// right taken can leave.
    fn send_all(&mut self, spool: &Spool, is_event: bool, sync: &impl Fn()) -> Result<(), DeliverError> {
        let retry = self.args.spool.retry.duration();
        if let Some(since) = spool.silent_for().filter(|since| is_event && *since < retry) {
            self.seen.failure = Some(format!("{} did not answer {:.0} s ago", self.seen.broker, since.as_secs_f64()));
            return Ok(());
        }
        while !spool.entries()?.is_empty() {
            let Some(_right) = spool.try_to_send()? else {
                self.seen.is_busy = true;
                return Ok(());
            };
            let mut session = Session::open(&self.caller, Meanwhile::after(PATIENCE, sync))?;
            self.seen.broker = session.broker();
            let (sent, result) = self.manner.drain(spool, &mut session);
            self.seen.sent += sent;
            result?;
            session.close();
            spool.set_silent(false);
        }
        Ok(())
    }

    /// An event that could not be spooled: what waits goes first, then the event itself.
    fn past(&mut self, spool: &Spool, event: &mut Event, error: SpoolError) {
        let _ = self.drain(spool, None);
        let lock = spool.lock(self.caller.deadline);
        // Without a number of its own it is still the event.
        let _ = spool.number(event);
        self.directly(event, error);
        if let (Ok(_), Fate::Confirmed(sequence)) = (lock, self.seen.fate) {
            // That no number can be noted shows in the next event's.
            let _ = spool.advance(sequence);
        }
    }

    /// An event without any spool.
    fn without(&mut self, event: Event, error: SpoolError) {
        self.directly(&event, error);
    }

    fn directly(&mut self, event: &Event, error: SpoolError) {
        self.seen.spool_failure = Some(error.to_string());
        let sent = Session::open(&self.caller, Meanwhile::nothing()).and_then(|mut session| {
            self.seen.broker = session.broker();
            self.manner.send(&mut session, event.sequence, event.json())?;
            session.close();
            Ok(())
        });
        match sent {
            Ok(()) => {
                self.seen.sent += 1;
                self.seen.fate = Fate::Confirmed(event.sequence);
            }
            Err(error) => {
                self.seen.failure = Some(error.to_string());
                self.seen.fate = Fate::Lost;
            }
        }
    }
}
