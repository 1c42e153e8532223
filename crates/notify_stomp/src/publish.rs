//! One run: the event into the spool, what waits to the broker, and what is not confirmed through to the
//! disk.

use std::sync::OnceLock;
use std::time::Duration;

use net::SlowPathAction;
use plugin::{Deadline, Report, State, failed};

use crate::Args;
use crate::action::Idle;
use crate::brokers::Telling as _;
use crate::connection::ConnectOptions;
use crate::deliver::SendOptions;
use crate::evaluate::{evaluate, with_unknown_metrics};
use crate::event::{Event, EventError};
use crate::loss::lose;
use crate::macros::NoEnvironment;
use crate::observations::{Failure, Fate, Observations, late};
use crate::options::{Broker, Route, TargetError};
use crate::send::Sender;
use crate::session::{Session, SessionError};
use crate::spool::{Spool, SpoolError, Spooled};
use crate::user::{UserError, become_user};

/// How long a receipt may take before the event is written through to the disk meanwhile. Most come sooner,
/// and need no disk.
const PATIENCE: Duration = Duration::from_millis(50);
/// What is left of the deadline when the broker is given up: for the disk.
const RESERVE: Duration = Duration::from_millis(500);

/// How long a flush waits for the right to find out whether the spool takes events.
const PROBE: Duration = Duration::from_secs(1);

/// Why nothing was published or spooled: a setting must be changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PublishError {
    /// An option does nothing in this run.
    #[error(transparent)]
    Idle(#[from] Idle),
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

/// Publishes the event, or sends what waits, and reports what came of it. A run that ends early has all
/// performance data too, as not known.
pub(crate) fn report(args: &Args, deadline: &Deadline) -> Report {
    let limits = args.action.limits();
    let early = limits.clone();
    deadline.progress().tell_by(move || with_unknown_metrics(Report::new(State::Ok, ""), early.clone()));
    match publish(args, deadline) {
        Ok(seen) => evaluate(&seen),
        Err(error) => with_unknown_metrics(failed(&error, deadline), limits),
    }
}

/// Puts the event into the spool and sends what is there. Where the options of the broker are wrong, the
/// event is spooled all the same.
fn publish(args: &Args, deadline: &Deadline) -> Result<Observations, PublishError> {
    let patience = Deadline::after(deadline.keeping(RESERVE));
    if let Some(kept) = keep_misplaced(args, &patience) {
        return Ok(kept);
    }
    if args.action.is_flush() {
        args.action.check(&args.event)?;
        switch_user(args, &patience)?;
        return flush(args, deadline, &patience);
    }
    let mut event = match read_event(args) {
        Err(error @ PublishError::Event(EventError::Nothing)) => return Err(error),
        Err(error) => return Ok(lose(&args.spool, &error.to_string(), &patience)),
        Ok(event) => event,
    };
    if let Err(error) = switch_user(args, &patience) {
        return Ok(keep_as_is(args, &mut event, &error.to_string(), &patience));
    }
    let (route, send) = match route(args, &patience) {
        Ok(options) => options,
        Err(error) => return Ok(spool_only(args, &mut event, &error.to_string(), &patience)),
    };
    let connect = ConnectOptions { route: &route, deadline: &patience, stop: None };
    let seen = Observations { broker: route.names(), late: late(deadline), ..Observations::default() };
    let mut run = Run { args, connect, send, seen };
    let _step = deadline.step(format!("using the spool {}", args.spool.spool.display()));
    match Spool::open(&args.spool, &patience) {
        Ok(spool) => run.publish_via_spool(&spool, &mut event, deadline),
        Err(error) => run.send_now(&event, error),
    }
    if run.seen.fate == Fate::Lost {
        run.seen.note_loss(&args.spool, &event.to_string(), deadline);
    }
    Ok(run.seen)
}

/// Puts an event into the spool that is given to a run which publishes none. `None` where there is none.
fn keep_misplaced(args: &Args, deadline: &Deadline) -> Option<Observations> {
    let option = args.action.other_than_an_event()?;
    let mut event = read_event(args).ok()?;
    Some(keep(
        args,
        &mut event,
        &format!("{option} publishes no event and goes without its options"),
        deadline,
    ))
}

fn switch_user(args: &Args, deadline: &Deadline) -> Result<(), UserError> {
    args.spool.user.as_deref().map_or(Ok(()), |user| become_user(user, deadline))
}

/// Puts the event into the spool as the user that the options name, since the options are wrong: `why`.
pub(crate) fn keep(args: &Args, event: &mut Event, why: &str, deadline: &Deadline) -> Observations {
    match switch_user(args, deadline) {
        Ok(()) => spool_only(args, event, why, deadline),
        Err(_) => keep_as_is(args, event, why, deadline),
    }
}

/// Spools the event as the user who runs this program, if that user may use the spool.
fn keep_as_is(args: &Args, event: &mut Event, why: &str, deadline: &Deadline) -> Observations {
    let mut args = args.clone();
    args.spool.user = None;
    spool_only(&args, event, why, deadline)
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
    let seen = Observations {
        broker: route.names(),
        limits: args.action.limits(),
        late: late(deadline),
        ..Observations::default()
    };
    let mut run = Run { args, connect, send, seen };
    let probe = || spool.probe(&Deadline::after(PROBE.min(patience.remaining() / 4)));
    match probe() {
        // What cannot be taken out of the spool would be sent again and again.
        Err(error) if !error.may_pass() => run.seen.spool_failure = Some(error.to_string()),
        before => {
            run.drain(&spool, None);
            run.seen.spool_failure = before.or_else(|_| probe()).err().map(|error| error.to_string());
        }
    }
    run.end(&spool, deadline);
    Ok(run.seen)
}

/// Puts the event into the spool and through to the disk, since no broker can be asked: `why`.
fn spool_only(args: &Args, event: &mut Event, why: &str, patience: &Deadline) -> Observations {
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
    let spooled = spool.put(event, args.spool.most_octets(), &lock).inspect_err(|_| {
        // The event is lost: the gap tells a reader.
        let _ = spool.advance(event.sequence);
    })?;
    seen.dropped = spooled.dropped;
    if let Err(error) = spooled.sync() {
        seen.spool_failure = Some(error.to_string());
    }
    seen.fate = Fate::Waits(spooled.entry.sequence);
    seen.count_or_note(&spool);
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
    fn publish_via_spool(&mut self, spool: &Spool, event: &mut Event, deadline: &Deadline) {
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
    fn end(&mut self, spool: &Spool, deadline: &Deadline) {
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
    fn drain(&mut self, spool: &Spool, own: Option<&Spooled>) -> Fate {
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
            Err(error) if error.is_silence() && sent.confirmed > 0 => self.seen.is_unfinished = true,
            // A broker that refuses is not silent: held destinations or its words show that.
            Err(error) if error.is_silence() && sent.answer.is_some() => {
                let answer = sent.answer.clone().filter(|_| sent.held.is_empty());
                // A broker that only hung up, and was then silent, is late.
                self.seen.failure = answer.map(|answer| Failure { is_late: !answer.is_refusal, ..answer });
            }
            Err(error) => self.seen.failure = Some(error.into()),
            Ok(()) => {}
        }
        if let (None, Some((destination, why))) = (&self.seen.failure, sent.held.first_key_value()) {
            let others = match sent.held.len() - 1 {
                0 => String::new(),
                others => format!(" and {others} more"),
            };
            let text = format!("{}, destination {destination}{others}", why.text);
            self.seen.failure = Some(Failure { text, ..*why });
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
        let numbered = spool.number(event);
        self.send_now(event, error);
        if lock.is_ok() && numbered.is_ok() {
            // Advance also if the event is lost: the gap tells a reader. If the number cannot be noted, the
            // next event shows it.
            let _ = spool.advance(event.sequence);
        }
    }

    /// Sends an event without any spool.
    fn send_now(&mut self, event: &Event, error: SpoolError) {
        self.seen.spool_failure = Some(error.to_string());
        let connect = &self.connect;
        let sent = connect.route.first_that(None, &[], connect.deadline, |broker, share| {
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
                self.seen.failure = Some(Failure::from(&error));
                self.seen.fate = Fate::Lost;
            }
        }
    }
}
