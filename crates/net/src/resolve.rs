//! The addresses of names, as the host's own `getent` gives them: by its nsswitch.conf, from hosts files,
//! DNS, LDAP or whatever else is configured there. A static binary cannot load the host's name service
//! modules, and a child process can be killed when its time is over (`getent.rs`).

use std::net::SocketAddr;
use std::time::Duration;

use plugin::{Deadline, Step};

use crate::getent::{self, Family, Lookup, ResolveError};
use crate::host::Host;

/// Resolves hosts under a deadline: several at once, so that a name whose resolver is silent costs the others
/// no time.
///
/// ```
/// use std::time::Duration;
/// use net::{Family, Host, Resolver};
///
/// let deadline = plugin::Deadline::after(Duration::from_secs(8));
/// let hosts: [Host; 2] = ["192.0.2.1".parse()?, "no-such-name.invalid".parse()?];
/// let resolver = Resolver::new(&deadline).limit(Duration::from_secs(2)).family(Family::V4);
/// let found = resolver.all(hosts.iter().map(|host| (host, 53)));
/// assert_eq!(found[0].as_ref().unwrap(), &["192.0.2.1:53".parse()?]);
/// assert!(found[1].is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Resolver<'a> {
    deadline: &'a Deadline,
    limit: Duration,
    family: Family,
    source: Option<&'static str>,
}

impl<'a> Resolver<'a> {
    /// Returns a resolver that may use all that is left of the deadline, for addresses of both families.
    pub fn new(deadline: &'a Deadline) -> Self {
        Self { deadline, limit: Duration::MAX, family: Family::Any, source: None }
    }

    /// Limits the time for each name.
    #[must_use]
    pub fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }

    /// Chooses the addresses.
    #[must_use]
    pub fn family(self, family: Family) -> Self {
        Self { family, ..self }
    }

    /// Asks one source of nsswitch.conf(5) alone, whatever that file has: `dns`. A getent that is not the GNU
    /// C library's does not know this, and gives an error.
    #[must_use]
    pub fn source(self, source: &'static str) -> Self {
        Self { source: Some(source), ..self }
    }

    /// Returns every address of one host, each once, in getent's order; at least one.
    ///
    /// # Errors
    /// [`ResolveError`], with the host in each message.
    pub fn one(&self, host: &Host, port: u16) -> Result<Vec<SocketAddr>, ResolveError> {
        let missing = || ResolveError::NotFound(host.to_string());
        self.all([(host, port)]).pop().unwrap_or_else(|| Err(missing()))
    }

    /// Returns every address of each host with its port, in the order of the hosts: for an address at once,
    /// for names after asking for all of them at the same time.
    pub fn all<'h>(
        &self,
        hosts: impl IntoIterator<Item = (&'h Host, u16)>,
    ) -> Vec<Result<Vec<SocketAddr>, ResolveError>> {
        let mut all = Vec::new();
        self.each(hosts, |place, found| all.push((place, found)));
        all.sort_by_key(|(place, _)| *place);
        all.into_iter().map(|(_, found)| found).collect()
    }

    /// Gives every address of each host with its port, as soon as it is known, with the place of the host
    /// among all: the others need not wait for a name whose resolver is silent.
    pub fn each<'h>(
        &self,
        hosts: impl IntoIterator<Item = (&'h Host, u16)>,
        mut found: impl FnMut(usize, Result<Vec<SocketAddr>, ResolveError>),
    ) {
        let mut names: Vec<(&str, usize, u16)> = Vec::new();
        for (place, (host, port)) in hosts.into_iter().enumerate() {
            match (host.socket_address(port), host.name()) {
                (Ok(None), Some(name)) => names.push((name, place, port)),
                (Ok(Some(address)), _) => found(place, self.literal(host, address)),
                (Ok(None), None) => found(place, Err(ResolveError::NotFound(host.to_string()))),
                (Err(error), _) => found(place, Err(error.into())),
            }
        }
        let texts: Vec<&str> = names.iter().map(|(name, ..)| *name).collect();
        let _step = step(self.deadline, &texts);
        getent::ask(&texts, &self.lookup(), |number, addresses| {
            if let Some((_, place, port)) = names.get(number) {
                found(*place, addresses.map(|addresses| with_port(addresses, *port)));
            }
        });
    }

    fn lookup(&self) -> Lookup {
        let remaining = self.deadline.remaining();
        let told = if self.limit < remaining { self.limit } else { self.deadline.limit() };
        let seconds = (told.as_secs_f64() * 100.0).round() / 100.0;
        let (family, source) = (self.family, self.source);
        Lookup { family, source, limit: self.limit.min(remaining), seconds, until: self.deadline.at() }
    }

    fn literal(&self, host: &Host, address: SocketAddr) -> Result<Vec<SocketAddr>, ResolveError> {
        match self.family.has(address.ip()) {
            true => Ok(vec![address]),
            false => Err(ResolveError::OtherFamily { host: host.to_string(), family: self.family }),
        }
    }
}

fn with_port(mut addresses: Vec<SocketAddr>, port: u16) -> Vec<SocketAddr> {
    addresses.iter_mut().for_each(|address| address.set_port(port));
    addresses
}

/// Returns every address of a host with this port, each once, in the order in which the system would try
/// them; at least one. IPv6 addresses are left out on a host that has none of its own but loopback's (RFC
/// 3493, AI_ADDRCONFIG).
///
/// # Errors
/// [`ResolveError`], with the host in each message.
pub fn resolve(host: &Host, port: u16, deadline: &Deadline) -> Result<Vec<SocketAddr>, ResolveError> {
    Resolver::new(deadline).one(host, port)
}

/// Returns the addresses with the families in turn, each in its order and the first one first (RFC 8305,
/// section 4): where one family is dead as a whole, every other address still answers.
pub fn alternate_families(addresses: &[SocketAddr]) -> Vec<SocketAddr> {
    let first = addresses.first().is_some_and(SocketAddr::is_ipv6);
    let mut families =
        [first, !first].map(|v6| addresses.iter().filter(move |address| address.is_ipv6() == v6));
    let mut turns = Vec::with_capacity(addresses.len());
    while turns.len() < addresses.len() {
        turns.extend(families.iter_mut().filter_map(Iterator::next));
    }
    turns
}

/// Names what is done for the watchdog.
fn step<'a>(deadline: &'a Deadline, names: &[&str]) -> Option<Step<'a>> {
    match names {
        [] => None,
        [name] => Some(deadline.step(format!("resolving {name}"))),
        [name, rest @ ..] => Some(deadline.step(format!("resolving {name} and {} more names", rest.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resolved(host: &str) -> Result<Vec<SocketAddr>, String> {
        let deadline = Deadline::after(Duration::from_secs(8));
        resolve(&host.parse().unwrap(), 7, &deadline).map_err(|error| error.to_string())
    }

    #[test]
    fn addresses_stand_for_themselves() {
        assert_eq!(resolved("192.0.2.1"), Ok(vec!["192.0.2.1:7".parse().unwrap()]));
        assert_eq!(resolved("::ffff:192.0.2.1"), Ok(vec!["192.0.2.1:7".parse().unwrap()]));
        assert_eq!(resolved("2001:db8::1"), Ok(vec!["[2001:db8::1]:7".parse().unwrap()]));
        assert_eq!(
            resolved("fe80::1%4711"),
            Err("fe80::1%4711: there is no interface 4711 on this machine".to_owned())
        );
        assert_eq!(
            resolved("fe80::1%nosuch0"),
            Err("fe80::1%nosuch0: there is no interface nosuch0 on this machine".to_owned())
        );
    }

    #[test]
    fn families_take_turns() {
        let turns = |given: &str| {
            let addresses: Vec<SocketAddr> =
                given.split_whitespace().map(|ip| SocketAddr::new(ip.parse().unwrap(), 0)).collect();
            let turns = alternate_families(&addresses);
            turns.iter().map(|address| address.ip().to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(turns("::1 ::2 ::3 192.0.2.1 192.0.2.2"), "::1 192.0.2.1 ::2 192.0.2.2 ::3");
        assert_eq!(turns("192.0.2.1 ::1 ::2"), "192.0.2.1 ::1 ::2");
        assert_eq!(turns("::1 ::2"), "::1 ::2");
        assert_eq!(turns(""), "");
    }

    #[test]
    fn asks_the_system() {
        let own = resolved("localhost").unwrap();
        assert!(own.iter().all(|address| address.ip().is_loopback() && address.port() == 7), "{own:?}");
        assert!(
            resolved("no-such-name.invalid").unwrap_err().starts_with("resolving no-such-name.invalid: ")
        );
    }

    #[test]
    fn an_address_of_the_other_family_is_none() {
        let deadline = Deadline::after(Duration::from_secs(8));
        let resolver = Resolver::new(&deadline).family(Family::V6);
        let why = resolver.one(&"192.0.2.1".parse().unwrap(), 7).unwrap_err();
        assert_eq!(why.to_string(), "192.0.2.1 is not an IPv6 address");
        let only_v4 = Resolver::new(&deadline).family(Family::V4);
        assert_eq!(only_v4.one(&"localhost".parse().unwrap(), 7).unwrap(), ["127.0.0.1:7".parse().unwrap()]);
    }

    #[test]
    fn all_are_answered_in_their_order() {
        let deadline = Deadline::after(Duration::from_secs(8));
        let hosts: Vec<Host> = ["no-such-name.invalid", "192.0.2.1", "localhost"]
            .iter()
            .map(|host| host.parse().unwrap())
            .collect();
        let found = Resolver::new(&deadline).all(hosts.iter().zip(1..));
        assert!(found[0].as_ref().unwrap_err().to_string().starts_with("resolving no-such-name.invalid: "));
        assert_eq!(found[1].as_ref().unwrap(), &["192.0.2.1:2".parse().unwrap()]);
        assert!(found[2].as_ref().unwrap().iter().all(|address| address.port() == 3));
        assert!(Resolver::new(&deadline).all([]).is_empty());
    }
}
