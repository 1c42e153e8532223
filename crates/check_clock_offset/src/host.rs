//! Reading one host's clock by its SNMP agent, as often as it takes to be sure.

use std::iter;
use std::net::{IpAddr, SocketAddr};
use std::thread;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use net::{Unusable, shown};
use plugin::{Deadline, Seconds, State};
use snmp2::Oid;

use crate::clock::Stamp;
use crate::interval::Interval;
use crate::judging::Judging;
use crate::readings::{Reading, Readings};
use crate::snmp::{Answer, ClockOid, Options, Session, SnmpError, Variable, VariableError};
use crate::value::{Value, ValueError};
use crate::whose::{self, Whose};
use crate::words::WIDE;

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
/// The error-status of version 1 for a variable that the agent does not have (RFC 1157).
const NO_SUCH_NAME: u32 = 2;
/// How far apart the readings of a cached source are: more than a second, so that whole seconds move.
const SPACING: Duration = Duration::from_millis(1100);

/// What is left of the deadline when nothing more is asked.
pub(crate) const RESERVE: Duration = Duration::from_millis(300);

/// A host's clock compared with this machine's.
#[derive(Debug)]
pub struct HostClock {
    /// The agent that showed it.
    pub agent: SocketAddr,
    /// What it showed.
    pub readings: Readings,
    /// Whose clock that is.
    pub whose: Whose,
    /// The address that the agent answers from, where that is another one than was asked.
    pub elsewhere: Option<IpAddr>,
}

impl HostClock {
    pub(crate) fn new(agent: SocketAddr, readings: Readings) -> Self {
        Self { agent, readings, whose: Whose::by_address(agent), elsewhere: None }
    }
}

/// Why a host's clock could not be read.
#[derive(Debug, thiserror::Error)]
pub enum HostError {
    /// Its name has no address.
    #[error("{why}")]
    Unresolved {
        /// Why.
        why: String,
        /// Whether the resolver was silent, so that the name may be right.
        is_silence: bool,
    },
    /// The run was stopped before this agent was asked.
    #[error("{} not asked yet", shown(*.0))]
    Unasked(SocketAddr),
    /// The run was stopped before the answer of this agent came.
    #[error("{} has not answered yet", shown(*.0))]
    Pending(SocketAddr),
    /// The agent gives no value.
    #[error(transparent)]
    Snmp(#[from] SnmpError),
    /// The agent has no such variable.
    #[error("{} has no {oid} ({exception}){}", shown(*.agent), if *.is_default { ": give --oid" } else { "" })]
    Exception {
        /// Address and port.
        agent: SocketAddr,
        /// What was asked.
        oid: String,
        /// What it says.
        exception: String,
        /// Whether that was asked since no --oid is given.
        is_default: bool,
    },
    /// The value is not a time.
    #[error("{oid} of {}: {why}", shown(*.agent))]
    Value {
        /// Address and port.
        agent: SocketAddr,
        /// What was asked.
        oid: String,
        /// What it is.
        why: ValueError,
    },
}

impl HostError {
    pub(crate) fn unresolved(why: &Unusable) -> Self {
        Self::Unresolved { why: why.to_string(), is_silence: why.is_silence() }
    }

    /// Whether silence, of the agent, of the resolver or of the way, is to blame.
    pub fn is_silence(&self) -> bool {
        match self {
            Self::Unresolved { is_silence, .. } => *is_silence,
            Self::Snmp(SnmpError::NoAnswer(none)) => !none.is_here(),
            Self::Snmp(why) => matches!(why, SnmpError::NotAsked(_)),
            Self::Unasked(_) | Self::Pending(_) | Self::Exception { .. } | Self::Value { .. } => false,
        }
    }

    /// Returns further lines about it.
    pub fn details(&self) -> Vec<String> {
        match self {
            Self::Snmp(SnmpError::NoAnswer(none)) => none.details().collect(),
            _ => Vec::new(),
        }
    }
}

/// Reads one host's clock as often as it takes.
pub(crate) struct HostReader<'a> {
    /// How it is asked.
    pub(crate) snmp: &'a Options,
    pub(crate) judging: &'a Judging,
    pub(crate) session: Session,
    /// The zone of local times.
    pub(crate) zone: Option<&'a TimeZone>,
    /// This machine's clock.
    pub(crate) clock: &'a Stamp,
    /// By how much that is ahead: `None` if no server was asked.
    pub(crate) monitor: Option<Interval>,
}

impl HostReader<'_> {
    /// What the clock shows, or why it shows nothing. What is known of it before it is read again goes to
    /// `note`.
    pub(crate) fn read(
        mut self,
        deadline: &Deadline,
        note: impl Fn(SocketAddr, &Readings),
    ) -> Result<HostClock, HostError> {
        let oid = self.snmp.oid.clone().unwrap_or_else(ClockOid::system_date);
        let (age, first) = self.first(&oid, deadline)?;
        let mut readings = Readings::new(age, first);
        // A clock of whole seconds that is near a threshold, or that may be stale: look again until there is
        // nothing to guess.
        while !self.is_enough(&readings) {
            let pause = if age > 0.0 { SPACING } else { FRACTION };
            let enough = age == 0.0 && readings.count() >= FRACTIONS;
            if enough || deadline.keeping(RESERVE * 2) < pause {
                break;
            }
            note(self.session.agent(), &readings);
            thread::sleep(pause);
            match self.ask(&oid, &[oid.oid()], deadline) {
                Ok(answer) => readings.add(self.reading(&oid, &answer)?),
                // What was read before it fell silent still counts.
                Err(error) if error.is_silence() => break,
                Err(error) => return Err(error),
            }
        }
        let mut clock = HostClock::new(self.session.agent(), readings);
        clock.elsewhere = self.session.elsewhere();
        if clock.whose == Whose::Perhaps {
            clock.whose = self.whose(&oid, &clock.readings, deadline);
        }
        Ok(clock)
    }

    /// Whose clock an agent at an address of this machine shows: the very one that it is compared with, or
    /// another machine's, to which the port leads.
    fn whose(&mut self, oid: &ClockOid, readings: &Readings, deadline: &Deadline) -> Whose {
        let command = oid.command();
        let of_another = Whose::by_port(self.session.agent());
        if readings.offset().nearest_to_zero() != 0.0 {
            return of_another;
        }
        let is_clock = command.is_some() || *oid == ClockOid::system_date();
        let oids: Vec<Oid<'_>> = iter::once(ClockOid::system_uptime().oid()).chain(command).collect();
        let Some(before) = whose::uptime() else { return Whose::Perhaps };
        let Ok(answer) = self.session.get(&oids, deadline) else { return Whose::Perhaps };
        let Some(now) = whose::uptime() else { return Whose::Perhaps };
        let mut values = answer.values.iter();
        let Some(Ok(uptime)) = values.next() else { return Whose::Perhaps };
        let is_date = |command: &Variable| command.as_ref().is_ok_and(whose::is_date);
        match whose::is_uptime(uptime, before, now) {
            false => of_another,
            true if is_clock && values.all(is_date) => Whose::Own,
            true => Whose::Perhaps,
        }
    }

    /// Whether the state is the same wherever in its interval the offset is, and the size of an alarm is
    /// known.
    fn is_enough(&self, readings: &Readings) -> bool {
        let offset = readings.offset() + self.monitor.unwrap_or(Interval::around(0.0, 0.0));
        let is_ok = self.judging.possible(offset).certain == State::Ok;
        self.judging.is_clear(offset) && (is_ok || offset.half_width() <= WIDE)
    }

    /// The first reading, and how old an answer can be.
    fn first(&mut self, oid: &ClockOid, deadline: &Deadline) -> Result<(f64, Reading), HostError> {
        let cache = oid.cache_time().filter(|_| self.snmp.cache_time.is_none());
        let live = *oid == ClockOid::system_date();
        let age = self.snmp.cache_time.map_or(if live { 0.0 } else { UNKNOWN_AGE }, Seconds::as_f64);
        let Some(cache) = cache else {
            let answer = self.ask(oid, &[oid.oid()], deadline)?;
            return Ok((age, self.reading(oid, &answer)?));
        };
        let both = [oid.oid(), cache];
        // Version 1 refuses the whole question where it lacks one of the two.
        let answer = match self.ask(oid, &both, deadline) {
            Err(HostError::Snmp(SnmpError::Refuses(..))) => self.ask(oid, &[oid.oid()], deadline)?,
            answer => answer?,
        };
        let age = match answer.values.get(1) {
            // With -1 net-snmp runs the command anew for each answer.
            Some(Ok(Value::Number(-1))) => 0.0,
            Some(Ok(Value::Number(seconds @ 0..=86_400))) => *seconds as f64 + LATE,
            _ => age,
        };
        Ok((age, self.reading(oid, &answer)?))
    }

    fn ask(&mut self, oid: &ClockOid, oids: &[Oid<'_>], deadline: &Deadline) -> Result<Answer, HostError> {
        let answer = match self.session.get(oids, deadline) {
            // What versions 2c and 3 say of a variable, version 1 says of the question.
            Err(SnmpError::Refuses(_, VariableError::Status { status: NO_SUCH_NAME, .. }))
                if oids.len() == 1 =>
            {
                return Err(self.exception(oid, "noSuchName"));
            }
            answer => answer?,
        };
        match answer.values.first() {
            Some(Err(exception)) => Err(self.exception(oid, exception)),
            _ => Ok(answer),
        }
    }

    fn exception(&self, oid: &ClockOid, exception: &str) -> HostError {
        let (agent, is_default) = (self.session.agent(), self.snmp.oid.is_none());
        HostError::Exception { agent, oid: oid.name(), exception: exception.to_owned(), is_default }
    }

    fn reading(&self, oid: &ClockOid, answer: &Answer) -> Result<Reading, HostError> {
        let nothing = Value::Other("nothing");
        let value = answer.values.first().and_then(|value| value.as_ref().ok()).unwrap_or(&nothing);
        let shown = value.time(self.zone).map_err(|why| HostError::Value {
            agent: self.session.agent(),
            oid: oid.name(),
            why,
        })?;
        let at = |instant: Instant| self.clock.real_at(instant);
        Ok(Reading { sent: at(answer.sent), received: at(answer.received), shown })
    }
}
