//! The proxies that are asked: from the command line, from files with a port and a label a line, and from
//! names.

use std::collections::HashSet;
use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use addresses::{Entry, Fields, HostAddress, List, OwnLabel, ZonedAddress, short};
use host_config::{ConfigError, check_files, read_list_with_fields};
use net::{Host, ResolveError, Resolver, zoned};
use plugin::Deadline;

use crate::options::Proxies;

/// How many proxies a name is expected to stand for, before it is resolved: one of each family.
const OF_NAME: usize = 2;

/// A proxy. It prints as in messages: without the port where that is the default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// Where it is.
    pub(crate) address: SocketAddr,
    /// What the list calls it.
    pub(crate) label: Option<String>,
    /// The port that is not shown.
    pub(crate) default: u16,
}

/// Why it is not known which proxies to ask.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// There is none.
    #[error("no proxy: name it by --ip, --file or --hostname, as in --ip=192.0.2.1, see --help")]
    None,
    /// A file cannot be read or has a bad line.
    #[error(transparent)]
    File(#[from] ConfigError),
    /// All bits that a prefix length or a netmask leaves to hosts are zero.
    #[error("{place}{given} is a network: name its addresses")]
    Network {
        /// The file and the line: empty on the command line.
        place: String,
        /// What is given.
        given: HostAddress,
    },
    /// All of those bits are one.
    #[error("{place}{given} is a broadcast address")]
    Broadcast {
        /// The file and the line: empty on the command line.
        place: String,
        /// What is given.
        given: HostAddress,
    },
    /// What stands where a port does begins with a digit, and is none.
    #[error("{place}{field} is not a port of 1 to 65535: a label begins with a letter")]
    Port {
        /// The file and the line.
        place: String,
        /// What stands there.
        field: String,
    },
}

/// What the options and the files name.
#[derive(Debug, Default)]
pub(crate) struct Collection {
    /// The proxies of which the address is known, each once, in the order in which they are given.
    pub(crate) targets: Vec<Target>,
    /// The hosts that are left to resolve.
    pub(crate) hosts: Vec<Host>,
    /// What cannot be asked.
    pub(crate) unresolved: Vec<Unresolved>,
    /// The port of each proxy that has none of its own.
    default: u16,
}

/// What is named as a proxy and has no address that could be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Unresolved {
    /// What is given.
    pub(crate) name: String,
    /// Why, in words that name it.
    pub(crate) why: String,
    /// Whether the resolver kept silent, so that the time was up.
    pub(crate) is_silence: bool,
}

impl Unresolved {
    fn new(name: impl ToString, why: &ResolveError) -> Self {
        Self { name: name.to_string(), why: why.to_string(), is_silence: why.is_silence() }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.address.port() == self.default { self.address.ip().fmt(f) } else { self.address.fmt(f) }
    }
}

impl Target {
    /// The address with the label.
    pub(crate) fn in_full(&self) -> String {
        self.label.as_ref().map_or_else(|| self.to_string(), |label| format!("{self} ({label})"))
    }
}

/// Collects the proxies. Those of `--hostname` are left to resolve.
pub(crate) fn targets(proxies: &Proxies, deadline: &Deadline) -> Result<Collection, TargetError> {
    let default = proxies.default_port();
    let mut all = Collection { default, hosts: proxies.hostname.clone(), ..Collection::default() };
    for ZonedAddress { host, zone } in &proxies.ip {
        check_host(*host, String::new)?;
        all.add((host.address, zone.as_deref()), &[default], None, String::new());
    }
    check_files(&proxies.file)?;
    for (number, file) in (0..).zip(&proxies.file) {
        let (list, fields) = read_list_with_fields(file, number, deadline)?;
        all.add_list(&list, &fields)?;
    }
    let mut known = HashSet::new();
    all.targets.retain(|target| known.insert(target.address));
    let is_empty = all.targets.is_empty() && all.hosts.is_empty() && all.unresolved.is_empty();
    if is_empty { Err(TargetError::None) } else { Ok(all) }
}

impl Collection {
    /// Returns how many proxies there are, if each name stands for an address of either family.
    pub(crate) fn expected(&self) -> usize {
        let of = |host: &Host| if host.name().is_some() { OF_NAME } else { 1 };
        self.targets.len() + self.hosts.iter().map(of).sum::<usize>()
    }

    /// Resolves the hosts that are left, all of them at once and each in at most `limit`. Gives the proxies
    /// of each as soon as they are known, without those that are known before, and the place of the host.
    pub(crate) fn resolve(
        &self,
        deadline: &Deadline,
        limit: Duration,
        mut found: impl FnMut(usize, Result<Vec<Target>, Unresolved>),
    ) {
        let mut known: HashSet<SocketAddr> = self.targets.iter().map(|target| target.address).collect();
        let hosts = self.hosts.iter().map(|host| (host, self.default));
        Resolver::new(deadline).limit(limit).each(hosts, |place, addresses| {
            let Some(host) = self.hosts.get(place) else { return };
            let addresses = addresses.map_err(|why| Unresolved::new(host, &why));
            let new = |addresses: Vec<SocketAddr>| {
                let addresses = addresses.into_iter().filter(|address| known.insert(*address));
                addresses.map(|address| Target { address, label: None, default: self.default }).collect()
            };
            found(place, addresses.map(new));
        });
    }

    /// Adds an address with its zone as a proxy on each of these ports. `place` is where it is written.
    fn add(
        &mut self,
        (address, zone): (IpAddr, Option<&str>),
        ports: &[u16],
        label: Option<&str>,
        place: String,
    ) {
        match zoned(address, zone, 0) {
            Ok(mut address) => self.targets.extend(ports.iter().map(|port| {
                address.set_port(*port);
                Target { address, label: label.map(str::to_owned), default: self.default }
            })),
            Err(why) => {
                let name = zone.map_or_else(|| address.to_string(), |zone| format!("{address}%{zone}"));
                self.unresolved.push(Unresolved::new(name, &why.at(place).into()));
            }
        }
    }

    /// Adds the proxies of a list. An entry with several ports is several proxies.
    fn add_list(&mut self, list: &List, fields: &Fields) -> Result<(), TargetError> {
        let (mut ports, mut labels) = (fields.ports.iter().peekable(), fields.labels.iter().peekable());
        let (mut zones, mut networks) = (fields.zones.iter().peekable(), fields.networks.iter().peekable());
        let line = |entry: &Entry| format!("{} line {}: ", list.source, entry.line);
        if let Some(OwnLabel { entry, field, .. }) = fields.mistyped_port() {
            let entry = usize::try_from(*entry).ok().and_then(|entry| list.entries.get(entry));
            return Err(TargetError::Port {
                place: entry.map(line).unwrap_or_default(),
                field: short(field),
            });
        }
        self.targets.reserve(list.entries.len());
        for (place, entry) in (0..).zip(&list.entries) {
            let label = labels.next_if(|label| label.entry == place).map(|label| label.label.as_str());
            let mut own = Vec::new();
            while let Some(port) = ports.next_if(|port| port.entry == place) {
                own.extend(port.range.ports());
            }
            if own.is_empty() {
                own.push(self.default);
            }
            let network = networks.next_if(|network| network.entry == place).map(|network| network.prefix);
            let given = HostAddress { prefix: entry.expected.prefix.or(network), ..entry.expected };
            check_host(given, || line(entry))?;
            let zone = zones.next_if(|zone| zone.entry == place).map(|own| own.zone.as_str());
            self.add((entry.expected.address, zone), &own, label, line(entry));
        }
        Ok(())
    }
}

/// A prefix length tells nothing of a host's address; a network is none.
fn check_host(given: HostAddress, place: impl Fn() -> String) -> Result<(), TargetError> {
    let (bits, length) = match given.address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    // A link of two hosts has no address but theirs (RFC 3021, RFC 6164).
    let Some(prefix) = given.prefix.filter(|prefix| *prefix < length - 1) else { return Ok(()) };
    let mask = u128::MAX >> (128 - u32::from(length - prefix));
    match bits & mask {
        0 => Err(TargetError::Network { place: place(), given }),
        host if host == mask && length == 32 => Err(TargetError::Broadcast { place: place(), given }),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_ports_and_labels() {
        let content =
            b"192.0.2.1\n192.0.2.2 8080,8081 lon\n2001:db8::3 1080\n192.0.2.4 web4\n192.0.2.5 http-alt\n192.0.2.6 81-82\n";
        let listed = |content: &[u8]| {
            let (list, fields) =
                List::parse_with_fields("proxies", 0, content).map_err(|error| error.to_string())?;
            let mut all = Collection { default: 3128, ..Collection::default() };
            all.add_list(&list, &fields).map_err(|error| error.to_string())?;
            Ok(all)
        };
        let shown: Vec<String> = listed(content).unwrap().targets.iter().map(Target::in_full).collect();
        let expected = [
            "192.0.2.1",
            "192.0.2.2:8080 (lon)",
            "192.0.2.2:8081 (lon)",
            "[2001:db8::3]:1080",
            "192.0.2.4 (web4)",
            "192.0.2.5:8080",
            "192.0.2.6:81",
            "192.0.2.6:82",
        ];
        assert_eq!(shown, expected);
        let refused = |content: &str| listed(content.as_bytes()).map(|_| ());
        let network = "proxies line 2: 192.0.2.0/30 is a network: name its addresses".to_owned();
        assert_eq!(refused("192.0.2.9/24\n192.0.2.0/30\n"), Err(network.clone()));
        assert_eq!(refused("192.0.2.9 255.255.255.0\n192.0.2.0 255.255.255.252\n"), Err(network));
        let broadcast = "proxies line 1: 192.0.2.3/30 is a broadcast address".to_owned();
        assert_eq!(refused("192.0.2.3/30\n"), Err(broadcast));
        let network = "proxies line 1: 2001:db8::/64 is a network: name its addresses".to_owned();
        assert_eq!(refused("2001:db8::/64\n"), Err(network));
        assert_eq!(
            refused("192.0.2.0/31\n192.0.2.1/32\n2001:db8::/128\n2001:db8::/127\n192.0.2.2/30\n"),
            Ok(())
        );
        let digit = |line: u8, field: &str| {
            Err(format!(
                "proxies line {line}: {field} is not a port of 1 to 65535: a label begins with a letter"
            ))
        };
        let port = "proxies line 2: 3128x is not a port of 1 to 65535\n".to_owned();
        assert_eq!(refused("192.0.2.1\n192.0.2.2 3128x\n"), Err(port));
        assert_eq!(refused("192.0.2.1\n192.0.2.2 312x\n"), digit(2, "312x"));
        assert_eq!(refused("192.0.2.1 31x28 lon-1\n"), digit(1, "31x28"));
        assert_eq!(refused("192.0.2.1 3128 3rd\n192.0.2.2 lon-1\n"), Ok(()));
        let mixed = listed(b"fe80::1%lo\nfe80::1%nosuch0 80,81\n").unwrap();
        let why = "proxies line 2: fe80::1%nosuch0: there is no interface nosuch0 on this machine".to_owned();
        let unresolved = Unresolved { name: "fe80::1%nosuch0".to_owned(), why, is_silence: false };
        assert_eq!((mixed.targets.len(), mixed.unresolved), (1, vec![unresolved]));
    }

    #[test]
    fn a_name_gives_what_is_not_known_before() {
        let known = Target { address: "127.0.0.1:3128".parse().unwrap(), label: None, default: 3128 };
        let hosts = ["no-such-name.invalid", "127.0.0.1", "192.0.2.1"].map(|host| host.parse().unwrap());
        let collection = Collection {
            targets: vec![known],
            hosts: hosts.to_vec(),
            default: 3128,
            ..Collection::default()
        };
        assert_eq!(collection.expected(), 5);
        let mut all = Vec::new();
        let deadline = Deadline::after(Duration::from_secs(8));
        collection.resolve(&deadline, Duration::from_secs(8), |place, found| {
            let found = found.map(|found| found.iter().map(Target::to_string).collect::<Vec<_>>());
            all.push((place, found.map_err(|why| why.name)));
        });
        let name = Err("no-such-name.invalid".to_owned());
        assert_eq!(all, [(1, Ok(vec![])), (2, Ok(vec!["192.0.2.1".to_owned()])), (0, name)]);
    }
}
