//! One run: the event into the spool, what waits to the broker, and what is not confirmed through to the
//! disk.

use std::sync::OnceLock;
use std::time::Duration;

use net::SlowPathAction;
use plugin::Deadline;

use crate::Args;
use crate::brokers::Telling as _;
use crate::connection::ConnectOptions;
use crate::deliver::SendOptions;
use crate::event::{Event, EventError};
use crate::loss::lose;
use crate::macros::NoEnvironment;
use crate::observations::{Failure, Fate, Observations};
use crate::options::{Route, TargetError};
use crate::send::{Sender, Sent};
use crate::session::{Session, SessionError};
use crate::spool::{Spool, SpoolError, Spooled};
use crate::user::{UserError, become_user};

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
    /// The options of the broker are wrong, and there is no event that could be spooled.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Root cannot become the user of the spool.
    #[error(transparent)]
    User(#[from] UserError),
    /// The spool cannot be used, and there is no event that could be sent without it.
    #[error(transparent)]
    Spool(#[from] SpoolError),
}

/// Puts the event into the spool and sends what is there. Where the options of the broker are wrong, the
/// event is spooled all the same.
pub(crate) fn publish(args: &Args, deadline: &Deadline) -> Result<Observations, PublishError> {
    let patience = Deadline::after(deadline.keeping(RESERVE));
    let user = args.spool.user.as_deref().map_or(Ok(()), |user| become_user(user, &patience));
    if args.action.is_flush() {
        user?;
        return flush(args, deadline, &patience);
    }
    if let Err(error) = user {
        return Ok(lose(&args.spool, &error.to_string(), &patience));
    }
    let mut event = match read_event(args) {
        Err(error @ PublishError::Event(EventError::Nothing)) => return Err(error),
        Err(error) => return Ok(lose(&args.spool, &error.to_string(), &patience)),
        Ok(event) => event,
    };
    let (route, send) = match route(args, &patience) {
        Ok(options) => options,
        Err(error) => return Ok(spool_only(args, &mut event, &error.to_string(), &patience)),
    };
    let connect = ConnectOptions { route: &route, deadline: &patience, stop: None };
    let seen = Observations { broker: route.names(), ..Observations::default() };
    let mut run = Run { args, connect, send, seen };
    let _step = deadline.step(format!("using the spool {}", args.spool.spool.display()));
    match Spool::open(&args.spool, &patience) {
        Ok(spool) => run.publish_via_spool(&spool, &mut event, deadline)?,
        Err(error) => run.send_now(&event, error),
    }
    if run.seen.fate == Fate::Lost {
        run.seen.note_loss(&args.spool, &event.to_string(), deadline);
    }
    Ok(run.seen)
}

/// The event of the options and the environment.
pub(crate) fn read_event(args: &Args) -> Result<Event, PublishError> {
    Ok(Event::new(&args.event.complete()?)?)
}

/// How to reach the brokers, and what to send.
fn route<'a>(args: &'a Args, deadline: &Deadline) -> Result<(Route<'a>, SendOptions<'a>), TargetError> {
    let template = args.target.template()?;
    let send = SendOptions {
        template,
        is_persistent: !args.target.not_persistent,
        is_text: args.target.text_message,
    };
    Ok((args.target.route(deadline)?, send))
}

/// Sends what waits, and tells what happened since the last time.
fn flush(args: &Args, deadline: &Deadline, patience: &Deadline) -> Result<Observations, PublishError> {
    let _step = deadline.step(format!("using the spool {}", args.spool.spool.display()));
    let spool = Spool::open(&args.spool, patience)?;
    if args.action.acknowledge {
        spool.acknowledge()?;
    }
    if args.action.retry_refused {
        spool.retry_refused()?;
    }
    let (route, send) = route(args, patience)?;
    let connect = ConnectOptions { route: &route, deadline: patience, stop: None };
    let seen =
        Observations { broker: route.names(), limits: Some(args.action.oldest()), ..Observations::default() };
    let mut run = Run { args, connect, send, seen };
    run.drain(&spool, None);
    run.end(&spool, deadline)?;
    Ok(run.seen)
}

/// Puts the event into the spool and through to the disk, since no broker can be asked: `why`.
pub(crate) fn spool_only(args: &Args, event: &mut Event, why: &str, patience: &Deadline) -> Observations {
    let mut seen = Observations { refused: Some(why.to_owned()), ..Observations::default() };
    let _step = patience.step(format!("using the spool {}", args.spool.spool.display()));
    match put_and_count(args, event, &mut seen, patience) {
        Ok(sequence) => seen.fate = Fate::Waits(sequence),
        Err(error) => {
            (seen.fate, seen.spool_failure) = (Fate::Lost, Some(error.to_string()));
            seen.note_loss(&args.spool, &event.to_string(), patience);
        }
    }
    seen
}

fn put_and_count(
    args: &Args,
    event: &mut Event,
    seen: &mut Observations,
    patience: &Deadline,
) -> Result<u64, SpoolError> {
    let spool = Spool::open(&args.spool, patience)?;
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
        event: &mut Event,
        deadline: &Deadline,
    ) -> Result<(), SpoolError> {
        let lock = spool.lock(self.connect.deadline);
        let most = self.args.spool.most_octets();
        match lock.and_then(|lock| spool.put(event, most, &lock)) {
            Ok(spooled) => {
                self.seen.dropped += spooled.dropped;
                self.seen.fate = self.drain(spool, Some(&spooled));
            }
            Err(error) => self.publish_past_spool(spool, event, error),
        }
        self.end(spool, deadline)
    }

    /// Drops what is too old, and counts what is left.
    fn end(&mut self, spool: &Spool, deadline: &Deadline) -> Result<(), SpoolError> {
        // Only what cannot be sent is too old.
        if self.seen.failure.is_some()
            && let Ok(lock) = spool.lock(deadline)
        {
            self.seen.dropped += spool.drop_old(self.args.spool.longest_wait(), &lock)?;
        }
        self.seen.count(spool)
    }

    /// Sends what waits, unless another process does. Returns what became of `own`: where it waits, it is on
    /// the disk.
    fn drain(&mut self, spool: &Spool, own: Option<&Spooled>) -> Fate {
        let durable = OnceLock::new();
        let sync = || {
            durable.get_or_init(|| own.map_or(Ok(()), Spooled::sync));
        };
        let refused = match self.recent_silence(spool, own.is_some()) {
            Some(text) => {
                self.seen.failure = Some(Failure { text, is_refusal: false });
                Vec::new()
            }
            None => self.send_all(spool, &sync),
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

    /// Says that no broker answered a moment ago. An event does not wait for another try then, and a flush
    /// does.
    fn recent_silence(&self, spool: &Spool, is_event: bool) -> Option<String> {
        let retry = self.args.spool.retry.duration();
        let since = spool.silent_for().filter(|since| is_event && *since < retry)?;
        let (since, left) = (since.as_secs_f64(), (retry - since).as_secs_f64());
        Some(format!("{} was silent {since:.0} s ago, asked again in {left:.0} s", self.seen.broker))
    }

    /// Sends what waits and notes what came of it. Returns the events that were set aside.
    fn send_all(&mut self, spool: &Spool, sync: &(impl Fn() + Sync)) -> Vec<u64> {
        let slow = SlowPathAction::after(PATIENCE, sync);
        let if_due = || slow.run_if_due();
        let mut sender = Sender {
            connect: &self.connect,
            options: &self.send,
            spool,
            most: self.args.spool.most_octets(),
            slow: Some(&if_due),
            sent: Sent::default(),
        };
        let result = sender.send_all();
        let sent = sender.sent;
        match &result {
            // A broker that confirms is not silent: the time was up.
            Err(error) if error.is_silence() && sent.confirmed > 0 => self.seen.is_unfinished = true,
            Err(error) => {
                spool.set_silent(error.is_silence());
                let (text, is_refusal) = (error.to_string(), error.is_refusal());
                self.seen.failure = Some(Failure { text, is_refusal });
            }
            Ok(()) if sent.confirmed > 0 => spool.set_silent(false),
            Ok(()) => {}
        }
        if let (None, Some((destination, words))) = (&self.seen.failure, sent.held.first_key_value()) {
            let others = match sent.held.len() - 1 {
                0 => String::new(),
                others => format!(" and {others} more"),
            };
            let text = format!("{words}, destination {destination}{others}");
            self.seen.failure = Some(Failure { text, is_refusal: true });
        }
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
        let _ = spool.number(event);
        self.send_now(event, error);
        if let (Ok(_), Fate::Confirmed(sequence)) = (lock, self.seen.fate) {
            // That no number can be noted shows in the next event's.
            let _ = spool.advance(sequence);
        }
    }

    /// Sends an event without any spool.
    fn send_now(&mut self, event: &Event, error: SpoolError) {
        self.seen.spool_failure = Some(error.to_string());
        let connect = &self.connect;
        let sent = connect.route.first_that(None, connect.deadline, |broker, share| {
            let mut session = Session::open(connect, broker, share, None)?;
            self.send.send(&mut session, event.sequence, event.json())?;
            session.close();
            Ok(broker.name())
        });
        let sent: Result<String, SessionError> = sent;
        match sent {
            Ok(broker) => {
                self.seen.sent += 1;
                self.seen.broker = broker;
                self.seen.fate = Fate::Confirmed(event.sequence);
            }
            Err(error) => {
                let (text, is_refusal) = (error.to_string(), error.is_refusal());
                self.seen.failure = Some(Failure { text, is_refusal });
                self.seen.fate = Fate::Lost;
            }
        }
    }
}
