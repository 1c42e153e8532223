//! All the asking: NTP servers, then the host's agent, under one deadline; and once more if this machine's
//! clock was stepped.

use std::cell::Cell;
use std::net::SocketAddr;
use std::time::Duration;

use jiff::tz::TimeZone;
use net::{Host, Resolver, Source, Unusable, alternate_families};
use plugin::Deadline;

use crate::clock::Stamp;
use crate::host::{HostError, HostReader, RESERVE};
use crate::interval::Interval;
use crate::judging::Judging;
use crate::ntp::{self, Sample, Server, Way};
use crate::partial::Teller;
use crate::servers::{of_others, reference_servers};
use crate::snmp::{OptionsError, Session, Settled};
use crate::way::SourceError;
use crate::zone::{InvalidZone, zone};
use crate::{Args, HostClock, Observations};

/// How long NTP servers may be silent where no host has to be asked after them.
const PATIENCE: Duration = Duration::from_secs(5);

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Neither a host nor a server is named.
    #[error(
        "nothing to compare: give --hostname for the clock of a host, --ntp for that of this machine, see --help"
    )]
    Nothing,
    /// The options contradict each other.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// No such time zone.
    #[error(transparent)]
    Zone(#[from] InvalidZone),
    /// No question can come from --source.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// This machine's clock was stepped in the middle of each attempt.
    #[error("this machine stepped its clock by {0:.3} s during the check, twice")]
    Stepped(f64),
}

/// What is asked, and how.
struct Plan<'a> {
    args: &'a Args,
    judging: &'a Judging,
    zone: Option<TimeZone>,
    settled: Settled,
    source: Source,
    servers: Vec<Server>,
    /// The addresses of the agent, or why it has none.
    agent: Option<Result<Vec<SocketAddr>, Unusable>>,
}

/// Asks all servers, and asks again if this machine's clock was stepped meanwhile.
pub(crate) fn probe(args: &Args, judging: &Judging, deadline: &Deadline) -> Result<Observations, ProbeError> {
    let plan = plan(args, judging, deadline)?;
    let mut step = 0.0;
    for _attempt in 0..2 {
        let clock = Stamp::now();
        let teller = plan.teller(deadline);
        let ntp = plan.ask_servers(&clock, &teller, deadline);
        let host = plan.read_host(&ntp, &clock, &teller, deadline);
        match Stamp::now().step_since(&clock) {
            None => return Ok(plan.observations(host, ntp, deadline)),
            Some(by) => step = by,
        }
    }
    Err(ProbeError::Stepped(step))
}

fn plan<'a>(args: &'a Args, judging: &'a Judging, deadline: &Deadline) -> Result<Plan<'a>, ProbeError> {
    if args.hostname.is_none() && args.ntp.is_empty() {
        return Err(ProbeError::Nothing);
    }
    let zone = args.timezone.as_deref().map(|name| zone(name, deadline)).transpose()?;
    let hosts: Vec<&Host> = args.ntp.iter().chain(&args.hostname).map(|asked| &asked.host).collect();
    let source = args.way.source(&hosts, deadline)?;
    let settled = args.snmp.settle()?;
    let (servers, agent) = resolve(args, deadline);
    Ok(Plan { args, judging, zone, settled, source, servers, agent })
}

/// Resolves the NTP servers and the agent, all at once.
fn resolve(args: &Args, deadline: &Deadline) -> (Vec<Server>, Option<Result<Vec<SocketAddr>, Unusable>>) {
    let ntp = args.ntp.iter().map(|server| (&server.host, server.port_or(ntp::PORT)));
    let agent = args.hostname.iter().map(|agent| (&agent.host, agent.port_or(args.snmp.port)));
    // A name whose resolver is silent leaves time to ask the others.
    let third = deadline.keeping(RESERVE) / 3;
    let resolver = Resolver::new(deadline).limit(third).family(args.way.family());
    let mut found = resolver.all(ntp.chain(agent));
    let agent = args.hostname.as_ref().and_then(|agent| Some((agent, found.pop()?)));
    (reference_servers(&args.ntp, found), agent.map(|(agent, found)| of_others(&agent.host, found?)))
}

impl Plan<'_> {
    /// Returns the teller for a run that is stopped.
    fn teller<'a>(&'a self, deadline: &'a Deadline) -> Teller<'a> {
        Teller {
            judging: self.judging,
            hostname: self.hostname(),
            agent: self.agent.as_ref(),
            progress: deadline.progress(),
            is_asked: Cell::new(false),
        }
    }

    fn ask_servers(&self, clock: &Stamp, teller: &Teller<'_>, deadline: &Deadline) -> Vec<Sample> {
        if self.servers.is_empty() {
            return Vec::new();
        }
        let remaining = deadline.keeping(RESERVE);
        let limit = if self.agent.is_some() { remaining / 3 } else { remaining.min(PATIENCE) };
        let _step = deadline.step("asking NTP servers");
        let tell = |samples: &[Sample]| teller.tell(None, samples);
        // What a host's clock shows is not known yet.
        let is_clear = |own| self.agent.is_some() || self.judging.is_clear(own);
        ntp::ask(&self.servers, &Way { clock, limit, source: &self.source, tell: &tell, is_clear: &is_clear })
    }

    /// What the host's clock shows, or why it shows nothing.
    fn read_host(
        &self,
        ntp: &[Sample],
        clock: &Stamp,
        teller: &Teller<'_>,
        deadline: &Deadline,
    ) -> Option<Result<HostClock, HostError>> {
        let addresses = match self.agent.as_ref()? {
            Ok(addresses) => alternate_families(addresses),
            Err(why) => return Some(Err(HostError::unresolved(why))),
        };
        let session = match Session::open(&addresses, &self.source, self.settled.clone()) {
            Ok(session) => session,
            Err(error) => return Some(Err(error.into())),
        };
        let _step = deadline.step(format!("asking {}", session.agent()));
        teller.tell_asked(ntp);
        let monitor = match ntp::agree(ntp) {
            Ok(consensus) => -consensus.offset,
            Err(_) => Interval::around(0.0, 0.0),
        };
        let monitor = (!self.servers.is_empty()).then_some(monitor);
        let reader = HostReader {
            snmp: &self.args.snmp,
            judging: self.judging,
            session,
            zone: self.zone.as_ref(),
            clock,
            monitor,
        };
        Some(reader.read(deadline, |agent, readings| teller.tell(Some((agent, readings)), ntp)))
    }

    /// The name of the host, as it was given.
    fn hostname(&self) -> Option<String> {
        self.args.hostname.as_ref().map(|host| host.shown(self.args.snmp.port))
    }

    fn observations(
        &self,
        host: Option<Result<HostClock, HostError>>,
        ntp: Vec<Sample>,
        deadline: &Deadline,
    ) -> Observations {
        let is_ambiguous = matches!(&self.agent, Some(Ok(addresses)) if addresses.len() > 1);
        let (hostname, silent) = (self.hostname(), deadline.state());
        Observations { hostname, is_ambiguous, host, ntp, is_waiting: false, silent }
    }
}
