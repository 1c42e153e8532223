//! The connections in flight, and the order in which their time runs out.
//!
//! All connections of one stage have the same time, so the order of their ends is the order of their starts:
//! a queue for each stage instead of a sorted structure, and a slow head never holds up those behind it.

use std::collections::VecDeque;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use crate::sweep::dialogue::Dialogue;

/// What a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// The handshake.
    Handshake,
    /// What the service says.
    Answer,
    /// Nothing but its end, which must not come in time.
    Stay,
}

/// How many stages there are.
const STAGES: usize = 3;
/// How long a connection may be in each stage: waiting for the handshake, for the answer, and standing.
pub(crate) type Times = [Duration; STAGES];

impl Stage {
    /// Its place among the queues and the times.
    fn place(self) -> usize {
        match self {
            Stage::Handshake => 0,
            Stage::Answer => 1,
            Stage::Stay => 2,
        }
    }
}

/// A connection in flight.
#[derive(Debug)]
pub(crate) struct Connection {
    /// Its socket.
    pub(crate) socket: OwnedFd,
    /// Its target, by its place in the list.
    pub(crate) target: u32,
    /// When it was started.
    pub(crate) started: Instant,
    /// How long it took until it was as it should be.
    pub(crate) took: Duration,
    /// When its stage began.
    pub(crate) since: Instant,
    /// What it waits for.
    pub(crate) stage: Stage,
    /// What is said on it.
    pub(crate) dialogue: Option<Box<Dialogue>>,
}

impl Connection {
    /// Whether the service refused us since we have no certificate, after it showed its own.
    pub(crate) fn is_refused(&self) -> bool {
        self.dialogue.as_ref().is_some_and(|dialogue| dialogue.wants_certificate)
    }
}

/// An entry of a queue. It is stale if the slot has another connection by now, or the same one in another
/// stage.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    slot: u32,
    target: u32,
    since: Instant,
}

/// Connections by the numbers of their slots.
#[derive(Debug, Default)]
pub(crate) struct Flight {
    slots: Vec<Option<Connection>>,
    free: Vec<u32>,
    /// By stage.
    queues: [VecDeque<Waiting>; STAGES],
    count: usize,
}

impl Flight {
    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.count
    }

    /// Takes up a connection; its time runs from its `since`, which must not be before that of earlier ones
    /// of its stage.
    pub(crate) fn add(&mut self, connection: Connection) -> u32 {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        self.wait(slot, &connection);
        if let Some(place) = place(&mut self.slots, slot) {
            *place = Some(connection);
            self.count += 1;
        }
        slot
    }

    /// The connection of a slot.
    pub(crate) fn get_mut(&mut self, slot: u32) -> Option<&mut Connection> {
        place(&mut self.slots, slot)?.as_mut()
    }

    /// Takes out the connection of a slot.
    pub(crate) fn remove(&mut self, slot: u32) -> Option<Connection> {
        let connection = place(&mut self.slots, slot)?.take()?;
        self.free.push(slot);
        self.count -= 1;
        Some(connection)
    }

    /// Takes out every connection.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = Connection> {
        self.count = 0;
        self.slots.drain(..).flatten()
    }

    /// The moment at which the first connection's time runs out.
    pub(crate) fn due(&mut self, times: &Times) -> Option<Instant> {
        self.first(times).map(|(moment, _)| moment)
    }

    /// The connection whose time runs out first, and when.
    fn first(&mut self, times: &Times) -> Option<(Instant, u32)> {
        let slots = &self.slots;
        let heads = self.queues.iter_mut().zip(times).filter_map(|(queue, time)| {
            while queue.front().is_some_and(|waiting| !is_current(slots, waiting)) {
                queue.pop_front();
            }
            queue.front().map(|waiting| (waiting.since + *time, waiting.slot))
        });
        heads.min()
    }

    /// Takes out a connection whose time was over at `now`.
    pub(crate) fn expired(&mut self, now: Instant, times: &Times) -> Option<Connection> {
        let (_, slot) = self.first(times).filter(|(moment, _)| *moment <= now)?;
        self.remove(slot)
    }

    fn wait(&mut self, slot: u32, connection: &Connection) {
        let slots = &self.slots;
        let Some(queue) = self.queues.get_mut(connection.stage.place()) else { return };
        // One black hole at the head keeps the ends of thousands behind it: they are swept out now and then.
        if queue.len() > 2 * slots.len() + 1024 {
            queue.retain(|waiting| is_current(slots, waiting));
        }
        queue.push_back(Waiting { slot, target: connection.target, since: connection.since });
    }
}

fn place(slots: &mut [Option<Connection>], slot: u32) -> Option<&mut Option<Connection>> {
    slots.get_mut(usize::try_from(slot).ok()?)
}

fn is_current(slots: &[Option<Connection>], waiting: &Waiting) -> bool {
    let connection = usize::try_from(waiting.slot).ok().and_then(|slot| slots.get(slot)?.as_ref());
    connection
        .is_some_and(|connection| connection.target == waiting.target && connection.since == waiting.since)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(3);
    const TIMES: Times = [TIMEOUT, TIMEOUT, Duration::from_secs(1)];

    fn connection(target: u32, since: Instant, stage: Stage) -> Connection {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").unwrap().into();
        Connection { socket, target, started: since, took: Duration::ZERO, since, stage, dialogue: None }
    }

    #[test]
    fn time_runs_out_in_the_order_of_the_starts() {
        let start = Instant::now();
        let at = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut flight = Flight::default();
        let first = flight.add(connection(0, at(0), Stage::Handshake));
        flight.add(connection(1, at(10), Stage::Handshake));
        flight.add(connection(2, at(5), Stage::Answer));
        // That time is shorter.
        flight.add(connection(3, at(2_007), Stage::Stay));
        assert_eq!((flight.len(), flight.due(&TIMES)), (4, Some(at(3000))));
        assert!(flight.expired(at(2999), &TIMES).is_none());
        assert_eq!(flight.remove(first).map(|connection| connection.target), Some(0));
        let ends: Vec<u32> =
            std::iter::from_fn(|| flight.expired(at(3010), &TIMES)).map(|ended| ended.target).collect();
        assert_eq!((ends, flight.len(), flight.due(&TIMES)), (vec![2, 3, 1], 0, None));
    }

    #[test]
    fn a_slot_used_again_does_not_end_by_its_former_time() {
        let start = Instant::now();
        let mut flight = Flight::default();
        let slot = flight.add(connection(0, start, Stage::Handshake));
        flight.remove(slot);
        let later = start + Duration::from_secs(1);
        assert_eq!(flight.add(connection(1, later, Stage::Handshake)), slot);
        assert_eq!(flight.due(&TIMES), Some(later + TIMEOUT));
        assert!(flight.expired(start + TIMEOUT, &TIMES).is_none());
    }

    #[test]
    fn a_black_hole_at_the_head_does_not_keep_what_ended() {
        let start = Instant::now();
        let mut flight = Flight::default();
        flight.add(connection(0, start, Stage::Handshake));
        for target in 1..10_000 {
            let slot = flight.add(connection(
                target,
                start + Duration::from_micros(target.into()),
                Stage::Handshake,
            ));
            flight.remove(slot);
        }
        assert!(flight.queues[0].len() < 1100, "{}", flight.queues[0].len());
        assert_eq!(flight.expired(start + TIMEOUT, &TIMES).map(|ended| ended.target), Some(0));
    }
}
