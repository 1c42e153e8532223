//! Reading one host's clock by its SNMP agent, as often as it takes to be sure.

use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use plugin::{Deadline, Seconds, State};
use snmp2::Oid;

use crate::clock::Stamp;
use crate::readings::{Reading, Readings};
use crate::snmp::{Answer, ClockOid, Session, SnmpError};
use crate::value::{Value, ValueError};
use crate::words::WIDE;
use crate::{Args, HostClock};

/// What net-snmp can take longer to renew an answer than it says, since it counts whole seconds.
const LATE: f64 = 1.0;
/// How long net-snmp keeps the answers of `pass` and `exec`, and `LATE`: what an answer's age can be where
/// nothing is known.
const UNKNOWN_AGE: f64 = 31.0;
/// How far apart the readings of a source are that cuts off to whole seconds and is never stale: each finds
/// the host's clock in another part of its second.
const FRACTION: Duration = Duration::from_millis(270);
/// The most readings of such a source.
const FRACTIONS: usize = 4;
/// How far apart the readings of a cached source are: more than a second, so that whole seconds move.
const SPACING: Duration = Duration::from_millis(1100);

/// What is left of the deadline when nothing more is asked.
pub(crate) const RESERVE: Duration = Duration::from_millis(300);

/// Why a host's clock could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// The agent gives no value.
    #[error(transparent)]
    Snmp(#[from] SnmpError),
    /// The agent has no such variable.
    #[error("{agent} has no {oid}: {exception}")]
    Exception {
        /// Address and port.
        agent: SocketAddr,
        /// What was asked.
        oid: String,
        /// What it says.
        exception: String,
    },
    /// The value is no time.
    #[error("{oid} of {agent}: {why}")]
    Value {
        /// Address and port.
        agent: SocketAddr,
        /// What was asked.
        oid: String,
        /// What it is.
        why: ValueError,
    },
}

/// Reads one host's clock as often as it takes.
pub(crate) struct HostReader<'a> {
    pub(crate) args: &'a Args,
    pub(crate) session: Session,
    /// What shows the clock.
    pub(crate) oid: ClockOid,
    /// The zone of local times.
    pub(crate) zone: Option<&'a TimeZone>,
    /// This machine's clock.
    pub(crate) clock: &'a Stamp,
}

impl HostReader<'_> {
    /// What the clock shows, or why it shows nothing.
    pub(crate) fn read(mut self, deadline: &Deadline) -> Result<HostClock, HostError> {
        let (age, first) = self.first(deadline)?;
        let mut readings = Readings::new(age, first);
        // A clock of whole seconds that is near a threshold, or that may be stale: look again until there is
        // nothing to guess.
        while !self.is_enough(&readings) {
            let pause = if age > 0.0 { SPACING } else { FRACTION };
            let enough = age == 0.0 && readings.count() >= FRACTIONS;
            if enough || deadline.keeping(RESERVE * 2) < pause {
                break;
            }
            thread::sleep(pause);
            match self.ask(&[self.oid.oid()], deadline) {
                Ok(answer) => readings.add(self.reading(&answer)?),
                // What was read before it fell silent still counts.
                Err(HostError::Snmp(SnmpError::NoAnswer { .. })) => break,
                Err(error) => return Err(error),
            }
        }
        Ok(HostClock { agent: self.session.agent(), readings })
    }

    /// Whether the state is the same wherever in its interval the offset is, and the size of an alarm is
    /// known.
    fn is_enough(&self, readings: &Readings) -> bool {
        let offset = readings.offset();
        let state = |offset: f64| self.args.thresholds().state(offset);
        let certain = state(offset.nearest_to_zero());
        let same = state(offset.low) == certain && state(offset.high) == certain;
        same && (certain == State::Ok || offset.half_width() <= WIDE)
    }

    /// The first reading, and how old an answer can be.
    fn first(&mut self, deadline: &Deadline) -> Result<(f64, Reading), HostError> {
        let cache = self.oid.cache_time().filter(|_| self.args.snmp.cache_time.is_none());
        let live = self.oid == ClockOid::system_date();
        let age = self.args.snmp.cache_time.map_or(if live { 0.0 } else { UNKNOWN_AGE }, Seconds::as_f64);
        let Some(cache) = cache else {
            let answer = self.ask(&[self.oid.oid()], deadline)?;
            return Ok((age, self.reading(&answer)?));
        };
        let both = [self.oid.oid(), cache];
        // Version 1 refuses the whole question where it lacks one of the two.
        let answer = match self.ask(&both, deadline) {
            Err(HostError::Snmp(SnmpError::Refuses(..))) => self.ask(&[self.oid.oid()], deadline)?,
            answer => answer?,
        };
        let age = match answer.values.get(1) {
            // With -1 net-snmp runs the command anew for each answer.
            Some(Ok(Value::Number(-1))) => 0.0,
            Some(Ok(Value::Number(seconds @ 0..=86_400))) => *seconds as f64 + LATE,
            _ => age,
        };
        Ok((age, self.reading(&answer)?))
    }

    fn ask(&mut self, oids: &[Oid<'_>], deadline: &Deadline) -> Result<Answer, HostError> {
        let answer = self.session.get(oids, deadline)?;
        match answer.values.first() {
            Some(Err(exception)) => {
                let (agent, oid) = (self.session.agent(), self.oid.name());
                Err(HostError::Exception { agent, oid, exception: (*exception).to_owned() })
            }
            _ => Ok(answer),
        }
    }

    fn reading(&self, answer: &Answer) -> Result<Reading, HostError> {
        let nothing = Value::Other("nothing");
        let value = answer.values.first().and_then(|value| value.as_ref().ok()).unwrap_or(&nothing);
        let shown = value.time(self.zone).map_err(|why| HostError::Value {
            agent: self.session.agent(),
            oid: self.oid.name(),
            why,
        })?;
        let at = |instant: Instant| self.clock.real_at(instant);
        Ok(Reading { sent: at(answer.sent), received: at(answer.received), shown })
    }
}
