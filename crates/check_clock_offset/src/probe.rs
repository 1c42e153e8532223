//! All the asking: NTP servers, then the host's agent, under one deadline; and once more if this machine's clock was stepped.

use std::net::IpAddr;
use std::thread;
use std::time::{Duration, Instant};

use jiff::tz::TimeZone;
use plugin::{Deadline, ResolveError, State, resolve};
use snmp2::Oid;

use crate::clock::Stamp;
use crate::ntp::{self, Sample};
use crate::readings::{Reading, Readings};
use crate::snmp::{Answer, ClockOid, OptionsError, Session, SnmpError};
use crate::value::{Value, ValueError};
use crate::words::WIDE;
use crate::{Args, HostClock, Seen};

/// What is left of the deadline when nothing more is asked.
const RESERVE: Duration = Duration::from_millis(300);
/// How long NTP servers may be silent where no host has to be asked after them.
const PATIENCE: Duration = Duration::from_secs(5);
/// What net-snmp can take longer to renew an answer than it says, since it counts whole seconds.
const LATE: f64 = 1.0;
/// How long net-snmp keeps the answers of `pass` and `exec`, and `LATE`: what an answer's age can be where nothing is known.
const UNKNOWN_AGE: f64 = 31.0;
/// How far apart the readings of a source are that cuts off to whole seconds and is never stale: each finds the host's clock in
/// another part of its second.
const FRACTION: Duration = Duration::from_millis(270);
/// The most readings of such a source.
const FRACTIONS: usize = 4;
/// How far apart the readings of a cached source are: more than a second, so that whole seconds move.
const SPACING: Duration = Duration::from_millis(1100);

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Neither a host nor a server is named.
    #[error("nothing to compare: name a host by --hostname, or for this machine's own clock servers by --ntp")]
    Nothing,
    /// The options contradict each other.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// No such time zone.
    #[error("no time zone {0:?} is known here: give an IANA name, as in Asia/Kolkata")]
    Zone(String),
    /// A name cannot be resolved.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// This machine's clock was stepped in the middle of each attempt.
    #[error("this machine's own clock was stepped by {0:.3} s while it was compared, twice")]
    Stepped(f64),
}

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
        agent: std::net::SocketAddr,
        /// What was asked.
        oid: String,
        /// What it says.
        exception: String,
    },
    /// The value is no time.
    #[error("{oid} of {agent}: {why}")]
    Value {
        /// Address and port.
        agent: std::net::SocketAddr,
        /// What was asked.
        oid: String,
        /// What it is.
        why: ValueError,
    },
}

/// Asks everybody, and again if this machine's clock was stepped meanwhile.
pub(crate) fn probe(args: &Args, deadline: &Deadline) -> Result<Seen, ProbeError> {
    if args.hostname.is_none() && args.ntp.is_empty() {
        return Err(ProbeError::Nothing);
    }
    let zone = args.timezone.as_deref().map(zone).transpose()?;
    let servers = args.ntp.iter().map(|server| Ok((server.to_string(), resolve(&server.host, deadline)?, server.port)));
    let servers = servers.collect::<Result<Vec<_>, ProbeError>>()?;
    let agent = args.hostname.as_deref().map(|host| resolve(host, deadline)).transpose()?;
    let mut step = 0.0;
    for _attempt in 0..2 {
        let clock = Stamp::now();
        let ntp = ask_servers(&servers, &clock, deadline, agent.is_some());
        let host = match &agent {
            Some(addresses) => Some(read_host(args, addresses, zone.as_ref(), &clock, deadline)?),
            None => None,
        };
        match Stamp::now().step_since(&clock) {
            None => return Ok(Seen { host, ntp, silent: deadline.state() }),
            Some(by) => step = by,
        }
    }
    Err(ProbeError::Stepped(step))
}

fn zone(name: &str) -> Result<TimeZone, ProbeError> {
    TimeZone::get(name).map_err(|_| ProbeError::Zone(name.to_owned()))
}

fn ask_servers(servers: &[(String, Vec<IpAddr>, u16)], clock: &Stamp, deadline: &Deadline, host_too: bool) -> Vec<Sample> {
    let remaining = deadline.remaining().saturating_sub(reserve(deadline));
    let _step = deadline.step("asking NTP servers");
    ntp::ask(servers, clock, if host_too { remaining / 3 } else { remaining.min(PATIENCE) })
}

fn reserve(deadline: &Deadline) -> Duration {
    RESERVE.min(deadline.limit() / 8)
}

/// What the host's clock shows, or why it shows nothing.
fn read_host(
    args: &Args,
    addresses: &[IpAddr],
    zone: Option<&TimeZone>,
    clock: &Stamp,
    deadline: &Deadline,
) -> Result<Result<HostClock, HostError>, ProbeError> {
    let settled = args.snmp.settle()?;
    let session = match Session::open(addresses, args.snmp.port, settled) {
        Ok(session) => session,
        Err(error) => return Ok(Err(error.into())),
    };
    let _step = deadline.step(format!("asking {}", session.agent()));
    let oid = args.snmp.oid.clone().unwrap_or_else(ClockOid::system_date);
    Ok(HostReader { args, session, oid, zone, clock }.read(deadline))
}

/// Reads one host's clock as often as it takes.
struct HostReader<'a> {
    args: &'a Args,
    session: Session,
    oid: ClockOid,
    zone: Option<&'a TimeZone>,
    clock: &'a Stamp,
}

impl HostReader<'_> {
    fn read(mut self, deadline: &Deadline) -> Result<HostClock, HostError> {
        let (age, first) = self.first(deadline)?;
        let mut readings = Readings::new(age, first);
        // A clock of whole seconds that is near a threshold, or that may be stale: look again until there is nothing to guess.
        while !self.is_enough(&readings) {
            let pause = if age > 0.0 { SPACING } else { FRACTION };
            let enough = age == 0.0 && readings.count() >= FRACTIONS;
            if enough || deadline.remaining() < pause + reserve(deadline) * 2 {
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

    /// Whether the state is the same wherever in its interval the offset is, and the size of an alarm is known.
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
        let age = self.args.snmp.cache_time.unwrap_or(if live { 0.0 } else { UNKNOWN_AGE });
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
                let (agent, oid) = (self.session.agent(), self.oid.to_string());
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
            oid: self.oid.to_string(),
            why,
        })?;
        let at = |instant: Instant| self.clock.real_at(instant);
        Ok(Reading { sent: at(answer.sent), received: at(answer.received), shown })
    }
}
