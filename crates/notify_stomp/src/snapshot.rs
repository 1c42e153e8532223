//! `--snapshot`: the state of every host and service, as the monitor's status.dat holds it. Changes while the
//! monitor was down cause no events; this is how a reader learns of them.
//!
//! Nothing is spooled: what is missing comes with the next snapshot. One receipt confirms a thousand objects.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::time::{Duration, UNIX_EPOCH};
use std::{fs, path::Path};

use monitor_state::{Collect, FileError, Object, file};
use plugin::{Deadline, Finding, Findings, Metric, Report};
use uuid::Uuid;

use crate::Args;
use crate::connection::ConnectOptions;
use crate::deliver::{SendOptions, receipt};
use crate::event::{Event, id, now};
use crate::macros::Macros;
use crate::options::TargetError;
use crate::session::{Session, SessionError};

/// How many objects one receipt confirms.
const CHUNK: u64 = 1000;
/// How many receipts may be due.
const DUE: usize = 4;
/// How many octets are sent in one go.
const BATCH: usize = 256 << 10;
/// What is left of the deadline when the broker is given up.
const RESERVE: Duration = Duration::from_millis(250);
/// How old the file may be: Nagios writes it every few seconds.
const STALE: u64 = 300;
const DOING: &str = "waiting for a receipt";

/// Why there is no snapshot.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The options of the broker are wrong.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// status.dat cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Publishes what the file holds. What a broker does not confirm in time is a warning.
pub(crate) fn snapshot(args: &Args, deadline: &Deadline) -> Result<Report, SnapshotError> {
    let patience = Deadline::after(deadline.keeping(RESERVE));
    let send = SendOptions {
        template: args.target.template()?,
        is_persistent: !args.target.not_persistent,
        is_text: args.target.text_message,
    };
    let route = args.target.route(&patience)?;
    let path = match &args.action.status_file {
        Some(path) => path,
        None => file::find()?,
    };
    let connect = ConnectOptions { route: &route, deadline: &patience, stop: None };
    let written = written(path);
    let (mut publisher, read) = match Session::open_first(&connect) {
        Ok(session) => {
            let mut publisher = Publisher::new(args, &send, Some(session), written);
            let read = file::read(path, &mut publisher, &patience);
            (publisher, read)
        }
        Err(error) => (
            Publisher { failure: Some(error.to_string()), ..Publisher::new(args, &send, None, written) },
            Err(FileError::NoFile),
        ),
    };
    match read {
        // Not the file is at fault where the time was up.
        Err(error) if patience.is_over() => publisher.failure = publisher.failure.or(Some(error.to_string())),
        Err(error) if publisher.failure.is_none() => return Err(error.into()),
        _ => {}
    }
    publisher.finish();
    Ok(publisher.report(path))
}

/// When the file was written, in seconds since 1970.
fn written(path: &Path) -> u64 {
    let modified = fs::metadata(path).and_then(|status| status.modified()).ok();
    modified
        .and_then(|modified| modified.duration_since(UNIX_EPOCH).ok())
        .map_or_else(now, |since| since.as_secs())
}

/// Sends one object after the other.
struct Publisher<'a> {
    args: &'a Args,
    send: &'a SendOptions<'a>,
    session: Option<Session<'a>>,
    broker: String,
    written: u64,
    id: Uuid,
    /// How many objects there were, and how many of them a receipt has confirmed.
    count: u64,
    confirmed: u64,
    /// The last object: it is sent when it is known whether another one follows.
    last: Option<Event>,
    /// Receipts to come.
    due: VecDeque<u64>,
    /// Why it is not finished.
    failure: Option<String>,
}

impl<'a> Publisher<'a> {
    fn new(args: &'a Args, send: &'a SendOptions<'a>, session: Option<Session<'a>>, written: u64) -> Self {
        let broker = session.as_ref().map(Session::broker).unwrap_or_default();
        let (count, confirmed, last, due) = (0, 0, None, VecDeque::new());
        Self {
            args,
            send,
            session,
            broker,
            written,
            id: id::new(),
            count,
            confirmed,
            last,
            due,
            failure: None,
        }
    }

    /// Sends the last object, with a receipt if it ends a chunk or the snapshot.
    fn send_last(&mut self, is_end: bool) -> Result<(), SessionError> {
        let (Some(event), Some(session)) = (self.last.take(), self.session.as_mut()) else { return Ok(()) };
        let wants = is_end || event.sequence.is_multiple_of(CHUNK);
        let number = event.sequence;
        session.queue(&self.send.frame(wants.then_some(number), event.json()))?;
        if wants {
            self.due.push_back(number);
        }
        if wants || session.unsent() >= BATCH {
            session.send(DOING)?;
        }
        self.take_receipts(if is_end { 0 } else { DUE })
    }

    /// Waits until no more than `most` receipts are due.
    fn take_receipts(&mut self, most: usize) -> Result<(), SessionError> {
        let Some(session) = self.session.as_mut() else { return Ok(()) };
        while self.due.len() > most {
            let frame = session.receive(DOING)?;
            let number = receipt(session, &frame)?;
            self.due.retain(|due| *due != number);
            // Those before it may still be due: brokers confirm in any order.
            self.confirmed = self.due.front().map_or(number.max(self.confirmed), |due| {
                self.confirmed.max(due.saturating_sub(1) / CHUNK * CHUNK)
            });
        }
        Ok(())
    }

    fn finish(&mut self) {
        if self.failure.is_none() {
            self.failure = self.send_last(true).err().map(|error| error.to_string());
        }
        if self.failure.is_none() {
            self.session.take().into_iter().for_each(Session::close);
        }
    }

    fn report(&self, path: &Path) -> Report {
        let age = now().saturating_sub(self.written);
        let metrics = Finding::ok("")
            .metric(Metric::new("objects", self.count as f64).min(0.0))
            .metric(Metric::new("confirmed", self.confirmed as f64).min(0.0));
        let unfinished = self.failure.as_ref().map(|why| {
            Finding::warning(format!("snapshot unfinished, {} objects confirmed: {why}", self.confirmed))
        });
        let stale = (age > STALE).then(|| {
            Finding::warning(format!("{} is {} min old: does the monitor run", path.display(), age / 60))
        });
        let findings = [Some(metrics), unfinished, stale].into_iter().flatten().collect::<Findings>();
        findings.report(format!("snapshot of {} objects confirmed by {}", self.confirmed, self.broker))
    }
}

impl Collect for Publisher<'_> {
    fn wants(&mut self, _: &str, _: Option<&str>) -> bool {
        self.failure.is_none()
    }

    fn object(&mut self, object: &Object<'_>) {
        if self.failure.is_some() {
            return;
        }
        self.failure = self.send_last(false).err().map(|error| error.to_string());
        let Ok(mut event) = Event::new(&macros(object, self.written, self.args)) else { return };
        self.count += 1;
        event.sequence = self.count;
        event.snapshot = Some(self.id);
        self.last = Some(event);
    }

    /// Another snapshot: a reader takes what came of the one before as older.
    fn restart(&mut self) {
        self.failure =
            self.failure.take().or_else(|| self.take_receipts(0).err().map(|error| error.to_string()));
        (self.id, self.count, self.confirmed, self.last) = (id::new(), 0, 0, None);
    }
}

/// The macros of an object, with which it is an event as any other.
fn macros(object: &Object<'_>, written: u64, args: &Args) -> Macros {
    let text = |text: &str| Some(OsString::from(text));
    let number = |number: u64| Some(OsString::from(number.to_string()));
    let since = |time: u64| Some(time).filter(|time| *time > 0).and_then(number);
    // Without an event there is no number yet, and Icinga has none.
    let (event, last, problem) = object.events;
    let id = |number_of: u64| Some(number_of).filter(|_| event > 0).and_then(number);
    Macros {
        host: text(&object.host),
        service: object.service.as_deref().and_then(text),
        state: text(if object.is_checked { object.state.word() } else { "PENDING" }),
        state_type: text(if object.is_hard { "HARD" } else { "SOFT" }),
        last_hard_state: Some(object.hard_state().word()).filter(|_| object.is_checked).and_then(text),
        state_time: since(object.last_state_change),
        attempt: number(object.attempt.0),
        max_attempts: number(object.attempt.1),
        event_id: id(event),
        last_event_id: id(last),
        problem_id: id(problem),
        downtime_depth: number(object.downtime_depth),
        acknowledged: text(if object.is_acknowledged { "1" } else { "0" }),
        flapping: text(if object.is_flapping { "1" } else { "0" }),
        time_t: number(written),
        output: text(&object.output.text),
        long_output: text(&object.output.long_text),
        perfdata: text(&object.output.performance_data),
        monitor: args.event.monitor.clone(),
        ..Macros::default()
    }
}
