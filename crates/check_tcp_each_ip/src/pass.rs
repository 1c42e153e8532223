//! What a pass over targets is given and what it finds: shared by the sweep and its workers.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use net::Source;

use crate::cause::Cause;
use crate::judged::Judged;
use crate::talk::Talk;
use crate::target::Target;

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
    /// From where connections are made.
    pub(crate) source: Source,
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
    /// What needs no further try.
    pub(crate) judged: &'a Judged<'a>,
    /// Whether what fails is not tried again.
    pub(crate) is_last: bool,
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

impl<'a> Work<'a> {
    /// All the work of a pass.
    pub(crate) fn of(pass: &Pass<'a>) -> Self {
        let total = pass.which.map_or(pass.targets.len(), <[u32]>::len);
        Self { which: pass.which, total, next: AtomicUsize::new(0) }
    }
}

impl Work<'_> {
    /// The next portion, by the order of the pass.
    pub(crate) fn take(&self) -> std::ops::Range<usize> {
        let start = self.next.fetch_add(PORTION, Ordering::Relaxed).min(self.total);
        start..(start + PORTION).min(self.total)
    }

    /// How much it was.
    pub(crate) fn total(&self) -> usize {
        self.total
    }

    /// What was not taken.
    pub(crate) fn left(&self) -> std::ops::Range<usize> {
        self.next.load(Ordering::Relaxed).min(self.total)..self.total
    }

    /// The place of a target by the order of the pass.
    pub(crate) fn target(&self, number: usize) -> Option<u32> {
        match self.which {
            Some(which) => which.get(number).copied(),
            None => u32::try_from(number).ok(),
        }
    }
}
