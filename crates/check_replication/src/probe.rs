//! All the asking: what to ask and as whom, then each server, all at once, under one deadline.

use std::cell::RefCell;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

use clap::ValueEnum as _;
use net::tls::{Client, Settings, TlsError};
use net::{Host, HostPort, InvalidHost, resolve};
use plugin::{Deadline, ReadError, read_file, reason};

use crate::ask;
use crate::defaults::{Defaults, DefaultsError};
use crate::endpoint::Endpoint;
use crate::evaluate::fault;
use crate::failure::{Failure, Kind, Step};
use crate::heartbeat::Zone;
use crate::login::Login;
use crate::memory::Memory;
use crate::monitor::Monitor;
use crate::options::{Connecting, Heartbeat, Role};
use crate::policy::Policy;
use crate::request::Request;
use crate::second_look::{self, Asked};
use crate::target::{PORT, Target};
use crate::tls_level::TlsLevel;
use crate::tls_options::{self, TlsOptionError};
use crate::{Args, Observations};

/// What is left of the deadline when nothing more is waited for.
const RESERVE: Duration = Duration::from_millis(300);
/// Where servers have their socket: Debian, Red Hat, MySQL's own packages.
const SOCKETS: [&str; 4] =
    ["/run/mysqld/mysqld.sock", "/var/lib/mysql/mysql.sock", "/var/run/mysql/mysql.sock", "/tmp/mysql.sock"];
/// The account without any other word: as which NRPE runs, and so by auth_socket or unix_socket too.
const USER: &str = "nagios";
/// Room for the thread of one server, in octets: TLS needs some.
const STACK: usize = 512 << 10;
/// The most octets of a server's public key.
const LARGEST_KEY: u64 = 1 << 16;

/// Why the check could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// The file of options is not usable.
    #[error(transparent)]
    Defaults(#[from] DefaultsError),
    /// It gives something that is not a port.
    #[error("reading {}: {port:?} is not a port", .path.display())]
    Port {
        /// The file.
        path: PathBuf,
        /// What stands there.
        port: String,
    },
    /// Its host is not one.
    #[error("reading {}: host {host}: {why}", .path.display())]
    Host {
        /// The file.
        path: PathBuf,
        /// What stands there.
        host: String,
        /// What is wrong with it.
        why: InvalidHost,
    },
    /// The options contradict each other.
    #[error(
        "--expect=none expects no channel: leave --expect-channels, --expect-source and --heartbeat-table away, see --help"
    )]
    Expected,
    /// Several servers of which none replicates would not be checked for anything.
    #[error("--expect=none is for one server, see --help")]
    None,
    /// What is acknowledged is one server's.
    #[error("--acknowledge is for one server: give one --hostname or --socket, see --help")]
    Acknowledge,
    /// It would accept nothing.
    #[error("--accept-filter={0} needs --expect-database, see --help")]
    Accepted(&'static str),
    /// One server would be judged together with itself.
    #[error("{0} is asked twice: give each server once, see --help")]
    Twice(String),
    /// The options contradict each other.
    #[error("--tls-ca verifies the certificate and --tls={0} does not: leave one of them away, see --help")]
    Unverified(String),
    /// Neither an option nor the file names a server, and there is no local one.
    #[error("no server: name it by --hostname, --socket or --defaults-file, there is no socket at {}, see --help", SOCKETS.join(", "))]
    NoServer,
    /// A setting of the file is not honoured.
    #[error(transparent)]
    TlsOption(#[from] TlsOptionError),
    /// The server's public key cannot be read.
    #[error(transparent)]
    Key(#[from] ReadError),
    /// TLS cannot be set up.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// No thread for a server.
    #[error("starting a thread: {}", reason(.0))]
    Thread(std::io::Error),
}

/// Asks every server. Of a run that is stopped, `policy` judges those that have answered.
///
/// # Errors
/// [`ProbeError`]: it is not clear what to ask, or as whom.
pub(crate) fn probe(
    args: &Args,
    policy: &Policy<'_>,
    deadline: &Deadline,
) -> Result<Observations, ProbeError> {
    let connecting = &args.connecting;
    contradiction(args, policy)?;
    let group = connecting.defaults_group.as_deref();
    let file = connecting.defaults_file.as_deref();
    let defaults = file.map(|path| Defaults::read(path, group, deadline)).transpose()?.unwrap_or_default();
    let targets = targets(connecting, &defaults)?;
    refuse(args, &targets)?;
    let level =
        if targets.iter().any(Target::is_tcp) { level(connecting, &defaults)? } else { TlsLevel::Off };
    let tls = tls_options::settings(&defaults, level, connecting.tls_ca.clone())?;
    let key = server_public_key(&defaults, deadline)?;
    let asker = Asker {
        connecting,
        defaults: &defaults,
        heartbeat: &args.heartbeat,
        several: targets.len() > 1,
        group: args.expected.role == Some(Role::Group) || args.expected.members.is_some(),
        semi_sync: args.expected.semi_sync,
        databases: &args.expected.databases,
        level,
        tls,
        key: key.as_deref(),
        state: args.memory.state.is_some(),
        monitor: Monitor::default(),
        deadline,
    };
    let memory = args.memory.state.as_deref().map(|folder| Memory::open(folder, &targets, deadline));
    let answers = match targets.as_slice() {
        [target] => vec![(target.to_string(), asker.ask(target)?.map(|(answer, _)| answer))],
        targets => {
            let mut asked = asker.ask_all(targets, policy)?;
            asker.monitor.settle(asked.iter_mut().filter_map(|(_, asked)| asked.as_mut().err()));
            second_look::complete(asked, &policy.lag, deadline)
        }
    };
    let remember = |memory: Memory| memory.remember(args.memory.acknowledge, &answers, deadline);
    Ok(Observations {
        remembered: memory.map(|memory| memory.and_then(remember)),
        servers: answers,
        user: user(connecting, &defaults).to_owned(),
        seconds: deadline.limit().as_secs_f64(),
    })
}

/// Refuses expectations that contradict each other, and an accepted filter that nothing would be judged by.
fn contradiction(args: &Args, policy: &Policy<'_>) -> Result<(), ProbeError> {
    let expects_channels = policy.expects_channels() || policy.heartbeats.is_some();
    if args.expected.role == Some(Role::None) && expects_channels {
        return Err(ProbeError::Expected);
    }
    let useless = args.expected.filters.iter().find_map(|filter| filter.of_databases());
    match useless.filter(|_| args.expected.databases.is_empty()) {
        Some(filter) => Err(ProbeError::Accepted(filter)),
        None => Ok(()),
    }
}

/// Reads the key that the servers' passwords are encrypted by, where one is given.
fn server_public_key(defaults: &Defaults, deadline: &Deadline) -> Result<Option<Vec<u8>>, ProbeError> {
    let path = defaults.path("server-public-key-path");
    Ok(path.map(|path| read_file(&path, LARGEST_KEY, deadline)).transpose()?)
}

/// Refuses options that are for one server, where there are several, and a server that is asked twice.
fn refuse(args: &Args, targets: &[Target]) -> Result<(), ProbeError> {
    match twice(targets) {
        _ if args.expected.role == Some(Role::None) && targets.len() > 1 => Err(ProbeError::None),
        Some(twice) => Err(ProbeError::Twice(twice.to_string())),
        None if args.memory.acknowledge && targets.len() > 1 => Err(ProbeError::Acknowledge),
        None => Ok(()),
    }
}

/// The servers that the options name, else the one of the file, else the local one.
fn targets(connecting: &Connecting, defaults: &Defaults) -> Result<Vec<Target>, ProbeError> {
    let own = match connecting.port {
        Some(port) => Some(port),
        None => defaults.get("port").map(|port| read_port(connecting, port)).transpose()?,
    };
    let host = |host: HostPort| Target::Host(HostPort { port: host.port.or(own), ..host });
    let hosts = connecting.hostname.iter().cloned().map(host);
    let targets: Vec<Target> =
        connecting.socket.clone().map(Target::Socket).into_iter().chain(hosts).collect();
    if !targets.is_empty() {
        return Ok(targets);
    }
    // As every client of MySQL's does: localhost is the socket, unless the protocol says otherwise.
    let protocol = defaults.get("protocol").unwrap_or_default().to_ascii_lowercase();
    let name = match (protocol.as_str(), defaults.get("host")) {
        ("tcp", name) => Some(name.unwrap_or("localhost")),
        ("socket", _) => None,
        (_, name) => name.filter(|host| *host != "localhost"),
    };
    if let Some(name) = name {
        let name = name.parse::<Host>().map_err(|why| ProbeError::Host {
            path: connecting.defaults_file.clone().unwrap_or_default(),
            host: name.chars().take(60).collect(),
            why,
        })?;
        return Ok(vec![host(name.into())]);
    }
    let usual = || SOCKETS.iter().map(PathBuf::from).find(|path| path.exists());
    let socket = defaults.path("socket").or_else(usual).ok_or(ProbeError::NoServer)?;
    Ok(vec![Target::Socket(socket)])
}

/// Returns a server that is asked twice.
fn twice(targets: &[Target]) -> Option<&Target> {
    let texts: Vec<String> = targets.iter().map(|target| target.to_string().to_ascii_lowercase()).collect();
    (1..targets.len())
        .find(|place| texts.iter().take(*place).any(|text| texts.get(*place) == Some(text)))
        .and_then(|place| targets.get(place))
}

/// A port out of the file.
fn read_port(connecting: &Connecting, text: &str) -> Result<u16, ProbeError> {
    let port = text.bytes().all(|octet| octet.is_ascii_digit()).then(|| text.parse().ok()).flatten();
    port.filter(|port| *port > 0).ok_or_else(|| ProbeError::Port {
        path: connecting.defaults_file.clone().unwrap_or_default(),
        port: text.chars().take(20).collect(),
    })
}

/// How much TLS there must be: an option goes before the file. With --tls-ca, require verifies who signed the
/// certificate, as in the stock clients.
fn level(connecting: &Connecting, defaults: &Defaults) -> Result<TlsLevel, ProbeError> {
    match (connecting.tls, &connecting.tls_ca) {
        (Some(TlsLevel::Require), Some(_)) => Ok(TlsLevel::VerifyCa),
        (Some(level), Some(_)) if level < TlsLevel::VerifyCa => Err(ProbeError::Unverified(name(level))),
        (Some(level), _) => Ok(level),
        (None, Some(_)) => Ok(tls_options::level(defaults)?.max(TlsLevel::VerifyCa)),
        (None, None) => Ok(tls_options::level(defaults)?),
    }
}

/// Returns what --tls calls a level.
fn name(level: TlsLevel) -> String {
    level.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn user<'a>(connecting: &'a Connecting, defaults: &'a Defaults) -> &'a str {
    connecting.user.as_deref().or_else(|| defaults.get("user")).unwrap_or(USER)
}

struct Asker<'a> {
    connecting: &'a Connecting,
    defaults: &'a Defaults,
    heartbeat: &'a Heartbeat,
    several: bool,
    /// Whether a server must be a member of a group.
    group: bool,
    semi_sync: bool,
    databases: &'a [String],
    level: TlsLevel,
    tls: Settings,
    key: Option<&'a [u8]>,
    /// Whether GTIDs are kept from run to run.
    state: bool,
    /// Whose fault it is that a server is not reached.
    monitor: Monitor,
    deadline: &'a Deadline,
}

impl Asker<'_> {
    /// All of them at once, so that one which is silent costs the others no time.
    fn ask_all(&self, targets: &[Target], policy: &Policy<'_>) -> Result<Vec<(String, Asked)>, ProbeError> {
        self.deadline.progress().expect(targets.len(), "asked");
        thread::scope(|scope| {
            let ask = |target| self.ask(target).inspect(|asked| self.note(target, asked, policy));
            let start =
                |target| thread::Builder::new().stack_size(STACK).spawn_scoped(scope, move || ask(target));
            let started: Vec<_> = targets.iter().map(start).collect();
            let mut answers = Vec::new();
            for (target, handle) in targets.iter().zip(started) {
                let lost = || Ok(Err(Failure::new(Step::Connect, Kind::Closed).into()));
                let answer = handle.map_err(ProbeError::Thread)?.join().unwrap_or_else(|_| lost())?;
                answers.push((target.to_string(), answer));
            }
            Ok(answers)
        })
    }

    /// Notes what one server alone tells, for a run that is stopped.
    fn note(&self, target: &Target, asked: &Asked, policy: &Policy<'_>) {
        let account = (user(self.connecting, self.defaults), self.deadline.limit().as_secs_f64());
        let answer = asked.as_ref().map(|(answer, _)| answer);
        match fault(policy, account, &target.to_string(), answer) {
            Some(fault) => self.deadline.progress().add(fault),
            None => self.deadline.progress().count(),
        }
    }

    fn ask(&self, target: &Target) -> Result<Asked, ProbeError> {
        let addresses = match target {
            Target::Socket(_) => Ok(Vec::new()),
            Target::Host(host) => resolve(&host.host, host.port_or(PORT), self.deadline),
        };
        let addresses = match addresses {
            Ok(addresses) => addresses,
            Err(error) => return Ok(Err(Failure::new(Step::Connect, Kind::Name(error.to_string())).into())),
        };
        let _step = self.deadline.step(format!("asking {target}"));
        let (endpoint, name) = match target {
            Target::Host(host) => (Endpoint::Tcp(&addresses), host.host.bare()),
            Target::Socket(path) => (Endpoint::Unix(path), String::new()),
        };
        self.ask_at(&endpoint, &name, target)
    }

    /// Asks the server at this endpoint, whose certificate must be for `name`. That TLS cannot be set up here
    /// is an error of the check.
    fn ask_at(&self, endpoint: &Endpoint<'_>, name: &str, target: &Target) -> Result<Asked, ProbeError> {
        let own = RefCell::new(None);
        let tls = || -> Result<Client, Failure> {
            let failed = |error: TlsError| {
                let kind = Kind::Tls(error.to_string());
                *own.borrow_mut() = Some(error);
                Failure::new(Step::Login, kind)
            };
            self.tls.load(self.deadline).map_err(failed)
        };
        let password = self.defaults.get("password").unwrap_or_default();
        let login = Login {
            user: user(self.connecting, self.defaults),
            password,
            level: self.level,
            asked_by: match (self.connecting.tls, &self.connecting.tls_ca) {
                (Some(_), _) => "--tls",
                (None, Some(_)) => "--tls-ca",
                (None, None) => "the defaults file",
            },
            key: self.key,
            certified: self.tls.identity.is_some(),
            tls: &tls,
            name,
        };
        let asked = ask::ask(endpoint, &self.monitor, &login, &self.request(target));
        match own.take() {
            Some(error) => Err(error.into()),
            None => Ok(asked),
        }
    }

    fn request(&self, target: &Target) -> Request<'_> {
        let deadline = Deadline::after(self.deadline.keeping(RESERVE));
        let zone = if self.heartbeat.utc { Zone::Utc } else { Zone::Server };
        let heartbeats = self.heartbeat.table.as_ref().map(|table| (table, zone));
        let gtids = self.several || self.state;
        Request {
            asked: target.to_string(),
            several: self.several,
            gtids,
            state: self.state,
            group: self.group,
            semi_sync: self.semi_sync,
            databases: self.databases,
            log: !self.databases.is_empty() || self.state || plugin::is_verbose(),
            heartbeats,
            deadline,
        }
    }
}
