//! The machine's own way to an address: what programs here get, and how long they wait.

mod nsswitch;

use std::io;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use net::{Host, ResolveError, Resolver};
use plugin::{Deadline, ReadError, State};
use rustix::system::uname;

use crate::question::Question;
use crate::regular;
use nsswitch::{of_other_names, others, passes_over_dns, reaches_dns, sources};

/// What is kept of the time for the report.
const RESERVE: Duration = Duration::from_millis(300);

/// How long the nameservers alone may take for a name that this machine has already.
const FOR_DNS: Duration = Duration::from_millis(1_500);

/// The most octets of /etc/hosts: some have a list of blocked names in it.
const LARGEST_HOSTS: u64 = 16 << 20;

/// What the machine's own way gave.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct System {
    /// The addresses, or why there are none, or no other names than those of the hosts file.
    pub result: Result<Vec<IpAddr>, SystemFault>,
    /// How long it took, in seconds.
    pub took: f64,
    /// The sources of host names by nsswitch.conf(5): `None` if that has no such line.
    pub sources: Option<String>,
    /// Whether nsswitch.conf is there and cannot be read.
    pub is_unreadable: bool,
    /// The addresses of the name in /etc/hosts, which is read only if there is an address.
    pub hosts: Vec<IpAddr>,
    /// Whether the name is this machine's own.
    pub is_own: bool,
    /// Whether the nameservers alone give one of these addresses, by the search list or as the name is, where
    /// other sources may have it too: `None` if that is not known.
    pub is_of_dns: Option<bool>,
}

/// Why the machine does not resolve a name.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum SystemFault {
    /// No source has it.
    NotFound,
    /// No source has an IPv4 address of it. This machine has no IPv6 address, so that programs do not ask for
    /// those (RFC 3493, AI_ADDRCONFIG).
    OnlyIpv4,
    /// There was no result in time.
    TooSlow,
    /// It could not be asked.
    NotAsked(String),
}

/// Resolves the name of a question as programs on this machine do. Kills the child 0.3 s before the deadline.
/// Asks for addresses of both families, whatever types the question has: the databases of a single family
/// also consider this machine's addresses.
pub(crate) fn resolve(question: &Question, deadline: &Deadline) -> System {
    let name = question.name.to_string();
    let (result, took) = ask(&name, deadline);
    let content = regular::read(Path::new("/etc/nsswitch.conf"), deadline);
    let is_unreadable = content.as_ref().is_err_and(|error| !is_missing(error));
    let sources = sources(&String::from_utf8_lossy(&content.unwrap_or_default()));
    let hosts = if result.is_ok() { hosts(&name, deadline) } else { Vec::new() };
    let is_own = is_own(&name, uname().nodename().to_str().unwrap_or_default());
    let mut system = System { result, took, sources, is_unreadable, hosts, is_own, is_of_dns: None };
    if !system.asks_nameservers(&name) {
        return system;
    }
    if system.has_from_hosts() {
        return system.beyond_hosts(ask(&format!("{name}."), deadline));
    }
    system.is_of_dns = is_of_dns(&system, &name, deadline);
    system
}

/// Asks the nameservers alone, as the C library does by resolv.conf, where other sources may have the name
/// too.
fn is_of_dns(system: &System, name: &str, deadline: &Deadline) -> Option<bool> {
    let addresses = system.result.as_ref().ok().filter(|_| system.others(name).is_some())?;
    let resolver = Resolver::new(deadline).limit(FOR_DNS.min(deadline.keeping(RESERVE))).source("dns");
    match ask_by(&resolver, name, deadline) {
        Ok(found) => Some(found.iter().any(|address| addresses.contains(address))),
        Err(SystemFault::NotFound | SystemFault::OnlyIpv4) => Some(false),
        Err(SystemFault::TooSlow | SystemFault::NotAsked(_)) => None,
    }
}

/// What `getent` gives for a name as it is written, and after how many seconds.
fn ask(name: &str, deadline: &Deadline) -> (Result<Vec<IpAddr>, SystemFault>, f64) {
    let started = Instant::now();
    let result = ask_by(&Resolver::new(deadline).limit(deadline.keeping(RESERVE)), name, deadline);
    (result, started.elapsed().as_secs_f64())
}

fn ask_by(resolver: &Resolver<'_>, name: &str, deadline: &Deadline) -> Result<Vec<IpAddr>, SystemFault> {
    let found = match name.parse::<Host>() {
        Ok(host) => resolver.one(&host, 53),
        Err(_) => Err(ResolveError::NotFound(name.to_owned())),
    };
    match found {
        Ok(addresses) => Ok(addresses.iter().map(|address| address.ip()).collect()),
        Err(error) => Err(fault(&error, deadline)),
    }
}

/// Whether a name is that of the machine whose own name, full or not, is `node`.
fn is_own(name: &str, node: &str) -> bool {
    let first = |name: &str| name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let is_short = |name: &str| !name.contains('.');
    match is_short(name) || is_short(node) {
        true => !node.is_empty() && first(name) == first(node),
        false => name.eq_ignore_ascii_case(node),
    }
}

fn is_missing(error: &ReadError) -> bool {
    matches!(error, ReadError::Refused { why, .. } if why.kind() == io::ErrorKind::NotFound)
}

fn fault(error: &ResolveError, deadline: &Deadline) -> SystemFault {
    match error {
        ResolveError::TooSlow { .. } => SystemFault::TooSlow,
        ResolveError::Getent { .. } | ResolveError::Answer { .. } => SystemFault::NotAsked(error.to_string()),
        _ if !has_ipv6(deadline) => SystemFault::OnlyIpv4,
        _ => SystemFault::NotFound,
    }
}

/// The addresses of a name in /etc/hosts: none if that is not readable.
fn hosts(name: &str, deadline: &Deadline) -> Vec<IpAddr> {
    let content = regular::read_up_to(LARGEST_HOSTS, Path::new("/etc/hosts"), deadline).unwrap_or_default();
    of_name(&String::from_utf8_lossy(&content), name)
}

/// The addresses of a name in the text of hosts(5).
fn of_name(text: &str, name: &str) -> Vec<IpAddr> {
    let address = |line: &str| {
        let mut words = line.split('#').next()?.split_ascii_whitespace();
        let address: IpAddr = words.next()?.parse().ok()?;
        words.any(|word| word.eq_ignore_ascii_case(name)).then(|| address.to_canonical())
    };
    text.lines().filter_map(address).collect()
}

/// Whether this machine has an IPv6 address besides loopback's, as the C library sees it.
fn has_ipv6(deadline: &Deadline) -> bool {
    let addresses = regular::read(Path::new("/proc/net/if_inet6"), deadline).unwrap_or_default();
    beyond_loopback(&String::from_utf8_lossy(&addresses))
}

/// Whether the text of /proc/net/if_inet6 has an address that is not ::1.
fn beyond_loopback(text: &str) -> bool {
    text.lines().any(|line| !line.starts_with("00000000000000000000000000000001 "))
}

impl System {
    /// Whether this machine asks nameservers for a name by itself, so that resolv.conf counts: without a line
    /// in nsswitch.conf the C library does.
    pub(crate) fn asks_nameservers(&self, name: &str) -> bool {
        self.sources.as_deref().is_none_or(|sources| reaches_dns(sources, name))
    }

    /// How bad it is that programs here get names of other networks by nsswitch.conf as they do, whatever the
    /// hosts file has: CRITICAL if from no source, WARNING if neither from nameservers nor systemd-resolved.
    pub(crate) fn other_names(&self) -> State {
        let Some(sources) = &self.sources else { return State::Ok };
        match of_other_names(sources).as_slice() {
            [] => State::Critical,
            wide if wide.iter().any(|source| ["dns", "resolve"].contains(source)) => State::Ok,
            _ => State::Warning,
        }
    }

    /// Whether this machine has the name from its hosts file: then that shows nothing of other names.
    pub(crate) fn has_from_hosts(&self) -> bool {
        self.result.as_ref().is_ok_and(|addresses| self.is_of_hosts(addresses.iter().copied()))
    }

    /// Takes what came of the name with a dot at its end, by which the hosts file has no name: what programs
    /// here get of other names, and how long they wait.
    fn beyond_hosts(mut self, (result, took): (Result<Vec<IpAddr>, SystemFault>, f64)) -> Self {
        self.took = self.took.max(took);
        if let Err(fault) = result {
            self.result = Err(fault);
        }
        self
    }

    /// Whether programs here get by this address no other host than this machine, whose own name it has: so
    /// installers write it into the hosts file.
    pub(crate) fn is_itself(&self, address: &IpAddr) -> bool {
        self.is_own && address.is_loopback() && self.hosts.contains(address)
    }

    /// Whether the hosts file has one of these addresses for the name.
    pub(crate) fn is_of_hosts(&self, mut addresses: impl Iterator<Item = IpAddr>) -> bool {
        addresses.any(|address| self.hosts.contains(&address))
    }

    /// Why a name is not asked of the nameservers, or their answer not taken, in words: `None` if it is.
    pub(crate) fn blame(&self, name: &str) -> Option<String> {
        let is_lost = self.sources.as_deref().is_some_and(passes_over_dns);
        let is_seen = self.is_unreadable || is_lost || !self.asks_nameservers(name);
        is_seen.then(|| self.sources_in_words())
    }

    /// The sources that may have a name besides the hosts file and the nameservers, in words.
    pub(crate) fn others(&self, name: &str) -> Option<String> {
        let others = others(self.sources.as_deref()?, name);
        (!others.is_empty()).then(|| others.join(" or "))
    }

    /// Where this machine looks names up, in words.
    pub(crate) fn sources_in_words(&self) -> String {
        match self.sources.as_deref() {
            None if self.is_unreadable => "nsswitch.conf cannot be read".to_owned(),
            None => "nsswitch.conf has no hosts line".to_owned(),
            Some("") => "hosts is empty in nsswitch.conf".to_owned(),
            Some(sources) => format!("hosts is {sources} in nsswitch.conf"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_ipv6_is_one_that_is_not_loopbacks() {
        let loopback = "00000000000000000000000000000001 01 80 10 80       lo\n";
        let link_local = "fe800000000000000000000000000001 02 40 20 80     eth0\n";
        assert!(!beyond_loopback("") && !beyond_loopback(loopback));
        assert!(beyond_loopback(link_local) && beyond_loopback(&format!("{loopback}{link_local}")));
    }

    #[test]
    fn the_own_name_is_full_or_short() {
        let rows = [
            ("hh.good.test", "hh", true),
            ("hh.good.test", "HH.good.test", true),
            ("hh", "hh.good.test", true),
            ("hh.good.test", "hh.other.test", false),
            ("www.good.test", "hh", false),
            ("www.good.test", "", false),
        ];
        for (name, node, expected) in rows {
            assert_eq!(is_own(name, node), expected, "{name} {node}");
        }
    }

    #[test]
    fn a_name_is_found_in_the_hosts_file() {
        let text = "127.0.0.1 localhost\n192.0.2.7\tx.example X.example # b.example\n\
                    #192.0.2.8 x.example\nx 192.0.2.9 x.example\n::ffff:192.0.2.9 x.EXAMPLE\n";
        let expected: Vec<IpAddr> = ["192.0.2.7", "192.0.2.9"].map(|address| address.parse().unwrap()).into();
        assert_eq!(of_name(text, "x.example"), expected);
        assert!(of_name(text, "b.example").is_empty() && of_name(text, "192.0.2.7").is_empty());
    }

    #[test]
    fn nameservers_are_asked_by_dns_alone() {
        let rows = [
            (None, true),
            (Some("files dns"), true),
            (Some("files mdns4_minimal [NOTFOUND=return] dns"), true),
            (Some("files"), false),
            (Some(""), false),
            (Some("files resolve [!UNAVAIL=return] dns"), false),
        ];
        for (sources, asks) in rows {
            let sources = sources.map(str::to_owned);
            let system = System {
                result: Ok(Vec::new()),
                took: 0.0,
                sources,
                is_unreadable: false,
                hosts: Vec::new(),
                is_own: false,
                is_of_dns: None,
            };
            assert_eq!(system.asks_nameservers("www.example.com"), asks, "{:?}", system.sources);
        }
    }
}
