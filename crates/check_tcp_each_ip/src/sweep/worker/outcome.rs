//! What becomes of a target: it is as it should be, it is tried again, or it has failed.

use std::cmp::Reverse;
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
            Heard::Failed(Cause::Tls(Fault::Expired(end))) => Some(end.at),
            _ => connection.dialogue.as_ref().and_then(|dialogue| dialogue.not_after),
        };
        let tls = self.sweep.manner.script.as_ref().and_then(|script| script.tls.as_ref());
        if let (Some(at), Some(tls)) = (not_after, tls) {
            self.sweep.judged.shows_certificate(tls.days_until(at));
        }
        self.found.first_expiry = self.found.first_expiry.into_iter().chain(not_after).min();
    }

    /// Says goodbye on a connection that is as it should be, or must not be.
    pub(super) fn succeeded(&mut self, mut connection: Connection) {
        let manner = self.sweep.manner;
        if manner.closed {
            let earlier = self.failures.remove(&connection.target).map(|failure| failure.cause);
            let failure = Failure { tries: manner.tries.most, cause: Cause::Open };
            return self.note(connection.target, earlier.as_ref(), failure, true);
        }
        self.found.want_certificate += usize::from(connection.is_refused());
        match &mut connection.dialogue {
            Some(dialogue) => dialogue.end(&connection.socket, &manner.quit),
            None => dialogue::end(&connection.socket, &manner.quit),
        }
        self.open(connection.target, connection.took);
    }

    fn open(&mut self, target: u32, took: Duration) {
        self.found.open += 1;
        let earlier = if self.failures.is_empty() { None } else { self.failures.remove(&target) };
        self.found.second_try += usize::from(earlier.is_some());
        self.found.slowest = self.found.slowest.max(Some((took, target)));
        self.sweep.judged.answers(earlier.map(|failure| failure.cause).as_ref());
    }

    /// Notes a failure; another try follows unless it was the last. What a certificate that was shown says
    /// needs no other: behind a balancer another connection may be served by another server.
    pub(super) fn failed(&mut self, target: u32, started: Instant, cause: Cause) {
        let manner = self.sweep.manner;
        if cause == Cause::Refused && manner.refused_ok {
            return self.open(target, started.elapsed());
        }
        let is_refused = cause == Cause::Refused;
        let is_proved = cause.is_of_certificate();
        let earlier = self.failures.remove(&target);
        let before = earlier.as_ref().map(|failure| failure.cause.clone());
        let mut failure = match earlier {
            Some(earlier) => Failure { tries: earlier.tries + 1, cause: cause.after(earlier.cause) },
            None => Failure { tries: 1, cause },
        };
        if matches!(failure.cause, Cause::NoAnswer(_) | Cause::NoNeighbour) {
            self.diagnose(target, &failure.cause);
        }
        let now = Instant::now();
        let (took, left) = (now - started, self.sweep.until.saturating_duration_since(now));
        if is_proved {
            failure.tries = manner.tries.most;
        }
        let goes_on = manner.tries.go_on(failure.tries, took, left);
        if goes_on {
            let pause = PAUSE + SPREAD / STEPS * (target % STEPS);
            let pause = if is_refused { Duration::ZERO } else { pause };
            self.retries.push(Reverse((now + pause, target)));
        }
        self.note(target, before.as_ref(), failure, !goes_on);
    }

    /// Notes a failure, which is not tried again if it is the `last`.
    fn note(&mut self, target: u32, earlier: Option<&Cause>, failure: Failure, last: bool) {
        if let Some(to) = self.sweep.target(target) {
            self.sweep.judged.fails(&to, (earlier, &failure.cause), last);
        }
        self.failures.insert(target, failure);
    }

    /// Asks beside the tries what tells whose fault a silence is.
    fn diagnose(&self, target: u32, cause: &Cause) {
        let Some(target) = self.sweep.target(target) else { return };
        self.sweep.diagnosis.add(target.into(), self.sweep.deadline);
        if matches!(cause, Cause::NoAnswer(_)) {
            self.sweep.pinger.ping(Target { port: 0, ..target }.into());
        }
    }
}
