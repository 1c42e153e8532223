//! What becomes of a target: it is as it should be, it is tried again, or it has failed.

use std::cmp::Reverse;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use net::tls::Fault;

use super::{STEPS, Worker};
use crate::cause::Cause;
use crate::sweep::dialogue::{self, Heard};
use crate::sweep::flight::Connection;
use crate::sweep::tries::{PAUSE, SPREAD};
use crate::sweep::work::Failure;
use crate::target::Target;

impl Worker<'_> {
    /// Notes when the certificate of a service expires, or that it has expired.
    pub(super) fn note_certificate(&mut self, connection: &Connection, heard: &Heard) {
        let not_after = match heard {
            Heard::Failed(Cause::Tls(Fault::Expired(at))) => Some(*at),
            _ => connection.dialogue.as_ref().and_then(|dialogue| dialogue.not_after),
        };
        self.found.first_expiry = self.found.first_expiry.into_iter().chain(not_after).min();
    }

    /// Says goodbye on a connection that is as it should be, or must not be.
    pub(super) fn succeeded(&mut self, mut connection: Connection) {
        let manner = self.sweep.manner;
        if manner.closed {
            return self
                .conclude(connection.target, Failure { tries: manner.tries.most, cause: Cause::Open });
        }
        match &mut connection.dialogue {
            Some(dialogue) => dialogue.end(&connection.socket, &manner.quit),
            None => dialogue::end(&connection.socket, &manner.quit),
        }
        self.open(connection.target, connection.took);
    }

    fn open(&mut self, target: u32, took: Duration) {
        self.found.open += 1;
        if !self.failures.is_empty() && self.failures.remove(&target).is_some() {
            self.found.second_try += 1;
        }
        self.found.slowest = self.found.slowest.max(Some((took, target)));
        self.sweep.done.fetch_add(1, Ordering::Relaxed);
        self.sweep.judged.answers();
    }

    /// Notes a failure; another try follows unless it was the last.
    pub(super) fn failed(&mut self, target: u32, started: Instant, cause: Cause) {
        let manner = self.sweep.manner;
        if cause == Cause::Refused && manner.refused_ok {
            return self.open(target, started.elapsed());
        }
        let is_refused = cause == Cause::Refused;
        let failure = match self.failures.remove(&target) {
            Some(earlier) => Failure { tries: earlier.tries + 1, cause: cause.after(earlier.cause) },
            None => Failure { tries: 1, cause },
        };
        if matches!(failure.cause, Cause::NoAnswer(_) | Cause::NoNeighbour) {
            self.diagnose(target, &failure.cause);
        }
        let now = Instant::now();
        let (took, left) = (now - started, self.sweep.until.saturating_duration_since(now));
        if manner.tries.go_on(failure.tries, took, left) {
            let pause = PAUSE + SPREAD / STEPS * (target % STEPS);
            let pause = if is_refused { Duration::ZERO } else { pause };
            self.retries.push(Reverse((now + pause, target)));
            self.failures.insert(target, failure);
        } else {
            self.conclude(target, failure);
        }
    }

    /// Notes a failure that is not tried again.
    fn conclude(&mut self, target: u32, failure: Failure) {
        self.sweep.judged.fails(target, &failure.cause);
        self.sweep.done.fetch_add(1, Ordering::Relaxed);
        self.failures.insert(target, failure);
    }

    /// Asks beside the tries what tells whose fault a silence is.
    fn diagnose(&self, target: u32, cause: &Cause) {
        let Some(target) = self.sweep.target(target) else { return };
        self.sweep.diagnosis.add(target.address, self.sweep.deadline);
        if matches!(cause, Cause::NoAnswer(_)) {
            self.sweep.pinger.ping(Target { port: 0, ..target }.into());
        }
    }
}
