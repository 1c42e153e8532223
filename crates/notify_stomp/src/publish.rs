//! One run: the event into the spool, what waits to the broker, and what is not confirmed through to the
//! disk.

use std::time::Duration;

use plugin::{Deadline, Report, State, failed};

use crate::Args;
use crate::action::Idle;
use crate::connection::ConnectOptions;
use crate::deliver::SendOptions;
use crate::evaluate::{evaluate, with_unknown_metrics};
use crate::event::{Event, EventError};
use crate::loss::lose;
use crate::macros::NoEnvironment;
use crate::observations::{Fate, Observations, late};
use crate::options::{Route, TargetError};
use crate::spool::{Spool, SpoolError};
use crate::user::{UserError, switch_user};

mod run;

use run::Run;

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
        switch_user(&args.spool, &patience)?;
        return flush(args, deadline, &patience);
    }
    let mut event = match read_event(args) {
        Err(error @ PublishError::Event(EventError::Nothing)) => return Err(error),
        Err(error) => return Ok(lose(&args.spool, &error.to_string(), &patience)),
        Ok(event) => event,
    };
    if let Err(error) = switch_user(&args.spool, &patience) {
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
        Err(error) => {
            event.unnumber();
            run.send_now(&event, error);
        }
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

/// Puts the event into the spool as the user that the options name, since the options are wrong: `why`.
pub(crate) fn keep(args: &Args, event: &mut Event, why: &str, deadline: &Deadline) -> Observations {
    match switch_user(&args.spool, deadline) {
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
        let _ = event.sequence.map(|sequence| spool.advance(sequence));
    })?;
    seen.dropped = spooled.dropped;
    if let Err(error) = spooled.sync() {
        seen.spool_failure = Some(error.to_string());
    }
    seen.fate = Fate::Waits(spooled.entry.sequence);
    seen.count_or_note(&spool);
    Ok(spooled.entry.sequence)
}
