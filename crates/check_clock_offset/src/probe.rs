//! All the asking: NTP servers, then the host's agent, under one deadline; and once more if this machine's
//! clock was stepped.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use jiff::tz::TimeZone;
use net::{HostPort, ResolveError, Resolver};
use plugin::{Deadline, read_file};

use crate::clock::Stamp;
use crate::host::{HostError, HostReader, RESERVE};
use crate::ntp::{self, Sample, Server};
use crate::snmp::{ClockOid, OptionsError, Session};
use crate::{Args, HostClock, Observations};

/// How long NTP servers may be silent where no host has to be asked after them.
const PATIENCE: Duration = Duration::from_secs(5);
/// Where systems keep their time zones.
const ZONES: &str = "/usr/share/zoneinfo";
/// The most octets of a zone: those of IANA have less than 4 KiB.
const LARGEST_ZONE: u64 = 1 << 16;

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// Neither a host nor a server is named.
    #[error("nothing to compare: give --hostname for the clock of a host, --ntp for that of this machine")]
    Nothing,
    /// The options contradict each other.
    #[error(transparent)]
    Options(#[from] OptionsError),
    /// No such time zone.
    #[error("unknown time zone {0}: give an IANA name, as in Asia/Kolkata")]
    Zone(String),
    /// A name cannot be resolved.
    #[error(transparent)]
    Resolve(#[from] ResolveError),
    /// This machine's clock was stepped in the middle of each attempt.
    #[error("this machine stepped its clock by {0:.3} s during the check, twice")]
    Stepped(f64),
}

/// Asks everybody, and again if this machine's clock was stepped meanwhile.
pub(crate) fn probe(args: &Args, deadline: &Deadline) -> Result<Observations, ProbeError> {
    if args.hostname.is_none() && args.ntp.is_empty() {
        return Err(ProbeError::Nothing);
    }
    let zone = args.timezone.as_deref().map(|name| zone(name, deadline)).transpose()?;
    let (servers, agent) = resolve(args, deadline)?;
    let mut step = 0.0;
    for _attempt in 0..2 {
        let clock = Stamp::now();
        let ntp = ask_servers(&servers, &clock, deadline, agent.is_some());
        let host = match &agent {
            Some(addresses) => Some(read_host(args, addresses, zone.as_ref(), &clock, deadline)?),
            None => None,
        };
        match Stamp::now().step_since(&clock) {
            None => {
                let hostname = args.hostname.as_ref().map(|host| host.shown(args.snmp.port));
                return Ok(Observations { hostname, host, ntp, silent: deadline.state() });
            }
            Some(by) => step = by,
        }
    }
    Err(ProbeError::Stepped(step))
}

/// Resolves the NTP servers and the agent, all at once.
fn resolve(args: &Args, deadline: &Deadline) -> Result<(Vec<Server>, Option<Vec<SocketAddr>>), ResolveError> {
    let ntp = args.ntp.iter().map(|server| (&server.host, server.port_or(ntp::PORT)));
    let agent = args.hostname.iter().map(|agent| (&agent.host, agent.port_or(args.snmp.port)));
    // A name whose resolver is silent leaves time to ask the others.
    let half = deadline.keeping(RESERVE) / 2;
    let mut found = Resolver::new(deadline).limit(half).all(ntp.chain(agent));
    let agent = args.hostname.as_ref().and_then(|_| found.pop()).transpose()?;
    // A name that has no address is that server's fault, and the others may still be a majority.
    let server = |(server, addresses): (&HostPort, Result<_, ResolveError>)| Server {
        name: server.shown(ntp::PORT),
        addresses: addresses.map_err(|why| why.to_string()),
    };
    Ok((args.ntp.iter().zip(found).map(server).collect(), agent))
}

/// The zone of this name: the system's own, which its packages keep up to date, else the one that was built
/// in.
fn zone(name: &str, deadline: &Deadline) -> Result<TimeZone, ProbeError> {
    let is_name = |part: &str| {
        !part.is_empty() && part.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"_+-".contains(&octet))
    };
    let path = name.split('/').all(is_name).then(|| Path::new(ZONES).join(name));
    // Read here, since to find a name regardless of its case `TimeZone::get` walks through all of them, which
    // takes 1.5 ms.
    let own = path.and_then(|path| read_file(&path, LARGEST_ZONE, deadline).ok());
    let own = own.and_then(|octets| TimeZone::tzif(name, &octets).ok());
    own.map_or_else(|| TimeZone::get(name), Ok).map_err(|_| ProbeError::Zone(name.to_owned()))
}

fn ask_servers(servers: &[Server], clock: &Stamp, deadline: &Deadline, host_too: bool) -> Vec<Sample> {
    let remaining = deadline.keeping(RESERVE);
    let _step = deadline.step("asking NTP servers");
    ntp::ask(servers, clock, if host_too { remaining / 3 } else { remaining.min(PATIENCE) })
}

/// What the host's clock shows, or why it shows nothing.
fn read_host(
    args: &Args,
    addresses: &[SocketAddr],
    zone: Option<&TimeZone>,
    clock: &Stamp,
    deadline: &Deadline,
) -> Result<Result<HostClock, HostError>, ProbeError> {
    let settled = args.snmp.settle()?;
    let session = match Session::open(addresses, settled) {
        Ok(session) => session,
        Err(error) => return Ok(Err(error.into())),
    };
    let _step = deadline.step(format!("asking {}", session.agent()));
    let oid = args.snmp.oid.clone().unwrap_or_else(ClockOid::system_date);
    Ok(HostReader { args, session, oid, zone, clock }.read(deadline))
}
