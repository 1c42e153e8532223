//! One address that is asked: its socket, its questions, and what came of them.

use std::net::IpAddr;
use std::time::{Duration, Instant};

use net::udp::{self, Udp, UdpError};
use net::{STAGGER, Source};
use plugin::reason;

use super::packet::{Measured, NtpError, Question, read};
use crate::clock::Stamp;
use crate::way::monitor::{self, Cause};

/// A server that is silent is asked again after this. The pause before the second question is shorter, since
/// that question most often follows one that was lost; a server that got both and limits clients by 2 s (the
/// default of ntpd) answers the third.
const AGAIN: Duration = Duration::from_secs(2);

/// What an answer can hold that we look at: the header, and what would be in its place.
const LARGEST: usize = 512;

/// An address that has not yet answered, or has.
pub(crate) struct Asking {
    pub(crate) name: String,
    pub(crate) socket: Udp,
    /// Where questions come from, unless the system chooses.
    sources: Vec<IpAddr>,
    started: Instant,
    /// When it is asked again, unless it answers before.
    pub(crate) due: Instant,
    open: Vec<(Question, Instant)>,
    /// The best that can be said so far.
    pub(crate) result: Result<Measured, NtpError>,
    pub(crate) settled: bool,
}

impl Asking {
    /// Asks for the first time, from `source`, and is due again after a `pause`.
    pub(crate) fn start(
        name: String,
        socket: Udp,
        (now, pause): (Instant, Duration),
        source: &Source,
    ) -> Self {
        let mut asking = Self {
            name,
            socket,
            sources: source.addresses.clone(),
            started: now,
            due: now + pause,
            open: Vec::new(),
            result: Err(NtpError::Silent),
            settled: false,
        };
        asking.send();
        asking
    }

    /// Asks again if it is time to.
    pub(crate) fn send_if_due(&mut self, now: Instant) {
        if now >= self.due {
            self.due = now + AGAIN;
            self.send();
        }
    }

    /// Whether it has answered, whatever that is, or may still do so soon.
    pub(crate) fn is_alive(&self, now: Instant) -> bool {
        match &self.result {
            Err(NtpError::Silent) => now.saturating_duration_since(self.started) < STAGGER,
            Err(NtpError::System(_) | NtpError::Here(_)) => false,
            _ => true,
        }
    }

    fn send(&mut self) {
        let question = match udp::random() {
            Ok(number) => Question::new(number),
            Err(error) => return self.settle(Err(NtpError::System(reason(&error)))),
        };
        match self.socket.send(&question.octets()) {
            Ok(sent) => self.open.push((question, sent)),
            Err(error) => self.settle(Err(system(&error, &self.sources))),
        }
    }

    /// Takes what has come. Only what repeats a number of ours settles it, except a repeated question that is
    /// refused as too early; the rest may come from any host.
    pub(crate) fn hear(&mut self, clock: &Stamp) {
        let mut buffer = [0; LARGEST];
        loop {
            let datagram = match self.socket.receive_now(&mut buffer) {
                Ok(None) => return,
                // A router's error may pass.
                Err(error) if error.is_passing() => {
                    self.result = Err(system(&error, &self.sources));
                    continue;
                }
                Err(error) => return self.settle(Err(system(&error, &self.sources))),
                Ok(Some(datagram)) => datagram,
            };
            let received = clock.real_at(datagram.at);
            let octets = buffer.get(..datagram.length).unwrap_or_default();
            let answers = self.open.iter().enumerate().map(|(place, (question, sent))| {
                (place, read(octets, *question, clock.real_at(*sent), received))
            });
            let best = answers.reduce(|best, other| if belongs(&best.1) { best } else { other });
            match best {
                // The repeated question came too early for it, so the next one may not.
                Some((place, best)) if place > 0 && is_too_often(&best) => self.result = best,
                Some((_, best)) if belongs(&best) => return self.settle(best),
                Some((_, best)) => self.result = best,
                None => {}
            }
        }
    }

    fn settle(&mut self, result: Result<Measured, NtpError>) {
        (self.result, self.settled) = (result, true);
    }
}

/// Whether what came is an answer to our question, good or not.
fn belongs(result: &Result<Measured, NtpError>) -> bool {
    !matches!(result, Err(NtpError::Origin | NtpError::Short(_) | NtpError::Mode(_)))
}

/// Whether the server refuses because it was asked too often.
fn is_too_often(result: &Result<Measured, NtpError>) -> bool {
    matches!(result, Err(NtpError::Kiss { code }) if code == "RATE")
}

/// What an error of the path or of this machine says to questions from `sources`.
pub(crate) fn system(error: &UdpError, sources: &[IpAddr]) -> NtpError {
    monitor::of_error(error, sources).into()
}

impl From<Cause> for NtpError {
    fn from(cause: Cause) -> Self {
        if cause.is_here { Self::Here(cause.words) } else { Self::System(cause.words) }
    }
}
