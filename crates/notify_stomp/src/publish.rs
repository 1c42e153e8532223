//! One run: the event into the spool, what waits to the broker, and what is not confirmed through to the
//! disk.

use std::sync::OnceLock;
use std::time::Duration;

use net::SlowPathAction;
use plugin::Deadline;

use crate::Args;
use crate::connection::ConnectOptions;
use crate::deliver::{DeliverError, SendOptions};
use crate::event::{Event, EventError};
use crate::macros::NoEnvironment;
use crate::observations::{Fate, Observations};
use crate::options::{Route, TargetError};
use crate::session::Session;
use crate::spool::{Spool, SpoolError, Spooled};

/// How long a receipt may take before the event is written through to the disk meanwhile. Most come sooner,
/// and need no disk.
const PATIENCE: Duration = Duration::from_millis(50);
/// What is left of the deadline when the broker is given up: for the disk.
const RESERVE: Duration = Duration::from_millis(500);

/// Why nothing was published or spooled: a setting must be changed.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The options are not an event.
    #[error(transparent)]
    Event(#[from] EventError),
    /// Nagios exports no macros.
    #[error(transparent)]
    Environment(#[from] NoEnvironment),
    /// No destination.
    #[error("no destination: name it by --destination, as in --destination=/topic/nagios")]
    NoDestination,
    /// The options of the broker are wrong, and there is no event that could be spooled.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// The spool cannot be used, and there is no event that could be sent without it.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// Puts the event into the spool and sends what is there. Where the options of the broker are wrong, the
/// event is spooled all the same.
pub(crate) fn publish(args: &Args, deadline: &Deadline) -> Result<Observations, PublishError> {
    let mut event = if args.flush { None } else { Some(Event::new(&args.event.complete()?)?) };
    let destination = args
        .target
        .destination
        .as_deref()
        .filter(|name| !name.is_empty())
        .ok_or(PublishError::NoDestination)?;
    let patience = Deadline::after(deadline.keeping(RESERVE));
    let route = match (args.target.route(&patience), &mut event) {
        (Ok(route), _) => route,
        (Err(error), None) => return Err(error.into()),
        (Err(error), Some(event)) => return Ok(spool_only(args, event, &error.to_string(), &patience)),
    };
    let send = SendOptions { destination, is_persistent: !args.target.not_persistent };
    let connect = ConnectOptions { route: &route, deadline: &patience, stop: None };
    let mut run =
        Run { args, connect, send, seen: Observations { broker: names(&route), ..Observations::default() } };
    let _step = deadline.step(format!("using the spool {}", args.spool.spool.display()));
    match Spool::open(&args.spool.spool, &patience) {
        Ok(spool) => run.publish_via_spool(&spool, event.as_mut(), deadline)?,
        Err(error) => match event {
            Some(event) => run.publish_unspooled(event, error),
            None => return Err(error.into()),
        },
    }
    Ok(run.seen)
}

/// The brokers as they were named.
fn names(route: &Route<'_>) -> String {
    let names: Vec<String> = route.brokers.iter().map(|(broker, _)| broker.to_string()).collect();
    names.join(", ")
}

/// Puts the event into the spool and through to the disk, since no broker can be asked: `why`.
pub(crate) fn spool_only(args: &Args, event: &mut Event, why: &str, patience: &Deadline) -> Observations {
    let mut seen = Observations { refused: Some(why.to_owned()), ..Observations::default() };
    let _step = patience.step(format!("using the spool {}", args.spool.spool.display()));
    match put_and_count(args, event, &mut seen, patience) {
        Ok(sequence) => seen.fate = Fate::Waits(sequence),
        Err(error) => (seen.fate, seen.spool_failure) = (Fate::Lost, Some(error.to_string())),
    }
    seen
}

fn put_and_count(
    args: &Args,
    event: &mut Event,
    seen: &mut Observations,
    patience: &Deadline,
) -> Result<u64, SpoolError> {
    let spool = Spool::open(&args.spool.spool, patience)?;
    let lock = spool.lock(patience)?;
    let spooled = spool.put(event, args.spool.most_octets(), &lock)?;
    seen.dropped = spooled.dropped;
    if let Err(error) = spooled.sync() {
        seen.spool_failure = Some(error.to_string());
    }
    // The event is safe; that it cannot be counted loses nothing.
    if seen.count(&spool).is_err() {
        seen.waiting = 1;
    }
    Ok(spooled.entry.sequence)
}

/// One run.
struct Run<'a> {
    args: &'a Args,
    connect: ConnectOptions<'a>,
    send: SendOptions<'a>,
    seen: Observations,
}

impl Run<'_> {
    /// Spools the event and sends it after what waits already.
    fn publish_via_spool(
        &mut self,
        spool: &Spool,
        event: Option<&mut Event>,
        deadline: &Deadline,
    ) -> Result<(), SpoolError> {
        let options = &self.args.spool;
        let put = event.map(|event| {
            let lock = spool.lock(self.connect.deadline);
            lock.and_then(|lock| spool.put(event, options.most_octets(), &lock))
                .map_err(|error| (event, error))
        });
        match put {
            None => drop(self.drain(spool, None)),
            Some(Ok(spooled)) => {
                self.seen.dropped += spooled.dropped;
                let confirmed = self.drain(spool, Some(&spooled));
                let sequence = spooled.entry.sequence;
                self.seen.fate = if confirmed { Fate::Confirmed(sequence) } else { Fate::Waits(sequence) };
            }
            Some(Err((event, error))) => self.publish_past_spool(spool, event, error),
        }
        if self.seen.failure.is_some() {
            // Only what cannot be sent is too old.
            if let Ok(lock) = spool.lock(deadline) {
                self.seen.dropped += spool.drop_old(options.longest_wait(), &lock)?;
            }
        }
        self.seen.count(spool)
    }

    /// Sends what waits, unless another process does. Returns whether `own` is confirmed; if not, it is on
    /// the disk.
    fn drain(&mut self, spool: &Spool, own: Option<&Spooled>) -> bool {
        let durable = OnceLock::new();
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

    /// The sender reads the spool again after it has given up the right to send: what came in between is its
    /// own to send. So a process that finds the right taken can leave.
    fn send_all(
        &mut self,
        spool: &Spool,
        is_event: bool,
        sync: &(impl Fn() + Sync),
    ) -> Result<(), DeliverError> {
        let retry = self.args.spool.retry.duration();
        if let Some(since) = spool.silent_for().filter(|since| is_event && *since < retry) {
            self.seen.failure =
                Some(format!("{} did not answer {:.0} s ago", self.seen.broker, since.as_secs_f64()));
            return Ok(());
        }
        while !spool.entries()?.is_empty() {
            let Some(_right) = spool.try_to_send()? else {
                self.seen.is_busy = true;
                return Ok(());
            };
            let slow = SlowPathAction::after(PATIENCE, sync);
            let if_due = || slow.run_if_due();
            let mut session = Session::open(&self.connect, Some(&if_due))?;
            self.seen.broker = session.broker();
            let (sent, result) = self.send.drain(spool, &mut session);
            self.seen.sent += sent;
            result?;
            session.close();
            spool.set_silent(false);
        }
        Ok(())
    }

    /// Sends an event that could not be spooled, after what waits.
    fn publish_past_spool(&mut self, spool: &Spool, event: &mut Event, error: SpoolError) {
        let _ = self.drain(spool, None);
        let lock = spool.lock(self.connect.deadline);
        // Without a number of its own it is still the event.
        let _ = spool.number(event);
        self.send_now(event, error);
        if let (Ok(_), Fate::Confirmed(sequence)) = (lock, self.seen.fate) {
            // That no number can be noted shows in the next event's.
            let _ = spool.advance(sequence);
        }
    }

    /// Sends an event without any spool.
    fn publish_unspooled(&mut self, event: Event, error: SpoolError) {
        self.send_now(&event, error);
    }

    fn send_now(&mut self, event: &Event, error: SpoolError) {
        self.seen.spool_failure = Some(error.to_string());
        let sent = Session::open(&self.connect, None).and_then(|mut session| {
            self.seen.broker = session.broker();
            self.send.send(&mut session, event.sequence, event.json())?;
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
