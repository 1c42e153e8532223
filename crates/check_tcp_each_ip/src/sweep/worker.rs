//! One thread's part of a sweep: an epoll loop that starts connections, hears of their ends, lets the others'
//! time run out, and tries again what failed, each on its own clock.

mod outcome;

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::event::{Timespec, epoll};
use rustix::io::Errno;

use crate::cause::{Cause, Echo, Local};
use crate::sweep::connection::{self, Started};
use crate::sweep::dialogue::{Dialogue, Heard};
use crate::sweep::flight::{Connection, Flight, Stage, Times};
use crate::sweep::talk;
use crate::sweep::work::{Failure, Found, Sweep, Work};

/// How many connections are started before ends are looked for.
const BURST: usize = 32;
/// How many ends are heard of at once.
const EVENTS: usize = 256;
/// How far the pace may be made up for after a pause.
const SLACK: Duration = Duration::from_millis(5);
/// How long to wait when neither a descriptor is left nor a connection in flight whose end would free one.
const STARVED: Duration = Duration::from_millis(10);

/// Into how many steps the spread is cut.
const STEPS: u32 = 64;

/// The loop of one thread.
pub(crate) struct Worker<'a> {
    sweep: &'a Sweep<'a>,
    work: &'a Work,
    epoll: OwnedFd,
    flight: Flight,
    portion: Range<u32>,
    /// The places of those that have failed and are to be tried again, the earliest first.
    retries: BinaryHeap<Reverse<(Instant, u32)>>,
    failures: HashMap<u32, Failure>,
    window: usize,
    times: Times,
    pace: Duration,
    next_start: Instant,
    found: Found,
}

/// What a thread can start next.
enum Next {
    /// The first try of a target.
    First(u32),
    /// Another try.
    Again(u32),
    /// Another try, but not yet.
    Later(Instant),
    /// Nothing, unless what is in flight fails.
    Nothing,
}

impl<'a> Worker<'a> {
    /// A loop with at most `window` connections in flight, one start every `pace`, the first `head` from now.
    pub(crate) fn new(
        sweep: &'a Sweep<'a>,
        work: &'a Work,
        window: usize,
        pace: Duration,
        head: Duration,
    ) -> Result<Self, Errno> {
        Ok(Self {
            sweep,
            work,
            epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?,
            flight: Flight::default(),
            portion: 0..0,
            retries: BinaryHeap::new(),
            failures: HashMap::new(),
            window,
            times: [sweep.manner.tries.timeout, sweep.manner.tries.timeout, sweep.manner.stay],
            pace,
            next_start: Instant::now() + head,
            found: Found::default(),
        })
    }

    /// Runs until the work is done or the time is over.
    pub(crate) fn run(mut self) -> Result<Found, Errno> {
        let mut events = Vec::with_capacity(EVENTS);
        while Instant::now() < self.sweep.until {
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
        let unfinished = self.flight.drain().map(|connection| connection.target).chain(self.portion);
        self.found.close(self.failures, &self.sweep.manner.tries, unfinished);
        Ok(self.found)
    }

    /// Starts connections as the window and the pace allow. Returns when it can go on, by itself or by an end
    /// of one in flight: none when all are started.
    fn start_some(&mut self) -> Result<Option<Instant>, Errno> {
        for _ in 0..BURST {
            if self.flight.len() >= self.window {
                return Ok(Some(self.sweep.until));
            }
            let now = Instant::now();
            let (target, again) = match self.next(now) {
                Next::First(target) => (target, false),
                Next::Again(target) => (target, true),
                Next::Later(moment) => return Ok(Some(moment)),
                Next::Nothing => return Ok(None),
            };
            if now < self.next_start {
                return Ok(Some(self.next_start));
            }
            if again {
                self.retries.pop();
            } else {
                self.sweep.judged.begins();
            }
            if let Some(lack) = self.start(target, now)? {
                // The target is not to blame: fewer at once, and this one again.
                self.window = self.flight.len().max(1);
                self.found.lack = (self.flight.len() == 0).then_some(lack);
                if again {
                    self.retries.push(Reverse((now, target)));
                } else {
                    self.sweep.judged.waits();
                }
                return Ok(Some(if self.flight.len() == 0 { now + STARVED } else { self.sweep.until }));
            }
            self.found.lack = None;
            if !again {
                self.portion.start += 1;
            }
            self.next_start = (self.next_start + self.pace).max(now.checked_sub(SLACK).unwrap_or(now));
        }
        Ok(Some(self.next_start))
    }

    /// What comes next: another try that is due goes before what was never tried, so that a failure is
    /// confirmed by the time its own tries need.
    fn next(&mut self, now: Instant) -> Next {
        let retry = self.retries.peek().map(|Reverse(retry)| *retry);
        if let Some((moment, target)) = retry
            && moment <= now
        {
            return Next::Again(target);
        }
        if self.portion.is_empty() {
            self.portion = self.work.take(self.window.saturating_sub(self.flight.len()));
        }
        match (self.portion.is_empty(), retry) {
            (false, _) => Next::First(self.portion.start),
            (true, Some((moment, _))) => Next::Later(moment),
            (true, None) => Next::Nothing,
        }
    }

    /// Starts one, or returns what is lacking for it.
    fn start(&mut self, target: u32, now: Instant) -> Result<Option<Local>, Errno> {
        let Some(to) = self.sweep.target(target) else { return Ok(None) };
        let connection = |socket| Connection {
            socket,
            target,
            started: now,
            took: Duration::ZERO,
            since: now,
            stage: Stage::Handshake,
            dialogue: None,
        };
        match connection::start(to, &self.sweep.manner.source) {
            Started::Open(socket) => self.opened(connection(socket), true)?,
            Started::Pending(socket) => self.await_event(connection(socket), epoll::EventFlags::OUT, true)?,
            Started::Failed(cause) => self.failed(target, now, cause),
            Started::NoRoom(lack) => return Ok(Some(lack)),
        }
        Ok(None)
    }

    /// A connection stands: that is all, or now the service must speak. `fresh`: epoll does not know it yet.
    fn opened(&mut self, mut connection: Connection, fresh: bool) -> Result<(), Errno> {
        let Some(script) = &self.sweep.manner.script else {
            return self.stood(connection, fresh);
        };
        match Dialogue::begin(script, &connection.socket, &self.sweep.name(connection.target)) {
            Ok(dialogue) => connection.dialogue = Some(Box::new(dialogue)),
            Err(cause) => {
                self.failed(connection.target, connection.started, cause);
                return Ok(());
            }
        }
        connection.since = Instant::now();
        connection.stage = Stage::Answer;
        self.await_event(connection, epoll::EventFlags::IN, fresh)
    }

    /// A connection is as it should be: that is all, or now it must stay so, unless the service refused us
    /// since we have no certificate.
    fn stood(&mut self, mut connection: Connection, fresh: bool) -> Result<(), Errno> {
        connection.took = connection.started.elapsed();
        if self.sweep.manner.stay.is_zero() || connection.is_refused() {
            self.succeeded(connection);
            return Ok(());
        }
        connection.since = Instant::now();
        connection.stage = Stage::Stay;
        self.await_event(connection, epoll::EventFlags::IN | epoll::EventFlags::RDHUP, fresh)
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
        let due = self.flight.due(&self.times);
        let moments = [next, due, Some(self.sweep.until)];
        let until = moments.into_iter().flatten().min().unwrap_or(self.sweep.until);
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
        match connection.stage {
            Stage::Handshake => self.connected(slot, flags),
            Stage::Answer => self.answered(slot),
            Stage::Stay => {
                self.stays(slot);
                Ok(())
            }
        }
    }

    /// Something comes on a connection that must stay as it is.
    fn stays(&mut self, slot: u32) {
        let Some(connection) = self.flight.get_mut(slot) else { return };
        let heard = match (&self.sweep.manner.script, &mut connection.dialogue) {
            (Some(script), Some(dialogue)) => dialogue.stay(script, &connection.socket),
            _ if talk::has_ended(&connection.socket) => Heard::Failed(Cause::ClosedEarly),
            _ => Heard::Waiting,
        };
        if matches!(heard, Heard::Waiting) {
            return;
        }
        let Some(connection) = self.flight.remove(slot) else { return };
        match heard {
            Heard::Failed(cause) => self.failed(connection.target, connection.started, cause),
            Heard::Enough | Heard::Waiting => self.succeeded(connection),
        }
    }

    /// The handshake of a connection is over.
    fn connected(&mut self, slot: u32, flags: epoll::EventFlags) -> Result<(), Errno> {
        let Some(connection) = self.flight.remove(slot) else { return Ok(()) };
        let target = self.sweep.target(connection.target);
        let troubled = flags.intersects(epoll::EventFlags::ERR | epoll::EventFlags::HUP);
        let cause =
            target.filter(|_| troubled).and_then(|target| connection::ended(&connection.socket, target));
        match cause {
            Some(cause) => self.failed(connection.target, connection.started, cause),
            None => self.opened(connection, false)?,
        }
        Ok(())
    }

    /// A service says something, or has ended the connection.
    fn answered(&mut self, slot: u32) -> Result<(), Errno> {
        let Some(connection) = self.flight.get_mut(slot) else { return Ok(()) };
        let (Some(script), Some(dialogue)) = (&self.sweep.manner.script, &mut connection.dialogue) else {
            return Ok(());
        };
        let heard = dialogue.go_on(script, &connection.socket, &self.sweep.name(connection.target));
        if matches!(heard, Heard::Waiting) {
            return Ok(());
        }
        let Some(connection) = self.flight.remove(slot) else { return Ok(()) };
        self.note_certificate(&connection, &heard);
        match heard {
            Heard::Failed(cause) => self.failed(connection.target, connection.started, cause),
            Heard::Enough | Heard::Waiting => self.stood(connection, false)?,
        }
        Ok(())
    }

    /// Gives up what had no answer in its time, as of `looked`.
    fn expire(&mut self, looked: Instant) {
        while let Some(connection) = self.flight.expired(looked, &self.times) {
            let cause = match connection.stage {
                Stage::Handshake => Cause::NoAnswer(Echo::NotAsked),
                Stage::Answer => match (&connection.dialogue, &self.sweep.manner.script) {
                    (Some(dialogue), Some(script)) => dialogue.late(script),
                    _ => Cause::NoBanner,
                },
                Stage::Stay => {
                    self.succeeded(connection);
                    continue;
                }
            };
            self.failed(connection.target, connection.started, cause);
        }
    }
}

/// Whole milliseconds, which every kernel's epoll understands.
fn round_up(pause: Duration) -> Duration {
    Duration::from_millis(
        u64::try_from(pause.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX).min(86_400_000),
    )
}
