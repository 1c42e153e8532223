//! What a sweep over targets is given and what it finds: shared by its threads.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use host_net::Diagnosis;
use net::Source;
use plugin::Deadline;

use crate::cause::{Cause, Local};
use crate::judged::Judged;
use crate::ping::Pinger;
use crate::sweep::dialogue::Script;
use crate::sweep::tries::Tries;
use crate::target::Target;
use crate::target::names::Names;

/// How many targets a thread takes at once.
const PORTION: usize = 32;

/// How connections are made.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    /// How long a try is, and how many of them confirm a failure.
    pub(crate) tries: Tries,
    /// How many connections may be in flight.
    pub(crate) in_flight: usize,
    /// The time between two starts.
    pub(crate) pace: Duration,
    /// What is said and expected on a connection.
    pub(crate) script: Option<Script>,
    /// What is said at the end.
    pub(crate) quit: Vec<u8>,
    /// How long a connection must stand.
    pub(crate) stay: Duration,
    /// Whether a connection must not stand at all.
    pub(crate) closed: bool,
    /// From where connections are made.
    pub(crate) source: Source,
    /// Whether being refused is as good as being accepted.
    pub(crate) refused_ok: bool,
}

/// One sweep over all targets.
#[derive(Debug)]
pub(crate) struct Sweep<'a> {
    /// All targets.
    pub(crate) targets: &'a [Target],
    /// The names of services, by [`Target::name`].
    pub(crate) names: &'a Names,
    /// How.
    pub(crate) manner: &'a Manner,
    /// When it ends, whatever is left.
    pub(crate) until: Instant,
    /// The deadline of the whole run, for reading what the kernel shows.
    pub(crate) deadline: &'a Deadline,
    /// What is known so far.
    pub(crate) judged: &'a Judged,
    /// Whose fault silence is.
    pub(crate) diagnosis: &'a Diagnosis,
    /// Pings what is silent.
    pub(crate) pinger: &'a Pinger,
}

impl Sweep<'_> {
    /// The target of this place.
    pub(crate) fn target(&self, place: u32) -> Option<Target> {
        self.targets.get(usize::try_from(place).ok()?).copied()
    }

    /// What the certificate of the target of this place must be for: its name, or its address.
    pub(crate) fn name(&self, place: u32) -> Cow<'_, str> {
        let Some(target) = self.target(place) else { return Cow::Borrowed("") };
        let name = target.name.and_then(|name| self.names.get(name));
        name.map_or_else(|| Cow::Owned(target.address.to_string()), Cow::from)
    }
}

/// What is known of a target that has failed so far.
#[derive(Debug)]
pub(crate) struct Failure {
    /// How often.
    pub(crate) tries: u8,
    /// Why, by all of its tries.
    pub(crate) cause: Cause,
}

/// What a sweep found.
#[derive(Debug, Default)]
pub(crate) struct Found {
    /// How many answer.
    pub(crate) open: usize,
    /// How many of them answered only when tried again.
    pub(crate) second_try: usize,
    /// How many failed after fewer tries than they should have, which are enough.
    pub(crate) tried_less: usize,
    /// The longest time that an answering one took, and its place.
    pub(crate) slowest: Option<(Duration, u32)>,
    /// When the first certificate expires, in seconds since 1970.
    pub(crate) first_expiry: Option<u64>,
    /// How many showed their certificate and then refused us since we have none.
    pub(crate) want_certificate: usize,
    /// What was lacking if it ended without room for a single connection.
    pub(crate) lack: Option<Local>,
    /// The places of the others, and why.
    pub(crate) failed: Vec<(u32, Cause)>,
}

impl Found {
    /// Takes up what another thread found.
    pub(crate) fn add(&mut self, other: Found) {
        self.open += other.open;
        self.second_try += other.second_try;
        self.tried_less += other.tried_less;
        self.slowest = self.slowest.max(other.slowest);
        self.first_expiry = self.first_expiry.into_iter().chain(other.first_expiry).min();
        self.want_certificate += other.want_certificate;
        self.lack = self.lack.or(other.lack);
        self.failed.extend(other.failed);
    }

    /// Why targets were not reached.
    pub(crate) fn not_reached(&self) -> Cause {
        Cause::Local(self.lack.unwrap_or(Local::NoTime))
    }

    /// Takes up the failures of a thread, of which only those with enough `tries` are confirmed; and what had
    /// no end when the time was over.
    pub(crate) fn close(
        &mut self,
        mut failures: HashMap<u32, Failure>,
        tries: &Tries,
        unfinished: impl Iterator<Item = u32>,
    ) {
        let unfinished = unfinished.filter(|place| !failures.contains_key(place));
        let not_reached = self.not_reached();
        self.failed.extend(unfinished.map(|place| (place, not_reached.clone())));
        for (place, Failure { tries: made, cause }) in failures.drain() {
            let is_confirmed = made >= tries.enough;
            self.tried_less += usize::from(is_confirmed && made < tries.most);
            let cause = if is_confirmed { cause } else { Cause::Local(Local::NoTime).after(cause) };
            self.failed.push((place, cause));
        }
    }
}

/// The places of the targets that are still to be tried for the first time; shared by the threads.
#[derive(Debug)]
pub(crate) struct Work {
    total: usize,
    next: AtomicUsize,
}

impl Work {
    /// Of so many targets none is taken yet.
    pub(crate) fn new(total: usize) -> Self {
        Self { total, next: AtomicUsize::new(0) }
    }

    /// Takes the next portion, of at most `room`: no thread may hold what another one could start now.
    pub(crate) fn take(&self, room: usize) -> Range<u32> {
        let portion = PORTION.min(room);
        let start = self.next.fetch_add(portion, Ordering::Relaxed).min(self.total);
        places(start..(start + portion).min(self.total))
    }

    /// What was not taken.
    pub(crate) fn left(&self) -> Range<u32> {
        places(self.next.load(Ordering::Relaxed).min(self.total)..self.total)
    }
}

fn places(range: Range<usize>) -> Range<u32> {
    let place = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    place(range.start)..place(range.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cause::Echo;

    #[test]
    fn only_what_fails_often_enough_has_failed() {
        let silent = || Cause::NoAnswer(Echo::NotAsked);
        let closed = |enough| {
            let failures = [
                (1, Failure { tries: 2, cause: silent() }),
                (4, Failure { tries: 1, cause: silent() }),
                (7, Failure { tries: 2, cause: Cause::Refused }),
            ];
            let mut found = Found::default();
            let tries = Tries { timeout: Duration::from_secs(2), most: 2, enough };
            // Of the fourth the second try is in flight, of the ninth the first.
            found.close(HashMap::from(failures), &tries, [4, 9].into_iter());
            found.failed.sort_unstable();
            (found.failed, found.tried_less)
        };
        let failed = |fourth| {
            [(1, silent()), (4, fourth), (7, Cause::Refused), (9, Cause::Local(Local::NoTime))].to_vec()
        };
        assert_eq!(closed(2), (failed(Cause::Local(Local::Unconfirmed)), 0));
        // No two tries fit into the time of the run.
        assert_eq!(closed(1), (failed(silent()), 1));
    }

    #[test]
    fn what_was_lacking_is_why_targets_were_not_reached() {
        let lacking = |lack| Found { lack, ..Found::default() };
        for lack in [Local::NoDescriptor, Local::NoMemory] {
            let mut found = lacking(None);
            assert_eq!(found.not_reached(), Cause::Local(Local::NoTime));
            found.add(lacking(Some(lack)));
            found.add(lacking(None));
            assert_eq!(found.not_reached(), Cause::Local(lack));
        }
    }

    #[test]
    fn no_more_is_taken_than_can_be_started() {
        let work = Work::new(70);
        assert_eq!((work.take(100), work.take(5), work.take(0)), (0..32, 32..37, 37..37));
        assert_eq!(work.left(), 37..70);
        assert_eq!((work.take(32), work.take(32), work.take(32)), (37..69, 69..70, 70..70));
        assert_eq!(work.left(), 70..70);
    }
}
