//! What is to be tried: each address with each of its ports, once.

pub(crate) mod expand;
pub(crate) mod names;
pub(crate) mod unusable;

use std::collections::{BTreeSet, HashMap};
use std::fs;
use std::net::{IpAddr, SocketAddr, SocketAddrV6};
use std::num::NonZeroU32;
use std::path::Path;

use addresses::{HostAddress, OwnPorts, ZonedAddress};
use host_config::{ConfigError, check_files, read_list_with_fields};
use host_net::{Bound, ReadBoundError};
use net::{ResolveError, Resolver, zoned};
use plugin::Deadline;

use crate::Args;
use crate::memory::{self, NoMemory};
use crate::target::expand::{NotAHost, hosts};
use crate::target::names::{Names, host_name};
use crate::target::unusable::{Unusable, divided};

/// An address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Target {
    /// The address.
    pub address: IpAddr,
    /// The number of the interface that a link-local address is reached by; 0 for others.
    pub scope: u32,
    /// The TCP port.
    pub port: u16,
    /// The number of the name that its certificate must be for: `None` for the address.
    pub name: Option<NonZeroU32>,
}

impl From<Target> for SocketAddr {
    fn from(target: Target) -> Self {
        match target.address {
            IpAddr::V4(address) => SocketAddr::from((address, target.port)),
            IpAddr::V6(address) => SocketAddrV6::new(address, target.port, 0, target.scope).into(),
        }
    }
}

/// Why it is not known what to try. Each message names what is missing.
#[derive(Debug, thiserror::Error)]
pub enum TargetError {
    /// A name has no addresses that can be tried.
    #[error(transparent)]
    Name(#[from] Unusable),
    /// The bound addresses cannot be read.
    #[error(transparent)]
    Bound(#[from] ReadBoundError),
    /// A list or the configuration cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration promises nothing.
    #[error("no static address in the configuration of {0}: nothing to check by --from")]
    NothingPromised(String),
    /// Only loopback and link-local addresses are bound here.
    #[error("only loopback and link-local addresses are bound here: nothing to check by --bound")]
    NothingBound,
    /// No source of addresses is given.
    #[error("no address to check: give --ip, --file, --from, --hostname or --bound")]
    NoAddress,
    /// What is given is no address of a host.
    #[error("{place}{why}")]
    NotAHost {
        /// Where it stands, with a space, if it is in a list.
        place: String,
        /// Why.
        why: NotAHost,
    },
    /// There is not enough memory.
    #[error(transparent)]
    Memory(#[from] NoMemory),
    /// None of the addresses is of the family that is asked for.
    #[error("{}: nothing to check by -{_2}", none_of_family(*_0, _1))]
    Family(usize, &'static str, u8),
    /// An address without a port.
    #[error("no port for {0}: give --port")]
    NoPort(String),
}

/// What the command line names.
#[derive(Debug)]
pub(crate) struct Collection {
    /// The targets, sorted, each once; at least one.
    pub(crate) targets: Vec<Target>,
    /// Their names.
    pub(crate) names: Names,
    /// What of other names cannot be tried.
    pub(crate) unresolved: Vec<Unusable>,
    /// What the reader should know of the choice.
    pub(crate) notes: Vec<String>,
}

/// Collects what the command line names.
pub(crate) fn targets(args: &Args, deadline: &Deadline) -> Result<Collection, TargetError> {
    let ports = args.port.iter().flat_map(|ports| &ports.0).flat_map(|range| range.ports()).collect();
    let mut collected = Collected {
        args,
        ports,
        targets: Vec::new(),
        names: Names::default(),
        name: None,
        unresolved: Vec::new(),
    };
    collected.name = args.securing.sni.as_ref().and_then(|sni| collected.names.number(&sni.bare()));
    check_files(&args.addresses.file)?;
    for (number, file) in (0..).zip(&args.addresses.file) {
        collected.add_list(file, number, deadline)?;
    }
    collected.add_hosts(deadline)?;
    for ZonedAddress { host, zone } in &args.addresses.ip {
        let found = hosts_of(*host, args.choice.expand, String::new)?;
        collected.add_zoned(found, zone.as_deref())?;
    }
    if !args.addresses.from.is_empty() {
        collected.add_zoned(promised(args, deadline)?, None)?;
    }
    if args.choice.bound {
        collected.add_zoned(bound(deadline)?, None)?;
    }
    let Collected { mut targets, names, mut unresolved, .. } = collected;
    if targets.is_empty() {
        // Nothing is left to judge.
        return Err(unresolved.pop().map_or(TargetError::NoAddress, TargetError::from));
    }
    targets.sort_unstable();
    targets.dedup();
    let count = targets.len();
    let targets = of_family(targets, args)?;
    let notes = left_out(count - targets.len(), args).into_iter().collect();
    Ok(Collection { targets, names, unresolved, notes })
}

/// Says that not one of so many addresses is of a family.
fn none_of_family(count: usize, family: &str) -> String {
    match count {
        1 => format!("the only address is not an {family} address"),
        count => format!("none of the {count} addresses is an {family} address"),
    }
}

/// A note on the targets of the family that `-4` or `-6` leaves out.
fn left_out(count: usize, args: &Args) -> Option<String> {
    let (family, option) = if args.choice.ipv4 { ("IPv6", "-4") } else { ("IPv4", "-6") };
    let targets = if count == 1 { "target" } else { "targets" };
    (count > 0).then(|| format!("note: {count} {family} {targets} left out by {option}"))
}

/// What is known of the targets so far.
struct Collected<'a> {
    args: &'a Args,
    /// For addresses without ports of their own.
    ports: BTreeSet<u16>,
    targets: Vec<Target>,
    names: Names,
    /// That of `--sni`.
    name: Option<NonZeroU32>,
    unresolved: Vec<Unusable>,
}

impl Collected<'_> {
    /// Adds the addresses of a list, with the ports and the names of its lines.
    fn add_list(&mut self, file: &Path, number: u32, deadline: &Deadline) -> Result<(), TargetError> {
        let octets = fs::metadata(file).map_or(0, |file| file.len());
        memory::ask_for_lists(usize::try_from(octets).unwrap_or(usize::MAX))?;
        let (list, fields) = read_list_with_fields(file, number, deadline)?;
        let ports = own_ports(&fields.ports)?;
        let zones: HashMap<u32, String> = fields.zones.into_iter().map(|own| (own.entry, own.zone)).collect();
        let networks: HashMap<u32, u8> =
            fields.networks.into_iter().map(|own| (own.entry, own.prefix)).collect();
        let mut labels = fields.labels.into_iter().filter(|_| self.args.securing.tls).peekable();
        self.targets.reserve(list.entries.len() * self.ports.len().max(1));
        for (place, entry) in (0..).zip(&list.entries) {
            let label = labels.next_if(|label| label.entry == place);
            let name = label.and_then(|label| host_name(&label.label));
            let name = name.and_then(|name| self.names.number(&name)).or(self.name);
            let origin = || format!("{} ({} line {})", entry.expected.address, list.source, entry.line);
            let place_of = || format!("{} line {}: ", list.source, entry.line);
            let own = ports.get(&place).unwrap_or(&self.ports);
            let zone = zones.get(&place).map(String::as_str);
            let prefix = entry.expected.prefix.or_else(|| networks.get(&place).copied());
            let given = HostAddress { prefix, ..entry.expected };
            for address in hosts_of(given, self.args.choice.expand, place_of)? {
                match zoned(address, zone, 0) {
                    Ok(address) => add(&mut self.targets, (address, name), own, origin)?,
                    Err(why) => self.unresolved.push(ResolveError::from(why).into()),
                }
            }
        }
        Ok(())
    }

    /// Adds all addresses of the names of `--hostname`. They get a third of the time, so that one that hangs leaves
    /// enough for the others.
    fn add_hosts(&mut self, deadline: &Deadline) -> Result<(), TargetError> {
        let hosts = &self.args.choice.hostname;
        let resolver = Resolver::new(deadline).limit(deadline.remaining() / 3);
        for (host, found) in hosts.iter().zip(resolver.all(hosts.iter().map(|host| (host, 0)))) {
            let own = host.name().filter(|_| self.args.securing.tls).map(|_| host.bare());
            let name = self.name.or_else(|| own.and_then(|name| self.names.number(&name)));
            match found {
                Ok(addresses) => {
                    let (usable, unusable) = divided(host, addresses);
                    self.unresolved.extend(unusable);
                    for address in usable {
                        add(&mut self.targets, (address, name), &self.ports, || address.ip().to_string())?;
                    }
                }
                Err(why) => self.unresolved.push(why.into()),
            }
        }
        Ok(())
    }

    fn add_zoned(&mut self, addresses: Vec<IpAddr>, zone: Option<&str>) -> Result<(), TargetError> {
        for address in addresses {
            match zoned(address, zone, 0) {
                Ok(to) => add(&mut self.targets, (to, self.name), &self.ports, || address.to_string())?,
                Err(why) => self.unresolved.push(ResolveError::from(why).into()),
            }
        }
        Ok(())
    }
}

/// The ports of the lines that have some, by the places of their entries.
fn own_ports(ranges: &[OwnPorts]) -> Result<HashMap<u32, BTreeSet<u16>>, NoMemory> {
    let count: usize = ranges.iter().map(|own| own.range.ports().len()).sum();
    memory::ask_for_targets(count)?;
    let mut ports: HashMap<u32, BTreeSet<u16>> = HashMap::new();
    for own in ranges {
        ports.entry(own.entry).or_default().extend(own.range.ports());
    }
    Ok(ports)
}

/// The addresses that `given` stands for; `place` is where it stands, for an error.
fn hosts_of(
    given: HostAddress,
    expand: bool,
    place: impl Fn() -> String,
) -> Result<Vec<IpAddr>, TargetError> {
    hosts(given, expand).map_err(|why| TargetError::NotAHost { place: place(), why })
}

/// The targets of the family that `-4` or `-6` asks for.
fn of_family(mut targets: Vec<Target>, args: &Args) -> Result<Vec<Target>, TargetError> {
    let count = targets.len();
    let (name, number) = if args.choice.ipv4 { ("IPv4", 4) } else { ("IPv6", 6) };
    if args.choice.ipv4 || args.choice.ipv6 {
        targets.retain(|target| target.address.is_ipv6() == args.choice.ipv6);
    }
    if targets.is_empty() { Err(TargetError::Family(count, name, number)) } else { Ok(targets) }
}

fn add(
    targets: &mut Vec<Target>,
    (address, name): (SocketAddr, Option<NonZeroU32>),
    ports: &BTreeSet<u16>,
    origin: impl Fn() -> String,
) -> Result<(), TargetError> {
    if ports.is_empty() {
        return Err(TargetError::NoPort(origin()));
    }
    let scope = if let SocketAddr::V6(address) = address { address.scope_id() } else { 0 };
    targets.extend(ports.iter().map(|&port| Target { address: address.ip(), scope, port, name }));
    Ok(())
}

/// The addresses that the configuration promises, without the floating ones: who holds those is not in the
/// files.
fn promised(args: &Args, deadline: &Deadline) -> Result<Vec<IpAddr>, TargetError> {
    let found = host_config::read(&args.addresses.from, &args.addresses.tree(deadline))?;
    // A list that came out shorter would hide an outage.
    let found: Vec<_> =
        found.into_iter().map(|(_, promises)| promises.understood()).collect::<Result<_, _>>()?;
    let promises = found.iter().flat_map(|promises| &promises.promises).filter(|promise| !promise.floating);
    let addresses: Vec<IpAddr> = promises.map(|promise| promise.expected.address).collect();
    if addresses.is_empty() {
        Err(TargetError::NothingPromised(args.addresses.names()))
    } else {
        Ok(addresses)
    }
}

/// The addresses bound here that others can reach: not those of loopback, and not link-local ones, which
/// nobody reaches by their number alone.
fn bound(deadline: &Deadline) -> Result<Vec<IpAddr>, TargetError> {
    let bound = Bound::read(deadline)?;
    let local = |address: &IpAddr| match address {
        IpAddr::V4(address) => address.is_loopback() || address.is_link_local(),
        IpAddr::V6(address) => address.is_loopback() || address.is_unicast_link_local(),
    };
    let addresses: Vec<IpAddr> =
        bound.addresses.iter().map(|bound| bound.address).filter(|address| !local(address)).collect();
    if addresses.is_empty() { Err(TargetError::NothingBound) } else { Ok(addresses) }
}
