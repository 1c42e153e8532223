//! One pass over targets: shared out among a few threads, each with an epoll loop of its own (`worker.rs`).

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::Errno;

use crate::cause::{Cause, Local};
use crate::talk::Talk;
use crate::target::Target;
use crate::worker::Worker;

/// More threads than this find no more work: the kernel's part is the bottleneck.
const MOST_THREADS: usize = 4;
/// Below this many targets a second thread costs more than it brings.
const FEW: usize = 256;
/// How many targets a thread takes at once.
const PORTION: usize = 32;

/// How connections are made.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// The time for a handshake, and again for an answer.
    pub(crate) timeout: Duration,
    /// How many connections may be in flight.
    pub(crate) in_flight: usize,
    /// What is said and expected.
    pub(crate) talk: Option<Talk>,
    /// The addresses from which connections are made: none of a family leaves the choice to the system.
    pub(crate) sources: Vec<IpAddr>,
    /// Whether being refused is as good as being accepted.
    pub(crate) refused_ok: bool,
}

/// One pass.
#[derive(Debug)]
pub(crate) struct Pass<'a> {
    /// All targets.
    pub(crate) targets: &'a [Target],
    /// The places of those that are tried: all if there is none.
    pub(crate) which: Option<&'a [u32]>,
    /// How.
    pub(crate) manner: &'a Manner,
    /// When it begins.
    pub(crate) begin: Instant,
    /// When it ends, whatever is left.
    pub(crate) until: Instant,
    /// The time between two starts.
    pub(crate) pace: Duration,
    /// How many have an end, for whoever watches.
    pub(crate) done: &'a AtomicUsize,
}

/// What a pass found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many answer.
    pub(crate) open: usize,
    /// The longest time that an answering one took, and its place.
    pub(crate) slowest: Option<(Duration, u32)>,
    /// The places of the others, sorted, and why.
    pub(crate) failed: Vec<(u32, Cause)>,
}

impl Found {
    /// Takes up what another thread or pass found.
    pub(crate) fn add(&mut self, other: Found) {
        self.open += other.open;
        self.slowest = self.slowest.max(other.slowest);
        self.failed.extend(other.failed);
    }
}

/// What of a pass is still to be started; shared by its threads.
#[derive(Debug)]
pub(crate) struct Work<'a> {
    which: Option<&'a [u32]>,
    total: usize,
    next: AtomicUsize,
}

impl Work<'_> {
    /// The next portion, by the order of the pass.
    pub(crate) fn take(&self) -> std::ops::Range<usize> {
        let start = self.next.fetch_add(PORTION, Ordering::Relaxed).min(self.total);
        start..(start + PORTION).min(self.total)
    }

    /// The place of a target by the order of the pass.
    pub(crate) fn target(&self, number: usize) -> Option<u32> {
        match self.which {
            Some(which) => which.get(number).copied(),
            None => u32::try_from(number).ok(),
        }
    }
}

impl Pass<'_> {
    /// Tries each target once.
    ///
    /// # Errors
    /// If the system gives no epoll instance.
    pub(crate) fn run(&self) -> Result<Found, Errno> {
        let total = self.which.map_or(self.targets.len(), <[u32]>::len);
        let work = Work { which: self.which, total, next: AtomicUsize::new(0) };
        let threads = if total < FEW { 1 } else { thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS) };
        let mut found = self.share(&work, threads)?;
        // What nobody took, because the time was over.
        let left = work.next.load(Ordering::Relaxed).min(total)..total;
        found.failed.extend(left.filter_map(|number| Some((work.target(number)?, Cause::Local(Local::NoTime)))));
        found.failed.sort_unstable();
        Ok(found)
    }

    /// The work done by as many threads, this one among them.
    fn share(&self, work: &Work<'_>, threads: usize) -> Result<Found, Errno> {
        let window = (self.manner.in_flight / threads).max(1);
        let number = u32::try_from(threads).unwrap_or(1);
        let worker = |first: u32| Worker::new(self, work, window, self.pace * number, self.pace * first);
        thread::scope(|scope| {
            // Where the system gives no thread, the others do its part.
            let start = |first| thread::Builder::new().spawn_scoped(scope, move || worker(first)?.run()).ok();
            let others: Vec<_> = (1..number).filter_map(start).collect();
            let mut found = worker(0)?.run()?;
            for other in others {
                found.add(other.join().unwrap_or(Err(Errno::CANCELED))?);
            }
            Ok(found)
        })
    }
}
