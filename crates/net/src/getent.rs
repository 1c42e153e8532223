//! The child processes of `getent ahosts`, several at once, each killed when its time is over.

use std::fmt;
use std::io::{self, Read};
use std::net::{IpAddr, SocketAddr};
use std::process::{ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use plugin::{BoundChild, reason};
use rustix::event::{PollFd, PollFlags};

use crate::host::Host;
use crate::zoned::NoInterface;

/// The most that getent may print, in octets: some 1,000 addresses, three lines each.
const LARGEST: usize = 256 << 10;
/// getent(1): one or more of the keys could not be found.
const NOT_FOUND: i32 = 2;
/// A name that is not found after this was looked for at a silent server.
const SERVER_TIMEOUT: Duration = Duration::from_secs(1);
/// The most children that begin at once. Many would soon reach a limit of processes.
const AT_ONCE: usize = 32;
/// A child that has run for this time only waits for a nameserver: another may begin beside it.
const WAITS: Duration = Duration::from_millis(300);
/// The most children that run, including those that only wait.
const MOST: usize = 96;

/// Explains why a host has no addresses. Each message names it.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// getent cannot be started or read.
    #[error("resolving {name}: running getent: {}", reason(.why))]
    Getent {
        /// The name.
        name: String,
        /// What the system reported.
        why: io::Error,
    },
    /// The name has no address.
    #[error("resolving {0}: no address found, see check_resolver")]
    NotFound(String),
    /// The name has no address of the family asked for; it may have one of the other.
    #[error("resolving {name}: no {family} address found")]
    NoneOfFamily {
        /// The name.
        name: String,
        /// The family.
        family: Family,
    },
    /// No address was found after so long that a resolver kept silent: getent(1) does not say which of the
    /// two it was, and resolv.conf(5) gives each server a second at least.
    #[error(
        "resolving {name}: no address found in {seconds:.1} s, a nameserver may be silent: see check_resolver"
    )]
    GaveUp {
        /// The name.
        name: String,
        /// How long it took, in seconds.
        seconds: f64,
    },
    /// getent ended with an error, or printed something other than addresses.
    #[error("resolving {name}: {what}")]
    Answer {
        /// The name.
        name: String,
        /// What is wrong with the answer.
        what: String,
    },
    /// The resolver was silent until the time for this name was over.
    #[error("resolving {name}: no answer within {seconds} s, see check_resolver")]
    TooSlow {
        /// The name.
        name: String,
        /// The time given, in seconds.
        seconds: f64,
    },
    /// Other names got no answer, and the time was over before this one's turn.
    #[error(
        "resolving {name}: no time left within {seconds} s, because other names got no answer, see check_resolver"
    )]
    NotAsked {
        /// The name.
        name: String,
        /// The time given, in seconds.
        seconds: f64,
    },
    /// An address that is not of the family asked for.
    #[error("{host} is not an {family} address")]
    OtherFamily {
        /// The address.
        host: String,
        /// The family.
        family: Family,
    },
    /// The zone of a link-local address is not an interface of this machine.
    #[error(transparent)]
    NoInterface(#[from] NoInterface),
}

impl ResolveError {
    /// Returns whether a limit of the system kept getent from starting: EAGAIN of fork(2).
    fn is_of_limit(&self) -> bool {
        matches!(self, Self::Getent { why, .. } if why.kind() == io::ErrorKind::WouldBlock)
    }

    /// Returns the message without the advice where to look next: for a line that names several faults.
    pub fn without_advice(&self) -> String {
        let text = self.to_string();
        let brief = match self {
            Self::NotFound(_) | Self::GaveUp { .. } | Self::TooSlow { .. } | Self::NotAsked { .. } => {
                text.strip_suffix("see check_resolver").map(|text| text.trim_end_matches([' ', ',', ':']))
            }
            _ => None,
        };
        brief.map_or_else(|| text.clone(), str::to_owned)
    }

    /// Whether the resolver is to blame for the lack of an answer, and not the name.
    pub fn is_silence(&self) -> bool {
        matches!(self, Self::TooSlow { .. } | Self::GaveUp { .. } | Self::NotAsked { .. })
    }
}

/// Which addresses of a name are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Family {
    /// IPv4 and IPv6.
    #[default]
    Any,
    /// IPv4 only.
    V4,
    /// IPv6 only.
    V6,
}

impl Family {
    /// Whether `address` is of this family.
    pub fn has(self, address: IpAddr) -> bool {
        match self {
            Self::Any => true,
            Self::V4 => address.is_ipv4(),
            Self::V6 => address.is_ipv6(),
        }
    }

    /// getent's name of the database. IPv6 has one of its own too, but maps IPv4 addresses into it, so its
    /// answers are sifted.
    fn database(self) -> &'static str {
        match self {
            Self::Any => "ahosts",
            Self::V4 => "ahostsv4",
            Self::V6 => "ahostsv6",
        }
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Any => "IP",
            Self::V4 => "IPv4",
            Self::V6 => "IPv6",
        })
    }
}

/// How names are looked up.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Lookup {
    pub(crate) family: Family,
    /// The only source that is asked: `None` for those of nsswitch.conf.
    pub(crate) source: Option<&'static str>,
    /// The time for each name.
    pub(crate) limit: Duration,
    /// What a silent one is told to have had, in seconds.
    pub(crate) seconds: f64,
    /// The end of all.
    pub(crate) until: Instant,
}

/// The addresses of a name without a port.
type Resolved = Result<Vec<SocketAddr>, ResolveError>;

/// Gives the addresses of each name, with its place among the names, once they are known. The names are valid
/// host names, so that none looks like an option: getent has no "--" everywhere.
pub(crate) fn ask(names: &[&str], lookup: &Lookup, found: impl FnMut(usize, Resolved)) {
    ask_by(names, lookup, |name| Asked::start(name, &mut command(name, lookup), lookup), found);
}

fn command(name: &str, lookup: &Lookup) -> Command {
    let mut command = Command::new("getent");
    command.args(lookup.source.iter().flat_map(|source| ["-s", source]));
    command.args([lookup.family.database(), name]);
    command
}

fn ask_by(
    names: &[&str],
    lookup: &Lookup,
    start: impl Fn(&str) -> Result<Asked, ResolveError>,
    mut found: impl FnMut(usize, Resolved),
) {
    let mut waiting = names.iter().enumerate().peekable();
    let mut running: Vec<(usize, Asked)> = Vec::new();
    // Once as many children as may run were silent for all their time, others would be silent too.
    let (mut most, mut answered, mut is_silent) = (MOST, None::<Instant>, false);
    loop {
        while !is_silent
            && has_room(&running, most)
            && let Some((place, name)) = waiting.peek().copied()
        {
            match start(name) {
                Ok(asked) => running.push((place, asked)),
                // The limit of processes is reached: the end of one makes room for another.
                Err(error) if error.is_of_limit() && !running.is_empty() => {
                    most = running.len();
                    break;
                }
                Err(error) => found(place, Err(error)),
            }
            waiting.next();
        }
        if running.is_empty() {
            break;
        }
        let is_full = running.len() >= most;
        let ready = ready(&running, waiting.peek().is_some() && !is_full);
        let mut ready = ready.into_iter();
        for (place, mut asked) in std::mem::take(&mut running) {
            match asked.advance(ready.next().unwrap_or(false), lookup) {
                None => running.push((place, asked)),
                Some(result) => {
                    match &result {
                        Err(ResolveError::TooSlow { .. }) => {
                            is_silent |= is_full && answered.is_none_or(|at| at < asked.started);
                        }
                        _ => answered = Some(Instant::now()),
                    }
                    found(place, result);
                }
            }
        }
    }
    let unasked = |name: &str| ResolveError::NotAsked { name: name.to_owned(), seconds: lookup.seconds };
    waiting.for_each(|(place, name)| found(place, Err(unasked(name))));
}

/// Returns whether another child may begin, if at most `most` may run.
fn has_room(running: &[(usize, Asked)], most: usize) -> bool {
    let busy = running.iter().filter(|(_, asked)| asked.started.elapsed() < WAITS).count();
    busy < AT_ONCE && running.len() < most
}

/// Waits until a child has printed something or its time is over, or, if a name `waits`, until another child
/// may begin. Returns which children have printed.
fn ready(running: &[(usize, Asked)], waits: bool) -> Vec<bool> {
    let ends = running.iter().map(|(_, asked)| asked.until);
    let rooms = running.iter().map(|(_, asked)| asked.started + WAITS);
    let rooms = rooms.filter(|at| waits && *at > Instant::now());
    let until = ends.chain(rooms).min().unwrap_or_else(Instant::now);
    let polled = running.iter().map(|(_, asked)| PollFd::new(&asked.output, PollFlags::IN)).collect();
    // An error is met again where the pipe is read.
    plugin::ready_until(polled, until).unwrap_or_else(|_| running.iter().map(|_| true).collect())
}

/// A child that is asked for the addresses of one name.
#[derive(Debug)]
struct Asked {
    name: String,
    child: BoundChild,
    output: ChildStdout,
    answer: Vec<u8>,
    started: Instant,
    until: Instant,
}

impl Asked {
    fn start(name: &str, command: &mut Command, lookup: &Lookup) -> Result<Self, ResolveError> {
        let failed = |why: io::Error| ResolveError::Getent { name: name.to_owned(), why };
        let now = Instant::now();
        let limit = lookup.limit.min(lookup.until.saturating_duration_since(now));
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = BoundChild::spawn(command).map_err(failed)?;
        let output = child.take_stdout().ok_or_else(|| failed(io::ErrorKind::BrokenPipe.into()))?;
        Ok(Self {
            name: name.to_owned(),
            child,
            output,
            answer: Vec::new(),
            started: now,
            until: now + limit,
        })
    }

    /// Reads what was printed, if that is `ready`. Returns the result once there is one.
    fn advance(&mut self, ready: bool, lookup: &Lookup) -> Option<Resolved> {
        if ready {
            let mut room = [0; 4096];
            match self.output.read(&mut room) {
                Ok(0) => return Some(self.end(lookup.family)),
                Ok(length) => self.answer.extend(room.iter().take(length)),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(why) => return Some(Err(ResolveError::Getent { name: self.name.clone(), why })),
            }
        }
        if Instant::now() >= self.until {
            return Some(Err(ResolveError::TooSlow { name: self.name.clone(), seconds: lookup.seconds }));
        }
        let large = self.answer.len() > LARGEST;
        large.then(|| Err(self.unfit(format!("getent printed more than {LARGEST} octets"))))
    }

    /// The child has closed its output, so it is about to end; the watchdog bounds this.
    fn end(&mut self, family: Family) -> Resolved {
        let status =
            self.child.wait().map_err(|why| ResolveError::Getent { name: self.name.clone(), why })?;
        match status.code() {
            Some(0) => parse(&self.name, &self.answer, family),
            Some(NOT_FOUND) => Err(not_found(&self.name, family, self.started.elapsed())),
            Some(code) => Err(self.unfit(format!("getent ended with {code}"))),
            None => Err(self.unfit("getent was killed".to_owned())),
        }
    }

    fn unfit(&self, what: String) -> ResolveError {
        ResolveError::Answer { name: self.name.clone(), what }
    }
}

fn not_found(name: &str, family: Family, after: Duration) -> ResolveError {
    match after < SERVER_TIMEOUT {
        true => none(name, family),
        false => ResolveError::GaveUp { name: name.to_owned(), seconds: after.as_secs_f64() },
    }
}

fn none(name: &str, family: Family) -> ResolveError {
    match family {
        Family::Any => ResolveError::NotFound(name.to_owned()),
        family => ResolveError::NoneOfFamily { name: name.to_owned(), family },
    }
}

/// Returns the addresses in what getent printed, each once, of one family, without a port. The first field of
/// each line is an address; one whose zone is not an interface of this machine is left out.
///
/// # Errors
/// [`ResolveError`]: there is none, or something else is printed.
pub fn parse(name: &str, answer: &[u8], family: Family) -> Result<Vec<SocketAddr>, ResolveError> {
    let mut addresses: Vec<SocketAddr> = Vec::new();
    for line in String::from_utf8_lossy(answer).lines() {
        let field = line.split_ascii_whitespace().next().unwrap_or_default();
        let address = match field.parse::<IpAddr>() {
            Ok(address) => Some(SocketAddr::new(address.to_canonical(), 0)),
            Err(_) => match field.parse::<Host>() {
                Ok(host @ Host::V6(..)) => host.socket_address(0).ok().flatten(),
                _ => {
                    let what = format!("getent printed something other than an address: {}", shortened(line));
                    return Err(ResolveError::Answer { name: name.to_owned(), what });
                }
            },
        };
        let new = |address: &SocketAddr| family.has(address.ip()) && !addresses.contains(address);
        addresses.extend(address.filter(new));
    }
    if addresses.is_empty() { Err(none(name, family)) } else { Ok(addresses) }
}

fn shortened(line: &str) -> String {
    line.chars().take(60).collect()
}

#[cfg(test)]
mod tests;
