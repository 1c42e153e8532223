//! One thread's part of a pass: an epoll loop that starts connections, hears of their ends and lets the
//! others' time run out.

use std::ops::Range;
use std::os::fd::OwnedFd;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

use crate::cause::{Cause, Echo, Local};
use crate::connection::{self, Started};
use crate::flight::{Connection, Flight, Stage};
use crate::pass::{Found, Pass, Work};
use crate::talk::{self, Heard};

/// How many connections are started before ends are looked for.
const BURST: usize = 32;
/// How many ends are heard of at once.
const EVENTS: usize = 256;
/// How far the pace may be made up for after a pause.
const SLACK: Duration = Duration::from_millis(5);
/// How long to wait when neither a descriptor is left nor a connection in flight whose end would free one.
const STARVED: Duration = Duration::from_millis(10);

/// The loop of one thread.
pub(crate) struct Worker<'a> {
    pass: &'a Pass<'a>,
    work: &'a Work<'a>,
    epoll: OwnedFd,
    flight: Flight,
    portion: Range<usize>,
    exhausted: bool,
    window: usize,
    pace: Duration,
    next_start: Instant,
    found: Found,
}

impl<'a> Worker<'a> {
    /// A loop with at most `window` connections in flight, one start every `pace`, the first `head` after the
    /// pass begins.
    pub(crate) fn new(
        pass: &'a Pass<'a>,
        work: &'a Work<'a>,
        window: usize,
        pace: Duration,
        head: Duration,
    ) -> Result<Self, Errno> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let (flight, found) = (Flight::default(), Found::default());
        let next_start = pass.begin + head;
        Ok(Self {
            pass,
            work,
            epoll,
            flight,
            portion: 0..0,
            exhausted: false,
            window,
            pace,
            next_start,
            found,
        })
    }

    /// Runs until the work is done or the pass's time is over.
    pub(crate) fn run(mut self) -> Result<Found, Errno> {
        let mut events = Vec::with_capacity(EVENTS);
        loop {
            let now = Instant::now();
            if now >= self.pass.until {
                break;
            }
            let next = self.start_some()?;
            if next.is_none() && self.flight.len() == 0 {
                break;
            }
            let looked = self.wait(next, &mut events)?;
            // An answer that came in time counts, however late this thread gets to see it.
            if events.len() < EVENTS {
                self.expire(looked);
            }
        }
        let untried = self.portion.filter_map(|number| self.work.target(number));
        let unfinished = self.flight.drain().map(|connection| connection.target);
        self.found
            .failed
            .extend(untried.chain(unfinished).map(|target| (target, Cause::Local(Local::NoTime))));
        Ok(self.found)
    }

    /// Starts connections as the window and the pace allow. Returns when it can go on, by itself or by an end
    /// of one in flight: none when all are started.
    fn start_some(&mut self) -> Result<Option<Instant>, Errno> {
        for _ in 0..BURST {
            let Some(number) = self.peek() else { return Ok(None) };
            if self.flight.len() >= self.window {
                return Ok(Some(self.pass.until));
            }
            let now = Instant::now();
            if now < self.next_start {
                return Ok(Some(self.next_start));
            }
            if !self.start(number, now)? {
                // Nobody's failure: less at once, and this one again.
                self.window = self.flight.len().max(1);
                return Ok(Some(if self.flight.len() == 0 { now + STARVED } else { self.pass.until }));
            }
            self.portion.start += 1;
            self.next_start = (self.next_start + self.pace).max(now.checked_sub(SLACK).unwrap_or(now));
        }
        Ok(Some(self.next_start))
    }

    /// The number of the next one to start.
    fn peek(&mut self) -> Option<usize> {
        if self.portion.is_empty() && !self.exhausted {
            self.portion = self.work.take();
            self.exhausted = self.portion.is_empty();
        }
        (!self.portion.is_empty()).then_some(self.portion.start)
    }

    /// Starts one: false if there is no room for it.
    fn start(&mut self, number: usize, now: Instant) -> Result<bool, Errno> {
        let Some(target) = self.work.target(number) else { return Ok(true) };
        let Some(to) = usize::try_from(target).ok().and_then(|place| self.pass.targets.get(place)) else {
            return Ok(true);
        };
        let connection =
            |socket| Connection { socket, target, started: now, since: now, stage: Stage::Handshake };
        match connection::start(*to, &self.pass.manner.source) {
            Started::Open(socket) => self.opened(connection(socket), true)?,
            Started::Pending(socket) => self.await_event(connection(socket), epoll::EventFlags::OUT, true)?,
            Started::Failed(cause) => self.failed(target, now, cause),
            Started::NoRoom => return Ok(false),
        }
        Ok(true)
    }

    /// A connection stands: that is all, or now the service must speak. `fresh`: epoll does not know it yet.
    fn opened(&mut self, mut connection: Connection, fresh: bool) -> Result<(), Errno> {
        let Some(talk) = &self.pass.manner.talk else {
            self.succeeded(&connection);
            return Ok(());
        };
        if let Err(cause) = talk.begin(&connection.socket) {
            self.failed(connection.target, connection.started, cause);
            return Ok(());
        }
        connection.since = Instant::now();
        connection.stage = Stage::Answer(Vec::new());
        self.await_event(connection, epoll::EventFlags::IN, fresh)
    }

    fn await_event(
        &mut self,
        connection: Connection,
        events: epoll::EventFlags,
        fresh: bool,
    ) -> Result<(), Errno> {
        let register = if fresh { epoll::add } else { epoll::modify };
        let slot = self.flight.add(connection);
        let Some(connection) = self.flight.get_mut(slot) else { return Ok(()) };
        register(&self.epoll, &connection.socket, epoll::EventData::new_u64(slot.into()), events)
    }

    /// Hears of ends, waiting for one until `next` or until some connection's time is over. Returns when it
    /// looked.
    fn wait(&mut self, next: Option<Instant>, events: &mut Vec<epoll::Event>) -> Result<Instant, Errno> {
        events.clear();
        let due = self.flight.due(self.pass.manner.timeout);
        let moments = [next, due, Some(self.pass.until)];
        let until = moments.into_iter().flatten().min().unwrap_or(self.pass.until);
        let looked = Instant::now();
        if self.flight.len() == 0 && until <= looked {
            return Ok(looked);
        }
        let pause = Timespec::try_from(round_up(until.saturating_duration_since(looked)))
            .map_err(|_| Errno::INVAL)?;
        match epoll::wait(&self.epoll, rustix::buffer::spare_capacity(events), Some(&pause)) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(looked),
            Err(errno) => return Err(errno),
        }
        for event in events.iter() {
            let flags = event.flags;
            if let Ok(slot) = u32::try_from(event.data.u64()) {
                self.heard(slot, flags)?;
            }
        }
        Ok(looked)
    }

    /// Something happened to the connection of a slot.
    fn heard(&mut self, slot: u32, flags: epoll::EventFlags) -> Result<(), Errno> {
        let Some(connection) = self.flight.get_mut(slot) else { return Ok(()) };
        match (&mut connection.stage, &self.pass.manner.talk) {
            (Stage::Answer(said), Some(talk)) => match talk.hear(&connection.socket, said) {
                Heard::Waiting => {}
                Heard::Enough => self.take(slot, |worker, connection| worker.succeeded(&connection)),
                Heard::Failed(cause) => {
                    self.take(slot, |worker, connection| {
                        worker.failed(connection.target, connection.started, cause)
                    });
                }
            },
            _ => {
                let Some(connection) = self.flight.remove(slot) else { return Ok(()) };
                let target =
                    usize::try_from(connection.target).ok().and_then(|place| self.pass.targets.get(place));
                let troubled = flags.intersects(epoll::EventFlags::ERR | epoll::EventFlags::HUP);
                let cause = target
                    .filter(|_| troubled)
                    .and_then(|target| connection::ended(&connection.socket, *target));
                match cause {
                    Some(cause) => self.failed(connection.target, connection.started, cause),
                    None => self.opened(connection, false)?,
                }
            }
        }
        Ok(())
    }

    fn take(&mut self, slot: u32, end: impl FnOnce(&mut Self, Connection)) {
        if let Some(connection) = self.flight.remove(slot) {
            end(self, connection);
        }
    }

    /// Gives up what had no answer in its time, as of `looked`.
    fn expire(&mut self, looked: Instant) {
        while let Some(connection) = self.flight.expired(looked, self.pass.manner.timeout) {
            let cause = match &connection.stage {
                Stage::Handshake => Cause::NoAnswer(Echo::NotAsked),
                Stage::Answer(said) => talk::late(said),
            };
            self.failed(connection.target, connection.started, cause);
        }
    }

    fn succeeded(&mut self, connection: &Connection) {
        self.open(connection.target, connection.started);
    }

    fn open(&mut self, target: u32, started: Instant) {
        self.found.open += 1;
        self.found.slowest = self.found.slowest.max(Some((started.elapsed(), target)));
        self.pass.done.fetch_add(1, Ordering::Relaxed);
        self.pass.judged.answers();
    }

    fn failed(&mut self, target: u32, started: Instant, cause: Cause) {
        if cause == Cause::Refused && self.pass.manner.refused_ok {
            return self.open(target, started);
        }
        if self.pass.is_last {
            self.pass.judged.fails(target, &cause);
        }
        self.found.failed.push((target, cause));
        self.pass.done.fetch_add(1, Ordering::Relaxed);
    }
}

/// Whole milliseconds, which every kernel's epoll understands.
fn round_up(pause: Duration) -> Duration {
    Duration::from_millis(
        u64::try_from(pause.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).min(86_400_000),
    )
}
